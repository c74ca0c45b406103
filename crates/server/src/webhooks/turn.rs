//! One turn of one endpoint: what is due is sent to it, until nothing is or others wait.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::Source;
use futures_util::future::join_all;
use jiff::Timestamp;

use super::Render;
use super::dispatch::{LEASE, Lease};
use super::endpoints::{secrets, types_of};
use super::outcome::{Attempt, Outcome};
use super::send::Message;
use super::signature::SigningSecret;
use super::standing::{Fate, PROBING, Standing, State, Tries};
use crate::app::{App, Shared};
use crate::events::list::{ListRefusal, Page, Told, Wanted, of_numbers, page};
use crate::scope::{Actor, Scope};
use crate::sources::{Sources, of_company};
use crate::store::{self, Col, FromRow, Row, Stmt, Stop, Tx, params};

/// How long a turn may take before others have theirs, by and large.
const TURN: Duration = Duration::from_secs(10);
/// Events that are read at once.
const PAGE: i64 = 20;
/// Retries that are under way at once.
const RETRIES: i64 = 4;
/// How often new events are looked for while retries are under way.
const TICK: Duration = Duration::from_millis(100);
/// How long to wait when the database is away.
const AWAY: Duration = Duration::from_secs(1);

/// An endpoint, as far as sending needs it.
struct Receiver {
    url: String,
    types: Vec<String>,
    position: i64,
    failures: i64,
    secrets: Vec<SigningSecret>,
}

/// What is due.
struct Work {
    receiver: Receiver,
    /// What failed before or is sent again, with its event.
    retries: Vec<(Delivery, Told)>,
    /// Numbers of such whose events are not kept any more.
    lost: Vec<i64>,
    /// What was not sent yet.
    page: Page,
}

impl Work {
    /// Whether there is something for first attempts.
    fn brings(&self) -> bool {
        self.receiver.failures < PROBING && self.page.last > self.receiver.position
    }
}

/// An event on its way to an endpoint.
#[derive(Clone, Debug)]
struct Delivery {
    number: i64,
    /// Before this one.
    attempts: i64,
    /// How often it was asked for again, when this attempt began.
    resends: i64,
    /// `None` before the first attempt.
    first_at: Option<Timestamp>,
}

/// What serves an endpoint.
struct Turn<'a> {
    app: &'a App,
    render: Render,
    lease: Lease,
}

/// Serves an endpoint for a turn, then lets it go.
pub(super) async fn serve(app: &Shared, render: Render, lease: Lease) {
    let turn = Turn { app, render, lease };
    let (begun, closed) = (Instant::now(), app.feed.closed());
    loop {
        let goes_on = match turn.round().await {
            Ok(goes_on) => goes_on,
            Err(Stop::Refused(ListRefusal::Gone { oldest })) => turn.skip(oldest).await,
            Err(Stop::Refused(ListRefusal::NoSuch(_))) => false,
            Err(Stop::Failed(error)) => {
                let (company, webhook) = (turn.lease.company, turn.lease.id);
                tracing::warn!(company, webhook, cause = error.told(), "a webhook waits");
                tokio::time::sleep(AWAY).await;
                false
            }
        };
        if !goes_on || begun.elapsed() > TURN || *closed.borrow() {
            break;
        }
    }
    turn.release().await;
}

