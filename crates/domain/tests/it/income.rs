//! What projects earn by.

use domain::IncomeType;

#[test]
fn every_name_is_one_and_in_the_rule() {
    for name in IncomeType::NAMES {
        assert_eq!(IncomeType::parse(name).map(IncomeType::as_str), Ok(name));
    }
    let listed = IncomeType::RULE.trim_start_matches("must be one of: ");
    assert_eq!(listed, IncomeType::NAMES.join(" "));
}

#[test]
fn another_name_is_none() {
    for name in ["", "Fee", "FEE", " fee", "fee ", "one time", "salary"] {
        assert_eq!(IncomeType::parse(name), Err(IncomeType::RULE), "{name:?}");
    }
}
