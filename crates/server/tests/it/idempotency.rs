//! A request with a key of the client's own may be sent again: it is carried out once, and
//! answered the same.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use testing::{Answer, Api, both_engines};
use tokio::task::JoinSet;

async fn send(api: &Api, method: Method, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    api.send(method, path, &headers, body.to_string().into_bytes()).await
}

async fn post(api: &Api, path: &str, key: &str, body: &Value) -> Answer {
    send(api, Method::POST, path, key, body).await
}

fn client(id: &str) -> Value {
    json!({"metadata": {"source": "OKTA"}, "id": id, "name": "Acme"})
}

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

const CLIENTS: &str = "/v2/integrations/clients";

both_engines! {
    /// The second time the stored answer comes, byte for byte, with a request id of its own in
    /// the head.
    async fn the_same_request_gets_the_same_answer(t: TestApp) {
        let first = post(&t.api, CLIENTS, "k1", &client("c")).await;
        assert!(first.status == 200 && !replayed(&first), "{first}");
        t.clock.advance(Duration::from_secs(1_800));
        let second = post(&t.api, CLIENTS, "k1", &client("c")).await;
        assert!(replayed(&second), "{second}");
        assert_eq!((second.status, &second.text), (first.status, &first.text));
        assert_ne!(second.header("x-request-id"), first.header("x-request-id"));
        // Without a key it is a request of its own.
        assert_eq!(t.api.post(CLIENTS, client("c")).await.status, 409);
    }

    /// A refusal of the whole request is kept too, and nothing else of it.
    async fn a_refusal_is_an_answer(t: TestApp) {
        let path = "/v2/integrations/contracts/k/users";
        let body = json!({"metadata": {"source": "OKTA"}, "users": [
            {"id": "u", "dates": [{"start": "2025-01-01", "end": "2025-02-01"}]}
        ]});
        let first = post(&t.api, path, "k1", &body).await;
        assert_eq!(first.status, 404);
        t.api.contract("OKTA", "k", None, None).await;
        let second = post(&t.api, path, "k1", &body).await;
        assert!(second.status == 404 && replayed(&second), "{second}");
        assert_eq!(first.text, second.text);
        // 422: nothing was assigned.
        let third = post(&t.api, path, "k2", &body).await;
        t.api.user("OKTA", "u").await;
        let fourth = post(&t.api, path, "k2", &body).await;
        assert_eq!((fourth.status.as_u16(), fourth.text), (422, third.text));
        assert_eq!(post(&t.api, path, "k3", &body).await.status, 200);
    }

    /// What never reached the operation is judged anew each time.
    async fn what_never_ran_is_not_kept(t: TestApp) {
        let mut body = client("c");
        body["name"] = json!(7);
        assert_eq!(post(&t.api, CLIENTS, "k1", &body).await.status, 400);
        assert_eq!(post(&t.api, CLIENTS, "k1", &client("c")).await.status, 200);
        let reader = t.key(&[], true).await;
        assert_eq!(post(&reader, CLIENTS, "k2", &client("d")).await.status, 403);
        assert_eq!(post(&t.api, CLIENTS, "k2", &client("d")).await.status, 200);
    }

    /// Another body or another query under the same key is refused, and changes nothing.
    async fn a_key_is_for_one_request(t: TestApp) {
        post(&t.api, CLIENTS, "k1", &client("c")).await.ok();
        let reused = post(&t.api, CLIENTS, "k1", &client("d")).await;
        assert_eq!((reused.status.as_u16(), &reused.json()["code"]), (422, &json!("IDEMPOTENCY_KEY_REUSED")));
        let reused = post(&t.api, "/v2/integrations/clients?try=2", "k1", &client("c")).await;
        assert_eq!(reused.status, 422);
        assert_eq!(t.api.post(CLIENTS, client("d")).await.status, 200);
    }

    /// The path, the method and the credential part keys: an answer is told to nobody else.
    async fn keys_are_ones_own(t: TestApp) {
        let answer = post(&t.api, CLIENTS, "k1", &client("c")).await.ok();
        let same = post(&t.key(&[], false).await, CLIENTS, "k1", &client("c")).await;
        assert!(same.status == 409 && !replayed(&same), "{same}");
        let other = post(&t.other_company().await, CLIENTS, "k1", &client("c")).await;
        assert!(!replayed(&other));
        assert_ne!(other.ok()["id"], answer["id"]);
        let path = "/v2/integrations/clients/c";
        let body = json!({"metadata": {"source": "OKTA"}, "name": "New"});
        assert_eq!(send(&t.api, Method::PUT, path, "k1", &body).await.ok()["name"], "New");
        let deleted = send(&t.api, Method::DELETE, path, "k1", &body).await;
        assert!(deleted.status == 200 && !replayed(&deleted), "{deleted}");
    }

    /// After 24 hours a key is new.
    async fn keys_last_a_day(t: TestApp) {
        post(&t.api, CLIENTS, "k1", &client("c")).await.ok();
        t.clock.advance(Duration::from_secs(24 * 3_600 - 1));
        // The token has expired meanwhile; another one of the same key is the same credential.
        let api = t.again().await;
        assert!(replayed(&post(&api, CLIENTS, "k1", &client("c")).await));
        t.clock.advance(Duration::from_secs(2));
        let later = post(&api, CLIENTS, "k1", &client("d")).await;
        assert!(later.status == 200 && !replayed(&later), "{later}");
        assert!(replayed(&post(&api, CLIENTS, "k1", &client("d")).await));
    }

    /// A key is 1 to 255 visible ASCII characters, sent once.
    async fn what_a_key_is(t: TestApp) {
        let long = "x".repeat(256);
        for wrong in ["", " ", "a b", &long] {
            let answer = post(&t.api, CLIENTS, wrong, &client("c")).await;
            assert!(answer.status == 400 && answer.text.contains("Idempotency-Key"), "{answer}");
        }
        let headers = [("content-type", "application/json"), ("idempotency-key", "a"), ("idempotency-key", "a")];
        let body = client("c").to_string().into_bytes();
        let twice = t.api.send(Method::POST, CLIENTS, &headers, body).await;
        assert!(twice.status == 400, "{twice}");
        post(&t.api, CLIENTS, &long[1..], &client("c")).await.ok();
        // A read has no use for one.
        t.api.send(Method::GET, "/v1/me", &[("idempotency-key", "")], Vec::new()).await.ok();
    }

    /// Many at once under one key: one is carried out. The others get its answer, or on PostgreSQL
    /// are told to ask again.
    async fn at_the_same_time(t: TestApp) {
        let mut many = JoinSet::new();
        for _ in 0..32 {
            let api = t.api.clone();
            many.spawn(async move { post(&api, CLIENTS, "k1", &client("c")).await });
        }
        let (mut carried_out, mut again) = (0, 0);
        for answer in many.join_all().await {
            match answer.status.as_u16() {
                200 if replayed(&answer) => {}
                200 => carried_out += 1,
                409 => {
                    assert_eq!(answer.json()["code"], "IDEMPOTENCY_KEY_IN_USE");
                    assert_eq!(answer.header("retry-after"), Some("1"));
                    again += 1;
                }
                _ => panic!("{answer}"),
            }
        }
        assert_eq!(carried_out, 1);
        assert!(again == 0 || t.engine == testing::Engine::Postgres);
        assert!(replayed(&post(&t.api, CLIENTS, "k1", &client("c")).await));
    }

    /// A large answer, whose ranges repeat, comes back as it was.
    async fn a_batch(t: TestApp) {
        t.api.contract("OKTA", "k", None, None).await;
        t.api.user("OKTA", "u").await;
        let dates: Vec<Value> = (1..=28)
            .map(|day| json!({"start": format!("2025-01-{day:02}"), "end": "2025-02-01"}))
            .collect();
        let body = json!({"metadata": {"source": "OKTA"}, "users": [{"id": "u", "dates": dates}, {"id": "v", "dates": dates}]});
        let path = "/v2/integrations/contracts/k/users";
        let first = post(&t.api, path, "k1", &body).await;
        assert_eq!(first.ok()["records_created"], 28);
        t.api.delete(path, json!({"metadata": {"source": "OKTA"}, "users": ["u"]})).await.ok();
        let second = post(&t.api, path, "k1", &body).await;
        assert_eq!(second.text, first.text);
        assert_eq!(t.api.get("/v1/contracts/1/users").await.ok()["total"], "0");
    }

    /// What a refused operation wrote before it refused is undone, though its answer is kept.
    async fn a_late_refusal_leaves_nothing(t: TestApp) {
        t.api.contract("OKTA", "k", None, Some("2025-12-31")).await;
        let path = "/v2/integrations/contracts/k";
        let body = json!({"metadata": {"source": "OKTA"}, "end_date": "2025-06-30", "currency": "EUR"});
        for again in [false, true] {
            let answer = send(&t.api, Method::PUT, path, "k1", &body).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!("CTR006")));
            assert_eq!(replayed(&answer), again);
        }
        let same = t.api.put(path, json!({"metadata": {"source": "OKTA"}})).await.ok();
        assert_eq!(same["end_date"], "2025-12-31");
    }
}
