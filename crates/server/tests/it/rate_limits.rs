//! How often a key may ask, and how often asking for a token may fail.

use std::time::Duration;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::expect;
use serde_json::json;
use server::app::Traffic;
use server::http::client::Proxies;
use server::http::rate::Limiter;
use testing::{Answer, Api, TestApp, both_engines};

use crate::refusals::{CLIENTS, client, items};

/// The same server, where a key may send so much a minute.
async fn limited(t: &TestApp, quota: u32) -> Api {
    t.limited(Traffic { rate_limit: Some(Limiter::new(quota)), ..Traffic::default() }).await
}

fn told(answer: &Answer) -> [Option<&str>; 3] {
    ["ratelimit-policy", "ratelimit", "retry-after"].map(|name| answer.header(name))
}

const TOKEN: &str = "/v1/oauth/token?grant_type=client_credentials";
const FORM: &str = "application/x-www-form-urlencoded";

/// Asks for a token; `told` is what a proxy says.
async fn ask(api: &Api, credentials: &str, told: &[&str]) -> Answer {
    let basic = format!("Basic {}", STANDARD.encode(credentials));
    let mut headers = vec![("authorization", basic.as_str())];
    headers.extend(told.iter().map(|told| ("x-forwarded-for", *told)));
    api.anonymous().send(Method::POST, TOKEN, &headers, Vec::new()).await
}

async fn refresh(api: &Api, token: &str) -> Answer {
    let body = format!("refresh_token={token}").into_bytes();
    let headers = [("content-type", FORM)];
    api.anonymous().send(Method::POST, "/v1/oauth/refreshtoken", &headers, body).await
}

/// The status of some askings with the same credentials.
async fn statuses(api: &Api, credentials: &str, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(ask(api, credentials, &[]).await.status.as_u16());
    }
    statuses
}

