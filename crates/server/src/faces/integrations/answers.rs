//! The envelopes that several kinds share.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Answer;

/// `{"statusCode", "status", "data"}`. The HTTP status is the same number.
#[derive(Serialize, ToSchema)]
pub struct Wrapped<T> {
    #[serde(rename = "statusCode")]
    #[schema(example = 200)]
    status_code: u16,
    #[schema(example = "success")]
    status: &'static str,
    data: T,
}

impl<T> Wrapped<T> {
    pub fn ok(data: T) -> Self {
        Self { status_code: 200, status: "success", data }
    }

    pub fn created(data: T) -> Self {
        Self { status_code: 201, status: "success", data }
    }
}

impl<T: Serialize> From<Wrapped<T>> for Answer {
    fn from(wrapped: Wrapped<T>) -> Self {
        let status = match wrapped.status_code {
            201 => StatusCode::CREATED,
            _ => StatusCode::OK,
        };
        Self::json(status, &wrapped)
    }
}

/// What was deleted.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    #[schema(example = "Client deleted successfully")]
    message: &'static str,
    /// As sent.
    #[schema(example = "SF-ACC-67890")]
    external_id: String,
    /// The internal id that it had.
    #[schema(example = 25855)]
    cor_id: i64,
}

impl Deleted {
    pub fn new(message: &'static str, external_id: String, cor_id: i64) -> Json<Self> {
        Json(Self { message, external_id, cor_id })
    }
}

/// It was deleted.
#[derive(Serialize, ToSchema)]
pub struct Gone {
    #[schema(example = "Entity deleted successfully")]
    message: &'static str,
}

impl Gone {
    /// The words of those pages that say no more.
    pub fn entity() -> Json<Self> {
        Json(Self { message: "Entity deleted successfully" })
    }
}

/// Which external id was deleted.
#[derive(Serialize, ToSchema)]
pub struct DeletedId {
    #[schema(example = "Leave request deleted successfully")]
    message: &'static str,
    /// As sent.
    #[serde(rename = "deletedId")]
    #[schema(example = "external-id-3")]
    deleted_id: String,
}

impl DeletedId {
    pub fn new(message: &'static str, deleted_id: String) -> Wrapped<Self> {
        Wrapped::ok(Self { message, deleted_id })
    }
}
