//! Dates, date ranges and the period of a contract.

use domain::range::{DateRange, OPEN_END, Period, Policy, RangeRefusal, Sent, date};
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;
use proptest::sample::select;

use crate::day;

#[test]
fn a_real_calendar_date_in_yyyy_mm_dd_is_read() {
    for text in ["2024-01-01", "2024-12-31", "1990-06-30", "0000-01-01", "9999-12-31"] {
        assert_eq!(date(text), Some(day(text)), "{text}");
    }
}

#[test]
fn the_29th_of_february_is_a_date_in_leap_years_only() {
    for text in ["2024-02-29", "2000-02-29", "0000-02-29"] {
        assert_eq!(date(text), Some(day(text)), "{text}");
    }
    for text in ["2023-02-29", "1900-02-29", "2024-02-30", "2024-04-31"] {
        assert_eq!(date(text), None, "{text}");
    }
}

#[test]
fn nothing_but_yyyy_mm_dd_is_a_date() {
    let not_dates = [
        "",
        "not-a-date",
        "2024-2-1",
        "24-01-01",
        "12024-01-01",
        "2024-01-1",
        "2024-001-1",
        " 2024-01-01",
        "2024-01-01 ",
        " 024-01-01",
        "2024-01-01T00:00:00",
        "2024-01-01Z",
        "20240101",
        "2024/01/01",
        "2024-01/01",
        "2024_01-01",
        "01-01-2024",
        "2024-W01-1",
        "2024-001",
        "-024-01-01",
        "+024-01-01",
        "-2024-01-01",
        "2024--1-01",
        "2024-+1-01",
        "2024-01--1",
        "２０２４-０１-０１",
        "２0-01-01",
        "٢٠٢٤-01",
        "2024‐01‐01",
        "2024-01-é",
        "2024-01-0\0",
    ];
    for text in not_dates {
        assert_eq!(date(text), None, "{text:?}");
    }
}

/// Each of the 100 months and 100 days that two digits can write.
#[test]
fn a_month_or_day_that_the_calendar_lacks_is_no_date() {
    for year in [0, 1900, 2000, 2023, 2024, 9999] {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (month, number) in (0..100).flat_map(|month| (0..100).map(move |day| (month, day))) {
            let last = match month {
                4 | 6 | 9 | 11 => 30,
                2 => 28 + i32::from(leap),
                1..=12 => 31,
                _ => 0,
            };
            let text = format!("{year:04}-{month:02}-{number:02}");
            assert_eq!(date(&text).is_some(), (1..=last).contains(&number), "{text}");
        }
    }
}

fn any_date() -> impl Strategy<Value = Date> {
    (0..3_652_425i32).prop_map(|days| day("0000-01-01") + days.days())
}

proptest! {
    #[test]
    fn every_date_of_the_years_0000_to_9999_is_read_as_it_is_shown(any in any_date()) {
        prop_assert_eq!(date(&any.to_string()), Some(any));
    }

    /// Whatever the text: no panic, and no second way to write a date.
    #[test]
    fn an_accepted_text_has_10_bytes_and_is_what_its_date_shows(
        text in prop_oneof![any::<String>(), "[0-9:T+-]{8,12}", "[0-9]{4}-[01][0-9]-[0-3][0-9]"],
    ) {
        if let Some(date) = date(&text) {
            prop_assert_eq!(text.len(), 10);
            prop_assert_eq!(date.to_string(), text);
        }
    }

    #[test]
    fn a_date_with_a_character_changed_is_another_date_or_none(
        any in any_date(), place in 0..10usize, character in any::<char>(),
    ) {
        let mut text: Vec<char> = any.to_string().chars().collect();
        text[place] = character;
        let text: String = text.into_iter().collect();
        if let Some(date) = date(&text) {
            prop_assert_eq!(date.to_string(), text);
        }
    }
}

use RangeRefusal::{Absent, Incomplete, NotADate, NotAscending, OutsidePeriod};

#[test]
fn a_range_is_two_dates_in_ascending_order() {
    let range = DateRange::parse(Sent::Text("2024-01-01"), Sent::Text("2024-01-02"), Policy::Cor);
    assert_eq!(range, Ok(DateRange { start: day("2024-01-01"), end: day("2024-01-02") }));
}

#[test]
fn a_range_without_both_ends_is_absent() {
    assert_eq!(DateRange::parse(Sent::Absent, Sent::Absent, Policy::Cor), Err(Absent));
}

