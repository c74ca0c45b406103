//! The feed: what changed, in order.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cloud_events::{Change, CloudEvent, changes};
use super::{LimitQuery, Page, accepts, cursor, limit, parameter, position, unknown_parameter};
use crate::app::Shared;
use crate::events::feed::Place;
use crate::events::list::{self, ListRefusal, Told, Wanted, find};
use crate::events::types;
use crate::http::caller::bearer;
use crate::http::{Caller, Path, Problem};
use crate::tokens;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(list_changes))
}

/// Events on a page.
const LIMIT: i64 = 1_000;
/// Seconds that a reader may wait for an event.
const WAIT: u64 = 60;
/// How often a stream that has nothing to tell says that it is there, and looks whether its token
/// is still good.
const BEAT: Duration = Duration::from_secs(4);

/// Unknown parameters are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The number of the last event that is known. Without it: from the oldest that is kept.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<String>,
    /// Only events of these types, with commas between them.
    #[param(example = "user.created,contract.users.attached")]
    types: Option<String>,
    /// Events on a page, at most 1,000; fewer where they say much.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
    /// Seconds to wait for an event when there is none yet, at most 60.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 60, default = 0)]
    wait: Option<String>,
    /// The `next` of the page before; instead of `after`.
    cursor: Option<String>,
}

impl ListQuery {
    fn wanted(&self) -> Result<Wanted, Problem> {
        let after = parameter("after", self.after.as_ref(), number)?;
        let cursor = parameter("cursor", self.cursor.as_ref(), number)?;
        if after.is_some() && cursor.is_some() {
            return Err(Problem::validation("after and cursor cannot both be sent"));
        }
        let types = parameter("types", self.types.as_ref(), types_of)?.unwrap_or_default();
        let limit = limit(self.limit.as_ref(), LIMIT)?;
        Ok(Wanted { after: after.or(cursor), types, limit })
    }

    fn wait(&self) -> Result<Duration, Problem> {
        let wait = parameter("wait", self.wait.as_ref(), |text| within(text, 0, WAIT))?;
        Ok(Duration::from_secs(wait.unwrap_or(0)))
    }
}

/// The number of an event, or 0.
fn number(text: &str) -> Result<i64, String> {
    within(text, 0, i64::MAX)
}

fn within<T: std::str::FromStr + PartialOrd + std::fmt::Display>(
    text: &str,
    least: T,
    most: T,
) -> Result<T, String> {
    let read = text.parse().ok().filter(|number| *number >= least && *number <= most);
    read.ok_or_else(|| format!("must be an integer from {least} to {most}"))
}

fn types_of(text: &str) -> Result<Vec<String>, String> {
    let known = types();
    let sent = text.split(',').map(str::trim).map(str::to_owned);
    let sent: Vec<String> = sent.collect();
    match sent.iter().all(|one| known.contains(&one.as_str())) {
        true => Ok(sent),
        false => Err(format!("must be one or more of: {}", known.join(" "))),
    }
}

impl From<ListRefusal> for Problem {
    fn from(refusal: ListRefusal) -> Self {
        match refusal {
            ListRefusal::Gone { oldest } => Problem::events_gone(oldest),
            ListRefusal::NoSuch(number) => Problem::no_event(number),
        }
    }
}

/// Events in their order.
#[derive(serde::Serialize, ToSchema)]
struct EventPage {
    data: Vec<CloudEvent>,
    /// The `cursor` of the next page, when there may be more by now; else `null`.
    #[schema(required, example = "42")]
    next: Option<String>,
    /// The number up to which this page speaks: ask for what comes `after` it.
    #[schema(example = 42)]
    last: i64,
}