impl Turn<'_> {
    /// Sends what is due now. Whether to look again.
    async fn round(&self) -> Result<bool, Stop<ListRefusal>> {
        let Some(work) = self.work().await? else { return Ok(false) };
        if !work.lost.is_empty() {
            self.give_up(work.lost.clone()).await?;
        }
        if work.receiver.failures >= PROBING {
            return self.probe(&work).await;
        }
        let retried = AtomicBool::new(false);
        let retry = async {
            let all = self.retry(&work).await;
            retried.store(true, Ordering::Relaxed);
            all
        };
        let (again, first) = tokio::join!(retry, self.meanwhile(&work, &retried));
        Ok(again? && first?)
    }

    /// First attempts, also of what comes while retries are under way: these may take their time.
    async fn meanwhile(&self, work: &Work, retried: &AtomicBool) -> store::Result<bool> {
        let mut goes_on = self.first_attempts(work).await?;
        while goes_on && !retried.load(Ordering::Relaxed) {
            match self.work().await {
                Ok(Some(more)) if more.brings() => goes_on = self.first_attempts(&more).await?,
                Ok(_) => tokio::time::sleep(TICK).await,
                Err(Stop::Failed(error)) => return Err(error),
                // The next round sees it too.
                Err(Stop::Refused(_)) => return Ok(true),
            }
        }
        Ok(goes_on)
    }

    /// What is due, if the lease is still held; `None` when nothing is.
    async fn work(&self) -> Result<Option<Work>, Stop<ListRefusal>> {
        let (lease, now) = (self.lease.clone(), self.app.clock.now());
        let read = self.app.store.read("webhooks.work", async move |tx: &mut Tx| {
            let Some((receiver, scope)) = receiver(tx, &lease, now).await? else { return Ok(None) };
            let probing = receiver.failures >= PROBING;
            let due = due(tx, &lease, probing, now).await?;
            let numbers: Vec<i64> = due.iter().map(|delivery| delivery.number).collect();
            let mut told = match numbers.is_empty() {
                true => Vec::new(),
                false => of_numbers(tx, &scope, &numbers).await?,
            };
            let (mut retries, mut lost) = (Vec::new(), Vec::new());
            for delivery in due {
                match told.iter().position(|told| told.number == delivery.number) {
                    Some(at) => retries.push((delivery, told.swap_remove(at))),
                    None => lost.push(delivery.number),
                }
            }
            let limit = if probing { 1 } else { PAGE };
            let (after, types) = (Some(receiver.position), receiver.types.clone());
            let page = page(tx, &scope, &Wanted { after, types, limit }).await?;
            let nothing = retries.is_empty() && lost.is_empty() && page.last == receiver.position;
            Ok((!nothing).then_some(Work { receiver, retries, lost, page }))
        });
        read.await
    }

    /// First attempts, in the order of the feed.
    async fn first_attempts(&self, work: &Work) -> store::Result<bool> {
        let closed = self.app.feed.closed();
        let mut left = work.page.events.iter().peekable();
        while let Some(told) = left.next() {
            // What lies between the last one and the end of the page is not wanted.
            let position = if left.peek().is_some() { told.number } else { work.page.last };
            let delivery =
                Delivery { number: told.number, attempts: 0, resends: 0, first_at: None };
            let goes_on = self.attempt(work, delivery, told, Some(position)).await?;
            if !goes_on || *closed.borrow() {
                return Ok(false);
            }
        }
        if work.page.events.is_empty() && work.page.last > work.receiver.position {
            return self.advance(work.page.last).await;
        }
        Ok(true)
    }

    /// Attempts after the first one, a few at a time.
    async fn retry(&self, work: &Work) -> store::Result<bool> {
        let attempts = work
            .retries
            .iter()
            .map(|(delivery, told)| self.attempt(work, delivery.clone(), told, None));
        join_all(attempts).await.into_iter().try_fold(true, |all, one| Ok(all && one?))
    }

    /// The one attempt that is made of an endpoint that failed several times in a row.
    async fn probe(&self, work: &Work) -> Result<bool, Stop<ListRefusal>> {
        if let Some((delivery, told)) = work.retries.first() {
            return Ok(self.attempt(work, delivery.clone(), told, None).await?);
        }
        Ok(self.first_attempts(work).await?)
    }

    /// Sends an event and notes what came of it. Whether to go on.
    async fn attempt(
        &self,
        work: &Work,
        delivery: Delivery,
        told: &Told,
        position: Option<i64>,
    ) -> store::Result<bool> {
        let begun = self.app.clock.now();
        let delivery = Delivery { first_at: delivery.first_at.or(Some(begun)), ..delivery };
        let message = Message {
            id: &format!("evt_{}_{}", told.company, told.number),
            timestamp: begun.as_second(),
            body: (self.render)(told.clone()).into(),
            secrets: &work.receiver.secrets,
        };
        let attempt = self.app.webhooks.send(&work.receiver.url, &message).await;
        self.note(delivery, told.what.clone(), position, attempt).await
    }

    /// Notes what came of an attempt, if the lease is still held. Whether to go on.
    async fn note(
        &self,
        delivery: Delivery,
        what: String,
        position: Option<i64>,
        attempt: Attempt,
    ) -> store::Result<bool> {
        let (lease, now) = (self.lease.clone(), self.app.clock.now());
        let random = getrandom::u64().unwrap_or(0);
        let noted = self.app.store.write("webhooks.note", async move |tx: &mut Tx| {
            let Some(before) = standing(tx, &lease).await? else { return Ok(None) };
            let mut after = before.clone();
            let attempts = delivery.attempts + 1;
            let tries = Tries { attempts, first_at: delivery.first_at.unwrap_or(now) };
            let fate = after.note(attempt.outcome, tries, now, random);
            keep_standing(tx, &lease, &after, position, now).await?;
            let delivery = (&delivery, &*what, tries);
            keep_delivery(tx, &lease, delivery, fate, &attempt, now).await?;
            if before.probing() && fate == Fate::Delivered {
                // What waited meanwhile need not wait for its time.
                let sql = "UPDATE webhook_deliveries SET next_at = $3
                    WHERE company_id = $1 AND endpoint_id = $2 AND next_at IS NOT NULL";
                tx.execute(sql, params![lease.company, lease.id, now]).await?;
            }
            Ok::<_, Stop<Infallible>>(Some((before, after, fate)))
        });
        let Some((before, after, fate)) = certain(noted.await)? else { return Ok(false) };
        self.app.metrics.delivered(fate, 1);
        let (company, webhook) = (self.lease.company, self.lease.id);
        if let (State::Active, State::Disabled, Some(why)) =
            (before.state, after.state, &after.disabled_why)
        {
            tracing::warn!(company, webhook, why, "a webhook was disabled");
        }
        Ok(after.state == State::Active && !after.probing() && after.rest_until <= now)
    }

    /// Moves on over events that are not wanted.
    async fn advance(&self, position: i64) -> store::Result<bool> {
        let (lease, now) = (self.lease.clone(), self.app.clock.now());
        let moved = self.app.store.write("webhooks.advance", async move |tx: &mut Tx| {
            let sql = "UPDATE webhook_endpoints SET position = $4, lease_until = $5
                WHERE company_id = $1 AND id = $2 AND lease_owner = $3 AND position < $4";
            let values = params![lease.company, lease.id, &*lease.owner, position, now + LEASE];
            Ok::<_, Stop<Infallible>>(tx.execute(sql, values).await? > 0)
        });
        certain(moved.await)
    }

    /// Deliveries whose events are not kept any more.
    async fn give_up(&self, numbers: Vec<i64>) -> store::Result<()> {
        let (lease, now) = (self.lease.clone(), self.app.clock.now());
        let count = numbers.len();
        let given_up = self.app.store.write("webhooks.give_up", async move |tx: &mut Tx| {
            let sql = "UPDATE webhook_deliveries SET state = 'failed', next_at = NULL,
                    error = 'the event is no longer kept', last_at = $3
                WHERE company_id = $1 AND endpoint_id = $2 AND number IN (
                    SELECT e.number FROM {e(number bigint)})";
            let values = params![lease.company, lease.id, now];
            tx.execute_many(sql, values, &[Col::Int(&numbers)]).await?;
            Ok::<_, Stop<Infallible>>(())
        });
        certain(given_up.await)?;
        self.app.metrics.delivered(Fate::GivenUp, count);
        Ok(())
    }

    /// Goes on from the oldest event that is kept; the log tells that those before it were not
    /// sent.
    async fn skip(&self, oldest: i64) -> bool {
        let (lease, now) = (self.lease.clone(), self.app.clock.now());
        let (company, webhook) = (lease.company, lease.id);
        tracing::warn!(company, webhook, oldest, "a webhook missed events: they are not kept");
        let skipped = self.app.store.write("webhooks.skip", async move |tx: &mut Tx| {
            let sql = "UPDATE webhook_endpoints SET position = $4, lease_until = $5
                WHERE company_id = $1 AND id = $2 AND lease_owner = $3 AND position < $4";
            let last = oldest - 1;
            let values = params![lease.company, lease.id, &*lease.owner, last, now + LEASE];
            if tx.execute(sql, values).await? == 0 {
                return Ok(false);
            }
            let sql = "INSERT INTO webhook_deliveries (company_id, endpoint_id, number, type,
                    state, attempts, resends, error, first_at, last_at)
                VALUES ($1, $2, $3, '', 'failed', 0, 0,
                    'events up to this one were no longer kept: they were not sent', $4, $4)
                ON CONFLICT (company_id, endpoint_id, number) DO NOTHING";
            tx.execute(sql, params![lease.company, lease.id, last, now]).await?;
            Ok::<_, Stop<Infallible>>(true)
        });
        certain(skipped.await).unwrap_or(false)
    }

    /// Lets the endpoint go; whoever waits longer is served before it is again.
    async fn release(&self) {
        let (lease, now) = (self.lease.clone(), self.app.clock.now());
        let released = self.app.store.write("webhooks.release", async move |tx: &mut Tx| {
            let sql = "UPDATE webhook_endpoints SET lease_owner = '', lease_until = $4
                WHERE company_id = $1 AND id = $2 AND lease_owner = $3";
            let values = params![lease.company, lease.id, &*lease.owner, now];
            tx.execute(sql, values).await?;
            Ok::<_, Stop<Infallible>>(())
        });
        if let Err(error) = certain(released.await) {
            // It ends by itself.
            tracing::debug!(cause = error.told(), "a lease is kept to its end");
        }
    }
}

