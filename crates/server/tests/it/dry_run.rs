//! `Prefer: dry-run`: everything is judged and carried out, then undone.

use axum::http::Method;
use serde_json::{Value, json};
use testing::{Answer, Api, both_engines};

async fn attempt(api: &Api, method: Method, path: &str, body: &Value) -> Answer {
    with(api, method, path, body, &[("prefer", "dry-run")]).await
}

async fn with(
    api: &Api,
    method: Method,
    path: &str,
    body: &Value,
    headers: &[(&str, &str)],
) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    api.send(method, path, &headers, body.to_string().into_bytes()).await
}

fn applied(answer: &Answer) -> bool {
    answer.header("preference-applied") == Some("dry-run")
}

/// An answer without what is drawn anew for each.
fn without_ids(mut answer: Value) -> Value {
    match &mut answer {
        Value::Object(members) => {
            members.retain(|name, _| name != "id" && name != "request_id");
            members.values_mut().for_each(|value| *value = without_ids(value.take()));
        }
        Value::Array(all) => all.iter_mut().for_each(|value| *value = without_ids(value.take())),
        _ => {}
    }
    answer
}

const CLIENTS: &str = "/v2/integrations/clients";

fn client(id: &str) -> Value {
    json!({"metadata": {"source": "OKTA"}, "id": id, "name": "Acme"})
}

