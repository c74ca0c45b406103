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
mod list;
mod memberships;
mod named;
mod reference;
mod reference_history;
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
use domain::{ExternalId, Ref, Source};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use list::{LIMIT, LimitQuery, Page, cursor, limit, page, position};
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
        .merge(reference_history::routes())
        .merge(references::routes())
        .merge(refusals::routes())
        .merge(team_members::routes())
        .merge(upsert::routes())
        .merge(user_workspaces::routes())
        .merge(webhooks::routes())
        .merge(webhook_deliveries::routes())
}

/// Whether a client asks for answers of a type, and likes JSON no better.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let liking = |kind| {
        let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let of_kind = accepted.flat_map(|text| text.split(',')).filter_map(|part| {
            let mut parts = part.split(';').map(str::trim);
            let is_kind = parts.next()?.eq_ignore_ascii_case(kind);
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f64>().ok());
            is_kind.then(|| quality.unwrap_or(1.0))
        });
        of_kind.reduce(f64::max)
    };
    let json = liking("application/json").unwrap_or(0.0);
    liking(wanted).is_some_and(|liked| liked > 0.0 && liked >= json)
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
    let Some((source, id)) = ExternalId::of_source(text) else {
        let id = text.parse().ok().filter(|id| *id > 0).ok_or_else(wrong)?;
        return Ok((caller.reads(), Ref::Internal(id)));
    };
    let source = source_named(Some(source), caller)?.ok_or_else(wrong)?;
    Ok((caller.reads_under(source)?, Ref::External(id)))
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
