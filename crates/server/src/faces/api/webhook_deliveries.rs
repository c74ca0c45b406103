//! What was sent to webhook endpoints: tried, listed, sent again.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::Moment;
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::webhooks::id;
use super::{LIMIT, NoQuery, Page, cursor, limit, parameter, position, unknown_parameter};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::{Answer, Caller, Check, JsonBody, Path, Problem, Wire, Write, body};
use crate::webhooks::deliveries::{self, Delivery};
use crate::webhooks::endpoints::sending;
use crate::webhooks::outcome::{Attempt, Outcome};
use crate::webhooks::resend::{Queued, ResendOne, ResendRange, between};
use crate::webhooks::send::Message;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(test))
        .routes(routes!(list))
        .routes(routes!(resend_one))
        .routes(routes!(resend))
}

/// What came of a message that was sent to try an endpoint.
#[derive(Serialize, ToSchema)]
struct Tested {
    /// Whether the answer was 2xx.
    #[schema(example = true)]
    delivered: bool,
    /// The answer's status; `null` when there was none.
    #[schema(required, example = 204)]
    status: Option<u16>,
    /// How the answer's body began.
    #[schema(required)]
    said: Option<String>,
    /// Why there was no answer.
    #[schema(required)]
    error: Option<String>,
    #[schema(example = 37)]
    duration_ms: u64,
}

impl Tested {
    fn new(attempt: Attempt) -> Self {
        let error = match attempt.outcome {
            Outcome::NotReached(reason) => Some(reason.to_string()),
            _ => None,
        };
        Self {
            delivered: attempt.outcome == Outcome::Delivered,
            status: attempt.answer.as_ref().map(|answer| answer.status),
            said: attempt.answer.map(|answer| answer.body),
            error,
            duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// The message of a test.
#[derive(Serialize)]
struct TestMessage {
    #[serde(rename = "type")]
    what: &'static str,
    timestamp: Iso,
    data: TestData,
}

#[derive(Serialize)]
struct TestData {
    webhook: i64,
}

/// Try a webhook
///
/// Sends one message of type `webhook.test` now, whatever the endpoint's state, and answers what
/// came of it. Nothing is stored.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/test",
    tag = "webhooks",
    params(("id" = i64, Path, description = "The endpoint's id.", example = 1)),
    responses((status = 200, description = "What came of it.", body = Tested)),
    extensions(("x-error-codes" = json!(["WEBHOOK_NOT_FOUND"])), ("x-in-earnest" = json!(true)))
)]
async fn test(
    State(app): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Json<Tested>, Problem> {
    query.map_err(unknown_parameter)?;
    caller.asked.in_earnest()?;
    body.none()?;
    let (scope, webhook, now) = (caller.manages()?, id(&text)?, app.clock.now());
    let (url, secrets) = sending(&app, scope, webhook).await?;
    let (what, timestamp) = ("webhook.test", Iso(now));
    let message = TestMessage { what, timestamp, data: TestData { webhook } };
    let message = Message {
        id: &format!("test_{}", caller.asked.request_id),
        timestamp: now.as_second(),
        // Texts and numbers only: this cannot fail.
        body: serde_json::to_vec(&message).unwrap_or_default().into(),
        secrets: &secrets,
    };
    Ok(Json(Tested::new(app.webhooks.send(&url, &message).await)))
}

/// An event's way to an endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
struct Logged {
    /// The event's number.
    #[schema(example = 42)]
    number: i64,
    /// The message's id: the same with every attempt.
    #[schema(example = "evt_1_42")]
    message_id: String,
    #[serde(rename = "type")]
    #[schema(example = "user.created")]
    what: String,
    /// `pending` (it is tried again), `delivered` or `failed` (it is not).
    #[schema(example = "delivered")]
    state: String,
    #[schema(example = 1)]
    attempts: i64,
    /// When it is tried again.
    #[schema(required)]
    next_at: Option<Iso>,
    /// The status of the last answer; `null` when there was none.
    #[schema(required, example = 204)]
    status: Option<i64>,
    /// How the last answer's body began.
    #[schema(required)]
    said: Option<String>,
    /// Why there was no answer.
    #[schema(required)]
    error: Option<String>,
    /// How long the last attempt took.
    #[schema(required, example = 37)]
    duration_ms: Option<i64>,
    /// When the first attempt was made, or it was asked for again.
    first_at: Iso,
    /// When anything happened last.
    last_at: Iso,
}

fn logged(company: i64, delivery: Delivery) -> Logged {
    Logged {
        number: delivery.number,
        message_id: format!("evt_{company}_{}", delivery.number),
        what: delivery.what,
        state: delivery.state,
        attempts: delivery.attempts,
        next_at: delivery.next_at.map(Iso),
        status: delivery.status,
        said: delivery.said,
        error: delivery.error,
        duration_ms: delivery.duration.map(|microseconds| microseconds / 1_000),
        first_at: Iso(delivery.first_at),
        last_at: Iso(delivery.last_at),
    }
}

/// Unknown parameters are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only deliveries of this state: `pending`, `delivered` or `failed`.
    #[param(example = "failed")]
    state: Option<String>,
    /// Deliveries on a page, at most 200.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

fn state_of(text: &str) -> Result<&'static str, String> {
    let known = ["pending", "delivered", "failed"].into_iter().find(|state| *state == text);
    known.ok_or_else(|| "must be pending, delivered or failed".to_owned())
}

/// List what was sent to a webhook
///
/// The newest events first; kept for 30 days.
#[utoipa::path(
    get,
    path = "/api/webhooks/{id}/deliveries",
    tag = "webhooks",
    params(("id" = i64, Path, description = "The endpoint's id.", example = 1), ListQuery),
    responses((status = 200, description = "A page.", body = Page<Logged>)),
    extensions(("x-error-codes" = json!(["WEBHOOK_NOT_FOUND"])))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page<Logged>>, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let state = parameter("state", query.state.as_ref(), state_of)?;
    let limit = limit(query.limit.as_ref(), LIMIT)?;
    let before: i64 = query.cursor.as_deref().map(position).transpose()?.unwrap_or(i64::MAX);
    let page = (before, limit + 1);
    // One more than the page tells whether there is another.
    let mut rows = deliveries::list(&app, caller.reads(), id(&text)?, state, page).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let next = rows.last().filter(|_| more).and_then(|row| cursor(&row.number));
    let data = rows.into_iter().map(|row| logged(caller.company_id, row)).collect();
    Ok(Json(Page { data, next }))
}

