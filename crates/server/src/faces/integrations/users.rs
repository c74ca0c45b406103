//! Users, and which workspaces they are in.

use axum::Json;
use axum::extract::State;
use domain::{Email, ExternalId, Hours, Kind, Name, Percentage, Ref, Role, Text};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CreateBody, Created, Metadata, UpdateBody};
use crate::app::Shared;
use crate::faces::wire::{Iso, Number, Spaced};
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Path, Problem, body, path};
use crate::users::{New, Patch, User};
use crate::workspaces::attach::{Attach, Membership, attach};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(update))
        .routes(routes!(attach_workspaces))
}

body! {
    struct Create as "CreateUser" = {
        "metadata": {"source": "OKTA"}, "id": "OKTA-USER-12345", "email": "john.doe@company.com",
        "first_name": "John", "last_name": "Doe", "phone": "+1 555-0100",
        "position": "Developer", "department": "Engineering", "role_id": 4, "daily_hours": 8,
        "user_position_id": "external-user-position-1", "seniority_id": "external_seniority_id_10"
    } {
        metadata: required Metadata,
        id: required ExternalId,
        email: required Email,
        first_name: required Name,
        last_name: required Name,
        phone: optional Text,
        /// Free-text job title.
        position: optional Text,
        department: optional Text,
        /// 4 unless said otherwise.
        role_id: optional Role,
        /// What the user works in a day; 8 unless said otherwise.
        daily_hours: optional Hours,
        /// The position.
        user_position_id: optional ExternalId,
        /// The seniority.
        seniority_id: optional ExternalId,
    }
}

impl CreateBody for Create {
    type Entity = User;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let new = New {
            email: self.email?,
            first_name: self.first_name?,
            last_name: self.last_name?,
            phone: self.phone,
            position: self.position,
            department: self.department,
            role: self.role_id.unwrap_or(Role::DEFAULT),
            daily_hours: self.daily_hours.unwrap_or(Hours::DEFAULT),
            user_position: self.user_position_id.map(Ref::External),
            seniority: self.seniority_id.map(Ref::External),
        };
        Some((Metadata::source(self.metadata)?, (self.id?, new)))
    }
}

body! {
    /// What is left out stays as it is. `null` clears `phone`, `position`, `department`,
    /// `user_position_id` and `seniority_id`.
    struct Change as "UpdateUser" = {
        "metadata": {"source": "OKTA"}, "position": "Lead Developer", "role_id": 3,
        "daily_hours": 8, "user_position_id": "external-user-position-2",
        "seniority_id": "external_seniority_id_20"
    } {
        metadata: required Metadata,
        /// Cannot be changed; accepted when it is the stored one.
        email: kept Email,
        first_name: kept Name,
        last_name: kept Name,
        phone: clearable Text,
        /// Free-text job title.
        position: clearable Text,
        department: clearable Text,
        role_id: kept Role,
        /// What the user works in a day.
        daily_hours: kept Hours,
        /// The position.
        user_position_id: clearable ExternalId,
        /// The seniority.
        seniority_id: clearable ExternalId,
        /// From when the hourly rate takes effect.
        hourly_rate_effective_from: kept Date,
    }
}

impl UpdateBody for Change {
    type Entity = User;

    fn patch(self) -> Option<(SourceName, Patch)> {
        let reference = |id: Option<Option<ExternalId>>| id.map(|id| id.map(Ref::External));
        let patch = Patch {
            email: self.email,
            first_name: self.first_name,
            last_name: self.last_name,
            phone: self.phone,
            position: self.position,
            department: self.department,
            role: self.role_id,
            daily_hours: self.daily_hours,
            user_position: reference(self.user_position_id),
            seniority: reference(self.seniority_id),
            hourly_rate_effective_from: self.hourly_rate_effective_from,
        };
        Some((Metadata::source(self.metadata)?, patch))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = User)]
struct Answer {
    #[schema(example = 8546)]
    id: i64,
    #[schema(example = "john.doe@company.com")]
    email: String,
    #[schema(example = "John")]
    first_name: String,
    #[schema(example = "Doe")]
    last_name: String,
    #[schema(required, example = "+1 555-0100")]
    phone: Option<String>,
    #[schema(example = 3)]
    role_id: i64,
    daily_hours: Number,
    #[schema(example = 1234)]
    company_id: i64,
    created_at: Iso,
    updated_at: Iso,
}

impl Answer {
    fn new(company_id: i64, user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            phone: user.phone,
            role_id: user.role_id,
            daily_hours: Number::units(user.daily_hours),
            company_id,
            created_at: Iso(user.created_at),
            updated_at: Iso(user.updated_at),
        }
    }
}

/// Create a user
#[utoipa::path(
    post,
    path = "/v2/integrations/users",
    tag = "users",
    request_body = Create,
    responses((status = 200, description = "The user.", body = Answer))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let Created { entity, .. } = super::create::<Create>(&app, &caller, &body).await?;
    Ok(Json(Answer::new(caller.company_id, entity)))
}

/// Update a user
#[utoipa::path(
    put,
    path = "/v2/integrations/users/{id}",
    tag = "users",
    params(("id" = String, Path, description = "The user's external id.", example = "OKTA-USER-12345")),
    request_body = Change,
    responses((status = 200, description = "The user.", body = Answer))
)]
async fn update(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let user = super::update::<Change>(&app, &caller, &id, &body).await?;
    Ok(Json(Answer::new(caller.company_id, user)))
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
    responses((status = 200, description = "The user with all its workspaces.", body = UserWorkspaces))
)]
async fn attach_workspaces(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<UserWorkspaces>, Problem> {
    let (source, workspaces) = super::read(&app, &caller, &body, |sent: AttachWorkspaces| {
        let shares: Option<Vec<_>> = sent.workspaces?.into_iter().map(Share::read).collect();
        Some((Metadata::source(sent.metadata)?, shares?))
    })?;
    let user = Ref::External(path::external_id(&id, Kind::User, source)?);
    let input = Attach { company: caller.company_id, source, user, workspaces };
    let outcome = attach(&app, input).await?;
    let user_id = outcome.user_id;
    Ok(Json(UserWorkspaces {
        id: user_id,
        name: format!("{} {}", outcome.first_name, outcome.last_name),
        email: outcome.email,
        workspaces: outcome.workspaces.into_iter().map(|w| user_workspace(user_id, w)).collect(),
    }))
}
