//! Taking days out of the ranges that a user has on a contract.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use crate::range::{DateRange, OPEN_END, Period};

/// A range that the user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub range: DateRange,
    /// It stays as it is, whatever is taken out.
    pub fixed: bool,
}

/// What is left of the ranges that had a day of the window. Numbers are indices of the ranges.
#[derive(Debug, PartialEq, Eq)]
pub struct Carving {
    /// Those that go: nothing is left of them, or only what another range says already.
    pub gone: Vec<usize>,
    /// Each range that is left, once, in order of start and end.
    pub pieces: Vec<Piece>,
}

/// A range that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The range whose row it is, or was.
    pub of: usize,
    pub range: DateRange,
    pub row: Row,
}

/// Which row holds a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// The one that was this very range before.
    Unchanged,
    /// The one that was cut: it keeps its id.
    Cut,
    /// A new one, beside the one that was cut.
    New,
}

/// Takes the window out of all ranges that are not fixed; no two ranges are the same.
///
/// An open end ends with the contract, unless the window is open as well. What would be left
/// behind the contract's end is not: it has no day.
pub fn carve(period: Period, ranges: &[Held], window: DateRange) -> Carving {
    let is_cut = |held: &Held| !held.fixed && ended(period, held.range, window).overlaps(window);
    let stay = ranges.iter().enumerate().filter(|(_, held)| !is_cut(held));
    let mut rows: BTreeMap<DateRange, (usize, Row)> =
        stay.map(|(nth, held)| (held.range, (nth, Row::Unchanged))).collect();
    let (mut gone, mut left) = (Vec::new(), BTreeSet::new());
    for (nth, held) in ranges.iter().enumerate().filter(|(_, held)| is_cut(held)) {
        let mut row = Row::Cut;
        for piece in
            outside(period, held.range, window).filter(|piece| period.admit(*piece).is_ok())
        {
            left.insert(piece);
            if let Entry::Vacant(place) = rows.entry(piece) {
                place.insert((nth, row));
                row = Row::New;
            }
        }
        if row == Row::Cut {
            gone.push(nth);
        }
    }
    let piece = |range| rows.get(&range).map(|&(of, row)| Piece { of, range, row });
    Carving { gone, pieces: left.into_iter().filter_map(piece).collect() }
}

/// The range as far as it goes under the contract.
fn ended(period: Period, range: DateRange, window: DateRange) -> DateRange {
    match window.end == OPEN_END {
        true => range,
        false => DateRange { end: period.shown_end(range.end), ..range },
    }
}

/// What of a range is before a window, as far as the contract goes, and what behind it.
fn outside(period: Period, range: DateRange, window: DateRange) -> impl Iterator<Item = DateRange> {
    let before = window.start.yesterday().ok().map(|end| end.min(period.end.unwrap_or(OPEN_END)));
    let before = before.filter(|end| range.start <= *end);
    let behind = window.end.tomorrow().ok().filter(|start| *start <= range.end);
    let before = before.map(|end| DateRange { end, ..range });
    let behind = behind.map(|start| DateRange { start, ..range });
    before.into_iter().chain(behind)
}
