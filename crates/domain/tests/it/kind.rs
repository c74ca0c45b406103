//! The kinds of entity that have external ids.

use std::collections::HashSet;

use domain::Kind;

#[test]
fn every_kind_is_found_by_its_name() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
    }
}

#[test]
fn no_two_kinds_share_a_name_or_an_error_name() {
    assert_eq!(Kind::ALL.map(Kind::name).into_iter().collect::<HashSet<_>>().len(), 8);
    assert_eq!(Kind::ALL.map(Kind::not_found).into_iter().collect::<HashSet<_>>().len(), 8);
    assert_eq!(Kind::ALL.into_iter().collect::<HashSet<_>>().len(), 8);
}

/// Rows hold the name: it never changes.
#[test]
fn a_kind_is_named_in_lower_case() {
    let names = Kind::ALL.map(Kind::name);
    let expected =
        ["category", "client", "contract", "position", "seniority", "team", "user", "workspace"];
    assert_eq!(names, expected);
}

#[test]
fn an_entity_that_is_not_there_is_a_not_found_error_of_its_kind() {
    for kind in Kind::ALL {
        let (first, rest) = kind.name().split_at(1);
        let expected = format!("{}{rest}NotFoundError", first.to_uppercase());
        assert_eq!(kind.not_found(), expected);
    }
    assert_eq!(Kind::Contract.not_found(), "ContractNotFoundError");
}

#[test]
fn another_name_is_no_kind() {
    for name in ["", "User", "USER", "users", " user", "user ", "user\0", "leave"] {
        assert_eq!(Kind::from_name(name), None, "{name:?}");
    }
}
