//! Leaves: from when to when.

use crate::{DateRange, Moment};

/// COR's own words, to the letter.
pub const ENDS_BEFORE: &str = "End date must be after or equal to start date";

/// The days that a leave touches, both included, as its dates were written; refused when it
/// ends before it starts.
pub fn days(start: &Moment, end: &Moment) -> Result<DateRange, &'static str> {
    if end.utc() < start.utc() {
        return Err(ENDS_BEFORE);
    }
    // Between two offsets the later moment may have the earlier date.
    Ok(DateRange { start: start.date().min(end.date()), end: start.date().max(end.date()) })
}
