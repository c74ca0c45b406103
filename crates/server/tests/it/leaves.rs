//! `/v2/integrations/leaves`.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

const PATH: &str = "/v2/integrations/leaves";

/// Users and leave types.
async fn user_and_type(t: &TestApp) {
    // Internal ids of their own, so that no field is taken for another.
    for id in ["u0", "u1"] {
        t.api.user("GLOBANT", id).await;
    }
    for id in ["lt0", "lt00", "lt1"] {
        t.api.create("leaves-types", "GLOBANT", id, json!({"name": id})).await.ok();
    }
}

/// One day of `u1`, with some fields changed.
fn fields(changed: Value) -> Value {
    let mut fields = json!({
        "userId": "u1", "leaveTypeId": "lt1", "start": "2026-05-11T00:00:00-00:00",
        "end": "2026-05-11T23:59:00-00:00", "allDay": true
    });
    if let (Value::Object(fields), Value::Object(changed)) = (&mut fields, changed) {
        fields.extend(changed);
    }
    fields
}

async fn create(t: &TestApp, id: &str, changed: Value) -> Answer {
    t.api.create("leaves", "GLOBANT", id, fields(changed)).await
}

async fn update(t: &TestApp, source: &str, id: &str, changed: Value) -> Answer {
    let mut body = fields(changed);
    body["metadata"] = json!({"source": source});
    t.api.put(&format!("{PATH}/{id}"), body).await
}

async fn delete(t: &TestApp, id: &str, user: &str) -> Answer {
    let body = json!({"metadata": {"source": "GLOBANT"}, "userId": user});
    t.api.delete(&format!("{PATH}/{id}"), body).await
}

/// The days of each leave as they are stored: what the answer does not show.
async fn days(t: &TestApp) -> String {
    use jiff::civil::Date;
    use server::store::Tx;
    let rows =
        t.app.store.read::<_, std::convert::Infallible, _>("test", async move |tx: &mut Tx| {
            let sql = "SELECT start_date, end_date FROM leaves ORDER BY id";
            let rows: Vec<(Date, Date)> = tx.query(sql, &[]).await?;
            Ok(rows)
        });
    let rows = rows.await.expect("rows").into_iter().map(|(start, end)| format!("{start}..{end}"));
    rows.collect::<Vec<_>>().join(" ")
}

