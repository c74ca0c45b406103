//! Working times by ids of ours (COR's Main API).

use std::convert::Infallible;

use expect_test::expect;
use serde_json::{Value, json};
use server::store::{Col, Param, Tx};
use testing::both_engines;

const PATH: &str = "/v1/working-time";
const ALL: &str = "/v1/working-time/company/with/users";

fn day(day: &str, start: &str, end: &str, pause: &str) -> Value {
    json!({"dayOfWeek": day, "start": start, "end": end, "breakTime": pause})
}

both_engines! {
    /// Created, and then given other days: a user has one, and it keeps its id.
    async fn set(t: TestApp) {
        let api = &t.api;
        let (ana, ben) = (api.user("OKTA", "ana").await, api.user("OKTA", "ben").await);
        assert_eq!(api.get(ALL).await.text, "{}");
        let days = [day("2", "09:00", "18:00", "1"), day("1", "08:05", "17:25", "0.75")];
        expect![[r#"
            200 OK
            [{"daily_hours":8.5833,"day_of_week":1,"start_at":"08:05:00","end_at":"17:25:00","user_id":2,"break_time":0.75},{"daily_hours":8,"day_of_week":2,"start_at":"09:00:00","end_at":"18:00:00","user_id":2,"break_time":1}]"#]].assert_eq(&api.post(PATH, json!({"userId": ben, "companyId": 1, "workingTimes": days})).await.to_string());
        let days = [day("6", "09:00", "18:00", "0")];
        expect![[r#"
            200 OK
            [{"daily_hours":9,"day_of_week":6,"start_at":"09:00:00","end_at":"18:00:00","user_id":2,"break_time":0}]"#]].assert_eq(&api.post(PATH, json!({"userId": ben, "workingTimes": days})).await.to_string());
        // One that came by v2.
        let days = [day("7", "10:00", "12:00", "0")];
        api.create("working-time", "OKTA", "wt1", json!({"userId": "ana", "workingTimes": days})).await.ok();
        let days = [day("3", "10:00", "12:00", "0.5"), day("4", "10:00", "10:20", "0")];
        api.post(PATH, json!({"userId": ana, "workingTimes": days})).await.ok();
        expect![[r#"
            200 OK
            {"1":[{"daily_hours":1.5,"day_of_week":3,"start_at":"10:00:00","end_at":"12:00:00","user_id":1,"break_time":0.5},{"daily_hours":0.3333,"day_of_week":4,"start_at":"10:00:00","end_at":"10:20:00","user_id":1,"break_time":0}],"2":[{"daily_hours":9,"day_of_week":6,"start_at":"09:00:00","end_at":"18:00:00","user_id":2,"break_time":0}]}"#]].assert_eq(&api.get(ALL).await.to_string());
        let references = api.get("/api/references?kind=working_time").await.ok();
        assert_eq!(references["data"].as_array().map(Vec::len), Some(1));
        let (mut told, mut after) = (Vec::new(), 0);
        while told.len() < 4 {
            let page = api.get(&format!("/api/events?after={after}&wait=10")).await.ok();
            after = page["last"].as_i64().expect("a number");
            let events = page["data"].as_array().expect("events").clone();
            let events = events.into_iter().filter(|event| event["subject"].as_str().is_some_and(|it| it.starts_with("working")));
            told.extend(events.map(|event| format!(
                "{} {} {} {}", event["type"], event["subject"], event["data"]["before"], event["data"]["after"]
            )));
        }
        expect![[r#"
            "working_time.created" "working_time/1" null {"days":"1 08:05-17:25 45, 2 09:00-18:00 60","user_id":2}
            "working_time.updated" "working_time/1" {"days":"1 08:05-17:25 45, 2 09:00-18:00 60"} {"days":"6 09:00-18:00 0"}
            "working_time.created" "working_time/3" null {"days":"7 10:00-12:00 0","user_id":1}
            "working_time.updated" "working_time/3" {"days":"7 10:00-12:00 0"} {"days":"3 10:00-12:00 30, 4 10:00-10:20 0"}"#]].assert_eq(&told.join("\n"));
        assert_eq!(t.other_company().await.get(ALL).await.text, "{}");
    }

    /// What is wrong, and what would be right.
    async fn refused(t: TestApp) {
        let api = &t.api;
        let user = api.user("OKTA", "ana").await;
        let days = json!([day("2", "09:00", "18:00", "1")]);
        let said = [
            api.post(PATH, json!({})).await,
            api.post(PATH, json!({"userId": user, "companyId": 2, "workingTimes": days})).await,
            api.post(PATH, json!({"userId": 77, "workingTimes": days})).await,
            api.post(PATH, json!({"userId": user, "workingTimes": []})).await,
            api.post(PATH, json!({"userId": user, "workingTimes": [
                day("8", "9:00", "24:00", "3"), day("2", "18:00", "09:00", "0"), day("2", "09:00", "10:00", "0")
            ]})).await,
            api.post(PATH, json!({"userId": user, "workingTimes": [
                day("2", "18:00", "09:00", "0"), day("2", "09:00", "10:00", "1")
            ]})).await,
            t.other_company().await.post(PATH, json!({"userId": user, "workingTimes": days})).await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /userId, /workingTimes","request_id":"[id]","errors":[{"pointer":"/userId","message":"is required and must be a positive integer"},{"pointer":"/workingTimes","message":"is required and must be a non-empty list"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/companyId must be the key's company, 1, or be left out","request_id":"[id]","errors":[{"pointer":"/companyId","message":"must be the key's company, 1, or be left out"}]}
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"There is no user 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/workingTimes must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/workingTimes","message":"must be a non-empty list"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /workingTimes/0/dayOfWeek, /workingTimes/0/start, /workingTimes/0/end, /workingTimes/0/breakTime","request_id":"[id]","errors":[{"pointer":"/workingTimes/0/dayOfWeek","message":"must be a day of the week from 1 (Sunday) to 7 (Saturday)"},{"pointer":"/workingTimes/0/start","message":"must be a time from 00:00 to 23:59 in the form HH:MM"},{"pointer":"/workingTimes/0/end","message":"must be a time from 00:00 to 23:59 in the form HH:MM"},{"pointer":"/workingTimes/0/breakTime","message":"must be 0, 0.25, 0.5, 0.75, 1, 1.5 or 2 hours"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"3 fields are not valid: /workingTimes/0/end, /workingTimes/1/breakTime, /workingTimes/1/dayOfWeek","request_id":"[id]","errors":[{"pointer":"/workingTimes/0/end","message":"must be after start"},{"pointer":"/workingTimes/1/breakTime","message":"must be shorter than the time from start to end"},{"pointer":"/workingTimes/1/dayOfWeek","message":"names the same day as /workingTimes/0/dayOfWeek"}]}
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"There is no user 1","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
        assert_eq!(api.get(ALL).await.text, "{}");
    }

    /// Two that come at once: one of them after the other.
    async fn two_at_once(t: TestApp) {
        let node = t.another_node().await;
        let user = t.api.user("OKTA", "ana").await;
        let body = |start: &str| json!({"userId": user, "workingTimes": [day("2", start, "18:00", "1")]});
        let (one, other) = tokio::join!(t.api.post(PATH, body("08:00")), node.api.post(PATH, body("09:00")));
        assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200), "{one} {other}");
        assert_eq!(t.api.get(ALL).await.ok()[user.to_string()].as_array().map(Vec::len), Some(1));
    }

    /// At most 10,000 users are told at once.
    async fn too_many(t: TestApp) {
        t.api.user("OKTA", "ana").await;
        let write = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            let ids: Vec<i64> = (2..=10_002).collect();
            let ids = [Col::Int(&ids)];
            let company: &[&(dyn Param + Send)] = &[&1_i64];
            let users = "INSERT INTO users (company_id, id, email, email_key, first_name, last_name,
                    role_id, daily_hours, created_at, updated_at)
                SELECT $1, e.id, CAST(e.id AS text), CAST(e.id AS text), 'x', 'x', 4, 0, u.created_at,
                    u.updated_at
                FROM {e(id bigint)} CROSS JOIN users u WHERE u.company_id = $1 AND u.id = 1";
            let times = "INSERT INTO working_times (company_id, id, user_id, created_at, updated_at)
                SELECT $1, e.id, e.id, u.created_at, u.updated_at
                FROM {e(id bigint)} CROSS JOIN users u WHERE u.company_id = $1 AND u.id = 1";
            tx.execute_many(users, company, &ids).await?;
            Ok(tx.execute_many(times, company, &ids).await?)
        });
        write.await.expect("rows");
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"At most 10000 users are listed at once, and 10001 have one","request_id":"[id]"}"#]].assert_eq(&t.api.get(ALL).await.to_string());
    }
}
