//! Exact numbers.

use domain::{Decimal, Rate};
use proptest::prelude::*;

fn units(number: &str) -> Option<i64> {
    Decimal::parse(number).ok().map(Decimal::units)
}

#[test]
fn a_number_is_read_exactly_in_units_of_a_ten_thousandth() {
    let numbers = [
        ("0", 0),
        ("8", 80_000),
        ("1.5", 15_000),
        ("0.0001", 1),
        ("12.3456", 123_456),
        ("-7.25", -72_500),
        ("0.1", 1_000),
    ];
    for (number, expected) in numbers {
        assert_eq!(units(number), Some(expected), "{number}");
    }
}

#[test]
fn an_exponent_is_only_another_way_to_write_a_number() {
    let numbers = [
        ("1e2", 1_000_000),
        ("1E2", 1_000_000),
        ("1e+2", 1_000_000),
        ("1e02", 1_000_000),
        ("1e0", 10_000),
        ("1.5e1", 150_000),
        ("12345e-4", 12_345),
        ("10e-5", 1),
        ("0.00001e1", 1),
        ("-2.5E-1", -2_500),
        ("123.4567e7", 12_345_670_000_000),
    ];
    for (number, expected) in numbers {
        assert_eq!(units(number), Some(expected), "{number}");
    }
}

#[test]
fn zero_is_zero_however_it_is_written() {
    let long = format!("0.{}", "0".repeat(1_000));
    for number in ["0", "-0", "0.0", "-0.0000000", "0e5", "0e-400", "0e999999999", &long] {
        assert_eq!(units(number), Some(0), "{number}");
    }
}

#[test]
fn zeros_beyond_the_fourth_decimal_are_fine_for_nothing_is_lost() {
    let long = format!("1.5{}", "0".repeat(1_000));
    for number in ["1.50000", "1.5000000000", &long, "1500000e-6", "0.000015e5"] {
        assert_eq!(units(number), Some(15_000), "{number}");
    }
}

#[test]
fn a_number_with_more_than_4_decimals_is_refused_and_never_rounded() {
    for number in ["1.00001", "0.00009", "-0.00001", "1e-5", "11e-5", "1.23456e0", "1e-400"] {
        assert_eq!(Decimal::parse(number), Err(Decimal::RULE), "{number}");
    }
    assert_eq!(units("1e-4"), Some(1));
}

#[test]
fn a_number_is_below_100_000_000_000_either_way() {
    assert_eq!(units("99999999999.9999"), Some(999_999_999_999_999));
    assert_eq!(units("-99999999999.9999"), Some(-999_999_999_999_999));
    assert_eq!(units("1e10"), Some(100_000_000_000_000));
    let too_big = [
        "100000000000",
        "-100000000000",
        "100000000000.0001",
        "1e11",
        "0.1e12",
        "922337203685477.5808",
        "18446744073709551616",
        "9223372036854775808e-4",
        "1E400",
        "-1E400",
        "1e999999999",
        "1e99999999999999999999",
    ];
    for number in too_big {
        assert_eq!(Decimal::parse(number), Err(Decimal::RULE), "{number}");
    }
    assert_eq!(Decimal::parse(&"9".repeat(1_000)), Err(Decimal::RULE));
}

#[test]
fn what_is_no_number_is_refused() {
    let not_numbers = [
        "", "-", "--1", "+1", ".5", "-.5", "1.2.3", "1e", "1e-", "e5", "-e5", "1e1.5", "1e5e5",
        "1e--5", "1 ", " 1", "1_000", "1,5", "0x10", "NaN", "Infinity", "null", "\"1\"", "１", "٣",
        "1e٣", "1\0",
    ];
    for text in not_numbers {
        assert_eq!(Decimal::parse(text), Err(Decimal::RULE), "{text:?}");
    }
}

/// Clients whose fields are integers refuse `8.0`.
#[test]
fn a_whole_number_is_shown_without_a_fraction() {
    for (number, shown) in [("8.0", "8"), ("1e2", "100"), ("-3.0000", "-3"), ("0.0", "0")] {
        assert_eq!(Decimal::parse(number).unwrap().to_string(), shown, "{number}");
    }
    assert_eq!(Decimal::from_whole(24).to_string(), "24");
}

