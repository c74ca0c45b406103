//! Leaves: from when to when.

use domain::DateRange;
use domain::Moment;
use domain::leave::{ENDS_BEFORE, days};
use proptest::prelude::*;

use crate::day;

fn moment(text: &str) -> Moment {
    Moment::parse(text).unwrap_or_else(|rule| panic!("{text} {rule}"))
}

#[test]
fn a_moment_is_a_date_a_time_and_an_offset_and_is_kept_as_sent() {
    for text in [
        "2026-05-11T00:00:00-00:00",
        "2026-05-11T00:00:00+00:00",
        "2026-05-11T23:59:59Z",
        "2026-05-11T09:30:00-03:00",
        "2026-05-11T09:30:00+05:45",
        "2026-05-11T09:30:00+14:00",
        "2026-05-11T09:30:00.5Z",
        "2026-05-11T09:30:00.000+02:00",
        "2026-05-11T09:30:00.123456789-12:00",
        "2024-02-29T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
    ] {
        assert_eq!(moment(text).as_str(), text);
    }
}

#[test]
fn nothing_else_is_a_moment() {
    for text in [
        "",
        "2026-05-11",
        "2026-05-11T00:00:00",
        "2026-05-11 00:00:00Z",
        "2026-05-11t00:00:00Z",
        "2026-05-11T00:00:00z",
        "2026-05-11T00:00Z",
        "2026-05-11T00Z",
        "2026-05-11T000000Z",
        "20260511T000000Z",
        "2026-131T00:00:00Z",
        "2026-W20-1T00:00:00Z",
        "+002026-05-11T00:00:00Z",
        "-2026-05-11T00:00:00Z",
        "2026-05-11T00:00:00+02",
        "2026-05-11T00:00:00+0200",
        "2026-05-11T00:00:00+02:00:00",
        "2026-05-11T00:00:00 02:00",
        "2026-05-11T00:00:00-3:00",
        "2026-05-11T00:00:00,5Z",
        "2026-05-11T00:00:00.Z",
        "2026-05-11T00:00:00.1234567891Z",
        "2026-05-11T00:00:00.000000000000000000000Z",
        "2026-05-11T00:00:00+02:00[Europe/Paris]",
        "2026-05-11T00:00:00Z[UTC]",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-05-11T24:00:00Z",
        "2026-05-11T23:60:00Z",
        "2026-05-11T23:59:61Z",
        "2026-05-11T00:00:00+02:60",
        "2026-05-11T00:00:00+99:00",
        " 2026-05-11T00:00:00Z",
        "2026-05-11T00:00:00Z ",
        "2026-05-11T00:00:00Z\0",
        "٢٠٢٦-05-11T00:00:00Z",
        "2026-05-11T00:00:00−03:00",
        "1778457600",
    ] {
        assert_eq!(Moment::parse(text), Err(Moment::RULE), "{text:?}");
    }
    assert!(Moment::RULE.starts_with("must be "));
}

#[test]
fn a_leave_covers_the_dates_that_were_written() {
    let covered = |start, end| days(&moment(start), &moment(end));
    let range = |start, end| Ok(DateRange { start: day(start), end: day(end) });
    for (start, end, first, last) in [
        ("2026-05-11T00:00:00-00:00", "2026-05-11T23:59:00-00:00", "2026-05-11", "2026-05-11"),
        ("2026-05-11T00:00:00Z", "2026-05-11T00:00:00Z", "2026-05-11", "2026-05-11"),
        // In UTC these are other days.
        ("2026-05-11T00:00:00+09:00", "2026-05-15T23:59:59+09:00", "2026-05-11", "2026-05-15"),
        ("2026-05-11T00:00:00-08:00", "2026-05-15T23:59:59-08:00", "2026-05-11", "2026-05-15"),
        ("2026-05-11T00:00:00Z", "9999-12-31T23:59:59Z", "2026-05-11", "9999-12-31"),
        // Behind the last moment there is: the nearest.
        ("9999-12-31T23:00:00Z", "9999-12-31T23:59:59-12:00", "9999-12-31", "9999-12-31"),
        // Later, and yet a day before.
        ("2026-05-12T01:00:00+14:00", "2026-05-11T12:00:00Z", "2026-05-11", "2026-05-12"),
    ] {
        assert_eq!(covered(start, end), range(first, last), "{start} {end}");
    }
}

#[test]
fn a_leave_ends_no_sooner_than_it_starts() {
    for (start, end) in [
        ("2026-05-11T00:00:01Z", "2026-05-11T00:00:00Z"),
        ("2026-05-11T00:00:00.000000001Z", "2026-05-11T00:00:00Z"),
        ("2026-05-12T00:00:00Z", "2026-05-11T00:00:00Z"),
        // By their offsets only.
        ("2026-05-11T00:00:00-03:00", "2026-05-11T00:00:00+03:00"),
        ("2026-05-11T23:00:00-03:00", "2026-05-12T00:00:00+03:00"),
    ] {
        assert_eq!(days(&moment(start), &moment(end)), Err(ENDS_BEFORE), "{start} {end}");
    }
    assert_eq!(ENDS_BEFORE, "End date must be after or equal to start date");
}

/// The same moment in two offsets is neither before the other.
#[test]
fn moments_are_compared_as_instants() {
    let (here, there) = ("2026-05-11T09:00:00-03:00", "2026-05-11T12:00:00Z");
    assert!(days(&moment(here), &moment(there)).is_ok());
    assert!(days(&moment(there), &moment(here)).is_ok());
}

proptest! {
    /// Whatever the text: no panic, and what is taken has one notation.
    #[test]
    fn an_accepted_text_is_short_and_ends_with_its_offset(
        text in prop_oneof![
            any::<String>(),
            "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,12})?(Z|[+-][0-2][0-9]:[0-6][0-9])",
        ],
    ) {
        if let Ok(moment) = Moment::parse(&text) {
            prop_assert_eq!(moment.as_str(), text.as_str());
            prop_assert!(text.len() <= 40 && text.is_ascii());
            prop_assert_eq!(days(&moment, &moment).map(|days| days.start.to_string()), Ok(text[..10].to_owned()));
        }
    }
}
