//! The v2 Integrations API: external ids, each scoped by the request's `metadata.source`.
//!
//! A file per group of COR's pages. Creates, updates and deletes of all kinds go through
//! [`create`], [`update`] and [`delete`]; a kind's file holds its wire types, and declares its
//! handlers ([`operations`]).

mod answers;
pub mod brands;
pub mod categories;
pub mod clients;
mod contract_users;
pub mod contracts;
mod currency_exchanges;
pub mod leave_types;
pub mod leaves;
mod operations;
pub mod positions;
pub mod products;
pub mod projects;
pub mod seniorities;
mod team_users;
pub mod teams;
mod user_workspaces;
pub mod users;
mod working_times;
pub mod workspaces;

use axum::response::Response;
use domain::{ExternalId, Kind, Ref};
use utoipa_axum::router::OpenApiRouter;

use crate::app::Shared;
use crate::entities::{self, Called, Delete, Entity, Update};
use crate::http::field::SourceName;
use crate::http::{Answer, Caller, Check, JsonBody, Problem, Records, Wire, Write, body, path};
use crate::scope::Scope;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(brands::routes())
        .merge(categories::routes())
        .merge(clients::routes())
        .merge(contract_users::routes())
        .merge(contracts::routes())
        .merge(currency_exchanges::routes())
        .merge(leave_types::routes())
        .merge(leaves::routes())
        .merge(positions::routes())
        .merge(products::routes())
        .merge(projects::routes())
        .merge(seniorities::routes())
        .merge(team_users::routes())
        .merge(teams::routes())
        .merge(user_workspaces::routes())
        .merge(users::routes())
        .merge(working_times::routes())
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

body! {
    /// A request that says no more than for whom it speaks.
    struct Bare as "SourceOnly" = {"metadata": {"source": "GLOBANT"}} {
        metadata: required Metadata,
    }
}

impl Bare {
    fn source(self) -> Option<(SourceName, ())> {
        Some((Metadata::source(self.metadata)?, ()))
    }
}

/// A new entity's external id, and its fields.
pub type Named<E> = (ExternalId, <E as Entity>::New);

/// The body of a create.
pub trait CreateBody: Wire {
    type Entity: Entity;

    /// The source, the new external id, and the fields; `None` when the check found something.
    fn fields(self) -> Option<(SourceName, Named<Self::Entity>)>;
}

/// The body of an update.
pub trait UpdateBody: Wire {
    type Entity: Update;

    /// The source and the changes; `None` when the check found something.
    fn patch(self) -> Option<(SourceName, <Self::Entity as Update>::Patch)>;
}

/// Reads a body, and the scope that it writes in: first its form, then the source, then the
/// key's right.
fn read<B: Wire, T>(
    app: &Shared,
    caller: &Caller,
    body: &JsonBody,
    then: impl FnOnce(B) -> Option<(SourceName, T)>,
) -> Result<(Scope, T), Problem> {
    let raw = body.object()?;
    let (source, read) = Check::all(app.limits, |check| then(B::read(raw, check)?))?;
    Ok((source.writes(caller)?, read))
}

/// The entity that a path names.
fn named(id: &str, kind: Kind, scope: &Scope) -> Result<Ref, Problem> {
    Ok(Ref::External(path::external_id(id, kind, scope.source)?))
}

/// Creates an entity: parse, judge, create. `told` is given the company, the entity and its
/// external id.
async fn create<B: CreateBody>(
    app: &Shared,
    caller: &Caller,
    body: &JsonBody,
    refused: fn(Problem) -> Problem,
    told: fn(i64, B::Entity, String) -> Answer,
) -> Result<Response, Problem> {
    let prepared = read(app, caller, body, B::fields).map(|(scope, (external_id, new))| {
        let sent = external_id.to_string();
        let told = move |operation: &entities::Create<B::Entity>, entity| {
            told(operation.scope.company, entity, sent.clone())
        };
        (entities::Create { scope, called: Called::External(external_id), new }, told)
    });
    let write = Write::of(app, caller, body).records(Records::CREATE).refusing(refused);
    Ok(write.run(prepared).await)
}

/// Updates the entity that the path names: parse, judge, update. `told` as for [`create`], with
/// the external id of the path.
async fn update<B: UpdateBody>(
    app: &Shared,
    caller: &Caller,
    id: String,
    body: &JsonBody,
    refused: fn(Problem) -> Problem,
    told: fn(i64, B::Entity, String) -> Answer,
) -> Result<Response, Problem> {
    let prepared = read(app, caller, body, B::patch).and_then(|(scope, patch)| {
        let own = named(&id, B::Entity::KIND, &scope)?;
        let told = move |sent: &entities::Change<B::Entity>, entity| {
            told(sent.scope.company, entity, id.clone())
        };
        Ok((entities::Change { scope, own, patch }, told))
    });
    Ok(Write::of(app, caller, body).refusing(refused).run(prepared).await)
}

/// Deletes the entity that the path names. `told` is given the company, the entity's id and its
/// external id.
async fn delete<E: Delete>(
    app: &Shared,
    caller: &Caller,
    id: String,
    body: &JsonBody,
    refused: fn(Problem) -> Problem,
    told: fn(i64, i64, String) -> Answer,
) -> Result<Response, Problem> {
    let prepared = read(app, caller, body, Bare::source).and_then(|(scope, ())| {
        let own = named(&id, E::KIND, &scope)?;
        let told =
            move |sent: &entities::Remove<E>, entity| told(sent.scope.company, entity, id.clone());
        Ok((entities::Remove::new(scope, own, None), told))
    });
    Ok(Write::of(app, caller, body).refusing(refused).run(prepared).await)
}

/// A refusal in the words that all routes share.
fn as_it_is(problem: Problem) -> Problem {
    problem
}