both_engines! {
    /// The answer is the real one's, but for ids, which are never used again.
    async fn a_create(t: TestApp) {
        let tried = attempt(&t.api, Method::POST, CLIENTS, &client("c")).await;
        assert!(applied(&tried), "{tried}");
        let mut tried = tried.ok();
        let real = t.api.post(CLIENTS, client("c")).await;
        assert!(!applied(&real));
        let real = real.ok();
        assert!(tried["id"].as_i64() < real["id"].as_i64(), "{tried} {real}");
        tried["id"] = real["id"].clone();
        assert_eq!(tried, real);
    }

    /// A batch: the same outcome of each range, the same counters.
    async fn a_batch(t: TestApp) {
        t.api.contract("OKTA", "k", Some("2025-01-01"), Some("2025-12-31")).await;
        t.api.user("OKTA", "u").await;
        let path = "/v2/integrations/contracts/k/users";
        let body = json!({"metadata": {"source": "OKTA"}, "users": [
            {"id": "u", "dates": [{"start": "2025-02-01", "end": "2025-03-01"}, {"start": "2024-01-01", "end": "2024-02-01"}]},
            {"id": "v", "dates": [{"start": "2025-02-01", "end": "2025-03-01"}]}
        ]});
        let tried = attempt(&t.api, Method::POST, path, &body).await.ok();
        assert_eq!(t.api.get("/v1/contracts/1/users").await.ok()["total"], "0");
        let real = t.api.post(path, body).await.ok();
        for field in ["status", "records_received", "records_created", "records_rejected", "errors"] {
            assert_eq!(tried[field], real[field], "{field}");
        }
    }

    /// A refusal is the real one's too.
    async fn a_refusal(t: TestApp) {
        t.api.post(CLIENTS, client("c")).await.ok();
        let tried = attempt(&t.api, Method::POST, CLIENTS, &client("c")).await;
        assert!(tried.status == 409 && applied(&tried), "{tried}");
        assert_eq!(tried.to_string(), t.api.post(CLIENTS, client("c")).await.to_string());
        let gone = attempt(&t.api, Method::DELETE, "/v2/integrations/clients/none", &json!({"metadata": {"source": "OKTA"}})).await;
        assert!(gone.status == 404 && applied(&gone), "{gone}");
    }

    /// No key is looked up or used.
    async fn keys_are_left_alone(t: TestApp) {
        let both = [("prefer", "dry-run"), ("idempotency-key", "k1")];
        let key = [("idempotency-key", "k1")];
        with(&t.api, Method::POST, CLIENTS, &client("c"), &both).await.ok();
        let real = with(&t.api, Method::POST, CLIENTS, &client("c"), &key).await;
        assert!(real.status == 200 && real.header("idempotent-replayed").is_none(), "{real}");
        let tried = with(&t.api, Method::POST, CLIENTS, &client("d"), &both).await;
        assert!(tried.status == 200 && applied(&tried), "{tried}");
    }

    /// The header as RFC 7240 writes it. What could be meant otherwise is refused: a request is
    /// never carried out that was only to be tried.
    async fn how_it_is_written(t: TestApp) {
        for prefer in ["Dry-Run", "respond-async, dry-run", " dry-run , wait=10", "return=minimal;x=y,dry-run"] {
            let answer = with(&t.api, Method::POST, CLIENTS, &client("c"), &[("prefer", prefer)]).await;
            assert!(answer.status == 200 && applied(&answer), "{prefer}: {answer}");
        }
        for prefer in ["dry-run=false", "dry-run=true", "dry-run; x=1"] {
            let answer = with(&t.api, Method::POST, CLIENTS, &client("c"), &[("prefer", prefer)]).await;
            assert!(answer.status == 400, "{prefer}: {answer}");
        }
        let two = [("prefer", "respond-async"), ("prefer", "dry-run")];
        assert!(applied(&with(&t.api, Method::POST, CLIENTS, &client("c"), &two).await));
        let other = with(&t.api, Method::POST, CLIENTS, &client("c"), &[("prefer", "dry-running")]).await;
        assert!(other.status == 200 && !applied(&other), "{other}");
    }

    /// A token cannot be tried.
    async fn a_token(t: TestApp) {
        for path in ["/v1/oauth/token?grant_type=client_credentials", "/v1/oauth/refreshtoken"] {
            let answer = t.api.anonymous().send(Method::POST, path, &[("prefer", "dry-run")], Vec::new()).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!("invalid_request")), "{answer}");
        }
    }

    /// Records of `/api`: each is answered as it would be, and nothing is changed, nor kept in the
    /// inbox.
    async fn native_writes(t: TestApp) {
        t.quiet().await;
        t.api.contract("OKTA", "K1", Some("2026-01-01"), Some("2026-12-31")).await;
        for workspace in ["w1", "w2"] {
            t.api.workspace("OKTA", workspace).await;
        }
        for user in ["u1", "u2"] {
            t.api.user("OKTA", user).await;
            t.api.join("OKTA", user, &[("w1", 50.0)]).await.ok();
        }
        t.api.team("OKTA", "t1", Some("w1")).await;
        let ranges = "/api/contracts/OKTA:K1/assignments";
        let range = |user: &str, start: &str, end: &str| json!({"user": user, "start_date": start, "end_date": end});
        let users = |all: &[&str]| json!({"users": all, "mode": "replace"});
        let share = |workspace: &str| json!([{"workspace": workspace, "percentage": 10}]);
        let (carve, end) = (format!("{ranges}/carve"), format!("{ranges}/end"));
        for (method, path, body) in [
            (Method::POST, ranges, json!({"assignments": [
                range("OKTA:u1", "2026-01-01", "2026-01-31"), range("OKTA:u9", "2026-01-01", "2026-01-31"), range("OKTA:u2", "2025-01-01", "2026-01-31")
            ]})),
            (Method::POST, ranges, json!({"atomicity": "all", "assignments": [
                range("OKTA:u1", "2026-02-01", "2026-02-28"), range("OKTA:u9", "2026-01-01", "2026-01-31")
            ]})),
            (Method::POST, ranges, json!({"mode": "replace", "assignments": [range("OKTA:u1", "2026-02-01", "2026-12-31")]})),
            (Method::POST, &carve, json!({"user": "OKTA:u1", "from": "2026-03-01", "to": "2026-03-31"})),
            (Method::POST, &end, json!({"user": "OKTA:u1", "on": "2026-06-30"})),
            (Method::PUT, "/api/users/OKTA:u1", json!({"last_name": "Ray"})),
            (Method::PUT, "/api/users/OKTA:u1", json!({"last_name": "Ray"})),
            (Method::PUT, "/api/clients/OKTA:new", json!({"name": "New"})),
            (Method::PUT, "/api/clients/OKTA:bad", json!({"name": 7})),
            (Method::POST, "/api/clients/batch", json!({"source": "OKTA", "records": [
                {"id": "new", "name": "Old"}, {"id": "newer", "name": "Newer"}, {"id": "bad", "name": ""}, {"id": "newer", "name": "Newest"}
            ]})),
            (Method::POST, "/api/teams/OKTA:t1/users", users(&["OKTA:u1"])),
            (Method::POST, "/api/teams/OKTA:t1/users", users(&["OKTA:u2"])),
            (Method::DELETE, "/api/teams/OKTA:t1/users", json!({"users": ["OKTA:u2"]})),
            (Method::POST, "/api/users/OKTA:u2/workspaces", json!({"workspaces": share("OKTA:w2"), "mode": "replace"})),
            (Method::POST, "/api/users/OKTA:u2/workspaces", json!({"workspaces": share("OKTA:w9")})),
        ] {
            let before = t.rows(&["id_sequences"]).await;
            let tried = attempt(&t.api, method.clone(), path, &body).await;
            assert!(applied(&tried), "{path}: {tried}");
            assert_eq!(t.rows(&["id_sequences"]).await, before, "{path} {body}");
            let real = t.api.json(method, path, body.clone()).await;
            assert_eq!(tried.status, real.status, "{path} {body}");
            assert_eq!(without_ids(tried.json()), without_ids(real.json()), "{path} {body}");
        }
    }

    /// A try under a condition is refused as the real one would be.
    async fn under_a_condition(t: TestApp) {
        t.api.contract("OKTA", "K1", None, None).await;
        t.api.user("OKTA", "u1").await;
        t.api.attach("OKTA", "K1", "u1", &[("2026-01-01", "2026-12-31")]).await;
        let days = json!({"user": "OKTA:u1", "from": "2026-03-01", "to": "2026-03-31"});
        let ranges = "/api/contracts/OKTA:K1/assignments";
        for (method, path, seen, body) in [
            (Method::PUT, "/api/users/OKTA:u1", "/api/users/OKTA:u1", json!({"last_name": "Ray"})),
            (Method::POST, &format!("{ranges}/carve"), &format!("{ranges}?user=OKTA:u1"), days),
        ] {
            let tag = t.api.get(seen).await.header("etag").unwrap().to_owned();
            for tried in [("if-match", &*tag), ("if-match", "*")] {
                let answer = with(&t.api, method.clone(), path, &body, &[("prefer", "dry-run"), tried]).await;
                assert!(answer.status == 200 && applied(&answer), "{path}: {answer}");
            }
            assert_eq!(t.api.get(seen).await.header("etag"), Some(&*tag));
            let other = [("prefer", "dry-run"), ("if-match", "\"other\"")];
            let answer = with(&t.api, method, path, &body, &other).await;
            assert!(answer.status == 412 && applied(&answer), "{path}: {answer}");
        }
    }
}
