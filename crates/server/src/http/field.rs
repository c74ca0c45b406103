//! The types that fields of request bodies have.

use std::borrow::Cow;

use domain::text::{Email, Label, Name, Text};
use domain::{
    Amount, Currency, Decimal, ExternalId, Hours, Moment, MonthlyHours, Percentage, Plan, Quantity,
    Rate, Role, Source,
};
use jiff::civil::{Date, DateTime};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};

use super::check::{Check, Wire};
use super::form::Form;
use super::problem::INVALID_SOURCE;
use super::{Caller, Problem};
use crate::scope::Scope;

/// The text of a JSON string.
pub fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let json = raw.get();
    match json.strip_prefix('"')?.strip_suffix('"')? {
        plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str::<String>(json).ok().map(Cow::Owned),
    }
}

/// The text of a JSON number, as it was written.
fn digits(raw: &RawValue) -> Option<&str> {
    raw.get().starts_with(|first: char| first == '-' || first.is_ascii_digit()).then(|| raw.get())
}

/// An id of ours: a JSON number without fraction or exponent, from 1 to 2^63 - 1.
pub fn id(raw: &RawValue) -> Option<i64> {
    digits(raw)?.parse().ok().filter(|id| *id > 0)
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn number() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Number)
}

/// Declares how a type is read, its rule and its schema; and what a text of a form means, unless it
/// is a text: `wire!(Hours: NUMBER, ..)`.
macro_rules! wire {
    ($type:ty, $($rest:tt)*) => {
        $crate::http::field::wire!($type: TEXT, $($rest)*);
    };
    ($type:ty: $form:ident, $rule:expr, |$raw:ident| $read:expr, $schema:expr) => {
        impl Wire for $type {
            const RULE: &'static str = $rule;
            const FORM: $crate::http::form::Form = $crate::http::form::Form::$form;

            fn read($raw: &RawValue, check: &mut Check) -> Option<Self> {
                let read = || $read;
                read().or_else(|| check.wrong(Self::RULE))
            }

            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }
    };
}
pub(crate) use wire;

wire!(
    ExternalId,
    ExternalId::RULE,
    |raw| ExternalId::parse(&text(raw)?).ok(),
    string()
        .description(Some(
            "An id that the source system chose: 1 to 255 bytes of UTF-8, compared byte for byte."
        ))
        .min_length(Some(1))
        .max_length(Some(255))
);
wire!(
    Name,
    Name::RULE,
    |raw| Name::parse(&text(raw)?).ok(),
    string().min_length(Some(1)).max_length(Some(255))
);
wire!(Text, Text::RULE, |raw| Text::parse(&text(raw)?).ok(), string().max_length(Some(10_000)));
wire!(
    Label,
    Label::RULE,
    |raw| Label::parse(&text(raw)?).ok(),
    string().min_length(Some(1)).max_length(Some(64))
);
wire!(
    Email,
    Email::RULE,
    |raw| Email::parse(&text(raw)?).ok(),
    string()
        .description(Some("Unique in a company without regard to case."))
        .max_length(Some(254))
        .pattern(Some("^[^@]+@[^@]+$"))
);
wire!(
    Amount: NUMBER,
    Amount::RULE,
    |raw| Amount::parse(digits(raw)?).ok(),
    number()
        .description(Some("At most 4 decimal places."))
        .exclusive_minimum(Some(-100_000_000_000_f64))
        .exclusive_maximum(Some(100_000_000_000_f64))
);
wire!(
    Quantity: NUMBER,
    Quantity::RULE,
    |raw| Quantity::parse(digits(raw)?).ok(),
    number()
        .description(Some("At most 4 decimal places."))
        .minimum(Some(0.0))
        .exclusive_maximum(Some(100_000_000_000_f64))
);
wire!(
    Hours: NUMBER,
    Hours::RULE,
    |raw| Hours::parse(digits(raw)?).ok(),
    number()
        .description(Some("Hours; at most 4 decimal places."))
        .minimum(Some(0.0))
        .maximum(Some(24.0))
);
wire!(
    MonthlyHours: NUMBER,
    MonthlyHours::RULE,
    |raw| MonthlyHours::parse(digits(raw)?).ok(),
    number()
        .description(Some("Hours; at most 4 decimal places."))
        .minimum(Some(0.0))
        .maximum(Some(744.0))
);
wire!(
    Plan: NUMBER,
    Plan::RULE,
    |raw| Plan::parse(digits(raw)?).ok(),
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some("4 Project Management, 5 Capacity Planning."))
        .enum_values(Some([4, 5]))
);
wire!(
    Percentage: NUMBER,
    Percentage::RULE,
    |raw| Percentage::parse(digits(raw)?).ok(),
    number()
        .description(Some("Percent; at most 4 decimal places."))
        .exclusive_minimum(Some(0.0))
        .maximum(Some(100.0))
);
wire!(
    Rate: NUMBER,
    Rate::RULE,
    |raw| Rate::parse(digits(raw)?).ok(),
    number()
        .description(Some("At most 10 decimal places."))
        .exclusive_minimum(Some(0.0))
        .exclusive_maximum(Some(100_000_000.0))
);
wire!(
    Currency,
    Currency::RULE,
    |raw| Currency::parse(&text(raw)?).ok(),
    string().description(Some("ISO 4217.")).pattern(Some("^[A-Z]{3}$")).examples(["EUR"])
);
wire!(
    Moment,
    Moment::RULE,
    |raw| Moment::parse(&text(raw)?).ok(),
    string()
        .description(Some("A date, `T`, a time with seconds, and the offset or `Z`."))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .max_length(Some(40))
);
wire!(
    bool: TRUTH,
    "must be true or false",
    |raw| raw.get().parse().ok(),
    ObjectBuilder::new().schema_type(Type::Boolean)
);
wire!(
    Date,
    "must be a real calendar date in the form YYYY-MM-DD",
    |raw| domain::range::date(&text(raw)?),
    date()
);
/// A day, given by a date, alone or with a time.
#[derive(Clone, Copy, Debug)]
pub struct OnDay(pub Date);

