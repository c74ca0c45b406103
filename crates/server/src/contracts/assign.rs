//! Giving users ranges on a contract, or declaring all that they have there.
//!
//! Ranges are judged as an attach judges them ([`domain::attach`]), each for itself.

use std::collections::HashSet;

use domain::Kind;
use domain::attach::{Dates, Entry, Plan, Row, Why, plan};
use domain::range::{DateRange, RangeRefusal};
use domain::replace::{self, Replaced, replace};
use jiff::civil::Date;

use super::attach::{Assigned, added, include, insert};
use super::period;
use super::standing::{self, Standing};
use crate::entities::Judged;
use crate::events::Verb;
use crate::events::data::{Data, Direction};
use crate::operation::{Operation, Turn};
use crate::references::named::{find_all, find_one};
use crate::references::{At, Named};
use crate::scope::Scope;
use crate::store::{Sequence, Tx};

/// What a request asks for. Ranges get the scope's source.
#[derive(Clone, Debug)]
pub struct Assign {
    pub scope: Scope,
    pub contract: Named,
    /// The user of each range.
    pub users: Vec<Named>,
    /// The ranges, each judged by itself.
    pub ranges: Vec<Result<DateRange, RangeRefusal>>,
    /// Nothing is done when anything is rejected.
    pub all_or_nothing: bool,
    pub mode: Mode,
    /// Who is declared by [`Mode::Replace`] besides the users of ranges; all must be there.
    pub declared: Vec<Named>,
}

/// What becomes of ranges that the users have already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They stay.
    Add,
    /// Those of the scope's source go unless they are sent; with a day, those that begin on it or
    /// later.
    Replace(Option<Date>),
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    pub contract_id: i64,
    /// In the order of the request.
    pub results: Vec<Given>,
    pub removed: Vec<Standing>,
    /// What the users have besides what was sent, and keep.
    pub kept: Vec<Standing>,
}

/// What came of one range.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    Created(Assigned),
    /// The user had it already, or it was sent twice.
    Unchanged(Assigned),
    Rejected(Rejection),
}

/// Why a range is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The source does not know the user.
    NotAssociated,
    /// There is no such user.
    UnknownUser,
    Range(RangeRefusal),
    /// Another one was rejected, and all were to be taken or none.
    Others,
}

/// Gives users ranges on a contract.
impl Operation for Assign {
    const NAME: &'static str = "contracts.assign";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        Some((Sequence::Assignment, self.ranges.iter().filter(|range| range.is_ok()).count()))
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let company = self.scope.company;
        include(tx, company).await?;
        let contract_id = find_one(tx, &self.scope, Kind::Contract, &self.contract, None).await?;
        let period = match self.mode {
            Mode::Add => period::share(tx, company, contract_id).await?,
            Mode::Replace(_) => period::hold(tx, company, contract_id).await?,
        };
        let users = find_all(tx, company, Kind::User, &self.users).await?;
        let plan = plan(period, &self.entries(), &users);
        let mut outcome = Outcome {
            contract_id,
            results: Vec::with_capacity(self.ranges.len()),
            removed: Vec::new(),
            kept: Vec::new(),
        };
        if self.all_or_nothing && !plan.refused.is_empty() {
            let all = rejections(&plan, self.ranges.len()).into_iter();
            let rejected = all.map(|why| Given::Rejected(why.unwrap_or(Rejection::Others)));
            outcome.results = rejected.collect();
            return Ok(outcome);
        }
        if let Mode::Replace(from) = self.mode {
            let declared = self.declared(tx).await?;
            let users = (&*users, &*declared);
            self.replace(tx, turn, from, (&plan, users), &mut outcome).await?;
        }
        let Plan { rows, .. } = &plan;
        let ids = insert(tx, &self.scope, contract_id, rows, turn.first_id).await?;
        let new = added(rows, &ids, turn.first_id);
        if !new.is_empty() {
            let data = Data::Ranges(Direction::Added, new);
            turn.tell(Kind::Contract, Verb::UsersAttached, contract_id, data);
        }
        outcome.results = results(&plan, self.ranges.len(), &ids, turn.first_id);
        Ok(outcome)
    }
}

