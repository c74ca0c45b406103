//! `/docs`: the page, and that it needs nobody else.

use std::io::Read as _;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use testing::{TestApp, both_engines};
use tower::ServiceExt as _;

/// A file of the page, as a browser reads it.
async fn file(t: &TestApp, path: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let answer = server::faces::router(t.app.clone()).oneshot(request).await.expect("an answer");
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let mut text = String::new();
    match parts.headers.get("content-encoding") {
        Some(_) => flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text),
        None => (&bytes[..]).read_to_string(&mut text),
    }
    .expect("UTF-8");
    (parts.status, parts.headers, text)
}

both_engines! {
    /// Without a token; and nothing that the page asks for is elsewhere.
    async fn the_page_is_whole(t: TestApp) {
        let (status, _, page) = file(&t, "/docs/").await;
        assert_eq!(status, 200);
        let links = page.split(['"']).filter(|text| text.contains('.') && !text.contains(['<', '\n']));
        let links: Vec<&str> = links.map(|link| link.trim_start_matches("./")).collect();
        assert!(links.contains(&"swagger-ui-bundle.js") && links.contains(&"swagger-initializer.js"), "{page}");
        for link in [""].iter().chain(&links) {
            if link.ends_with(".png") {
                continue;
            }
            let (status, headers, text) = file(&t, &format!("/docs/{link}")).await;
            assert_eq!(status, 200, "{link}");
            let kind = match link.rsplit('.').next() {
                Some("js") => "text/javascript",
                Some("css") => "text/css",
                _ => "text/html",
            };
            assert_eq!(headers["content-type"], kind, "{link}");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'self';") && !policy.contains("http"), "{policy}");
            // The bundle names hosts that it never asks; the policy sees to it.
            let external = text.contains("http://") || text.contains("https://");
            assert!(!external || link.contains("swagger-ui"), "{link}");
        }
    }

    async fn it_reads_the_document(t: TestApp) {
        let (_, _, script) = file(&t, "/docs/swagger-initializer.js").await;
        for setting in [
            "\"url\": \"/openapi.json\"", "\"validatorUrl\": \"none\"",
        ] {
            assert!(script.contains(setting), "{script}");
        }
        // Nothing that is typed in is kept.
        assert!(!script.contains("persistAuthorization"), "{script}");
        let answer = t.api.anonymous().get("/docs").await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/docs/")));
    }

    async fn what_is_not_there(t: TestApp) {
        for path in ["/docs/nothing", "/docs/index.html/x", "/docs/../Cargo.toml", "/docs/%2e%2e/x"] {
            let answer = t.api.anonymous().get(path).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (404, &"E_ROUTE_NOT_FOUND".into()), "{path}");
        }
        assert_eq!(t.api.post("/docs/", serde_json::json!({})).await.status, 405);
    }
}
