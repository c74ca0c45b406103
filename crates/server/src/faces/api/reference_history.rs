//! What entities were called.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::csv::{Cell, Record, exact, text};
use super::list::{self, At, Page, not_ours, page};
use super::references::{KindName, ListQuery};
use super::unknown_parameter;
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::{Caller, Problem};
use crate::references::Filter;
use crate::references::history::{Past, history};
use crate::scope::Scope;
use crate::sources::Sources;
use crate::store::sure;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// What one source called one entity.
#[derive(Serialize, ToSchema)]
struct PastReference {
    kind: KindName,
    #[schema(example = "OKTA")]
    source: &'static str,
    #[schema(example = "OKTA-USER-12345")]
    external_id: String,
    /// The entity's internal id.
    #[schema(example = 5)]
    id: i64,
    /// Since when the source had a name for the entity.
    created_at: Iso,
    /// When it ended: re-keyed, unlinked, or gone with the entity.
    ended_at: Iso,
    /// What the source called the entity instead; `null`: nothing.
    #[schema(required, example = "OKTA-USER-12346")]
    became: Option<String>,
}

fn shown(sources: &Sources, past: Past) -> Option<PastReference> {
    Some(PastReference {
        kind: KindName(past.kind),
        source: sources.visible(past.source_id)?.name,
        external_id: past.external_id,
        id: past.entity_id,
        created_at: Iso(past.created_at),
        ended_at: Iso(past.ended_at),
        became: past.became,
    })
}

impl Record for PastReference {
    fn lines(&self) -> Vec<Vec<Cell>> {
        let Self { kind, source, external_id, id, created_at, ended_at, became } = self;
        vec![vec![
            exact(&kind.0),
            exact(source),
            text(external_id),
            exact(id),
            exact(created_at),
            exact(ended_at),
            text(became.as_deref().unwrap_or_default()),
        ]]
    }
}

const COLUMNS: [&str; 7] =
    ["kind", "source", "external_id", "id", "created_at", "ended_at", "became"];

/// A place in the list, in a cursor.
type Place = (At, String, String, i64, i64);

/// Read what entities were called
///
/// References that were re-keyed, unlinked, or deleted with their entity, in the order in which they
/// ended. With `Accept: text/csv` the whole list, read a page at a time.
#[utoipa::path(
    get,
    path = "/api/references/history",
    tag = "references",
    params(ListQuery),
    responses((status = 200, description = "A page; as CSV the whole list.", content(
        (Page<PastReference> = "application/json"), (String = "text/csv")
    )))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let of = (app.clone(), caller.reads(), query.filter(&caller)?);
    let read = move |after, limit| read(of.clone(), after, limit);
    let asked = (query.limit.as_ref(), query.cursor.as_ref());
    list::answer((&app, &caller, &headers), &COLUMNS, asked, read).await
}

async fn read(
    (app, scope, filter): (Shared, Scope, Filter),
    after: Option<Place>,
    limit: i64,
) -> list::Rows<PastReference, Place> {
    if after.as_ref().is_some_and(|(_, kind, id, ..)| kind.contains('\0') || id.contains('\0')) {
        return Err(not_ours());
    }
    let after = after.map(|(At(at), kind, name, source, entity)| (at, kind, name, source, entity));
    let sources = Arc::clone(&scope.sources);
    // One more than the page tells whether there is another.
    let rows = sure(history(&app, scope, filter, after, limit + 1).await)?;
    let (rows, next) = page(rows, limit, |row| {
        let (kind, id) = (row.kind.clone(), row.external_id.clone());
        Some((At(row.ended_at), kind, id, row.source_id, row.entity_id))
    });
    Ok((rows.into_iter().filter_map(|row| shown(&sources, row)).collect(), next))
}
