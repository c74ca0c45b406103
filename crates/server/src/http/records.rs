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
    match (list.is_empty(), source.filter(|_| path.starts_with("/v2/") || path.ends_with("/batch")))
    {
        (true, _) => record.to_owned(),
        (false, None) => format!("{{\"{list}\":[{record}]}}"),
        (false, Some(source)) if path.ends_with("/batch") => {
            format!("{{\"source\":{},\"{list}\":[{record}]}}", serde_json::json!(source))
        }
        (false, Some(source)) => {
            let metadata = serde_json::json!({"source": source});
            format!("{{\"metadata\":{metadata},\"{list}\":[{record}]}}")
        }
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
