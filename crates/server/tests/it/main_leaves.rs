//! Leaves and their types by ids of ours (COR's Main API).

use expect_test::expect;
use serde_json::{Value, json};
use testing::{TestApp, both_engines};

const LEAVES: &str = "/v1/user/leaves";
const TYPES: &str = "/v1/company/leaves-types";

/// Two users and a type of leaves.
async fn people(t: &TestApp) {
    t.api.user("OKTA", "ana").await;
    t.api.user("OKTA", "ben").await;
    t.api.post(TYPES, json!({"name": "Vacation"})).await.ok();
}

fn leave(user: i64, start: &str, end: &str) -> Value {
    json!({"userId": user, "leaveTypeId": 1, "start": start, "end": end})
}

both_engines! {
    /// Types are created, listed, changed and deleted by the ids that they were given.
    async fn types(t: TestApp) {
        let api = &t.api;
        expect![[r#"
            200 OK
            {"id":1,"name":"Vacation","type_code":"UL1","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","deleted_at":null,"icon_name":null}"#]].assert_eq(&api.post(TYPES, json!({"name": "Vacation"})).await.to_string());
        api.post(TYPES, json!({"name": "Sick"})).await.ok();
        t.clock.advance(std::time::Duration::from_millis(1_500));
        expect![[r#"
            200 OK
            {"id":1,"name":"Holiday","type_code":"UL1","company_id":1,"created_at":"2026-01-08T19:06:19.000Z","updated_at":"2026-01-08T19:06:20.500Z","deleted_at":null,"icon_name":null}"#]].assert_eq(&api.put("/v1/company/leaves-types/1", json!({"name": "Holiday"})).await.to_string());
        expect![[r#"
            200 OK
            {"total":"2","perPage":20,"page":1,"lastPage":1,"data":[{"id":1,"name":"Holiday","type_code":"UL1","company_id":1,"created_at":"2026-01-08T19:06:19.000Z","updated_at":"2026-01-08T19:06:20.500Z","deleted_at":null,"icon_name":null},{"id":2,"name":"Sick","type_code":"UL2","company_id":1,"created_at":"2026-01-08T19:06:19.000Z","updated_at":"2026-01-08T19:06:19.000Z","deleted_at":null,"icon_name":null}]}"#]].assert_eq(&api.get(TYPES).await.to_string());
        expect![[r#"
            200 OK
            {"id":2}"#]].assert_eq(&api.delete(TYPES, json!({"id": 2})).await.to_string());
        api.user("OKTA", "ana").await;
        api.post(LEAVES, leave(1, "2026-01-01", "2026-01-02")).await.ok();
        let said = [
            api.delete(TYPES, json!({"id": 1})).await,
            api.delete(TYPES, json!({"id": 2})).await,
            api.delete(TYPES, json!({})).await,
            api.post(TYPES, json!({"name": ""})).await,
            api.put("/v1/company/leaves-types/1", json!({})).await,
            api.put("/v1/company/leaves-types/2", json!({"name": "x"})).await,
            t.other_company().await.delete(TYPES, json!({"id": 1})).await,
        ];
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"leave_type 1 cannot be deleted while something depends on it: leave (1)","request_id":"[id]","errors":[{"pointer":"","message":"1 of kind leave depend on it"}]}
            404 Not Found
            {"status":404,"name":"LeaveTypeNotFoundError","code":"ZC001","message":"There is no leave_type 2","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/id is required and must be a positive integer","request_id":"[id]","errors":[{"pointer":"/id","message":"is required and must be a positive integer"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/name must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/name is required and must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"is required and must be a string of 1 to 255 characters"}]}
            404 Not Found
            {"status":404,"name":"LeaveTypeNotFoundError","code":"ZC001","message":"There is no leave_type 2","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"LeaveTypeNotFoundError","code":"ZC001","message":"There is no leave_type 1","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
    }

    /// A leave is created, changed and deleted by the id that it was given.
    async fn a_leave(t: TestApp) {
        people(&t).await;
        let api = &t.api;
        expect![[r#"
            200 OK
            {"id":1,"user_id":1,"company_id":1,"leave_type_id":1,"start":"2024-11-18T03:00:00.000Z","end":"2024-11-19T05:59:00.250Z","created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","deleted_at":null,"all_day":true,"leaveType":{"id":1,"name":"Vacation","type_code":"UL1","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","deleted_at":null,"icon_name":null}}"#]].assert_eq(&api.post(LEAVES, json!({
            "userId": 1, "leaveTypeId": 1, "start": "2024-11-18T03:00:00Z", "end": "2024-11-19T02:59:00.250-03:00", "allDay": true
        })).await.to_string());
        // What an update need not say stays.
        expect![[r#"
            200 OK
            {"id":1,"user_id":2,"company_id":1,"leave_type_id":1,"start":"2024-02-29T00:00:00.000Z","end":"2024-02-29T23:59:59.000Z","created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","deleted_at":null,"all_day":true,"leaveType":{"id":1,"name":"Vacation","type_code":"UL1","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","deleted_at":null,"icon_name":null}}"#]].assert_eq(&api.put("/v1/user/leaves/1", leave(2, "2024-02-29", "2024-02-29")).await.to_string());
        let mut timed = leave(2, "2024-02-29T09:00:00Z", "2024-02-29T10:00:00Z");
        timed["allDay"] = json!(false);
        assert_eq!(api.put("/v1/user/leaves/1", timed).await.ok()["all_day"], false);
        let wrong_user = api.delete(LEAVES, json!({"id": 1, "userId": 1})).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/userId is not the user of leave 1","request_id":"[id]","errors":[{"pointer":"/userId","message":"is not the user of leave 1"}]}"#]].assert_eq(&wrong_user.to_string());
        expect![[r#"
            200 OK
            {"id":1}"#]].assert_eq(&api.delete(LEAVES, json!({"id": 1, "userId": 2})).await.to_string());
        assert_eq!(api.get("/v1/user/leaves?usersId=2").await.text, "[]");
    }

    /// A bare array, a page at a time, the latest first.
    async fn lists(t: TestApp) {
        people(&t).await;
        let api = &t.api;
        for day in 1..=12 {
            let day = format!("2026-01-{day:02}");
            api.post(LEAVES, leave(1, &day, &day)).await.ok();
        }
        // They may overlap, as on v2.
        api.post(LEAVES, leave(1, "2026-01-12", "2026-01-20")).await.ok();
        api.post(LEAVES, leave(2, "2026-01-01", "2026-01-02")).await.ok();
        let ids = async |query: &str| {
            let rows = api.get(&format!("/v1/user/leaves?usersId=1{query}")).await.ok();
            let rows = rows.as_array().expect("a list").clone();
            rows.iter().map(|row| row["id"].as_i64().expect("an id")).collect::<Vec<_>>()
        };
        assert_eq!(ids("").await, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4]);
        assert_eq!(ids("&offset=2").await, [3, 2, 1]);
        assert_eq!(ids("&offset=3&unknown=1").await, [0; 0]);
        assert_eq!(ids("&offset=2&size=5").await, [8, 7, 6, 5, 4]);
        assert_eq!(ids("&size=200").await.len(), 13);
        expect![[r#"
            200 OK
            [{"id":14,"user_id":2,"company_id":1,"leave_type_id":1,"start":"2026-01-01T00:00:00.000Z","end":"2026-01-02T23:59:59.000Z","created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","deleted_at":null,"all_day":false,"leaveType":{"id":1,"name":"Vacation","type_code":"UL1","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","deleted_at":null,"icon_name":null}}]"#]].assert_eq(&api.get("/v1/user/leaves?usersId=2").await.to_string());
        let said = [
            api.get("/v1/user/leaves").await,
            api.get("/v1/user/leaves?usersId=77").await,
            api.get("/v1/user/leaves?usersId=1,2").await,
            api.get("/v1/user/leaves?usersId=1&offset=0").await,
            api.get("/v1/user/leaves?usersId=1&size=201").await,
            api.get("/v1/user/leaves?usersId=1&usersId=2").await,
            t.other_company().await.get("/v1/user/leaves?usersId=1").await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"usersId is required: it is the id of a user","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"There is no user 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"There is no user \"1,2\"","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"offset must be an integer from 1 to 1000000000","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"size must be an integer from 1 to 200","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The query is not readable","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"There is no user 1","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
    }

    /// What is wrong, and what would be right.
    async fn refused(t: TestApp) {
        people(&t).await;
        let api = &t.api;
        api.post(LEAVES, leave(1, "2026-01-01", "2026-01-02")).await.ok();
        let said = [
            api.post(LEAVES, json!({})).await,
            api.post(LEAVES, leave(1, "2026-02-30", "tomorrow")).await,
            api.post(LEAVES, leave(1, "2026-01-02", "2026-01-01")).await,
            api.post(LEAVES, leave(1, "2026-01-02T10:00:00Z", "2026-01-02T09:59:59Z")).await,
            api.post(LEAVES, leave(77, "2026-01-01", "2026-01-02")).await,
            api.post(LEAVES, json!({"userId": 1, "leaveTypeId": 77, "start": "2026-01-01", "end": "2026-01-02"})).await,
            api.put("/v1/user/leaves/1", json!({"allDay": null})).await,
            api.put("/v1/user/leaves/77", leave(1, "2026-01-01", "2026-01-02")).await,
            api.delete(LEAVES, json!({"id": 77, "userId": 1})).await,
            api.delete(LEAVES, json!({"id": "1"})).await,
            t.other_company().await.put("/v1/user/leaves/1", leave(1, "2026-01-01", "2026-01-02")).await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /userId, /leaveTypeId, /start, /end","request_id":"[id]","errors":[{"pointer":"/userId","message":"is required and must be a positive integer"},{"pointer":"/leaveTypeId","message":"is required and must be a positive integer"},{"pointer":"/start","message":"is required and must be a real calendar date in the form YYYY-MM-DD, or a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00Z"},{"pointer":"/end","message":"is required and must be a real calendar date in the form YYYY-MM-DD, or a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00Z"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /start, /end","request_id":"[id]","errors":[{"pointer":"/start","message":"must be a real calendar date in the form YYYY-MM-DD, or a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00Z"},{"pointer":"/end","message":"must be a real calendar date in the form YYYY-MM-DD, or a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00Z"}]}
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"End date must be after or equal to start date","request_id":"[id]","errors":[{"pointer":"/end","message":"End date must be after or equal to start date"}]}
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"End date must be after or equal to start date","request_id":"[id]","errors":[{"pointer":"/end","message":"End date must be after or equal to start date"}]}
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"There is no user 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"LeaveTypeNotFoundError","code":"ZC001","message":"There is no leave_type 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"5 fields are not valid: /userId, /leaveTypeId, /start, /end, /allDay","request_id":"[id]","errors":[{"pointer":"/userId","message":"is required and must be a positive integer"},{"pointer":"/leaveTypeId","message":"is required and must be a positive integer"},{"pointer":"/start","message":"is required and must be a real calendar date in the form YYYY-MM-DD, or a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00Z"},{"pointer":"/end","message":"is required and must be a real calendar date in the form YYYY-MM-DD, or a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00Z"},{"pointer":"/allDay","message":"cannot be cleared: it must be true or false"}]}
            404 Not Found
            {"status":404,"name":"LeaveNotFoundError","code":"ZC001","message":"There is no leave 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"LeaveNotFoundError","code":"ZC001","message":"There is no leave 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /id, /userId","request_id":"[id]","errors":[{"pointer":"/id","message":"must be a positive integer"},{"pointer":"/userId","message":"is required and must be a positive integer"}]}
            404 Not Found
            {"status":404,"name":"LeaveNotFoundError","code":"ZC001","message":"There is no leave 1","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
    }
}
