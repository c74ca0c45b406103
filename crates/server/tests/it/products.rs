//! Products: create, update and delete, which keeps them as history.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

async fn create(t: &TestApp, id: &str, fields: Value) -> Answer {
    t.api.create("products", "SAP", id, fields).await
}

async fn update(t: &TestApp, id: &str, body: Value) -> Answer {
    t.api.put(&format!("/v2/integrations/products/{id}"), body).await
}

async fn delete(t: &TestApp, path: &str) -> Answer {
    let body = json!({"metadata": {"source": "SAP"}});
    t.api.delete(&format!("/v2/integrations/{path}"), body).await
}

/// A client `c` and its brand `b`.
async fn brand(t: &TestApp) {
    t.api.create("clients", "SAP", "c", json!({"name": "Acme"})).await.ok();
    t.api.create("brands", "SAP", "b", json!({"name": "B", "client_id": "c"})).await.ok();
}

/// A product `p` of these.
async fn product(t: &TestApp) {
    brand(t).await;
    let fields = json!({"name": "Shoes", "client_id": "c", "brand_id": "b", "description": "x"});
    create(t, "p", fields).await.ok();
}

/// What is stored of each product: id, name, client, brand, when it was deleted.
async fn stored(t: &TestApp) -> String {
    use server::store::Tx;
    let rows =
        t.app.store.read::<_, std::convert::Infallible, _>("test", async move |tx: &mut Tx| {
            type Row = (i64, String, Option<i64>, Option<i64>, Option<jiff::Timestamp>);
            let sql = "SELECT id, name, client_id, brand_id, deleted_at FROM products ORDER BY id";
            let rows: Vec<Row> = tx.query(sql, &[]).await?;
            Ok(rows)
        });
    format!("{:?}", rows.await.unwrap())
}

