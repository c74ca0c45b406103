//! A company never learns that another company's row exists.

use axum::http::Method;
use serde_json::json;
use testing::both_engines;

both_engines! {
    /// Every way to name something of another company answers as if it were not there.
    async fn what_is_anothers_is_not_there(t: TestApp) {
        let contract = t.api.contract("GLOBANT", "K", None, None).await;
        t.api.user("GLOBANT", "u1").await;
        t.api.workspace("GLOBANT", "w1").await;
        t.api.team("GLOBANT", "t1", Some("w1")).await;
        let other = t.other_company().await;
        let metadata = json!({"source": "GLOBANT"});
        let range = json!([{"start": "2025-01-01", "end": "2025-02-01"}]);
        for (method, path, body) in [
            (Method::POST, "/v2/integrations/contracts/K/users", json!({"metadata": metadata, "users": [{"id": "u1", "dates": range}]})),
            (Method::PUT, "/v2/integrations/teams/t1/attach", json!({"metadata": metadata, "users": ["u1"]})),
            (Method::PUT, "/v2/integrations/users/u1/attach", json!({"metadata": metadata, "workspaces": [{"workspaceId": "w1", "percentage": 1}]})),
            (Method::PUT, "/v2/integrations/users/u1", json!({"metadata": metadata})),
            (Method::POST, "/v2/integrations/teams", json!({"metadata": metadata, "id": "t", "name": "T", "workspace_id": "w1"})),
            (Method::POST, &format!("/v1/contracts/{contract}/users"), json!({"users": [{"id": 1, "dates": range}]})),
            (Method::POST, "/api/references", json!({"kind": "user", "source": "SAP", "external_id": "x", "id": 1})),
            (Method::POST, "/api/references", json!({"kind": "user", "source": "SAP", "external_id": "x", "of": {"source": "GLOBANT", "external_id": "u1"}})),
            (Method::POST, "/api/references", json!({"kind": "user", "source": "SAP", "external_id": "x", "of": {"email": "u1@example.com"}})),
        ] {
            let answer = other.json(method, path, body).await;
            assert_eq!(answer.status, 404, "{path}: {answer}");
            assert!(!answer.text.contains("known to"), "{path}: {answer}");
        }
        assert_eq!(other.get(&format!("/v1/contracts/{contract}/users")).await.status, 404);
        assert_eq!(other.get("/api/references").await.ok()["data"], json!([]));

        // What a company has itself does not make another's visible: its own contract, a user of
        // the first company.
        other.user("GLOBANT", "mine").await;
        let own = other.contract("GLOBANT", "K", None, None).await;
        assert_ne!(own, contract);
        let users = json!({"users": [{"id": 1, "dates": range}]});
        let answer = other.post(&format!("/v1/contracts/{own}/users"), users).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["message"]), (422, &json!("User malformatted")));
        assert_eq!(t.api.get("/api/references?kind=contract").await.ok()["data"].as_array().map(Vec::len), Some(1));
    }
}
