//! Creates under `/v2/integrations`: every kind through the one flow.

use expect_test::expect;
use serde_json::json;
use testing::both_engines;

both_engines! {
    /// Every field of every kind, and the published form of each answer.
    async fn every_kind(t: TestApp) {
        let api = &t.api;
        expect![[r#"
            200 OK
            {"id":1,"name":"Acme Corporation","business_name":"Acme Corporation LLC","email_contact":"contact@acme.com","name_contact":"Jane","last_name_contact":"Smith","phone":"+1 555-0100","website":"https://acme.com","description":"Since 2020","company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&api.create("clients", "SALESFORCE", "c1", json!({
            "name": "Acme Corporation", "business_name": "Acme Corporation LLC",
            "email_contact": "contact@acme.com", "name_contact": "Jane", "last_name_contact": "Smith",
            "phone": "+1 555-0100", "website": "https://acme.com", "description": "Since 2020"
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":2,"name":"Bare","business_name":null,"email_contact":null,"name_contact":null,"last_name_contact":null,"phone":null,"website":null,"description":null,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&api.create("clients", "SALESFORCE", "c2", json!({"name": "Bare"})).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Annual Service Agreement","client_id":1,"type":"retainer","status":"active","start_date":"2025-01-01","end_date":"2025-12-31","value":120000,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&api.create("contracts", "SALESFORCE", "k1", json!({
            "name": "Annual Service Agreement", "client_id": "c1", "type": "retainer", "status": "active",
            "start_date": "2025-01-01", "end_date": "2025-12-31", "value": 120000, "description": "x",
            "currency": "USD"
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":2,"name":"Bare","client_id":1,"type":null,"status":null,"start_date":null,"end_date":null,"value":0.1234,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&api.create("contracts", "SALESFORCE", "k2", json!({
            "name": "Bare", "client_id": "c1", "value": 0.1234, "end_date": null
        })).await.to_string());
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"name":"Engineering","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","id":"cat1"}}"#]].assert_eq(&api.create("categories", "OKTA", "cat1", json!({"name": "Engineering"})).await.to_string());
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"name":"Software Developer","rate":1,"seniority":"Sr.","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","id":"p1","category_id":"cat1"}}"#]].assert_eq(&api.create("user-position", "OKTA", "p1", json!({
            "name": "Software Developer", "rate": 1, "seniority": "Sr.", "category_id": "cat1"
        })).await.to_string());
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"name":"Bare","rate":12.5,"seniority":null,"company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","id":"p2","category_id":null}}"#]].assert_eq(&api.create("user-position", "OKTA", "p2", json!({"name": "Bare", "rate": 12.5})).await.to_string());
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"name":"Ssr.","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","id":"s1"}}"#]].assert_eq(&api.create("seniority", "OKTA", "s1", json!({"name": "Ssr."})).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Marketing Team","active":false,"description":"Workspace for the marketing department","company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&api.create("workspaces", "OKTA", "w1", json!({
            "name": "Marketing Team", "active": false, "description": "Workspace for the marketing department"
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Team test","description":"description","workspace_id":1,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&api.create("teams", "OKTA", "t1", json!({
            "name": "Team test", "workspace_id": "w1", "description": "description"
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"email":"john.doe@company.com","first_name":"John","last_name":"Doe","phone":"+1 555-0100","role_id":2,"daily_hours":7.5,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&api.create("users", "OKTA", "u1", json!({
            "email": "john.doe@company.com", "first_name": "John", "last_name": "Doe",
            "phone": "+1 555-0100", "position": "Developer", "department": "Engineering", "role_id": 2,
            "daily_hours": 7.5, "user_position_id": "p1", "seniority_id": "s1"
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":2,"email":"jane.doe@company.com","first_name":"Jane","last_name":"Doe","phone":null,"role_id":4,"daily_hours":8,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&api.create("users", "OKTA", "u2", json!({
            "email": "jane.doe@company.com", "first_name": "Jane", "last_name": "Doe"
        })).await.to_string());
    }

    /// What every create refuses: a body that does not say for whom it speaks or what it names, a
    /// source that is none, an external id that is taken.
    async fn every_kind_refuses(t: TestApp) {
        t.api.user("OKTA", "of others").await;
        t.api.create("leaves-types", "OKTA", "of others", json!({"name": "x"})).await.ok();
        t.api.create("clients", "OKTA", "of others", json!({"name": "x"})).await.ok();
        t.api.create("brands", "OKTA", "of others", json!({"name": "x", "client_id": "of others"})).await.ok();
        let day = json!([{"dayOfWeek": "2", "start": "09:00", "end": "18:00"}]);
        let moment = "2026-05-11T00:00:00Z";
        for (group, fields) in [
            ("users", json!({"email": "a@b.c", "first_name": "A", "last_name": "B"})),
            ("workspaces", json!({"name": "x"})), ("teams", json!({"name": "x"})), ("clients", json!({"name": "x"})),
            ("contracts", json!({"name": "x", "client_id": "of others"})), ("brands", json!({"name": "x", "client_id": "of others"})),
            ("products", json!({"name": "x", "client_id": "of others", "brand_id": "of others"})), ("projects", json!({"name": "x"})),
            ("user-position", json!({"name": "x"})), ("categories", json!({"name": "x"})), ("seniority", json!({"name": "x"})),
            ("leaves-types", json!({"name": "x"})), ("working-time", json!({"userId": "of others", "workingTimes": day})),
            ("leaves", json!({"userId": "of others", "leaveTypeId": "of others", "start": moment, "end": moment, "allDay": true})),
        ] {
            let form = if group == "seniority" { "ZC001" } else { "VALIDATION" };
            let path = format!("/v2/integrations/{group}");
            let body = json!({"metadata": {"source": "OKTA"}, "id": "x"});
            let with = |missing: &str| {
                let mut body = body.clone();
                body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
                body.as_object_mut().unwrap().remove(missing);
                body
            };
            for missing in fields.as_object().unwrap().keys().map(String::as_str).chain(["metadata", "id"]) {
                let answer = t.api.post(&path, with(missing)).await;
                let told = answer.json();
                assert_eq!((answer.status.as_u16(), &told["name"], &told["code"]), (400, &json!("ValidationError"), &json!(form)), "{group} {missing}");
                assert_eq!(told["errors"][0]["pointer"], format!("/{missing}"), "{group}");
            }
            let answer = t.api.create(group, "EXCEL", "x", fields.clone()).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["name"]), (400, &json!("InvalidSourceError")), "{group}");
            t.api.post(&path, with("")).await.ok();
            let answer = t.api.post(&path, with("")).await;
            let told = answer.json();
            assert_eq!((answer.status.as_u16(), &told["name"], &told["code"]), (409, &json!("DuplicateExternalIdError"), &json!("ZC004")), "{group}");
            assert!(told["message"].as_str().unwrap().starts_with("Association already exists: "), "{group}");
        }
    }

    /// An external id is unique in its source, and free in another.
    async fn duplicates(t: TestApp) {
        t.api.workspace("OKTA", "x").await;
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateExternalIdError","code":"ZC004","message":"Association already exists: workspace \"x\" of source OKTA is workspace 1","request_id":"[id]"}"#]].assert_eq(&t.api.create("workspaces", "OKTA", "x", json!({"name": "again"})).await.to_string());
        // Byte for byte: neither trimmed nor folded; another source, another kind: another id.
        for (source, id) in [("OKTA", "X"), ("OKTA", "x "), ("OKTA", " x"), ("SAP", "x"), ("OKTA", "é"), ("OKTA", "e\u{301}")] {
            t.api.workspace(source, id).await;
        }
        t.api.team("OKTA", "x", None).await;
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateExternalIdError","code":"ZC004","message":"Association already exists: team \"x\" of source OKTA is team 1","request_id":"[id]"}"#]].assert_eq(&t.api.create("teams", "OKTA", "x", json!({"name": "again"})).await.to_string());
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"name":"Sr.","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","id":"x"}}"#]].assert_eq(&t.api.create("seniority", "OKTA", "x", json!({"name": "Sr."})).await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateExternalIdError","code":"ZC004","message":"Association already exists: seniority \"x\" of source OKTA is seniority 1","request_id":"[id]"}"#]].assert_eq(&t.api.create("seniority", "OKTA", "x", json!({"name": "Sr."})).await.to_string());
    }

    /// An e-mail is unique in a company without regard to case; the answer names who has it.
    async fn duplicate_emails(t: TestApp) {
        let fields = |email: &str| json!({"email": email, "first_name": "A", "last_name": "B"});
        t.api.create("users", "OKTA", "u1", fields("Ana@example.com")).await.ok();
        t.api.post("/api/references", json!({"kind": "user", "source": "SAP", "external_id": "007", "id": 1})).await.ok();
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateEmailError","code":"DUPLICATE_EMAIL","message":"A user with the e-mail ana@EXAMPLE.com already exists; it is known as \"u1\" of OKTA, \"007\" of SAP","request_id":"[id]"}"#]].assert_eq(&t.api.create("users", "SAP", "u2", fields("ana@EXAMPLE.com")).await.to_string());
        let other = t.other_company().await;
        other.create("users", "OKTA", "u1", fields("Ana@example.com")).await.ok();
    }

    /// Everything that is wrong is told at once.
    async fn required_fields(t: TestApp) {
        for group in ["users", "workspaces", "teams", "clients", "contracts", "user-position", "categories"] {
            let answer = t.api.post(&format!("/v2/integrations/{group}"), json!({})).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["name"], &answer.json()["code"]),
                (400, &json!("ValidationError"), &json!("VALIDATION")), "{group}");
        }
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"5 fields are not valid: /metadata, /id, /email, /first_name, /last_name","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"},{"pointer":"/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/email","message":"is required and must be an e-mail address of at most 254 characters"},{"pointer":"/first_name","message":"is required and must be a string of 1 to 255 characters"},{"pointer":"/last_name","message":"is required and must be a string of 1 to 255 characters"}]}"#]].assert_eq(&t.api.post("/v2/integrations/users", json!({})).await.to_string());
        // As published: seniority has a code of its own.
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"ZC001","message":"3 fields are not valid: /metadata/source, /id, /name","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"is required and must be the name of a source"},{"pointer":"/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/name","message":"is required and must be a string of 1 to 255 characters"}]}"#]].assert_eq(&t.api.post("/v2/integrations/seniority", json!({"metadata": {}})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"7 fields are not valid: /id, /email, /first_name, /last_name, /phone, /role_id, /daily_hours","request_id":"[id]","errors":[{"pointer":"/id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/email","message":"must be an e-mail address of at most 254 characters"},{"pointer":"/first_name","message":"must be a string of 1 to 255 characters"},{"pointer":"/last_name","message":"must be a string of 1 to 255 characters"},{"pointer":"/phone","message":"must be a string of at most 10,000 characters"},{"pointer":"/role_id","message":"must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client"},{"pointer":"/daily_hours","message":"must be a number from 0 to 24 with at most 4 decimal places"}]}"#]].assert_eq(&t.api.post("/v2/integrations/users", json!({
            "metadata": {"source": "OKTA"}, "id": "u".repeat(256), "email": "a@b@c", "first_name": "x".repeat(256),
            "last_name": 5, "phone": "x".repeat(10_001), "role_id": "4", "daily_hours": -1
        })).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"5 fields are not valid: /metadata, /id, /email, /first_name, /last_name","request_id":"[id]","errors":[{"pointer":"/metadata","message":"must be an object of: source"},{"pointer":"/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/email","message":"is required and must be an e-mail address of at most 254 characters"},{"pointer":"/first_name","message":"is required and must be a string of 1 to 255 characters"},{"pointer":"/last_name","message":"is required and must be a string of 1 to 255 characters"}]}"#]].assert_eq(&t.api.post("/v2/integrations/users", json!({"metadata": "OKTA"})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidRoleError","code":"INVALID_ROLE","message":"role_id must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client","request_id":"[id]","errors":[{"pointer":"/role_id","message":"role_id must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client"}]}"#]].assert_eq(&t.api.create("users", "OKTA", "u1", json!({
            "email": "a@b.c", "first_name": "A", "last_name": "B", "role_id": 0
        })).await.to_string());
    }

    /// COR's own words for a contract's dates.
    async fn contract_dates(t: TestApp) {
        t.api.create("clients", "OKTA", "c", json!({"name": "Acme"})).await.ok();
        let create = async |start: &str, end: &str| {
            let fields = json!({"name": "K", "client_id": "c", "start_date": start, "end_date": end});
            t.api.create("contracts", "OKTA", "k", fields).await.to_string()
        };
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"Invalid start date format: 2025-02-30","request_id":"[id]","errors":[{"pointer":"/start_date","message":"Invalid start date format: 2025-02-30"}]}"#]].assert_eq(&create("2025-02-30", "2025-12-31").await);
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"Invalid end date format: 31/12/2025","request_id":"[id]","errors":[{"pointer":"/end_date","message":"Invalid end date format: 31/12/2025"}]}"#]].assert_eq(&create("2025-01-01", "31/12/2025").await);
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"end_date must not be before start_date","request_id":"[id]","errors":[{"pointer":"/end_date","message":"end_date must not be before start_date"}]}"#]].assert_eq(&create("2025-01-02", "2025-01-01").await);
        assert!(create("2025-01-01", "2025-01-01").await.starts_with("200"));
    }

    /// References to other kinds must be there, under the same source.
    async fn unknown_references(t: TestApp) {
        t.api.workspace("SAP", "w1").await;
        expect![[r#"
            404 Not Found
            {"status":404,"name":"WorkspaceNotFoundError","code":"ZC001","message":"Entity is not associated: workspace \"w1\" (known to SAP) of source OKTA","request_id":"[id]","errors":[{"pointer":"/workspace_id","message":"is not associated; the same id is known to SAP"}]}"#]].assert_eq(&t.api.create("teams", "OKTA", "t", json!({"name": "T", "workspace_id": "w1"})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ClientNotFoundError","code":"ZC001","message":"Entity is not associated: client \"c9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/client_id","message":"is not associated"}]}"#]].assert_eq(&t.api.create("contracts", "OKTA", "k", json!({"name": "K", "client_id": "c9"})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"CategoryNotFoundError","code":"ZC001","message":"Entity is not associated: category \"c9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/category_id","message":"is not associated"}]}"#]].assert_eq(&t.api.create("user-position", "OKTA", "p", json!({"name": "P", "category_id": "c9"})).await.to_string());
        let user = json!({"email": "a@b.c", "first_name": "A", "last_name": "B", "user_position_id": "p9", "seniority_id": "s9"});
        expect![[r#"
            404 Not Found
            {"status":404,"name":"PositionNotFoundError","code":"ZC001","message":"Entity is not associated: position \"p9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/user_position_id","message":"is not associated"}]}"#]].assert_eq(&t.api.create("users", "OKTA", "u", user).await.to_string());
    }

    /// Amounts have at most 4 decimals and are below 10^11; nothing is rounded.
    async fn amounts(t: TestApp) {
        t.api.create("clients", "OKTA", "c", json!({"name": "Acme"})).await.ok();
        for (n, (sent, shown)) in [("120000", "120000"), ("1.50000", "1.5"), ("99999999999.9999", "99999999999.9999"), ("1e3", "1000"), ("-0.5", "-0.5")].into_iter().enumerate() {
            let body = format!(r#"{{"metadata": {{"source": "OKTA"}}, "id": "k{n}", "name": "K", "client_id": "c", "value": {sent}}}"#);
            let answer = t.api.send(axum::http::Method::POST, "/v2/integrations/contracts", &[], body.into_bytes()).await;
            assert!(answer.text.contains(&format!("\"value\":{shown},")), "{sent}: {answer}");
        }
        for sent in ["0.00001", "100000000000", "1e400", "1.00000000000000001", "\"5\""] {
            let body = format!(r#"{{"metadata": {{"source": "OKTA"}}, "id": "x", "name": "K", "client_id": "c", "value": {sent}}}"#);
            let answer = t.api.send(axum::http::Method::POST, "/v2/integrations/contracts", &[], body.into_bytes()).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["pointer"]), (400, &json!("/value")), "{sent}");
        }
    }

    /// A drawn id that the company already has is drawn again; another company's does not matter.
    async fn a_taken_id_is_drawn_again(t: TestApp) {
        use server::store::Tx;
        t.other_company().await;
        for (company, id) in [(1i64, 1i64), (1, 2), (2, 3)] {
            let taken = t.app.store.write::<_, std::convert::Infallible, _>("test", async move |tx: &mut Tx| {
                let sql = tx.pick(
                    "INSERT INTO clients (company_id, id, name, created_at, updated_at) VALUES ($1, $2, 'x', 0, 0)",
                    "INSERT INTO clients (company_id, id, name, created_at, updated_at) VALUES ($1, $2, 'x', now(), now())",
                );
                Ok(tx.execute(sql, &[&company, &id]).await?)
            });
            taken.await.unwrap();
        }
        let created = t.api.create("clients", "OKTA", "c", json!({"name": "Acme"})).await.ok();
        assert_eq!(created["id"], 3);
    }
}
