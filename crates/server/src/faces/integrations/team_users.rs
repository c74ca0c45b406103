//! Who is in a team.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::{ExternalId, Kind, Ref};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Metadata, named, read};
use crate::app::Shared;
use crate::faces::team_users::Meta;
use crate::faces::wire::Spaced;
use crate::http::inbox::{Blame, Refusals};
use crate::http::log::Counts;
use crate::http::records::by_itself;
use crate::http::{Answer, Caller, JsonBody, Path, Problem, Records, Write, body};
use crate::teams::attach::{self, Attach, Members};
use crate::teams::detach::Detach;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(attach_users)).routes(routes!(detach_users))
}

body! {
    struct TeamUsers as "TeamUsers" = {
        "users": ["external-user-id-1"], "metadata": {"source": "GLOBANT"}
    } {
        /// Users, at least one.
        users: required Vec<ExternalId>,
        metadata: required Metadata,
    }
}

/// What came of attaching users to a team.
#[derive(Serialize, ToSchema)]
#[schema(as = TeamAttached)]
struct Attached {
    /// The users that were attached.
    users: Vec<Relation>,
    /// The users that were not, and why.
    errors: Vec<Refused>,
}

/// A user in a team.
#[derive(Serialize, ToSchema)]
#[schema(as = TeamUser)]
struct Relation {
    #[schema(example = 4241)]
    team_id: i64,
    #[schema(example = 48878)]
    user_id: i64,
    created_at: Spaced,
    updated_at: Spaced,
    /// The relation's own id.
    #[schema(example = 178148)]
    id: i64,
    #[serde(rename = "__meta__")]
    meta: Meta,
}

/// A user that was not attached.
#[derive(Serialize, ToSchema)]
#[schema(as = TeamAttachError)]
struct Refused {
    /// The user's internal id.
    #[schema(example = 48878)]
    user_id: i64,
    /// `ALREADY_ASSIGNED`, `NOT_IN_WORKSPACE` or `WORKSPACE_CONFLICT`.
    #[schema(example = "NOT_IN_WORKSPACE")]
    name: &'static str,
    /// `UT011`, `UT012` or `UT013`.
    #[schema(example = "UT012")]
    code: &'static str,
    #[schema(example = "User does not belong to the team's workspace")]
    message: String,
    /// The user's external id, as sent.
    #[schema(example = "external-user-id-4")]
    external_id: String,
}

fn relation(company_id: i64, relation: attach::Relation) -> Relation {
    let attach::Relation { id, team_id, user, created_at, updated_at } = relation;
    Relation {
        team_id,
        user_id: user.id,
        created_at: Spaced(created_at),
        updated_at: Spaced(updated_at),
        id,
        meta: Meta::new(company_id, user),
    }
}

/// Attach users to a team
///
/// User by user in request order; who cannot be attached is named in `errors`, the others are
/// attached. An unknown team or user refuses the whole request.
#[utoipa::path(
    method(put, post),
    path = "/v2/integrations/teams/{id}/attach",
    tag = "teams",
    params(("id" = String, Path, description = "The team's external id.", example = "external-team-1")),
    request_body = TeamUsers,
    responses((status = 200, description = "Who was attached, and who was not.", body = Attached)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn attach_users(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let prepared = members(&app, &caller, &id, &body).map(|members| (Attach(members), told));
    let write = Write::of(&app, &caller, &body).records(Records::each("users", by_itself));
    Ok(write.run_each(prepared, refused).await)
}

/// The users that were not attached.
fn refused(_: &Attach, outcome: &attach::Outcome) -> Refusals {
    let blame = |why: domain::team::TeamRefusal| Blame {
        pointer: String::new(),
        code: why.code(),
        message: why.to_string().into(),
    };
    outcome.refused.iter().map(|(nth, _, why)| (*nth, vec![blame(*why)])).collect()
}

fn told(Attach(sent): &Attach, outcome: attach::Outcome) -> Answer {
    let refused = |(nth, user_id, why): (usize, i64, domain::team::TeamRefusal)| Refused {
        user_id,
        name: why.name(),
        code: why.code(),
        message: why.to_string(),
        external_id: sent.users.get(nth).map(Ref::text).unwrap_or_default(),
    };
    let (created, rejected) = (outcome.attached.len(), outcome.refused.len());
    let counts = Counts { received: sent.users.len(), created, rejected };
    let company = sent.scope.company;
    let attached = Attached {
        users: outcome.attached.into_iter().map(|attached| relation(company, attached)).collect(),
        errors: outcome.refused.into_iter().map(refused).collect(),
    };
    Answer::from(Json(attached)).counting(counts)
}

/// The team and the users that a request names.
fn members(app: &Shared, caller: &Caller, id: &str, body: &JsonBody) -> Result<Members, Problem> {
    let (scope, users) = read(app, caller, body, |sent: TeamUsers| {
        Some((Metadata::source(sent.metadata)?, sent.users?))
    })?;
    let team = named(id, Kind::Team, &scope)?;
    Ok(Members { scope, team, users: users.into_iter().map(Ref::External).collect() })
}

/// Detach users from a team
///
/// Who is not in the team is skipped, so a request can be sent again. An unknown team or user
/// refuses the whole request. The answer holds the relations that there were.
#[utoipa::path(
    method(put, post),
    path = "/v2/integrations/teams/{id}/detach",
    tag = "teams",
    params(("id" = String, Path, description = "The team's external id.", example = "external-team-1")),
    request_body = TeamUsers,
    responses((status = 200, description = "Who was detached.", body = Vec<Relation>)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn detach_users(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let told = |Detach(sent): &Detach, removed: Vec<attach::Relation>| {
        let company = sent.scope.company;
        let removed = removed.into_iter().map(|removed| relation(company, removed));
        Json(removed.collect::<Vec<_>>()).into()
    };
    let prepared = members(&app, &caller, &id, &body).map(|members| (Detach(members), told));
    Ok(Write::of(&app, &caller, &body).run(prepared).await)
}