both_engines! {
    async fn created_updated_deleted(t: TestApp) {
        t.api.create("clients", "SAP", "c0", json!({"name": "Other"})).await.ok();
        brand(&t).await;
        let fields = json!({"name": "Shoes", "client_id": "c", "brand_id": "b", "description": "Spring"});
        expect![[r#"
            200 OK
            {"id":1,"name":"Shoes","client_id":2,"brand_id":1,"company_id":1,"user_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&create(&t, "p", fields).await.to_string());
        t.clock.advance(std::time::Duration::from_secs(60));
        let body = json!({"metadata": {"source": "SAP"}, "name": "Trail shoes", "description": "Summer"});
        expect![[r#"
            200 OK
            {"id":1,"name":"Trail shoes","client_id":2,"brand_id":1,"description":"Summer","company_id":1,"user_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:07:19Z"}"#]].assert_eq(&update(&t, "p", body).await.to_string());
        expect![[r#"
            200 OK
            {"message":"Entity deleted successfully"}"#]].assert_eq(&delete(&t, "products/p").await.to_string());
    }

    /// What is left out stays, `null` clears; the client and the brand always stay.
    async fn partial(t: TestApp) {
        product(&t).await;
        let body = json!({"metadata": {"source": "SAP"}, "name": "Boots", "client_id": "c9", "brand_id": "b9"});
        expect![[r#"
            200 OK
            {"id":1,"name":"Boots","client_id":1,"brand_id":1,"description":"x","company_id":1,"user_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&update(&t, "p", body).await.to_string());
        let body = json!({"metadata": {"source": "SAP"}, "description": null});
        expect![[r#"
            200 OK
            {"id":1,"name":"Boots","client_id":1,"brand_id":1,"description":null,"company_id":1,"user_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&update(&t, "p", body).await.to_string());
        create(&t, "bare", json!({"name": "Bare", "client_id": "c", "brand_id": "b"})).await.ok();
        let body = json!({"metadata": {"source": "SAP"}});
        assert_eq!(update(&t, "bare", body).await.ok()["description"], json!(null));
    }

    async fn fields_are_checked(t: TestApp) {
        product(&t).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"5 fields are not valid: /metadata, /id, /name, /client_id, /brand_id","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"},{"pointer":"/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/name","message":"is required and must be a string of 1 to 255 characters"},{"pointer":"/client_id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/brand_id","message":"is required and must be a string of 1 to 255 bytes"}]}"#]].assert_eq(&t.api.post("/v2/integrations/products", json!({})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /name, /client_id, /brand_id, /description","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"},{"pointer":"/client_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/brand_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/description","message":"must be a string of at most 10,000 characters"}]}"#]].assert_eq(&create(&t, "p2", json!({"name": 1, "client_id": "", "brand_id": null, "description": []})).await.to_string());
        let fields = json!({"name": "P", "client_id": "c", "brand_id": "b"});
        assert_eq!(t.api.create("products", "EXCEL", "p2", fields).await.json()["name"], "InvalidSourceError");
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"3 fields are not valid: /metadata/source, /name, /description","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"is required and must be the name of a source"},{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"},{"pointer":"/description","message":"must be a string of at most 10,000 characters"}]}"#]].assert_eq(&update(&t, "p", json!({"metadata": {}, "name": null, "description": 5})).await.to_string());
        assert_eq!(update(&t, "p", json!({"metadata": {"source": "EXCEL"}})).await.json()["name"], "InvalidSourceError");
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/metadata/source is required and must be the name of a source","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"is required and must be the name of a source"}]}"#]].assert_eq(&t.api.delete("/v2/integrations/products/p", json!({"metadata": {}})).await.to_string());
        let other = t.api.delete("/v2/integrations/products/p", json!({"metadata": {"source": "EXCEL"}})).await;
        assert_eq!(other.json()["name"], "InvalidSourceError");
    }

    async fn what_is_not_there(t: TestApp) {
        brand(&t).await;
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ClientNotFoundError","code":"ZC001","message":"Entity is not associated: client \"c9\" of source SAP","request_id":"[id]","errors":[{"pointer":"/client_id","message":"is not associated"}]}"#]].assert_eq(&create(&t, "p", json!({"name": "P", "client_id": "c9", "brand_id": "b9"})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"BrandNotFoundError","code":"ZC001","message":"Entity is not associated: brand \"b9\" of source SAP","request_id":"[id]","errors":[{"pointer":"/brand_id","message":"is not associated"}]}"#]].assert_eq(&create(&t, "p", json!({"name": "P", "client_id": "c", "brand_id": "b9"})).await.to_string());
        let body = json!({"metadata": {"source": "SAP"}, "name": "P"});
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ProductNotFoundError","code":"ZC001","message":"Entity is not associated: product \"p9\" of source SAP","request_id":"[id]"}"#]].assert_eq(&update(&t, "p9", body).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ProductNotFoundError","code":"ZC001","message":"Entity is not associated: product \"p9\" of source SAP","request_id":"[id]"}"#]].assert_eq(&delete(&t, "products/p9").await.to_string());
    }

    async fn duplicates(t: TestApp) {
        product(&t).await;
        let fields = json!({"name": "P", "client_id": "c", "brand_id": "b"});
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateExternalIdError","code":"ZC004","message":"Association already exists: product \"p\" of source SAP is product 1","request_id":"[id]"}"#]].assert_eq(&create(&t, "p", fields).await.to_string());
    }

    /// A client and a brand stay as long as they have products.
    async fn what_has_products(t: TestApp) {
        product(&t).await;
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"brand 1 cannot be deleted while something depends on it: product (1)","request_id":"[id]","errors":[{"pointer":"","message":"1 of kind product depend on it"}]}"#]].assert_eq(&delete(&t, "brands/b").await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"client 1 cannot be deleted while something depends on it: brand (1), product (1)","request_id":"[id]","errors":[{"pointer":"","message":"1 of kind brand depend on it"},{"pointer":"","message":"1 of kind product depend on it"}]}"#]].assert_eq(&delete(&t, "clients/c").await.to_string());
    }

    /// A deleted product stays stored, and is not there for anybody.
    async fn deleted_is_not_there(t: TestApp) {
        product(&t).await;
        t.api.post("/api/references", json!({"kind": "product", "source": "OKTA", "external_id": "p", "id": 1})).await.ok();
        delete(&t, "products/p").await.ok();
        expect![[r#"[(1, "Shoes", Some(1), Some(1), Some(2026-01-08T19:06:19Z))]"#]].assert_eq(&stored(&t).await);
        assert_eq!(t.api.get("/api/references?kind=product").await.ok()["data"], json!([]));
        let body = json!({"metadata": {"source": "SAP"}, "name": "P"});
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ProductNotFoundError","code":"ZC001","message":"Entity is not associated: product \"p\" of source SAP","request_id":"[id]"}"#]].assert_eq(&update(&t, "p", body).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ProductNotFoundError","code":"ZC001","message":"Entity is not associated: product \"p\" of source SAP","request_id":"[id]"}"#]].assert_eq(&delete(&t, "products/p").await.to_string());
        let link = json!({"kind": "product", "source": "SAP", "external_id": "p", "id": 1});
        expect![[r#"
            404 Not Found
            {"type":"urn:crewline:error:ZC001","title":"ProductNotFoundError","status":404,"detail":"There is no product 1","code":"ZC001","request_id":"[id]"}"#]].assert_eq(&t.api.post("/api/references", link).await.to_string());
        // The external id is free again.
        let fields = json!({"name": "P", "client_id": "c", "brand_id": "b"});
        assert_eq!(create(&t, "p", fields).await.ok()["id"], 2);
    }

    /// Deleted products keep nobody from deleting their brand and their client.
    async fn deleted_holds_nobody(t: TestApp) {
        product(&t).await;
        create(&t, "p2", json!({"name": "P2", "client_id": "c", "brand_id": "b"})).await.ok();
        delete(&t, "products/p").await.ok();
        assert_eq!(delete(&t, "brands/b").await.json()["errors"][0]["message"], "1 of kind product depend on it");
        delete(&t, "products/p2").await.ok();
        delete(&t, "brands/b").await.ok();
        delete(&t, "clients/c").await.ok();
        expect![[r#"[(1, "Shoes", None, None, Some(2026-01-08T19:06:19Z)), (2, "P2", None, None, Some(2026-01-08T19:06:19Z))]"#]].assert_eq(&stored(&t).await);
    }

    async fn another_companys(t: TestApp) {
        product(&t).await;
        let other = t.other_company().await;
        let body = json!({"metadata": {"source": "SAP"}});
        other.create("clients", "SAP", "c", json!({"name": "Acme"})).await.ok();
        let fields = json!({"name": "P", "client_id": "c", "brand_id": "b"});
        assert_eq!(other.create("products", "SAP", "p", fields).await.status, 404);
        assert_eq!(other.put("/v2/integrations/products/p", body.clone()).await.status, 404);
        assert_eq!(other.delete("/v2/integrations/products/p", body).await.status, 404);
    }
}
