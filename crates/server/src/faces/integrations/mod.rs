//! The v2 Integrations API: external ids, each scoped by the request's `metadata.source`.
//!
//! A file per group of COR's pages. Creates and updates of all kinds go through [`create`] and
//! [`update`]; a kind's file holds its wire types.

mod categories;
mod clients;
mod contracts;
mod positions;
mod seniorities;
mod teams;
mod users;
mod workspaces;

use std::sync::Arc;

use axum::Json;
use domain::{ExternalId, Source};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::Shared;
use crate::entities::{self, Entity, Update};
use crate::http::field::SourceName;
use crate::http::{Caller, Check, JsonBody, Problem, Wire, body, path};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(categories::routes())
        .merge(clients::routes())
        .merge(contracts::routes())
        .merge(positions::routes())
        .merge(seniorities::routes())
        .merge(teams::routes())
        .merge(users::routes())
        .merge(workspaces::routes())
}

body! {
    /// What a request says about itself.
    struct Metadata as "Metadata" = {"source": "GLOBANT"} {
        source: required SourceName,
    }
}

impl Metadata {
    /// The source, if the request named it rightly.
    fn source(metadata: Option<Self>) -> Option<SourceName> {
        metadata?.source
    }
}

/// A new entity's external id, and its fields.
type Named<E> = (ExternalId, <E as Entity>::New);

/// The body of a create.
trait CreateBody: Wire {
    type Entity: Entity;

    /// The source, the new external id, and the fields; `None` when the check found something.
    fn fields(self) -> Option<(SourceName, Named<Self::Entity>)>;
}

/// The body of an update.
trait UpdateBody: Wire {
    type Entity: Update;

    /// The source and the changes; `None` when the check found something.
    fn patch(self) -> Option<(SourceName, <Self::Entity as Update>::Patch)>;
}

/// An entity that was just created, by which external id, and from what.
struct Created<E: Entity> {
    entity: E,
    external_id: ExternalId,
    new: Arc<E::New>,
}

/// Reads a body, and the source that it speaks for: first its form, then the source.
fn read<B: Wire, T>(
    app: &Shared,
    caller: &Caller,
    body: &JsonBody,
    then: impl FnOnce(B) -> Option<(SourceName, T)>,
) -> Result<(Source, T), Problem> {
    let raw = body.object()?;
    let (source, read) = Check::all(app.limits, |check| then(B::read(raw, check)?))?;
    Ok((source.resolve(caller)?, read))
}

/// Creates an entity: parse, judge, create.
async fn create<B: CreateBody>(
    app: &Shared,
    caller: &Caller,
    body: &JsonBody,
) -> Result<Created<B::Entity>, Problem> {
    let (source, (external_id, new)) = read(app, caller, body, B::fields)?;
    let (company, new) = (caller.company_id, Arc::new(new));
    let entity =
        entities::create(app, company, source, external_id.clone(), Arc::clone(&new)).await?;
    Ok(Created { entity, external_id, new })
}

/// Updates the entity that the path names: parse, judge, update.
async fn update<B: UpdateBody>(
    app: &Shared,
    caller: &Caller,
    id: &str,
    body: &JsonBody,
) -> Result<B::Entity, Problem> {
    let (source, patch) = read(app, caller, body, B::patch)?;
    let external_id = path::external_id(id, B::Entity::KIND, source)?;
    Ok(entities::update(app, caller.company_id, source, external_id, patch).await?)
}

/// `{"statusCode", "status", "data"}`: how positions, categories and seniorities answer.
#[derive(Serialize, ToSchema)]
struct Wrapped<T> {
    #[serde(rename = "statusCode")]
    #[schema(example = 200)]
    status_code: u16,
    #[schema(example = "success")]
    status: &'static str,
    data: T,
}

fn wrapped<T>(data: T) -> Json<Wrapped<T>> {
    Json(Wrapped { status_code: 200, status: "success", data })
}
