//! `/v2/integrations/leaves-types`.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

const PATH: &str = "/v2/integrations/leaves-types";

async fn create(t: &TestApp, id: &str, name: &str) -> Answer {
    t.api.create("leaves-types", "GLOBANT", id, json!({"name": name})).await
}

async fn update(t: &TestApp, source: &str, id: &str, fields: Value) -> Answer {
    let mut body = json!({"metadata": {"source": source}});
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    t.api.put(&format!("{PATH}/{id}"), body).await
}

async fn delete(t: &TestApp, source: &str, id: &str) -> Answer {
    t.api.delete(&format!("{PATH}/{id}"), json!({"metadata": {"source": source}})).await
}

both_engines! {
    async fn from_its_create_to_its_delete(t: TestApp) {
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"id":1,"name":"Vacation","company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}}"#]].assert_eq(&create(&t, "lt1", "Vacation").await.to_string());
        t.clock.advance(std::time::Duration::from_secs(60));
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"id":1,"name":"Annual leave","company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:07:19Z"}}"#]].assert_eq(&update(&t, "GLOBANT", "lt1", json!({"name": "Annual leave"})).await.to_string());
        // What is left out stays as it is.
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"id":1,"name":"Annual leave","company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:07:19Z"}}"#]].assert_eq(&update(&t, "GLOBANT", "lt1", json!({})).await.to_string());
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"message":"Leave type deleted successfully","deletedId":"lt1"}}"#]].assert_eq(&delete(&t, "GLOBANT", "lt1").await.to_string());
        // The external id is free again.
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"id":2,"name":"Vacation","company_id":1,"created_at":"2026-01-08T19:07:19Z","updated_at":"2026-01-08T19:07:19Z"}}"#]].assert_eq(&create(&t, "lt1", "Vacation").await.to_string());
    }

    async fn fields_are_checked(t: TestApp) {
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"3 fields are not valid: /metadata, /id, /name","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"},{"pointer":"/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/name","message":"is required and must be a string of 1 to 255 characters"}]}"#]].assert_eq(&t.api.post(PATH, json!({})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"3 fields are not valid: /metadata/source, /id, /name","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"is required and must be the name of a source"},{"pointer":"/id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/name","message":"must be a string of 1 to 255 characters"}]}"#]].assert_eq(&t.api.post(PATH, json!({"metadata": {}, "id": "", "name": ""})).await.to_string());
        create(&t, "lt1", "Vacation").await.ok();
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/name cannot be cleared: it must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"}]}"#]].assert_eq(&update(&t, "GLOBANT", "lt1", json!({"name": null})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /metadata, /name","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"},{"pointer":"/name","message":"must be a string of 1 to 255 characters"}]}"#]].assert_eq(&t.api.put(&format!("{PATH}/lt1"), json!({"name": "x".repeat(256)})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/metadata is required and must be an object of: source","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"}]}"#]].assert_eq(&t.api.delete(&format!("{PATH}/lt1"), json!({})).await.to_string());
        for source in ["EXCEL", "globant"] {
            let body = json!({"metadata": {"source": source}, "id": "lt2", "name": "Vacation"});
            for answer in [t.api.post(PATH, body).await, update(&t, source, "lt1", json!({})).await, delete(&t, source, "lt1").await] {
                let told = answer.json();
                assert_eq!((answer.status.as_u16(), &told["name"], &told["errors"][0]["pointer"]),
                    (400, &json!("InvalidSourceError"), &json!("/metadata/source")));
            }
        }
        assert_eq!(update(&t, "GLOBANT", "lt1", json!({})).await.ok()["data"]["name"], "Vacation");
    }

    async fn an_external_id_is_unique(t: TestApp) {
        create(&t, "lt1", "Vacation").await.ok();
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateExternalIdError","code":"ZC004","message":"Association already exists: leave_type \"lt1\" of source GLOBANT is leave_type 1","request_id":"[id]"}"#]].assert_eq(&create(&t, "lt1", "Sick leave").await.to_string());
        t.api.create("leaves-types", "SAP", "lt1", json!({"name": "Sick leave"})).await.ok();
    }

    async fn what_is_not_there(t: TestApp) {
        create(&t, "lt1", "Vacation").await.ok();
        expect![[r#"
            404 Not Found
            {"status":404,"name":"LeaveTypeNotFoundError","code":"ZC001","message":"Entity is not associated: leave_type \"lt9\" of source GLOBANT","request_id":"[id]"}"#]].assert_eq(&update(&t, "GLOBANT", "lt9", json!({})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"LeaveTypeNotFoundError","code":"ZC001","message":"Entity is not associated: leave_type \"lt1\" (known to GLOBANT) of source SAP","request_id":"[id]"}"#]].assert_eq(&update(&t, "SAP", "lt1", json!({})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"LeaveTypeNotFoundError","code":"ZC001","message":"Entity is not associated: leave_type \"lt9\" of source GLOBANT","request_id":"[id]"}"#]].assert_eq(&delete(&t, "GLOBANT", "lt9").await.to_string());
        let other = t.other_company().await;
        let body = json!({"metadata": {"source": "GLOBANT"}});
        assert_eq!(other.put(&format!("{PATH}/lt1"), body.clone()).await.status, 404);
        assert_eq!(other.delete(&format!("{PATH}/lt1"), body).await.status, 404);
    }
}
