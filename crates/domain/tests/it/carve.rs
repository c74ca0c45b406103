//! Taking days out of the ranges of a user.

use std::collections::BTreeSet;

use domain::carve::Row::{Cut, New, Unchanged};
use domain::carve::{Carving, Held, Piece, carve};
use domain::range::{DateRange, OPEN_END, Period};
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::collection::vec;
use proptest::prelude::*;

/// Day n of 2026.
fn day(n: i64) -> Date {
    if n == OPEN { OPEN_END } else { jiff::civil::date(2025, 12, 31) + n.days() }
}

const OPEN: i64 = i64::MAX;

fn days(start: i64, end: i64) -> DateRange {
    DateRange { start: day(start), end: day(end) }
}

fn held(ranges: &[(i64, i64)]) -> Vec<Held> {
    let held = |&(start, end): &(i64, i64)| Held { range: days(start, end), fixed: false };
    ranges.iter().map(held).collect()
}

fn until(end: i64) -> Period {
    Period { start: None, end: Some(day(end)) }
}

fn piece(of: usize, (start, end): (i64, i64), row: domain::carve::Row) -> Piece {
    Piece { of, range: days(start, end), row }
}

fn carved(ranges: &[(i64, i64)], window: (i64, i64)) -> Carving {
    carve(Period::default(), &held(ranges), days(window.0, window.1))
}

#[test]
fn what_is_inside_goes_and_what_touches_it_is_cut() {
    let ranges = [(1, 9), (5, 12), (10, 20), (12, 18), (20, 30), (21, 30)];
    let carving = carved(&ranges, (10, 20));
    // What is left of the fifth is the sixth: they are one.
    assert_eq!(carving.gone, [2, 3, 4]);
    assert_eq!(carving.pieces, [piece(1, (5, 9), Cut), piece(5, (21, 30), Unchanged)]);
}

#[test]
fn what_spans_it_is_split_and_the_first_piece_keeps_the_row() {
    let carving = carved(&[(1, 30)], (10, 20));
    assert_eq!(carving.gone, [0usize; 0]);
    assert_eq!(carving.pieces, [piece(0, (1, 9), Cut), piece(0, (21, 30), New)]);
}

#[test]
fn pieces_that_are_the_same_are_one() {
    let carving = carved(&[(1, 15), (1, 18), (1, 30)], (10, 20));
    assert_eq!(carving.gone, [1]);
    assert_eq!(carving.pieces, [piece(0, (1, 9), Cut), piece(2, (21, 30), Cut)]);
}

#[test]
fn what_is_fixed_stays_and_may_be_what_is_left() {
    let mut ranges = held(&[(1, 9), (1, 15), (5, 15)]);
    ranges[0].fixed = true;
    ranges[2].fixed = true;
    let carving = carve(Period::default(), &ranges, days(10, 20));
    assert_eq!(carving.gone, [1]);
    assert_eq!(carving.pieces, [piece(0, (1, 9), Unchanged)]);
}

#[test]
fn an_open_end_stays_open_behind_the_window() {
    let carving = carved(&[(1, OPEN)], (10, 20));
    assert_eq!(carving.pieces, [piece(0, (1, 9), Cut), piece(0, (21, OPEN), New)]);
    assert_eq!(carved(&[(1, OPEN)], (10, OPEN)).pieces, [piece(0, (1, 9), Cut)]);
    assert_eq!(carved(&[(10, OPEN)], (10, OPEN)).gone, [0]);
}

/// It ends with the contract.
#[test]
fn an_open_end_has_no_day_behind_the_contract() {
    let carve =
        |window: (i64, i64)| carve(until(20), &held(&[(1, OPEN)]), days(window.0, window.1));
    assert_eq!(carve((15, 25)).pieces, [piece(0, (1, 14), Cut)]);
    assert_eq!(carve((21, 25)), Carving { gone: vec![], pieces: vec![] });
    // Unless it is the end itself that is taken away.
    assert_eq!(carve((21, OPEN)).pieces, [piece(0, (1, 20), Cut)]);
    // However late: what is before the window is not lost.
    assert_eq!(carve((25, OPEN)).pieces, [piece(0, (1, 20), Cut)]);
}

const LAST: i64 = 12;

/// The days of a range as they show, up to the contract's end.
fn shown(period: Period, range: DateRange) -> impl Iterator<Item = i64> {
    let end = period.shown_end(range.end);
    (1..=LAST + 2).filter(move |n| range.start <= day(*n) && day(*n) <= end)
}

fn ranges() -> impl Strategy<Value = Vec<Held>> {
    let end = prop_oneof![4 => 1..=LAST, 1 => Just(OPEN)];
    let range = (1..=LAST, end, any::<bool>());
    vec(range, 0..8).prop_map(|ranges| {
        let mut seen = BTreeSet::new();
        let ranges = ranges.into_iter().filter(|(start, end, _)| start <= end);
        let ranges = ranges.map(|(start, end, fixed)| Held { range: days(start, end), fixed });
        ranges.filter(|held| seen.insert(held.range)).collect()
    })
}

proptest! {
    #[test]
    fn no_day_of_the_window_is_left_and_no_other_is_lost(
        ranges in ranges(), first in 1..=LAST + 2, length in 0..=LAST, bounded in any::<bool>(),
    ) {
        let period = if bounded { until(LAST) } else { Period::default() };
        let window = days(first, if length == LAST { OPEN } else { first + length });
        let carving = carve(period, &ranges, window);
        let changed: BTreeSet<usize> = carving.gone.iter().copied()
            .chain(carving.pieces.iter().filter(|p| p.row == Cut).map(|p| p.of)).collect();
        let stay = ranges.iter().enumerate().filter(|(nth, _)| !changed.contains(nth));
        let stay: Vec<Held> = stay.map(|(_, held)| *held).collect();
        let new = carving.pieces.iter().filter(|piece| piece.row != Unchanged).map(|p| p.range);
        let after: Vec<DateRange> = stay.iter().map(|held| held.range).chain(new).collect();

        // No two are the same, and what the caller may not touch is there.
        let distinct: BTreeSet<&DateRange> = after.iter().collect();
        prop_assert_eq!(distinct.len(), after.len());
        prop_assert!(ranges.iter().enumerate().all(|(nth, h)| !(h.fixed && changed.contains(&nth))));

        let inside = |n: &i64| window.start <= day(*n) && day(*n) <= window.end;
        let all = |ranges: &[DateRange]| -> BTreeSet<i64> {
            ranges.iter().flat_map(|range| shown(period, *range)).collect()
        };
        let before: Vec<DateRange> = ranges.iter().map(|held| held.range).collect();
        let fixed: Vec<DateRange> =
            ranges.iter().filter(|held| held.fixed).map(|held| held.range).collect();
        let expected: BTreeSet<i64> =
            all(&before).into_iter().filter(|n| !inside(n)).chain(all(&fixed)).collect();
        prop_assert_eq!(all(&after), expected);

        // A second time there is nothing to take.
        let again: Vec<Held> = after.iter()
            .map(|range| Held { range: *range, fixed: fixed.contains(range) }).collect();
        prop_assert_eq!(carve(period, &again, window), Carving { gone: vec![], pieces: vec![] });
    }
}
