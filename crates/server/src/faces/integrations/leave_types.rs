//! Leave types. COR's path says `leaves-types`, as its v1 does.

use axum::extract::State;
use domain::{ExternalId, Name};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{DeletedId, Wrapped};
use super::{Bare, CreateBody, Created, Metadata, UpdateBody};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Path, Problem, body};
use crate::leave_types::{LeaveType, New, Patch};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
}

body! {
    struct Create as "CreateLeaveType" = {
        "metadata": {"source": "GLOBANT"}, "id": "external-leave-type-1", "name": "Vacation"
    } {
        metadata: required Metadata,
        id: required ExternalId,
        name: required Name,
    }
}

impl CreateBody for Create {
    type Entity = LeaveType;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        Some((Metadata::source(self.metadata)?, (self.id?, New { name: self.name? })))
    }
}

body! {
    /// What is left out stays as it is.
    struct Change as "UpdateLeaveType" = {
        "metadata": {"source": "GLOBANT"}, "name": "Annual leave"
    } {
        metadata: required Metadata,
        name: kept Name,
    }
}

impl UpdateBody for Change {
    type Entity = LeaveType;

    fn patch(self) -> Option<(SourceName, Patch)> {
        Some((Metadata::source(self.metadata)?, Patch { name: self.name }))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = LeaveType)]
struct Answer {
    #[schema(example = 54321)]
    id: i64,
    #[schema(example = "Vacation")]
    name: String,
    #[schema(example = 2336)]
    company_id: i64,
    created_at: Iso,
    updated_at: Iso,
}

impl Answer {
    fn new(company_id: i64, leave_type: LeaveType) -> Self {
        Self {
            id: leave_type.id,
            name: leave_type.name,
            company_id,
            created_at: Iso(leave_type.created_at),
            updated_at: Iso(leave_type.updated_at),
        }
    }
}

/// Create a leave type
///
/// COR publishes no more than the title: made like the create of a leave, by v1's path.
#[utoipa::path(
    post,
    path = "/v2/integrations/leaves-types",
    tag = "user-leaves",
    request_body = Create,
    responses((status = 201, description = "The leave type.", body = Wrapped<Answer>)),
    extensions(("x-error-codes" = json!(["ZC004"])))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Wrapped<Answer>, Problem> {
    let Created { entity, .. } = super::create::<Create>(&app, &caller, &body).await?;
    Ok(Wrapped::created(Answer::new(caller.company_id, entity)))
}

/// Update a leave type
///
/// COR publishes no more than the title: made like the update of a leave, by v1's path.
#[utoipa::path(
    put,
    path = "/v2/integrations/leaves-types/{id}",
    tag = "user-leaves",
    params(("id" = String, Path, description = "The leave type's external id.", example = "external-leave-type-1")),
    request_body = Change,
    responses((status = 200, description = "The leave type.", body = Wrapped<Answer>)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn update(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Wrapped<Answer>, Problem> {
    let leave_type = super::update::<Change>(&app, &caller, &id, &body).await?;
    Ok(Wrapped::ok(Answer::new(caller.company_id, leave_type)))
}

/// Delete a leave type
///
/// With all its references. Refused while something depends on it. COR publishes no more than
/// the title: made like the delete of a leave, by v1's path.
#[utoipa::path(
    delete,
    path = "/v2/integrations/leaves-types/{id}",
    tag = "user-leaves",
    params(("id" = String, Path, description = "The leave type's external id.", example = "external-leave-type-1")),
    request_body = Bare,
    responses((status = 200, description = "What was deleted.", body = Wrapped<DeletedId>)),
    extensions(("x-error-codes" = json!(["ZC001", "HAS_DEPENDENCIES"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Wrapped<DeletedId>, Problem> {
    super::delete::<LeaveType>(&app, &caller, &id, &body).await?;
    Ok(DeletedId::new("Leave type deleted successfully", id))
}
