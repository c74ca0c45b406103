//! What the records of a route are: where they stand in a body, what each is called, and how one
//! of them is sent again alone.

use domain::Source;
use serde_json::value::RawValue;

use super::check::Object;
use super::{Caller, JsonBody, field};

/// The records of a route.
#[derive(Clone, Copy, Debug)]
pub struct Records {
    /// The list of the body in which they stand; empty: the body is the one record.
    pub list: &'static str,
    /// What a record is called, if that can be read.
    named: fn(&RawValue) -> Option<Named>,
    speaks: Speaks,
}

/// For which source a request speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaks {
    /// The one of its `metadata`.
    Metadata,
    /// None: in ids of ours.
    Ours,
    /// Each record for its own.
    Each,
    /// The one that the body says, else the one in whose ids the path speaks: `/api`.
    Native,
}

/// What a record is called.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// What names it within its request's target.
    pub name: String,
    pub external_id: String,
    /// The source that it names itself.
    pub source: Option<String>,
}

/// A record as it stands in a body.
#[derive(Clone, Debug)]
pub struct Sent<'a> {
    pub raw: &'a RawValue,
    pub named: Option<Named>,
    /// Where: RFC 6901.
    pub place: String,
}

/// Bytes of a name.
const LENGTH: usize = 255;

impl Records {
    /// The body, which the path names.
    pub const BODY: Self =
        Self { list: "", named: |_| Some(Named::default()), speaks: Speaks::Metadata };
    /// The body, under its new id.
    pub const CREATE: Self = Self { named: by_id, ..Self::BODY };

    /// The elements of a list.
    pub const fn each(list: &'static str, named: fn(&RawValue) -> Option<Named>) -> Self {
        Self { list, named, speaks: Speaks::Metadata }
    }

    /// The same in ids of ours.
    pub const fn in_ours(self) -> Self {
        Self { speaks: Speaks::Ours, ..self }
    }

    /// The same, each record with a source of its own.
    pub const fn with_sources(self) -> Self {
        Self { speaks: Speaks::Each, ..self }
    }

    /// The same on `/api`, whose records may name ids of several sources.
    pub const fn native(self) -> Self {
        Self { speaks: Speaks::Native, ..self }
    }

    /// The source that an item for a record is of. `None`: none is kept, because whoever sees what
    /// is said under the request's source may not see the ids of another.
    pub fn source_of(self, named: Option<&str>, spoken: Source, caller: &Caller) -> Option<Source> {
        let Some(name) = named else { return Some(spoken) };
        let own = caller.source(name).ok()?;
        match self.speaks {
            Speaks::Native => (spoken == Source::NONE || own == spoken).then_some(spoken),
            _ => caller.writes(own).is_ok().then_some(own),
        }
    }

    /// The source of a whole request, given the one that its operation speaks for.
    pub fn source(self, spoken: Source) -> Source {
        if self.speaks == Speaks::Each { Source::NONE } else { spoken }
    }

    /// The source of a request that got no further, if the caller may write under it.
    pub fn read_source(self, body: &JsonBody, caller: &Caller) -> Option<Source> {
        let source = match self.speaks {
            Speaks::Metadata => {
                let body = Object::of(body.object().ok()?)?;
                let name = field::text(Object::of(body.get("metadata")?)?.get("source")?)?;
                caller.source(&name).ok()?
            }
            Speaks::Ours => Source::NONE,
            Speaks::Native => {
                let said = Object::of(body.object().ok()?)?.get("source").map(field::text);
                let path = caller.asked.path_ids.first().and_then(|id| id.split_once(':'));
                match (said, path) {
                    (Some(name), _) => caller.source(&name?).ok()?,
                    (None, Some((name, _))) => caller.source(name).ok()?,
                    (None, None) => Source::NONE,
                }
            }
            Speaks::Each => return caller.acts().ok().map(|_| Source::NONE),
        };
        caller.writes(source).ok().map(|_| source)
    }

    /// The records of a body, as far as it can be read.
    pub fn sent(self, body: &JsonBody) -> Vec<Sent<'_>> {
        let Ok(raw) = body.object::<&RawValue>() else { return Vec::new() };
        if self.list.is_empty() {
            return vec![Sent { raw, named: (self.named)(raw), place: String::new() }];
        }
        let list = Object::of(raw).and_then(|body| body.get(self.list));
        let list = list.and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()).ok());
        let each = list.into_iter().flatten().enumerate().map(|(nth, raw)| {
            let place = format!("/{}/{nth}", self.list);
            Sent { raw, named: (self.named)(raw), place }
        });
        each.collect()
    }
}

/// The body of a request for one record alone.
pub fn alone(path: &str, list: &str, source: Option<&str>, record: &str) -> String {
    let source = source.map(|source| serde_json::json!(source));
    match source {
        _ if list.is_empty() => record.to_owned(),
        Some(source) if path.starts_with("/v2/") => {
            format!("{{\"metadata\":{{\"source\":{source}}},\"{list}\":[{record}]}}")
        }
        // A link names its own.
        Some(source) if path.starts_with("/api/") && !path.starts_with("/api/references") => {
            format!("{{\"source\":{source},\"{list}\":[{record}]}}")
        }
        _ => format!("{{\"{list}\":[{record}]}}"),
    }
}

/// A record that is called what it is.
pub fn by_itself(raw: &RawValue) -> Option<Named> {
    let name = match field::text(raw) {
        Some(text) => text.into_owned(),
        None => field::id(raw)?.to_string(),
    };
    let name = Some(name).filter(|name| (1..=LENGTH).contains(&name.len()))?;
    Some(Named { external_id: name.clone(), name, source: None })
}

/// A record with an `id`.
pub fn by_id(raw: &RawValue) -> Option<Named> {
    by_itself(Object::of(raw)?.get("id")?)
}