#[test]
fn a_range_without_one_end_is_incomplete_whatever_the_other_is() {
    for other in [Sent::Text("2024-01-01"), Sent::Text("not-a-date"), Sent::Text(""), Sent::Other] {
        assert_eq!(
            DateRange::parse(Sent::Absent, other, Policy::Cor),
            Err(Incomplete),
            "{other:?}"
        );
        assert_eq!(
            DateRange::parse(other, Sent::Absent, Policy::Cor),
            Err(Incomplete),
            "{other:?}"
        );
    }
}

/// An empty text is something that was sent: it is not absent.
#[test]
fn an_end_that_is_no_date_is_refused_even_where_the_other_is_one() {
    for other in [Sent::Text("not-a-date"), Sent::Text("2024-02-30"), Sent::Text(""), Sent::Other] {
        let good = Sent::Text("2024-01-01");
        assert_eq!(DateRange::parse(good, other, Policy::Cor), Err(NotADate), "{other:?}");
        assert_eq!(DateRange::parse(other, good, Policy::Cor), Err(NotADate), "{other:?}");
        assert_eq!(DateRange::parse(other, other, Policy::Cor), Err(NotADate), "{other:?}");
    }
}

#[test]
fn a_range_of_one_day_or_one_that_ends_before_it_starts_is_not_ascending() {
    for end in ["2024-07-01", "2024-06-30"] {
        let range = DateRange::parse(Sent::Text("2024-07-01"), Sent::Text(end), Policy::Cor);
        assert_eq!(range, Err(NotAscending), "{end}");
    }
}

#[test]
fn the_refusals_say_what_cor_says() {
    assert_eq!(Absent.to_string(), "Date malformatted");
    assert_eq!(Incomplete.to_string(), "Date malformatted. Start and end date are required");
    assert_eq!(NotADate.to_string(), "Invalid date");
    assert_eq!(NotAscending.to_string(), "Date malformatted. Start date must be before end date");
    assert_eq!(
        OutsidePeriod.to_string(),
        "Invalid contract periods. Range must be within contract start and end dates"
    );
}

/// One end of a range, of every sort; few dates, so that they meet.
fn sent() -> impl Strategy<Value = Sent<'static>> {
    const TEXTS: &[&str] =
        &["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-02-30", ""];
    prop_oneof![
        1 => Just(Sent::Absent),
        1 => Just(Sent::Other),
        6 => select(TEXTS).prop_map(Sent::Text),
    ]
}

fn period() -> impl Strategy<Value = Period> {
    let bound = || proptest::option::of((1..=4i8).prop_map(|d| jiff::civil::date(2024, 1, d)));
    (bound(), bound()).prop_map(|(start, end)| Period { start, end })
}

proptest! {
    /// The rules in their order, and where each applies.
    #[test]
    fn the_first_rule_that_applies_refuses_a_range(
        start in sent(), end in sent(), period in period(),
    ) {
        let read = |sent| if let Sent::Text(text) = sent { date(text) } else { None };
        let (first, last) = (read(start), read(end));
        let starts_early = period.start > first;
        let ends_late = period.end.is_some_and(|end| Some(end) < last);
        let rules = [
            (Absent, start == Sent::Absent && end == Sent::Absent),
            (Incomplete, start == Sent::Absent || end == Sent::Absent),
            (NotADate, first.is_none() || last.is_none()),
            (NotAscending, first >= last),
            (OutsidePeriod, starts_early || ends_late),
        ];
        let refusal = rules.into_iter().find(|(_, applies)| *applies).map(|(refusal, _)| refusal);
        let range = DateRange::parse(start, end, Policy::Cor).and_then(|range| period.admit(range));
        prop_assert_eq!(range.err(), refusal);
        if let Ok(range) = range {
            prop_assert_eq!((Some(range.start), Some(range.end)), (first, last));
        }
    }
}

fn days(start: &str, end: &str) -> DateRange {
    DateRange { start: day(start), end: day(end) }
}

const YEAR: Period = Period {
    start: Some(jiff::civil::date(2024, 1, 1)),
    end: Some(jiff::civil::date(2024, 12, 31)),
};

#[test]
fn both_days_of_a_period_belong_to_it() {
    let whole = days("2024-01-01", "2024-12-31");
    assert_eq!(YEAR.admit(whole), Ok(whole));
    let inside = days("2024-03-01", "2024-06-30");
    assert_eq!(YEAR.admit(inside), Ok(inside));
}

