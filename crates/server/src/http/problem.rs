//! The one thing that answers a request with an error.
//!
//! The public text and the private cause are different fields. The cause is logged once, with
//! the request id, and cannot reach a client. COR's faces render the envelope of their published
//! vocabulary, `/api` renders RFC 9457.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Limits;
use super::answer::{Answer, JSON, PROBLEM};
use super::log::Operation;
use super::rate::Standing;
use crate::events::feed::FOLLOWERS;
use crate::store::{self, Stop};

/// An error answer.
#[derive(Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub name: &'static str,
    pub code: &'static str,
    pub message: String,
    pub errors: Vec<FieldError>,
    pub limits: Option<Limits>,
    /// The number of the oldest event that is kept.
    pub oldest: Option<i64>,
    pub header: Option<(HeaderName, HeaderValue)>,
    cause: Option<store::Error>,
}

/// The name and code of a source that nobody knows.
pub const INVALID_SOURCE: (&str, &str) = ("InvalidSourceError", "INVALID_SOURCE");

/// What was sent, as far as a message repeats it.
pub fn clip(sent: &str) -> &str {
    match sent.char_indices().nth(255) {
        Some((end, _)) => &sent[..end],
        None => sent,
    }
}

/// A field that is to blame.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// RFC 6901: where in the body.
    #[schema(example = "/users/0/dates")]
    pub pointer: String,
    /// What would be right.
    pub message: Cow<'static, str>,
}

impl Problem {
    pub fn new(
        status: StatusCode,
        name: &'static str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let message = message.into();
        let (errors, limits, header, cause) = (Vec::new(), None, None, None);
        Self { status, name, code, message, errors, limits, oldest: None, header, cause }
    }