/// Follow what changes
///
/// Events in their order, after a number. Numbers increase; some may be left out, but none comes
/// later than a higher one: who follows `last` misses nothing and sees nothing twice. With
/// `Accept: text/event-stream` the answer is a stream that goes on, from `Last-Event-ID` or
/// `after`.
#[utoipa::path(
    get,
    path = "/api/events",
    tag = "events",
    params(
        ListQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "For a stream: the number of the last event that is known.")
    ),
    responses((status = 200, description = "A page, or a stream of events.", content(
        (EventPage = "application/json"), (String = "text/event-stream")
    ))),
    extensions(("x-error-codes" = json!(["EVENTS_GONE"])))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let (mut wanted, wait) = (query.wanted()?, query.wait()?);
    let streams = accepts(&headers, "text/event-stream");
    let place = match streams || !wait.is_zero() {
        true => Some(app.feed.place(&caller.key).ok_or_else(Problem::too_many_followers)?),
        false => None,
    };
    let mut follow = app.feed.follow(caller.company_id);
    if streams {
        if let Some(last) = headers.get("last-event-id") {
            let last = last.to_str().ok().and_then(|text| number(text).ok());
            let rule = "Last-Event-ID must be the number of an event";
            wanted.after = Some(last.ok_or_else(|| Problem::validation(rule))?);
        }
        let page = list::list(&app, caller.reads(), wanted.clone()).await?;
        let token = bearer(&headers).unwrap_or_default().to_owned();
        let follower = Follower::new(app, caller, token, wanted, follow, page, place);
        return Ok(Sse::new(follower.stream()).keep_alive(KeepAlive::default()).into_response());
    }
    let mut until = Instant::now() + wait;
    let mut closed = app.feed.closed();
    loop {
        follow.mark_unchanged();
        let page = list::list(&app, caller.reads(), wanted.clone()).await?;
        let (next, last) = (page.more.then(|| page.last.to_string()), page.last);
        let done = !page.events.is_empty() || page.more;
        if done || Instant::now() >= until {
            let data = page.events.into_iter().map(CloudEvent::new).collect();
            return Ok(Json(EventPage { data, next, last }).into_response());
        }
        // What was looked at need not be looked at again.
        wanted.after = Some(last);
        // A wake-up may get lost when a writer's client hangs up.
        let look = until.min(Instant::now() + BEAT);
        tokio::select! {
            _ = timeout_at(look, follow.changed()) => {}
            _ = closed.wait_for(|closed| *closed) => until = Instant::now(),
        }
    }
}

/// Somebody who reads a stream.
struct Follower {
    app: Shared,
    caller: Caller,
    token: String,
    wanted: Wanted,
    follow: watch::Receiver<i64>,
    ready: VecDeque<Told>,
    _place: Option<Place>,
}

impl Follower {
    fn new(
        app: Shared,
        caller: Caller,
        token: String,
        mut wanted: Wanted,
        follow: watch::Receiver<i64>,
        page: list::Page,
        place: Option<Place>,
    ) -> Self {
        wanted.after = Some(page.last);
        let ready = page.events.into();
        Self { app, caller, token, wanted, follow, ready, _place: place }
    }

    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut follower| async move {
            let told = follower.next().await?;
            let event = Event::default().id(told.number.to_string()).event(told.what.clone());
            // Texts and numbers only: this cannot fail.
            let event = event.json_data(CloudEvent::new(told)).ok()?;
            Some((Ok(event), follower))
        })
    }

    /// The next event; `None` ends the stream, and who reads it asks again.
    async fn next(&mut self) -> Option<Told> {
        let mut closed = self.app.feed.closed();
        loop {
            if let Some(told) = self.ready.pop_front() {
                return Some(told);
            }
            if *closed.borrow_and_update() {
                return None;
            }
            self.follow.mark_unchanged();
            let key = tokens::check(&self.app, &self.token).await.ok()??;
            self.caller = self.caller.with(key);
            let page =
                list::list(&self.app, self.caller.reads(), self.wanted.clone()).await.ok()?;
            self.wanted.after = Some(page.last);
            if page.events.is_empty() && !page.more {
                tokio::select! {
                    _ = timeout(BEAT, self.follow.changed()) => {}
                    _ = closed.changed() => {}
                }
            }
            self.ready = page.events.into();
        }
    }
}

/// Page through what an event changed
///
/// An event tells up to 100 changes itself; of more it tells how many there are, and they are
/// here.
#[utoipa::path(
    get,
    path = "/api/events/{number}/changes",
    tag = "events",
    params(("number" = i64, Path, description = "The event's number.", example = 1), LimitQuery),
    responses((status = 200, description = "A page.", body = Page<Change>)),
    extensions(("x-error-codes" = json!(["EVENT_NOT_FOUND", "EVENTS_GONE"])))
)]
async fn list_changes(
    State(app): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
    query: Result<Query<LimitQuery>, QueryRejection>,
) -> Result<Json<Page<Change>>, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let limit = usize::try_from(limit(query.limit.as_ref(), super::LIMIT)?).unwrap_or_default();
    let skip: usize = query.cursor.as_deref().map(position).transpose()?.unwrap_or(0);
    let Some(number) = text.parse().ok().filter(|number| *number > 0) else {
        return Err(Problem::no_event(&text));
    };
    let told = find(&app, caller.reads(), number).await?;
    let count = told.data.count();
    let data = changes(&told.data, &caller.sources).skip(skip).take(limit).collect();
    let end = skip.saturating_add(limit);
    Ok(Json(Page { data, next: (end < count).then(|| cursor(&end)).flatten() }))
}