impl Assign {
    /// An entry for each range.
    fn entries(&self) -> Vec<Entry> {
        let each = self.users.iter().zip(&self.ranges);
        each.map(|(user, range)| Entry {
            user: Some(user.reference.clone()),
            dates: Dates::Ranges(vec![*range]),
        })
        .collect()
    }

    /// Who is declared besides the users of ranges.
    async fn declared(&self, tx: &mut Tx) -> Judged<Vec<i64>> {
        let (company, kind) = (self.scope.company, Kind::User);
        let found = find_all(tx, company, kind, &self.declared).await?;
        if let Some(nth) = found.iter().position(Option::is_none) {
            let at = Some(At::Element("users", nth, ""));
            find_one(tx, &self.scope, kind, &self.declared[nth], at).await?;
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// Removes what was not sent.
    async fn replace(
        &self,
        tx: &mut Tx,
        turn: &mut Turn,
        from: Option<Date>,
        (plan, (users, declared)): (&Plan, (&[Option<i64>], &[i64])),
        outcome: &mut Outcome,
    ) -> Judged<()> {
        let place = (self.scope.company, outcome.contract_id);
        let mut named: Vec<i64> = users.iter().flatten().chain(declared).copied().collect();
        named.sort_unstable();
        named.dedup();
        let there = standing::of_users(tx, place, &named).await?;
        let judged: Vec<replace::Standing> = there
            .iter()
            .map(|one| replace::Standing {
                user_id: one.user_id,
                range: one.range,
                own: one.source_id == self.scope.source.id,
            })
            .collect();
        let declared = plan.rows.iter().map(|row| (row.user_id, row.range)).collect();
        let unsure: HashSet<i64> =
            plan.refused.iter().filter_map(|refused| users[refused.entry]).collect();
        let Replaced { removed, kept } = replace(&judged, &declared, &unsure, from);
        outcome.removed = removed.into_iter().map(|nth| there[nth]).collect();
        outcome.kept = kept.into_iter().map(|nth| there[nth]).collect();
        standing::remove(tx, place, &outcome.removed).await?;
        if !outcome.removed.is_empty() {
            let gone = outcome.removed.iter().map(|one| one.told()).collect();
            let data = Data::Ranges(Direction::Removed, gone);
            turn.tell(Kind::Contract, Verb::UsersDetached, outcome.contract_id, data);
        }
        Ok(())
    }
}

/// Why each range was refused; `None`: it was not.
fn rejections(plan: &Plan, ranges: usize) -> Vec<Option<Rejection>> {
    let mut rejections = vec![None; ranges];
    for refused in &plan.refused {
        rejections[refused.entry] = Some(match &refused.why {
            Why::AllRefused(bad) | Why::SomeRefused(bad) => match bad.first() {
                Some((_, why)) => Rejection::Range(*why),
                None => Rejection::Others,
            },
            Why::UnknownUser(_) => Rejection::UnknownUser,
            _ => Rejection::NotAssociated,
        });
    }
    rejections
}

/// What came of each range. Of a range that was sent twice the first one creates it.
fn results(plan: &Plan, ranges: usize, ids: &[i64], first_id: i64) -> Vec<Given> {
    let mut taken = plan.taken.iter();
    let mut told = HashSet::new();
    let mut given = |why: Option<Rejection>| {
        if let Some(why) = why {
            return Some(Given::Rejected(why));
        }
        let place = *taken.next()?;
        let (Row { user_id, range, nth }, id) = (plan.rows[place], ids[place]);
        let is_new = id == first_id + nth as i64 && told.insert(place);
        Some(match is_new {
            true => Given::Created(Assigned { id, user_id, range }),
            false => Given::Unchanged(Assigned { id, user_id, range }),
        })
    };
    rejections(plan, ranges).into_iter().filter_map(&mut given).collect()
}
