//! Working times: when in the week a user works.

use std::collections::HashMap;
use std::fmt;

use crate::Decimal;

/// A day of the week: 1 is Sunday, 7 is Saturday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Weekday(i64);

impl Weekday {
    /// What a valid one looks like, for messages.
    pub const RULE: &'static str = "must be a day of the week from 1 (Sunday) to 7 (Saturday)";

    pub fn parse(number: &str) -> Result<Self, &'static str> {
        match Decimal::parse(number).map(Decimal::whole) {
            Ok(Some(day @ 1..=7)) => Ok(Self(day)),
            _ => Err(Self::RULE),
        }
    }

    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A time of the day, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(i64);

impl TimeOfDay {
    /// What a valid one looks like, for messages.
    pub const RULE: &'static str = "must be a time from 00:00 to 23:59 in the form HH:MM";

    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let &[h, hh, b':', m, mm] = text.as_bytes() else { return Err(Self::RULE) };
        let number = |tens: u8, ones: u8| {
            let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
            digits.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        };
        match (number(h, hh), number(m, mm)) {
            (Some(hour @ 0..24), Some(minute @ 0..60)) => Ok(Self(hour * 60 + minute)),
            _ => Err(Self::RULE),
        }
    }

    /// Minutes since midnight.
    pub const fn minutes(self) -> i64 {
        self.0
    }
}

/// As `HH:MM`.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// The break of a working day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Break(i64);

impl Break {
    /// What a valid one looks like, for messages.
    pub const RULE: &'static str = "must be 0, 0.25, 0.5, 0.75, 1, 1.5 or 2 hours";

    pub fn parse(hours: &str) -> Result<Self, &'static str> {
        match Decimal::parse(hours).map(Decimal::units) {
            Ok(units @ (0 | 2_500 | 5_000 | 7_500 | 10_000 | 15_000 | 20_000)) => {
                Ok(Self(units * 60 / 10_000))
            }
            _ => Err(Self::RULE),
        }
    }

    pub const fn minutes(self) -> i64 {
        self.0
    }
}

/// In hours.
impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::from_units(self.0 * 10_000 / 60).fmt(f)
    }
}

/// When a user works on one day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingDay {
    pub day: Weekday,
    pub start: TimeOfDay,
    pub end: TimeOfDay,
    pub pause: Break,
}

/// Why a day of a week is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeekRefusal {
    /// It does not start before it ends.
    NotAscending,
    /// The break is not shorter than the time.
    LongBreak,
    /// An earlier one, at this place, is the same day.
    Repeated(usize),
}

/// The days of a week on which a user works, in order, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Week(Vec<WorkingDay>);

impl Week {
    /// Judges days in the order in which they were sent; everything that is wrong, by place.
    pub fn new(mut days: Vec<WorkingDay>) -> Result<Self, Vec<(usize, WeekRefusal)>> {
        let mut refused = Vec::new();
        let mut first = HashMap::new();
        for (nth, one) in days.iter().enumerate() {
            let minutes = one.end.minutes() - one.start.minutes();
            if minutes <= 0 {
                refused.push((nth, WeekRefusal::NotAscending));
            } else if one.pause.minutes() >= minutes {
                refused.push((nth, WeekRefusal::LongBreak));
            }
            match *first.entry(one.day).or_insert(nth) {
                first if first == nth => {}
                first => refused.push((nth, WeekRefusal::Repeated(first))),
            }
        }
        days.sort_by_key(|one| one.day);
        if refused.is_empty() { Ok(Self(days)) } else { Err(refused) }
    }

    pub fn days(&self) -> &[WorkingDay] {
        &self.0
    }
}
