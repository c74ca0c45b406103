//! Who is double-booked.

use std::collections::BTreeSet;

use domain::DateRange;
use domain::booking::{Booking, Clash, during, overlaps, shared};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::collection::vec;
use proptest::prelude::*;

fn day(n: i64) -> Date {
    date(2026, 1, 1).checked_add(n.days()).unwrap()
}

fn days(start: i64, end: i64) -> DateRange {
    DateRange { start: day(start), end: day(end) }
}

fn on(contract: i64, start: i64, end: i64) -> Booking {
    Booking { contract, range: days(start, end) }
}

const ALWAYS: DateRange = DateRange { start: date(0, 1, 1), end: date(9999, 12, 31) };

#[test]
fn ranges_on_two_contracts_clash_on_the_days_that_they_share() {
    let bookings = [on(1, 0, 10), on(2, 10, 20)];
    assert_eq!(overlaps(ALWAYS, &bookings), [Clash { days: days(10, 10), bookings: vec![0, 1] }]);
    assert_eq!(overlaps(ALWAYS, &[on(1, 0, 9), on(2, 10, 20)]), []);
    // Open ends.
    let open = Booking { contract: 3, range: DateRange { start: day(0), end: date(9999, 12, 31) } };
    let found = overlaps(ALWAYS, &[open, Booking { contract: 4, ..open }]);
    assert_eq!(found[0].days, open.range);
}

#[test]
fn ranges_on_one_contract_do_not_clash() {
    assert_eq!(overlaps(ALWAYS, &[on(1, 0, 10), on(1, 5, 20)]), []);
    // The second is still there when the first ends.
    let bookings = [on(1, 0, 10), on(1, 5, 20), on(2, 15, 16)];
    assert_eq!(overlaps(ALWAYS, &bookings), [Clash { days: days(15, 16), bookings: vec![1, 2] }]);
}

#[test]
fn days_in_a_row_are_one_clash() {
    let bookings = [on(1, 0, 30), on(2, 5, 12), on(3, 10, 20), on(4, 25, 26)];
    let found = overlaps(ALWAYS, &bookings);
    assert_eq!(
        found,
        [
            Clash { days: days(5, 20), bookings: vec![0, 1, 2] },
            Clash { days: days(25, 26), bookings: vec![0, 3] },
        ]
    );
}

#[test]
fn one_contract_may_follow_another() {
    let found = overlaps(ALWAYS, &[on(1, 1, 10), on(2, 1, 5), on(3, 6, 10)]);
    assert_eq!(found, [Clash { days: days(1, 10), bookings: vec![0, 1, 2] }]);
    // It is not the day after.
    assert_eq!(overlaps(ALWAYS, &[on(1, 1, 10), on(2, 1, 4), on(3, 6, 10)]).len(), 2);
}

#[test]
fn only_days_of_the_window_count() {
    let bookings = [on(1, 0, 30), on(2, 5, 12)];
    assert_eq!(overlaps(days(10, 11), &bookings)[0].days, days(10, 11));
    assert_eq!(overlaps(days(13, 20), &bookings), []);
}

#[test]
fn a_leave_clashes_from_the_first_to_the_last_day_that_is_booked() {
    let bookings = [on(1, 0, 3), on(1, 6, 8), on(2, 20, 30)];
    let found = during(ALWAYS, days(2, 10), &bookings);
    assert_eq!(found, Some(Clash { days: days(2, 8), bookings: vec![0, 1] }));
    assert_eq!(during(ALWAYS, days(10, 15), &bookings), None);
    assert_eq!(during(days(9, 40), days(2, 10), &bookings), None);
}

fn booking() -> impl Strategy<Value = Booking> {
    (1..=3i64, 0..40i64, 0..15i64)
        .prop_map(|(contract, start, days)| on(contract, start, start + days))
}

proptest! {
    /// A day is in a clash exactly when the user is on two contracts on it.
    #[test]
    fn day_by_day(bookings in vec(booking(), 0..8), start in 0..40i64, length in 0..40i64) {
        let window = days(start, start + length);
        let clashes = overlaps(window, &bookings);
        for n in 0..80 {
            let today = days(n, n);
            let on = |one: &&Booking| shared(today, one.range).is_some();
            let contracts: BTreeSet<i64> = bookings.iter().filter(on).map(|one| one.contract).collect();
            let clash = shared(today, window).is_some() && contracts.len() > 1;
            let found = clashes.iter().filter(|one| shared(today, one.days).is_some()).count();
            prop_assert_eq!(found, usize::from(clash), "day {}", n);
        }
        for pair in clashes.windows(2) {
            prop_assert!(pair[0].days.end.tomorrow().unwrap() < pair[1].days.start);
        }
        for clash in clashes {
            prop_assert!(clash.bookings.len() > 1);
            for nth in clash.bookings {
                prop_assert!(shared(clash.days, bookings[nth].range).is_some());
            }
        }
    }
}