both_engines! {
    async fn from_its_create_to_its_delete(t: TestApp) {
        user_and_type(&t).await;
        expect![[r#"
            201 Created
            {"statusCode":201,"status":"success","data":{"id":1,"userId":2,"leaveTypeId":3,"start":"2026-05-11T00:00:00-00:00","end":"2026-05-11T23:59:00-00:00","allDay":true,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","status":"pending"}}"#]].assert_eq(&create(&t, "lv1", json!({})).await.to_string());
        t.clock.advance(std::time::Duration::from_secs(60));
        let changed = json!({
            "userId": "u0", "leaveTypeId": "lt00", "start": "2026-05-11T09:00:00.5+02:00",
            "end": "2026-05-13T12:30:00+02:00", "allDay": false
        });
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"id":1,"userId":1,"leaveTypeId":2,"start":"2026-05-11T09:00:00.5+02:00","end":"2026-05-13T12:30:00+02:00","allDay":false,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:07:19Z","status":"pending"}}"#]].assert_eq(&update(&t, "GLOBANT", "lv1", changed).await.to_string());
        assert_eq!(days(&t).await, "2026-05-11..2026-05-13");
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"message":"Leave request deleted successfully","deletedId":"lv1"}}"#]].assert_eq(&delete(&t, "lv1", "u0").await.to_string());
        // The external id is free again.
        expect![[r#"
            201 Created
            {"statusCode":201,"status":"success","data":{"id":2,"userId":2,"leaveTypeId":3,"start":"2026-05-11T00:00:00-00:00","end":"2026-05-11T23:59:00-00:00","allDay":true,"company_id":1,"created_at":"2026-01-08T19:07:19Z","updated_at":"2026-01-08T19:07:19Z","status":"pending"}}"#]].assert_eq(&create(&t, "lv1", json!({})).await.to_string());
    }

    /// Start and end come back as sent; the days are those of the texts.
    async fn moments_as_they_are_sent(t: TestApp) {
        user_and_type(&t).await;
        for (nth, (start, end)) in [
            ("2026-05-11T00:00:00-00:00", "2026-05-11T00:00:00-00:00"),
            ("2026-05-11T00:00:00Z", "2026-05-12T00:00:00Z"),
            ("2026-05-11T00:00:00.000+09:00", "2026-05-12T23:59:59.999999999+09:00"),
            ("2026-05-11T22:00:00-08:00", "2026-05-11T23:00:00-08:00"),
            ("2026-05-12T00:00:00+03:00", "2026-05-11T21:00:00Z"),
            ("2026-05-11T00:00:00Z", "9999-12-31T23:59:59Z"),
        ].into_iter().enumerate() {
            let created = create(&t, &format!("lv{nth}"), json!({"start": start, "end": end})).await.ok();
            assert_eq!((&created["data"]["start"], &created["data"]["end"]), (&json!(start), &json!(end)));
        }
        expect!["2026-05-11..2026-05-11 2026-05-11..2026-05-12 2026-05-11..2026-05-12 2026-05-11..2026-05-11 2026-05-11..2026-05-12 2026-05-11..9999-12-31"].assert_eq(&days(&t).await);
    }

    async fn what_is_no_moment(t: TestApp) {
        user_and_type(&t).await;
        create(&t, "lv1", json!({})).await.ok();
        for wrong in [
            json!("2026-05-11"), json!("2026-05-11T00:00:00"), json!("2026-05-11 00:00:00Z"), json!("2026-05-11T00:00Z"),
            json!("2026-05-11T00:00:00+0200"), json!("2026-05-11T00:00:00Z[UTC]"), json!("2026-02-30T00:00:00Z"),
            json!("2026-05-11T24:00:00Z"), json!("2026-05-11T00:00:00.0000000000Z"), json!(""), json!(1_778_457_600), json!(null),
        ] {
            for answer in [create(&t, "lv2", json!({"start": wrong})).await, update(&t, "GLOBANT", "lv1", json!({"start": wrong})).await] {
                assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["pointer"]), (400, &json!("/start")), "{wrong}");
            }
        }
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"3 fields are not valid: /start, /end, /allDay","request_id":"[id]","errors":[{"pointer":"/start","message":"must be a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00-00:00"},{"pointer":"/end","message":"must be a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00-00:00"},{"pointer":"/allDay","message":"must be true or false"}]}"#]].assert_eq(&create(&t, "lv2", json!({"start": "11.05.2026", "end": "2026-05-11", "allDay": "yes"})).await.to_string());
    }

    /// COR's own words.
    async fn it_ends_no_sooner_than_it_starts(t: TestApp) {
        user_and_type(&t).await;
        create(&t, "lv1", json!({})).await.ok();
        let reversed = json!({"start": "2026-05-11T00:00:00-03:00", "end": "2026-05-11T02:59:59Z"});
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"End date must be after or equal to start date","request_id":"[id]","errors":[{"pointer":"/end","message":"End date must be after or equal to start date"}]}"#]].assert_eq(&create(&t, "lv2", reversed.clone()).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"End date must be after or equal to start date","request_id":"[id]","errors":[{"pointer":"/end","message":"End date must be after or equal to start date"}]}"#]].assert_eq(&update(&t, "GLOBANT", "lv1", reversed).await.to_string());
        // Nothing of them was kept.
        assert_eq!(days(&t).await, "2026-05-11..2026-05-11");
        create(&t, "lv2", json!({})).await.ok();
    }

    /// Leaves of one user may overlap.
    async fn overlapping_ones_are_accepted(t: TestApp) {
        user_and_type(&t).await;
        create(&t, "lv1", json!({})).await.ok();
        create(&t, "lv2", json!({})).await.ok();
    }

    async fn every_field_is_required(t: TestApp) {
        user_and_type(&t).await;
        create(&t, "lv1", json!({})).await.ok();
        let path = format!("{PATH}/lv1");
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"7 fields are not valid: /metadata, /id, /userId, /leaveTypeId, /start, /end, /allDay","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"},{"pointer":"/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/userId","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/leaveTypeId","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/start","message":"is required and must be a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00-00:00"},{"pointer":"/end","message":"is required and must be a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00-00:00"},{"pointer":"/allDay","message":"is required and must be true or false"}]}"#]].assert_eq(&t.api.post(PATH, json!({})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"6 fields are not valid: /metadata/source, /userId, /leaveTypeId, /start, /end, /allDay","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"is required and must be the name of a source"},{"pointer":"/userId","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/leaveTypeId","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/start","message":"is required and must be a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00-00:00"},{"pointer":"/end","message":"is required and must be a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00-00:00"},{"pointer":"/allDay","message":"is required and must be true or false"}]}"#]].assert_eq(&t.api.put(&path, json!({"metadata": {}})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /metadata, /userId","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"},{"pointer":"/userId","message":"is required and must be a string of 1 to 255 bytes"}]}"#]].assert_eq(&t.api.delete(&path, json!({})).await.to_string());
        for field in ["userId", "leaveTypeId", "start", "end", "allDay"] {
            let mut body = fields(json!({"metadata": {"source": "GLOBANT"}, "id": "lv2"}));
            body.as_object_mut().unwrap().remove(field);
            for answer in [t.api.post(PATH, body.clone()).await, t.api.put(&path, body).await] {
                let told = answer.json();
                assert_eq!((answer.status.as_u16(), &told["name"], &told["errors"][0]["pointer"]),
                    (400, &json!("ValidationError"), &json!(format!("/{field}"))));
            }
        }
        let body = fields(json!({"metadata": {"source": "EXCEL"}, "id": "lv2"}));
        for answer in [t.api.post(PATH, body.clone()).await, t.api.put(&path, body.clone()).await, t.api.delete(&path, body).await] {
            let told = answer.json();
            assert_eq!((answer.status.as_u16(), &told["name"], &told["errors"][0]["pointer"]),
                (400, &json!("InvalidSourceError"), &json!("/metadata/source")));
        }
    }

    async fn an_external_id_is_unique(t: TestApp) {
        user_and_type(&t).await;
        create(&t, "lv1", json!({})).await.ok();
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateExternalIdError","code":"ZC004","message":"Association already exists: leave \"lv1\" of source GLOBANT is leave 1","request_id":"[id]"}"#]].assert_eq(&create(&t, "lv1", json!({})).await.to_string());
    }

    async fn what_is_not_there(t: TestApp) {
        user_and_type(&t).await;
        create(&t, "lv1", json!({})).await.ok();
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"Entity is not associated: user \"u9\" of source GLOBANT","request_id":"[id]","errors":[{"pointer":"/userId","message":"is not associated"}]}"#]].assert_eq(&create(&t, "lv2", json!({"userId": "u9"})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"LeaveTypeNotFoundError","code":"ZC001","message":"Entity is not associated: leave_type \"lt9\" of source GLOBANT","request_id":"[id]","errors":[{"pointer":"/leaveTypeId","message":"is not associated"}]}"#]].assert_eq(&create(&t, "lv2", json!({"leaveTypeId": "lt9"})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"Entity is not associated: user \"u9\" of source GLOBANT","request_id":"[id]","errors":[{"pointer":"/userId","message":"is not associated"}]}"#]].assert_eq(&update(&t, "GLOBANT", "lv1", json!({"userId": "u9"})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"LeaveTypeNotFoundError","code":"ZC001","message":"Entity is not associated: leave_type \"lt9\" of source GLOBANT","request_id":"[id]","errors":[{"pointer":"/leaveTypeId","message":"is not associated"}]}"#]].assert_eq(&update(&t, "GLOBANT", "lv1", json!({"leaveTypeId": "lt9"})).await.to_string());
        // The path's leave comes first.
        expect![[r#"
            404 Not Found
            {"status":404,"name":"LeaveNotFoundError","code":"ZC001","message":"Entity is not associated: leave \"lv9\" of source GLOBANT","request_id":"[id]"}"#]].assert_eq(&update(&t, "GLOBANT", "lv9", json!({"userId": "u9"})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"LeaveNotFoundError","code":"ZC001","message":"Entity is not associated: leave \"lv1\" (known to GLOBANT) of source SAP","request_id":"[id]"}"#]].assert_eq(&update(&t, "SAP", "lv1", json!({})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"LeaveNotFoundError","code":"ZC001","message":"Entity is not associated: leave \"lv9\" of source GLOBANT","request_id":"[id]"}"#]].assert_eq(&delete(&t, "lv9", "u9").await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"Entity is not associated: user \"u9\" of source GLOBANT","request_id":"[id]","errors":[{"pointer":"/userId","message":"is not associated"}]}"#]].assert_eq(&delete(&t, "lv1", "u9").await.to_string());
        let mut body = fields(json!({"metadata": {"source": "GLOBANT"}, "id": "lv2"}));
        let other = t.other_company().await;
        let path = format!("{PATH}/lv1");
        for answer in [other.post(PATH, body.clone()).await, other.put(&path, body.clone()).await, other.delete(&path, body.clone()).await] {
            assert_eq!(answer.status, 404);
        }
        // Its own user does not make another company's leave type its.
        other.user("GLOBANT", "u1").await;
        body["id"] = json!("lv3");
        assert_eq!(other.post(PATH, body).await.json()["name"], "LeaveTypeNotFoundError");
    }

    /// A delete names the leave's user.
    async fn it_is_another_users(t: TestApp) {
        user_and_type(&t).await;
        create(&t, "lv1", json!({})).await.ok();
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/userId is not the user of leave \"lv1\"","request_id":"[id]","errors":[{"pointer":"/userId","message":"is not the user of leave \"lv1\""}]}"#]].assert_eq(&delete(&t, "lv1", "u0").await.to_string());
        delete(&t, "lv1", "u1").await.ok();
    }

    /// Neither its user nor its leave type goes while it is there.
    async fn what_it_refers_to_stays(t: TestApp) {
        user_and_type(&t).await;
        create(&t, "lv1", json!({})).await.ok();
        create(&t, "lv2", json!({})).await.ok();
        let body = json!({"metadata": {"source": "GLOBANT"}});
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"leave_type 3 cannot be deleted while something depends on it: leave (2)","request_id":"[id]","errors":[{"pointer":"","message":"2 of kind leave depend on it"}]}"#]].assert_eq(&t.api.delete("/v2/integrations/leaves-types/lt1", body.clone()).await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"user 2 cannot be deleted while something depends on it: leave (2)","request_id":"[id]","errors":[{"pointer":"","message":"2 of kind leave depend on it"}]}"#]].assert_eq(&t.api.delete("/v2/integrations/users/u1", body.clone()).await.to_string());
        update(&t, "GLOBANT", "lv1", json!({"userId": "u0", "leaveTypeId": "lt0"})).await.ok();
        delete(&t, "lv2", "u1").await.ok();
        t.api.delete("/v2/integrations/leaves-types/lt1", body.clone()).await.ok();
        t.api.delete("/v2/integrations/users/u1", body).await.ok();
    }
}
