//! Projects: create, update and delete.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use expect_test::expect;
use serde_json::{Value, json};
use server::store::Tx;
use testing::{Answer, Engine, TestApp, both_engines};
use tokio::sync::Notify;

async fn create(t: &TestApp, id: &str, fields: Value) -> Answer {
    t.api.create("projects", "SAP", id, fields).await
}

async fn update(t: &TestApp, fields: Value) -> Answer {
    let mut body = json!({"metadata": {"source": "SAP"}});
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    t.api.put("/v2/integrations/projects/p", body).await
}

async fn delete(t: &TestApp, path: &str) -> Answer {
    let body = json!({"metadata": {"source": "SAP"}});
    t.api.delete(&format!("/v2/integrations/{path}"), body).await
}

/// All that a project can refer to: client `c`, user `u`, brand `b`, product `x`, contract `k`.
/// None of them has the same internal id.
async fn neighbours(t: &TestApp) {
    let create = async |group: &str, id: &str, fields: Value| {
        t.api.create(group, "SAP", id, fields).await.ok();
    };
    create("clients", "c", json!({"name": "Acme"})).await;
    for id in ["u0", "u"] {
        t.api.user("SAP", id).await;
    }
    for id in ["b0", "b1", "b"] {
        create("brands", id, json!({"name": id, "client_id": "c"})).await;
    }
    for id in ["x0", "x1", "x2", "x"] {
        create("products", id, json!({"name": id, "client_id": "c", "brand_id": "b"})).await;
    }
    for id in ["k0", "k1", "k2", "k3", "k"] {
        create("contracts", id, json!({"name": id, "client_id": "c"})).await;
    }
}

/// All fields but id and metadata.
fn full() -> Value {
    json!({
        "name": "Website Redesign Project", "client_id": "c", "brief": "A new website",
        "start": "2025-01-15", "end": "2025-03-31", "pm_id": "u", "brand_id": "b",
        "product_id": "x", "estimated_time": 200, "billable": true, "status": "active",
        "currency_id": "EUR", "evaluation_date": "2025-02-15", "estimated": 15000.5,
        "fee_id": "fee-1", "contract_id": "k", "deliverables": "The website",
        "work_order": "WO-2025-001", "income_type": "one_time", "archived": false
    })
}

/// What is stored of the project and not shown.
async fn stored(t: &TestApp) -> String {
    let rows = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        type Row = (
            Option<i64>,
            Option<i64>,
            Option<String>,
            Option<jiff::civil::Date>,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<bool>,
        );
        let sql = "SELECT brand_id, product_id, currency_id, evaluation_date, fee_id,
                deliverables, income_type, archived FROM projects";
        Ok(tx.query_opt::<Row>(sql, &[]).await?)
    });
    format!("{:?}", rows.await.unwrap().expect("a project"))
}

