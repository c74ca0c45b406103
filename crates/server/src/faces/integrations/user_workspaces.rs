//! Which workspaces a user is in, and with what share of the time.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::{ExternalId, Kind, Percentage, Ref};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Metadata, named, read};
use crate::app::Shared;
use crate::faces::wire::{Number, Spaced};
use crate::http::{Caller, JsonBody, Path, Problem, Write, body};
use crate::workspaces::attach::{Attach, Membership, Outcome};
use crate::workspaces::detach::Detach;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(attach_workspaces)).routes(routes!(detach_workspaces))
}

body! {
    struct AttachWorkspaces as "AttachWorkspacesToUser" = {
        "workspaces": [
            {"workspaceId": "Workspaces-example-5", "percentage": 10},
            {"workspaceId": "Workspaces-example-6", "percentage": 20}
        ],
        "metadata": {"source": "MICROSOFT_DYNAMICS"}
    } {
        workspaces: required Vec<Share>,
        metadata: required Metadata,
    }
}

body! {
    /// A workspace, and its share of the user's time.
    struct Share as "WorkspaceShare" = {"workspaceId": "Workspaces-example-5", "percentage": 10} {
        /// The workspace.
        "workspaceId" workspace_id: required ExternalId,
        percentage: required Percentage,
    }
}

impl Share {
    fn read(self) -> Option<(Ref, Percentage)> {
        Some((Ref::External(self.workspace_id?), self.percentage?))
    }
}

/// A user with all its workspaces.
#[derive(Serialize, ToSchema)]
struct UserWorkspaces {
    #[schema(example = 8545)]
    id: i64,
    /// First and last name.
    #[schema(example = "John Doe")]
    name: String,
    #[schema(example = "john.doe@example.com")]
    email: String,
    /// By id.
    workspaces: Vec<UserWorkspace>,
}

/// A workspace that a user is in.
#[derive(Serialize, ToSchema)]
struct UserWorkspace {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "Workspaces test 5")]
    name: String,
    active: bool,
    metadata: Empty,
    #[schema(required)]
    json_integrations: Option<Integration>,
    created_at: Spaced,
    updated_at: Spaced,
    pivot: Pivot,
}

/// Always `{}`.
#[derive(Serialize, ToSchema)]
#[schema(as = EmptyObject)]
struct Empty {}

/// What a source calls the workspace: the request's source if it knows it, else the first one
/// that did.
#[derive(Serialize, ToSchema)]
#[schema(as = JsonIntegrations)]
struct Integration {
    /// One number per source.
    #[schema(example = 7)]
    integration_id: i64,
    is_active: bool,
    #[schema(example = "MICROSOFT_DYNAMICS")]
    source: &'static str,
    #[schema(required)]
    destination: Option<String>,
    #[schema(example = "NOT_SEND")]
    status: &'static str,
    #[schema(example = "Workspaces-example-5")]
    origin_external_id: String,
    #[schema(required)]
    destination_external_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkspacePivot)]
struct Pivot {
    #[schema(example = 1)]
    workspace_id: i64,
    #[schema(example = 8545)]
    user_id: i64,
    percentage: Number,
}

fn user_workspace(user_id: i64, membership: Membership) -> UserWorkspace {
    UserWorkspace {
        id: membership.id,
        name: membership.name,
        active: membership.active,
        metadata: Empty {},
        json_integrations: membership.reference.map(|(source, external_id)| Integration {
            integration_id: source.id,
            is_active: true,
            source: source.name,
            destination: None,
            status: "NOT_SEND",
            origin_external_id: external_id,
            destination_external_id: None,
        }),
        created_at: Spaced(membership.created_at),
        updated_at: Spaced(membership.updated_at),
        pivot: Pivot {
            workspace_id: membership.id,
            user_id,
            percentage: Number::units(membership.percentage),
        },
    }
}

fn user_workspaces(outcome: Outcome) -> Json<UserWorkspaces> {
    let id = outcome.user_id;
    Json(UserWorkspaces {
        id,
        name: format!("{} {}", outcome.first_name, outcome.last_name),
        email: outcome.email,
        workspaces: outcome.workspaces.into_iter().map(|w| user_workspace(id, w)).collect(),
    })
}

/// Attach workspaces to a user
///
/// Merges: new workspaces are added, a present one gets the new percentage, others stay. All or
/// nothing. Percentages may add up to more than 100.
#[utoipa::path(
    put,
    path = "/v2/integrations/users/{userId}/attach",
    tag = "users",
    params(("userId" = String, Path, description = "The user's external id.", example = "OKTA-USER-12345")),
    request_body = AttachWorkspaces,
    responses((status = 200, description = "The user with all its workspaces.", body = UserWorkspaces)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn attach_workspaces(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let read = read(&app, &caller, &body, |sent: AttachWorkspaces| {
        let shares: Option<Vec<_>> = sent.workspaces?.into_iter().map(Share::read).collect();
        Some((Metadata::source(sent.metadata)?, shares?))
    });
    let told = |_: &_, outcome| user_workspaces(outcome).into();
    let prepared = read.and_then(|(scope, workspaces)| {
        let user = named(&id, Kind::User, &scope)?;
        Ok((Attach { scope, user, workspaces }, told))
    });
    Ok(Write::of(&app, &caller, &body).run(prepared).await)
}

body! {
    struct DetachWorkspaces as "DetachWorkspacesFromUser" = {
        "workspaces": ["Workspaces-example-5"], "metadata": {"source": "MICROSOFT_DYNAMICS"}
    } {
        /// Workspaces, at least one.
        workspaces: required Vec<ExternalId>,
        metadata: required Metadata,
    }
}

/// Detach workspaces from a user
///
/// What the user is not in is skipped. Refused while the user is in a team of one of them.
#[utoipa::path(
    put,
    path = "/v2/integrations/users/{userId}/detach",
    tag = "users",
    params(("userId" = String, Path, description = "The user's external id.", example = "OKTA-USER-12345")),
    request_body = DetachWorkspaces,
    responses((status = 200, description = "The user with the workspaces that remain.", body = UserWorkspaces)),
    extensions(("x-error-codes" = json!(["ZC001", "HAS_DEPENDENCIES"])))
)]
async fn detach_workspaces(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let read = read(&app, &caller, &body, |sent: DetachWorkspaces| {
        Some((Metadata::source(sent.metadata)?, sent.workspaces?))
    });
    let told = |_: &_, outcome| user_workspaces(outcome).into();
    let prepared = read.and_then(|(scope, workspaces)| {
        let user = named(&id, Kind::User, &scope)?;
        let workspaces = workspaces.into_iter().map(Ref::External).collect();
        Ok((Detach { scope, user, workspaces }, told))
    });
    Ok(Write::of(&app, &caller, &body).run(prepared).await)
}