    /// 400: the request is not of the right form.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ValidationError", "VALIDATION", message)
    }

    /// 400: one field is not of the right form.
    pub fn field(pointer: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::fields(vec![FieldError { pointer: pointer.into(), message: message.into() }], 1)
    }

    /// 400: `wrong` fields are not of the right form; the first of them are listed.
    pub fn fields(errors: Vec<FieldError>, wrong: usize) -> Self {
        let message = match errors.as_slice() {
            [only] => format!("{} {}", only.pointer, only.message).trim_start().to_owned(),
            _ => {
                let first: Vec<&str> =
                    errors.iter().take(10).map(|error| error.pointer.as_str()).collect();
                let more = if wrong > first.len() { ", ..." } else { "" };
                format!("{wrong} fields are not valid: {}{more}", first.join(", "))
            }
        };
        Self { errors, ..Self::validation(message) }
    }

    /// As it is told.
    pub fn answer(&self, native: bool, request_id: &str) -> Answer {
        let content_type = if native { PROBLEM } else { JSON };
        let body = self.body(native, request_id).into();
        Answer { status: self.status, content_type, body, counts: None }
    }

    /// The same under a published name, code and sentence.
    pub fn published(self, name: &'static str, code: &'static str, message: String) -> Self {
        Self { name, code, message, ..self }
    }

    /// The same under another code.
    pub fn coded(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// 400: a source that nobody knows.
    pub fn invalid_source(pointer: &str, message: String) -> Self {
        let (name, code) = INVALID_SOURCE;
        Self::field(pointer, message.clone()).published(name, code, message)
    }

    /// 401: no good token.
    pub fn unauthorized(message: &'static str, challenge: &'static str) -> Self {
        let header = Some((WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
        let status = StatusCode::UNAUTHORIZED;
        Self { header, ..Self::new(status, "UnauthorizedError", "UNAUTHORIZED", message) }
    }

    /// 403: the key has no right to this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "ForbiddenError", "FORBIDDEN", message)
    }

    /// 409: what is there stands in the way.
    pub fn conflict(name: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, name, code, message)
    }

    /// The same, with fields to blame.
    pub fn blaming(self, errors: Vec<FieldError>) -> Self {
        Self { errors, ..self }
    }

    /// 404: no such route.
    pub fn route(path: &str) -> Self {
        let path = clip(path);
        let message = format!("There is nothing at {path}; /openapi.json lists what there is");
        Self::new(StatusCode::NOT_FOUND, "RouteNotFoundError", "E_ROUTE_NOT_FOUND", message)
    }

    /// 405. Axum adds `Allow`.
    pub fn method(method: &axum::http::Method) -> Self {
        let message = format!("{method} is not possible here; the Allow header lists what is");
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::new(status, "MethodNotAllowedError", "E_METHOD_NOT_ALLOWED", message)
    }

    /// 413: more than the server takes at once.
    pub fn too_large(limits: Limits, message: String) -> Self {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        let problem = Self::new(status, "PayloadTooLargeError", "PAYLOAD_TOO_LARGE", message);
        Self { limits: Some(limits), ..problem }
    }

    /// 415: a body of another type.
    pub fn media_type(sent: &str, taken: &str) -> Self {
        let message = format!("The content type {} is not taken here; send {taken}", clip(sent));
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "UnsupportedMediaTypeError", "UNSUPPORTED_MEDIA_TYPE", message)
    }

    /// 410: the company's events are kept from a later number on.
    pub fn events_gone(oldest: i64) -> Self {
        let message = format!(
            "Events before number {oldest} are no longer kept: read the entities anew, then go on \
            after {}",
            oldest - 1
        );
        let problem = Self::new(StatusCode::GONE, "EventsGoneError", "EVENTS_GONE", message);
        Self { oldest: Some(oldest), ..problem }
    }

    /// 404: no such event.
    pub fn no_event(number: impl std::fmt::Display) -> Self {
        let message = format!("There is no event {}", clip(&number.to_string()));
        Self::new(StatusCode::NOT_FOUND, "EventNotFoundError", "EVENT_NOT_FOUND", message)
    }

    /// 422: the client gave its key to another request before.
    pub fn key_reused() -> Self {
        let message = "This Idempotency-Key was sent with another body or query; a new request \
            needs a key of its own";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "IdempotencyKeyReusedError", "IDEMPOTENCY_KEY_REUSED", message)
    }

    /// 409: the request with this key is being carried out.
    pub fn key_in_use() -> Self {
        let message = "The request with this Idempotency-Key is being carried out; ask again for \
            its answer";
        let header = Some((RETRY_AFTER, HeaderValue::from(1)));
        let problem = Self::conflict("IdempotencyKeyInUseError", "IDEMPOTENCY_KEY_IN_USE", message);
        Self { header, ..problem }
    }

    /// 429: the key sent more than it may.
    pub fn too_many(Standing { quota, wait, .. }: Standing) -> Self {
        let message =
            format!("The key may send {quota} requests a minute; send this again in {wait} s");
        let status = StatusCode::TOO_MANY_REQUESTS;
        let problem = Self::new(status, "TooManyRequestsError", "TOO_MANY_REQUESTS", message);
        Self { header: Some((RETRY_AFTER, HeaderValue::from(wait))), ..problem }
    }

    /// 429: the key follows the feed as often as it may.
    pub fn too_many_followers() -> Self {
        let message = format!(
            "The key has {FOLLOWERS} streams and long polls open, and may have no more at once; \
            end one of them, or ask without wait"
        );
        let status = StatusCode::TOO_MANY_REQUESTS;
        let problem = Self::new(status, "TooManyRequestsError", "TOO_MANY_REQUESTS", message);
        Self { header: Some((RETRY_AFTER, HeaderValue::from(5))), ..problem }
    }

    /// 408: a part of the request did not arrive in its time. The connection ends with it.
    pub fn too_slow(part: &str, time: Duration) -> Self {
        let message = format!(
            "The {part} was not complete within {} seconds; send the request again, faster",
            time.as_secs()
        );
        let status = StatusCode::REQUEST_TIMEOUT;
        let problem = Self::new(status, "RequestTimeoutError", "REQUEST_TIMEOUT", message);
        Self { header: Some((CONNECTION, HeaderValue::from_static("close"))), ..problem }
    }

    /// 503: too much at once.
    pub fn busy(message: &'static str) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let problem = Self::new(status, "UnavailableError", "UNAVAILABLE", message);
        Self { header: Some((RETRY_AFTER, HeaderValue::from(1))), ..problem }
    }

    /// Whether there is too much to do, and nothing wrong.
    pub fn is_busy(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE && self.cause.is_none()
    }

    /// 503: not now.
    fn unavailable(message: &'static str, cause: store::Error) -> Self {
        Self { cause: Some(cause), ..Self::busy(message) }
    }

    /// 500: a defect of ours.
    pub fn internal() -> Self {
        let message = "Something went wrong here; report it with the request_id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "INTERNAL", message)
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        use store::Error as E;
        match error {
            // Nothing has failed: the line of the request is enough in the log.
            E::QueueFull => Self::busy("Too many requests are waiting; try again"),
            E::Unavailable(_) | E::Conflict(_) => {
                Self::unavailable("The database cannot take this right now; try again", error)
            }
            E::IdTaken | E::Swallowed | E::Suspended | E::Panicked(_) | E::Engine(_) => {
                Self { cause: Some(error), ..Self::internal() }
            }
        }
    }
}