wire!(
    OnDay,
    "must be a real calendar date in the form YYYY-MM-DD, alone or with a time (ISO 8601)",
    |raw| on_day(&text(raw)?).map(OnDay),
    string()
        .description(Some("A date, alone or with a time; its day is the one that the text has."))
        .max_length(Some(40))
        .examples(["2026-01-31", "2026-01-31T00:00:00Z"])
);

fn on_day(text: &str) -> Option<Date> {
    let date = domain::range::date(text.get(..10)?)?;
    let local = || text.strip_suffix('Z').unwrap_or(text).parse::<DateTime>().is_ok();
    (text.len() == 10 || local() || Moment::parse(text).is_ok()).then_some(date)
}

/// Any JSON but `null`, as it was sent.
#[derive(Clone, Debug)]
pub struct Json(pub String);

wire!(
    Json,
    "must be JSON of at most 10,000 characters",
    |raw| (raw.get().chars().count() <= 10_000).then(|| Json(raw.get().to_owned())),
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([
            Type::Object,
            Type::Array,
            Type::String,
            Type::Number,
            Type::Boolean
        ]))
        .description(Some("Any JSON of at most 10,000 characters."))
);
wire!(
    i64: NUMBER,
    "must be a positive integer",
    |raw| id(raw),
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .description(Some("An id of ours."))
        .minimum(Some(1.0))
);

/// The schema of a date.
pub fn date() -> ObjectBuilder {
    string()
        .description(Some("A calendar date."))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
}

/// A number outside 1..=6 is refused by a name of its own.
impl Wire for Role {
    const RULE: &'static str = Role::RULE;
    const FORM: Form = Form::NUMBER;

    fn read(raw: &RawValue, check: &mut Check) -> Option<Self> {
        let Some(number) = digits(raw) else { return check.wrong(Self::RULE) };
        let role = Decimal::parse(number).and_then(Role::new);
        role.ok().or_else(|| {
            let message = format!("role_id {}", Self::RULE);
            check.published(("InvalidRoleError", "INVALID_ROLE"), message)
        })
    }

    fn schema() -> RefOr<Schema> {
        let about = "1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, \
            6 Client.";
        let role = ObjectBuilder::new().schema_type(Type::Integer).description(Some(about));
        role.minimum(Some(1.0)).maximum(Some(6.0)).into()
    }
}

/// The name of a source, known or not: whether a caller may use it is the caller's to say.
#[derive(Clone, Debug)]
pub struct SourceName(String);

wire!(
    SourceName,
    "must be the name of a source",
    |raw| text(raw).filter(|name| !name.is_empty()).map(|name| SourceName(name.into_owned())),
    {
        let names = domain::source::BUILT_IN.map(|source| source.name).join(", ");
        string()
            .description(Some(format!(
                "The system whose ids these are: {names}, or one that the company registered."
            )))
            .min_length(Some(1))
            .examples(["GLOBANT"])
    }
);

impl From<String> for SourceName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl SourceName {
    /// The scope of a whole request that writes under its `metadata.source`.
    pub fn writes(&self, caller: &Caller) -> Result<Scope, Problem> {
        let source = caller.source(&self.0);
        caller.writes(source.map_err(|why| Problem::invalid_source("/metadata/source", why))?)
    }

    /// The source at the check's current place.
    pub fn judge(&self, caller: &Caller, check: &mut Check) -> Option<Source> {
        match caller.source(&self.0) {
            Ok(source) => Some(source),
            Err(why) => check.published(INVALID_SOURCE, why),
        }
    }
}
