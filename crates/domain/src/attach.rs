//! Attaching users to a contract: which ranges are taken, which are refused, and why.
//!
//! Ranges are judged one by one, in two stages: by themselves and against the contract's
//! period, then by whether their user exists. What is refused never stops the rest.

use crate::range::{DateRange, Period, RangeRefusal};
use crate::reference::Ref;

/// One element of a request's `users`.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whom it names; `None` when that is not an id at all.
    pub user: Option<Ref>,
    pub dates: Dates,
}

/// The ranges of an entry, as sent.
#[derive(Clone, Debug)]
pub enum Dates {
    /// No `dates`, or one that is not an array.
    Missing,
    /// `start` or `end` directly on the entry, and no `dates`.
    Legacy,
    /// Each range, judged by itself.
    Ranges(Vec<Result<DateRange, RangeRefusal>>),
}

impl Dates {
    /// How many date ranges were sent.
    fn len(&self) -> usize {
        match self {
            Dates::Missing => 0,
            Dates::Legacy => 1,
            Dates::Ranges(ranges) => ranges.len(),
        }
    }
}

/// What is to happen.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// The distinct rows to insert, in key order.
    pub rows: Vec<Row>,
    /// For each range taken, in request order, its place in `rows`.
    pub taken: Vec<usize>,
    /// The refusals: users without an association, then stage 1, then stage 2, each in
    /// request order.
    pub refused: Vec<Refused>,
    /// How many ranges reached the operation: those of users without an association did not.
    pub received: usize,
}

/// A row to insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub user_id: i64,
    pub range: DateRange,
    /// The row's place among the distinct rows in request order; ids are given by it.
    pub nth: usize,
}

/// An entry that was not taken whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its index in the request.
    pub entry: usize,
    pub why: Why,
}

/// Why an entry was not taken whole. Numbers are indices of the entry's ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The source system's id is not known.
    NotAssociated,
    /// What stands for the user is not an id.
    MalformedUser,
    /// `start` and `end` on the entry instead of `dates`.
    Legacy,
    /// No `dates`, or none in it.
    NoDates,
    /// Every range was refused.
    AllRefused(Vec<(usize, RangeRefusal)>),
    /// Some ranges were refused; the others went on.
    SomeRefused(Vec<(usize, RangeRefusal)>),
    /// The user does not exist; these ranges were good.
    UnknownUser(Vec<usize>),
}

impl Why {
    /// Names it for who handles refusals; of ranges that were refused, each has its own code.
    /// COR publishes only `CE001`.
    pub const fn code(&self) -> Option<&'static str> {
        match self {
            Self::NotAssociated => Some("CE001"),
            Self::MalformedUser => Some("USER_MALFORMATTED"),
            Self::Legacy => Some("LEGACY_FORMAT"),
            Self::NoDates => Some("DATES_MISSING"),
            Self::AllRefused(_) | Self::SomeRefused(_) => None,
            Self::UnknownUser(_) => Some("USER_UNKNOWN"),
        }
    }
}

/// Decides about every range of a request.
///
/// `users[n]` is the user that entry `n` names, if there is one. An entry that names its
/// user by an external id without an association is refused ahead of all others.
pub fn plan(period: Period, entries: &[Entry], users: &[Option<i64>]) -> Plan {
    debug_assert_eq!(entries.len(), users.len());
    let mut taken = Vec::new();
    let (mut unassociated, mut refused, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let mut received = 0;
    for (nth, (entry, user)) in entries.iter().zip(users).enumerate() {
        if user.is_none() && matches!(entry.user, Some(Ref::External(_))) {
            unassociated.push(Refused { entry: nth, why: Why::NotAssociated });
            continue;
        }
        received += entry.dates.len();
        let (good, why) = judge(period, entry);
        refused.extend(why.map(|why| Refused { entry: nth, why }));
        match user {
            Some(user_id) => taken.extend(good.into_iter().map(|(_, range)| (*user_id, range))),
            None if good.is_empty() => {}
            None => {
                let ranges = good.into_iter().map(|(range, _)| range).collect();
                unknown.push(Refused { entry: nth, why: Why::UnknownUser(ranges) });
            }
        }
    }
    unassociated.append(&mut refused);
    unassociated.append(&mut unknown);
    let (rows, taken) = distinct(&taken);
    Plan { rows, taken, refused: unassociated, received }
}

/// Stage 1: the ranges of an entry that hold, with their indices, and what it is refused for.
fn judge(period: Period, entry: &Entry) -> (Vec<(usize, DateRange)>, Option<Why>) {
    if entry.user.is_none() {
        return (Vec::new(), Some(Why::MalformedUser));
    }
    let ranges = match &entry.dates {
        Dates::Legacy => return (Vec::new(), Some(Why::Legacy)),
        Dates::Missing => return (Vec::new(), Some(Why::NoDates)),
        Dates::Ranges(ranges) if ranges.is_empty() => return (Vec::new(), Some(Why::NoDates)),
        Dates::Ranges(ranges) => ranges,
    };
    let mut good = Vec::with_capacity(ranges.len());
    let mut bad = Vec::new();
    for (nth, range) in ranges.iter().enumerate() {
        match range.and_then(|range| period.admit(range)) {
            Ok(range) => good.push((nth, range)),
            Err(refusal) => bad.push((nth, refusal)),
        }
    }
    let why = match (good.is_empty(), bad.is_empty()) {
        (_, true) => None,
        (true, false) => Some(Why::AllRefused(bad)),
        (false, false) => Some(Why::SomeRefused(bad)),
    };
    (good, why)
}

/// The distinct rows in key order, and the place of each taken range among them.
fn distinct(taken: &[(i64, DateRange)]) -> (Vec<Row>, Vec<usize>) {
    let mut order: Vec<usize> = (0..taken.len()).collect();
    // Stable, so that the first of equal ranges comes first.
    order.sort_by_key(|&nth| taken[nth]);
    let mut rows: Vec<Row> = Vec::with_capacity(taken.len());
    let mut places = vec![0; taken.len()];
    for nth in order {
        let (user_id, range) = taken[nth];
        if rows.last().is_none_or(|row| (row.user_id, row.range) != (user_id, range)) {
            rows.push(Row { user_id, range, nth });
        }
        places[nth] = rows.len() - 1;
    }
    // `nth` is so far the range's index in the request; make it the rank among the distinct.
    let mut next = 0;
    for (nth, &place) in places.iter().enumerate() {
        if rows[place].nth == nth {
            rows[place].nth = next;
            next += 1;
        }
    }
    (rows, places)
}
