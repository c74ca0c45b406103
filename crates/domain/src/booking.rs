//! Who is double-booked, and who is free.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::DateRange;

/// A range that a user has on a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booking {
    pub contract: i64,
    pub range: DateRange,
}

/// Days on which a user is booked more than once, and the places of the bookings that make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    pub days: DateRange,
    pub bookings: Vec<usize>,
}

/// The days that two ranges share.
pub fn shared(one: DateRange, other: DateRange) -> Option<DateRange> {
    let (start, end) = (one.start.max(other.start), one.end.min(other.end));
    (start <= end).then_some(DateRange { start, end })
}

/// The days in a window on which a user is on more than one contract. Ranges on one contract may
/// overlap: they clash with no other.
pub fn overlaps(window: DateRange, bookings: &[Booking]) -> Vec<Clash> {
    /// What happens first on a day: whoever ends on it is still there.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Turn {
        Begins,
        Ends,
    }
    let mut turns: Vec<(Date, Turn, i64)> = Vec::with_capacity(bookings.len() * 2);
    for Booking { contract, range } in bookings {
        if let Some(DateRange { start, end }) = shared(window, *range) {
            turns.extend([(start, Turn::Begins, *contract), (end, Turn::Ends, *contract)]);
        }
    }
    turns.sort_unstable();
    let mut on: HashMap<i64, usize> = HashMap::new();
    let mut since = None;
    let mut found: Vec<DateRange> = Vec::new();
    for (day, turn, contract) in turns {
        match turn {
            Turn::Begins => {
                *on.entry(contract).or_default() += 1;
                if on.len() > 1 {
                    since.get_or_insert(day);
                }
            }
            Turn::Ends => {
                let left = on.get(&contract).map_or(0, |ranges| ranges - 1);
                match left {
                    0 => on.remove(&contract),
                    left => on.insert(contract, left),
                };
                if on.len() < 2
                    && let Some(start) = since.take()
                {
                    // One contract may follow another from one day to the next.
                    match found.last_mut().filter(|last| last.end.tomorrow().ok() == Some(start)) {
                        Some(last) => last.end = day,
                        None => found.push(DateRange { start, end: day }),
                    }
                }
            }
        }
    }
    let clash = |days| Clash { days, bookings: within(days, bookings) };
    found.into_iter().map(clash).collect()
}

/// The days of a leave, in a window, on which a user is booked: from the first to the last of them.
pub fn during(window: DateRange, leave: DateRange, bookings: &[Booking]) -> Option<Clash> {
    let away = shared(window, leave)?;
    let made: Vec<usize> = within(away, bookings);
    let days = made.iter().filter_map(|&nth| shared(away, bookings[nth].range));
    let days = days.reduce(|all, one| DateRange {
        start: all.start.min(one.start),
        end: all.end.max(one.end),
    })?;
    Some(Clash { days, bookings: made })
}

/// The places of the bookings that have one of these days.
fn within(days: DateRange, bookings: &[Booking]) -> Vec<usize> {
    let places = bookings.iter().enumerate();
    places.filter(|(_, one)| shared(days, one.range).is_some()).map(|(nth, _)| nth).collect()
}
