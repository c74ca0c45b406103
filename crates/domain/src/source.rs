//! Source systems: whose ids a request speaks in.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

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

impl Source {
    /// Nobody: the ids are ours (`/v1`). What an assignment's source column then holds.
    pub const NONE: Source = Source { id: 0, name: "" };

    /// The first id of the sources that a company registers for itself.
    pub const FIRST_REGISTERED: i64 = 1_000;

    /// A source that a company registered. Names are few and are kept for good, so that a
    /// source is as cheap to pass on as a published one.
    pub fn registered(id: i64, name: &str) -> Source {
        static NAMES: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let known = names.get(name).copied().unwrap_or_else(|| {
            let kept: &'static str = name.to_owned().leak();
            names.insert(kept);
            kept
        });
        Source { id, name: known }
    }
}
