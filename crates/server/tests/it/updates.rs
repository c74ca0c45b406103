//! Updates under `/v2/integrations`: partial, and `null` clears what may be empty.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

async fn update(t: &TestApp, path: &str, source: &str, fields: Value) -> Answer {
    let mut body = json!({"metadata": {"source": source}});
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    t.api.put(&format!("/v2/{path}"), body).await
}

both_engines! {
    async fn clients(t: TestApp) {
        t.api.create("clients", "OKTA", "c", json!({"name": "Acme", "phone": "1", "website": "w", "description": "d"})).await.ok();
        t.clock.advance(std::time::Duration::from_secs(60));
        expect![[r#"
            200 OK
            {"id":1,"name":"Acme 2","business_name":"LLC","email_contact":"e","name_contact":"n","last_name_contact":"l","phone":null,"website":"w","description":"d","company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:07:19Z"}"#]].assert_eq(&update(&t, "integrations/clients/c", "OKTA", json!({
            "name": "Acme 2", "business_name": "LLC", "email_contact": "e", "name_contact": "n", "last_name_contact": "l", "phone": null
        })).await.to_string());
        // Nothing but when.
        expect![[r#"
            200 OK
            {"id":1,"name":"Acme 2","business_name":"LLC","email_contact":"e","name_contact":"n","last_name_contact":"l","phone":null,"website":"w","description":"d","company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:07:19Z"}"#]].assert_eq(&update(&t, "integrations/clients/c", "OKTA", json!({})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /name, /phone","request_id":"[id]","errors":[{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"},{"pointer":"/phone","message":"must be a string of at most 10,000 characters"}]}"#]].assert_eq(&update(&t, "integrations/clients/c", "OKTA", json!({"name": null, "phone": 5})).await.to_string());
    }

    async fn workspaces(t: TestApp) {
        t.api.workspace("OKTA", "w").await;
        expect![[r#"
            200 OK
            {"id":1,"name":"w","active":false,"description":"x","company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&update(&t, "integrations/workspaces/w", "OKTA", json!({"active": false, "description": "x"})).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"W","active":false,"description":null,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&update(&t, "integrations/workspaces/w", "OKTA", json!({"name": "W", "description": null})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/active cannot be cleared: it must be true or false","request_id":"[id]","errors":[{"pointer":"/active","message":"cannot be cleared: it must be true or false"}]}"#]].assert_eq(&update(&t, "integrations/workspaces/w", "OKTA", json!({"active": null})).await.to_string());
    }

    async fn categories_and_seniorities(t: TestApp) {
        t.api.create("categories", "OKTA", "c", json!({"name": "A"})).await.ok();
        t.api.create("seniority", "OKTA", "s", json!({"name": "A"})).await.ok();
        t.clock.advance(std::time::Duration::from_secs(60));
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"name":"B","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:07:19","id":"c"}}"#]].assert_eq(&update(&t, "integrations/categories/c", "OKTA", json!({"name": "B"})).await.to_string());
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"name":"Jr","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:07:19","deleted_at":null,"__meta__":{"oldRate":0}}}"#]].assert_eq(&update(&t, "integrations/seniority/s", "OKTA", json!({"name": "Jr"})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/name must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"}]}"#]].assert_eq(&update(&t, "integrations/categories/c", "OKTA", json!({"name": ""})).await.to_string());
        // COR's own code for the form of a seniority.
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"ZC001","message":"/name must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"}]}"#]].assert_eq(&update(&t, "integrations/seniority/s", "OKTA", json!({"name": 7})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"ZC001","message":"/metadata is required and must be an object of: source","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"}]}"#]].assert_eq(&t.api.put("/v2/integrations/seniority/s", json!({})).await.to_string());
    }

    async fn positions(t: TestApp) {
        t.api.create("categories", "OKTA", "c1", json!({"name": "A"})).await.ok();
        t.api.create("categories", "OKTA", "c2", json!({"name": "B"})).await.ok();
        t.api.create("user-position", "OKTA", "p", json!({"name": "Dev", "category_id": "c1", "rate": 1, "seniority": "Sr."})).await.ok();
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"name":"Dev","rate":2.5,"seniority":"Sr.","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","id":"p","category_id":"c2"}}"#]].assert_eq(&update(&t, "integrations/user-position/p", "OKTA", json!({"rate": 2.5, "category_id": "c2"})).await.to_string());
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"name":"Lead","rate":null,"seniority":null,"company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","id":"p","category_id":null}}"#]].assert_eq(&update(&t, "integrations/user-position/p", "OKTA", json!({"name": "Lead", "rate": null, "category_id": null, "seniority": null})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"CategoryNotFoundError","code":"ZC001","message":"Entity is not associated: category \"c9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/category_id","message":"is not associated"}]}"#]].assert_eq(&update(&t, "integrations/user-position/p", "OKTA", json!({"category_id": "c9"})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /name, /rate","request_id":"[id]","errors":[{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"},{"pointer":"/rate","message":"must be a number below 100,000,000,000 with at most 4 decimal places"}]}"#]].assert_eq(&update(&t, "integrations/user-position/p", "OKTA", json!({"name": null, "rate": "x"})).await.to_string());
        // The category as the request's source calls it, if it does.
        update(&t, "integrations/user-position/p", "OKTA", json!({"category_id": "c1"})).await.ok();
        t.api.post("/api/references", json!({"kind": "position", "source": "SAP", "external_id": "sp", "id": 1})).await.ok();
        assert_eq!(update(&t, "integrations/user-position/sp", "SAP", json!({})).await.ok()["data"]["category_id"], Value::Null);
        t.api.post("/api/references", json!({"kind": "category", "source": "SAP", "external_id": "sc", "id": 1})).await.ok();
        assert_eq!(update(&t, "integrations/user-position/sp", "SAP", json!({})).await.ok()["data"]["category_id"], "sc");
    }

    /// A seniority that is assigned stands in for the text, under whatever name it has now; a
    /// text that is set takes its place.
    async fn the_seniority_of_a_position(t: TestApp) {
        let assign = async |position: &str, seniority: &str| {
            let path = format!("/v2/user-position/{position}/seniority/{seniority}");
            t.api.post(&path, json!({"metadata": {"source": "OKTA"}})).await
        };
        t.api.create("user-position", "OKTA", "p", json!({"name": "Dev", "seniority": "free text"})).await.ok();
        t.api.create("seniority", "OKTA", "s1", json!({"name": "Ssr."})).await.ok();
        t.api.create("seniority", "OKTA", "s2", json!({"name": "Sr."})).await.ok();
        expect![[r#"
            200 OK
            {"statusCode":200,"status":"success","data":{"name":"Dev","seniority":"Ssr.","company_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19"}}"#]].assert_eq(&assign("p", "s1").await.to_string());
        assert_eq!(assign("p", "s2").await.ok()["data"]["seniority"], "Sr.");
        assert_eq!(assign("p", "s2").await.ok()["data"]["seniority"], "Sr.");
        update(&t, "integrations/seniority/s2", "OKTA", json!({"name": "Senior"})).await.ok();
        assert_eq!(update(&t, "integrations/user-position/p", "OKTA", json!({})).await.ok()["data"]["seniority"], "Senior");
        assert_eq!(update(&t, "integrations/user-position/p", "OKTA", json!({"seniority": "Lead"})).await.ok()["data"]["seniority"], "Lead");
        // Nothing depends on it any more.
        t.api.delete("/v2/integrations/seniority/s2", json!({"metadata": {"source": "OKTA"}})).await.ok();
        expect![[r#"
            404 Not Found
            {"status":404,"name":"PositionNotFoundError","code":"ZC002","message":"Entity is not associated: position \"p9\" of source OKTA","request_id":"[id]"}"#]].assert_eq(&assign("p9", "s1").await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"SeniorityNotFoundError","code":"ZC002","message":"Entity is not associated: seniority \"s9\" of source OKTA","request_id":"[id]"}"#]].assert_eq(&assign("p", "s9").await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"PositionNotFoundError","code":"ZC002","message":"Entity is not associated: position \"p9\" of source OKTA","request_id":"[id]"}"#]].assert_eq(&assign("p9", "s9").await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"SeniorityNotFoundError","code":"ZC002","message":"Entity is not associated: seniority \"\\0\" of source OKTA","request_id":"[id]"}"#]].assert_eq(&assign("p", "%00").await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/metadata is required and must be an object of: source","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"}]}"#]].assert_eq(&t.api.post("/v2/user-position/p/seniority/s1", json!({})).await.to_string());
    }

    async fn teams(t: TestApp) {
        t.api.team("OKTA", "t", None).await;
        t.clock.advance(std::time::Duration::from_secs(60));
        expect![[r#"
            200 OK
            {"id":1,"company_id":1,"name":"Team test 2.0","description":"New team","created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:07:19","deleted_at":null,"workspace_id":null}"#]].assert_eq(&update(&t, "integrations/teams/t", "OKTA", json!({"name": "Team test 2.0", "description": "New team"})).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"company_id":1,"name":"Team test 2.0","description":null,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:07:19","deleted_at":null,"workspace_id":null}"#]].assert_eq(&update(&t, "integrations/teams/t", "OKTA", json!({"description": null})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"WorkspaceNotFoundError","code":"ZC001","message":"Entity is not associated: workspace \"w9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/workspace_id","message":"is not associated"}]}"#]].assert_eq(&update(&t, "integrations/teams/t", "OKTA", json!({"workspace_id": "w9"})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /name, /workspace_id","request_id":"[id]","errors":[{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"},{"pointer":"/workspace_id","message":"must be a string of 1 to 255 bytes"}]}"#]].assert_eq(&update(&t, "integrations/teams/t", "OKTA", json!({"name": null, "workspace_id": 7})).await.to_string());
    }

    /// A team takes its members along, once all of them fit where it goes.
    async fn a_team_goes_to_another_workspace(t: TestApp) {
        for workspace in ["w1", "w2"] {
            t.api.workspace("OKTA", workspace).await;
        }
        for user in ["u1", "u2", "u3"] {
            t.api.user("OKTA", user).await;
            t.api.join("OKTA", user, &[("w1", 50.0)]).await.ok();
        }
        t.api.team("OKTA", "t", Some("w1")).await;
        t.api.team("OKTA", "other", Some("w2")).await;
        let metadata = json!({"source": "OKTA"});
        let attach = async |team: &str, users: Value| {
            t.api.put(&format!("/v2/integrations/teams/{team}/attach"), json!({"metadata": metadata, "users": users})).await.ok()
        };
        attach("t", json!(["u1", "u2", "u3"])).await;
        t.api.join("OKTA", "u1", &[("w2", 10.0)]).await.ok();
        t.api.join("OKTA", "u2", &[("w2", 10.0)]).await.ok();
        attach("other", json!(["u2"])).await;
        // u2 is in another team there, u3 is not there at all; the name is not changed either.
        expect![[r#"
            409 Conflict
            {"status":409,"name":"WorkspaceConflictError","code":"WORKSPACE_CONFLICT","message":"The team cannot go there while members do not fit: \"u2\", \"u3\"","request_id":"[id]","errors":[{"pointer":"/workspace_id","message":"\"u2\": User already belongs to another team in the same workspace (UT013)"},{"pointer":"/workspace_id","message":"\"u3\": User does not belong to the team's workspace (UT012)"}]}"#]].assert_eq(&update(&t, "integrations/teams/t", "OKTA", json!({"name": "moved", "workspace_id": "w2"})).await.to_string());
        let there = update(&t, "integrations/teams/t", "OKTA", json!({})).await.ok();
        assert_eq!((&there["workspace_id"], &there["name"]), (&json!(1), &json!("t")));
        // Now they fit.
        t.api.put("/v2/integrations/teams/other/detach", json!({"metadata": metadata, "users": ["u2"]})).await.ok();
        t.api.join("OKTA", "u3", &[("w2", 10.0)]).await.ok();
        assert_eq!(update(&t, "integrations/teams/t", "OKTA", json!({"workspace_id": "w2"})).await.ok()["workspace_id"], 2);
        // They went along: another team of the new workspace does not take them, one of the old does.
        assert_eq!(attach("other", json!(["u2"])).await["errors"][0]["code"], "UT013");
        t.api.team("OKTA", "of the old", Some("w1")).await;
        assert_eq!(attach("of%20the%20old", json!(["u2"])).await["errors"], json!([]));
        // Out of any workspace, which everybody fits; and the same again.
        for _ in 0..2 {
            assert_eq!(update(&t, "integrations/teams/t", "OKTA", json!({"workspace_id": null})).await.ok()["workspace_id"], Value::Null);
        }
        assert_eq!(attach("other", json!(["u2"])).await["errors"], json!([]));
    }

    async fn contracts(t: TestApp) {
        t.api.contract("OKTA", "k", Some("2025-01-01"), Some("2025-12-31")).await;
        t.clock.advance(std::time::Duration::from_secs(60));
        expect![[r#"
            200 OK
            {"id":1,"name":"Renamed","client_id":1,"type":"retainer","status":"active","start_date":"2025-01-01","end_date":"2026-06-30","value":10.5,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:07:19Z"}"#]].assert_eq(&update(&t, "integrations/contracts/k", "OKTA", json!({
            "name": "Renamed", "type": "retainer", "status": "active", "value": 10.5, "description": "d", "end_date": "2026-06-30"
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Renamed","client_id":1,"type":null,"status":null,"start_date":null,"end_date":null,"value":null,"company_id":1,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:07:19Z"}"#]].assert_eq(&update(&t, "integrations/contracts/k", "OKTA", json!({
            "type": null, "status": null, "value": null, "description": null, "start_date": null, "end_date": null
        })).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /start_date, /end_date","request_id":"[id]","errors":[{"pointer":"/start_date","message":"Invalid start date format: 2025-13-01"},{"pointer":"/end_date","message":"Invalid end date format: tomorrow"}]}"#]].assert_eq(&update(&t, "integrations/contracts/k", "OKTA", json!({"start_date": "2025-13-01", "end_date": "tomorrow"})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"Invalid end date format: x","request_id":"[id]","errors":[{"pointer":"/end_date","message":"Invalid end date format: x"}]}"#]].assert_eq(&update(&t, "integrations/contracts/k", "OKTA", json!({"end_date": "x"})).await.to_string());
        // The stored bound counts too.
        update(&t, "integrations/contracts/k", "OKTA", json!({"start_date": "2025-05-01"})).await.ok();
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"end_date must not be before start_date","request_id":"[id]","errors":[{"pointer":"/end_date","message":"end_date must not be before start_date"}]}"#]].assert_eq(&update(&t, "integrations/contracts/k", "OKTA", json!({"end_date": "2025-04-30"})).await.to_string());
        update(&t, "integrations/contracts/k", "OKTA", json!({"end_date": "2025-05-01"})).await.ok();
        // Of two bounds the one that was sent is to blame.
        let blamed = update(&t, "integrations/contracts/k", "OKTA", json!({"start_date": "2025-05-02"})).await.json();
        assert_eq!((&blamed["name"], &blamed["errors"][0]["pointer"]), (&json!("InvalidDateRangeError"), &json!("/start_date")));
    }

    /// A period may not leave assignments outside: nothing is changed then.
    async fn stranded_assignments(t: TestApp) {
        t.api.contract("OKTA", "k", Some("2025-01-01"), Some("2025-12-31")).await;
        t.api.user("OKTA", "u1").await;
        t.api.user("OKTA", "u2").await;
        let dates = json!([{"start": "2025-03-01", "end": "2025-10-31"}, {"start": "2025-04-01", "end": "9999-12-31"}]);
        let users = json!([{"id": "u1", "dates": dates}, {"id": "u2", "dates": [{"start": "2025-02-01", "end": "2025-02-28"}]}]);
        let body = json!({"metadata": {"source": "OKTA"}, "users": users});
        assert_eq!(t.api.post("/v2/integrations/contracts/k/users", body).await.ok()["records_created"], 3);
        expect![[r#"
            409 Conflict
            {"status":409,"name":"ContractWindowConflictError","code":"WINDOW_CONFLICT","message":"Assignments would lie outside the contract's period: /end_date 1 assignments end after it, the last on 2025-10-31","request_id":"[id]","errors":[{"pointer":"/end_date","message":"1 assignments end after it, the last on 2025-10-31"}]}"#]].assert_eq(&update(&t, "integrations/contracts/k", "OKTA", json!({"name": "x", "end_date": "2025-10-30"})).await.to_string());
        expect![[r#"
            409 Conflict
            {"status":409,"name":"ContractWindowConflictError","code":"WINDOW_CONFLICT","message":"Assignments would lie outside the contract's period: /start_date 2 assignments begin before it, the first on 2025-02-01; /end_date 2 assignments end after it, the last on 2025-10-31","request_id":"[id]","errors":[{"pointer":"/start_date","message":"2 assignments begin before it, the first on 2025-02-01"},{"pointer":"/end_date","message":"2 assignments end after it, the last on 2025-10-31"}]}"#]].assert_eq(&update(&t, "integrations/contracts/k", "OKTA", json!({"start_date": "2025-03-02", "end_date": "2025-03-31"})).await.to_string());
        assert_eq!(update(&t, "integrations/contracts/k", "OKTA", json!({})).await.ok()["name"], "k");
        // To the day. The open end begins in the period, and ends with it.
        let shortened = json!({"start_date": "2025-02-01", "end_date": "2025-10-31"});
        update(&t, "integrations/contracts/k", "OKTA", shortened).await.ok();
        let rows = t.api.get("/v1/contracts/1/users").await.ok();
        let ends: Vec<_> = rows["data"].as_array().unwrap().iter().map(|row| row["end_date"].as_str().unwrap()[..10].to_owned()).collect();
        assert_eq!(ends, ["2025-10-31", "2025-10-31", "2025-02-28"]);
        // It conflicts when its start falls outside: one that begins when the period is over.
        let users = json!([{"id": "u2", "dates": [{"start": "2025-10-31", "end": "9999-12-31"}]}]);
        t.api.delete("/v2/integrations/contracts/k/users", json!({"metadata": {"source": "OKTA"}, "users": ["u1", "u2"]})).await.ok();
        t.api.post("/v2/integrations/contracts/k/users", json!({"metadata": {"source": "OKTA"}, "users": users})).await.ok();
        expect![[r#"
            409 Conflict
            {"status":409,"name":"ContractWindowConflictError","code":"WINDOW_CONFLICT","message":"Assignments would lie outside the contract's period: /end_date 1 assignments end after it, the last on 2025-10-31","request_id":"[id]","errors":[{"pointer":"/end_date","message":"1 assignments end after it, the last on 2025-10-31"}]}"#]].assert_eq(&update(&t, "integrations/contracts/k", "OKTA", json!({"end_date": "2025-10-30"})).await.to_string());
        // A wider period strands nobody.
        update(&t, "integrations/contracts/k", "OKTA", json!({"start_date": null, "end_date": null})).await.ok();
    }

    /// Whatever is updated must be there, and the path is told first.
    async fn unknown_ones(t: TestApp) {
        for (path, code) in [
            ("integrations/clients/x", "ClientNotFoundError"), ("integrations/workspaces/x", "WorkspaceNotFoundError"),
            ("integrations/teams/x", "TeamNotFoundError"), ("integrations/contracts/x", "ContractNotFoundError"),
            ("integrations/categories/x", "CategoryNotFoundError"), ("integrations/seniority/x", "SeniorityNotFoundError"),
            ("integrations/user-position/x", "PositionNotFoundError"), ("integrations/users/x", "UserNotFoundError"),
        ] {
            let fields = json!({"category_id": "x", "workspace_id": "x", "user_position_id": "x"});
            let answer = update(&t, path, "OKTA", fields).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["name"], &answer.json()["code"]), (404, &json!(code), &json!("ZC001")), "{path}");
            assert_eq!(answer.json()["errors"], Value::Null, "{path}");
            assert_eq!(update(&t, path, "EXCEL", json!({})).await.json()["name"], "InvalidSourceError", "{path}");
            let missing = t.api.put(&format!("/v2/{path}"), json!({"name": "x"})).await;
            assert_eq!((missing.status.as_u16(), &missing.json()["name"]), (400, &json!("ValidationError")), "{path}");
        }
    }

    /// Batch assignment of positions: all or none.
    async fn users_to_positions(t: TestApp) {
        for user in ["u1", "u2"] {
            t.api.user("OKTA", user).await;
        }
        for position in ["p1", "p2"] {
            t.api.create("user-position", "OKTA", position, json!({"name": position})).await.ok();
        }
        let assign = async |users: Value| t.api.put("/v2/user/user-position", json!({"metadata": {"source": "OKTA"}, "users": users})).await;
        expect![[r#"
            200 OK
            {"message":"Users assigned to positions successfully","assignments":[{"user_id":2,"position_id":2,"status":"assigned"},{"user_id":1,"position_id":1,"status":"assigned"}]}"#]].assert_eq(&assign(json!([{"id": "u2", "position_id": "p2"}, {"id": "u1", "position_id": "p1"}])).await.to_string());
        // Again, and another one.
        assign(json!([{"id": "u1", "position_id": "p1"}])).await.ok();
        assign(json!([{"id": "u1", "position_id": "p2"}])).await.ok();
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"Entity is not associated: users \"u8\", \"u9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/users/1/id","message":"is not associated"},{"pointer":"/users/2/id","message":"is not associated"}]}"#]].assert_eq(&assign(json!([{"id": "u1", "position_id": "p1"}, {"id": "u8", "position_id": "p1"}, {"id": "u9", "position_id": "p9"}])).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"PositionNotFoundError","code":"ZC001","message":"Entity is not associated: positions \"p8\", \"p9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/users/0/position_id","message":"is not associated"},{"pointer":"/users/1/position_id","message":"is not associated"}]}"#]].assert_eq(&assign(json!([{"id": "u1", "position_id": "p8"}, {"id": "u2", "position_id": "p9"}])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/users/1/id names the same user as /users/0/id","request_id":"[id]","errors":[{"pointer":"/users/1/id","message":"names the same user as /users/0/id"}]}"#]].assert_eq(&assign(json!([{"id": "u1", "position_id": "p1"}, {"id": "u1", "position_id": "p2"}])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/users must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/users","message":"must be a non-empty list"}]}"#]].assert_eq(&assign(json!([])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /users/0/position_id, /users/1, /users/2/id, /users/2/position_id","request_id":"[id]","errors":[{"pointer":"/users/0/position_id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/users/1","message":"must be an object of: id position_id"},{"pointer":"/users/2/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/users/2/position_id","message":"must be a string of 1 to 255 bytes"}]}"#]].assert_eq(&assign(json!([{"id": "u1"}, "u2", {"position_id": 7}])).await.to_string());
        // Nothing of the refused ones was kept: both users still hold p2.
        let metadata = json!({"metadata": {"source": "OKTA"}});
        assert_eq!(t.api.delete("/v2/integrations/user-position/p1", metadata.clone()).await.status, 200);
        let held = t.api.delete("/v2/integrations/user-position/p2", metadata).await.json();
        assert_eq!(held["errors"][0]["message"], "2 of kind user depend on it");
    }
}
