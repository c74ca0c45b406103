//! Attaching users to a contract, rule by rule.

use domain::attach::Why::{
    AllRefused, Legacy, MalformedUser, NoDates, NotAssociated, SomeRefused, UnknownUser,
};
use domain::attach::{Dates, Entry, Plan, Row, Why, plan};
use domain::range::RangeRefusal::{Absent, Incomplete, NotADate, NotAscending, OutsidePeriod};
use domain::range::{DateRange, Period, Policy, Sent};
use domain::{ExternalId, Ref};

use crate::day;

const YEAR: Period = Period {
    start: Some(jiff::civil::date(2024, 1, 1)),
    end: Some(jiff::civil::date(2024, 12, 31)),
};

/// Two halves of that year, the year itself, and ranges that are no good.
const FIRST: (&str, &str) = ("2024-01-01", "2024-06-30");
const SECOND: (&str, &str) = ("2024-07-01", "2024-12-31");
const WHOLE: (&str, &str) = ("2024-01-01", "2024-12-31");
const ONE_DAY: (&str, &str) = ("2024-07-01", "2024-07-01");
const EARLIER: (&str, &str) = ("1990-01-01", "1990-06-30");
/// Nothing was sent; stands for `null` as an end too.
const NULL: &str = "null";

fn sent(text: &str) -> Sent<'_> {
    if text == NULL { Sent::Absent } else { Sent::Text(text) }
}

fn dates(ranges: &[(&str, &str)]) -> Dates {
    let judge = |(start, end): &(&str, &str)| DateRange::parse(sent(start), sent(end), Policy::Cor);
    Dates::Ranges(ranges.iter().map(judge).collect())
}

fn user(id: i64, dates: Dates) -> Entry {
    Entry { user: Some(Ref::Internal(id)), dates }
}

fn external(id: &str, dates: Dates) -> Entry {
    Entry { user: Some(Ref::External(ExternalId::parse(id).unwrap())), dates }
}

fn no_user(dates: Dates) -> Entry {
    Entry { user: None, dates }
}

/// Plans on a contract of 2024, of whose users only 88001..=88004 exist. They are known to the
/// source system as u1 to u4.
fn on_2024(entries: &[Entry]) -> Plan {
    let find = |entry: &Entry| match entry.user.as_ref()? {
        Ref::Internal(id) => Some(*id),
        Ref::External(id) => Some(88_000 + id.as_str().strip_prefix('u')?.parse::<i64>().ok()?),
    };
    let exists = |id: &i64| (88_001..=88_004).contains(id);
    let users: Vec<_> = entries.iter().map(|entry| find(entry).filter(exists)).collect();
    plan(YEAR, entries, &users)
}

fn row(user_id: i64, (start, end): (&str, &str), nth: usize) -> Row {
    Row { user_id, range: DateRange { start: day(start), end: day(end) }, nth }
}

fn refused(plan: &Plan) -> Vec<(usize, Why)> {
    plan.refused.iter().map(|refused| (refused.entry, refused.why.clone())).collect()
}

/// What COR's own example shows, from a request that makes it come out.
#[test]
fn the_published_example_comes_out_as_published() {
    let entries = [
        user(
            88_001,
            dates(&[
                WHOLE,
                ("2024-03-01", "2024-06-30"),
                ("2024-06-01", "2024-04-01"),
                (NULL, NULL),
                ("2024-02-01", NULL),
                ("not-a-date", "2024-12-31"),
                EARLIER,
            ]),
        ),
        no_user(dates(&[WHOLE])),
        user(88_002, Dates::Legacy),
        user(88_003, dates(&[])),
        user(88_004, dates(&[ONE_DAY])),
        user(999_999, dates(&[WHOLE])),
        user(88_005, dates(&[(NULL, NULL), FIRST])),
    ];
    let plan = on_2024(&entries);
    assert_eq!(plan.received, 13);
    assert_eq!(plan.rows, [row(88_001, WHOLE, 0), row(88_001, ("2024-03-01", "2024-06-30"), 1)]);
    assert_eq!(plan.taken, [0, 1]);
    assert_eq!(
        refused(&plan),
        [
            (
                0,
                SomeRefused(vec![
                    (2, NotAscending),
                    (3, Absent),
                    (4, Incomplete),
                    (5, NotADate),
                    (6, OutsidePeriod),
                ])
            ),
            (1, MalformedUser),
            (2, Legacy),
            (3, NoDates),
            (4, AllRefused(vec![(0, NotAscending)])),
            (6, SomeRefused(vec![(0, Absent)])),
            (5, UnknownUser(vec![0])),
            (6, UnknownUser(vec![1])),
        ]
    );
}

/// Of two ranges received one is created and one rejected: what is not associated is not counted.
#[test]
fn an_entry_without_an_association_is_refused_first_and_counts_nothing() {
    let entries = [
        external("u1", dates(&[FIRST, ("2024-10-10", NULL)])),
        external("u5", dates(&[FIRST, SECOND])),
        external("u6", Dates::Legacy),
        external("u7", Dates::Missing),
    ];
    let plan = on_2024(&entries);
    assert_eq!((plan.received, plan.taken.len()), (2, 1));
    assert_eq!(
        refused(&plan),
        [
            (1, NotAssociated),
            (2, NotAssociated),
            (3, NotAssociated),
            (0, SomeRefused(vec![(1, Incomplete)])),
        ]
    );
}

