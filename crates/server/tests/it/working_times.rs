//! `/v2/integrations/working-time`.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

use crate::main_contracts::told;

const PATH: &str = "/v2/integrations/working-time";

async fn create(t: &TestApp, source: &str, id: &str, user: &str, days: Value) -> Answer {
    let fields = json!({"userId": user, "workingTimes": days});
    t.api.create("working-time", source, id, fields).await
}

async fn delete(t: &TestApp, source: &str, id: &str) -> Answer {
    t.api.delete(&format!("{PATH}/{id}"), json!({"metadata": {"source": source}})).await
}

/// One day, with some fields changed.
fn day(changed: Value) -> Value {
    let mut day = json!({"dayOfWeek": "2", "start": "09:00", "end": "18:00", "breakTime": "1"});
    if let (Value::Object(day), Value::Object(changed)) = (&mut day, changed) {
        day.extend(changed);
    }
    day
}

/// The days as they are stored.
async fn days(t: &TestApp) -> String {
    use server::store::Tx;
    let rows =
        t.app.store.read::<_, std::convert::Infallible, _>("test", async move |tx: &mut Tx| {
            let sql = "SELECT working_time_id, day_of_week, start_minute, end_minute, break_minutes
            FROM working_time_days ORDER BY working_time_id, day_of_week";
            let rows: Vec<(i64, i64, i64, i64, i64)> = tx.query(sql, &[]).await?;
            Ok(rows)
        });
    format!("{:?}", rows.await.expect("rows"))
}

