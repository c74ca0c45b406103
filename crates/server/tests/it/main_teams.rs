//! Teams by ids of ours (COR's Main API).

use expect_test::expect;
use serde_json::json;
use testing::both_engines;

both_engines! {
    /// Created, read, changed and deleted by the id that it was given.
    async fn a_team(t: TestApp) {
        let (api, workspace) = (&t.api, t.api.workspace("OKTA", "w1").await);
        expect![[r#"
            200 OK
            {"id":1,"name":"Design","description":null,"workspace_id":null,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19"}"#]].assert_eq(&api.post("/v1/teams", json!({"name": "Design"})).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Design","description":"Who draws","workspace_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19"}"#]].assert_eq(&api.put("/v1/teams/1", json!({
            "description": "Who draws", "workspace_id": workspace
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Design","description":null,"workspace_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19"}"#]].assert_eq(&api.put("/v1/teams/1", json!({"description": null})).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Design","description":null,"workspace_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19"}"#]].assert_eq(&api.get("/v1/teams/1").await.to_string());
        expect![[r#"
            200 OK
            true"#]].assert_eq(&api.delete("/v1/teams/1", json!({})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"TeamNotFoundError","code":"ZC001","message":"There is no team 1","request_id":"[id]"}"#]].assert_eq(&api.get("/v1/teams/1").await.to_string());
    }

    /// What is wrong, and what would be right.
    async fn refused(t: TestApp) {
        let api = &t.api;
        api.team("OKTA", "t1", None).await;
        let said = [
            api.post("/v1/teams", json!({"name": "", "workspace_id": "3"})).await,
            api.post("/v1/teams", json!({"name": "Design", "workspace_id": 77})).await,
            api.put("/v1/teams/1", json!({"name": null})).await,
            api.put("/v1/teams/77", json!({"name": "Design"})).await,
            api.get("/v1/teams/design").await,
            api.delete("/v1/teams/0", json!({})).await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /name, /workspace_id","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"},{"pointer":"/workspace_id","message":"must be a positive integer"}]}
            404 Not Found
            {"status":404,"name":"WorkspaceNotFoundError","code":"ZC001","message":"There is no workspace 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/name cannot be cleared: it must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"}]}
            404 Not Found
            {"status":404,"name":"TeamNotFoundError","code":"ZC001","message":"There is no team 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"TeamNotFoundError","code":"ZC001","message":"There is no team \"design\"","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"TeamNotFoundError","code":"ZC001","message":"There is no team \"0\"","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
    }

    /// Users are added one by one: who cannot be is left out, and when nobody can, it is said why.
    async fn users(t: TestApp) {
        let api = &t.api;
        api.workspace("OKTA", "w1").await;
        api.team("OKTA", "t1", Some("w1")).await;
        let (ana, ben) = (api.user("OKTA", "ana").await, api.user("OKTA", "ben").await);
        api.join("OKTA", "ana", &[("w1", 50.0)]).await;
        expect![[r#"
            200 OK
            [{"id":1,"team_id":1,"user_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","__meta__":{"company_id":1,"user":{"id":1,"first_name":"Ana","last_name":"Lee","email":"ana@example.com","company_id":1}}}]"#]].assert_eq(&api.post("/v1/teams/1/users", json!({"users_ids": [ana, ben]})).await.to_string());
        // The name that some clients send: it is the one to blame.
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /userIds/0, /userIds/1","request_id":"[id]","errors":[{"pointer":"/userIds/0","message":"User does not belong to the team's workspace (UT012)"},{"pointer":"/userIds/1","message":"User is already assigned to this team (UT011)"}]}"#]].assert_eq(&api.post("/v1/teams/1/users", json!({"userIds": [ben, ana]})).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"There is no user 77","request_id":"[id]"}"#]].assert_eq(&api.post("/v1/teams/1/users", json!({"users_ids": [ana, 77]})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/users_ids must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/users_ids","message":"must be a non-empty list"}]}"#]].assert_eq(&api.post("/v1/teams/1/users", json!({"users_ids": []})).await.to_string());
        expect![[r#"
            200 OK
            [{"id":1,"team_id":1,"user_id":1,"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","deleted_at":"2026-01-08T19:06:19.000Z","__meta__":{"company_id":1,"user":{"id":1,"first_name":"Ana","last_name":"Lee","email":"ana@example.com","company_id":1}}}]"#]].assert_eq(&api.delete("/v1/teams/1/users", json!({"users_ids": [ben, ana]})).await.to_string());
        expect![[r#"
            200 OK
            []"#]].assert_eq(&api.delete("/v1/teams/1/users", json!({"users_ids": [ana]})).await.to_string());
        // Both ways under that name, and what is wrong there.
        let added = api.post("/v1/teams/1/users", json!({"userIds": [ana]})).await.ok();
        assert_eq!((&added[0]["user_id"], added[0].get("deleted_at")), (&json!(ana), None));
        let removed = api.delete("/v1/teams/1/users", json!({"userIds": [ana]})).await.ok();
        assert_eq!((&removed[0]["user_id"], &removed[0]["deleted_at"]), (&json!(ana), &json!("2026-01-08T19:06:19.000Z")));
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/userIds must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/userIds","message":"must be a non-empty list"}]}"#]].assert_eq(&api.post("/v1/teams/1/users", json!({"userIds": []})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/users_ids is required, and not empty","request_id":"[id]","errors":[{"pointer":"/users_ids","message":"is required, and not empty"}]}"#]].assert_eq(&api.delete("/v1/teams/1/users", json!({})).await.to_string());
    }
}
