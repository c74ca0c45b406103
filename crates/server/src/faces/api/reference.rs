//! One reference: called otherwise, or taken away.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::{ExternalId, Kind};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::references::{Reference, reference};
use super::{NoQuery, source_named, unknown_parameter};
use crate::app::Shared;
use crate::http::{Answer, Caller, Check, JsonBody, Path, Problem, Wire as _, Write, body, path};
use crate::references;
use crate::references::relink::Relink;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(rekey, unlink))
}

body! {
    strict struct Rekey as "RekeyReference" = {"external_id": "00012345"} {
        /// What the source calls the entity from now on.
        external_id: required ExternalId,
    }
}

/// What the path says: kind, source, external id.
type Named = (String, String, String);

fn relink(
    caller: &Caller,
    (kind, source, external_id): &Named,
    new: Option<ExternalId>,
) -> Result<Relink, Problem> {
    let rule = || Problem::validation(format!("the kind in the path {}", Kind::RULE));
    let kind = Kind::from_name(kind).ok_or_else(rule)?;
    let source = source_named(Some(source), caller)?.ok_or_else(rule)?;
    let scope = caller.writes(source)?;
    Ok(Relink { scope, kind, old: path::external_id(external_id, kind, source)?, new })
}

fn told(sent: &Relink, outcome: references::Reference) -> Answer {
    Answer::from(Json(reference(&sent.scope.sources, outcome)))
}

/// Re-key a reference
///
/// The same entity, another external id of the same source. The one that it has changes nothing.
#[utoipa::path(
    put,
    path = "/api/references/{kind}/{source}/{external_id}",
    tag = "references",
    params(
        ("kind" = String, Path, description = "A kind of entity.", example = "user"),
        ("source" = String, Path, description = "The name of a source.", example = "SAP"),
        ("external_id" = String, Path, description = "What the source calls the entity.", example = "00012345")
    ),
    request_body = Rekey,
    responses((status = 200, description = "The reference as it is now.", body = Reference)),
    extensions(("x-error-codes" = json!(["ZC001", "ZC004"])))
)]
async fn rekey(
    State(app): State<Shared>,
    caller: Caller,
    Path(named): Path<Named>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let raw = body.object()?;
    let new = Check::all(app.limits, |check| Rekey::read(raw, check)?.external_id)?;
    let operation = relink(&caller, &named, Some(new))?;
    Ok(Write::of(&app, &caller, &body).without_records().run(Ok((operation, told))).await)
}

/// Unlink a reference
///
/// The entity stays; the external id may be used again.
#[utoipa::path(
    delete,
    path = "/api/references/{kind}/{source}/{external_id}",
    tag = "references",
    params(
        ("kind" = String, Path, description = "A kind of entity.", example = "user"),
        ("source" = String, Path, description = "The name of a source.", example = "SAP"),
        ("external_id" = String, Path, description = "What the source calls the entity.", example = "00012346")
    ),
    responses((status = 200, description = "The reference as it was.", body = Reference)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn unlink(
    State(app): State<Shared>,
    caller: Caller,
    Path(named): Path<Named>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    body.none()?;
    let operation = relink(&caller, &named, None)?;
    Ok(Write::of(&app, &caller, &body).without_records().run(Ok((operation, told))).await)
}
