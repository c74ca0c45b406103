//! Moments: a date and a time, with the offset from UTC.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::Pieces;

/// A moment with its offset, kept as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    text: String,
    date: Date,
    utc: DateTime,
}

impl Moment {
    /// What a valid one looks like, for messages.
    pub const RULE: &'static str =
        "must be a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00-00:00";

    /// Reads a date, `T`, a time with seconds, and `Z` or an offset with minutes.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        read(text).ok_or(Self::RULE)
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The date as the text has it, in its own offset.
    pub const fn date(&self) -> Date {
        self.date
    }

    /// The same moment in UTC; those that no year of four digits has are the nearest one.
    pub const fn utc(&self) -> DateTime {
        self.utc
    }
}

fn read(text: &str) -> Option<Moment> {
    // Other notations of ISO 8601 are not told apart by what they mean.
    if text.len() > 40 || !is_plain(text) {
        return None;
    }
    let pieces = Pieces::parse(text).ok()?;
    let date = pieces.date();
    let offset = SignedDuration::from_secs(pieces.to_numeric_offset()?.seconds().into());
    let utc = date.to_datetime(pieces.time()?).saturating_sub(offset);
    let utc = utc.max(DateTime::constant(0, 1, 1, 0, 0, 0, 0));
    Some(Moment { text: text.to_owned(), date, utc })
}

/// Whether a text is written as `2026-05-11T00:00:00-00:00`, perhaps with a fraction.
fn is_plain(text: &str) -> bool {
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let Some(rest) = form.strip_prefix("0000-00-00T00:00:00") else { return false };
    let offset = match rest.strip_prefix(".0") {
        Some(fraction) => fraction.trim_start_matches('0'),
        None => rest,
    };
    matches!(offset, "Z" | "+00:00" | "-00:00")
}
