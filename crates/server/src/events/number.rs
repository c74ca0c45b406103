//! Numbers for what PostgreSQL has committed.
//!
//! Every node numbers what it has written, one at a time: whoever gets the lock of the transaction.
//! It sees what has been committed, and gives numbers in the order of the places in line. An operation
//! draws its place under its locks, so of two that changed the same entity the earlier one has
//! the earlier place, and is committed whenever the later one is. What is committed later gets a
//! higher number. So numbers never pass each other, and whoever follows them misses nothing.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::WAITING;
use crate::app::App;
use crate::store::{Col, Stmt, Stop, Tx, params};

/// Events that get their numbers together.
const BATCH: i64 = 1_000;
/// How often a node looks for what others have written and numbered.
const TICK: Duration = Duration::from_millis(100);
/// How often a node looks for what another one, which died, has left without numbers.
const LOOK: Duration = Duration::from_secs(1);
/// How long writes gather, so that many are numbered together.
const GATHER: Duration = Duration::from_millis(20);
/// "numbers" as a number: the advisory lock of whoever gives them.
const LOCK: i64 = 0x006e_756d_6265_7273;

/// Gives numbers for as long as the process runs. On SQLite events have theirs.
pub async fn run(app: &App) {
    if app.store.has_one_writer() {
        return;
    }
    let (mut seen, mut looked) = (-1, None::<Instant>);
    loop {
        tokio::select! {
            () = app.feed.written.notified() => sleep(GATHER).await,
            () = sleep(TICK) => {}
        }
        let mut waiting = app.feed.waiting();
        if looked.is_none_or(|looked| looked.elapsed() > LOOK) {
            match all(app).await {
                Ok(all) => waiting = all,
                Err(Stop::Failed(error)) => {
                    tracing::debug!(cause = error.told(), "what others left is not looked for");
                }
                Err(Stop::Refused(never)) => match never {},
            }
            looked = Some(Instant::now());
        }
        if !waiting.is_empty() {
            let given = number(app, waiting.clone()).await;
            if let Err(Stop::Failed(error)) = &given {
                tracing::warn!(cause = error.told(), "events wait for their numbers");
                sleep(LOOK).await;
            }
            // Somebody else was at it, or more are there than fit.
            if !matches!(given, Ok(Some(given)) if given < BATCH) {
                waiting.into_iter().for_each(|company| app.feed.wait(company));
            }
        }
        if let Err(Stop::Failed(error)) = wake(app, &mut seen).await {
            tracing::debug!(cause = error.told(), "followers are not woken");
        }
    }
}

/// All companies: what a node that died has left waits among theirs.
async fn all(app: &App) -> Result<Vec<i64>, Stop<Infallible>> {
    let companies = app.store.read("events.companies", async move |tx: &mut Tx| {
        Ok(tx.query::<(i64,)>("SELECT id FROM companies", params![]).await?)
    });
    Ok(companies.await?.into_iter().map(|(id,)| id).collect())
}

/// Numbers what waits of some companies; how many that were, or `None` when somebody else is at it.
pub async fn number(app: &App, companies: Vec<i64>) -> Result<Option<i64>, Stop<Infallible>> {
    app.store
        .write("events.number", async move |tx: &mut Tx| {
            // Two statements: the second one sees what whoever had the lock has committed.
            let lock = "SELECT pg_try_advisory_xact_lock($1)";
            let waiting = "SELECT e.company_id, w.number FROM {e(company_id bigint)}
                CROSS JOIN LATERAL (SELECT number FROM events
                    WHERE company_id = e.company_id AND number >= 4611686018427387904
                    ORDER BY number LIMIT $1) w
                ORDER BY w.number LIMIT $1";
            let batch = [Col::Int(&companies)];
            let waiting = Stmt::batch(waiting, params![BATCH], &batch);
            let (locked, waiting): (Vec<(bool,)>, Vec<(i64, i64)>) =
                tx.query_pair(Stmt::new(lock, params![LOCK]), waiting).await?;
            if locked.first() != Some(&(true,)) {
                return Ok(None);
            }
            if waiting.is_empty() {
                return Ok(Some(0));
            }
            let count = waiting.len() as i64;
            let draw = "INSERT INTO id_sequences (name, next) VALUES ('event', 1 + $1)
                ON CONFLICT (name) DO UPDATE SET next = id_sequences.next + $1 RETURNING next";
            let drawn: Option<(i64,)> = tx.query_opt(draw, params![count]).await?;
            let first = drawn.map_or(1, |(next,)| next - count);
            let (companies, places): (Vec<i64>, Vec<i64>) = waiting.into_iter().unzip();
            let give = "UPDATE events SET number = $1 + e.ord - 1
                FROM {e(company_id bigint, place bigint)}
                WHERE events.company_id = e.company_id AND events.number = e.place";
            let batch = [Col::Int(&companies), Col::Int(&places)];
            tx.execute_many(give, params![first], &batch).await?;
            Ok(Some(count))
        })
        .await
}

/// Wakes the followers of companies with new events, whoever wrote and numbered them. `seen` is
/// the number after the last one, so that nothing is read when nothing is new.
async fn wake(app: &App, seen: &mut i64) -> Result<(), Stop<Infallible>> {
    let followed = app.feed.followed();
    if followed.is_empty() {
        return Ok(());
    }
    let known = *seen;
    let read = app.store.read("events.heads", async move |tx: &mut Tx| {
        let sql = "SELECT next FROM id_sequences WHERE name = 'event'";
        let next = tx.query_opt(sql, params![]).await?.map_or(0, |(next,): (i64,)| next);
        if next == known {
            return Ok((next, Vec::new()));
        }
        let sql = "SELECT e.company_id, coalesce((SELECT max(number) FROM events
                WHERE events.company_id = e.company_id AND number < $1), 0)
            FROM {e(company_id bigint)}";
        let batch = [Col::Int(&followed)];
        let heads: Vec<(i64, i64)> = tx.query_batch(sql, params![WAITING], &batch).await?;
        Ok((next, heads))
    });
    let (next, heads) = read.await?;
    *seen = next;
    app.feed.seen(&heads);
    Ok(())
}
