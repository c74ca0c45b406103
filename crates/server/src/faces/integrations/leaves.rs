//! Leaves of users.

use axum::extract::State;
use axum::response::Response;
use domain::{ExternalId, Kind, Moment, Ref};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{DeletedId, Wrapped};
use super::operations::operation;
use super::{CreateBody, Metadata, UpdateBody, named, read};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Path, Problem, Write, body};
use crate::leaves::{Leave, New, Patch, delete as remove};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
}

body! {
    struct Create as "CreateLeave" = {
        "metadata": {"source": "GLOBANT"}, "id": "external-id-3", "userId": "external-user-id-1",
        "leaveTypeId": "external-leave-type-1", "start": "2026-05-11T00:00:00-00:00",
        "end": "2026-05-11T23:59:00-00:00", "allDay": true
    } {
        metadata: required Metadata,
        id: required ExternalId,
        /// The user.
        "userId" user_id: required ExternalId,
        /// The leave type.
        "leaveTypeId" leave_type_id: required ExternalId,
        start: required Moment,
        /// Not before the start.
        end: required Moment,
        /// Whether the times of the day do not matter.
        "allDay" all_day: required bool,
    }
}

impl CreateBody for Create {
    type Entity = Leave;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let new = New {
            user: Ref::External(self.user_id?),
            leave_type: Ref::External(self.leave_type_id?),
            start: self.start?,
            end: self.end?,
            all_day: self.all_day?,
        };
        Some((Metadata::source(self.metadata)?, (self.id?, new)))
    }
}

body! {
    /// Every field is required, as published.
    struct Change as "UpdateLeave" = {
        "metadata": {"source": "GLOBANT"}, "userId": "external-user-id-1",
        "leaveTypeId": "external-leave-type-1", "start": "2026-05-11T00:00:00-00:00",
        "end": "2026-05-12T23:59:00-00:00", "allDay": true
    } {
        metadata: required Metadata,
        /// The user.
        "userId" user_id: required ExternalId,
        /// The leave type.
        "leaveTypeId" leave_type_id: required ExternalId,
        start: required Moment,
        /// Not before the start.
        end: required Moment,
        /// Whether the times of the day do not matter.
        "allDay" all_day: required bool,
    }
}

impl UpdateBody for Change {
    type Entity = Leave;

    fn patch(self) -> Option<(SourceName, Patch)> {
        let patch = Patch {
            user: Ref::External(self.user_id?),
            leave_type: Ref::External(self.leave_type_id?),
            start: self.start?,
            end: self.end?,
            all_day: Some(self.all_day?),
        };
        Some((Metadata::source(self.metadata)?, patch))
    }
}

body! {
    struct Delete as "DeleteLeave" = {
        "metadata": {"source": "GLOBANT"}, "userId": "external-user-id-1"
    } {
        metadata: required Metadata,
        /// The leave's user.
        "userId" user_id: required ExternalId,
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Leave)]
struct Answer {
    #[schema(example = 12345)]
    id: i64,
    #[serde(rename = "userId")]
    #[schema(example = 67890)]
    user_id: i64,
    #[serde(rename = "leaveTypeId")]
    #[schema(example = 54321)]
    leave_type_id: i64,
    /// As sent.
    #[schema(example = "2026-05-11T00:00:00-00:00")]
    start: String,
    /// As sent.
    #[schema(example = "2026-05-11T23:59:00-00:00")]
    end: String,
    #[serde(rename = "allDay")]
    all_day: bool,
    #[schema(example = 2336)]
    company_id: i64,
    created_at: Iso,
    updated_at: Iso,
    /// Always `pending`.
    #[schema(example = "pending")]
    status: &'static str,
}

impl Answer {
    fn new(company_id: i64, leave: Leave) -> Self {
        Self {
            id: leave.id,
            user_id: leave.user_id,
            leave_type_id: leave.leave_type_id,
            start: leave.start,
            end: leave.end,
            all_day: leave.all_day,
            company_id,
            created_at: Iso(leave.created_at),
            updated_at: Iso(leave.updated_at),
            status: "pending",
        }
    }
}

operation! {
    /// Create a leave
    ///
    /// Leaves of one user may overlap.
    create "/v2/integrations/leaves", tag "user-leaves",
    codes ["INVALID_DATE_RANGE", "ZC001", "ZC004"], body Create,
    201 "The leave." [Wrapped<Answer>]
    |company, leave, _| Wrapped::created(Answer::new(company, leave))
}

operation! {
    /// Update a leave
    update "/v2/integrations/leaves/{id}", tag "user-leaves",
    id "The leave's external id." "external-id-3",
    codes ["INVALID_DATE_RANGE", "ZC001"], body Change,
    200 "The leave." [Wrapped<Answer>]
    |company, leave, _| Wrapped::ok(Answer::new(company, leave))
}

/// Delete a leave
///
/// With all its references. The user must be the leave's.
#[utoipa::path(
    delete,
    path = "/v2/integrations/leaves/{id}",
    tag = "user-leaves",
    params(("id" = String, Path, description = "The leave's external id.", example = "external-id-3")),
    request_body = Delete,
    responses((status = 200, description = "What was deleted.", body = Wrapped<DeletedId>)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let read = read(&app, &caller, &body, |sent: Delete| {
        Some((Metadata::source(sent.metadata)?, Ref::External(sent.user_id?)))
    });
    let prepared = read.and_then(|(scope, user)| {
        let leave = named(&id, Kind::Leave, &scope)?;
        let told = move |_: &remove::Delete, ()| {
            DeletedId::new("Leave request deleted successfully", id.clone()).into()
        };
        Ok((remove::Delete { scope, leave, user }, told))
    });
    Ok(Write::of(&app, &caller, &body).run(prepared).await)
}
