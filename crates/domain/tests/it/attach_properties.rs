//! Attaching users to a contract: what holds for every request.

use std::collections::{BTreeMap, BTreeSet};

use domain::attach::{Dates, Entry, Plan, Refused, Row, Why, plan};
use domain::range::{DateRange, Period, Policy, RangeRefusal, Sent};
use domain::{ExternalId, Ref};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Clone, Debug)]
struct Request {
    period: Period,
    entries: Vec<Entry>,
}

impl Request {
    /// The user whom an entry names. Only 1 to 4 exist; the source system calls them u1 to u4.
    fn user(&self, entry: usize) -> Option<i64> {
        let id = match self.entries[entry].user.as_ref()? {
            Ref::Internal(id) => *id,
            Ref::External(id) => id.as_str()[1..].parse().unwrap(),
        };
        (1..=4).contains(&id).then_some(id)
    }

    fn plan(&self) -> Plan {
        let users: Vec<_> = (0..self.entries.len()).map(|entry| self.user(entry)).collect();
        plan(self.period, &self.entries, &users)
    }

    /// Whether an entry reaches the operation: it does not by an external id of nobody.
    fn reaches(&self, entry: usize) -> bool {
        let external = matches!(self.entries[entry].user, Some(Ref::External(_)));
        !external || self.user(entry).is_some()
    }

    /// Every range that reaches the operation: its entry, and its place there.
    fn ranges(&self) -> Vec<(usize, usize)> {
        let entries = (0..self.entries.len()).filter(|&entry| self.reaches(entry));
        entries.flat_map(|entry| (0..self.sent(entry)).map(move |nth| (entry, nth))).collect()
    }

    /// How many ranges an entry has.
    fn sent(&self, entry: usize) -> usize {
        match &self.entries[entry].dates {
            Dates::Missing => 0,
            Dates::Legacy => 1,
            Dates::Ranges(ranges) => ranges.len(),
        }
    }

    /// The ranges that a refusal speaks of.
    fn refused(&self, Refused { entry, why }: &Refused) -> Vec<(usize, usize)> {
        let ranges: Vec<usize> = match why {
            Why::NotAssociated => Vec::new(),
            Why::MalformedUser | Why::Legacy | Why::NoDates => (0..self.sent(*entry)).collect(),
            Why::AllRefused(bad) | Why::SomeRefused(bad) => bad.iter().map(|bad| bad.0).collect(),
            Why::UnknownUser(good) => good.clone(),
        };
        ranges.into_iter().map(|nth| (*entry, nth)).collect()
    }
}

/// Few dates and few users, so that ranges repeat, overlap and cross the period's bounds.
const DAYS: [&str; 6] =
    ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-06"];

fn sent() -> impl Strategy<Value = Sent<'static>> {
    prop_oneof![
        1 => Just(Sent::Absent),
        1 => select(&[Sent::Other, Sent::Text("not-a-date")][..]),
        12 => select(&DAYS[..]).prop_map(Sent::Text),
    ]
}