both_engines! {
    /// A burst, then one after the other; the two faces say it in their own way.
    async fn a_key(t: TestApp) {
        let api = limited(&t, 3).await;
        let policy = Some("\"key\";q=3;w=60");
        for (path, left) in [("/v1/me", "\"key\";r=2;t=20"), ("/api/references", "\"key\";r=1;t=20")] {
            let answer = api.get(path).await;
            answer.ok();
            assert_eq!(told(&answer), [policy, Some(left), None]);
        }
        // What is refused for something else is told too, and counts.
        let wrong = api.post(CLIENTS, json!({})).await;
        assert_eq!((wrong.status.as_u16(), told(&wrong)), (400, [policy, Some("\"key\";r=0;t=20"), None]));
        let over = api.post(CLIENTS, client("c")).await;
        assert_eq!(told(&over), [policy, Some("\"key\";r=0;t=20"), Some("20")]);
        expect![[r#"
            429 Too Many Requests
            {"status":429,"name":"TooManyRequestsError","code":"TOO_MANY_REQUESTS","message":"The key may send 3 requests a minute; send this again in 20 s","request_id":"[id]"}"#]].assert_eq(&over.to_string());
        let over = api.get("/api/references").await;
        assert_eq!(over.header("content-type"), Some("application/problem+json"));
        expect![[r#"
            429 Too Many Requests
            {"type":"urn:crewline:error:TOO_MANY_REQUESTS","title":"TooManyRequestsError","status":429,"detail":"The key may send 3 requests a minute; send this again in 20 s","code":"TOO_MANY_REQUESTS","request_id":"[id]"}"#]].assert_eq(&over.to_string());
        // Nothing was done, and nothing is in the inbox; the time that is told is enough.
        t.clock.advance(Duration::from_millis(19_999));
        assert_eq!(told(&api.get("/v1/me").await)[2], Some("1"));
        t.clock.advance(Duration::from_millis(1));
        assert_eq!(api.post(CLIENTS, client("c")).await.ok()["id"], 1);
        assert_eq!(items(&t.api, "?state=all").await.len(), 0);
        assert_eq!(api.get("/v1/me").await.status, 429);
        t.clock.advance(Duration::from_secs(60));
        assert_eq!(told(&api.get("/v1/me").await)[1], Some("\"key\";r=2;t=20"));
    }

    /// Each key has its own, whatever company it is of; all tokens of a key have one.
    async fn other_keys(t: TestApp) {
        let api = limited(&t, 1).await;
        api.get("/v1/me").await.ok();
        let pair = server::tokens::issue(&t.app, "key-1", "secret").await.unwrap();
        for same in [&api, &api.with_token(pair.access.reveal())] {
            assert_eq!(same.get("/v1/me").await.status, 429);
        }
        t.key(&[], true).await;
        t.other_company().await;
        for key in ["key-1--true", "key-2"] {
            let pair = server::tokens::issue(&t.app, key, "secret").await.unwrap();
            let other = api.with_token(pair.access.reveal());
            assert_eq!(told(&other.get("/v1/me").await)[1], Some("\"key\";r=0;t=60"));
            assert_eq!(other.get("/v1/me").await.status, 429);
        }
    }

    /// Without a limit nothing is told; who is not known is told nothing.
    async fn nobody(t: TestApp) {
        assert_eq!(told(&t.api.get("/v1/me").await), [None; 3]);
        let api = limited(&t, 1).await;
        for answer in [
            api.anonymous().get("/v1/me").await,
            api.with_token("cwt_nobody").get("/v1/me").await,
            api.get("/healthz").await,
            api.get("/healthz").await,
        ] {
            assert_eq!(told(&answer), [None; 3]);
        }
        assert_eq!(told(&api.get("/v1/me").await)[1], Some("\"key\";r=0;t=60"));
    }

    /// What is sent again from within is one request, however much it is.
    async fn resent(t: TestApp) {
        for id in ["a", "b", "c"] {
            let brand = json!({"metadata": {"source": "OKTA"}, "id": id, "name": "x", "client_id": "c"});
            assert_eq!(t.api.post("/v2/integrations/brands", brand).await.status, 404);
        }
        t.api.post(CLIENTS, client("c")).await.ok();
        let api = limited(&t, 2).await;
        let answer = api.post("/api/refusals/retry", json!({})).await;
        let retried = answer.ok()["data"].clone();
        let statuses: Vec<_> = retried.as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
        assert_eq!(statuses, [200, 200, 200]);
        assert_eq!(told(&answer)[1], Some("\"key\";r=1;t=30"));
        api.get("/v1/me").await.ok();
        assert_eq!(api.post("/api/refusals/retry", json!({})).await.status, 429);
    }

    /// An address that failed too often with a key waits, whether or not its secret is right.
    async fn secrets(t: TestApp) {
        let api = t.api.from_peer("192.0.2.1");
        // Successes do not count.
        assert_eq!(statuses(&api, "key-1:secret", 12).await, [200; 12]);
        let wrong = [&[401; 10][..], &[429]].concat();
        assert_eq!(statuses(&api, "key-1:wrong", 11).await, wrong);
        assert_eq!(statuses(&api, "nobody:wrong", 11).await, wrong);
        let over = ask(&api, "key-1:secret", &[]).await;
        assert_eq!((told(&over), over.header("cache-control")), ([None, None, Some("6")], Some("no-store")));
        expect![[r#"
            429 Too Many Requests
            {"error":"temporarily_unavailable","error_description":"Too many requests failed; ask again in 6 s"}"#]].assert_eq(&over.to_string());
        // Neither another key nor another address has to.
        t.other_company().await;
        ask(&api, "key-2:secret", &[]).await.ok();
        for other in ["192.0.2.2", "2001:db8::1"] {
            ask(&t.api.from_peer(other), "key-1:secret", &[]).await.ok();
        }
        // A good token goes on working, and what was refused did not make the wait longer.
        api.get("/v1/me").await.ok();
        t.clock.advance(Duration::from_secs(6));
        ask(&api, "key-1:secret", &[]).await.ok();
        assert_eq!(statuses(&api, "key-1:wrong", 2).await, [401, 429]);
        t.clock.advance(Duration::from_secs(60));
        assert_eq!(statuses(&api, "key-1:wrong", 11).await, wrong);
    }

    /// Those that are sent at once are no way around it, not even with the right secret among them.
    async fn secrets_at_once(t: TestApp) {
        let api = t.api.from_peer("192.0.2.1");
        assert_eq!(statuses(&api, "key-1:wrong", 9).await, [401; 9]);
        let mut all = tokio::task::JoinSet::new();
        for nth in 0..64 {
            let (api, secret) = (api.clone(), if nth == 63 { "secret" } else { "wrong" });
            all.spawn(async move { ask(&api, &format!("key-1:{secret}"), &[]).await.status.as_u16() });
        }
        let all = all.join_all().await;
        let failed = all.iter().filter(|status| **status == 401).count();
        assert!(failed <= 1, "{all:?}");
        assert_eq!(statuses(&api, "key-1:secret", 1).await, [429]);
    }

    /// An address that tries keys is stopped too; of IPv6 its network is the address.
    async fn many_keys(t: TestApp) {
        for n in 0..100 {
            let api = t.api.from_peer(&format!("2001:db8:1:2::{n:x}"));
            assert_eq!(ask(&api, &format!("key-{}:wrong", n + 1_000), &[]).await.status, 401);
        }
        let same = t.api.from_peer("2001:db8:1:2:ffff::1");
        for credentials in ["key-1:secret", "key-9:wrong"] {
            assert_eq!(told(&ask(&same, credentials, &[]).await)[2], Some("1"));
        }
        assert_eq!(refresh(&same, "cwr_nobody").await.status, 429);
        ask(&t.api.from_peer("2001:db8:1:3::1"), "key-1:secret", &[]).await.ok();
        t.clock.advance(Duration::from_secs(1));
        ask(&same, "key-1:secret", &[]).await.ok();
    }

    /// The same for refresh tokens, each of which is a key.
    async fn refresh_tokens(t: TestApp) {
        let api = t.api.from_peer("192.0.2.1");
        for _ in 0..10 {
            assert_eq!(refresh(&api, "cwr_nobody").await.json()["error"], "invalid_grant");
        }
        let over = refresh(&api, "cwr_nobody").await;
        assert_eq!((over.status.as_u16(), told(&over)[2]), (429, Some("6")));
        assert_eq!(over.json()["error"], "temporarily_unavailable");
        let token = ask(&api, "key-1:secret", &[]).await.ok()["refresh_token"].clone();
        refresh(&api, token.as_str().unwrap()).await.ok();
        // What is not even of the right form is no try.
        for _ in 0..200 {
            assert_eq!(refresh(&api, "").await.status, 400);
        }
        refresh(&api, token.as_str().unwrap()).await.ok();
    }

    /// Whose address a proxy tells is whose it is; but only if the proxy is trusted.
    async fn behind_proxies(t: TestApp) {
        let trusted = ["10.0.0.0/8", "::1"].map(|network| network.parse().unwrap());
        let proxies = Proxies(trusted.to_vec());
        let api = t.limited(Traffic { proxies, ..Traffic::default() }).await;
        let (proxy, other) = (api.from_peer("10.0.0.1"), api.from_peer("10.9.9.9"));
        for n in 0..10 {
            let told = format!("203.0.113.{n}, 192.0.2.1, 10.0.0.2");
            assert_eq!(ask(&proxy, "key-1:wrong", &[&told]).await.status, 401);
        }
        // Through whichever proxies, and from the address itself.
        assert_eq!(ask(&other, "key-1:secret", &["203.0.113.1", "192.0.2.1"]).await.status, 429);
        assert_eq!(ask(&api.from_peer("192.0.2.1"), "key-1:secret", &[]).await.status, 429);
        ask(&proxy, "key-1:secret", &["192.0.2.2"]).await.ok();
        ask(&proxy, "key-1:secret", &[]).await.ok();
        // Who is not trusted can neither hide nor speak for others.
        let liar = api.from_peer("198.51.100.1");
        for n in 0..10 {
            let told = format!("192.0.2.{}", n + 100);
            assert_eq!(ask(&liar, "key-1:wrong", &[&told]).await.status, 401);
        }
        assert_eq!(ask(&liar, "key-1:secret", &["192.0.2.200"]).await.status, 429);
        ask(&proxy, "key-1:secret", &["192.0.2.100"]).await.ok();
        ask(&proxy, "key-1:secret", &["192.0.2.200"]).await.ok();
    }
}
