//! Who serves which endpoint, and when.
//!
//! Every node looks for endpoints that have something to send and that nobody serves, and takes a
//! lease of them. Each is then served for a turn by a task of its own, so that a receiver who is
//! dead holds up nobody; whoever has waited longest is next. The lease of a node that died ends
//! by itself: what it had sent and not yet noted is sent once more.
//!
//! Times in rows are those of `App::clock`; looking again goes by real time.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{pending, select_all};
use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::sleep;

use super::{Render, turn};
use crate::app::{App, Shared};
use crate::events::WAITING;
use crate::store::{Col, Stop, Tx, params};

/// How long a node may be silent about an endpoint that it serves. An attempt, and noting what
/// came of it, must take less.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// Endpoints that a node serves at a time. Most of that is waiting.
const TURNS: usize = 64;
/// How often a node looks for what is due.
const TICK: Duration = Duration::from_millis(500);
/// How long events gather, so that many are sent in one turn.
const GATHER: Duration = Duration::from_millis(20);

/// The right to serve an endpoint.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub company: i64,
    pub id: i64,
    /// Who has it.
    pub owner: Arc<str>,
}

/// What this node does.
struct Dispatcher {
    app: Shared,
    render: Render,
    /// This node, as rows name it; another one whenever it starts.
    owner: Arc<str>,
    turns: JoinSet<()>,
    busy: HashMap<Id, (i64, i64)>,
    /// Of each company with endpoints: changes when it has new events.
    follow: HashMap<i64, watch::Receiver<i64>>,
}

/// Sends webhooks for as long as the process runs.
pub async fn run(app: &Shared, render: Render) {
    let reads = Arc::clone(app);
    // What it cannot read it says itself.
    let _ = tokio::task::spawn_blocking(move || drop(reads.webhooks.sender().cloned())).await;
    let mut dispatcher = Dispatcher {
        app: Arc::clone(app),
        render,
        owner: format!("{:016x}", getrandom::u64().unwrap_or(0)).into(),
        turns: JoinSet::new(),
        busy: HashMap::new(),
        follow: HashMap::new(),
    };
    let mut closed = app.feed.closed();
    while !*closed.borrow_and_update() {
        if let Err(Stop::Failed(error)) = dispatcher.step().await {
            tracing::warn!(cause = error.told(), "webhooks wait");
            sleep(TICK).await;
        }
        tokio::select! {
            () = dispatcher.wait() => {}
            _ = closed.changed() => {}
        }
    }
    // Each ends behind the attempt that it makes.
    while dispatcher.turns.join_next().await.is_some() {}
}

impl Dispatcher {
    /// Begins the turns of what is due.
    async fn step(&mut self) -> Result<(), Stop<Infallible>> {
        let mut due = self.look().await?;
        due.retain(|endpoint| !self.busy.values().any(|busy| busy == endpoint));
        due.truncate(TURNS.saturating_sub(self.busy.len()));
        if due.is_empty() {
            return Ok(());
        }
        for (company, id) in claim(&self.app, Arc::clone(&self.owner), due).await? {
            let lease = Lease { company, id, owner: Arc::clone(&self.owner) };
            let (app, render) = (Arc::clone(&self.app), self.render);
            let task = self.turns.spawn(async move { turn::serve(&app, render, lease).await });
            self.busy.insert(task.id(), (company, id));
        }
        Ok(())
    }

    /// What is due, the longest wait first; and follows the companies that have endpoints.
    async fn look(&mut self) -> Result<Vec<(i64, i64)>, Stop<Infallible>> {
        let now = self.app.clock.now();
        let read = self.app.store.read("webhooks.due", async move |tx: &mut Tx| {
            // Endpoints are few; each costs two steps down an index.
            let sql = "SELECT w.company_id, w.id, w.rest_until <= $1 AND w.lease_until <= $1 AND (
                    EXISTS (SELECT 1 FROM webhook_deliveries d
                        WHERE d.company_id = w.company_id AND d.endpoint_id = w.id
                            AND d.next_at IS NOT NULL AND (d.next_at <= $1 OR w.failures >= $3))
                    OR EXISTS (SELECT 1 FROM events v WHERE v.company_id = w.company_id
                        AND v.number > w.position AND v.number < $2))
                FROM webhook_endpoints w WHERE w.state = 'active'
                ORDER BY w.lease_until, w.company_id, w.id";
            let values = params![now, WAITING, super::standing::PROBING];
            Ok(tx.query::<(i64, i64, bool)>(sql, values).await?)
        });
        let active = read.await?;
        self.follow.retain(|company, _| active.iter().any(|(other, ..)| other == company));
        for (company, ..) in &active {
            self.follow.entry(*company).or_insert_with(|| self.app.feed.follow(*company));
        }
        let due = active.into_iter().filter(|(_, _, due)| *due);
        Ok(due.map(|(company, id, _)| (company, id)).collect())
    }

    /// Waits for an event, for the end of a turn, or for the next look.
    async fn wait(&mut self) {
        let followers = self.follow.values_mut().map(|follower| follower.changed().boxed());
        let followers: Vec<_> = followers.collect();
        let event = async {
            match followers.is_empty() {
                true => pending().await,
                false => drop(select_all(followers).await),
            }
        };
        let ended = async {
            match self.turns.join_next_with_id().await {
                Some(Ok((id, ()))) => id,
                Some(Err(error)) => error.id(),
                None => pending().await,
            }
        };
        let ended = tokio::select! {
            () = sleep(TICK) => return,
            () = event => None,
            id = ended => Some(id),
        };
        if let Some(id) = ended {
            self.busy.remove(&id);
        }
        sleep(GATHER).await;
    }
}

/// Takes leases; those that were still to be had.
async fn claim(
    app: &App,
    owner: Arc<str>,
    due: Vec<(i64, i64)>,
) -> Result<Vec<(i64, i64)>, Stop<Infallible>> {
    let (companies, ids): (Vec<i64>, Vec<i64>) = due.into_iter().unzip();
    let now = app.clock.now();
    app.store
        .write("webhooks.claim", async move |tx: &mut Tx| {
            // On PostgreSQL other nodes claim at the same time: each takes rows that no other has.
            let sql = tx.pick(
                "UPDATE webhook_endpoints SET lease_owner = $1, lease_until = $2
                WHERE state = 'active' AND lease_until <= $3 AND (company_id, id) IN (
                    SELECT e.company_id, e.id FROM {e(company_id bigint, id bigint)})
                RETURNING company_id, id",
                "UPDATE webhook_endpoints SET lease_owner = $1, lease_until = $2
                WHERE (company_id, id) IN (
                    SELECT w.company_id, w.id
                    FROM {e(company_id bigint, id bigint)}
                    JOIN webhook_endpoints w ON w.company_id = e.company_id AND w.id = e.id
                    WHERE w.state = 'active' AND w.lease_until <= $3
                    ORDER BY w.company_id, w.id FOR NO KEY UPDATE OF w SKIP LOCKED)
                RETURNING company_id, id",
            );
            let batch = [Col::Int(&companies), Col::Int(&ids)];
            Ok(tx.query_batch(sql, params![&*owner, now + LEASE, now], &batch).await?)
        })
        .await
}
