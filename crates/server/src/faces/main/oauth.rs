//! Tokens. These endpoints answer errors as RFC 6749 section 5.2 says.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Shared;
use crate::http::asked::dry_run;
use crate::http::problem::clip;
use crate::http::request::Busy;
use crate::http::{Limits, Problem, request_body};
use crate::store::{self, Stop};
use crate::tokens::{self, InvalidClient, InvalidGrant, Pair};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(token)).routes(routes!(refresh))
}

/// Bytes of a body here: there is nothing large to say, and anybody may say it.
const BODY: usize = 16 * 1024;

/// A token pair. Both are opaque.
#[derive(Serialize, ToSchema)]
struct TokenPair {
    #[schema(example = "cwt_nYd0...")]
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 3600)]
    expires_in: i64,
    #[schema(example = "cwr_0aX4...")]
    refresh_token: String,
}

/// An error of the token endpoints (RFC 6749, 5.2).
#[derive(Serialize, ToSchema)]
struct TokenError {
    /// `invalid_request`, `invalid_client`, `invalid_grant`, `unsupported_grant_type`,
    /// `temporarily_unavailable` or `server_error`.
    #[schema(example = "invalid_client")]
    error: &'static str,
    #[schema(example = "The key or the secret is wrong, or the key is revoked")]
    error_description: String,
}

#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[schema(as = TokenRequest, example = json!({"grant_type": "client_credentials"}))]
struct Grant {
    /// `client_credentials`; may stand in a form body instead.
    #[serde(default)]
    #[param(example = "client_credentials")]
    #[schema(example = "client_credentials")]
    grant_type: Option<String>,
}

/// Get a token for a key and its secret
///
/// `Authorization: Basic base64(key:secret)`. Earlier tokens go on working.
#[utoipa::path(
    post,
    path = "/v1/oauth/token",
    tag = "tokens",
    params(Grant),
    request_body(content = Option<Grant>, content_type = "application/x-www-form-urlencoded",
        description = "Only when `grant_type` is not in the query."),
    security(("basic" = [])),
    responses(
        (status = 200, description = "A token pair.", body = TokenPair),
        (status = 400, description = "`invalid_request` or `unsupported_grant_type`.", body = TokenError),
        (status = 401, description = "`invalid_client`, with `WWW-Authenticate: Basic`.", body = TokenError),
        (status = 408, description = "`invalid_request`: the body did not arrive in its time.", body = TokenError),
        (status = 413, description = "`invalid_request`: the body is too large.", body = TokenError),
        (status = 429, description = "`temporarily_unavailable`: too many requests failed; `Retry-After` says when to come back.", body = TokenError),
        (status = 500, description = "`server_error`: a defect of the server.", body = TokenError),
        (status = 503, description = "`temporarily_unavailable`, with `Retry-After`.", body = TokenError)
    )
)]
async fn token(State(app): State<Shared>, request: Request) -> Result<Response, Refused> {
    let (query, from) = (query_of(&request), app.traffic.proxies.client(&request));
    let basic = basic(request.headers());
    let form: Grant = form(request, &app).await?;
    match query.grant_type.or(form.grant_type).as_deref() {
        Some("client_credentials") => {}
        Some(other) => return Err(Refused::grant_type(other)),
        None => {
            let description = "grant_type is missing; send grant_type=client_credentials in the \
                query or in a form body";
            return Err(Refused::new(StatusCode::BAD_REQUEST, "invalid_request", description));
        }
    }
    let (key, secret) = basic.ok_or_else(|| {
        Refused::client("Send the key and its secret as Authorization: Basic base64(key:secret)")
    })?;
    guarded(&app, from, &key, tokens::issue(&app, &key, &secret)).await
}

/// Gives a pair, unless too many requests failed before: then nothing is looked at.
async fn guarded<R: Into<Refused>>(
    app: &Shared,
    from: IpAddr,
    key: &str,
    pair: impl Future<Output = Result<Pair, Stop<R>>>,
) -> Result<Response, Refused> {
    let attempt = app.failures.admit(from, key, app.clock.now());
    let attempt = attempt.map_err(Refused::too_many)?;
    let pair = pair.await;
    let still = attempt.admit();
    if let Err(Stop::Refused(_)) = pair {
        attempt.failed();
    }
    still.map_err(Refused::too_many)?;
    Ok(answer(pair?))
}

fn answer(pair: Pair) -> Response {
    let answer = TokenPair {
        access_token: pair.access.reveal().to_owned(),
        token_type: "Bearer",
        expires_in: tokens::ACCESS.as_secs(),
        refresh_token: pair.refresh.reveal().to_owned(),
    };
    ([(CACHE_CONTROL, "no-store")], Extension(pair.owner), Json(answer)).into_response()
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = RefreshRequest, example = json!({"refresh_token": "cwr_0aX4..."}))]
struct Refresh {
    #[serde(default)]
    #[schema(required, value_type = String, example = "cwr_0aX4...")]
    refresh_token: Option<String>,
}

