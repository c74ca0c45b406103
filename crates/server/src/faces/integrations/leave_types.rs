//! Leave types. COR's path says `leaves-types`, as its v1 does.

use domain::{ExternalId, Name};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{DeletedId, Wrapped};
use super::operations::operation;
use super::{CreateBody, Metadata, UpdateBody};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::body;
use crate::http::field::SourceName;
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

operation! {
    /// Create a leave type
    ///
    /// COR publishes no more than the title: made like the create of a leave, by v1's path.
    create "/v2/integrations/leaves-types", tag "user-leaves",
    codes ["ZC004"], body Create,
    200 "The leave type." [Wrapped<Answer>]
    |company, leave_type, _| Wrapped::ok(Answer::new(company, leave_type))
}

operation! {
    /// Update a leave type
    ///
    /// COR publishes no more than the title: made like the update of a leave, by v1's path.
    update "/v2/integrations/leaves-types/{id}", tag "user-leaves",
    id "The leave type's external id." "external-leave-type-1",
    codes ["ZC001"], body Change,
    200 "The leave type." [Wrapped<Answer>]
    |company, leave_type, _| Wrapped::ok(Answer::new(company, leave_type))
}

operation! {
    /// Delete a leave type
    ///
    /// With all its references. Refused while something depends on it. COR publishes no more than
    /// the title: made like the delete of a leave, by v1's path.
    delete "/v2/integrations/leaves-types/{id}", tag "user-leaves",
    id "The leave type's external id." "external-leave-type-1",
    codes ["ZC001", "HAS_DEPENDENCIES"], kind LeaveType,
    200 "What was deleted." [Wrapped<DeletedId>]
    |_, _, id| DeletedId::new("Leave type deleted successfully", id)
}