/// What cannot refuse.
fn certain<T>(result: Result<T, Stop<Infallible>>) -> store::Result<T> {
    result.map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Refused(never) => match never {},
    })
}

/// The endpoint, if it may be served now by who has the lease, and what it sees.
async fn receiver(
    tx: &mut Tx,
    lease: &Lease,
    now: Timestamp,
) -> store::Result<Option<(Receiver, Scope)>> {
    let sql = "SELECT url, types, position, failures, secret, old_secret, old_secret_until
        FROM webhook_endpoints
        WHERE company_id = $1 AND id = $2 AND lease_owner = $3 AND state = 'active'
            AND rest_until <= $4";
    let read = |row: &Row<'_>| {
        let mut columns = row.columns();
        let (url, types): (String, String) = (columns.take()?, columns.take()?);
        let (position, failures) = (columns.take()?, columns.take()?);
        let (types, secrets) = (types_of(&types), secrets(&mut columns, now)?);
        Ok(Receiver { url, types, position, failures, secrets })
    };
    let values = params![lease.company, lease.id, &*lease.owner, now];
    let Some(receiver) = tx.query_by(Stmt::new(sql, values), read).await?.pop() else {
        return Ok(None);
    };
    let registered = of_company(tx, lease.company).await?;
    let sources = Sources { registered, limited_to: None }.into();
    let (company, source, actor) = (lease.company, Source::NONE, Actor::nobody());
    Ok(Some((receiver, Scope { company, source, sources, actor })))
}