/// Get a new pair for a refresh token
///
/// A refresh token works once, for 30 days. It may be sent again for 60 seconds, because an
/// answer may get lost, and gives another pair. Sent later, it ends every token that goes back
/// to the same `POST /v1/oauth/token`.
#[utoipa::path(
    post,
    path = "/v1/oauth/refreshtoken",
    tag = "tokens",
    request_body(content = Refresh, content_type = "application/x-www-form-urlencoded"),
    security(()),
    responses(
        (status = 200, description = "A token pair.", body = TokenPair),
        (status = 400, description = "`invalid_request`, or `invalid_grant`: the token is unknown, expired or revoked.", body = TokenError),
        (status = 408, description = "`invalid_request`: the body did not arrive in its time.", body = TokenError),
        (status = 413, description = "`invalid_request`: the body is too large.", body = TokenError),
        (status = 429, description = "`temporarily_unavailable`: too many requests failed; `Retry-After` says when to come back.", body = TokenError),
        (status = 500, description = "`server_error`: a defect of the server.", body = TokenError),
        (status = 503, description = "`temporarily_unavailable`, with `Retry-After`.", body = TokenError)
    )
)]
async fn refresh(State(app): State<Shared>, request: Request) -> Result<Response, Refused> {
    let from = app.traffic.proxies.client(&request);
    let form: Refresh = form(request, &app).await?;
    let token = form.refresh_token.filter(|token| !token.is_empty()).ok_or_else(|| {
        let description = "refresh_token is missing; send it once in a form body";
        Refused::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    })?;
    guarded(&app, from, &token, tokens::refresh(&app, &token)).await
}

fn query_of(request: &Request) -> Grant {
    let query = axum::extract::Query::<Grant>::try_from_uri(request.uri());
    query.map(|query| query.0).unwrap_or_default()
}

/// A form body; every other body is as good as none.
///
/// A token cannot be tried: 400, so that nobody takes a real one for a try.
async fn form<T: DeserializeOwned + Default>(request: Request, app: &Shared) -> Result<T, Refused> {
    match dry_run(request.headers()) {
        Ok(false) => {}
        Ok(true) => {
            let description = "A token cannot be tried: leave Prefer: dry-run out";
            return Err(Refused::new(StatusCode::BAD_REQUEST, "invalid_request", description));
        }
        Err(problem) => return Err(Refused::body(problem)),
    }
    let type_of = request.headers().get(axum::http::header::CONTENT_TYPE);
    let is_form = type_of.is_some_and(|value| {
        value.as_bytes().to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded")
    });
    let limits = Limits { max_body_bytes: BODY.min(app.limits.max_body_bytes), ..app.limits };
    let (bytes, _room) = request_body::read(request, limits).await.map_err(Refused::body)?;
    match is_form {
        true => Ok(serde_urlencoded::from_bytes(&bytes).unwrap_or_default()),
        false => Ok(T::default()),
    }
}

/// The key and the secret of a Basic header.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (key, secret) = decoded.split_once(':')?;
    // No text of ours holds U+0000, and PostgreSQL would not take it.
    (!key.contains('\0')).then(|| (key.to_owned(), secret.to_owned()))
}

/// A request for a token that was refused.
struct Refused {
    status: StatusCode,
    error: &'static str,
    description: String,
    header: Option<(HeaderName, HeaderValue)>,
    /// Whether there was only too much to do.
    busy: bool,
}

impl Refused {
    fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self { status, error, description: description.into(), header: None, busy: false }
    }

    fn too_many(wait: u64) -> Self {
        let description = format!("Too many requests failed; ask again in {wait} s");
        let status = StatusCode::TOO_MANY_REQUESTS;
        let refused = Self::new(status, "temporarily_unavailable", description);
        Self { header: Some((RETRY_AFTER, wait.into())), ..refused }
    }

    fn client(description: &str) -> Self {
        let challenge = HeaderValue::from_static("Basic realm=\"crewline\"");
        let refused = Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description);
        Self { header: Some((WWW_AUTHENTICATE, challenge)), ..refused }
    }

    fn grant_type(sent: &str) -> Self {
        let sent = clip(sent);
        let description = format!("grant_type {sent:?} is not offered; send client_credentials");
        Self::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", description)
    }

    fn body(problem: Problem) -> Self {
        Self::of(problem, "invalid_request")
    }

    /// A problem in the words of these endpoints; `error`: what it is unless it passes.
    fn of(problem: Problem, error: &'static str) -> Self {
        let busy = problem.is_busy();
        let Problem { status, message, header, .. } = problem;
        let error = match status {
            StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            _ => error,
        };
        Self { header, busy, ..Self::new(status, error, message) }
    }
}

impl From<InvalidClient> for Refused {
    fn from(InvalidClient: InvalidClient) -> Self {
        Self::client("The key or the secret is wrong, or the key is revoked")
    }
}

impl From<InvalidGrant> for Refused {
    fn from(InvalidGrant: InvalidGrant) -> Self {
        let description = "The refresh token is unknown, expired or revoked; get a new pair from \
            POST /v1/oauth/token";
        Self::new(StatusCode::BAD_REQUEST, "invalid_grant", description)
    }
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        // With a full queue nothing has failed.
        if !matches!(error, store::Error::QueueFull) {
            tracing::error!(cause = error.told(), "no token could be issued");
        }
        Self::of(Problem::from(error), "server_error")
    }
}

impl<R: Into<Refused>> From<Stop<R>> for Refused {
    fn from(stop: Stop<R>) -> Self {
        match stop {
            Stop::Refused(refusal) => refusal.into(),
            Stop::Failed(error) => error.into(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = TokenError { error: self.error, error_description: self.description };
        let mut response = (self.status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response();
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        if self.busy {
            response.extensions_mut().insert(Busy);
        }
        response
    }
}
