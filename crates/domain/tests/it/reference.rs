//! External ids, and references to entities.

use domain::{ExternalId, Ref};
use proptest::collection::vec;
use proptest::prelude::*;

fn id(text: &str) -> ExternalId {
    ExternalId::parse(text).expect("a valid external id")
}

#[test]
fn an_external_id_has_1_to_255_bytes() {
    assert_eq!(ExternalId::parse(""), Err(ExternalId::RULE));
    assert!(ExternalId::parse("x").is_ok());
    assert!(ExternalId::parse(&"x".repeat(255)).is_ok());
    assert_eq!(ExternalId::parse(&"x".repeat(256)), Err(ExternalId::RULE));
}

/// Unlike every other text: systems of two bytes a letter get half the letters.
#[test]
fn the_limit_of_an_external_id_counts_bytes_and_not_characters() {
    assert!(ExternalId::parse(&("é".repeat(127) + "x")).is_ok());
    assert_eq!(ExternalId::parse(&"é".repeat(128)), Err(ExternalId::RULE));
    assert!(ExternalId::parse(&"🦀".repeat(63)).is_ok());
    assert_eq!(ExternalId::parse(&"🦀".repeat(64)), Err(ExternalId::RULE));
}

#[test]
fn an_external_id_has_no_u_0000() {
    for text in ["\0", "a\0", "\0a", "a\0b"] {
        assert_eq!(ExternalId::parse(text), Err(ExternalId::RULE), "{text:?}");
    }
}

#[test]
fn an_external_id_is_never_trimmed() {
    for text in [" ", " a", "a ", "\ta\n", "\u{feff}a", "0042", "\u{1}"] {
        assert_eq!(id(text).as_str(), text);
    }
    assert_ne!(id("a"), id("a "));
    assert_ne!(id("a"), id(" a"));
    assert_ne!(id("42"), id("042"));
}

/// Neither case nor Unicode's several ways to write one letter are evened out.
#[test]
fn external_ids_are_compared_byte_for_byte() {
    assert_eq!(id("K9"), id("K9"));
    assert_ne!(id("K9"), id("k9"));
    assert_ne!(id("\u{e9}"), id("e\u{301}"));
}

#[test]
fn a_reference_is_shown_as_the_id_or_as_the_external_id_in_quotes() {
    assert_eq!(id("K 9").to_string(), "K 9");
    assert_eq!(Ref::External(id("K 9")).to_string(), r#""K 9""#);
    assert_eq!(Ref::Internal(9).to_string(), "9");
}

/// The same digits, and yet another entity.
#[test]
fn an_internal_id_is_never_an_external_one() {
    assert_ne!(Ref::Internal(9), Ref::External(id("9")));
}

proptest! {
    #[test]
    fn an_external_id_is_kept_to_the_byte_or_refused(
        text in vec(any::<char>(), 0..130).prop_map(String::from_iter),
    ) {
        let valid = (1..=255).contains(&text.len()) && !text.contains('\0');
        match ExternalId::parse(&text) {
            Ok(id) => {
                prop_assert!(valid);
                prop_assert_eq!(id.as_str(), &text);
                prop_assert_eq!(id.to_string(), text);
            }
            Err(rule) => {
                prop_assert!(!valid);
                prop_assert_eq!(rule, ExternalId::RULE);
            }
        }
    }
}