both_engines! {
    async fn created_updated_deleted(t: TestApp) {
        neighbours(&t).await;
        expect![[r#"
            200 OK
            {"id":1,"name":"Website Redesign Project","client_id":1,"brief":"A new website","start":"2025-01-15 00:00:00","end":"2025-03-31 00:00:00","pm_id":2,"estimated_time":200,"billable":true,"status":"active","estimated":15000.5,"contract_id":5,"work_order":"WO-2025-001","company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&create(&t, "p", full()).await.to_string());
        expect![[r#"(Some(3), Some(4), Some("EUR"), Some(2025-02-15), Some("fee-1"), Some("The website"), Some("one_time"), Some(false))"#]].assert_eq(&stored(&t).await);
        t.clock.advance(Duration::from_secs(60));
        t.api.create("clients", "SAP", "c2", json!({"name": "Other"})).await.ok();
        let all = json!({
            "name": "Website", "client_id": "c2", "brief": "Newer", "start": "2025-02-01",
            "end": "2025-02-01", "pm_id": "u0", "estimated_time": 0.25, "billable": false,
            "status": "in_progress", "currency_id": "USD", "evaluation_date": "2025-02-16",
            "estimated": -1, "fee_id": "fee-2", "contract_id": "k0", "deliverables": "More",
            "work_order": "WO-2", "income_type": "hourly_rate", "archived": true,
            "brand_id": "b0", "product_id": "x0"
        });
        expect![[r#"
            200 OK
            {"id":1,"name":"Website","client_id":2,"brief":"Newer","start":"2025-02-01 00:00:00","end":"2025-02-01 00:00:00","pm_id":1,"estimated_time":0.25,"billable":false,"status":"in_progress","estimated":-1,"contract_id":1,"work_order":"WO-2","company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:07:19Z"}"#]].assert_eq(&update(&t, all).await.to_string());
        // The brand and the product are not among what an update changes.
        expect![[r#"(Some(3), Some(4), Some("USD"), Some(2025-02-16), Some("fee-2"), Some("More"), Some("hourly_rate"), Some(true))"#]].assert_eq(&stored(&t).await);
        t.api.post("/api/references", json!({"kind": "project", "source": "OKTA", "external_id": "p", "id": 1})).await.ok();
        expect![[r#"
            200 OK
            {"message":"Project deleted successfully","external_id":"p","cor_id":1}"#]].assert_eq(&delete(&t, "projects/p").await.to_string());
        assert_eq!(t.api.get("/api/references?kind=project").await.ok()["data"], json!([]));
        // The external id is free again.
        assert_eq!(create(&t, "p", json!({"name": "Again"})).await.ok()["id"], 2);
    }

    /// A name is enough; what is null is shown as null.
    async fn bare(t: TestApp) {
        expect![[r#"
            200 OK
            {"id":1,"name":"Bare","client_id":null,"brief":null,"start":null,"end":null,"pm_id":null,"estimated_time":null,"billable":null,"status":null,"estimated":null,"contract_id":null,"work_order":null,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&create(&t, "p", json!({"name": "Bare", "start": null, "billable": null})).await.to_string());
        expect!["(None, None, None, None, None, None, None, None)"].assert_eq(&stored(&t).await);
        let start_only = json!({"name": "S", "start": "2025-01-15"});
        assert_eq!(create(&t, "p2", start_only).await.ok()["start"], "2025-01-15 00:00:00");
    }

    /// What is left out stays as it is.
    async fn partial(t: TestApp) {
        neighbours(&t).await;
        create(&t, "p", full()).await.ok();
        expect![[r#"
            200 OK
            {"id":1,"name":"Website Redesign Project","client_id":1,"brief":"A new website","start":"2025-01-15 00:00:00","end":"2025-03-31 00:00:00","pm_id":2,"estimated_time":200,"billable":true,"status":"done","estimated":15000.5,"contract_id":5,"work_order":"WO-2025-001","company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&update(&t, json!({"status": "done"})).await.to_string());
        expect![[r#"(Some(3), Some(4), Some("EUR"), Some(2025-02-15), Some("fee-1"), Some("The website"), Some("one_time"), Some(false))"#]].assert_eq(&stored(&t).await);
    }

    /// `null` clears all but the name and the two that are true or false.
    async fn null_clears(t: TestApp) {
        neighbours(&t).await;
        create(&t, "p", full()).await.ok();
        let Value::Object(mut cleared) = full() else { unreachable!() };
        cleared.values_mut().for_each(|value| *value = Value::Null);
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"3 fields are not valid: /name, /billable, /archived","request_id":"[id]","errors":[{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"},{"pointer":"/billable","message":"cannot be cleared: it must be true or false"},{"pointer":"/archived","message":"cannot be cleared: it must be true or false"}]}"#]].assert_eq(&update(&t, Value::Object(cleared.clone())).await.to_string());
        for kept in ["name", "billable", "archived"] {
            cleared.remove(kept);
        }
        expect![[r#"
            200 OK
            {"id":1,"name":"Website Redesign Project","client_id":null,"brief":null,"start":null,"end":null,"pm_id":null,"estimated_time":null,"billable":true,"status":null,"estimated":null,"contract_id":null,"work_order":null,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&update(&t, Value::Object(cleared)).await.to_string());
        expect!["(Some(3), Some(4), None, None, None, None, None, Some(false))"].assert_eq(&stored(&t).await);
        // Nothing is depended on any more, but for the brand and the product.
        for path in ["contracts/k", "users/u"] {
            delete(&t, path).await.ok();
        }
    }

    async fn fields_are_checked(t: TestApp) {
        create(&t, "p", json!({"name": "P"})).await.ok();
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"3 fields are not valid: /metadata, /id, /name","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"},{"pointer":"/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/name","message":"is required and must be a string of 1 to 255 characters"}]}"#]].assert_eq(&t.api.post("/v2/integrations/projects", json!({})).await.to_string());
        let wrong = json!({
            "name": "", "client_id": "", "brief": 1, "start": "2025-02-30", "end": "31/12/2025",
            "pm_id": 5, "brand_id": [], "product_id": {}, "estimated_time": "200",
            "billable": "yes", "status": "x".repeat(65), "currency_id": 1,
            "evaluation_date": "2025-02-15T00:00:00Z", "estimated": 0.00001, "fee_id": true,
            "contract_id": 4521, "deliverables": 3, "work_order": 7, "income_type": "salary",
            "archived": 0
        });
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"20 fields are not valid: /name, /client_id, /brief, /start, /end, /pm_id, /brand_id, /product_id, /estimated_time, /billable, ...","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"},{"pointer":"/client_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/brief","message":"must be a string of at most 10,000 characters"},{"pointer":"/start","message":"must be a real calendar date in the form YYYY-MM-DD"},{"pointer":"/end","message":"must be a real calendar date in the form YYYY-MM-DD"},{"pointer":"/pm_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/brand_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/product_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/estimated_time","message":"must be a number below 100,000,000,000 with at most 4 decimal places"},{"pointer":"/billable","message":"must be true or false"},{"pointer":"/status","message":"must be a string of 1 to 64 characters"},{"pointer":"/currency_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/evaluation_date","message":"must be a real calendar date in the form YYYY-MM-DD"},{"pointer":"/estimated","message":"must be a number below 100,000,000,000 with at most 4 decimal places"},{"pointer":"/fee_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/contract_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/deliverables","message":"must be a string of at most 10,000 characters"},{"pointer":"/work_order","message":"must be a string of at most 10,000 characters"},{"pointer":"/income_type","message":"must be one of: fee one_time hourly_rate contract"},{"pointer":"/archived","message":"must be true or false"}]}"#]].assert_eq(&create(&t, "p2", wrong.clone()).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"18 fields are not valid: /name, /client_id, /brief, /start, /end, /pm_id, /estimated_time, /billable, /status, /currency_id, ...","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"},{"pointer":"/client_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/brief","message":"must be a string of at most 10,000 characters"},{"pointer":"/start","message":"must be a real calendar date in the form YYYY-MM-DD"},{"pointer":"/end","message":"must be a real calendar date in the form YYYY-MM-DD"},{"pointer":"/pm_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/estimated_time","message":"must be a number below 100,000,000,000 with at most 4 decimal places"},{"pointer":"/billable","message":"must be true or false"},{"pointer":"/status","message":"must be a string of 1 to 64 characters"},{"pointer":"/currency_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/evaluation_date","message":"must be a real calendar date in the form YYYY-MM-DD"},{"pointer":"/estimated","message":"must be a number below 100,000,000,000 with at most 4 decimal places"},{"pointer":"/fee_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/contract_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/deliverables","message":"must be a string of at most 10,000 characters"},{"pointer":"/work_order","message":"must be a string of at most 10,000 characters"},{"pointer":"/income_type","message":"must be one of: fee one_time hourly_rate contract"},{"pointer":"/archived","message":"must be true or false"}]}"#]].assert_eq(&update(&t, wrong).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/income_type must be one of: fee one_time hourly_rate contract","request_id":"[id]","errors":[{"pointer":"/income_type","message":"must be one of: fee one_time hourly_rate contract"}]}"#]].assert_eq(&create(&t, "p2", json!({"name": "P", "income_type": "Fee"})).await.to_string());
        for income_type in ["fee", "one_time", "hourly_rate", "contract"] {
            update(&t, json!({"income_type": income_type})).await.ok();
        }
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/metadata/source is required and must be the name of a source","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"is required and must be the name of a source"}]}"#]].assert_eq(&t.api.put("/v2/integrations/projects/p", json!({"metadata": {}})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/metadata is required and must be an object of: source","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"}]}"#]].assert_eq(&t.api.delete("/v2/integrations/projects/p", json!({})).await.to_string());
    }

    async fn sources(t: TestApp) {
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidSourceError","code":"INVALID_SOURCE","message":"\"EXCEL\" is not a source; it must be one of JIRA, SALESFORCE, ADVERTMIND, QUICKBOOKS, ZAPIER, OKTA, MICROSOFT_DYNAMICS, GITHUB, MICROSOFT_TEAMS, VBS, SAP, GLOBANT","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"\"EXCEL\" is not a source; it must be one of JIRA, SALESFORCE, ADVERTMIND, QUICKBOOKS, ZAPIER, OKTA, MICROSOFT_DYNAMICS, GITHUB, MICROSOFT_TEAMS, VBS, SAP, GLOBANT"}]}"#]].assert_eq(&t.api.create("projects", "EXCEL", "p", json!({"name": "P"})).await.to_string());
        let body = json!({"metadata": {"source": "EXCEL"}});
        for method in [Method::PUT, Method::DELETE] {
            let answer = t.api.json(method, "/v2/integrations/projects/p", body.clone()).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["name"]), (400, &json!("InvalidSourceError")));
        }
    }

    /// The path, and every reference by its own name.
    async fn what_is_not_there(t: TestApp) {
        create(&t, "p", json!({"name": "P"})).await.ok();
        let unknown = |field: &str| json!({"name": "Q", field: "nobody"});
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ClientNotFoundError","code":"ZC001","message":"Entity is not associated: client \"nobody\" of source SAP","request_id":"[id]","errors":[{"pointer":"/client_id","message":"is not associated"}]}"#]].assert_eq(&create(&t, "q", unknown("client_id")).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"Entity is not associated: user \"nobody\" of source SAP","request_id":"[id]","errors":[{"pointer":"/pm_id","message":"is not associated"}]}"#]].assert_eq(&create(&t, "q", unknown("pm_id")).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"BrandNotFoundError","code":"ZC001","message":"Entity is not associated: brand \"nobody\" of source SAP","request_id":"[id]","errors":[{"pointer":"/brand_id","message":"is not associated"}]}"#]].assert_eq(&create(&t, "q", unknown("brand_id")).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ProductNotFoundError","code":"ZC001","message":"Entity is not associated: product \"nobody\" of source SAP","request_id":"[id]","errors":[{"pointer":"/product_id","message":"is not associated"}]}"#]].assert_eq(&create(&t, "q", unknown("product_id")).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"Entity is not associated: contract \"nobody\" of source SAP","request_id":"[id]","errors":[{"pointer":"/contract_id","message":"is not associated"}]}"#]].assert_eq(&create(&t, "q", unknown("contract_id")).await.to_string());
        for (field, name) in [("client_id", "ClientNotFoundError"), ("pm_id", "UserNotFoundError"), ("contract_id", "ContractNotFoundError")] {
            let answer = update(&t, unknown(field)).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["name"]), (404, &json!(name)));
            assert_eq!(answer.json()["errors"][0]["pointer"], format!("/{field}"));
        }
        assert_eq!(update(&t, json!({})).await.ok()["name"], "P");
        let body = json!({"metadata": {"source": "OKTA"}});
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ProjectNotFoundError","code":"ZC001","message":"Entity is not associated: project \"p\" (known to SAP) of source OKTA","request_id":"[id]"}"#]].assert_eq(&t.api.put("/v2/integrations/projects/p", body).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ProjectNotFoundError","code":"ZC001","message":"Entity is not associated: project \"q\" of source SAP","request_id":"[id]"}"#]].assert_eq(&delete(&t, "projects/q").await.to_string());
    }

    async fn duplicates(t: TestApp) {
        create(&t, "p", json!({"name": "P"})).await.ok();
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateExternalIdError","code":"ZC004","message":"Association already exists: project \"p\" of source SAP is project 1","request_id":"[id]"}"#]].assert_eq(&create(&t, "p", json!({"name": "P"})).await.to_string());
    }

    /// A project may last a day, and may not end before it begins: whatever is stored then.
    async fn dates(t: TestApp) {
        let dated = |start: Value, end: Value| json!({"name": "P", "start": start, "end": end});
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"end must not be before start","request_id":"[id]","errors":[{"pointer":"/end","message":"end must not be before start"}]}"#]].assert_eq(&create(&t, "p", dated(json!("2025-01-02"), json!("2025-01-01"))).await.to_string());
        // The external id was not taken.
        create(&t, "p", dated(json!("2025-01-02"), json!("2025-01-02"))).await.ok();
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"start must not be after end","request_id":"[id]","errors":[{"pointer":"/start","message":"start must not be after end"}]}"#]].assert_eq(&update(&t, json!({"start": "2025-01-03"})).await.to_string());
        for wrong in [json!({"end": "2025-01-01"}), json!({"start": "2025-02-02", "end": "2025-02-01", "name": "Q"})] {
            assert_eq!(update(&t, wrong).await.json()["name"], "InvalidDateRangeError");
        }
        expect![[r#"
            200 OK
            {"id":2,"name":"P","client_id":null,"brief":null,"start":"2025-02-01 00:00:00","end":"2025-02-02 00:00:00","pm_id":null,"estimated_time":null,"billable":null,"status":null,"estimated":null,"contract_id":null,"work_order":null,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&update(&t, json!({"start": "2025-02-01", "end": "2025-02-02"})).await.to_string());
        update(&t, json!({"end": null})).await.ok();
        update(&t, json!({"start": "2030-01-01"})).await.ok();
        assert_eq!(update(&t, json!({"end": "2029-12-31"})).await.json()["name"], "InvalidDateRangeError");
    }

    /// Hours and money have at most 4 decimals and are below 10^11; nothing is rounded.
    async fn amounts(t: TestApp) {
        let send = async |id: &str, field: &str, sent: &str| {
            let body = format!(r#"{{"metadata": {{"source": "SAP"}}, "id": "{id}", "name": "P", "{field}": {sent}}}"#);
            t.api.send(Method::POST, "/v2/integrations/projects", &[], body.into_bytes()).await
        };
        for field in ["estimated_time", "estimated"] {
            for (sent, shown) in [("15000", "15000"), ("1.50000", "1.5"), ("99999999999.9999", "99999999999.9999"), ("1e3", "1000"), ("0", "0")] {
                let answer = send(&format!("{field} {sent}"), field, sent).await;
                assert!(answer.text.contains(&format!("\"{field}\":{shown},")), "{sent}: {answer}");
            }
            for sent in ["0.00001", "100000000000", "1e400", "\"5\""] {
                let answer = send("x", field, sent).await;
                assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["pointer"]), (400, &json!(format!("/{field}"))), "{sent}");
            }
        }
    }

    /// What a project refers to stays; with the project gone, all of it can go.
    async fn what_has_projects(t: TestApp) {
        neighbours(&t).await;
        create(&t, "p", full()).await.ok();
        create(&t, "p2", full()).await.ok();
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"contract 5 cannot be deleted while something depends on it: project (2)","request_id":"[id]","errors":[{"pointer":"","message":"2 of kind project depend on it"}]}"#]].assert_eq(&delete(&t, "contracts/k").await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"product 4 cannot be deleted while something depends on it: project (2)","request_id":"[id]","errors":[{"pointer":"","message":"2 of kind project depend on it"}]}"#]].assert_eq(&delete(&t, "products/x").await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"brand 3 cannot be deleted while something depends on it: product (4), project (2)","request_id":"[id]","errors":[{"pointer":"","message":"4 of kind product depend on it"},{"pointer":"","message":"2 of kind project depend on it"}]}"#]].assert_eq(&delete(&t, "brands/b").await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"user 2 cannot be deleted while something depends on it: project (2)","request_id":"[id]","errors":[{"pointer":"","message":"2 of kind project depend on it"}]}"#]].assert_eq(&delete(&t, "users/u").await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"client 1 cannot be deleted while something depends on it: brand (3), contract (5), product (4), project (2)","request_id":"[id]","errors":[{"pointer":"","message":"3 of kind brand depend on it"},{"pointer":"","message":"5 of kind contract depend on it"},{"pointer":"","message":"4 of kind product depend on it"},{"pointer":"","message":"2 of kind project depend on it"}]}"#]].assert_eq(&delete(&t, "clients/c").await.to_string());
        for path in ["projects/p", "projects/p2", "contracts/k", "products/x", "users/u"] {
            delete(&t, path).await.ok();
        }
    }

    /// A deleted product is nothing to refer to.
    async fn a_deleted_product(t: TestApp) {
        neighbours(&t).await;
        delete(&t, "products/x").await.ok();
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ProductNotFoundError","code":"ZC001","message":"Entity is not associated: product \"x\" of source SAP","request_id":"[id]","errors":[{"pointer":"/product_id","message":"is not associated"}]}"#]].assert_eq(&create(&t, "p", full()).await.to_string());
    }

    async fn another_companys(t: TestApp) {
        neighbours(&t).await;
        create(&t, "p", full()).await.ok();
        let other = t.other_company().await;
        for (field, id) in [("client_id", "c"), ("pm_id", "u"), ("brand_id", "b"), ("product_id", "x"), ("contract_id", "k")] {
            let answer = other.create("projects", "SAP", "q", json!({"name": "Q", field: id})).await;
            assert_eq!(answer.status, 404, "{field}: {answer}");
        }
        let body = json!({"metadata": {"source": "SAP"}});
        assert_eq!(other.put("/v2/integrations/projects/p", body.clone()).await.status, 404);
        assert_eq!(other.delete("/v2/integrations/projects/p", body).await.status, 404);
    }
}

/// A product whose delete is about to commit is waited for, and then not there. SQLite has one
/// writer.
#[tokio::test]
async fn a_product_deleted_meanwhile() {
    let t = TestApp::new(Engine::Postgres).await;
    neighbours(&t).await;
    let begun = Arc::new(Notify::new());
    let begins = Arc::clone(&begun);
    let delete = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        for sql in [
            "SELECT id FROM products WHERE id = 4 FOR UPDATE",
            "UPDATE products SET deleted_at = now() WHERE id = 4",
            "DELETE FROM external_refs WHERE kind = 'product' AND entity_id = 4",
        ] {
            tx.execute(sql, &[]).await?;
        }
        begins.notify_one();
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    });
    let create = async {
        begun.notified().await;
        create(&t, "p", full()).await
    };
    let (deleted, created) = tokio::join!(delete, create);
    deleted.unwrap();
    assert_eq!(
        (created.status.as_u16(), &created.json()["name"]),
        (404, &json!("ProductNotFoundError"))
    );
}