/// What is to be tried again now; of an endpoint that is probed, what is due first.
async fn due(
    tx: &mut Tx,
    lease: &Lease,
    probing: bool,
    now: Timestamp,
) -> store::Result<Vec<Delivery>> {
    let sql = "SELECT number, attempts, resends, first_at FROM webhook_deliveries
        WHERE company_id = $1 AND endpoint_id = $2 AND next_at IS NOT NULL
            AND ($3 OR next_at <= $4) ORDER BY next_at, number LIMIT $5";
    let limit = if probing { 1 } else { RETRIES };
    tx.query(sql, params![lease.company, lease.id, probing, now, limit]).await
}

impl FromRow for Delivery {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let mut columns = row.columns();
        let (number, attempts, resends) = (columns.take()?, columns.take()?, columns.take()?);
        Ok(Self { number, attempts, resends, first_at: Some(columns.take()?) })
    }
}

/// How the endpoint does, held until the commit; `None` when somebody else has the lease.
async fn standing(tx: &mut Tx, lease: &Lease) -> store::Result<Option<Standing>> {
    // SQLite has one writer.
    let sql = tx.pick(
        "SELECT state, disabled_why, failures, failing_since, rest_until FROM webhook_endpoints
        WHERE company_id = $1 AND id = $2 AND lease_owner = $3 AND state <> 'deleted'",
        "SELECT state, disabled_why, failures, failing_since, rest_until FROM webhook_endpoints
        WHERE company_id = $1 AND id = $2 AND lease_owner = $3 AND state <> 'deleted'
        FOR NO KEY UPDATE",
    );
    let read = |row: &Row<'_>| {
        let mut columns = row.columns();
        let state: String = columns.take()?;
        Ok(Standing {
            state: State::read(&state),
            disabled_why: columns.take()?,
            failures: columns.take()?,
            failing_since: columns.take()?,
            rest_until: columns.take()?,
        })
    };
    let values = params![lease.company, lease.id, &*lease.owner];
    Ok(tx.query_by(Stmt::new(sql, values), read).await?.pop())
}

