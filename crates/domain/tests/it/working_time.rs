//! Working times: when in the week a user works.

use domain::working_time::{
    Break, TimeOfDay, Week,
    WeekRefusal::{self, LongBreak, NotAscending, Repeated},
    Weekday, WorkingDay,
};
use proptest::prelude::*;

#[test]
fn a_day_of_the_week_is_from_1_to_7() {
    for (text, day) in [("1", 1), ("4", 4), ("7", 7), ("7.0", 7), ("3e0", 3)] {
        assert_eq!(Weekday::parse(text).map(Weekday::get), Ok(day), "{text}");
    }
    for text in ["", "0", "8", "-1", "1.5", "10", "monday", "Mon", " 1", "1 ", "+1", "１"] {
        assert_eq!(Weekday::parse(text), Err(Weekday::RULE), "{text:?}");
    }
    assert!(Weekday::RULE.contains("1 (Sunday) to 7 (Saturday)"));
}

#[test]
fn every_minute_of_a_day_has_one_notation() {
    for minute in 0..24 * 60 {
        let text = format!("{:02}:{:02}", minute / 60, minute % 60);
        let time = TimeOfDay::parse(&text).unwrap();
        assert_eq!((time.minutes(), time.to_string()), (minute, text));
    }
}

#[test]
fn nothing_else_is_a_time_of_the_day() {
    for text in [
        "",
        ":",
        "24:00",
        "23:60",
        "99:99",
        "9:00",
        "09:0",
        "009:00",
        "09:000",
        "09:00:00",
        "0900",
        "09.00",
        "09-00",
        "09:00 ",
        " 9:00",
        "-9:00",
        "+9:00",
        "9",
        "9am",
        "09:00Z",
        "0a:00",
        "09:0a",
        "09：00",
        "٠٩:٠٠",
        "09:00\0",
    ] {
        assert_eq!(TimeOfDay::parse(text), Err(TimeOfDay::RULE), "{text:?}");
    }
}

#[test]
fn a_break_is_one_of_seven() {
    for (text, minutes) in
        [("0", 0), ("0.25", 15), ("0.5", 30), ("0.75", 45), ("1", 60), ("1.5", 90), ("2", 120)]
    {
        let pause = Break::parse(text).unwrap();
        assert_eq!((pause.minutes(), pause.to_string().as_str()), (minutes, text));
    }
    for (text, shown) in [("0.50", "0.5"), ("1.0", "1"), ("2e0", "2"), ("-0", "0")] {
        assert_eq!(Break::parse(text).unwrap().to_string(), shown);
    }
    for text in
        ["", "0.1", "0.2501", "0.25001", "1.25", "1.75", "2.5", "3", "-1", "15", "1h", "1,5"]
    {
        assert_eq!(Break::parse(text), Err(Break::RULE), "{text:?}");
    }
    assert_eq!(Break::default().minutes(), 0);
}

fn working(day: &str, start: &str, end: &str, pause: &str) -> WorkingDay {
    WorkingDay {
        day: Weekday::parse(day).unwrap(),
        start: TimeOfDay::parse(start).unwrap(),
        end: TimeOfDay::parse(end).unwrap(),
        pause: Break::parse(pause).unwrap(),
    }
}

#[test]
fn a_week_has_its_days_in_order() {
    let (sunday, friday) =
        (working("1", "00:00", "23:59", "0"), working("6", "09:00", "18:00", "1"));
    assert_eq!(Week::new(vec![friday, sunday]).unwrap().days(), [sunday, friday]);
}

fn refused(days: &[WorkingDay]) -> Vec<(usize, WeekRefusal)> {
    Week::new(days.to_vec()).err().unwrap_or_default()
}

#[test]
fn a_day_starts_before_it_ends() {
    for (start, end) in [("09:00", "09:00"), ("09:01", "09:00"), ("22:00", "06:00")] {
        assert_eq!(refused(&[working("2", start, end, "0")]), [(0, NotAscending)], "{start} {end}");
    }
    assert_eq!(refused(&[working("2", "09:00", "09:01", "0")]), []);
}

#[test]
fn a_break_is_shorter_than_its_day() {
    for (end, pause) in [("10:00", "1"), ("09:59", "1"), ("09:15", "0.25"), ("10:59", "2")] {
        assert_eq!(refused(&[working("2", "09:00", end, pause)]), [(0, LongBreak)], "{end}");
    }
    assert_eq!(refused(&[working("2", "09:00", "10:01", "1")]), []);
}

#[test]
fn no_day_stands_twice() {
    let day = |day| working(day, "09:00", "18:00", "1");
    assert_eq!(refused(&[day("2"), day("3"), day("2")]), [(2, Repeated(0))]);
    assert_eq!(
        refused(&[day("2"), day("3"), day("3"), day("3")]),
        [(2, Repeated(1)), (3, Repeated(1))]
    );
    // Also not for two times that do not meet.
    let (morning, evening) =
        (working("2", "06:00", "09:00", "0"), working("2", "18:00", "21:00", "0"));
    assert_eq!(refused(&[morning, evening]), [(1, Repeated(0))]);
}

#[test]
fn everything_that_is_wrong_is_told_by_place() {
    let days = [
        working("2", "09:00", "18:00", "1"),
        working("3", "18:00", "09:00", "1"),
        working("2", "09:00", "09:30", "2"),
    ];
    assert_eq!(refused(&days), [(1, NotAscending), (2, LongBreak), (2, Repeated(0))]);
}

proptest! {
    /// A week that is taken has at most seven days, each with time to work, whatever is sent.
    #[test]
    fn a_week_cannot_be_wrong(
        sent in proptest::collection::vec((1..=7u8, 0..24u8, 0..60u8, 0..24u8, 0..60u8, 0..3u8), 0..9),
    ) {
        let days = sent.iter().map(|(day, h1, m1, h2, m2, pause)| working(
            &day.to_string(), &format!("{h1:02}:{m1:02}"), &format!("{h2:02}:{m2:02}"), &pause.to_string(),
        ));
        match Week::new(days.collect()) {
            Ok(week) => {
                prop_assert_eq!(week.days().len(), sent.len());
                prop_assert!(week.days().is_sorted_by(|a, b| a.day < b.day));
                for one in week.days() {
                    prop_assert!(one.end.minutes() - one.start.minutes() > one.pause.minutes());
                }
            }
            Err(refused) => {
                prop_assert!(!refused.is_empty());
                prop_assert!(refused.iter().all(|(nth, _)| *nth < sent.len()));
            }
        }
    }
}
