//! The v1 Main API: ids of ours.
//!
//! A file per group of COR's pages. Lists, reads, creates, updates and deletes of all kinds go
//! through [`list`] and the functions here; a kind's file holds its wire types, and declares its
//! handlers ([`operations`]).

pub mod clients;
mod collaborators;
mod contract_positions;
mod contract_users;
pub mod contracts;
mod leave_types;
mod leaves;
mod list;
mod me;
mod oauth;
mod operations;
mod positions;
mod projects;
pub mod teams;
pub mod users;
mod when;
mod working_times;

use axum::response::Response;
use domain::{Kind, Ref, Source};
use utoipa_axum::router::OpenApiRouter;

use crate::app::{App, Shared};
use crate::entities::{self, Called, Delete, Entity, Shown, Update, View, view};
use crate::http::problem::clip;
use crate::http::{Answer, Caller, Check, JsonBody, Problem, Records, Wire, Write, path};
use crate::refusal::{Part, Refusal};
use crate::scope::Scope;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(clients::routes())
        .merge(collaborators::routes())
        .merge(contract_positions::routes())
        .merge(contract_users::routes())
        .merge(contracts::routes())
        .merge(leave_types::routes())
        .merge(leaves::routes())
        .merge(me::routes())
        .merge(oauth::routes())
        .merge(positions::routes())
        .merge(projects::routes())
        .merge(teams::routes())
        .merge(users::routes())
        .merge(working_times::routes())
}

/// The body of a create.
pub trait CreateBody: Wire {
    type Entity: Entity;

    /// The fields; `None` when the check found something.
    fn fields(self) -> Option<<Self::Entity as Entity>::New>;

    /// How a refusal is worded: by the names that the fields have here.
    fn refused(problem: Problem) -> Problem {
        problem
    }
}

/// The body of an update.
trait UpdateBody: Wire {
    type Entity: Update;

    /// The changes; `None` when the check found something.
    fn patch(self) -> Option<<Self::Entity as Update>::Patch>;

    /// How a refusal is worded: by the names that the fields have here.
    fn refused(problem: Problem) -> Problem {
        problem
    }
}

/// Reads a body, and the scope that it writes in: first its form, then the key's right.
fn read<B: Wire, T>(
    app: &App,
    caller: &Caller,
    body: &JsonBody,
    then: impl FnOnce(B, &mut Check) -> Option<T>,
) -> Result<(Scope, T), Problem> {
    let raw = body.object()?;
    let read = Check::all(app.limits, |check| {
        let read = B::read(raw, check)?;
        then(read, check)
    })?;
    Ok((caller.writes(Source::NONE)?, read))
}

/// The entity that a path names.
fn named(id: &str, kind: Kind) -> Result<Ref, Problem> {
    Ok(Ref::Internal(path::id(id, kind)?))
}

/// The id of something of a contract, as a path has it. What is no id names nothing.
fn of_contract(part: Part, contract: i64, id: &str) -> Result<i64, Problem> {
    let id = path::number(id).ok_or_else(|| format!("{:?}", clip(id)));
    id.map_err(|id| Refusal::NotOfContract { part, contract, id }.into())
}

/// The entity that the path names.
async fn get<V: View>(app: &App, caller: &Caller, id: &str) -> Result<V, Problem> {
    Ok(view::get(app, caller.reads(), named(id, V::KIND)?).await?)
}

/// Creates an entity: parse, judge, create. `told` is given the company and the entity. What is
/// refused is kept only where the caller chose the id: else it has no name yet.
async fn create<B: CreateBody, V: View>(
    app: &App,
    caller: &Caller,
    body: &JsonBody,
    called: Result<Called, Problem>,
    told: fn(i64, V) -> Answer,
) -> Result<Response, Problem> {
    let write = Write::of(app, caller, body).refusing(B::refused);
    let write = match called {
        Ok(Called::Chosen(_)) => write.records(Records::BODY.in_ours()),
        _ => write.without_records(),
    };
    let prepared = read(app, caller, body, |sent: B, _| sent.fields()).and_then(|(scope, new)| {
        let (company, called) = (scope.company, called?);
        let operation = Shown::new(entities::Create::<B::Entity> { scope, called, new });
        Ok((operation, move |_: &Shown<_, V>, row| told(company, row)))
    });
    Ok(write.run(prepared).await)
}

/// Updates the entity that the path names: parse, judge, update. `told` as for [`create`].
async fn update<B: UpdateBody, V: View>(
    app: &App,
    caller: &Caller,
    id: &str,
    body: &JsonBody,
    told: fn(i64, V) -> Answer,
) -> Result<Response, Problem> {
    let prepared = read(app, caller, body, |sent: B, _| sent.patch()).and_then(|(scope, patch)| {
        let (company, own) = (scope.company, named(id, B::Entity::KIND)?);
        let operation = Shown::new(entities::Change::<B::Entity> { scope, own, patch });
        Ok((operation, move |_: &Shown<_, V>, row| told(company, row)))
    });
    let write = Write::of(app, caller, body).refusing(B::refused);
    Ok(write.records(Records::BODY.in_ours()).run(prepared).await)
}

/// Deletes the entity that the path names, whatever the body says. `told` is given the company,
/// and the id that it had.
async fn delete<E: Delete>(
    app: &App,
    caller: &Caller,
    id: &str,
    body: &JsonBody,
    told: fn(i64, i64) -> Answer,
) -> Result<Response, Problem> {
    let prepared = caller.writes(Source::NONE).and_then(|scope| {
        let company = scope.company;
        let operation = entities::Remove::<E>::new(scope, named(id, E::KIND)?, None);
        Ok((operation, move |_: &_, was| told(company, was)))
    });
    Ok(Write::of(app, caller, body).without_records().run(prepared).await)
}
