//! Exchange rates: which of a batch are taken, and what each of them counts as.

use domain::exchange::{Exchange, ExchangeRefusal, Tally, There, judge};
use domain::source::BUILT_IN;
use domain::{Currency, Moment, Rate, Source};
use proptest::prelude::*;

use crate::day;

fn source(name: &str) -> Source {
    BUILT_IN.into_iter().find(|source| source.name == name).unwrap()
}

fn rate(number: &str) -> Rate {
    Rate::parse(number).unwrap()
}

fn euros(amount: &str, effective: &str) -> Exchange {
    Exchange {
        currency: Currency::parse("EUR").map_err(str::to_owned),
        base: "USD".to_owned(),
        amount: rate(amount),
        factor: Rate::ONE,
        effective: Moment::parse(effective).unwrap(),
        last_updated: None,
        rate_type: None,
    }
}

fn tally(batch: &[Exchange], there: There) -> Tally {
    judge("USD", source("SAP"), batch, there).0
}

#[test]
fn a_currency_is_an_iso_4217_code_in_upper_case() {
    for code in ["EUR", "USD", "ARS", "JPY"] {
        assert_eq!(Currency::parse(code).unwrap().as_str(), code);
    }
    for code in ["", "eur", "Eur", "EURO", "XYZ", " EUR", "EUR ", "XXX", "XTS"] {
        assert_eq!(Currency::parse(code), Err(Currency::RULE), "{code:?}");
    }
}

#[test]
fn a_rate_is_above_0_and_has_at_most_10_decimals() {
    for (number, units) in [
        ("0.0000000001", 1),
        ("1", 10_000_000_000),
        ("1.10", 11_000_000_000),
        ("99999999.9999999999", 999_999_999_999_999_999),
        ("1e-10", 1),
    ] {
        assert_eq!(rate(number).units(), units, "{number}");
        assert_eq!(Rate::from_units(units), rate(number));
    }
    for number in ["0", "-1", "0.00000000001", "100000000", "1e8", "x", ""] {
        assert_eq!(Rate::parse(number), Err(Rate::RULE), "{number}");
    }
}

#[test]
fn a_day_is_a_day_in_utc() {
    assert_eq!(euros("1", "2025-03-20T23:30:00-03:00").day(), day("2025-03-21"));
    assert_eq!(euros("1", "2025-03-20T00:30:00+03:00").day(), day("2025-03-19"));
}

#[test]
fn the_same_rate_is_there_once_and_another_takes_its_place() {
    let there = There::from([(
        (Currency::parse("EUR").unwrap(), day("2025-03-20")),
        (rate("1.1"), Rate::ONE, String::new()),
    )]);
    let same = [euros("1.10", "2025-03-20T02:00:00Z")];
    assert_eq!(tally(&same, there.clone()), Tally { deduplicated: 1, ..Tally::default() });
    let other = [euros("1.2", "2025-03-20T02:00:00Z")];
    assert_eq!(tally(&other, there.clone()), Tally { replaced: 1, ..Tally::default() });
    let another_day = [euros("1.1", "2025-03-21T02:00:00Z")];
    assert_eq!(tally(&another_day, there), Tally { created: 1, ..Tally::default() });
}

#[test]
fn a_factor_and_a_type_are_part_of_a_rate() {
    let mut factor = euros("1.1", "2025-03-20T02:00:00Z");
    factor.factor = rate("100");
    let mut typed = factor.clone();
    typed.rate_type = Some("EURX".to_owned());
    let batch = [euros("1.1", "2025-03-20T02:00:00Z"), factor, typed.clone(), typed];
    let expected = Tally { created: 1, replaced: 2, deduplicated: 1, ..Tally::default() };
    assert_eq!(tally(&batch, There::new()), expected);
}

#[test]
fn the_first_rule_that_applies_refuses() {
    let mut unknown = euros("1", "2025-03-20T02:00:00Z");
    unknown.currency = Err("XYZ".to_owned());
    unknown.base = "EURO".to_owned();
    let mut base = euros("1", "2025-03-20T02:00:00Z");
    base.base = "EURO".to_owned();
    let mut other = euros("1", "2025-03-20T02:00:00Z");
    other.base = "ARS".to_owned();
    let mut late = euros("1", "2025-03-20T23:00:00Z");
    late.last_updated = Some(Moment::parse("2025-03-21T01:00:00Z").unwrap());
    let batch = [unknown, base, other, late];
    let refused = |source_name: &str| {
        let (tally, taken) = judge("USD", source(source_name), &batch, There::new());
        (tally.refused, taken.len())
    };
    let of_globant = [
        (0, ExchangeRefusal::UnknownCurrency("XYZ".to_owned())),
        (1, ExchangeRefusal::UnknownCurrency("EURO".to_owned())),
        (2, ExchangeRefusal::OtherBase("USD".to_owned())),
        (3, ExchangeRefusal::OtherDay),
    ];
    assert_eq!(refused("GLOBANT"), (of_globant.to_vec(), 0));
    // Only GLOBANT must update on the day from which a rate holds.
    assert_eq!(refused("SAP"), (of_globant[..3].to_vec(), 1));
}

proptest! {
    /// Whatever a batch holds: every record is counted once, the rates to keep are each once and
    /// the last ones sent, and the same batch again changes nothing more than its own repeats.
    #[test]
    fn every_record_is_counted_once(sent in prop::collection::vec((0..3u8, 1..4u8, 0..5u8), 0..20)) {
        let batch: Vec<Exchange> = sent
            .iter()
            .map(|(day, amount, odd)| {
                let mut one = euros(&amount.to_string(), &format!("2025-03-2{day}T02:00:00Z"));
                if *odd == 0 {
                    one.base = "ARS".to_owned();
                }
                one
            })
            .collect();
        let (tally, taken) = judge("USD", source("SAP"), &batch, There::new());
        let counted = tally.deduplicated + tally.created + tally.replaced + tally.refused.len();
        prop_assert_eq!(counted, batch.len());
        prop_assert_eq!(tally.created, taken.len());
        let mut there = There::new();
        for kept in &taken {
            let last = batch.iter().rev().find(|one| one.base == "USD" && one.day() == kept.day);
            prop_assert_eq!(last.unwrap().amount, kept.amount);
            let rate = (kept.amount, kept.factor, kept.rate_type.to_owned());
            there.insert((kept.currency, kept.day), rate);
        }
        prop_assert_eq!(there.len(), taken.len());
        let again = judge("USD", source("SAP"), &batch, there).0;
        prop_assert_eq!((again.created, again.refused.len()), (0, tally.refused.len()));
    }
}
