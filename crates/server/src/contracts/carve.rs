//! Taking days out of the ranges that a user has on a contract.

use std::sync::atomic::{AtomicUsize, Ordering};

use domain::Kind;
use domain::carve::{Held, Row, carve};
use domain::range::{DateRange, OPEN_END};
use jiff::civil::Date;

use super::period;
use super::standing::{self, Standing};
use crate::entities::Judged;
use crate::events::Verb;
use crate::events::data::{Data, Direction, Range};
use crate::operation::{Operation, Turn};
use crate::references::At;
use crate::references::Named;
use crate::references::named::find_one;
use crate::scope::Scope;
use crate::store::{Error, Sequence, Tx};

/// What a request asks for.
#[derive(Debug)]
pub struct Carve {
    pub scope: Scope,
    pub contract: Named,
    pub user: Named,
    pub window: DateRange,
    /// How many new ids it takes, as far as that is known: a range of which two pieces are left
    /// takes one.
    splits: AtomicUsize,
}

/// What came of it. All are in the order of the key.
#[derive(Debug)]
pub struct Outcome {
    pub contract_id: i64,
    pub user_id: i64,
    /// What is left of the ranges that had a day of the window.
    pub pieces: Vec<Standing>,
    /// Ranges that are no more, as they were.
    pub removed: Vec<Standing>,
    /// Ranges with a day of the window that the key may not change.
    pub kept: Vec<Standing>,
}

impl Carve {
    pub fn new(scope: Scope, contract: Named, user: Named, window: DateRange) -> Self {
        Self { scope, contract, user, window, splits: AtomicUsize::new(1) }
    }
}

/// Takes the window out of the user's ranges, of every source that the key may write.
impl Operation for Carve {
    const NAME: &'static str = "contracts.carve";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        Some((Sequence::Assignment, self.splits.load(Ordering::Relaxed)))
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let Self { scope, contract, user, window, splits } = self;
        let contract_id = find_one(tx, scope, Kind::Contract, contract, None).await?;
        let period = period::hold(tx, scope.company, contract_id).await?;
        let user_id = find_one(tx, scope, Kind::User, user, Some(At::Field("user"))).await?;
        let place = (scope.company, contract_id);
        let there = standing::of_users(tx, place, &[user_id]).await?;
        let held = |one: &Standing| {
            let fixed = !scope.sources.sees(one.source_id);
            Held { range: one.range, fixed }
        };
        let held: Vec<Held> = there.iter().map(held).collect();
        let carving = carve(period, &held, *window);

        let new = carving.pieces.iter().filter(|piece| piece.row == Row::New).count();
        if new > splits.fetch_max(new, Ordering::Relaxed) {
            // More ids are drawn, and it runs again.
            return Err(Error::IdTaken.into());
        }
        let mut ids = turn.first_id..;
        let mut outcome = Outcome {
            contract_id,
            user_id,
            pieces: Vec::with_capacity(carving.pieces.len()),
            removed: carving.gone.iter().map(|&nth| there[nth]).collect(),
            kept: Vec::new(),
        };
        let (mut before, mut after) = (outcome.removed.clone(), Vec::new());
        for piece in &carving.pieces {
            let mut left = Standing { range: piece.range, ..there[piece.of] };
            match piece.row {
                Row::Unchanged => {}
                Row::Cut => {
                    before.push(there[piece.of]);
                    after.push(left);
                }
                Row::New => {
                    left.id = ids.next().unwrap_or_default();
                    after.push(left);
                }
            }
            outcome.pieces.push(left);
        }
        let is_kept = |(one, held): &(&Standing, &Held)| held.fixed && one.range.overlaps(*window);
        outcome.kept = there.iter().zip(&held).filter(is_kept).map(|(one, _)| *one).collect();
        before.sort_unstable_by_key(|one| one.range);
        standing::remove(tx, place, &before).await?;
        standing::insert(tx, place, &after).await?;
        tell(turn, contract_id, before, after);
        Ok(outcome)
    }
}

/// Tells what was there and what is left, each where there is any.
fn tell(turn: &mut Turn, contract_id: i64, before: Vec<Standing>, after: Vec<Standing>) {
    let ranges =
        |all: Vec<Standing>| -> Vec<Range> { all.into_iter().map(Standing::told).collect() };
    let told = [
        (Verb::UsersDetached, Direction::Removed, ranges(before)),
        (Verb::UsersAttached, Direction::Added, ranges(after)),
    ];
    for (verb, direction, ranges) in told {
        if !ranges.is_empty() {
            turn.tell(Kind::Contract, verb, contract_id, Data::Ranges(direction, ranges));
        }
    }
}

/// What a request asks for: no day behind this one is left.
#[derive(Debug)]
pub struct End(pub Carve);

impl End {
    /// `None`: there is no day behind it.
    pub fn window(last: Date) -> Option<DateRange> {
        Some(DateRange { start: last.tomorrow().ok()?, end: OPEN_END })
    }
}

/// Closes what runs past a day, and removes what begins behind it.
impl Operation for End {
    const NAME: &'static str = "contracts.end";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        self.0.scope()
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        self.0.ids()
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        self.0.run(tx, turn).await
    }
}
