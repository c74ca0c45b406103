//! Brands: create, update and delete.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

async fn create(t: &TestApp, id: &str, fields: Value) -> Answer {
    t.api.create("brands", "SALESFORCE", id, fields).await
}

async fn update(t: &TestApp, id: &str, body: Value) -> Answer {
    t.api.put(&format!("/v2/integrations/brands/{id}"), body).await
}

async fn delete(t: &TestApp, path: &str) -> Answer {
    let body = json!({"metadata": {"source": "SALESFORCE"}});
    t.api.delete(&format!("/v2/integrations/{path}"), body).await
}

/// A client `c` and its brand `b`.
async fn brand(t: &TestApp) {
    t.api.create("clients", "SALESFORCE", "c", json!({"name": "Acme"})).await.ok();
    create(t, "b", json!({"name": "Acme Sports", "client_id": "c"})).await.ok();
}

both_engines! {
    async fn created_updated_deleted(t: TestApp) {
        t.api.create("clients", "SALESFORCE", "c0", json!({"name": "Other"})).await.ok();
        t.api.create("clients", "SALESFORCE", "c", json!({"name": "Acme"})).await.ok();
        expect![[r#"
            200 OK
            {"id":1,"name":"Acme Sports","client_id":2,"company_id":1,"user_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&create(&t, "b", json!({"name": "Acme Sports", "client_id": "c"})).await.to_string());
        t.clock.advance(std::time::Duration::from_secs(60));
        let body = json!({"metadata": {"source": "SALESFORCE"}, "name": "Acme Games"});
        expect![[r#"
            200 OK
            {"id":1,"name":"Acme Games","client_id":2,"company_id":1,"user_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:07:19Z"}"#]].assert_eq(&update(&t, "b", body).await.to_string());
        t.api.post("/api/references", json!({"kind": "brand", "source": "SAP", "external_id": "b", "id": 1})).await.ok();
        expect![[r#"
            200 OK
            {"message":"Brand deleted successfully","external_id":"b","cor_id":1}"#]].assert_eq(&delete(&t, "brands/b").await.to_string());
        assert_eq!(t.api.get("/api/references?kind=brand").await.ok()["data"], json!([]));
        // The external id is free again.
        let again = create(&t, "b", json!({"name": "Again", "client_id": "c"})).await.ok();
        assert_eq!(again["id"], 2);
    }

    /// What is left out stays, the client always does.
    async fn partial(t: TestApp) {
        brand(&t).await;
        let body = json!({"metadata": {"source": "SALESFORCE"}, "client_id": "c9"});
        expect![[r#"
            200 OK
            {"id":1,"name":"Acme Sports","client_id":1,"company_id":1,"user_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&update(&t, "b", body).await.to_string());
    }

    async fn fields_are_checked(t: TestApp) {
        brand(&t).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /metadata, /id, /name, /client_id","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"},{"pointer":"/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/name","message":"is required and must be a string of 1 to 255 characters"},{"pointer":"/client_id","message":"is required and must be a string of 1 to 255 bytes"}]}"#]].assert_eq(&t.api.post("/v2/integrations/brands", json!({})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /name, /client_id","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"},{"pointer":"/client_id","message":"must be a string of 1 to 255 bytes"}]}"#]].assert_eq(&create(&t, "b2", json!({"name": "", "client_id": 5})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidSourceError","code":"INVALID_SOURCE","message":"\"EXCEL\" is not a source; it must be one of JIRA, SALESFORCE, ADVERTMIND, QUICKBOOKS, ZAPIER, OKTA, MICROSOFT_DYNAMICS, GITHUB, MICROSOFT_TEAMS, VBS, SAP, GLOBANT","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"\"EXCEL\" is not a source; it must be one of JIRA, SALESFORCE, ADVERTMIND, QUICKBOOKS, ZAPIER, OKTA, MICROSOFT_DYNAMICS, GITHUB, MICROSOFT_TEAMS, VBS, SAP, GLOBANT"}]}"#]].assert_eq(&t.api.create("brands", "EXCEL", "b2", json!({"name": "B", "client_id": "c"})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /metadata/source, /name","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"is required and must be the name of a source"},{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"}]}"#]].assert_eq(&update(&t, "b", json!({"metadata": {}, "name": null})).await.to_string());
        assert_eq!(update(&t, "b", json!({"metadata": {"source": "EXCEL"}})).await.json()["name"], "InvalidSourceError");
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/metadata/source is required and must be the name of a source","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"is required and must be the name of a source"}]}"#]].assert_eq(&t.api.delete("/v2/integrations/brands/b", json!({"metadata": {}})).await.to_string());
        let other = t.api.delete("/v2/integrations/brands/b", json!({"metadata": {"source": "EXCEL"}})).await;
        assert_eq!(other.json()["name"], "InvalidSourceError");
    }

    async fn what_is_not_there(t: TestApp) {
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ClientNotFoundError","code":"ZC001","message":"Entity is not associated: client \"c9\" of source SALESFORCE","request_id":"[id]","errors":[{"pointer":"/client_id","message":"is not associated"}]}"#]].assert_eq(&create(&t, "b", json!({"name": "B", "client_id": "c9"})).await.to_string());
        let body = json!({"metadata": {"source": "SALESFORCE"}, "name": "B"});
        expect![[r#"
            404 Not Found
            {"status":404,"name":"BrandNotFoundError","code":"ZC001","message":"Entity is not associated: brand \"b9\" of source SALESFORCE","request_id":"[id]"}"#]].assert_eq(&update(&t, "b9", body).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"BrandNotFoundError","code":"ZC001","message":"Entity is not associated: brand \"b9\" of source SALESFORCE","request_id":"[id]"}"#]].assert_eq(&delete(&t, "brands/b9").await.to_string());
    }

    async fn duplicates(t: TestApp) {
        brand(&t).await;
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateExternalIdError","code":"ZC004","message":"Association already exists: brand \"b\" of source SALESFORCE is brand 1","request_id":"[id]"}"#]].assert_eq(&create(&t, "b", json!({"name": "B", "client_id": "c"})).await.to_string());
    }

    /// A client stays as long as it has brands.
    async fn a_client_with_brands(t: TestApp) {
        brand(&t).await;
        create(&t, "b2", json!({"name": "B", "client_id": "c"})).await.ok();
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"client 1 cannot be deleted while something depends on it: brand (2)","request_id":"[id]","errors":[{"pointer":"","message":"2 of kind brand depend on it"}]}"#]].assert_eq(&delete(&t, "clients/c").await.to_string());
        delete(&t, "brands/b").await.ok();
        delete(&t, "brands/b2").await.ok();
        delete(&t, "clients/c").await.ok();
    }

    async fn another_companys(t: TestApp) {
        brand(&t).await;
        let other = t.other_company().await;
        let body = json!({"metadata": {"source": "SALESFORCE"}});
        assert_eq!(other.create("brands", "SALESFORCE", "b2", json!({"name": "B", "client_id": "c"})).await.status, 404);
        assert_eq!(other.put("/v2/integrations/brands/b", body.clone()).await.status, 404);
        assert_eq!(other.delete("/v2/integrations/brands/b", body).await.status, 404);
    }
}
