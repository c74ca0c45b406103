//! Names, labels, other texts and e-mail addresses.

use domain::{Email, Label, Name, Text};
use proptest::collection::vec;
use proptest::prelude::*;

/// Whether a text is taken; one that is taken is kept as it is.
type Takes = fn(&str) -> bool;

fn name(text: &str) -> bool {
    Name::parse(text).map(|name| assert_eq!(name.as_str(), text)).is_ok()
}

fn label(text: &str) -> bool {
    Label::parse(text).map(|label| assert_eq!(label.as_str(), text)).is_ok()
}

fn any_text(text: &str) -> bool {
    Text::parse(text).map(|any| assert_eq!(any.as_str(), text)).is_ok()
}

fn email(text: &str) -> bool {
    Email::parse(text).map(|email| assert_eq!(email.as_str(), text)).is_ok()
}

/// The longest text of one, two and four bytes a letter is taken, a letter more is not.
fn assert_limit(takes: Takes, limit: usize) {
    for letter in ["x", "é", "🦀"] {
        assert!(takes(&letter.repeat(limit)), "{limit} of {letter}");
        assert!(!takes(&letter.repeat(limit + 1)), "{limit} + 1 of {letter}");
    }
}

#[test]
fn a_name_has_1_to_255_characters_of_any_width() {
    assert!(!name(""));
    assert!(name("x"));
    assert_limit(name, 255);
}

#[test]
fn a_label_has_1_to_64_characters_of_any_width() {
    assert!(!label(""));
    assert!(label("x"));
    assert_limit(label, 64);
}

#[test]
fn any_other_text_has_up_to_10_000_characters_of_any_width() {
    assert!(any_text(""));
    assert_limit(any_text, 10_000);
}

/// No list of labels is closed.
#[test]
fn a_label_may_be_any_text() {
    for text in ["active", "ACTIVE", "in process", "fijo", "契約", " "] {
        assert!(label(text), "{text:?}");
    }
}

#[test]
fn no_text_has_u_0000() {
    for text in ["\0", "a\0", "\0a", "a\0b"] {
        assert!(!name(text) && !label(text) && !any_text(text), "{text:?}");
    }
    for text in ["a\0@b", "a@b\0", "\0@b"] {
        assert!(!email(text), "{text:?}");
    }
}

#[test]
fn texts_are_not_trimmed() {
    for text in [" a", "a ", "\ta\n"] {
        assert!(name(text) && label(text) && any_text(text), "{text:?}");
    }
}

#[test]
fn a_refusal_says_what_a_valid_text_looks_like() {
    assert_eq!(Name::parse(""), Err("must be a string of 1 to 255 characters"));
    assert_eq!(Label::parse(""), Err("must be a string of 1 to 64 characters"));
    assert_eq!(Text::parse("\0"), Err("must be a string of at most 10,000 characters"));
    assert_eq!(Email::parse(""), Err("must be an e-mail address of at most 254 characters"));
}

#[test]
fn an_email_has_one_at_with_text_on_both_sides() {
    for text in ["a@b", "ana@example.com", "a.b+c@d", "añá@ñ.example"] {
        assert!(email(text), "{text:?}");
    }
    for text in ["", "@", "a", "a@", "@b", "a@@b", "a@b@c", "@a@b", "a@b@", "@@"] {
        assert!(!email(text), "{text:?}");
    }
}

#[test]
fn an_email_has_at_most_254_characters_of_any_width() {
    for letter in ["x", "é", "🦀"] {
        assert!(email(&(letter.repeat(252) + "@b")), "{letter}");
        assert!(!email(&(letter.repeat(253) + "@b")), "{letter}");
    }
}

fn key(text: &str) -> String {
    Email::parse(text).expect("an e-mail address").key()
}

#[test]
fn emails_are_compared_without_regard_to_case_and_kept_as_sent() {
    assert_eq!(key("Ana.Diaz@Example.COM"), key("ana.diaz@example.com"));
    assert_eq!(key("ÑANDÚ@EXAMPLE.COM"), key("ñandú@example.com"));
    assert_eq!(Email::parse("Ana@Example.COM").unwrap().as_str(), "Ana@Example.COM");
}

/// Dots, tags and spaces are part of an address.
#[test]
fn emails_that_differ_in_more_than_case_are_different() {
    for text in ["a.b@c", "ab+x@c", " ab@c", "ab@c ", "ab@c.d", "áb@c"] {
        assert_ne!(key(text), key("ab@c"), "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_name_is_taken_by_its_count_of_characters(
        text in vec(any::<char>(), 0..300).prop_map(String::from_iter),
    ) {
        let valid = (1..=255).contains(&text.chars().count()) && !text.contains('\0');
        prop_assert_eq!(name(&text), valid);
    }

    #[test]
    fn an_email_is_taken_by_its_parts(text in "[a@é.]{0,6}") {
        let parts: Vec<&str> = text.split('@').collect();
        let valid = parts.len() == 2 && parts.iter().all(|part| !part.is_empty());
        prop_assert_eq!(email(&text), valid);
    }

    #[test]
    fn the_case_of_an_email_never_changes_its_key(text in "[a-zA-Z0-9.+]{1,9}@[a-zA-Z0-9.]{1,9}") {
        prop_assert_eq!(key(&text.to_uppercase()), key(&text));
        prop_assert_eq!(key(&text.to_lowercase()), key(&text));
    }

    #[test]
    fn the_key_of_a_key_is_itself(text in "\\PC{1,9}@\\PC{1,9}") {
        if let Ok(email) = Email::parse(&text) {
            prop_assert_eq!(key(&email.key()), email.key());
        }
    }
}

/// Two spellings of one address have one key, wherever a letter stands.
#[test]
fn the_key_of_an_email_does_not_depend_on_neighbours() {
    let key = |text: &str| Email::parse(text).unwrap().key();
    assert_eq!(key("ΝΊΚΟΣ.Π@x.gr"), key("νίκος.π@x.gr"));
    assert_eq!(key("ΝΊΚΟΣ@x.gr"), key("νίκοσ@x.gr"));
}
