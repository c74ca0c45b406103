//! Refresh tokens, and the families they make.

use std::time::Duration;

use axum::http::Method;
use domain::Name;
use expect_test::expect;
use server::secret::Secret;
use server::{keys, tokens};
use testing::{Answer, Api, TestApp, both_engines};
use tokio::task::JoinSet;

const PATH: &str = "/v1/oauth/refreshtoken";
const FORM: &str = "application/x-www-form-urlencoded";
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Longer than a good access token is trusted.
const FORGOTTEN: Duration = Duration::from_millis(4_500);

/// An access token and a refresh token.
type Pair = (String, String);

async fn send(api: &Api, kind: &str, body: String) -> Answer {
    api.anonymous().send(Method::POST, PATH, &[("content-type", kind)], body.into_bytes()).await
}

async fn refresh(t: &TestApp, token: &str) -> Answer {
    send(&t.api, FORM, format!("refresh_token={token}")).await
}

fn pair(answer: &Answer) -> Pair {
    let answer = answer.ok();
    let text = |name: &str| answer[name].as_str().expect("a token").to_owned();
    (text("access_token"), text("refresh_token"))
}

/// A new family of a key.
async fn family(t: &TestApp, key: &str) -> Pair {
    let pair = tokens::issue(&t.app, key, "secret").await.expect("a pair");
    (pair.access.reveal().to_owned(), pair.refresh.reveal().to_owned())
}

/// Whether an access token works.
async fn works(t: &TestApp, access: &str) -> bool {
    t.api.with_token(access).get("/v1/me").await.status == 200
}

/// The error of an answer that is 400.
async fn refused(t: &TestApp, token: &str) -> String {
    let answer = refresh(t, token).await;
    assert_eq!(answer.status, 400, "{answer}");
    answer.json()["error"].as_str().expect("an error").to_owned()
}

