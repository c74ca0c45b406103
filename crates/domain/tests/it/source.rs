//! Source systems.

use std::collections::HashSet;

use domain::Source;
use domain::source::{BUILT_IN, NO_SOURCE};

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
fn every_source_is_found_by_its_name_and_by_its_id() {
    for source in BUILT_IN {
        assert_eq!(Source::from_name(source.name), Some(source));
        assert_eq!(Source::from_id(source.id), Some(source));
    }
}

#[test]
fn no_two_sources_share_a_name_or_an_id() {
    assert_eq!(BUILT_IN.map(|source| source.name).into_iter().collect::<HashSet<_>>().len(), 12);
    assert_eq!(BUILT_IN.map(|source| source.id).into_iter().collect::<HashSet<_>>().len(), 12);
}

#[test]
fn the_id_for_no_source_is_the_id_of_none() {
    assert_eq!(Source::from_id(NO_SOURCE), None);
}

#[test]
fn a_source_name_is_compared_as_it_is() {
    for name in ["", "globant", "Globant", " GLOBANT", "GLOBANT ", "GLOBANT\0", "WORKDAY"] {
        assert_eq!(Source::from_name(name), None, "{name:?}");
    }
}
