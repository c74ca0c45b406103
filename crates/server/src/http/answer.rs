//! An answer that is whole: it can be kept, and given again.

use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use super::log::Counts;

/// A status and a body.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub body: Bytes,
    /// For the log.
    pub counts: Option<Counts>,
}

/// The content type of everything that is not an error of `/api`.
pub const JSON: &str = "application/json";
/// The content type of an error of `/api`.
pub const PROBLEM: &str = "application/problem+json";

impl Answer {
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Texts and numbers only: this cannot fail.
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        Self { status, content_type: JSON, body, counts: None }
    }

    /// 204: there is nothing to say.
    pub fn none() -> Self {
        let (status, body) = (StatusCode::NO_CONTENT, Bytes::new());
        Self { status, content_type: JSON, body, counts: None }
    }

    pub fn counting(self, counts: Counts) -> Self {
        Self { counts: Some(counts), ..self }
    }
}

impl<T: Serialize> From<Json<T>> for Answer {
    fn from(Json(body): Json<T>) -> Self {
        Self::json(StatusCode::OK, &body)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let kind = [(CONTENT_TYPE, HeaderValue::from_static(self.content_type))];
        let mut response = match self.body.is_empty() {
            true => self.status.into_response(),
            false => (self.status, kind, self.body).into_response(),
        };
        if let Some(counts) = self.counts {
            response.extensions_mut().insert(counts);
        }
        response
    }
}
