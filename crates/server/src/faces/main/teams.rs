//! Teams, and who is in them.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::{Kind, Name, Ref, Text};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::Unfiltered;
use super::operations::operation;
use super::{CreateBody, UpdateBody, named, read};
use crate::app::Shared;
use crate::faces::team_users::Meta;
use crate::faces::wire::{Precise, Spaced};
use crate::http::log::Counts;
use crate::http::problem::{FieldError, LISTED};
use crate::http::{Answer, Caller, JsonBody, Path, Problem, Write, body};
use crate::teams::attach::{self, Attach, Members};
use crate::teams::detach::Detach;
use crate::teams::{New, Patch, Team};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(attach_users, detach_users))
}

/// A team.
#[derive(Serialize, ToSchema)]
#[schema(as = MainTeam)]
struct Shown {
    #[schema(example = 4246)]
    id: i64,
    #[schema(example = "Design")]
    name: String,
    #[schema(required)]
    description: Option<String>,
    #[schema(required)]
    workspace_id: Option<i64>,
    created_at: Spaced,
    updated_at: Spaced,
}

fn shown(team: Team) -> Shown {
    Shown {
        id: team.id,
        name: team.name,
        description: team.description,
        workspace_id: team.workspace_id,
        created_at: Spaced(team.created_at),
        updated_at: Spaced(team.updated_at),
    }
}

body! {
    struct Create as "MainCreateTeam" = {
        "name": "Design", "description": "Who draws", "workspace_id": 1
    } {
        name: required Name,
        description: optional Text,
        /// The workspace.
        workspace_id: optional i64,
    }
}

impl CreateBody for Create {
    type Entity = Team;

    fn fields(self) -> Option<New> {
        let workspace = self.workspace_id.map(Ref::Internal);
        Some(New { name: self.name?, workspace, description: self.description })
    }
}

body! {
    /// What is left out stays as it is; `null` clears all but the name.
    struct Change as "MainUpdateTeam" = {"name": "Design and research"} {
        name: kept Name,
        description: clearable Text,
        /// The workspace. The members must fit there.
        workspace_id: clearable i64,
    }
}

impl UpdateBody for Change {
    type Entity = Team;

    fn patch(self) -> Option<Patch> {
        let workspace = self.workspace_id.map(|id| id.map(Ref::Internal));
        Some(Patch { name: self.name, workspace, description: self.description })
    }
}

operation! {
    /// List teams
    list "/v1/teams", tag "teams", filters Unfiltered, rows Team,
    [Shown] |_, team| shown(team)
}

operation! {
    /// A team
    get "/v1/teams/{team_id}", tag "teams", id "team_id" "The team's id.", row Team,
    [Shown] |_, team| shown(team)
}

operation! {
    /// Create a team
    create "/v1/teams", tag "teams", codes ["ZC001"], body Create, row Team,
    [Shown] |_, team| shown(team)
}

operation! {
    /// Update a team
    ///
    /// Refused while members do not fit into its new workspace.
    update "/v1/teams/{team_id}", tag "teams", id "team_id" "The team's id.",
    codes ["ZC001", "WORKSPACE_CONFLICT"], body Change, row Team,
    [Shown] |_, team| shown(team)
}

operation! {
    /// Delete a team
    ///
    /// With its members' places in it.
    delete "/v1/teams/{team_id}", tag "teams", id "team_id" "The team's id.",
    codes ["ZC001", "HAS_DEPENDENCIES"], kind Team,
    [bool] |_, _| true
}

body! {
    struct TeamUsers as "MainTeamUsers" = {"users_ids": [1]} {
        /// Users, at least one.
        users_ids: optional Vec<i64>,
        /// The same under the name that some clients send.
        "userIds" user_ids: optional Vec<i64>,
    }
}

/// A user in a team.
#[derive(Serialize, ToSchema)]
#[schema(as = MainTeamUser)]
struct Relation {
    /// The relation's own id.
    #[schema(example = 178149)]
    id: i64,
    #[schema(example = 4246)]
    team_id: i64,
    #[schema(example = 48429)]
    user_id: i64,
    created_at: Spaced,
    updated_at: Spaced,
    /// When the user was taken out of the team; only when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Precise>,
    #[serde(rename = "__meta__")]
    meta: Meta,
}

