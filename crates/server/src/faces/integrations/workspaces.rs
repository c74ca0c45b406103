//! Workspaces.

use axum::Json;
use axum::extract::State;
use domain::{ExternalId, Name, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CreateBody, Created, Metadata, UpdateBody};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Path, Problem, body};
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

/// Create a workspace
#[utoipa::path(
    post,
    path = "/v2/integrations/workspaces",
    tag = "workspaces",
    request_body = Create,
    responses((status = 200, description = "The workspace.", body = Answer)),
    extensions(("x-error-codes" = json!(["ZC004"])))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let Created { entity, .. } = super::create::<Create>(&app, &caller, &body).await?;
    Ok(Answer::new(caller.company_id, entity))
}

/// Update a workspace
///
/// There is no delete: set `active` to `false`.
#[utoipa::path(
    put,
    path = "/v2/integrations/workspaces/{id}",
    tag = "workspaces",
    params(("id" = String, Path, description = "The workspace's external id.", example = "Workspaces-example-5")),
    request_body = Change,
    responses((status = 200, description = "The workspace.", body = Answer)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn update(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let workspace = super::update::<Change>(&app, &caller, &id, &body).await?;
    Ok(Answer::new(caller.company_id, workspace))
}