impl<R: Into<Problem>> From<Stop<R>> for Problem {
    fn from(stop: Stop<R>) -> Self {
        match stop {
            Stop::Refused(refusal) => refusal.into(),
            Stop::Failed(error) => error.into(),
        }
    }
}

/// Whether a path is our own face's, whose errors are RFC 9457.
pub fn native(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// Things that an answer lists.
pub const LISTED: usize = 100;

/// The body of an error on COR's faces (`/v1`, `/v2`).
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub struct Envelope<'a> {
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    #[schema(example = "ContractNotFoundError")]
    name: &'a str,
    #[schema(example = "ZC001")]
    code: &'a str,
    #[schema(example = "Entity is not associated: contract \"K9\" of source GLOBANT")]
    message: &'a str,
    /// Also the `x-request-id` header.
    #[schema(example = "5f0c2a7be1d3-1")]
    request_id: &'a str,
    /// The fields to blame, where there are any.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldError],
    /// With 413 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
}

/// The body of an error on `/api`: RFC 9457.
#[derive(Serialize, ToSchema)]
#[schema(as = ProblemDetails)]
pub struct Details<'a> {
    /// Names the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:crewline:error:ZC001")]
    kind: String,
    #[schema(example = "ContractNotFoundError")]
    title: &'a str,
    #[schema(example = 404)]
    status: u16,
    detail: &'a str,
    #[schema(example = "ZC001")]
    code: &'a str,
    /// Also the `x-request-id` header.
    #[schema(example = "5f0c2a7be1d3-1")]
    request_id: &'a str,
    /// The fields to blame, where there are any.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldError],
    /// With 413 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
    /// With 410 only: the number of the oldest event that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    oldest: Option<i64>,
}

/// Handlers give a problem; [`Problem::render`] writes its body once the request is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some((name, value)) = &self.header {
            response.headers_mut().insert(name, value.clone());
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl Problem {
    /// Writes the body of an answer that is a problem; leaves every other as it is.
    pub(super) fn render(
        response: Response,
        path: &str,
        operation: &Operation,
        request_id: &str,
    ) -> Response {
        let (mut parts, body) = response.into_parts();
        let Some(problem) = parts.extensions.remove::<Arc<Problem>>() else {
            return Response::from_parts(parts, body);
        };
        if let Some(cause) = &problem.cause {
            let status = problem.status.as_u16();
            tracing::error!(request_id, %operation, status, cause = cause.told(), "failed");
        }
        let native = native(path);
        let kind = if native { PROBLEM } else { JSON };
        let body = problem.body(native, request_id);
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        parts.headers.remove(axum::http::header::CONTENT_LENGTH);
        Response::from_parts(parts, body.into())
    }

    /// The body: RFC 9457 on our own face, COR's envelope on the others.
    pub fn body(&self, native: bool, request_id: &str) -> Vec<u8> {
        if native { self.details(request_id) } else { self.envelope(request_id) }
    }

    /// All of the answer, for a connection that ends with it and whose request is not known.
    pub(super) fn farewell(&self, request_id: &str) -> Vec<u8> {
        let (status, body) = (self.status, self.envelope(request_id));
        let mut answer = format!("HTTP/1.1 {status}\r\n");
        if let Some((name, value)) = self.header.as_ref().filter(|(name, _)| name != CONNECTION) {
            let value = value.to_str().unwrap_or_default();
            answer += &format!("{name}: {value}\r\n");
        }
        answer += &format!(
            "connection: close\r\ncontent-type: {JSON}\r\nx-request-id: {request_id}\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        [answer.into_bytes(), body].concat()
    }

    fn envelope(&self, request_id: &str) -> Vec<u8> {
        json(&Envelope {
            status: self.status.as_u16(),
            name: self.name,
            code: self.code,
            message: &self.message,
            request_id,
            errors: &self.errors,
            limits: self.limits,
        })
    }

    fn details(&self, request_id: &str) -> Vec<u8> {
        json(&Details {
            kind: format!("urn:crewline:error:{}", self.code),
            title: self.name,
            status: self.status.as_u16(),
            detail: &self.message,
            code: self.code,
            request_id,
            errors: &self.errors,
            limits: self.limits,
            oldest: self.oldest,
        })
    }
}

fn json(body: &impl Serialize) -> Vec<u8> {
    // Texts and numbers only: this cannot fail.
    serde_json::to_vec(body).unwrap_or_default()
}
