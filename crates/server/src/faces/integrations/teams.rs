//! Teams, and who is in them.

use axum::Json;
use axum::extract::State;
use domain::{ExternalId, Kind, Name, Ref, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CreateBody, Created, Metadata};
use crate::app::Shared;
use crate::faces::wire::{Iso, Spaced};
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Path, Problem, body, path};
use crate::teams::attach::{self, Attach};
use crate::teams::{New, Team};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(attach_users))
}

body! {
    struct Create as "CreateTeam" = {
        "metadata": {"source": "GLOBANT"}, "id": "external-team-1", "name": "Team test",
        "workspace_id": "Workspaces-example-5", "description": "description"
    } {
        metadata: required Metadata,
        id: required ExternalId,
        name: required Name,
        /// The workspace. A team without one takes every user.
        workspace_id: optional ExternalId,
        description: optional Text,
    }
}

impl CreateBody for Create {
    type Entity = Team;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let new = New {
            name: self.name?,
            workspace: self.workspace_id.map(Ref::External),
            description: self.description,
        };
        Some((Metadata::source(self.metadata)?, (self.id?, new)))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Team)]
struct Answer {
    #[schema(example = 5001)]
    id: i64,
    #[schema(example = "Team test")]
    name: String,
    #[schema(required, example = "description")]
    description: Option<String>,
    #[schema(required, example = 1234)]
    workspace_id: Option<i64>,
    #[schema(example = 1234)]
    company_id: i64,
    created_at: Iso,
    updated_at: Iso,
}

/// Create a team
#[utoipa::path(
    post,
    path = "/v2/integrations/teams",
    tag = "teams",
    request_body = Create,
    responses((status = 200, description = "The team.", body = Answer))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let Created { entity: team, .. } = super::create::<Create>(&app, &caller, &body).await?;
    Ok(Json(Answer {
        id: team.id,
        name: team.name,
        description: team.description,
        workspace_id: team.workspace_id,
        company_id: caller.company_id,
        created_at: Iso(team.created_at),
        updated_at: Iso(team.updated_at),
    }))
}

body! {
    struct AttachUsers as "AttachUsersToTeam" = {
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

#[derive(Serialize, ToSchema)]
#[schema(as = TeamUserMeta)]
struct Meta {
    #[schema(example = 2336)]
    company_id: i64,
    user: MetaUser,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TeamUserMetaUser)]
struct MetaUser {
    #[schema(example = 48878)]
    id: i64,
    #[schema(example = "Ana")]
    first_name: String,
    #[schema(example = "Lee")]
    last_name: String,
    #[schema(example = "ana.lee@example.com")]
    email: String,
    #[schema(example = 2336)]
    company_id: i64,
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
    let user = relation.user;
    Relation {
        team_id: relation.team_id,
        user_id: user.id,
        created_at: Spaced(relation.created_at),
        updated_at: Spaced(relation.updated_at),
        id: relation.id,
        meta: Meta {
            company_id,
            user: MetaUser {
                id: user.id,
                first_name: user.first_name,
                last_name: user.last_name,
                email: user.email,
                company_id,
            },
        },
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
    request_body = AttachUsers,
    responses((status = 200, description = "Who was attached, and who was not.", body = Attached))
)]
async fn attach_users(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<Attached>, Problem> {
    let (source, users) = super::read(&app, &caller, &body, |sent: AttachUsers| {
        Some((Metadata::source(sent.metadata)?, sent.users?))
    })?;
    let company = caller.company_id;
    let team = Ref::External(path::external_id(&id, Kind::Team, source)?);
    let sent: Vec<String> = users.iter().map(ExternalId::to_string).collect();
    let users = users.into_iter().map(Ref::External).collect();
    let outcome = attach::attach(&app, Attach { company, source, team, users }).await?;
    let refused = |(nth, user_id, why): (usize, i64, domain::team::TeamRefusal)| Refused {
        user_id,
        name: why.name(),
        code: why.code(),
        message: why.to_string(),
        external_id: sent[nth].clone(),
    };
    Ok(Json(Attached {
        users: outcome.attached.into_iter().map(|attached| relation(company, attached)).collect(),
        errors: outcome.refused.into_iter().map(refused).collect(),
    }))
}
