//! What a key may do: sources, reading only, and the sources that a company registered.

use domain::SourceLabel;
use expect_test::expect;
use serde_json::{Value, json};
use server::sources;
use testing::both_engines;

both_engines! {
    /// A key that is limited to sources speaks for these alone, and writes by no ids of ours.
    async fn limited_to_sources(t: TestApp) {
        let contract = t.api.contract("OKTA", "k", None, None).await;
        let okta = t.key(&["OKTA", "JIRA"], false).await;
        okta.user("OKTA", "u").await;
        let sap = okta.create("users", "SAP", "u", json!({"email": "s@b.c", "first_name": "A", "last_name": "B"})).await;
        expect![[r#"
            403 Forbidden
            {"status":403,"name":"ForbiddenError","code":"FORBIDDEN","message":"The key may not speak for SAP, only for JIRA, OKTA","request_id":"[id]"}"#]].assert_eq(&sap.to_string());
        let users = json!({"users": [{"id": 1, "dates": [{"start": "2025-01-01", "end": "2025-02-01"}]}]});
        expect![[r#"
            403 Forbidden
            {"status":403,"name":"ForbiddenError","code":"FORBIDDEN","message":"The key may only write by the ids of JIRA, OKTA: use /v2 or /api","request_id":"[id]"}"#]].assert_eq(&okta.post(&format!("/v1/contracts/{contract}/users"), users).await.to_string());
        // The source must be one before the right to it matters; the right comes before the path.
        let unknown = okta.put("/v2/integrations/users/nobody", json!({"metadata": {"source": "EXCEL"}})).await;
        assert_eq!(unknown.status, 400);
        let forbidden = okta.put("/v2/integrations/users/nobody", json!({"metadata": {"source": "SAP"}})).await;
        assert_eq!(forbidden.status, 403);
        // It may read by ids of ours.
        assert_eq!(okta.get(&format!("/v1/contracts/{contract}/users")).await.status, 200);
        expect![[r#"
            200 OK
            {"id":"key-1-OKTA-JIRA-false","first_name":"key-1-OKTA-JIRA-false","last_name":"","email":null,"picture":null,"role_id":1,"user_position_id":null,"daily_hours":null,"remaining_hours":null,"labels":[],"company_id":1,"company":{"id":1,"name":"Test company"},"sources":["JIRA","OKTA"],"read_only":false}"#]].assert_eq(&okta.get("/v1/me").await.to_string());
    }

    async fn read_only(t: TestApp) {
        let contract = t.api.contract("OKTA", "k", None, None).await;
        let reader = t.key(&[], true).await;
        expect![[r#"
            403 Forbidden
            {"status":403,"name":"ForbiddenError","code":"FORBIDDEN","message":"The key may only read","request_id":"[id]"}"#]].assert_eq(&reader.put("/v2/integrations/contracts/k", json!({"metadata": {"source": "OKTA"}})).await.to_string());
        assert_eq!(reader.get(&format!("/v1/contracts/{contract}/users")).await.status, 200);
        assert!(!reader.get("/api/references").await.ok()["data"].as_array().unwrap().is_empty());
        assert_eq!(reader.get("/v1/me").await.ok()["read_only"], true);
        let link = json!({"kind": "contract", "source": "SAP", "external_id": "x", "id": contract});
        expect![[r#"
            403 Forbidden
            {"type":"urn:crewline:error:FORBIDDEN","title":"ForbiddenError","status":403,"detail":"The key may only read","code":"FORBIDDEN","request_id":"[id]"}"#]].assert_eq(&reader.post("/api/references", link).await.to_string());
    }

    /// What other sources say is not there for a key: in lists, in messages, in answers.
    async fn other_sources_are_not_seen(t: TestApp) {
        t.api.user("SAP", "u").await;
        t.api.user("OKTA", "mine").await;
        t.api.workspace("SAP", "w").await;
        let okta = t.key(&["OKTA"], false).await;
        let listed = okta.get("/api/references").await.ok();
        assert_eq!(listed["data"].as_array().unwrap().len(), 1);
        assert_eq!(okta.get("/api/references?source=SAP").await.ok()["data"], json!([]));
        assert_eq!(okta.get("/api/references?kind=user&id=1").await.ok()["data"], json!([]));
        assert_eq!(okta.get("/api/references?external_id=u").await.ok()["data"], json!([]));
        let missing = okta.put("/v2/integrations/users/u", json!({"metadata": {"source": "OKTA"}})).await;
        assert!(!missing.text.contains("SAP") && missing.status == 404, "{missing}");
        let taken = json!({"email": "u@example.com", "first_name": "A", "last_name": "B"});
        let taken = okta.create("users", "OKTA", "x", taken).await;
        assert!(!taken.text.contains("SAP") && taken.status == 409, "{taken}");
        // It names no entity by an id of theirs either, but by ours or by e-mail.
        let link = |of: Value| json!({"kind": "user", "source": "OKTA", "external_id": "u", "of": of});
        let by_theirs = okta.post("/api/references", link(json!({"source": "SAP", "external_id": "u"}))).await;
        assert_eq!(by_theirs.status, 403);
        assert_eq!(okta.post("/api/references", link(json!({"email": "u@example.com"}))).await.status, 201);
        // A workspace of theirs is shown without what they call it.
        t.api.post("/api/references", json!({"kind": "user", "source": "SAP", "external_id": "mine", "id": 2})).await.ok();
        t.api.join("SAP", "mine", &[("w", 10.0)]).await.ok();
        t.api.workspace("OKTA", "own").await;
        let joined = okta.join("OKTA", "mine", &[("own", 10.0)]).await.ok();
        assert_eq!(joined["workspaces"][0]["json_integrations"], Value::Null);
        assert_eq!(joined["workspaces"][1]["json_integrations"]["source"], "OKTA");
    }

    /// A source that a company registered is one for that company.
    async fn registered_sources(t: TestApp) {
        let label = |name: &str| SourceLabel::parse(name).unwrap();
        let workday = sources::register(&t.app, 1, label("WORKDAY")).await.unwrap();
        assert_eq!(workday.id, 1_000);
        assert_eq!(sources::register(&t.app, 1, label("hr.feed-2")).await.unwrap().id, 1_001);
        for taken in ["WORKDAY", "workday", "okta"] {
            assert!(sources::register(&t.app, 1, label(taken)).await.is_err(), "{taken}");
        }
        assert!(sources::register(&t.app, 99, label("X")).await.is_err());
        // The token was never used: its company's sources are read now.
        t.api.user("WORKDAY", "u").await;
        t.api.workspace("hr.feed-2", "w").await;
        let listed = t.api.get("/api/references?source=WORKDAY").await.ok();
        assert_eq!((&listed["data"][0]["source"], &listed["data"][0]["external_id"]), (&json!("WORKDAY"), &json!("u")));
        let missing = t.api.put("/v2/integrations/users/u", json!({"metadata": {"source": "OKTA"}})).await;
        assert!(missing.text.contains("known to WORKDAY"), "{missing}");
        let joined = t.api.post("/api/references", json!({"kind": "user", "source": "hr.feed-2", "external_id": "u", "id": 1})).await;
        assert_eq!(joined.status, 201);
        let integration = &t.api.join("hr.feed-2", "u", &[("w", 1.0)]).await.ok()["workspaces"][0]["json_integrations"];
        assert_eq!((&integration["source"], &integration["integration_id"]), (&json!("hr.feed-2"), &json!(1_001)));
        // Not for another company, and not for a key that is limited to others.
        let other = t.other_company().await;
        let refused = other.create("workspaces", "WORKDAY", "w", json!({"name": "x"})).await;
        assert!(refused.status == 400 && !refused.text.contains("hr.feed-2"), "{refused}");
        let limited = t.key(&["WORKDAY"], false).await;
        assert_eq!(limited.get("/v1/me").await.ok()["sources"], json!(["WORKDAY"]));
        assert_eq!(limited.create("workspaces", "hr.feed-2", "x", json!({"name": "x"})).await.status, 403);
        // It is told of no other.
        let unknown = limited.create("workspaces", "X", "x", json!({"name": "x"})).await;
        assert_eq!(unknown.json()["message"], "\"X\" is not a source; it must be one of WORKDAY");
        assert_eq!(limited.create("workspaces", "WORKDAY", "x", json!({"name": "x"})).await.status, 200);
    }
}