both_engines! {
    async fn from_its_create_to_its_delete(t: TestApp) {
        t.api.user("GLOBANT", "u0").await;
        t.api.user("GLOBANT", "u1").await;
        // Strings and numbers, in any order.
        let week = json!([
            {"dayOfWeek": "6", "start": "00:00", "end": "23:59"},
            {"dayOfWeek": 2, "start": "09:00", "end": "18:00", "breakTime": 0.5},
            {"dayOfWeek": "1", "start": "22:30", "end": "23:01", "breakTime": "0.5"},
            {"dayOfWeek": "3", "start": "09:05", "end": "18:00", "breakTime": null}
        ]);
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"id":1,"userId":2,"workingTimes":[{"dayOfWeek":"1","start":"22:30","end":"23:01","breakTime":"0.5"},{"dayOfWeek":"2","start":"09:00","end":"18:00","breakTime":"0.5"},{"dayOfWeek":"3","start":"09:05","end":"18:00","breakTime":"0"},{"dayOfWeek":"6","start":"00:00","end":"23:59","breakTime":"0"}],"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}}"#]].assert_eq(&create(&t, "GLOBANT", "wt1", "u1", week).await.to_string());
        expect!["[(1, 1, 1350, 1381, 30), (1, 2, 540, 1080, 30), (1, 3, 545, 1080, 0), (1, 6, 0, 1439, 0)]"].assert_eq(&days(&t).await);
        create(&t, "GLOBANT", "wt2", "u0", json!([day(json!({}))])).await.ok();
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"message":"Working time deleted successfully","deletedId":"wt1"}}"#]].assert_eq(&delete(&t, "GLOBANT", "wt1").await.to_string());
        // Its days went with it; the user and the external id are free again.
        expect!["[(2, 2, 540, 1080, 60)]"].assert_eq(&days(&t).await);
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"id":3,"userId":2,"workingTimes":[{"dayOfWeek":"2","start":"09:00","end":"18:00","breakTime":"1"}],"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}}"#]].assert_eq(&create(&t, "GLOBANT", "wt1", "u1", json!([day(json!({}))])).await.to_string());
    }

    async fn a_user_has_at_most_one(t: TestApp) {
        t.api.user("GLOBANT", "u0").await;
        t.api.user("GLOBANT", "u1").await;
        for (kind, of) in [("user", "u1"), ("working_time", "wt1")] {
            if kind == "working_time" {
                create(&t, "GLOBANT", "wt1", "u1", json!([day(json!({}))])).await.ok();
            }
            let link = json!({"kind": kind, "source": "SAP", "external_id": "007", "of": {"source": "GLOBANT", "external_id": of}});
            t.api.post("/api/references", link).await.ok();
        }
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateWorkingTimeError","code":"DUPLICATE_WORKING_TIME","message":"The user already has a working time; it is known as \"007\" of SAP, \"wt1\" of GLOBANT","request_id":"[id]"}"#]].assert_eq(&create(&t, "SAP", "wt2", "007", json!([day(json!({"dayOfWeek": 3}))])).await.to_string());
        // Nothing of it was kept, and another user may have one.
        expect!["[(1, 2, 540, 1080, 60)]"].assert_eq(&days(&t).await);
        create(&t, "GLOBANT", "wt2", "u0", json!([day(json!({}))])).await.ok();
        let other = t.other_company().await;
        other.user("GLOBANT", "u1").await;
        let fields = json!({"userId": "u1", "workingTimes": [day(json!({}))]});
        other.create("working-time", "GLOBANT", "wt1", fields).await.ok();
        // A key that may not hear of the other's sources hears no more than that.
        let link = json!({"kind": "user", "source": "OKTA", "external_id": "u1", "of": {"source": "GLOBANT", "external_id": "u1"}});
        t.api.post("/api/references", link).await.ok();
        let limited = t.key(&["OKTA"], false).await;
        let fields = json!({"userId": "u1", "workingTimes": [day(json!({}))]});
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateWorkingTimeError","code":"DUPLICATE_WORKING_TIME","message":"The user already has a working time","request_id":"[id]"}"#]].assert_eq(&limited.create("working-time", "OKTA", "wt9", fields).await.to_string());
    }

    /// Also when two are sent at once.
    async fn of_two_at_once_one_is_taken(t: TestApp) {
        t.api.user("GLOBANT", "u1").await;
        let (first, second) = tokio::join!(
            create(&t, "GLOBANT", "wt1", "u1", json!([day(json!({}))])),
            create(&t, "GLOBANT", "wt2", "u1", json!([day(json!({}))])),
        );
        let mut told = [first, second].map(|answer| (answer.status.as_u16(), answer.json()["name"].clone()));
        told.sort_by_key(|(status, _)| *status);
        assert_eq!(told, [(200, json!(null)), (409, json!("DuplicateWorkingTimeError"))]);
    }

    async fn every_field_is_required(t: TestApp) {
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /metadata, /id, /userId, /workingTimes","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"},{"pointer":"/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/userId","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/workingTimes","message":"is required and must be a non-empty list"}]}"#]].assert_eq(&t.api.post(PATH, json!({})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /workingTimes/0/dayOfWeek, /workingTimes/0/start, /workingTimes/0/end, /workingTimes/1","request_id":"[id]","errors":[{"pointer":"/workingTimes/0/dayOfWeek","message":"is required and must be a day of the week from 1 (Sunday) to 7 (Saturday)"},{"pointer":"/workingTimes/0/start","message":"is required and must be a time from 00:00 to 23:59 in the form HH:MM"},{"pointer":"/workingTimes/0/end","message":"is required and must be a time from 00:00 to 23:59 in the form HH:MM"},{"pointer":"/workingTimes/1","message":"must be an object of: dayOfWeek start end breakTime"}]}"#]].assert_eq(&create(&t, "GLOBANT", "wt1", "u1", json!([{}, 5])).await.to_string());
        for none in [json!([]), json!({}), json!(null), json!("09:00")] {
            let told = create(&t, "GLOBANT", "wt1", "u1", none).await.json();
            assert_eq!(told["message"], "/workingTimes must be a non-empty list");
        }
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/metadata is required and must be an object of: source","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"}]}"#]].assert_eq(&t.api.delete(&format!("{PATH}/wt1"), json!({})).await.to_string());
        for answer in [create(&t, "EXCEL", "wt1", "u1", json!([day(json!({}))])).await, delete(&t, "EXCEL", "wt1").await] {
            let told = answer.json();
            assert_eq!((answer.status.as_u16(), &told["name"], &told["errors"][0]["pointer"]),
                (400, &json!("InvalidSourceError"), &json!("/metadata/source")));
        }
    }

    /// What each field may be.
    async fn fields_are_checked(t: TestApp) {
        // In a string a number stands as it is shown, and nothing else.
        t.api.user("GLOBANT", "u").await;
        for odd in [json!({"dayOfWeek": "02"}), json!({"breakTime": "0.50"}), json!({"breakTime": "00"}), json!({"breakTime": "-0"}), json!({"breakTime": "1e0"})] {
            assert_eq!(create(&t, "GLOBANT", "odd", "u", json!([day(odd.clone())])).await.status, 400, "{odd}");
        }
        let odd = [json!(null), json!(true), json!([1]), json!({}), json!(""), json!("x"), json!(-1), json!("1 ")];
        let wrong = [
            ("dayOfWeek", vec![json!(0), json!("0"), json!(8), json!("8"), json!(1.5), json!("monday")]),
            ("start", vec![json!("9:00"), json!("24:00"), json!("08:60"), json!("09:00:00"), json!(9), json!("0900")]),
            ("end", vec![json!("9:00"), json!("24:00"), json!("18:60"), json!("18:00Z"), json!(18)]),
            ("breakTime", vec![json!(0.1), json!("0.1"), json!(1.25), json!(3), json!("01:00"), json!(0.2501)]),
        ];
        for (field, values) in wrong {
            for value in values.iter().chain(&odd) {
                // A break may be left out.
                if (field, value) == ("breakTime", &json!(null)) {
                    continue;
                }
                let days = json!([day(json!({"dayOfWeek": 1})), day(json!({(field): value}))]);
                let answer = create(&t, "GLOBANT", "wt1", "u1", days).await;
                let told = answer.json();
                assert_eq!((answer.status.as_u16(), &told["name"], &told["errors"][0]["pointer"]),
                    (400, &json!("ValidationError"), &json!(format!("/workingTimes/1/{field}"))), "{value}");
            }
        }
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /workingTimes/0/dayOfWeek, /workingTimes/0/start, /workingTimes/0/end, /workingTimes/0/breakTime","request_id":"[id]","errors":[{"pointer":"/workingTimes/0/dayOfWeek","message":"must be a day of the week from 1 (Sunday) to 7 (Saturday)"},{"pointer":"/workingTimes/0/start","message":"must be a time from 00:00 to 23:59 in the form HH:MM"},{"pointer":"/workingTimes/0/end","message":"must be a time from 00:00 to 23:59 in the form HH:MM"},{"pointer":"/workingTimes/0/breakTime","message":"must be 0, 0.25, 0.5, 0.75, 1, 1.5 or 2 hours"}]}"#]].assert_eq(&create(&t, "GLOBANT", "wt1", "u1", json!([{"dayOfWeek": 8, "start": "9", "end": "24:00", "breakTime": 3}])).await.to_string());
    }

    /// What the days are to each other, and the fields of each; told before anything is looked up.
    async fn days_are_checked(t: TestApp) {
        let days = json!([
            day(json!({})), day(json!({"dayOfWeek": 3, "start": "18:00"})), day(json!({"dayOfWeek": 2, "end": "10:00"})),
            day(json!({"dayOfWeek": "4", "start": "22:00", "end": "06:00", "breakTime": 0}))
        ]);
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /workingTimes/1/end, /workingTimes/2/breakTime, /workingTimes/2/dayOfWeek, /workingTimes/3/end","request_id":"[id]","errors":[{"pointer":"/workingTimes/1/end","message":"must be after start"},{"pointer":"/workingTimes/2/breakTime","message":"must be shorter than the time from start to end"},{"pointer":"/workingTimes/2/dayOfWeek","message":"names the same day as /workingTimes/0/dayOfWeek"},{"pointer":"/workingTimes/3/end","message":"must be after start"}]}"#]].assert_eq(&create(&t, "GLOBANT", "wt1", "u1", days).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/workingTimes/1/dayOfWeek names the same day as /workingTimes/0/dayOfWeek","request_id":"[id]","errors":[{"pointer":"/workingTimes/1/dayOfWeek","message":"names the same day as /workingTimes/0/dayOfWeek"}]}"#]].assert_eq(&create(&t, "GLOBANT", "wt1", "u1", json!([day(json!({})), day(json!({"dayOfWeek": 2.0}))])).await.to_string());
    }

    async fn an_external_id_is_unique(t: TestApp) {
        t.api.user("GLOBANT", "u0").await;
        t.api.user("GLOBANT", "u1").await;
        create(&t, "GLOBANT", "wt1", "u1", json!([day(json!({}))])).await.ok();
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateExternalIdError","code":"ZC004","message":"Association already exists: working_time \"wt1\" of source GLOBANT is working_time 1","request_id":"[id]"}"#]].assert_eq(&create(&t, "GLOBANT", "wt1", "u0", json!([day(json!({}))])).await.to_string());
    }

    async fn what_is_not_there(t: TestApp) {
        t.api.user("GLOBANT", "u1").await;
        create(&t, "GLOBANT", "wt1", "u1", json!([day(json!({}))])).await.ok();
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"Entity is not associated: user \"u9\" of source GLOBANT","request_id":"[id]","errors":[{"pointer":"/userId","message":"is not associated"}]}"#]].assert_eq(&create(&t, "GLOBANT", "wt2", "u9", json!([day(json!({}))])).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"WorkingTimeNotFoundError","code":"ZC001","message":"Entity is not associated: working_time \"wt9\" of source GLOBANT","request_id":"[id]"}"#]].assert_eq(&delete(&t, "GLOBANT", "wt9").await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"WorkingTimeNotFoundError","code":"ZC001","message":"Entity is not associated: working_time \"wt1\" (known to GLOBANT) of source SAP","request_id":"[id]"}"#]].assert_eq(&delete(&t, "SAP", "wt1").await.to_string());
        let other = t.other_company().await;
        let body = json!({"metadata": {"source": "GLOBANT"}, "id": "wt2", "userId": "u1", "workingTimes": [day(json!({}))]});
        assert_eq!(other.post(PATH, body.clone()).await.status, 404);
        assert_eq!(other.delete(&format!("{PATH}/wt1"), body).await.status, 404);
    }

    /// It says nothing without its user, and goes with it: with its days and external ids, and told.
    async fn it_goes_with_its_user(t: TestApp) {
        t.api.user("GLOBANT", "u1").await;
        create(&t, "GLOBANT", "wt1", "u1", json!([day(json!({}))])).await.ok();
        let body = json!({"metadata": {"source": "GLOBANT"}});
        t.api.delete("/v2/integrations/users/u1", body).await.ok();
        assert_eq!(days(&t).await, "[]");
        assert_eq!(t.api.get("/api/references").await.ok()["data"], json!([]));
        let told = told(&t.api, "working_time.deleted,user.deleted", 2).await;
        expect![[r#"
            "working_time.deleted" {"after":null,"before":{"days":"2 09:00-18:00 60","user_id":1},"changes":null,"count":1,"entity":{"external_ids":[{"external_id":"wt1","source":"GLOBANT"}],"id":1,"kind":"working_time"}}
            "user.deleted" {"after":null,"before":{"daily_hours":8,"email":"u1@example.com","first_name":"Ana","hidden":false,"last_name":"Lee","role_id":4},"changes":null,"count":1,"entity":{"external_ids":[{"external_id":"u1","source":"GLOBANT"}],"id":1,"kind":"user"}}"#]].assert_eq(&told);
        // Another user of the same name has none.
        t.api.user("GLOBANT", "u1").await;
        assert_eq!(create(&t, "GLOBANT", "wt1", "u1", json!([day(json!({}))])).await.status, 200);
    }
}
