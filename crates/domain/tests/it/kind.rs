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
    let all = Kind::ALL.len();
    assert_eq!(Kind::ALL.into_iter().collect::<HashSet<_>>().len(), all);
    assert_eq!(Kind::ALL.map(Kind::name).into_iter().collect::<HashSet<_>>().len(), all);
    assert_eq!(Kind::ALL.map(Kind::not_found).into_iter().collect::<HashSet<_>>().len(), all);
}

/// Rows hold it, and clients send it.
#[test]
fn the_name_of_a_kind_never_changes() {
    let names = [
        (Kind::Brand, "brand"),
        (Kind::Category, "category"),
        (Kind::Client, "client"),
        (Kind::Contract, "contract"),
        (Kind::Leave, "leave"),
        (Kind::LeaveType, "leave_type"),
        (Kind::Position, "position"),
        (Kind::Product, "product"),
        (Kind::Project, "project"),
        (Kind::Seniority, "seniority"),
        (Kind::Team, "team"),
        (Kind::User, "user"),
        (Kind::WorkingTime, "working_time"),
        (Kind::Workspace, "workspace"),
    ];
    for (kind, name) in names {
        assert_eq!(kind.name(), name);
        assert!(Kind::ALL.contains(&kind), "{name}");
    }
}

#[test]
fn a_kind_is_named_in_lower_case() {
    for name in Kind::ALL.map(Kind::name) {
        assert!(name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()), "{name}");
    }
}

#[test]
fn an_entity_that_is_not_there_is_a_not_found_error_of_its_kind() {
    for kind in Kind::ALL {
        let words = kind.name().split('_').map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        });
        let expected = words.collect::<String>() + "NotFoundError";
        assert_eq!(kind.not_found(), expected);
    }
    assert_eq!(Kind::Contract.not_found(), "ContractNotFoundError");
}

#[test]
fn another_name_is_no_kind() {
    for name in ["", "User", "USER", "users", " user", "user ", "user\0", "spaceship"] {
        assert_eq!(Kind::from_name(name), None, "{name:?}");
    }
}
