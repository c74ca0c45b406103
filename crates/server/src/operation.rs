//! What a request asks a feature to do: the one way by which everything that faces write goes.
//!
//! An operation is its input ([`Operation`]). [`run`] draws the ids it may need, opens its
//! transaction, runs it behind a savepoint, and lets a [`Keep`] add to the transaction what is
//! kept *about* it: also when it refuses, for then only its own writes are undone.

use std::sync::Arc;

use domain::Kind;
use jiff::Timestamp;

use crate::app::App;
use crate::entities::Judged;
use crate::entities::image::{self, Image};
use crate::events::{self, Data, Event, Verb};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Error, Last, Sequence, Stop, Tx, Work};

/// Something that writes, in one transaction. It may run twice.
pub trait Operation: Send + Sync + 'static {
    /// Names it in logs, metrics and refusals.
    const NAME: &'static str;
    /// What came of it, in the words of the business.
    type Outcome: Send + 'static;

    /// For whom it runs.
    fn scope(&self) -> &Scope;

    /// How many new ids it may need, and for what.
    fn ids(&self) -> Option<(Sequence, usize)> {
        None
    }

    /// Does it. A refusal leaves nothing of what it wrote.
    fn run(
        &self,
        tx: &mut Tx,
        turn: &mut Turn,
    ) -> impl Future<Output = Judged<Self::Outcome>> + Send;
}

/// What an operation gets for one run.
#[derive(Debug)]
pub struct Turn {
    pub now: Timestamp,
    /// The first of the [`ids`](Operation::ids) that it asked for.
    pub first_id: i64,
    /// What it changed, an event for each entity.
    pub events: Vec<Event>,
}

impl Turn {
    /// Tells what changed of an entity of a kind.
    pub fn tell(&mut self, kind: Kind, verb: Verb, id: i64, data: Data) {
        self.events.push(Event::of(kind, verb, id, data));
    }

    /// Tells how an entity, which is held, has changed; nothing when it has not.
    /// Whether it has.
    pub async fn updated(
        &mut self,
        tx: &mut Tx,
        (company, kind, id): (i64, Kind, i64),
        before: &Image,
    ) -> store::Result<bool> {
        let after = image::image(tx, company, kind, id).await?;
        let change = image::change(kind, Some(before), after.as_ref());
        let changed = !change.is_empty();
        if changed {
            self.tell(kind, Verb::Updated, id, Data::Entity(change, Vec::new()));
        }
        Ok(changed)
    }

    /// What goes with the commit of an operation that was done: its events.
    pub fn last(self, tx: &Tx, scope: &Scope) -> Vec<Last> {
        events::keep(tx, scope, self.events, self.now).into_iter().collect()
    }
}

/// What is kept about an operation, in its transaction.
pub trait Keep<O: Operation>: Send + Sync + 'static {
    /// What comes out.
    type Ended: Send + 'static;

    /// Whether the operation is only tried.
    fn tries(&self) -> bool {
        false
    }

    /// Ahead of the operation; it may lock, and writes nothing. `Some`: the operation does not run.
    fn before(
        &self,
        tx: &mut Tx,
        now: Timestamp,
    ) -> impl Future<Output = store::Result<Option<Self::Ended>>> + Send;

    /// Behind it. `Ok` commits; [`Stop::Refused`] ends with nothing written.
    fn after(
        &self,
        tx: &mut Tx,
        operation: &O,
        judged: Result<O::Outcome, Refusal>,
        turn: Turn,
    ) -> impl Future<Output = Result<Self::Ended, Stop<Self::Ended>>> + Send;
}

/// Runs an operation, and what is kept about it, in one transaction; durable when this returns.
pub async fn run<O: Operation, K: Keep<O>>(
    app: &App,
    operation: &Arc<O>,
    keep: &Arc<K>,
) -> store::Result<K::Ended> {
    loop {
        let first_id = match operation.ids() {
            None | Some((_, 0)) => 0,
            Some((sequence, n)) => app.store.ids(sequence, n).await?,
        };
        let (running, keep, now) = (Arc::clone(operation), Arc::clone(keep), app.clock.now());
        let work = if keep.tries() { Work::Trial } else { Work::Operation };
        let ended = app.store.run(O::NAME, work, async move |tx: &mut Tx| {
            if let Some(ended) = keep.before(tx, now).await? {
                return Err(Stop::Refused(ended));
            }
            let mut turn = Turn { now, first_id, events: Vec::new() };
            let judged = match running.run(tx, &mut turn).await {
                Ok(outcome) => Ok(outcome),
                Err(Stop::Refused(refusal)) => Err(refusal),
                Err(Stop::Failed(error)) => return Err(Stop::Failed(error)),
            };
            keep.after(tx, &running, judged, turn).await
        });
        match ended.await {
            Ok(ended) => {
                app.feed.wrote(operation.scope().company, app.store.has_one_writer());
                return Ok(ended);
            }
            Err(Stop::Refused(ended)) => return Ok(ended),
            // Somebody who chose it, or an import, was there first.
            Err(Stop::Failed(Error::IdTaken)) => {}
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
}

/// Nothing is kept but the operation itself: for what no request asks for.
#[derive(Debug)]
pub struct Alone;

impl<O: Operation> Keep<O> for Alone {
    type Ended = Result<O::Outcome, Refusal>;

    async fn before(&self, _: &mut Tx, _: Timestamp) -> store::Result<Option<Self::Ended>> {
        Ok(None)
    }

    async fn after(
        &self,
        tx: &mut Tx,
        operation: &O,
        judged: Result<O::Outcome, Refusal>,
        turn: Turn,
    ) -> Result<Self::Ended, Stop<Self::Ended>> {
        match judged {
            Ok(outcome) => {
                tx.finish(&turn.last(tx, operation.scope())).await?;
                Ok(Ok(outcome))
            }
            Err(refusal) => Err(Stop::Refused(Err(refusal))),
        }
    }
}

/// Runs an operation that no request asks for.
pub async fn alone<O: Operation>(app: &App, operation: O) -> Judged<O::Outcome> {
    run(app, &Arc::new(operation), &Arc::new(Alone)).await?.map_err(Stop::Refused)
}
