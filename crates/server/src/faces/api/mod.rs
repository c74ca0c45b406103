//! Our own API: both kinds of ids, RFC 9457 errors, nothing unknown ignored.

mod assignments;
mod bench;
mod cloud_events;
mod conflicts;
mod contract_assignments;
mod contract_ranges;
mod csv;
mod entities;
mod etag;
mod events;
mod fields;
mod if_match;
mod memberships;
mod named;
mod reference;
mod references;
mod refusals;
mod team_members;
mod upsert;
mod user_workspaces;
mod webhook_deliveries;
mod webhooks;
mod window;

use axum::extract::rejection::QueryRejection;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{ExternalId, Ref, Source};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

pub use webhooks::message;

use crate::app::Shared;
use crate::http::problem::INVALID_SOURCE;
use crate::http::{Caller, Problem};
use crate::scope::Scope;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(assignments::routes())
        .merge(bench::routes())
        .merge(conflicts::routes())
        .merge(contract_assignments::routes())
        .merge(contract_ranges::routes())
        .merge(entities::routes())
        .merge(events::routes())
        .merge(memberships::routes())
        .merge(reference::routes())
        .merge(references::routes())
        .merge(refusals::routes())
        .merge(team_members::routes())
        .merge(upsert::routes())
        .merge(user_workspaces::routes())
        .merge(webhooks::routes())
        .merge(webhook_deliveries::routes())
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
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

/// Whether a client accepts answers of a type.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|text| text.split(','))
        .any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted))
}

/// A page of rows of which one more than `limit` was asked for, and where the next one begins.
fn page<T, P>(
    mut rows: Vec<T>,
    limit: i64,
    place: impl FnOnce(&T) -> Option<P>,
) -> (Vec<T>, Option<P>) {
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let next = rows.last().filter(|_| more).and_then(place);
    (rows, next)
}

/// A parameter of a query; what is wrong with it is told by its name.
fn parameter<T>(
    name: &str,
    text: Option<&String>,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Problem> {
    let wrong = |rule| Problem::validation(format!("{name} {rule}"));
    text.map(|text| read(text)).transpose().map_err(wrong)
}

/// Rows on a page of most lists.
const LIMIT: i64 = 200;

/// How much is wanted on a page: 100, if it is not said and so much may be.
fn limit(text: Option<&String>, most: i64) -> Result<i64, Problem> {
    let limit = parameter("limit", text, |text| {
        let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| format!("must be an integer from 1 to {most}"))
    })?;
    Ok(limit.unwrap_or(100.min(most)))
}

/// The source that a parameter names.
fn source_named(name: Option<&str>, caller: &Caller) -> Result<Option<Source>, Problem> {
    let source = name.map(|name| caller.source(name)).transpose();
    source.map_err(|why| {
        let (name, code) = INVALID_SOURCE;
        Problem::validation("").published(name, code, format!("source {why}"))
    })
}

/// What names an entity, for messages.
const REFERENCE: &str = "must be a positive integer or like OKTA:external-id";

/// The entity that a parameter names, our id or `SOURCE:external-id`, and the scope in which it is
/// looked for.
fn reference(name: &str, text: &str, caller: &Caller) -> Result<(Scope, Ref), Problem> {
    let wrong = || Problem::validation(format!("{name} {REFERENCE}"));
    match text.split_once(':') {
        None => {
            let id = text.parse().ok().filter(|id| *id > 0).ok_or_else(wrong)?;
            Ok((caller.reads(), Ref::Internal(id)))
        }
        Some((source, id)) => {
            let source = source_named(Some(source), caller)?.ok_or_else(wrong)?;
            let id = ExternalId::parse(id).map_err(|_| wrong())?;
            Ok((caller.reads_under(source)?, Ref::External(id)))
        }
    }
}

/// The same, of the path.
fn path_reference(text: &str, caller: &Caller) -> Result<(Scope, Ref), Problem> {
    reference("the id in the path", text, caller)
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
