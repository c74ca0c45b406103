//! Dates, date ranges and the period of a contract.

use jiff::civil::Date;

/// What stands where a date belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent<'a> {
    /// Nothing, or `null`.
    Absent,
    /// A text.
    Text(&'a str),
    /// Anything else: a number, an array, ...
    Other,
}

/// The first and the last day of an assignment, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateRange {
    pub start: Date,
    pub end: Date,
}

/// Why a date range is refused. The texts are COR's, to the letter, but for those of
/// [`Policy::Native`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeRefusal {
    #[error("Date malformatted")]
    Absent,
    #[error("Date malformatted. Start and end date are required")]
    Incomplete,
    #[error("Invalid date")]
    NotADate,
    #[error("Date malformatted. Start date must be before end date")]
    NotAscending,
    #[error("Invalid contract periods. Range must be within contract start and end dates")]
    OutsidePeriod,
    #[error("The start is not a real calendar date in the form YYYY-MM-DD")]
    StartNotADate,
    #[error("The end is not a real calendar date in the form YYYY-MM-DD")]
    EndNotADate,
    #[error("The range ends before it begins")]
    Backwards,
}

/// Which ranges there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// COR's: two dates, the first before the second.
    Cor,
    /// Ours: one day is a range, too, and no end is an open one ([`OPEN_END`]).
    Native,
}

impl RangeRefusal {
    /// Names it for who handles refusals; COR publishes no code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absent => "START_AND_END_MISSING",
            Self::Incomplete => "START_OR_END_MISSING",
            Self::NotADate | Self::StartNotADate | Self::EndNotADate => "INVALID_DATE",
            Self::NotAscending => "START_NOT_BEFORE_END",
            Self::Backwards => "END_BEFORE_START",
            Self::OutsidePeriod => "OUTSIDE_CONTRACT_PERIOD",
        }
    }
}

impl DateRange {
    /// The range from one day to a later one.
    pub fn new(start: Date, end: Date) -> Result<Self, RangeRefusal> {
        if start < end { Ok(Self { start, end }) } else { Err(RangeRefusal::NotAscending) }
    }

    /// Judges a range by itself; the first rule that applies names the refusal.
    /// Whether it lies in the contract's period is [`Period::admit`]'s to say.
    pub fn parse(start: Sent<'_>, end: Sent<'_>, policy: Policy) -> Result<Self, RangeRefusal> {
        match policy {
            Policy::Cor => Self::parse_cor(start, end),
            Policy::Native => Self::parse_native(start, end),
        }
    }

    fn parse_cor(start: Sent<'_>, end: Sent<'_>) -> Result<Self, RangeRefusal> {
        let (start, end) = match (start, end) {
            (Sent::Absent, Sent::Absent) => return Err(RangeRefusal::Absent),
            (Sent::Absent, _) | (_, Sent::Absent) => return Err(RangeRefusal::Incomplete),
            (Sent::Text(start), Sent::Text(end)) => (start, end),
            _ => return Err(RangeRefusal::NotADate),
        };
        match (date(start), date(end)) {
            (Some(start), Some(end)) => Self::new(start, end),
            _ => Err(RangeRefusal::NotADate),
        }
    }

    fn parse_native(start: Sent<'_>, end: Sent<'_>) -> Result<Self, RangeRefusal> {
        let read = |sent| match sent {
            Sent::Text(text) => date(text),
            Sent::Absent | Sent::Other => None,
        };
        let start = read(start).ok_or(RangeRefusal::StartNotADate)?;
        let end = match end {
            Sent::Absent => OPEN_END,
            end => read(end).ok_or(RangeRefusal::EndNotADate)?,
        };
        if start > end { Err(RangeRefusal::Backwards) } else { Ok(Self { start, end }) }
    }

    /// Whether two ranges have a day in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }
}

/// The period of a contract, both days included; a missing bound is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    pub start: Option<Date>,
    pub end: Option<Date>,
}

impl Period {
    /// Whether it does not end before it begins.
    pub fn ascends(self) -> bool {
        match (self.start, self.end) {
            (Some(start), Some(end)) => start <= end,
            _ => true,
        }
    }

    /// Whether a range lies within the period. An open end does when the start does: it ends
    /// with the contract.
    pub fn admit(self, range: DateRange) -> Result<DateRange, RangeRefusal> {
        let begun = self.start.is_none_or(|start| start <= range.start);
        let last = if range.end == OPEN_END { range.start } else { range.end };
        let over = self.end.is_some_and(|end| end < last);
        if begun && !over { Ok(range) } else { Err(RangeRefusal::OutsidePeriod) }
    }

    /// The last day of an assignment as COR's faces show it: an open end, kept as
    /// 9999-12-31, ends with the contract.
    pub fn shown_end(self, end: Date) -> Date {
        if end == OPEN_END { self.end.unwrap_or(end) } else { end }
    }
}

/// How an open end is kept.
pub const OPEN_END: Date = jiff::civil::date(9999, 12, 31);

/// Reads `YYYY-MM-DD`; only real calendar dates, nothing before or behind them.
pub fn date(text: &str) -> Option<Date> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        bytes[range].iter().try_fold(0i16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
        })
    };
    let small = |range| i8::try_from(number(range)?).ok();
    Date::new(number(0..4)?, small(5..7)?, small(8..10)?).ok()
}