fn relation(company: i64, relation: attach::Relation, deleted_at: Option<Timestamp>) -> Relation {
    let attach::Relation { id, team_id, user, created_at, updated_at } = relation;
    Relation {
        id,
        team_id,
        user_id: user.id,
        created_at: Spaced(created_at),
        updated_at: Spaced(updated_at),
        deleted_at: deleted_at.map(Precise::from),
        meta: Meta::new(company, user),
    }
}

/// The names that users may be sent under.
const NAMES: [&str; 2] = ["users_ids", "userIds"];

/// The team and the users that a request names, and under which of the [`NAMES`].
fn members(
    app: &Shared,
    caller: &Caller,
    id: &str,
    body: &JsonBody,
) -> Result<(Members, usize), Problem> {
    let (scope, (users, under)) =
        read(app, caller, body, |sent: TeamUsers, check| match (sent.users_ids, sent.user_ids) {
            (Some(users), _) => Some((users, 0)),
            (None, Some(users)) => Some((users, 1)),
            (None, None) => {
                check.clean()?;
                check.within(NAMES[0], |check| check.wrong("is required, and not empty"))
            }
        })?;
    let team = named(id, Kind::Team)?;
    let users = users.into_iter().map(Ref::Internal).collect();
    Ok((Members { scope, team, users }, under))
}

/// Add users to a team
///
/// User by user in request order; who cannot be added is left out. When nobody could be added,
/// 400 says why. An unknown team or user refuses the whole request.
#[utoipa::path(
    post,
    path = "/v1/teams/{team_id}/users",
    tag = "teams",
    params(("team_id" = i64, Path, description = "The team's id.", example = 1)),
    request_body = TeamUsers,
    responses((status = 200, description = "Who was added.", body = Vec<Relation>)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn attach_users(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let prepared = members(&app, &caller, &id, &body).map(|(members, under)| {
        (Attach(members), move |attach: &Attach, outcome: attach::Outcome| {
            attached(attach, outcome, under)
        })
    });
    Ok(Write::of(&app, &caller, &body).without_records().run(prepared).await)
}

/// Who was added; or why nobody was, under the name that was sent.
fn attached(Attach(sent): &Attach, outcome: attach::Outcome, under: usize) -> Answer {
    let (created, rejected) = (outcome.attached.len(), outcome.refused.len());
    let counts = Counts { received: sent.users.len(), created, rejected };
    if created == 0 {
        let blame = |(nth, _, why): &(usize, i64, domain::team::TeamRefusal)| FieldError {
            pointer: format!("/{}/{nth}", NAMES[under]),
            message: format!("{why} ({})", why.code()).into(),
        };
        let errors = outcome.refused.iter().take(LISTED).map(blame).collect();
        let problem = Problem::fields(errors, rejected);
        return problem.answer(false, &sent.scope.actor.request_id).counting(counts);
    }
    let company = sent.scope.company;
    let added = outcome.attached.into_iter().map(|added| relation(company, added, None));
    Answer::from(Json(added.collect::<Vec<_>>())).counting(counts)
}

/// Take users out of a team
///
/// Who is not in the team is skipped, so a request can be sent again. An unknown team or user
/// refuses the whole request. The answer holds the relations that there were.
#[utoipa::path(
    delete,
    path = "/v1/teams/{team_id}/users",
    tag = "teams",
    params(("team_id" = i64, Path, description = "The team's id.", example = 1)),
    request_body = TeamUsers,
    responses((status = 200, description = "Who was taken out.", body = Vec<Relation>)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn detach_users(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let told = move |Detach(sent): &Detach, removed: Vec<attach::Relation>| {
        let company = sent.scope.company;
        let removed = removed.into_iter().map(|removed| relation(company, removed, Some(now)));
        Json(removed.collect::<Vec<_>>()).into()
    };
    let prepared = members(&app, &caller, &id, &body).map(|(members, _)| (Detach(members), told));
    Ok(Write::of(&app, &caller, &body).without_records().run(prepared).await)
}
