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

/// Under the first key, without any condition.
async fn send_without(api: &Api, method: &Method, path: &str, body: &Value) -> Answer {
    send(api, method.clone(), path, "k1", body).await
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

    /// What was done under a condition is answered again, though the condition holds no more; and
    /// so is that it did not hold. Another condition is another request.
    async fn under_a_condition(t: TestApp) {
        t.api.contract("OKTA", "K1", None, None).await;
        t.api.user("OKTA", "u1").await;
        t.api.attach("OKTA", "K1", "u1", &[("2026-01-01", "2026-12-31")]).await;
        let ranges = "/api/contracts/OKTA:K1/assignments";
        let user = "/api/users/OKTA:u1";
        let days = json!({"user": "OKTA:u1", "from": "2026-03-01", "to": "2026-03-31"});
        let one = json!([{"user": "OKTA:u1", "start_date": "2026-02-01", "end_date": "2026-02-28"}]);
        for (method, path, seen, body) in [
            (Method::PUT, user.to_owned(), user.to_owned(), json!({"last_name": "Ray"})),
            (Method::POST, format!("{ranges}/carve"), format!("{ranges}?user=OKTA:u1"), days),
            (Method::POST, format!("{ranges}/end"), format!("{ranges}?user=OKTA:u1"), json!({"user": "OKTA:u1", "on": "2026-11-30"})),
            (Method::POST, ranges.to_owned(), format!("{ranges}?user=OKTA:u1"), json!({"assignments": one, "mode": "replace"})),
        ] {
            let tag = async || t.api.get(&seen).await.header("etag").unwrap().to_owned();
            let send = async |key: &str, tag: &str| {
                let headers = [("content-type", "application/json"), ("idempotency-key", key), ("if-match", tag)];
                t.api.send(method.clone(), &path, &headers, body.to_string().into_bytes()).await
            };
            let first = tag().await;
            let done = send("k1", &first).await;
            assert!(done.status == 200 && !replayed(&done), "{path}: {done}");
            let second = tag().await;
            assert_ne!(first, second);
            let again = send("k1", &first).await;
            assert!(replayed(&again) && again.text == done.text, "{path}: {again}");
            let stale = send("k2", &first).await;
            assert!(stale.status == 412 && !replayed(&stale), "{path}: {stale}");
            let again = send("k2", &first).await;
            assert!(replayed(&again) && again.text == stale.text, "{path}: {again}");
            for (key, tag) in [("k1", &second), ("k2", &second)] {
                let other = send(key, tag).await;
                assert_eq!((other.status.as_u16(), &other.json()["code"]), (422, &json!("IDEMPOTENCY_KEY_REUSED")), "{path}");
            }
            let unconditional = send_without(&t.api, &method, &path, &body).await;
            assert_eq!(unconditional.status, 422, "{path}: {unconditional}");
            // None of it did anything.
            assert_eq!(tag().await, second);
        }
    }

    /// What was declared is not declared a second time: what came after it stays.
    async fn a_declaration(t: TestApp) {
        t.api.contract("OKTA", "K1", None, None).await;
        t.api.user("OKTA", "u1").await;
        let one = json!([{"user": "OKTA:u1", "start_date": "2026-02-01"}]);
        let body = json!({"assignments": one, "mode": "replace"});
        let path = "/api/contracts/OKTA:K1/assignments";
        let first = post(&t.api, path, "k1", &body).await;
        assert_eq!(first.ok()["created"], 1);
        t.api.attach("OKTA", "K1", "u1", &[("2026-05-01", "2026-05-31")]).await;
        let second = post(&t.api, path, "k1", &body).await;
        assert!(replayed(&second) && second.text == first.text, "{second}");
        assert_eq!(t.api.get("/v1/contracts/1/users").await.ok()["total"], "2");
        assert_eq!(post(&t.api, path, "k2", &body).await.ok()["removed"][0]["start_date"], "2026-05-01");
    }

    /// Ranges that are taken all or none: none is, and the same is said again when all could be.
    async fn all_or_none(t: TestApp) {
        t.quiet().await;
        t.api.contract("OKTA", "K1", Some("2026-01-01"), Some("2026-12-31")).await;
        t.api.user("OKTA", "u1").await;
        let range = |user: &str, start: &str| json!({"user": user, "start_date": start, "end_date": "2026-06-30"});
        let body = json!({"atomicity": "all", "assignments": [
            range("OKTA:u1", "2026-02-01"), range("OKTA:u2", "2026-02-01"), range("OKTA:u1", "2026-02-02")
        ]});
        let path = "/api/contracts/OKTA:K1/assignments";
        let before = t.rows(&["idempotency_keys", "id_sequences"]).await;
        let first = post(&t.api, path, "k1", &body).await;
        assert_eq!(first.status, 422);
        let why: Vec<Value> = first.json()["results"].as_array().unwrap().iter().map(|one| one["error"]["code"].clone()).collect();
        assert_eq!(why, ["OTHERS_REJECTED", "CE001", "OTHERS_REJECTED"]);
        assert_eq!(t.rows(&["idempotency_keys", "id_sequences"]).await, before);
        t.api.user("OKTA", "u2").await;
        let second = post(&t.api, path, "k1", &body).await;
        assert!(replayed(&second) && second.text == first.text && second.status == 422, "{second}");
        assert_eq!(t.api.get("/v1/contracts/1/users").await.ok()["total"], "0");
        assert_eq!(post(&t.api, path, "k2", &body).await.ok()["created"], 3);
    }
}
