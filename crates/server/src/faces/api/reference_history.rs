//! What entities were called.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::{At, not_ours};
use super::references::{KindName, ListQuery};
use super::{Page, cursor, page, position, unknown_parameter};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::{Caller, Problem};
use crate::references::history::{Past, history};
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

/// A place in the list, in a cursor.
type Place = (At, String, String, i64, i64);

/// Read what entities were called
///
/// References that were re-keyed, unlinked, or deleted with their entity, in the order in which they
/// ended.
#[utoipa::path(
    get,
    path = "/api/references/history",
    tag = "references",
    params(ListQuery),
    responses((status = 200, description = "A page.", body = Page<PastReference>))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page<PastReference>>, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let (filter, limit) = (query.filter(&caller)?, query.limit()?);
    let after: Option<Place> = query.cursor.as_deref().map(position).transpose()?;
    if after.as_ref().is_some_and(|(_, kind, id, ..)| kind.contains('\0') || id.contains('\0')) {
        return Err(not_ours());
    }
    let after = after.map(|(At(at), kind, name, source, entity)| (at, kind, name, source, entity));
    // One more than the page tells whether there is another.
    let rows = history(&app, caller.reads(), filter, after, limit + 1).await;
    let (rows, next) = page(sure(rows)?, limit, |row| {
        let Past { kind, external_id, source_id, entity_id, .. } = row;
        cursor(&(At(row.ended_at), kind, external_id, source_id, entity_id))
    });
    let shown = |row| shown(&caller.sources, row);
    Ok(Json(Page { data: rows.into_iter().filter_map(shown).collect(), next }))
}
