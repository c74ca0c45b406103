//! Teams.

use axum::Json;
use axum::extract::State;
use domain::{ExternalId, Name, Ref, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Gone;
use super::{Bare, CreateBody, Created, Metadata, UpdateBody};
use crate::app::Shared;
use crate::faces::wire::{Iso, Spaced};
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Path, Problem, body};
use crate::teams::{New, Patch, Team};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
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

body! {
    /// What is left out stays as it is; `null` clears the workspace and the description.
    struct Change as "UpdateTeam" = {
        "metadata": {"source": "GLOBANT"}, "name": "Team test 2.0",
        "workspace_id": "Workspaces-example-6", "description": "New team"
    } {
        metadata: required Metadata,
        name: kept Name,
        /// The workspace; all members must be in it, and in no other of its teams.
        workspace_id: clearable ExternalId,
        description: clearable Text,
    }
}

impl UpdateBody for Change {
    type Entity = Team;

    fn patch(self) -> Option<(SourceName, Patch)> {
        let Self { name, workspace_id, description, .. } = self;
        let workspace = workspace_id.map(|id| id.map(Ref::External));
        Some((Metadata::source(self.metadata)?, Patch { name, workspace, description }))
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

/// A team that was updated.
#[derive(Serialize, ToSchema)]
#[schema(as = UpdatedTeam)]
struct Updated {
    #[schema(example = 4240)]
    id: i64,
    #[schema(example = 2336)]
    company_id: i64,
    #[schema(example = "Team test 2.0")]
    name: String,
    #[schema(required, example = "New team")]
    description: Option<String>,
    created_at: Spaced,
    updated_at: Spaced,
    /// Always `null`.
    #[schema(required)]
    deleted_at: Option<Spaced>,
    #[schema(required, example = 3)]
    workspace_id: Option<i64>,
}

/// Create a team
#[utoipa::path(
    post,
    path = "/v2/integrations/teams",
    tag = "teams",
    request_body = Create,
    responses((status = 200, description = "The team.", body = Answer)),
    extensions(("x-error-codes" = json!(["ZC001", "ZC004"])))
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

/// Update a team
///
/// A team takes its members along to another workspace; refused while they do not fit there.
#[utoipa::path(
    put,
    path = "/v2/integrations/teams/{id}",
    tag = "teams",
    params(("id" = String, Path, description = "The team's external id.", example = "external-team-1")),
    request_body = Change,
    responses((status = 200, description = "The team.", body = Updated)),
    extensions(("x-error-codes" = json!(["ZC001", "WORKSPACE_CONFLICT"])))
)]
async fn update(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<Updated>, Problem> {
    let team = super::update::<Change>(&app, &caller, &id, &body).await?;
    Ok(Json(Updated {
        id: team.id,
        company_id: caller.company_id,
        name: team.name,
        description: team.description,
        created_at: Spaced(team.created_at),
        updated_at: Spaced(team.updated_at),
        deleted_at: None,
        workspace_id: team.workspace_id,
    }))
}

/// Delete a team
///
/// With all its references; who was in it no longer is.
#[utoipa::path(
    delete,
    path = "/v2/integrations/teams/{id}",
    tag = "teams",
    params(("id" = String, Path, description = "The team's external id.", example = "external-team-1")),
    request_body = Bare,
    responses((status = 200, description = "It was deleted.", body = Gone)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<Gone>, Problem> {
    super::delete::<Team>(&app, &caller, &id, &body).await.map(Gone::entity)
}
