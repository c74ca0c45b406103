//! Attaching workspaces to a user.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

async fn attach(t: &TestApp, source: &str, workspaces: Value) -> Answer {
    let body = json!({"metadata": {"source": source}, "workspaces": workspaces});
    t.api.put("/v2/integrations/users/u1/attach", body).await
}

async fn user_and_workspaces(t: &TestApp) {
    t.api.user("OKTA", "u1").await;
    for id in ["w1", "w2", "w3"] {
        t.api.workspace("OKTA", id).await;
    }
}

both_engines! {
    /// New ones are added, a present one gets the new percentage, others stay. The answer holds
    /// all of the user's workspaces, by id. Sums over 100 are accepted.
    async fn merges(t: TestApp) {
        user_and_workspaces(&t).await;
        attach(&t, "OKTA", json!([{"workspaceId": "w3", "percentage": 60}, {"workspaceId": "w1", "percentage": 10}])).await.ok();
        t.clock.advance(std::time::Duration::from_secs(60));
        let answer = attach(&t, "OKTA", json!([
            {"workspaceId": "w2", "percentage": 33.3333}, {"workspaceId": "w1", "percentage": 100.0}
        ])).await;
        expect![[r#"
            200 OK
            {"id":1,"name":"Ana Lee","email":"u1@example.com","workspaces":[{"id":1,"name":"w1","active":true,"metadata":{},"json_integrations":{"integration_id":6,"is_active":true,"source":"OKTA","destination":null,"status":"NOT_SEND","origin_external_id":"w1","destination_external_id":null},"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","pivot":{"workspace_id":1,"user_id":1,"percentage":100}},{"id":2,"name":"w2","active":true,"metadata":{},"json_integrations":{"integration_id":6,"is_active":true,"source":"OKTA","destination":null,"status":"NOT_SEND","origin_external_id":"w2","destination_external_id":null},"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","pivot":{"workspace_id":2,"user_id":1,"percentage":33.3333}},{"id":3,"name":"w3","active":true,"metadata":{},"json_integrations":{"integration_id":6,"is_active":true,"source":"OKTA","destination":null,"status":"NOT_SEND","origin_external_id":"w3","destination_external_id":null},"created_at":"2026-01-08 19:06:19","updated_at":"2026-01-08 19:06:19","pivot":{"workspace_id":3,"user_id":1,"percentage":60}}]}"#]].assert_eq(&answer.to_string());
    }

    /// `json_integrations` shows the reference under the request's source, else the oldest.
    async fn the_reference_shown(t: TestApp) {
        user_and_workspaces(&t).await;
        t.clock.advance(std::time::Duration::from_secs(60));
        t.api.post("/api/references", json!({"references": [
            {"kind": "user", "source": "SAP", "external_id": "u1", "id": 1},
            {"kind": "workspace", "source": "SAP", "external_id": "W-1", "id": 1},
            {"kind": "workspace", "source": "JIRA", "external_id": "J-2", "id": 2}
        ]})).await.ok();
        let both = json!([{"workspaceId": "w1", "percentage": 1}, {"workspaceId": "w2", "percentage": 2}]);
        attach(&t, "OKTA", both).await.ok();
        let answer = attach(&t, "SAP", json!([{"workspaceId": "W-1", "percentage": 1}])).await.ok();
        let shown = |n: usize| answer["workspaces"][n]["json_integrations"].clone();
        assert_eq!((&shown(0)["source"], &shown(0)["origin_external_id"]), (&json!("SAP"), &json!("W-1")));
        assert_eq!((&shown(1)["source"], &shown(1)["origin_external_id"]), (&json!("OKTA"), &json!("w2")));
    }

    /// Unknown (404), inactive or repeated (400), or a bad item (400): nothing is changed.
    async fn all_or_nothing(t: TestApp) {
        user_and_workspaces(&t).await;
        t.api.create("workspaces", "OKTA", "closed", json!({"name": "Closed", "active": false})).await.ok();
        let w1 = json!({"workspaceId": "w1", "percentage": 10});
        expect![[r#"
            404 Not Found
            {"status":404,"name":"WorkspaceNotFoundError","code":"ZC001","message":"Entity is not associated: workspaces \"w8\", \"w9\" of source OKTA","request_id":"[id]","errors":[{"pointer":"/workspaces/1/workspaceId","message":"is not associated"},{"pointer":"/workspaces/2/workspaceId","message":"is not associated"}]}"#]].assert_eq(&attach(&t, "OKTA", json!([w1, {"workspaceId": "w8", "percentage": 1}, {"workspaceId": "w9", "percentage": 1}])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/workspaces/1/workspaceId names a workspace that is not active","request_id":"[id]","errors":[{"pointer":"/workspaces/1/workspaceId","message":"names a workspace that is not active"}]}"#]].assert_eq(&attach(&t, "OKTA", json!([w1, {"workspaceId": "closed", "percentage": 1}])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/workspaces/2/workspaceId names the same workspace as /workspaces/0/workspaceId","request_id":"[id]","errors":[{"pointer":"/workspaces/2/workspaceId","message":"names the same workspace as /workspaces/0/workspaceId"}]}"#]].assert_eq(&attach(&t, "OKTA", json!([w1, {"workspaceId": "w2", "percentage": 1}, w1])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"9 fields are not valid: /workspaces/1/percentage, /workspaces/2/percentage, /workspaces/3/percentage, /workspaces/4/percentage, /workspaces/5/percentage, /workspaces/6/workspaceId, /workspaces/7, /workspaces/8/workspaceId, /workspaces/8/percentage","request_id":"[id]","errors":[{"pointer":"/workspaces/1/percentage","message":"must be a number above 0 and up to 100 with at most 4 decimal places"},{"pointer":"/workspaces/2/percentage","message":"must be a number above 0 and up to 100 with at most 4 decimal places"},{"pointer":"/workspaces/3/percentage","message":"must be a number above 0 and up to 100 with at most 4 decimal places"},{"pointer":"/workspaces/4/percentage","message":"must be a number above 0 and up to 100 with at most 4 decimal places"},{"pointer":"/workspaces/5/percentage","message":"is required and must be a number above 0 and up to 100 with at most 4 decimal places"},{"pointer":"/workspaces/6/workspaceId","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/workspaces/7","message":"must be an object of: workspaceId percentage"},{"pointer":"/workspaces/8/workspaceId","message":"must be a string of 1 to 255 bytes"},{"pointer":"/workspaces/8/percentage","message":"must be a number above 0 and up to 100 with at most 4 decimal places"}]}"#]].assert_eq(&attach(&t, "OKTA", json!([
            w1, {"workspaceId": "w2", "percentage": 0}, {"workspaceId": "w2", "percentage": 100.0001},
            {"workspaceId": "w2", "percentage": 0.00001}, {"workspaceId": "w2", "percentage": "10"},
            {"workspaceId": "w2"}, {"percentage": 5}, "w3", {"workspaceId": 7, "percentage": null}
        ])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/workspaces must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/workspaces","message":"must be a non-empty list"}]}"#]].assert_eq(&attach(&t, "OKTA", json!([])).await.to_string());
        let after = attach(&t, "OKTA", json!([{"workspaceId": "w3", "percentage": 1}])).await.ok();
        assert_eq!(after["workspaces"].as_array().map(Vec::len), Some(1));
    }

    /// Two ids of one source for the same workspace are a repetition too.
    async fn repeated_under_two_ids(t: TestApp) {
        user_and_workspaces(&t).await;
        t.api.post("/api/references", json!({"kind": "workspace", "source": "OKTA", "external_id": "w1-again", "id": 1})).await.ok();
        let answer = attach(&t, "OKTA", json!([
            {"workspaceId": "w1", "percentage": 1}, {"workspaceId": "w1-again", "percentage": 2}
        ])).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/workspaces/1/workspaceId names the same workspace as /workspaces/0/workspaceId","request_id":"[id]","errors":[{"pointer":"/workspaces/1/workspaceId","message":"names the same workspace as /workspaces/0/workspaceId"}]}"#]].assert_eq(&answer.to_string());
    }

    async fn an_unknown_user(t: TestApp) {
        t.api.workspace("OKTA", "w1").await;
        expect![[r#"
            404 Not Found
            {"status":404,"name":"UserNotFoundError","code":"ZC001","message":"Entity is not associated: user \"u1\" of source OKTA","request_id":"[id]"}"#]].assert_eq(&attach(&t, "OKTA", json!([{"workspaceId": "w1", "percentage": 1}])).await.to_string());
    }
}
