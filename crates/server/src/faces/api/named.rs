//! Entities as bodies of `/api` name them, and what came of records, one by one.

use std::collections::HashSet;

use axum::http::StatusCode;
use domain::{ExternalId, Kind, Ref, Source};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};

use super::REFERENCE;
use crate::http::check::{Check, Wire};
use crate::http::field::{self, SourceName};
use crate::http::inbox::Blame;
use crate::http::language::Language;
use crate::http::log::Counts;
use crate::http::records::Named as Record;
use crate::http::{Answer, Caller, Problem};
use crate::references::Named;
use crate::refusals::remedy::remedy;
use crate::scope::Scope;

/// An entity: our id, or `SOURCE:external-id`.
#[derive(Clone, Debug)]
pub enum Reference {
    Id(i64),
    /// The name of a source, known or not.
    Known(String, ExternalId),
}

impl Wire for Reference {
    const RULE: &'static str = REFERENCE;

    fn read(raw: &RawValue, check: &mut Check) -> Option<Self> {
        let read = || match field::text(raw) {
            None => field::id(raw).map(Self::Id),
            Some(text) => {
                let (source, id) = ExternalId::of_source(&text)?;
                Some(Self::Known(source.to_owned(), id))
            }
        };
        read().or_else(|| check.wrong(Self::RULE))
    }

    fn schema() -> RefOr<Schema> {
        let id = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(1.0));
        let known = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[^:]+:"));
        let about = "Our id, or what a source calls it, like `OKTA:external-id`.";
        OneOfBuilder::new().description(Some(about)).item(id).item(known).into()
    }
}

impl Reference {
    /// The reference at the check's current place, if its source is one.
    pub fn judge(self, caller: &Caller, check: &mut Check) -> Option<Named> {
        match self {
            Self::Id(id) => Some(Named { source: Source::NONE, reference: Ref::Internal(id) }),
            Self::Known(name, id) => {
                let source = SourceName::from(name).judge(caller, check)?;
                Some(Named { source, reference: Ref::External(id) })
            }
        }
    }

    /// What an item of the inbox calls a record that is about this.
    pub fn record(raw: Option<&RawValue>) -> Option<Record> {
        let (source, id) = match field::text(raw?) {
            None => (None, field::id(raw?)?.to_string()),
            Some(text) => {
                let (source, id) = ExternalId::of_source(&text)?;
                (Some(source.to_owned()), id.to_string())
            }
        };
        let name = format!("{} {id}", source.as_deref().unwrap_or_default());
        Some(Record { name: name.trim().to_owned(), external_id: id, source })
    }
}

/// Under which source a request writes: the one it says, else the one that the path speaks in,
/// else none. The key must have the right to write under it, and to all sources it names.
pub fn writes(
    caller: &Caller,
    path: &Scope,
    said: Option<Source>,
    named: &[Named],
) -> Result<Scope, Problem> {
    let scope = caller.writes(said.unwrap_or(path.source))?;
    let others: HashSet<Source> = named.iter().map(|named| named.source).collect();
    for source in others.into_iter().filter(|source| *source != Source::NONE) {
        caller.reads_under(source)?;
    }
    Ok(scope)
}

/// Why a record was rejected.
#[derive(Serialize, ToSchema)]
pub struct Rejected {
    /// RFC 6901: where in the body.
    #[schema(example = "/assignments/1/end_date")]
    pointer: String,
    #[schema(example = "OUTSIDE_CONTRACT_PERIOD")]
    code: &'static str,
    message: String,
    /// What to do, in the language that `Accept-Language` asks for.
    remedy: &'static str,
}

impl Rejected {
    /// `place`: the record's own pointer.
    pub fn new(place: &str, blame: Blame, language: Language) -> Self {
        let Blame { pointer, code, message } = blame;
        Self {
            pointer: format!("{place}{pointer}"),
            code,
            message: message.into_owned(),
            remedy: remedy(code, language).unwrap_or_default(),
        }
    }
}

/// The answer to a batch: 422 when all of its records were rejected.
pub fn answer(told: &impl Serialize, counts: Counts) -> Answer {
    let status = match counts.rejected > 0 && counts.rejected == counts.received {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    Answer::json(status, told).counting(counts)
}

/// Declares an enum of the words that a field of a body may be.
macro_rules! words {
    ($(#[doc = $about:literal])* $name:ident { $($word:literal => $variant:ident),* $(,)? }) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($variant),* }

        $crate::http::field::wire!(
            $name,
            concat!("must be one of:" $(, " ", $word)*),
            |raw| match &*$crate::http::field::text(raw)? {
                $($word => Some(Self::$variant),)*
                _ => None,
            },
            utoipa::openapi::schema::ObjectBuilder::new()
                .schema_type(utoipa::openapi::schema::Type::String)
                .enum_values(Some([$($word),*]))
        );
    };
}
pub(super) use words;

words! {
    /// What becomes of what is there already.
    Mode { "add" => Add, "replace" => Replace }
}

/// The source that a body says, if it is one.
pub fn source(
    said: Option<SourceName>,
    caller: &Caller,
    check: &mut Check,
) -> Option<Option<Source>> {
    let Some(name) = said else { return Some(None) };
    check.within("source", |check| name.judge(caller, check)).map(Some)
}

/// Reads a list of references at `/list`, so that everything wrong is told.
pub fn all<T>(
    list: &str,
    items: Vec<T>,
    check: &mut Check,
    read: impl Fn(T, &mut Check) -> Option<Named>,
) -> Option<Vec<Named>> {
    check.within(list, |check| {
        let each = items.into_iter().enumerate();
        let read: Vec<_> =
            each.map(|(nth, one)| check.within(nth, |check| read(one, check))).collect();
        read.into_iter().collect()
    })
}

/// Why a reference names nothing.
pub fn nothing(kind: Kind, named: &Named) -> String {
    match named.reference {
        Ref::Internal(id) => format!("There is no {} {id}", kind.name()),
        Ref::External(_) => {
            format!(
                "There is no {} {} of source {}",
                kind.name(),
                named.reference,
                named.source.name
            )
        }
    }
}
