//! Tokens, and who they are.

use std::time::Duration;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Name;
use expect_test::expect;
use server::keys;
use server::secret::Secret;
use testing::{Answer, TestApp, both_engines};

const PATH: &str = "/v1/oauth/token?grant_type=client_credentials";

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

async fn token(t: &TestApp, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    t.api.anonymous().send(Method::POST, path, headers, body.as_bytes().to_vec()).await
}

/// A new token of the first company's key.
async fn fresh(t: &TestApp) -> String {
    let answer = token(t, PATH, &[("authorization", &basic("key-1:secret"))], "").await.ok();
    answer["access_token"].as_str().expect("a token").to_owned()
}

both_engines! {
    /// The form of the answer, and every body that real clients send.
    async fn issued(t: TestApp) {
        let good = basic("key-1:secret");
        let answer = token(&t, PATH, &[("authorization", &good)], "").await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let hidden = answer.ok();
        let keys: Vec<&str> = hidden.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["access_token", "expires_in", "refresh_token", "token_type"]);
        assert_eq!((&hidden["token_type"], &hidden["expires_in"]), (&"Bearer".into(), &3600.into()));
        assert!(hidden["access_token"].as_str().unwrap().starts_with("cwt_"));
        assert!(hidden["refresh_token"].as_str().unwrap().starts_with("cwr_"));

        let lower = good.replace("Basic", "bASIC");
        let form = "application/x-www-form-urlencoded";
        for (path, headers, body) in [
            (PATH, vec![("authorization", lower.as_str())], ""),
            (PATH, vec![("authorization", &good), ("content-type", "application/json")], "{}"),
            (PATH, vec![("authorization", &good), ("content-type", form)], ""),
            (PATH, vec![("authorization", &good), ("content-type", "multipart/form-data; boundary=x")], "--x--\r\n"),
            ("/v1/oauth/token", vec![("authorization", &good), ("content-type", form)], "grant_type=client_credentials"),
        ] {
            token(&t, path, &headers, body).await.ok();
        }
    }

    /// Errors as RFC 6749 says.
    async fn refused(t: TestApp) {
        let good = basic("key-1:secret");
        let wrong = token(&t, PATH, &[("authorization", &basic("key-1:wrong"))], "").await;
        assert_eq!(wrong.header("www-authenticate"), Some("Basic realm=\"crewline\""));
        expect![[r#"
            401 Unauthorized
            {"error":"invalid_client","error_description":"The key or the secret is wrong, or the key is revoked"}"#]].assert_eq(&wrong.to_string());
        let bearer = good.replace("Basic", "Bearer");
        for bad in [basic("nobody:secret"), basic("key-1"), basic(":"), basic("a\0b:secret"), "Basic %%%".to_owned(), bearer] {
            let answer = token(&t, PATH, &[("authorization", &bad)], "").await;
            assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (401, &"invalid_client".into()), "{bad}");
        }
        assert_eq!(token(&t, PATH, &[], "").await.status, 401);
        let headers = [("authorization", good.as_str())];
        expect![[r#"
            400 Bad Request
            {"error":"invalid_request","error_description":"grant_type is missing; send grant_type=client_credentials in the query or in a form body"}"#]].assert_eq(&token(&t, "/v1/oauth/token", &headers, "").await.to_string());
        expect![[r#"
            400 Bad Request
            {"error":"unsupported_grant_type","error_description":"grant_type \"password\" is not offered; send client_credentials"}"#]].assert_eq(&token(&t, "/v1/oauth/token?grant_type=password", &headers, "").await.to_string());
        // Not offered.
        assert_eq!(token(&t, "/v1/auth/login", &headers, "").await.json()["name"], "RouteNotFoundError");
    }

    async fn me(t: TestApp) {
        expect![[r#"
            200 OK
            {"id":"key-1","first_name":"key-1","last_name":"","email":null,"picture":null,"role_id":1,"user_position_id":null,"daily_hours":null,"remaining_hours":null,"labels":[],"company_id":1,"company":{"id":1,"name":"Test company"},"sources":["JIRA","SALESFORCE","ADVERTMIND","QUICKBOOKS","ZAPIER","OKTA","MICROSOFT_DYNAMICS","GITHUB","MICROSOFT_TEAMS","VBS","SAP","GLOBANT"],"read_only":false}"#]].assert_eq(&t.api.get("/v1/me").await.to_string());
    }

    /// Issuing a token never ends earlier ones; it ends an hour after it was issued.
    async fn lifetime(t: TestApp) {
        let (first, second) = (fresh(&t).await, fresh(&t).await);
        for token in [&first, &second] {
            t.api.with_token(token).get("/v1/me").await.ok();
        }
        t.clock.advance(Duration::from_secs(3_599));
        t.api.with_token(&first).get("/v1/me").await.ok();
        let third = fresh(&t).await;
        t.clock.advance(Duration::from_secs(1));
        let answer = t.api.with_token(&first).get("/v1/me").await;
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
        expect![[r#"
            401 Unauthorized
            {"status":401,"name":"UnauthorizedError","code":"UNAUTHORIZED","message":"The token is unknown, revoked or expired: POST /v1/oauth/token gives a new one","request_id":"[id]"}"#]].assert_eq(&answer.to_string());
        t.api.with_token(&third).get("/v1/me").await.ok();
    }

    /// No header, another scheme, no such token: 401 with a challenge.
    async fn no_good_token(t: TestApp) {
        let answer = t.api.anonymous().get("/v1/me").await;
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        expect![[r#"
            401 Unauthorized
            {"status":401,"name":"UnauthorizedError","code":"UNAUTHORIZED","message":"A bearer token is required: POST /v1/oauth/token gives one","request_id":"[id]"}"#]].assert_eq(&answer.to_string());
        for bad in ["Bearer", "Bearer ", "Bearer cwt_nobody", "Basic a2V5LTE6c2VjcmV0"] {
            let headers = [("authorization", bad)];
            let answer = t.api.anonymous().send(Method::GET, "/v1/me", &headers, Vec::new()).await;
            assert_eq!(answer.status, 401, "{bad}");
        }
        let (token, headers) = (fresh(&t).await, "authorization");
        let lower = format!("bEARER {token}");
        t.api.anonymous().send(Method::GET, "/v1/me", &[(headers, &lower)], Vec::new()).await.ok();
    }

    /// A revoked key issues nothing, and its tokens stop working within 5 seconds.
    async fn revoked(t: TestApp) {
        let name = Name::parse("short-lived").unwrap();
        keys::create(&t.app, 1, name, "gone".to_owned(), Secret::from("secret"), keys::Rights::default()).await.unwrap();
        let headers = [("authorization", basic("gone:secret"))];
        let headers = [(headers[0].0, headers[0].1.as_str())];
        let used = token(&t, PATH, &headers, "").await.ok()["access_token"].clone();
        let unused = token(&t, PATH, &headers, "").await.ok()["access_token"].clone();
        let (used, unused) = (t.api.with_token(used.as_str().unwrap()), t.api.with_token(unused.as_str().unwrap()));
        used.get("/v1/me").await.ok();
        keys::revoke(&t.app, "gone".to_owned()).await.unwrap();
        assert_eq!(unused.get("/v1/me").await.status, 401);
        assert_eq!(token(&t, PATH, &headers, "").await.status, 401);
        tokio::time::sleep(Duration::from_millis(4_500)).await;
        assert_eq!(used.get("/v1/me").await.status, 401);
    }

    /// A good token costs no statement for some seconds.
    async fn a_good_token_is_remembered(t: TestApp) {
        t.api.get("/v1/me").await.ok();
        let before = t.app.store.statements();
        t.api.get("/v1/me").await.ok();
        assert_eq!(t.app.store.statements(), before);
    }

    /// Expired tokens do not stay.
    async fn expired_rows_are_purged(t: TestApp) {
        for _ in 0..5 {
            fresh(&t).await;
        }
        t.clock.advance(Duration::from_secs(24 * 3_600 * 31));
        fresh(&t).await;
        let rows = t.app.store.read::<_, std::convert::Infallible, _>("test", async move |tx: &mut server::store::Tx| {
            let sql = "SELECT (SELECT count(*) FROM access_tokens), (SELECT count(*) FROM refresh_tokens)";
            Ok(tx.query_opt::<(i64, i64)>(sql, &[]).await?)
        }).await.unwrap();
        assert_eq!(rows, Some((1, 1)));
    }
}
