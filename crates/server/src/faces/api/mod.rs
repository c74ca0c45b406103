//! Our own API: both kinds of ids, RFC 9457 errors, nothing unknown ignored.

mod references;

use axum::extract::rejection::QueryRejection;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::Shared;
use crate::http::Problem;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().merge(references::routes())
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
struct Page<T> {
    data: Vec<T>,
    /// The `cursor` of the next page; `null` on the last one.
    #[schema(required)]
    next: Option<String>,
}

/// Where the next page begins: a position that only this server reads.
fn cursor(position: &impl Serialize) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).ok()?))
}

/// Reads a cursor that this server gave.
fn position<T: DeserializeOwned>(cursor: &str) -> Result<T, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Problem::validation("cursor must be the `next` of an earlier page"))
}

/// The query of an operation that takes none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoQuery {}

/// 400 for a parameter that the operation does not take, or not twice.
fn unknown_parameter(error: QueryRejection) -> Problem {
    let said = error.body_text();
    Problem::validation(said.chars().take(300).collect::<String>())
}
