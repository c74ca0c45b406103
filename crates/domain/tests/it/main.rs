//! The rules of Crewline, rule by rule: each test's name is the rule it holds.

mod attach;
mod attach_properties;
mod booking;
mod carve;
mod decimal;
mod exchange;
mod income;
mod kind;
mod leave;
mod numbers;
mod range;
mod reference;
mod replace;
mod source;
mod team;
mod text;
mod working_time;

use jiff::civil::Date;

/// A real date; read by jiff, so that no test leans on the parser it tests.
fn day(text: &str) -> Date {
    text.parse().expect("a real date")
}
