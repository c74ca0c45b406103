//! Leaves of users.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::{Kind, Moment, Ref};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::leave_types::{Deleted, Spoken};
use super::operations::operation;
use super::when::When;
use super::{CreateBody, UpdateBody, list, named, read};
use crate::app::Shared;
use crate::faces::wire::{Precise, Spaced};
use crate::http::{Caller, JsonBody, Problem, Write, body};
use crate::leaves::{self, New, Patch, Shown, delete as remove};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, create, delete)).routes(routes!(update))
}

/// A leave, with its type.
#[derive(Serialize, ToSchema)]
#[schema(as = MainLeave)]
pub struct Leave {
    #[schema(example = 14050)]
    id: i64,
    #[schema(example = 8555)]
    user_id: i64,
    #[schema(example = 2336)]
    company_id: i64,
    #[schema(example = 1498)]
    leave_type_id: i64,
    start: Precise,
    end: Precise,
    created_at: Spaced,
    updated_at: Spaced,
    /// Always `null`.
    #[schema(required)]
    deleted_at: Option<Spaced>,
    all_day: bool,
    #[serde(rename = "leaveType")]
    leave_type: Spoken,
}

impl Leave {
    pub fn new(company_id: i64, leave: Shown) -> Self {
        // What is stored was read as a moment once.
        let utc = |text: &str| Precise(Moment::parse(text).map(|it| it.utc()).unwrap_or_default());
        Self {
            id: leave.id,
            user_id: leave.user_id,
            company_id,
            leave_type_id: leave.leave_type_id,
            start: utc(&leave.start),
            end: utc(&leave.end),
            created_at: Spaced(leave.created_at),
            updated_at: Spaced(leave.updated_at),
            deleted_at: None,
            all_day: leave.all_day,
            leave_type: Spoken::new(
                company_id,
                leave.leave_type_id,
                leave.type_name,
                leave.type_created_at,
                leave.type_updated_at,
            ),
        }
    }
}

/// Whose leaves, and which of them; other parameters are ignored.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct LeavesQuery {
    /// The user.
    #[serde(rename = "usersId")]
    #[param(value_type = i64, required = true, minimum = 1, example = 1)]
    users_id: Option<String>,
    /// The page, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1_000_000_000, default = 1)]
    offset: Option<String>,
    /// Leaves on a page.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 10)]
    size: Option<String>,
}

/// List a user's leaves
///
/// The latest first; no more than the page that is asked for.
#[utoipa::path(
    get,
    path = "/v1/user/leaves",
    tag = "user-leaves",
    params(LeavesQuery),
    responses((status = 200, description = "A page.", body = Vec<Leave>)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    asked: Result<Query<LeavesQuery>, QueryRejection>,
) -> Result<Json<Vec<Leave>>, Problem> {
    let Ok(Query(query)) = asked else {
        return Err(Problem::validation("The query is not readable"));
    };
    let number = |name: &str, sent: Option<String>, unsaid, most| match sent {
        None => Ok(unsaid),
        Some(text) => list::number(&text, most).ok_or_else(|| {
            Problem::validation(format!("{name} must be an integer from 1 to {most}"))
        }),
    };
    let Some(user) = query.users_id else {
        return Err(Problem::validation("usersId is required: it is the id of a user"));
    };
    let page = number("offset", query.offset, 1, list::PAGES)?;
    let size = number("size", query.size, 10, list::PER_PAGE)?;
    let place = ((page - 1) * size, size);
    let leaves = leaves::list(&app, caller.reads(), named(&user, Kind::User)?, place).await?;
    let company = caller.company_id;
    Ok(Json(leaves.into_iter().map(|leave| Leave::new(company, leave)).collect()))
}

body! {
    struct Create as "MainCreateLeave" = {
        "userId": 2, "leaveTypeId": 1, "start": "2024-11-18T03:00:00Z",
        "end": "2024-11-19T02:59:00Z", "allDay": true
    } {
        /// The user.
        "userId" user_id: required i64,
        /// The leave type.
        "leaveTypeId" leave_type_id: required i64,
        start: required When,
        /// Not before the start. The end of a date is its last second in UTC.
        end: required When,
        /// Whether the times of the day do not matter; false unless said otherwise.
        "allDay" all_day: optional bool,
    }
}

impl CreateBody for Create {
    type Entity = leaves::Leave;

    fn fields(self) -> Option<New> {
        Some(New {
            user: Ref::Internal(self.user_id?),
            leave_type: Ref::Internal(self.leave_type_id?),
            start: self.start?.first()?,
            end: self.end?.last()?,
            all_day: self.all_day.unwrap_or_default(),
        })
    }
}

body! {
    /// All but `allDay` is required, as published; left out, that stays as it is.
    struct Change as "MainUpdateLeave" = {
        "userId": 1, "leaveTypeId": 1, "start": "2024-11-18T03:00:00Z",
        "end": "2024-11-19T05:00:00Z"
    } {
        /// The user.
        "userId" user_id: required i64,
        /// The leave type.
        "leaveTypeId" leave_type_id: required i64,
        start: required When,
        /// Not before the start. The end of a date is its last second in UTC.
        end: required When,
        /// Whether the times of the day do not matter.
        "allDay" all_day: kept bool,
    }
}

impl UpdateBody for Change {
    type Entity = leaves::Leave;

    fn patch(self) -> Option<Patch> {
        Some(Patch {
            user: Ref::Internal(self.user_id?),
            leave_type: Ref::Internal(self.leave_type_id?),
            start: self.start?.first()?,
            end: self.end?.last()?,
            all_day: self.all_day,
        })
    }
}

operation! {
    /// Create a leave
    ///
    /// Leaves of one user may overlap.
    create "/v1/user/leaves", tag "user-leaves", codes ["ZC001", "INVALID_DATE_RANGE"],
    body Create, row Shown,
    [Leave] |company, leave| Leave::new(company, leave)
}

operation! {
    /// Update a leave
    update "/v1/user/leaves/{leave_id}", tag "user-leaves", id "leave_id" "The leave's id.",
    codes ["ZC001", "INVALID_DATE_RANGE"], body Change, row Shown,
    [Leave] |company, leave| Leave::new(company, leave)
}

body! {
    struct Delete as "MainDeleteLeave" = {"id": 1, "userId": 1} {
        /// The leave.
        id: required i64,
        /// The leave's user.
        "userId" user_id: required i64,
    }
}

/// Delete a leave
///
/// With all its references. The user must be the leave's.
#[utoipa::path(
    delete,
    path = "/v1/user/leaves",
    tag = "user-leaves",
    request_body = Delete,
    responses((status = 200, description = "It was deleted.", body = Deleted)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, Problem> {
    let read = read(&app, &caller, &body, |sent: Delete, _| Some((sent.id?, sent.user_id?)));
    let prepared = read.map(|(scope, (id, user))| {
        let (leave, user) = (Ref::Internal(id), Ref::Internal(user));
        let told = move |_: &remove::Delete, ()| Json(Deleted { id }).into();
        (remove::Delete { scope, leave, user }, told)
    });
    Ok(Write::of(&app, &caller, &body).without_records().run(prepared).await)
}