#[test]
fn what_is_received_is_counted_in_ranges() {
    assert_eq!(on_2024(&[]).received, 0);
    assert_eq!(on_2024(&[user(88_001, Dates::Missing)]).received, 0);
    assert_eq!(on_2024(&[user(88_001, dates(&[]))]).received, 0);
    assert_eq!(on_2024(&[user(88_001, Dates::Legacy)]).received, 1);
    assert_eq!(on_2024(&[user(88_001, dates(&[FIRST, EARLIER, FIRST]))]).received, 3);
    assert_eq!(on_2024(&[no_user(dates(&[FIRST, FIRST]))]).received, 2);
    assert_eq!(on_2024(&[user(999_999, dates(&[FIRST]))]).received, 1);
    assert_eq!(on_2024(&[external("u9", dates(&[FIRST]))]).received, 0);
}

#[test]
fn what_is_no_id_is_a_malformed_user_whatever_its_dates_are() {
    for dates in [Dates::Missing, Dates::Legacy, dates(&[]), dates(&[FIRST]), dates(&[EARLIER])] {
        assert_eq!(refused(&on_2024(&[no_user(dates)])), [(0, MalformedUser)]);
    }
}

/// 88005 is a good id of nobody: that shows only where a range would have been taken.
#[test]
fn an_entry_without_a_good_range_is_refused_for_its_dates_whether_its_user_exists_or_not() {
    for id in [88_001, 88_005] {
        assert_eq!(refused(&on_2024(&[user(id, Dates::Legacy)])), [(0, Legacy)]);
        assert_eq!(refused(&on_2024(&[user(id, Dates::Missing)])), [(0, NoDates)]);
        assert_eq!(refused(&on_2024(&[user(id, dates(&[]))])), [(0, NoDates)]);
        let all = vec![(0, OutsidePeriod), (1, NotAscending)];
        let entry = user(id, dates(&[EARLIER, ONE_DAY]));
        assert_eq!(refused(&on_2024(&[entry])), [(0, AllRefused(all))]);
    }
}

#[test]
fn the_good_ranges_of_an_unknown_user_are_refused_by_their_place_in_the_entry() {
    let plan = on_2024(&[user(88_005, dates(&[EARLIER, FIRST, ONE_DAY, SECOND]))]);
    let bad = vec![(0, OutsidePeriod), (2, NotAscending)];
    assert_eq!(refused(&plan), [(0, SomeRefused(bad)), (0, UnknownUser(vec![1, 3]))]);
    assert_eq!((plan.received, plan.taken.len(), plan.rows.len()), (4, 0, 0));
}

#[test]
fn a_range_refused_by_itself_keeps_its_reason_even_where_the_period_is_another() {
    let backwards_and_outside = ("1990-06-30", "1990-01-01");
    let plan = on_2024(&[user(88_001, dates(&[backwards_and_outside]))]);
    assert_eq!(refused(&plan), [(0, AllRefused(vec![(0, NotAscending)]))]);
}

#[test]
fn a_good_entry_is_not_refused() {
    let plan = on_2024(&[user(88_001, dates(&[FIRST, SECOND]))]);
    assert_eq!((plan.received, plan.refused.len()), (2, 0));
    assert_eq!(plan.rows, [row(88_001, FIRST, 0), row(88_001, SECOND, 1)]);
    assert_eq!(plan.taken, [0, 1]);
}

#[test]
fn overlapping_ranges_of_one_user_are_all_taken() {
    let plan = on_2024(&[user(88_001, dates(&[FIRST, WHOLE]))]);
    assert_eq!(plan.rows, [row(88_001, FIRST, 0), row(88_001, WHOLE, 1)]);
}

#[test]
fn a_range_sent_twice_is_taken_twice_and_is_one_row() {
    let plan = on_2024(&[user(88_001, dates(&[FIRST, FIRST])), user(88_001, dates(&[FIRST]))]);
    assert_eq!(plan.rows, [row(88_001, FIRST, 0)]);
    assert_eq!((plan.taken, plan.received), (vec![0, 0, 0], 3));
}

/// However it is named; and each of its entries is refused for itself.
#[test]
fn a_user_in_two_entries_is_one_user() {
    let both = [user(88_001, dates(&[FIRST, EARLIER])), external("u1", dates(&[ONE_DAY, FIRST]))];
    let plan = on_2024(&both);
    assert_eq!(plan.rows, [row(88_001, FIRST, 0)]);
    assert_eq!(plan.taken, [0, 0]);
    let expected =
        [(0, SomeRefused(vec![(1, OutsidePeriod)])), (1, SomeRefused(vec![(0, NotAscending)]))];
    assert_eq!(refused(&plan), expected);
}

/// By user, start, end; and each knows which of the rows the request named first.
#[test]
fn rows_are_in_key_order_and_taken_in_request_order() {
    let entries = [
        user(88_002, dates(&[SECOND, FIRST])),
        user(88_001, dates(&[WHOLE, SECOND])),
        user(88_002, dates(&[SECOND])),
        user(88_001, dates(&[FIRST])),
    ];
    let plan = on_2024(&entries);
    let expected = [
        row(88_001, FIRST, 4),
        row(88_001, WHOLE, 2),
        row(88_001, SECOND, 3),
        row(88_002, FIRST, 1),
        row(88_002, SECOND, 0),
    ];
    assert_eq!(plan.rows, expected);
    assert_eq!(plan.taken, [4, 3, 1, 2, 4, 0]);
}
