//! Taking users off contracts, out of teams, and workspaces from users.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

async fn off_contract(t: &TestApp, contract: &str, users: Value) -> Answer {
    t.api
        .delete(
            &format!("/v2/integrations/contracts/{contract}/users"),
            json!({"metadata": {"source": "OKTA"}, "users": users}),
        )
        .await
}

both_engines! {
    /// All ranges of the users; all users or none.
    async fn users_off_a_contract(t: TestApp) {
        t.api.contract("OKTA", "k", None, None).await;
        for user in ["u1", "u2", "u3", "u4"] {
            t.api.user("OKTA", user).await;
        }
        let dates = json!([{"start": "2025-01-01", "end": "2025-02-01"}, {"start": "2025-03-01", "end": "2025-04-01"}]);
        let users: Vec<_> = ["u1", "u2", "u3"].iter().map(|id| json!({"id": id, "dates": dates})).collect();
        let attach = json!({"metadata": {"source": "OKTA"}, "users": users});
        t.api.post("/v2/integrations/contracts/k/users", attach).await.ok();
        let total = async || t.api.get("/v1/contracts/1/users").await.ok()["total"].clone();
        expect![[r#"
            404 Not Found
            {"status":404,"name":"NotAttachedError","code":"NOT_ATTACHED","message":"Not attached to the contract: /users/1","request_id":"[id]","errors":[{"pointer":"/users/1","message":"has no date range on the contract"}]}"#]].assert_eq(&off_contract(&t, "k", json!(["u1", "u4"])).await.to_string());
        assert_eq!(total().await, "6");
        expect![[r#"
            200 OK
            {"message":"Users detached successfully","contract_id":1,"detached_users":[3,1]}"#]].assert_eq(&off_contract(&t, "k", json!(["u3", "u1", "u3"])).await.to_string());
        assert_eq!(total().await, "2");
        // A retry says what is the case.
        expect![[r#"
            404 Not Found
            {"status":404,"name":"NotAttachedError","code":"NOT_ATTACHED","message":"Not attached to the contract: /users/0, /users/1","request_id":"[id]","errors":[{"pointer":"/users/0","message":"has no date range on the contract"},{"pointer":"/users/1","message":"has no date range on the contract"}]}"#]].assert_eq(&off_contract(&t, "k", json!(["u3", "u1"])).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"Entity is not associated: users \"u9\", \"u8\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/users/1","message":"is not associated"},{"pointer":"/users/2","message":"is not associated"}]}"#]].assert_eq(&off_contract(&t, "k", json!(["u2", "u9", "u8"])).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"Entity is not associated: contract \"k9\" of source OKTA","request_id":"[id]"}"#]].assert_eq(&off_contract(&t, "k9", json!(["u2"])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/users must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/users","message":"must be a non-empty list"}]}"#]].assert_eq(&off_contract(&t, "k", json!([])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /users/1, /users/2","request_id":"[id]","errors":[{"pointer":"/users/1","message":"must be a string of 1 to 255 bytes"},{"pointer":"/users/2","message":"must be a string of 1 to 255 bytes"}]}"#]].assert_eq(&off_contract(&t, "k", json!(["u2", 7, ""])).await.to_string());
        assert_eq!(off_contract(&t, "k", json!("u2")).await.status, 400);
        assert_eq!(total().await, "2");
    }

    async fn users_out_of_a_team(t: TestApp) {
        t.api.team("OKTA", "t", None).await;
        for user in ["u1", "u2", "u3"] {
            t.api.user("OKTA", user).await;
        }
        let body = |users: Value| json!({"metadata": {"source": "OKTA"}, "users": users});
        t.api.put("/v2/integrations/teams/t/attach", body(json!(["u1", "u2"]))).await.ok();
        t.clock.advance(std::time::Duration::from_secs(60));
        // In request order; who is not in it is skipped.
        expect![[r#"
            200 OK
            [{"team_id":1,"user_id":2,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","id":2,"__meta__":{"company_id":1,"user":{"id":2,"first_name":"Ana","last_name":"Lee","email":"u2@example.com","company_id":1}}},{"team_id":1,"user_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","id":1,"__meta__":{"company_id":1,"user":{"id":1,"first_name":"Ana","last_name":"Lee","email":"u1@example.com","company_id":1}}}]"#]].assert_eq(&t.api.put("/v2/integrations/teams/t/detach", body(json!(["u3", "u2", "u1", "u2"]))).await.to_string());
        expect![[r#"
            200 OK
            []"#]].assert_eq(&t.api.post("/v2/integrations/teams/t/detach", body(json!(["u2"]))).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"Entity is not associated: user \"u9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/users/1","message":"is not associated"}]}"#]].assert_eq(&t.api.put("/v2/integrations/teams/t/detach", body(json!(["u1", "u9"]))).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"TeamNotFoundError","code":"ZC001","message":"Entity is not associated: team \"t9\" of source OKTA","request_id":"[id]"}"#]].assert_eq(&t.api.put("/v2/integrations/teams/t9/detach", body(json!(["u1"]))).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/users must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/users","message":"must be a non-empty list"}]}"#]].assert_eq(&t.api.put("/v2/integrations/teams/t/detach", body(json!([]))).await.to_string());
        assert_eq!(t.api.put("/v2/integrations/teams/t/attach", body(json!(["u1"]))).await.ok()["errors"], json!([]));
    }

    async fn workspaces_from_a_user(t: TestApp) {
        t.api.user("OKTA", "u").await;
        for workspace in ["w1", "w2", "w3"] {
            t.api.workspace("OKTA", workspace).await;
        }
        t.api.join("OKTA", "u", &[("w1", 50.0), ("w2", 20.0)]).await.ok();
        let detach = async |workspaces: Value| t.api.put("/v2/integrations/users/u/detach", json!({"metadata": {"source": "OKTA"}, "workspaces": workspaces})).await;
        // What the user is not in is skipped, also twice.
        expect![[r#"
            200 OK
            {"id":1,"name":"Ana Lee","email":"u@example.com","workspaces":[{"id":1,"name":"w1","active":true,"metadata":{},"json_integrations":{"integration_id":6,"is_active":true,"source":"OKTA","destination":null,"status":"NOT_SEND","origin_external_id":"w1","destination_external_id":null},"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","pivot":{"workspace_id":1,"user_id":1,"percentage":50}}]}"#]].assert_eq(&detach(json!(["w3", "w2", "w2"])).await.to_string());
        t.api.team("OKTA", "t", Some("w1")).await;
        t.api.put("/v2/integrations/teams/t/attach", json!({"metadata": {"source": "OKTA"}, "users": ["u"]})).await.ok();
        t.api.join("OKTA", "u", &[("w2", 20.0)]).await.ok();
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"user 1 must leave these teams before their workspaces: 1","request_id":"[id]","errors":[{"pointer":"/workspaces/1","message":"is the workspace of team 1, which the user is in"}]}"#]].assert_eq(&detach(json!(["w2", "w1"])).await.to_string());
        t.api.put("/v2/integrations/teams/t/detach", json!({"metadata": {"source": "OKTA"}, "users": ["u"]})).await.ok();
        assert_eq!(detach(json!(["w2", "w1"])).await.ok()["workspaces"], json!([]));
        expect![[r#"
            404 Not Found
            {"status":404,"name":"WorkspaceNotFoundError","code":"ZC001","message":"Entity is not associated: workspace \"w9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/workspaces/1","message":"is not associated"}]}"#]].assert_eq(&detach(json!(["w1", "w9"])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/workspaces must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/workspaces","message":"must be a non-empty list"}]}"#]].assert_eq(&detach(json!([])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/workspaces/0 must be a string of 1 to 255 bytes","request_id":"[id]","errors":[{"pointer":"/workspaces/0","message":"must be a string of 1 to 255 bytes"}]}"#]].assert_eq(&detach(json!([{"workspaceId": "w1"}])).await.to_string());
        let nobody = t.api.put("/v2/integrations/users/u9/detach", json!({"metadata": {"source": "OKTA"}, "workspaces": ["w1"]})).await;
        assert_eq!((nobody.status.as_u16(), &nobody.json()["name"]), (404, &json!("UserNotFoundError")));
    }
}