/// What is sent again.
#[derive(Serialize, ToSchema)]
struct Resent {
    /// How many events are sent again.
    #[schema(example = 1)]
    queued: i64,
    /// The number `from` which to ask for the rest, when there is more; else `null`.
    #[schema(required)]
    next: Option<i64>,
}

fn told(Queued { count, next }: Queued) -> Answer {
    Answer::from(Json(Resent { queued: count, next }))
}

/// Send an event again
///
/// Any event of the feed, under the same message id, whatever the endpoint's types. An event that
/// the endpoint has not come to yet is not queued: it comes by itself.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/deliveries/{number}/resend",
    tag = "webhooks",
    params(
        ("id" = i64, Path, description = "The endpoint's id.", example = 1),
        ("number" = i64, Path, description = "The event's number.", example = 1)
    ),
    responses((status = 200, description = "It is sent soon.", body = Resent)),
    extensions(("x-error-codes" = json!([
        "WEBHOOK_NOT_FOUND", "WEBHOOK_NOT_ACTIVE", "EVENT_NOT_FOUND", "EVENTS_GONE"
    ])))
)]
async fn resend_one(
    State(app): State<Shared>,
    caller: Caller,
    Path((text, number)): Path<(String, String)>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    body.none()?;
    let (scope, id) = (caller.manages()?, id(&text)?);
    let Some(number) = number.parse().ok().filter(|number| *number > 0) else {
        return Err(Problem::no_event(&number));
    };
    let operation = ResendOne { scope, id, number };
    Ok(Write::of(&app, &caller, &body)
        .without_records()
        .run(Ok((operation, |_: &_, queued| told(queued))))
        .await)
}

body! {
    /// Which events are sent again: by number or by time, both ends included.
    strict struct ResendBody as "ResendEvents" = {"from": 1, "to": 1000} {
        /// The number of the first one.
        from: optional i64,
        /// The number of the last one; the last that was handed over unless said otherwise.
        to: optional i64,
        /// When the first one happened.
        since: optional Moment,
        /// When the last one happened; now unless said otherwise.
        until: optional Moment,
    }
}

/// Events by number, or by time.
enum Range {
    Numbers(i64, i64),
    Times(Timestamp, Timestamp),
}

impl ResendBody {
    fn range(self, now: Timestamp, check: &mut Check) -> Option<Range> {
        // What no instant is as late as is the last one.
        let instant =
            |moment: Moment| Offset::UTC.to_timestamp(moment.utc()).unwrap_or(Timestamp::MAX);
        match (self.from, self.to, self.since, self.until) {
            (Some(from), to, None, None) => Some(Range::Numbers(from, to.unwrap_or(i64::MAX))),
            (None, None, Some(since), until) => {
                Some(Range::Times(instant(since), until.map_or(now, instant)))
            }
            _ => check.wrong("must have either from, and perhaps to, or since, and perhaps until"),
        }
    }
}

/// Send many events again
///
/// Those that the endpoint's types let through, at most 10,000 at a time, under the same message
/// ids.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/resend",
    tag = "webhooks",
    params(("id" = i64, Path, description = "The endpoint's id.", example = 1)),
    request_body = ResendBody,
    responses((status = 200, description = "They are sent soon.", body = Resent)),
    extensions(("x-error-codes" = json!(["WEBHOOK_NOT_FOUND", "WEBHOOK_NOT_ACTIVE"])))
)]
async fn resend(
    State(app): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let raw = body.object()?;
    let now = app.clock.now();
    let range = Check::all(app.limits, |check| {
        let read = ResendBody::read(raw, check)?;
        check.clean()?;
        read.range(now, check)
    })?;
    let (scope, id) = (caller.manages()?, id(&text)?);
    let range = match range {
        Range::Numbers(from, to) => (from, to),
        Range::Times(since, until) => between(&app, scope.clone(), since, until).await?,
    };
    let operation = ResendRange { scope, id, range };
    Ok(Write::of(&app, &caller, &body)
        .without_records()
        .run(Ok((operation, |_: &_, queued| told(queued))))
        .await)
}
