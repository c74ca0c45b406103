//! Source systems.

use std::collections::HashSet;

use domain::source::BUILT_IN;
use domain::{Source, SourceLabel};

/// Rows hold the id: a published source never changes its own.
#[test]
fn the_twelve_published_sources_have_their_names_and_ids() {
    let published = [
        (1, "JIRA"),
        (2, "SALESFORCE"),
        (3, "ADVERTMIND"),
        (4, "QUICKBOOKS"),
        (5, "ZAPIER"),
        (6, "OKTA"),
        (7, "MICROSOFT_DYNAMICS"),
        (8, "GITHUB"),
        (9, "MICROSOFT_TEAMS"),
        (10, "VBS"),
        (11, "SAP"),
        (12, "GLOBANT"),
    ];
    assert_eq!(BUILT_IN.map(|source| (source.id, source.name)), published);
}

#[test]
fn no_two_sources_share_a_name_or_an_id() {
    assert_eq!(BUILT_IN.map(|source| source.name).into_iter().collect::<HashSet<_>>().len(), 12);
    assert_eq!(BUILT_IN.map(|source| source.id).into_iter().collect::<HashSet<_>>().len(), 12);
}

#[test]
fn nobody_and_registered_sources_have_ids_of_their_own() {
    for source in BUILT_IN {
        assert!(source.id != Source::NONE.id && source.id < Source::FIRST_REGISTERED);
    }
}

#[test]
fn a_registered_source_is_the_same_wherever_it_is_read() {
    let once = Source::registered(1_000, "WORKDAY");
    assert_eq!(once, Source::registered(1_000, &String::from("WORKDAY")));
    assert!(std::ptr::eq(once.name, Source::registered(1_001, "WORKDAY").name));
}

#[test]
fn the_name_of_a_registered_source_can_stand_before_a_colon() {
    for good in ["W", "WORKDAY", "hr-feed.2", &"x".repeat(64)] {
        assert_eq!(SourceLabel::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", "a:b", "a b", "é", "a\0", &"x".repeat(65)] {
        assert!(SourceLabel::parse(bad).is_err(), "{bad:?}");
    }
}
