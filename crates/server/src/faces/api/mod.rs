//! Our own API: both kinds of ids, RFC 9457 errors, nothing unknown ignored.

mod cloud_events;
mod events;
mod references;

use axum::extract::rejection::QueryRejection;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::app::Shared;
use crate::http::Problem;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().merge(events::routes()).merge(references::routes())
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

/// The query of an operation that lists, and takes no more.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LimitQuery {
    /// Rows on a page, at most 200.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl LimitQuery {
    fn limit(&self) -> Result<i64, Problem> {
        limit(self.limit.as_ref())
    }

    fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

/// Rows on a page of a list.
const LIMIT: i64 = 200;

/// How many rows are wanted on a page.
fn limit(sent: Option<&String>) -> Result<i64, Problem> {
    let limit = parameter("limit", sent, |text| {
        let limit = text.parse().ok().filter(|limit| (1..=LIMIT).contains(limit));
        limit.ok_or_else(|| format!("must be an integer from 1 to {LIMIT}"))
    })?;
    Ok(limit.unwrap_or(100))
}

/// Reads a parameter; `read` says what would be right.
fn parameter<T>(
    name: &str,
    text: Option<&String>,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Problem> {
    let wrong = |rule| Problem::validation(format!("{name} {rule}"));
    text.map(|text| read(text)).transpose().map_err(wrong)
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
