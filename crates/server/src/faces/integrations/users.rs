//! Users.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::{Email, ExternalId, Hours, Name, Ref, Role, Text};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Deleted;
use super::operations::operation;
use super::{CreateBody, Metadata, UpdateBody, read};
use crate::app::Shared;
use crate::faces::wire::{Iso, Number};
use crate::http::field::SourceName;
use crate::http::records::by_id;
use crate::http::{Caller, JsonBody, Problem, Records, Write, body};
use crate::users::{New, Patch, Profile, User, positions};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(update, delete))
        .routes(routes!(assign_positions))
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
            hourly_rate_effective_from: None,
            profile: Profile::default(),
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
            ..Patch::default()
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

operation! {
    /// Create a user
    create "/v2/integrations/users", tag "users",
    codes ["INVALID_ROLE", "ZC001", "ZC004", "DUPLICATE_EMAIL"], body Create,
    200 "The user." [Answer]
    |company, user, _| Json(Answer::new(company, user))
}

operation! {
    /// Update a user
    update "/v2/integrations/users/{id}", tag "users",
    id "The user's external id." "OKTA-USER-12345",
    codes ["INVALID_ROLE", "ZC001"], body Change,
    200 "The user." [Answer]
    |company, user, _| Json(Answer::new(company, user))
}

operation! {
    /// Delete a user
    ///
    /// With all its references, its places in teams and its shares of workspaces. Refused while
    /// something else depends on it.
    delete "/v2/integrations/users/{id}", tag "users",
    id "The user's external id." "OKTA-USER-12345",
    codes ["ZC001", "HAS_DEPENDENCIES"], kind User,
    200 "What was deleted." [Deleted]
    |_, cor_id, id| Deleted::new("User deleted successfully", id, cor_id)
}

body! {
    struct AssignPositions as "AssignUsersToPositions" = {
        "metadata": {"source": "OKTA"},
        "users": [{"id": "OKTA-USER-12345", "position_id": "external-user-position-1"}]
    } {
        metadata: required Metadata,
        /// Each user once.
        users: required Vec<PositionOfUser>,
    }
}

body! {
    /// A user, and the position that it is to have.
    struct PositionOfUser as "PositionOfUser" = {
        "id": "OKTA-USER-12345", "position_id": "external-user-position-1"
    } {
        /// The user.
        id: required ExternalId,
        /// The position.
        position_id: required ExternalId,
    }
}

impl PositionOfUser {
    fn read(self) -> Option<(Ref, Ref)> {
        Some((Ref::External(self.id?), Ref::External(self.position_id?)))
    }
}

/// What came of assigning users to positions.
#[derive(Serialize, ToSchema)]
struct PositionsAssigned {
    #[schema(example = "Users assigned to positions successfully")]
    message: &'static str,
    /// In request order.
    assignments: Vec<PositionAssigned>,
}

/// A user that has its position now.
#[derive(Serialize, ToSchema)]
struct PositionAssigned {
    #[schema(example = 8546)]
    user_id: i64,
    #[schema(example = 101)]
    position_id: i64,
    #[schema(example = "assigned")]
    status: &'static str,
}

/// Assign users to positions
///
/// All or none. The path has no `/integrations`, as published.
#[utoipa::path(
    put,
    path = "/v2/user/user-position",
    tag = "users",
    request_body = AssignPositions,
    responses((status = 200, description = "Who has which position now.", body = PositionsAssigned)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn assign_positions(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, Problem> {
    let read = read(&app, &caller, &body, |sent: AssignPositions| {
        let users: Option<Vec<_>> = sent.users?.into_iter().map(PositionOfUser::read).collect();
        Some((Metadata::source(sent.metadata)?, users?))
    });
    let told = |_: &_, assigned: Vec<(i64, i64)>| {
        let one =
            |(user_id, position_id)| PositionAssigned { user_id, position_id, status: "assigned" };
        let message = "Users assigned to positions successfully";
        let assignments = assigned.into_iter().map(one).collect();
        Json(PositionsAssigned { message, assignments }).into()
    };
    let prepared = read.map(|(scope, users)| (positions::AssignPositions { scope, users }, told));
    let write = Write::of(&app, &caller, &body).records(Records::each("users", by_id));
    Ok(write.run(prepared).await)
}