async fn keep_standing(
    tx: &mut Tx,
    lease: &Lease,
    standing: &Standing,
    position: Option<i64>,
    now: Timestamp,
) -> store::Result<()> {
    let sql = "UPDATE webhook_endpoints SET state = $3, disabled_why = $4, failures = $5,
            failing_since = $6, rest_until = $7, position = coalesce($8, position),
            lease_until = $9
        WHERE company_id = $1 AND id = $2";
    let why = standing.disabled_why.as_deref();
    let values = params![
        lease.company,
        lease.id,
        standing.state.name(),
        why,
        standing.failures,
        standing.failing_since,
        standing.rest_until,
        position,
        now + LEASE
    ];
    tx.execute(sql, values).await.map(drop)
}

async fn keep_delivery(
    tx: &mut Tx,
    lease: &Lease,
    (delivery, what, tries): (&Delivery, &str, Tries),
    fate: Fate,
    attempt: &Attempt,
    now: Timestamp,
) -> store::Result<()> {
    let (state, next_at) = match fate {
        Fate::Delivered => ("delivered", None),
        Fate::Again(at) => ("pending", Some(at)),
        Fate::GivenUp => ("failed", None),
    };
    let error = match attempt.outcome {
        Outcome::NotReached(reason) => Some(reason.to_string()),
        _ => None,
    };
    let status = attempt.answer.as_ref().map(|answer| i64::from(answer.status));
    let said = attempt.answer.as_ref().map(|answer| &*answer.body);
    let duration = i64::try_from(attempt.duration.as_micros()).unwrap_or(i64::MAX);
    // What was asked for again meanwhile is still to be sent.
    let sql = "INSERT INTO webhook_deliveries (company_id, endpoint_id, number, type, state,
            attempts, resends, next_at, status, said, error, duration, first_at, last_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (company_id, endpoint_id, number) DO UPDATE SET state = excluded.state,
            attempts = excluded.attempts, next_at = excluded.next_at, status = excluded.status,
            said = excluded.said, error = excluded.error, duration = excluded.duration,
            first_at = excluded.first_at, last_at = excluded.last_at
        WHERE webhook_deliveries.resends = excluded.resends";
    let values = params![
        lease.company,
        lease.id,
        delivery.number,
        what,
        state,
        tries.attempts,
        delivery.resends,
        next_at,
        status,
        said,
        error,
        duration,
        tries.first_at,
        now
    ];
    tx.execute(sql, values).await.map(drop)
}