both_engines! {
    /// A new pair, in the form of the token endpoint's; the earlier access token goes on working.
    async fn a_new_pair(t: TestApp) {
        let (first, token) = family(&t, "key-1").await;
        let answer = refresh(&t, &token).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let hidden = answer.ok();
        let keys: Vec<&str> = hidden.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["access_token", "expires_in", "refresh_token", "token_type"]);
        assert_eq!((&hidden["token_type"], &hidden["expires_in"]), (&"Bearer".into(), &3600.into()));
        let (second, next) = pair(&answer);
        assert!(second.starts_with("cwt_") && next.starts_with("cwr_"));
        assert!(first != second && token != next);
        assert!(works(&t, &first).await && works(&t, &second).await);
        let (third, _) = pair(&refresh(&t, &next).await);
        assert!(works(&t, &third).await);
        // Neither is the other.
        assert!(!works(&t, &next).await);
        assert_eq!(refused(&t, &third).await, "invalid_grant");
    }

    /// Only a form body is read. Errors as RFC 6749 says.
    async fn wrong(t: TestApp) {
        let (_, token) = family(&t, "key-1").await;
        let missing = refresh(&t, "").await;
        assert_eq!(missing.header("cache-control"), Some("no-store"));
        expect![[r#"
            400 Bad Request
            {"error":"invalid_request","error_description":"refresh_token is missing; send it once in a form body"}"#]].assert_eq(&missing.to_string());
        for (kind, body) in [
            (FORM, String::new()),
            (FORM, "token=x".to_owned()),
            (FORM, format!("refresh_token={token}&refresh_token={token}")),
            ("application/json", format!("{{\"refresh_token\": \"{token}\"}}")),
            ("text/plain", format!("refresh_token={token}")),
        ] {
            let answer = send(&t.api, kind, body).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &"invalid_request".into()), "{kind}");
        }
        let query = format!("{PATH}?refresh_token={token}");
        let answer = t.api.anonymous().send(Method::POST, &query, &[], Vec::new()).await;
        assert_eq!(answer.json()["error"], "invalid_request");
        let large = send(&t.api, FORM, "x".repeat(20_000)).await;
        assert_eq!((large.status.as_u16(), &large.json()["error"]), (413, &"invalid_request".into()));
        expect![[r#"
            400 Bad Request
            {"error":"invalid_grant","error_description":"The refresh token is unknown, expired or revoked; get a new pair from POST /v1/oauth/token"}"#]].assert_eq(&refresh(&t, "cwr_nobody").await.to_string());
        // None of it used the token.
        pair(&send(&t.api, &FORM.to_uppercase(), format!("grant_type=refresh_token&refresh_token={token}")).await);
    }

    /// A lost answer: for a minute the token gives other pairs, and all of them work.
    async fn retried(t: TestApp) {
        let (_, token) = family(&t, "key-1").await;
        let (first, used) = pair(&refresh(&t, &token).await);
        t.clock.advance(Duration::from_secs(60));
        let (second, unused) = pair(&refresh(&t, &token).await);
        assert!(works(&t, &first).await && works(&t, &second).await);
        t.clock.advance(DAY);
        // The minute began with the first use of each.
        pair(&refresh(&t, &used).await);
        pair(&refresh(&t, &unused).await);
    }

    /// Used again after a minute, a token ends all that came of its family, and nothing else.
    async fn replayed(t: TestApp) {
        let (first, token) = family(&t, "key-1").await;
        let (second, next) = pair(&refresh(&t, &token).await);
        let (third, last) = pair(&refresh(&t, &next).await);
        let other = family(&t, "key-1").await;
        for access in [&first, &second, &third, &other.0] {
            assert!(works(&t, access).await);
        }
        t.clock.advance(Duration::from_micros(60_000_001));
        assert_eq!(refused(&t, &token).await, "invalid_grant");
        for token in [&token, &next, &last] {
            assert_eq!(refused(&t, token).await, "invalid_grant");
        }
        tokio::time::sleep(FORGOTTEN).await;
        for access in [&first, &second, &third] {
            assert!(!works(&t, access).await);
        }
        assert!(works(&t, &other.0).await);
        pair(&refresh(&t, &other.1).await);
    }

    /// An access token works for an hour, a refresh token for 30 days, each from its own birth.
    async fn lifetimes(t: TestApp) {
        let (_, token) = family(&t, "key-1").await;
        let (_, unused) = family(&t, "key-1").await;
        t.clock.advance(DAY * 30 - Duration::from_micros(1));
        let (access, next) = pair(&refresh(&t, &token).await);
        t.clock.advance(Duration::from_micros(1));
        assert_eq!(refused(&t, &unused).await, "invalid_grant");
        t.clock.advance(Duration::from_secs(3_600) - Duration::from_micros(2));
        assert!(works(&t, &access).await);
        t.clock.advance(Duration::from_micros(1));
        assert!(!works(&t, &access).await);
        // An expired token is unknown: it ends nothing.
        assert_eq!(refused(&t, &token).await, "invalid_grant");
        t.clock.advance(DAY * 29);
        pair(&refresh(&t, &next).await);
    }

    async fn of_a_revoked_key(t: TestApp) {
        let name = Name::parse("short-lived").unwrap();
        keys::create(&t.app, 1, name, "gone".to_owned(), Secret::from("secret"), keys::Rights::default()).await.unwrap();
        let (_, token) = family(&t, "gone").await;
        let (_, next) = pair(&refresh(&t, &token).await);
        keys::revoke(&t.app, "gone".to_owned()).await.unwrap();
        for token in [&token, &next] {
            assert_eq!(refused(&t, token).await, "invalid_grant");
        }
    }

    /// 32 uses of one token at once: each gets a pair of its own.
    async fn at_once(t: TestApp) {
        let (_, token) = family(&t, "key-1").await;
        let mut all = JoinSet::new();
        for _ in 0..32 {
            let (api, body) = (t.api.clone(), format!("refresh_token={token}"));
            all.spawn(async move { pair(&send(&api, FORM, body).await) });
        }
        let pairs: std::collections::HashSet<Pair> = all.join_all().await.into_iter().collect();
        assert_eq!(pairs.len(), 32);
    }

    /// No token joins a family while it is revoked: whatever is given out meanwhile is dead.
    async fn none_survives_the_revocation(t: TestApp) {
        let (_, token) = family(&t, "key-1").await;
        let (_, next) = pair(&refresh(&t, &token).await);
        t.clock.advance(Duration::from_secs(61));
        let mut all = JoinSet::new();
        for n in 0..32 {
            let sent = if n == 16 { &token } else { &next };
            let (api, body) = (t.api.clone(), format!("refresh_token={sent}"));
            all.spawn(async move { send(&api, FORM, body).await });
        }
        for answer in all.join_all().await {
            if answer.status == 200 {
                let (access, next) = pair(&answer);
                assert!(!works(&t, &access).await);
                assert_eq!(refused(&t, &next).await, "invalid_grant");
            }
        }
        // So many failures at once have to be waited for.
        t.clock.advance(Duration::from_secs(120));
        assert_eq!(refused(&t, &next).await, "invalid_grant");
    }
}
