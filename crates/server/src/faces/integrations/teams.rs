//! Teams.

use axum::Json;
use domain::{ExternalId, Name, Ref, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Gone;
use super::operations::operation;
use super::{CreateBody, Metadata, UpdateBody};
use crate::app::Shared;
use crate::faces::wire::{Iso, Spaced};
use crate::http::body;
use crate::http::field::SourceName;
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

impl Answer {
    fn new(company_id: i64, team: Team) -> Json<Self> {
        Json(Self {
            id: team.id,
            name: team.name,
            description: team.description,
            workspace_id: team.workspace_id,
            company_id,
            created_at: Iso(team.created_at),
            updated_at: Iso(team.updated_at),
        })
    }
}

impl Updated {
    fn new(company_id: i64, team: Team) -> Json<Self> {
        Json(Self {
            id: team.id,
            company_id,
            name: team.name,
            description: team.description,
            created_at: Spaced(team.created_at),
            updated_at: Spaced(team.updated_at),
            deleted_at: None,
            workspace_id: team.workspace_id,
        })
    }
}

operation! {
    /// Create a team
    create "/v2/integrations/teams", tag "teams",
    codes ["ZC001", "ZC004"], body Create,
    200 "The team." [Answer]
    |company, team, _| Answer::new(company, team)
}

operation! {
    /// Update a team
    ///
    /// A team takes its members along to another workspace; refused while they do not fit there.
    update "/v2/integrations/teams/{id}", tag "teams",
    id "The team's external id." "external-team-1",
    codes ["ZC001", "WORKSPACE_CONFLICT"], body Change,
    200 "The team." [Updated]
    |company, team, _| Updated::new(company, team)
}

operation! {
    /// Delete a team
    ///
    /// With all its references; who was in it no longer is.
    delete "/v2/integrations/teams/{id}", tag "teams",
    id "The team's external id." "external-team-1",
    codes ["ZC001"], kind Team,
    200 "It was deleted." [Gone]
    |_, _, _| Gone::entity()
}
