//! Workspaces.

use axum::Json;
use axum::extract::State;
use domain::{ExternalId, Name, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CreateBody, Created, Metadata};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Problem, body};
use crate::workspaces::{New, Workspace};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create))
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

/// Create a workspace
#[utoipa::path(
    post,
    path = "/v2/integrations/workspaces",
    tag = "workspaces",
    request_body = Create,
    responses((status = 200, description = "The workspace.", body = Answer))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let Created { entity: workspace, .. } = super::create::<Create>(&app, &caller, &body).await?;
    Ok(Json(Answer {
        id: workspace.id,
        name: workspace.name,
        active: workspace.active,
        description: workspace.description,
        company_id: caller.company_id,
        created_at: Iso(workspace.created_at),
        updated_at: Iso(workspace.updated_at),
    }))
}