fn dates() -> impl Strategy<Value = Dates> {
    let range = (sent(), sent()).prop_map(|(start, end)| DateRange::parse(start, end, Policy::Cor));
    prop_oneof![
        1 => Just(Dates::Missing),
        1 => Just(Dates::Legacy),
        8 => vec(range, 0..6).prop_map(Dates::Ranges),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let external = |id| Ref::External(ExternalId::parse(&format!("u{id}")).unwrap());
    let user = prop_oneof![
        1 => Just(None),
        4 => (1..=6i64).prop_map(|id| Some(Ref::Internal(id))),
        4 => (1..=6i64).prop_map(move |id| Some(external(id))),
    ];
    (user, dates()).prop_map(|(user, dates)| Entry { user, dates })
}

fn request() -> impl Strategy<Value = Request> {
    let bound = |days: &'static [&str]| proptest::option::of(select(days).prop_map(crate::day));
    let period = (bound(&DAYS[..3]), bound(&DAYS[3..]));
    (period, vec(entry(), 0..8))
        .prop_map(|((start, end), entries)| Request { period: Period { start, end }, entries })
}

/// A row without its place.
fn key(row: &Row) -> (i64, DateRange) {
    (row.user_id, row.range)
}

fn keys(plan: &Plan) -> Vec<(i64, DateRange)> {
    plan.rows.iter().map(key).collect()
}

proptest! {
    #[test]
    fn received_counts_the_ranges_of_the_entries_that_reach_the_operation(request in request()) {
        prop_assert_eq!(request.plan().received, request.ranges().len());
    }

    #[test]
    fn every_range_received_is_either_taken_or_refused(request in request()) {
        let plan = request.plan();
        let rejected: usize = plan.refused.iter().map(|why| request.refused(why).len()).sum();
        prop_assert_eq!(plan.taken.len() + rejected, plan.received);
    }

    /// So no refusal stops the rest, no range is refused twice, and the order is kept.
    #[test]
    fn what_is_not_refused_is_taken_with_its_user_in_request_order(request in request()) {
        let plan = request.plan();
        let all: Vec<_> = plan.refused.iter().flat_map(|why| request.refused(why)).collect();
        let refused: BTreeSet<_> = all.iter().copied().collect();
        prop_assert_eq!(all.len(), refused.len());
        let mut expected = Vec::new();
        for (entry, nth) in request.ranges().into_iter().filter(|range| !refused.contains(range)) {
            let Dates::Ranges(ranges) = &request.entries[entry].dates else { unreachable!() };
            expected.push((request.user(entry).unwrap(), ranges[nth].unwrap()));
        }
        let taken: Vec<_> = plan.taken.iter().map(|&nth| key(&plan.rows[nth])).collect();
        prop_assert_eq!(taken, expected);
    }

    #[test]
    fn an_entrys_bad_ranges_are_refused_together_each_for_its_reason(request in request()) {
        let plan = request.plan();
        for (nth, entry) in request.entries.iter().enumerate() {
            let Dates::Ranges(ranges) = &entry.dates else { continue };
            if entry.user.is_none() || ranges.is_empty() || !request.reaches(nth) {
                continue;
            }
            let judged = ranges.iter().map(|range| range.and_then(|range| request.period.admit(range)));
            let bad: Vec<(usize, RangeRefusal)> =
                judged.enumerate().filter_map(|(nth, range)| Some((nth, range.err()?))).collect();
            let expected = match bad.len() {
                0 => None,
                all if all == ranges.len() => Some(Why::AllRefused(bad)),
                _ => Some(Why::SomeRefused(bad)),
            };
            let mut refused = plan.refused.iter().filter(|refused| refused.entry == nth);
            let found = refused.find(|refused| !matches!(refused.why, Why::UnknownUser(_)));
            prop_assert_eq!(found.map(|refused| &refused.why), expected.as_ref());
        }
    }

    /// Strictly ascending: an entry has one refusal at most of each stage.
    #[test]
    fn refusals_come_stage_by_stage_and_in_request_order_within_each(request in request()) {
        let stage = |why: &Why| match why {
            Why::NotAssociated => 0,
            Why::UnknownUser(_) => 2,
            _ => 1,
        };
        let order: Vec<_> =
            request.plan().refused.iter().map(|refused| (stage(&refused.why), refused.entry)).collect();
        prop_assert!(order.is_sorted_by(|a, b| a < b), "{:?}", order);
    }

    #[test]
    fn nothing_is_refused_without_a_range_unless_the_whole_entry_is(request in request()) {
        for refused in request.plan().refused {
            let whole = matches!(refused.why, Why::NotAssociated | Why::MalformedUser | Why::NoDates);
            prop_assert!(whole || !request.refused(&refused).is_empty(), "{:?}", refused);
        }
    }

    #[test]
    fn rows_are_distinct_and_in_key_order(request in request()) {
        let keys = keys(&request.plan());
        let order = |row: &(i64, DateRange)| (row.0, row.1.start, row.1.end);
        prop_assert!(keys.is_sorted_by(|a, b| order(a) < order(b)), "{:?}", keys);
    }

    #[test]
    fn nth_is_the_order_in_which_the_rows_first_appear(request in request()) {
        let plan = request.plan();
        let mut seen = BTreeSet::new();
        let first: Vec<usize> = plan.taken.iter().copied().filter(|&nth| seen.insert(nth)).collect();
        let nths: Vec<usize> = first.iter().map(|&row| plan.rows[row].nth).collect();
        prop_assert_eq!(nths, (0..plan.rows.len()).collect::<Vec<_>>());
    }

    #[test]
    fn the_same_request_gives_the_same_plan(request in request()) {
        prop_assert_eq!(request.plan(), request.clone().plan());
    }

    /// Nothing new is inserted, and every range comes back with the id it was given first.
    #[test]
    fn a_retried_request_is_harmless(before in request(), request in request()) {
        let mut contract = Contract::default();
        contract.attach(&before.plan());
        let there = contract.rows.len();
        let (inserted, assigned) = contract.attach(&request.plan());
        prop_assert_eq!(contract.rows.len(), there + inserted);
        prop_assert_eq!(contract.attach(&request.plan()), (0, assigned));
    }

    #[test]
    fn the_order_of_the_entries_changes_nothing_but_the_order(
        (request, shuffled) in request().prop_flat_map(|request| {
            let period = request.period;
            let shuffled = Just(request.entries.clone()).prop_shuffle();
            (Just(request), shuffled.prop_map(move |entries| Request { period, entries }))
        }),
    ) {
        let (plan, other) = (request.plan(), shuffled.plan());
        prop_assert_eq!(keys(&plan), keys(&other));
        prop_assert_eq!((plan.received, plan.taken.len()), (other.received, other.taken.len()));
        prop_assert_eq!(plan.refused.len(), other.refused.len());
    }

    #[test]
    fn an_entry_is_judged_as_if_it_were_alone(request in request()) {
        let plan = request.plan();
        let (mut rows, mut received) = (BTreeSet::new(), 0);
        for (nth, entry) in request.entries.iter().enumerate() {
            let alone = Request { entries: vec![entry.clone()], ..request }.plan();
            let here = plan.refused.iter().filter(|refused| refused.entry == nth);
            prop_assert!(here.map(|refused| &refused.why).eq(alone.refused.iter().map(|r| &r.why)));
            rows.extend(keys(&alone));
            received += alone.received;
        }
        prop_assert_eq!(keys(&plan), rows.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(plan.received, received);
    }
}

/// What a database holds of a contract: the id of each row.
#[derive(Default)]
struct Contract {
    rows: BTreeMap<(i64, DateRange), usize>,
    next_id: usize,
}

impl Contract {
    /// Inserts what is not there yet. How many rows that were, and the id of each range taken.
    fn attach(&mut self, plan: &Plan) -> (usize, Vec<usize>) {
        let before = self.rows.len();
        for row in &plan.rows {
            self.rows.entry(key(row)).or_insert(self.next_id + row.nth);
        }
        self.next_id += plan.rows.len();
        let assigned = plan.taken.iter().map(|&nth| self.rows[&key(&plan.rows[nth])]).collect();
        (self.rows.len() - before, assigned)
    }
}
