//! Working times of users.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::Ref;
use domain::working_time::{Week, WorkingDay};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::read;
use crate::app::Shared;
use crate::faces::wire::Number;
use crate::http::{Caller, JsonBody, Problem, Write, body};
use crate::working_times::{self, Day, Set};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(set)).routes(routes!(list))
}

body! {
    struct SetWorkingTime as "MainSetWorkingTime" = {
        "userId": 3,
        "workingTimes": [
            {"dayOfWeek": "1", "start": "09:00", "end": "18:00", "breakTime": "0"},
            {"dayOfWeek": "2", "start": "09:00", "end": "18:00", "breakTime": "1"}
        ]
    } {
        /// The user.
        "userId" user_id: required i64,
        /// The key's company; no other is accepted.
        "companyId" company_id: optional i64,
        /// All days on which the user works.
        "workingTimes" working_times: required Week,
    }
}

/// A day of the week on which a user works.
#[derive(Serialize, ToSchema)]
#[schema(as = MainWorkingTime)]
struct Told {
    daily_hours: Number,
    /// 1 is Sunday, 7 is Saturday.
    #[schema(minimum = 1, maximum = 7, example = 2)]
    day_of_week: i64,
    #[schema(example = "09:00:00")]
    start_at: String,
    #[schema(example = "18:00:00")]
    end_at: String,
    #[schema(example = 12345)]
    user_id: i64,
    /// Hours.
    break_time: Number,
}

impl Told {
    fn new(day: &Day) -> Self {
        // Of a third of an hour there are 4 decimals.
        let hours = |minutes: i64| Number::units((minutes * 10_000 + 30) / 60);
        let time = |minutes: i64| format!("{:02}:{:02}:00", minutes / 60, minutes % 60);
        Self {
            daily_hours: hours(day.end - day.start - day.pause),
            day_of_week: day.day_of_week,
            start_at: time(day.start),
            end_at: time(day.end),
            user_id: day.user_id,
            break_time: hours(day.pause),
        }
    }
}

/// Give a user its working time
///
/// In place of the one that it has, if it has one. The answer has its days, in their order.
#[utoipa::path(
    post,
    path = "/v1/working-time",
    tag = "working-time",
    request_body = SetWorkingTime,
    responses((status = 200, description = "The days.", body = Vec<Told>)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn set(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, Problem> {
    let company = caller.company_id;
    let read = read(&app, &caller, &body, |sent: SetWorkingTime, check| {
        if sent.company_id.is_some_and(|sent| sent != company) {
            let message = format!("must be the key's company, {company}, or be left out");
            return check.within("companyId", |check| check.wrong(message));
        }
        Some((Ref::Internal(sent.user_id?), sent.working_times?))
    });
    let prepared = read.map(|(scope, (user, week))| {
        let told = |set: &Set, user_id| {
            let days = set.week.days().iter().map(|day| Told::new(&stored(user_id, day)));
            Json(days.collect::<Vec<_>>()).into()
        };
        (Set { scope, user, week }, told)
    });
    Ok(Write::of(&app, &caller, &body).without_records().run(prepared).await)
}

fn stored(user_id: i64, day: &WorkingDay) -> Day {
    Day {
        user_id,
        day_of_week: day.day.get(),
        start: day.start.minutes(),
        end: day.end.minutes(),
        pause: day.pause.minutes(),
    }
}

/// List the working times of all users
///
/// By the user's id; of all users that have one, if they are at most 10,000.
#[utoipa::path(
    get,
    path = "/v1/working-time/company/with/users",
    tag = "working-time",
    responses((
        status = 200, description = "The days of each user.",
        body = std::collections::BTreeMap<String, Vec<Told>>
    )),
    extensions(("x-error-codes" = json!(["VALIDATION"])))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
) -> Result<Json<BTreeMap<i64, Vec<Told>>>, Problem> {
    let (users, days) = working_times::all(&app, caller.company_id).await?;
    if users > working_times::MOST {
        let most = working_times::MOST;
        let message = format!("At most {most} users are listed at once, and {users} have one");
        return Err(Problem::validation(message));
    }
    let mut told: BTreeMap<i64, Vec<Told>> = BTreeMap::new();
    for day in &days {
        told.entry(day.user_id).or_default().push(Told::new(day));
    }
    Ok(Json(told))
}
