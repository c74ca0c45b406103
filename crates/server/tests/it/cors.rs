//! Pages of other origins.

use axum::http::Method;
use server::http::cors::{self, Origin};
use testing::{Answer, Api, TestApp, both_engines};

const PAGE: &str = "https://app.example.com";
const ALLOWED: &str = "access-control-allow-origin";

/// The same server, for pages of some origins.
fn open_to(t: &TestApp, origins: &[&str]) -> Api {
    let origins = origins.iter().map(|origin| origin.parse().expect("an origin")).collect();
    Api::new(server::faces::router(t.app.clone()).layer(cors::layer(origins)), "no".to_owned())
}

async fn preflight(api: &Api, path: &str, origin: &str) -> Answer {
    preflight_of(api, path, origin, "PUT").await
}

async fn preflight_of(api: &Api, path: &str, origin: &str, method: &str) -> Answer {
    let asked = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    api.anonymous().send(Method::OPTIONS, path, &asked, Vec::new()).await
}

both_engines! {
    async fn preflights_need_no_token(t: TestApp) {
        let api = open_to(&t, &["http://localhost:3000", PAGE]);
        for (path, method) in [
            ("/v2/integrations/teams/t/attach", "PUT"),
            ("/v1/oauth/token", "POST"),
            ("/nothing", "PUT"),
            ("/v1/users/1", "PUT"),
            ("/v1/users/1", "DELETE"),
            ("/v1/teams/1/users", "DELETE"),
            ("/v1/projects/1/collaborators/1", "DELETE"),
            ("/v1/contracts/1/positions/1", "PUT"),
            ("/v1/clients", "POST"),
        ] {
            let answer = preflight_of(&api, path, PAGE, method).await;
            assert_eq!(answer.status, 200);
            for (name, value) in [
                (ALLOWED, PAGE),
                ("access-control-allow-methods", "GET,POST,PUT,PATCH,DELETE"),
                ("access-control-allow-headers", "authorization,content-type,if-match,idempotency-key,prefer"),
                ("vary", "origin"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{path}");
            }
            assert_eq!(answer.header("access-control-allow-credentials"), None);
        }
        assert_eq!(preflight(&api, "/v1/me", "https://evil.example.com").await.header(ALLOWED), None);
        assert_eq!(preflight(&api, "/v1/me", "http://app.example.com").await.header(ALLOWED), None);
    }

    /// A page can also read errors, whoever answers them.
    async fn every_answer_can_be_read(t: TestApp) {
        let api = open_to(&t, &[PAGE]);
        let pair = server::tokens::issue(&t.app, "key-1", "secret").await.expect("a pair");
        let (known, json) = (api.with_token(pair.access.reveal()), ("content-type", "application/json"));
        for (api, method, path, kind, status) in [
            (&known, Method::GET, "/v1/me", json, 200),
            (&api, Method::GET, "/v1/me", json, 401),
            (&api, Method::POST, "/v1/oauth/token", json, 400),
            (&known, Method::POST, "/v2/integrations/teams", json, 400),
            (&known, Method::GET, "/nothing", json, 404),
            (&known, Method::DELETE, "/v1/me", json, 405),
            (&known, Method::POST, "/v2/integrations/teams", ("content-type", "text/plain"), 415),
        ] {
            let answer = api.send(method, path, &[("origin", PAGE), kind], b"{".to_vec()).await;
            assert_eq!((answer.status.as_u16(), answer.header(ALLOWED)), (status, Some(PAGE)), "{path}");
            let exposed = Some("x-request-id,retry-after,etag,location,idempotent-replayed,preference-applied,ratelimit-policy,ratelimit");
            assert_eq!(answer.header("access-control-expose-headers"), exposed, "{path}");
        }
    }

    async fn any_or_none(t: TestApp) {
        for origins in [&["*"][..], &[PAGE, "*"]] {
            let answer = preflight(&open_to(&t, origins), "/v1/me", "https://else.where").await;
            assert_eq!(answer.header(ALLOWED), Some("*"));
        }
        for answer in [
            preflight(&t.api, "/v1/me", PAGE).await,
            t.api.send(Method::GET, "/v1/me", &[("origin", PAGE)], Vec::new()).await,
        ] {
            assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")));
            assert_eq!(answer.header("vary"), None);
        }
    }
}

#[test]
fn origins() {
    for good in [
        "*",
        PAGE,
        "HTTPS://App.Example.com",
        "http://localhost:3000",
        "http://[::1]:80",
        "tauri://localhost",
    ] {
        assert!(good.parse::<Origin>().is_ok(), "{good}");
    }
    for bad in [
        "",
        "app.example.com",
        "null",
        "https://",
        "https://a/",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "https://u@a",
        "https://a:",
        "https://a:99999",
        "https://a b",
        "https://*.a",
        "https://a,https://b",
        "a:80",
        "://a",
        " https://a",
    ] {
        assert!(bad.parse::<Origin>().is_err(), "{bad}");
    }
}
