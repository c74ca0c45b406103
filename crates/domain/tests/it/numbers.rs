//! Numbers with bounds of their own: amounts, hours, percentages, roles.

use domain::{Amount, Decimal, Hours, MonthlyHours, Percentage, Plan, Role};
use proptest::prelude::*;

#[test]
fn an_amount_is_any_number_also_a_negative_one() {
    for number in ["0", "-0.0001", "99999999999.9999", "-99999999999.9999", "1.5e1"] {
        let amount = Amount::parse(number).map(Amount::get);
        assert_eq!(amount, Decimal::parse(number), "{number}");
        assert!(amount.is_ok(), "{number}");
    }
    for number in ["100000000000", "1.00001", "x"] {
        assert_eq!(Amount::parse(number), Err(Amount::RULE), "{number}");
    }
}

#[test]
fn hours_are_from_0_to_24() {
    for number in ["0", "-0", "0.0001", "7.5", "8", "23.9999", "24", "2.4e1"] {
        assert_eq!(Hours::parse(number).map(Hours::get), Decimal::parse(number), "{number}");
    }
    for number in ["-0.0001", "-1", "24.0001", "25", "1e9"] {
        assert_eq!(Hours::parse(number), Err(Hours::RULE), "{number}");
    }
}

#[test]
fn monthly_hours_are_from_0_to_744() {
    for number in ["0", "160", "7.5", "744"] {
        assert_eq!(MonthlyHours::parse(number).map(MonthlyHours::get), Decimal::parse(number));
    }
    for number in ["-0.0001", "744.0001", "745", "x"] {
        assert_eq!(MonthlyHours::parse(number), Err(MonthlyHours::RULE), "{number}");
    }
}

#[test]
fn a_plan_is_4_or_5() {
    assert_eq!(
        ["4", "5", "5.0"].map(|plan| Plan::parse(plan).map(Plan::get)),
        [Ok(4), Ok(5), Ok(5)]
    );
    for number in ["3", "6", "4.5", "-4", "x"] {
        assert_eq!(Plan::parse(number), Err(Plan::RULE), "{number}");
    }
}

#[test]
fn a_user_works_8_hours_a_day_unless_told_otherwise() {
    assert_eq!(Ok(Hours::DEFAULT), Hours::parse("8"));
    assert_eq!(Hours::DEFAULT.get().to_string(), "8");
}

#[test]
fn a_percentage_is_above_0_and_up_to_100() {
    for number in ["0.0001", "33.3333", "50", "99.9999", "100", "1e2"] {
        assert_eq!(
            Percentage::parse(number).map(Percentage::get),
            Decimal::parse(number),
            "{number}"
        );
    }
    for number in ["0", "-0", "0.0", "-0.0001", "-50", "100.0001", "101"] {
        assert_eq!(Percentage::parse(number), Err(Percentage::RULE), "{number}");
    }
}

/// Not the rule of numbers in general, even where that is what is broken.
#[test]
fn a_refusal_names_the_rule_of_the_number_at_hand() {
    for number in ["", "x", "1.00001", "1e11"] {
        assert_eq!(Hours::parse(number), Err(Hours::RULE), "{number}");
        assert_eq!(Percentage::parse(number), Err(Percentage::RULE), "{number}");
    }
    assert!(Hours::RULE.contains("from 0 to 24"));
    assert!(Percentage::RULE.contains("above 0 and up to 100"));
    assert!(Role::RULE.contains("from 1 to 6"));
}

fn role(number: &str) -> Result<i64, &'static str> {
    Role::new(Decimal::parse(number)?).map(Role::get)
}

#[test]
fn a_role_is_a_whole_number_from_1_to_6() {
    for (number, expected) in [("1", 1), ("2", 2), ("3", 3), ("4", 4), ("5", 5), ("6", 6)] {
        assert_eq!(role(number), Ok(expected));
    }
    assert_eq!(role("4.0"), Ok(4));
    for number in ["0", "7", "-1", "1.5", "0.9999", "6.0001", "60000", "99999999999"] {
        assert_eq!(role(number), Err(Role::RULE), "{number}");
    }
}

#[test]
fn a_user_is_a_collaborator_unless_told_otherwise() {
    assert_eq!(Role::DEFAULT.get(), 4);
}

proptest! {
    #[test]
    fn bounds_are_those_of_the_value(units in prop_oneof![-20..2_000_000i64, any::<i64>()]) {
        let number = Decimal::from_units(units);
        prop_assert_eq!(Hours::new(number).is_ok(), (0..=240_000).contains(&units));
        prop_assert_eq!(Percentage::new(number).is_ok(), (1..=1_000_000).contains(&units));
        let role = (1..=6).find(|role| role * 10_000 == units);
        prop_assert_eq!(Role::new(number).ok().map(Role::get), role);
    }
}
