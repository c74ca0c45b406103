//! Bad input gets a clear 4xx and changes nothing.

use axum::http::Method;
use expect_test::expect;
use serde_json::json;
use server::http::Limits;
use server::store::Options;
use testing::{Answer, Engine, TestApp, both_engines};

const PATH: &str = "/v2/integrations/users";

async fn raw(t: &TestApp, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    t.api.send(Method::POST, PATH, headers, body.to_vec()).await
}

/// How many rows each table has.
async fn rows(t: &TestApp) -> Option<(i64, i64, i64, i64, i64, i64, i64, i64)> {
    use server::store::Tx;
    let rows =
        t.app.store.read::<_, std::convert::Infallible, _>("test", async move |tx: &mut Tx| {
            let sql = "SELECT (SELECT count(*) FROM external_refs), (SELECT count(*) FROM users),
            (SELECT count(*) FROM contracts), (SELECT count(*) FROM assignments),
            (SELECT count(*) FROM teams), (SELECT count(*) FROM team_users),
            (SELECT count(*) FROM workspace_users), (SELECT count(*) FROM positions)";
            Ok(tx.query_opt(sql, &[]).await?)
        });
    rows.await.unwrap()
}

both_engines! {
    async fn not_json(t: TestApp) {
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The body is empty; send a JSON object","request_id":"[id]"}"#]].assert_eq(&raw(&t, &[], b"").await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The body is not valid JSON: EOF while parsing a value at line 1 column 7","request_id":"[id]"}"#]].assert_eq(&raw(&t, &[], b"{\"id\": ").await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The body is not valid JSON: trailing characters at line 1 column 4","request_id":"[id]"}"#]].assert_eq(&raw(&t, &[], b"{} {}").await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The body is not a JSON object","request_id":"[id]"}"#]].assert_eq(&raw(&t, &[], b"[1]").await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The body is not valid JSON: EOF while parsing a string at line 1 column 5","request_id":"[id]"}"#]].assert_eq(&raw(&t, &[], b"\"text").await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The body is not UTF-8: byte 8 is not valid","request_id":"[id]"}"#]].assert_eq(&raw(&t, &[], b"{\"id\": \"\xff\"}").await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The string at byte 9 holds U+0000, which no text may","request_id":"[id]"}"#]].assert_eq(&raw(&t, &[], br#"{"id": "a\u0000b"}"#).await.to_string());
        // An escaped backslash before u0000 is text.
        assert!(raw(&t, &[], br#"{"id": "a\\u0000b"}"#).await.text.contains("first_name"));
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The body is nested more than 64 deep","request_id":"[id]"}"#]].assert_eq(&raw(&t, &[], "[".repeat(100_000).as_bytes()).await.to_string());
        let deep = format!("{{\"unknown\": {}{}}}", "[".repeat(70), "]".repeat(70));
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The body is nested more than 64 deep","request_id":"[id]"}"#]].assert_eq(&raw(&t, &[], deep.as_bytes()).await.to_string());
        let lone = br#"{"metadata": {"source": "OKTA"}, "id": "\ud800", "email": "a@b.c", "first_name": "A", "last_name": "B"}"#;
        assert_eq!(raw(&t, &[], lone).await.json()["errors"][0]["pointer"], "/id");
    }

    async fn content_types(t: TestApp) {
        expect![[r#"
            415 Unsupported Media Type
            {"status":415,"name":"UnsupportedMediaTypeError","code":"UNSUPPORTED_MEDIA_TYPE","message":"The content type text/plain is not taken here; send application/json","request_id":"[id]"}"#]].assert_eq(&raw(&t, &[("content-type", "text/plain")], b"{}").await.to_string());
        for form in ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "json", "\u{e9}"] {
            let answer = raw(&t, &[("content-type", form)], b"{}").await;
            assert_eq!(answer.status, 415, "{form}");
        }
        for json in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"] {
            assert_eq!(raw(&t, &[("content-type", json)], b"{}").await.status, 400, "{json}");
        }
        // An absent one is read as JSON; with an empty body it is not looked at.
        assert_eq!(raw(&t, &[("content-type", "text/plain")], b"").await.status, 400);
    }

    /// 401 comes before everything, 415 before what is in the body, the source before the path.
    async fn the_order_of_checks(t: TestApp) {
        let nobody = t.api.anonymous();
        assert_eq!(nobody.send(Method::POST, PATH, &[("content-type", "text/plain")], b"{".to_vec()).await.status, 401);
        assert_eq!(raw(&t, &[("content-type", "text/plain")], b"{").await.status, 415);
        let answer = t.api.put("/v2/integrations/users/nobody", json!({"metadata": {"source": "EXCEL"}})).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidSourceError","code":"INVALID_SOURCE","message":"\"EXCEL\" is not a source; it must be one of JIRA, SALESFORCE, ADVERTMIND, QUICKBOOKS, ZAPIER, OKTA, MICROSOFT_DYNAMICS, GITHUB, MICROSOFT_TEAMS, VBS, SAP, GLOBANT","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"\"EXCEL\" is not a source; it must be one of JIRA, SALESFORCE, ADVERTMIND, QUICKBOOKS, ZAPIER, OKTA, MICROSOFT_DYNAMICS, GITHUB, MICROSOFT_TEAMS, VBS, SAP, GLOBANT"}]}"#]].assert_eq(&answer.to_string());
        let answer = t.api.put("/v2/integrations/users/nobody", json!({"metadata": {"source": "EXCEL"}, "phone": 5})).await;
        assert_eq!(answer.json()["name"], "ValidationError");
        // An empty name is none at all.
        let answer = t.api.put("/v2/integrations/users/nobody", json!({"metadata": {"source": ""}})).await;
        assert_eq!((&answer.json()["name"], &answer.json()["errors"][0]["pointer"]), (&json!("ValidationError"), &json!("/metadata/source")));
    }

    async fn routes_and_methods(t: TestApp) {
        let answer = t.api.get("/v3/anything").await;
        expect![[r#"
            404 Not Found
            {"status":404,"name":"RouteNotFoundError","code":"E_ROUTE_NOT_FOUND","message":"There is nothing at /v3/anything; /openapi.json lists what there is","request_id":"[id]"}"#]].assert_eq(&answer.to_string());
        let answer = t.api.anonymous().get("/api/anything?x=1").await;
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        expect![[r#"
            404 Not Found
            {"type":"urn:crewline:error:E_ROUTE_NOT_FOUND","title":"RouteNotFoundError","status":404,"detail":"There is nothing at /api/anything; /openapi.json lists what there is","code":"E_ROUTE_NOT_FOUND","request_id":"[id]"}"#]].assert_eq(&answer.to_string());
        let answer = t.api.json(Method::PATCH, "/v2/integrations/teams/x/attach", json!({})).await;
        let mut allowed: Vec<&str> = answer.header("allow").unwrap().split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed, ["POST", "PUT"]);
        expect![[r#"
            405 Method Not Allowed
            {"status":405,"name":"MethodNotAllowedError","code":"E_METHOD_NOT_ALLOWED","message":"PATCH is not possible here; the Allow header lists what is","request_id":"[id]"}"#]].assert_eq(&answer.to_string());
        assert_eq!(t.api.json(Method::DELETE, "/api/references", json!({})).await.status, 405);
        // A path that is not UTF-8.
        let body = json!({"metadata": {"source": "OKTA"}});
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The path is not UTF-8","request_id":"[id]"}"#]].assert_eq(&t.api.put("/v2/integrations/users/%FF", body.clone()).await.to_string());
        // Ids that cannot be: no association.
        for id in ["%00", &"x".repeat(256)] {
            assert_eq!(t.api.put(&format!("/v2/integrations/users/{id}"), body.clone()).await.status, 404);
        }
    }

    /// What was sent is repeated only so far.
    async fn long_values_are_clipped(t: TestApp) {
        let long = "\u{1}".repeat(1_000_000);
        let body = json!({long.clone(): 1, "kind": "user"});
        assert!(t.api.post("/api/references", body).await.text.len() < 5_000);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let grant = format!("grant_type={}", "%01".repeat(4_000)).into_bytes();
        let answer = t.api.anonymous().send(Method::POST, "/v1/oauth/token", &form, grant).await;
        assert!(answer.status == 400 && answer.text.len() < 5_000);
        let huge = vec![b'x'; 17 * 1024];
        let answer = t.api.anonymous().send(Method::POST, "/v1/oauth/token", &form, huge).await;
        assert_eq!(answer.status, 413);
        for path in ["/v2/integrations/users/", "/v1/contracts/", "/nowhere/"] {
            let tail = if path == "/v1/contracts/" { "/users" } else { "" };
            let answer = t.api.put(&format!("{path}{}{tail}", "%01".repeat(9_000)), json!({"metadata": {"source": "OKTA"}})).await;
            assert!(answer.status.is_client_error() && answer.text.len() < 5_000, "{path}");
        }
        let body = json!({"metadata": {"source": long}});
        assert!(t.api.put("/v2/integrations/users/u", body).await.text.len() < 10_000);
        let users: Vec<String> = (0..9_000).map(|n| format!("nobody-{n}")).collect();
        t.api.team("OKTA", "t", None).await;
        let body = json!({"metadata": {"source": "OKTA"}, "users": users});
        let answer = t.api.put("/v2/integrations/teams/t/attach", body).await;
        assert_eq!((answer.status.as_u16(), answer.json()["errors"].as_array().map(Vec::len)), (404, Some(100)));
        assert!(answer.text.contains("and 8900 more") && answer.text.len() < 20_000);
    }

    /// A list that is too long is told as that, whatever is in it, and is not kept.
    async fn lists_that_are_too_long(t: TestApp) {
        let metadata = r#"{"source": "OKTA"}"#;
        for (path, list) in [
            ("/v2/integrations/teams/x/attach", "users"), ("/v2/integrations/users/x/attach", "workspaces"),
            ("/v2/integrations/contracts/x/users", "users"), ("/v1/contracts/1/users", "users"),
            ("/api/references", "references"),
        ] {
            let values = vec!["0"; 1_500_000].join(",");
            let body = match list {
                "references" => format!("{{\"references\": [{values}]}}"),
                _ => format!("{{\"metadata\": {metadata}, \"{list}\": [{values}]}}"),
            };
            let method = if list == "references" || path.contains("contracts") { Method::POST } else { Method::PUT };
            let answer = t.api.send(method, path, &[], body.into_bytes()).await;
            assert_eq!(answer.status, 413, "{path}: {answer}");
        }
    }

    /// A body can hold very many wrong values: the first are listed, all are counted.
    async fn very_many_wrong_values(t: TestApp) {
        let body = json!({"metadata": {"source": "OKTA"}, "users": vec![7; 5_000]});
        let answer = t.api.put("/v2/integrations/teams/x/attach", body).await.json();
        assert_eq!(answer["errors"].as_array().map(Vec::len), Some(100));
        assert_eq!(answer["message"], "5000 fields are not valid: /users/0, /users/1, /users/2, /users/3, \
            /users/4, /users/5, /users/6, /users/7, /users/8, /users/9, ...");
    }

    /// Wrong types everywhere, as a fuzzer would: always a 4xx, and nothing changes.
    async fn wrong_types(t: TestApp) {
        t.api.contract("GLOBANT", "K", None, None).await;
        let before = rows(&t).await;
        let paths = [
            (Method::POST, "/v2/integrations/contracts/K/users"), (Method::PUT, "/v2/integrations/teams/x/attach"),
            (Method::PUT, "/v2/integrations/users/x/attach"), (Method::PUT, "/v2/integrations/users/x"),
            (Method::POST, "/v1/contracts/1/users"), (Method::POST, "/api/references"),
            (Method::POST, "/v2/integrations/contracts"), (Method::POST, "/v2/integrations/users"),
        ];
        let odd = [json!(null), json!(true), json!(7), json!(-1.5e300), json!("x"), json!([]), json!([[]]), json!([null]), json!({}), json!({"": {}})];
        for (method, path) in paths {
            for value in &odd {
                for body in [value.clone(), json!({"metadata": value}), json!({"metadata": {"source": value}}),
                    json!({"metadata": {"source": "GLOBANT"}, "users": value, "workspaces": value, "references": value, "id": value, "name": value, "kind": value, "of": value, "email": value})] {
                    let answer = t.api.json(method.clone(), path, body.clone()).await;
                    assert!((400..500).contains(&answer.status.as_u16()), "{method} {path} {body}: {answer}");
                }
            }
        }
        assert_eq!(rows(&t).await, before);
    }
}

async fn limited(engine: Engine) -> TestApp {
    let limits = Limits { max_body_bytes: 600, max_ranges: 3 };
    TestApp::with(engine, Options::default(), limits).await
}

/// Bodies and batches over the limits: 413, with what is taken.
async fn limits(engine: Engine) {
    let t = limited(engine).await;
    t.api.contract("GLOBANT", "K", None, None).await;
    expect![[r#"
        413 Payload Too Large
        {"status":413,"name":"PayloadTooLargeError","code":"PAYLOAD_TOO_LARGE","message":"The body is over 600 bytes","request_id":"[id]","limits":{"max_body_bytes":600,"max_ranges":3}}"#]].assert_eq(&raw(&t, &[], &[b' '; 601]).await.to_string());
    let range = json!({"start": "2025-01-01", "end": "2025-02-01"});
    let users =
        json!([{"id": "u1", "dates": [range, range]}, {"id": "u2", "dates": [range, range]}]);
    let body = json!({"metadata": {"source": "GLOBANT"}, "users": users});
    expect![[r#"
        413 Payload Too Large
        {"status":413,"name":"PayloadTooLargeError","code":"PAYLOAD_TOO_LARGE","message":"4 date ranges are more than 3","request_id":"[id]","limits":{"max_body_bytes":600,"max_ranges":3}}"#]].assert_eq(&t.api.post("/v2/integrations/contracts/K/users", body).await.to_string());
    let users = json!({"users": [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]});
    assert_eq!(t.api.post("/v1/contracts/1/users", users).await.status, 413);
    let body = json!({"metadata": {"source": "GLOBANT"}, "users": ["a", "b", "c", "d"]});
    expect![[r#"
        413 Payload Too Large
        {"status":413,"name":"PayloadTooLargeError","code":"PAYLOAD_TOO_LARGE","message":"4 records are more than 3","request_id":"[id]","limits":{"max_body_bytes":600,"max_ranges":3}}"#]].assert_eq(&t.api.put("/v2/integrations/teams/x/attach", body).await.to_string());
    let four: Vec<_> =
        (0..4).map(|n| json!({"workspaceId": n.to_string(), "percentage": 1})).collect();
    let body = json!({"metadata": {"source": "GLOBANT"}, "workspaces": four});
    assert_eq!(t.api.put("/v2/integrations/users/x/attach", body).await.status, 413);
    let big = [("authorization", "Basic a2V5LTE6c2VjcmV0")];
    let answer =
        t.api.anonymous().send(Method::POST, "/v1/oauth/token", &big, vec![b' '; 601]).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (413, &json!("invalid_request")));
}

mod limits_are_told {
    #[tokio::test(flavor = "multi_thread")]
    async fn sqlite() {
        super::limits(testing::Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn postgres() {
        super::limits(testing::Engine::Postgres).await;
    }
}