#[test]
fn a_fraction_is_shown_with_as_few_decimals_as_it_has() {
    let numbers = [
        ("1.50000", "1.5"),
        ("0.0001", "0.0001"),
        ("0.0100", "0.01"),
        ("-0.5", "-0.5"),
        ("-7.2500", "-7.25"),
        ("99999999999.9999", "99999999999.9999"),
    ];
    for (number, shown) in numbers {
        assert_eq!(Decimal::parse(number).unwrap().to_string(), shown, "{number}");
    }
}

#[test]
fn zero_has_no_sign() {
    assert_eq!(Decimal::parse("-0").unwrap().to_string(), "0");
    assert_eq!(Decimal::parse("-0.0"), Decimal::parse("0"));
}

#[test]
fn only_a_number_without_a_fraction_is_whole() {
    for (number, whole) in [("4", Some(4)), ("4.0", Some(4)), ("-4", Some(-4)), ("4.5", None)] {
        assert_eq!(Decimal::parse(number).unwrap().whole(), whole, "{number}");
    }
    assert_eq!(Decimal::parse("0.0001").unwrap().whole(), None);
    assert_eq!(Decimal::from_whole(-7).whole(), Some(-7));
}

#[test]
fn sums_are_exact() {
    let sum = units("0.1").unwrap() + units("0.2").unwrap();
    assert_eq!(Decimal::from_units(sum), Decimal::parse("0.3").unwrap());
}

/// The value of a JSON number by its definition: all digits as one integer, and its exponent.
fn exact(number: &str) -> Option<i64> {
    let lower = number.to_lowercase();
    let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
    let places = exponent.parse::<i32>().unwrap() - fraction.len() as i32 + 4;
    let power = 10i128.checked_pow(places.unsigned_abs());
    let units = match power {
        _ if digits == 0 => 0,
        Some(power) if places >= 0 => digits.checked_mul(power)?,
        Some(power) if digits % power == 0 => digits / power,
        _ => return None,
    };
    (units.abs() < 1_000_000_000_000_000).then_some(units as i64)
}

/// Any number that there may be.
fn any_units() -> impl Strategy<Value = i64> {
    const LAST: i64 = 999_999_999_999_999;
    prop_oneof![-LAST..=LAST, -100_000..=100_000i64]
}

proptest! {
    #[test]
    fn a_number_is_read_as_it_is_shown(units in any_units()) {
        let number = Decimal::from_units(units);
        prop_assert_eq!(Decimal::parse(&number.to_string()), Ok(number));
        prop_assert_eq!(number.units(), units);
    }

    #[test]
    fn no_shorter_notation_of_a_number_exists(units in any_units()) {
        let shown = Decimal::from_units(units).to_string();
        prop_assert_eq!(shown.contains('.'), units % 10_000 != 0);
        prop_assert!(!shown.contains('.') || !shown.ends_with('0'), "{}", shown);
    }

    #[test]
    fn a_number_is_the_same_in_all_notations(units in any_units(), zeros in 0..9usize) {
        let number = Ok(Decimal::from_units(units));
        let plain = Decimal::from_units(units).to_string();
        let point = if plain.contains('.') { "" } else { "." };
        let zeros_behind = format!("{plain}{point}0{}", "0".repeat(zeros));
        prop_assert_eq!(Decimal::parse(&zeros_behind), number);
        let shifted = format!("{units}{}e-{}", "0".repeat(zeros), zeros + 4);
        prop_assert_eq!(Decimal::parse(&shifted), number);
        prop_assert_eq!(Decimal::parse(&shifted.to_uppercase()), number);
    }

    #[test]
    fn a_json_number_is_read_exactly_or_refused(
        number in "-?(0|[1-9][0-9]{0,13})(\\.[0-9]{1,7})?([eE][+-]?[0-9]{1,2})?",
    ) {
        prop_assert_eq!(units(&number), exact(&number), "{}", number);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in prop_oneof!["[-+.eE0-9]{0,40}", "\\PC{0,20}"]) {
        if let Ok(number) = Decimal::parse(&text) {
            prop_assert_eq!(Decimal::parse(&number.to_string()), Ok(number));
        }
    }
}

/// Zero is zero, whatever its exponent.
#[test]
fn zero_with_any_exponent() {
    for zero in ["0e99999999999", "0e-99999999999", "0.000e2147483648", "-0E+99999999999"] {
        assert_eq!(Decimal::parse(zero).map(Decimal::units), Ok(0), "{zero}");
    }
}

#[test]
fn a_rate_is_written_as_it_was_read() {
    for text in ["1", "0.0000000001", "110.5", "99999999.9999999999", "12.34"] {
        assert_eq!(Rate::parse(text).unwrap().to_string(), text);
    }
}
