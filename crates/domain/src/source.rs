//! Source systems: whose ids a request speaks in.

/// A source system, as `metadata.source` names it.
///
/// The id is what rows store; it never changes for a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    pub id: i64,
    pub name: &'static str,
}

/// The published source names (COR Integrations API, "All supported `metadata.source` values").
pub const BUILT_IN: [Source; 12] = [
    Source { id: 1, name: "JIRA" },
    Source { id: 2, name: "SALESFORCE" },
    Source { id: 3, name: "ADVERTMIND" },
    Source { id: 4, name: "QUICKBOOKS" },
    Source { id: 5, name: "ZAPIER" },
    Source { id: 6, name: "OKTA" },
    Source { id: 7, name: "MICROSOFT_DYNAMICS" },
    Source { id: 8, name: "GITHUB" },
    Source { id: 9, name: "MICROSOFT_TEAMS" },
    Source { id: 10, name: "VBS" },
    Source { id: 11, name: "SAP" },
    Source { id: 12, name: "GLOBANT" },
];

/// What an assignment's source column holds when no source put it there (`/v1`).
pub const NO_SOURCE: i64 = 0;

impl Source {
    /// The source with this name; names are upper case and compared as they are.
    pub fn from_name(name: &str) -> Option<Source> {
        BUILT_IN.into_iter().find(|source| source.name == name)
    }

    /// The source that rows store under this id.
    pub fn from_id(id: i64) -> Option<Source> {
        BUILT_IN.into_iter().find(|source| source.id == id)
    }
}
