//! Workspaces.

use axum::Json;
use domain::{ExternalId, Name, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::operations::operation;
use super::{CreateBody, Metadata, UpdateBody};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::body;
use crate::http::field::SourceName;
use crate::workspaces::{New, Patch, Workspace};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update))
}

body! {
    struct Create as "CreateWorkspace" = {
        "metadata": {"source": "MICROSOFT_TEAMS"}, "id": "Workspaces-example-5",
        "name": "Marketing Team", "active": true,
        "description": "Workspace for the marketing department"
    } {
        metadata: required Metadata,
        id: required ExternalId,
        name: required Name,
        /// `true` unless said otherwise.
        active: optional bool,
        description: optional Text,
    }
}

impl CreateBody for Create {
    type Entity = Workspace;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let new = New {
            name: self.name?,
            active: self.active.unwrap_or(true),
            description: self.description,
        };
        Some((Metadata::source(self.metadata)?, (self.id?, new)))
    }
}

body! {
    /// What is left out stays as it is; `null` clears the description.
    struct Change as "UpdateWorkspace" = {
        "metadata": {"source": "MICROSOFT_TEAMS"}, "name": "Marketing Team", "active": false
    } {
        metadata: required Metadata,
        name: kept Name,
        /// No user can be attached to one that is not; who is in it stays.
        active: kept bool,
        description: clearable Text,
    }
}

impl UpdateBody for Change {
    type Entity = Workspace;

    fn patch(self) -> Option<(SourceName, Patch)> {
        let Self { name, active, description, .. } = self;
        Some((Metadata::source(self.metadata)?, Patch { name, active, description }))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Workspace)]
struct Answer {
    #[schema(example = 5001)]
    id: i64,
    #[schema(example = "Marketing Team")]
    name: String,
    active: bool,
    #[schema(required, example = "Workspace for the marketing department")]
    description: Option<String>,
    #[schema(example = 1234)]
    company_id: i64,
    created_at: Iso,
    updated_at: Iso,
}

impl Answer {
    fn new(company_id: i64, workspace: Workspace) -> Json<Self> {
        Json(Self {
            id: workspace.id,
            name: workspace.name,
            active: workspace.active,
            description: workspace.description,
            company_id,
            created_at: Iso(workspace.created_at),
            updated_at: Iso(workspace.updated_at),
        })
    }
}

operation! {
    /// Create a workspace
    create "/v2/integrations/workspaces", tag "workspaces",
    codes ["ZC004"], body Create,
    200 "The workspace." [Answer]
    |company, workspace, _| Answer::new(company, workspace)
}

operation! {
    /// Update a workspace
    ///
    /// There is no delete: set `active` to `false`.
    update "/v2/integrations/workspaces/{id}", tag "workspaces",
    id "The workspace's external id." "Workspaces-example-5",
    codes ["ZC001"], body Change,
    200 "The workspace." [Answer]
    |company, workspace, _| Answer::new(company, workspace)
}
