//! Leave types.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::{Name, Ref};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::Unfiltered;
use super::operations::operation;
use super::{CreateBody, UpdateBody, read};
use crate::app::Shared;
use crate::entities::Remove;
use crate::faces::wire::{Precise, Spaced};
use crate::http::{Caller, JsonBody, Problem, Write, body};
use crate::leave_types::{LeaveType, New, Patch};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, create, delete)).routes(routes!(update))
}

/// A leave type.
#[derive(Serialize, ToSchema)]
#[schema(as = MainLeaveType)]
struct Shown {
    #[schema(example = 111)]
    id: i64,
    #[schema(example = "Custom leave")]
    name: String,
    /// `UL` and the id.
    #[schema(example = "UL111")]
    type_code: String,
    #[schema(example = 111)]
    company_id: i64,
    created_at: Precise,
    updated_at: Precise,
    /// Always `null`.
    #[schema(required)]
    deleted_at: Option<Precise>,
    /// Always `null`.
    #[schema(required)]
    icon_name: Option<String>,
}

fn shown(company_id: i64, kind: LeaveType) -> Shown {
    Shown {
        type_code: type_code(kind.id),
        id: kind.id,
        name: kind.name,
        company_id,
        created_at: kind.created_at.into(),
        updated_at: kind.updated_at.into(),
        deleted_at: None,
        icon_name: None,
    }
}

fn type_code(id: i64) -> String {
    format!("UL{id}")
}

/// A leave type as it stands in a leave, and when it has just been created: its times are
/// written otherwise.
#[derive(Serialize, ToSchema)]
#[schema(as = MainLeaveTypeOfLeave)]
pub struct Spoken {
    #[schema(example = 1498)]
    id: i64,
    #[schema(example = "Custom Leave")]
    name: String,
    /// `UL` and the id.
    #[schema(example = "UL1498")]
    type_code: String,
    #[schema(example = 2336)]
    company_id: i64,
    created_at: Spaced,
    updated_at: Spaced,
    /// Always `null`.
    #[schema(required)]
    deleted_at: Option<Spaced>,
    /// Always `null`.
    #[schema(required)]
    icon_name: Option<String>,
}

impl Spoken {
    pub fn new(
        company_id: i64,
        id: i64,
        name: String,
        created_at: Timestamp,
        updated_at: Timestamp,
    ) -> Self {
        Self {
            id,
            name,
            type_code: type_code(id),
            company_id,
            created_at: Spaced(created_at),
            updated_at: Spaced(updated_at),
            deleted_at: None,
            icon_name: None,
        }
    }
}

body! {
    struct Create as "MainCreateLeaveType" = {"name": "Custom leave type"} {
        name: required Name,
    }
}

impl CreateBody for Create {
    type Entity = LeaveType;

    fn fields(self) -> Option<New> {
        Some(New { name: self.name? })
    }
}

body! {
    struct Change as "MainUpdateLeaveType" = {"name": "Custom type - edited"} {
        name: required Name,
    }
}

impl UpdateBody for Change {
    type Entity = LeaveType;

    fn patch(self) -> Option<Patch> {
        Some(Patch { name: self.name })
    }
}

operation! {
    /// List leave types
    list "/v1/company/leaves-types", tag "user-leaves", filters Unfiltered, rows LeaveType,
    [Shown] |company, kind| shown(company, kind)
}

operation! {
    /// Create a leave type
    create "/v1/company/leaves-types", tag "user-leaves", codes [], body Create, row LeaveType,
    [Spoken] |company, kind| {
        Spoken::new(company, kind.id, kind.name, kind.created_at, kind.updated_at)
    }
}

operation! {
    /// Update a leave type
    update "/v1/company/leaves-types/{id}", tag "user-leaves", id "id" "The leave type's id.",
    codes ["ZC001"], body Change, row LeaveType,
    [Shown] |company, kind| shown(company, kind)
}

body! {
    struct Delete as "MainDeleteLeaveType" = {"id": 2} {
        /// The leave type.
        id: required i64,
    }
}

/// What was deleted.
#[derive(Serialize, ToSchema)]
#[schema(as = MainDeletedId)]
pub struct Deleted {
    #[schema(example = 111)]
    pub id: i64,
}

/// Delete a leave type
///
/// With all its references. Refused while a leave is of it.
#[utoipa::path(
    delete,
    path = "/v1/company/leaves-types",
    tag = "user-leaves",
    request_body = Delete,
    responses((status = 200, description = "It was deleted.", body = Deleted)),
    extensions(("x-error-codes" = json!(["ZC001", "HAS_DEPENDENCIES"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, Problem> {
    let read = read(&app, &caller, &body, |sent: Delete, _| sent.id);
    let prepared = read.map(|(scope, id)| {
        let operation = Remove::<LeaveType>::new(scope, Ref::Internal(id), None);
        (operation, |_: &_, id| Json(Deleted { id }).into())
    });
    Ok(Write::of(&app, &caller, &body).without_records().run(prepared).await)
}