#[test]
fn a_range_with_a_day_outside_the_period_is_refused() {
    let outside = [
        ("2023-12-31", "2024-06-30"),
        ("2024-06-30", "2025-01-01"),
        ("2023-12-31", "2025-01-01"),
        ("1990-01-01", "1990-06-30"),
        ("2025-01-01", "2025-06-30"),
    ];
    for (start, end) in outside {
        assert_eq!(YEAR.admit(days(start, end)), Err(OutsidePeriod), "{start}..{end}");
    }
}

#[test]
fn a_bound_that_a_contract_lacks_is_open() {
    let (ever, early, late) = (
        days("0000-01-01", "9999-12-30"),
        days("0000-01-01", "2024-12-31"),
        days("2024-01-01", "9999-12-30"),
    );
    assert_eq!(Period::default().admit(ever), Ok(ever));
    let until = Period { start: None, ..YEAR };
    assert_eq!(until.admit(early), Ok(early));
    assert_eq!(until.admit(ever), Err(OutsidePeriod));
    let since = Period { end: None, ..YEAR };
    assert_eq!(since.admit(late), Ok(late));
    assert_eq!(since.admit(ever), Err(OutsidePeriod));
}

/// An open end fits when its start does, and ends with the contract.
#[test]
fn an_open_end_fits_when_its_start_does() {
    for (start, fits) in
        [("2023-12-31", false), ("2024-01-01", true), ("2024-12-31", true), ("2025-01-01", false)]
    {
        let open = days(start, "9999-12-31");
        assert_eq!(YEAR.admit(open).is_ok(), fits, "{start}");
    }
    assert_eq!(YEAR.shown_end(day("9999-12-31")), day("2024-12-31"));
}

#[test]
fn an_open_end_is_kept_as_the_last_day_there_is() {
    assert_eq!(OPEN_END, day("9999-12-31"));
}

#[test]
fn an_open_end_is_shown_as_the_end_of_the_contract() {
    assert_eq!(YEAR.shown_end(OPEN_END), day("2024-12-31"));
    assert_eq!(Period::default().shown_end(OPEN_END), OPEN_END);
    assert_eq!(Period { end: None, ..YEAR }.shown_end(OPEN_END), OPEN_END);
}

/// Even the day before the open end, and one that the contract ends before.
#[test]
fn any_other_end_is_shown_as_it_is() {
    for end in ["2024-06-30", "2024-12-31", "2025-06-30", "9999-12-30"] {
        assert_eq!(YEAR.shown_end(day(end)), day(end));
    }
}

#[test]
fn a_period_does_not_end_before_it_begins() {
    let period = |start, end| Period { start, end };
    let (first, last) = (Some(day("2025-01-01")), Some(day("2025-01-02")));
    for good in [(first, last), (first, first), (None, last), (last, None), (None, None)] {
        assert!(period(good.0, good.1).ascends());
    }
    assert!(!period(last, first).ascends());
}

#[test]
fn ours_may_be_one_day_and_have_no_end() {
    let parse = |start, end| DateRange::parse(start, end, Policy::Native);
    let first = Sent::Text("2024-07-01");
    assert_eq!(parse(first, first), Ok(days("2024-07-01", "2024-07-01")));
    let open = Ok(DateRange { start: day("2024-07-01"), end: OPEN_END });
    assert_eq!(parse(first, Sent::Absent), open);
    assert_eq!(parse(first, Sent::Text("9999-12-31")), open);
    assert_eq!(parse(first, Sent::Text("2024-06-30")), Err(RangeRefusal::Backwards));
    for bad in [Sent::Absent, Sent::Other, Sent::Text("2024-02-30")] {
        assert_eq!(parse(bad, first), Err(RangeRefusal::StartNotADate), "{bad:?}");
        assert_eq!(parse(bad, bad), Err(RangeRefusal::StartNotADate), "{bad:?}");
    }
    for bad in [Sent::Other, Sent::Text(""), Sent::Text("2024-02-30")] {
        assert_eq!(parse(first, bad), Err(RangeRefusal::EndNotADate), "{bad:?}");
    }
}

proptest! {
    /// What COR takes is taken here, too, as it is.
    #[test]
    fn ours_takes_all_that_cor_takes(start in sent(), end in sent()) {
        if let Ok(range) = DateRange::parse(start, end, Policy::Cor) {
            prop_assert_eq!(DateRange::parse(start, end, Policy::Native), Ok(range));
        }
    }
}
