//! The fields of entities, as events and reads write them.

use domain::Decimal;
use serde_json::{Value as Json, json};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat};

use super::csv::{Cell, exact};
use crate::entities::field::{Field, Is};
use crate::entities::image::Value;
use crate::faces::wire::{Day, Iso, Number};

/// A value in JSON.
pub fn write(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int(number) => json!(number),
        Value::Bool(yes) => json!(yes),
        Value::Text(text) => json!(text),
        Value::Units(units) => json!(Number(Decimal::from_units(*units))),
        Value::Date(date) => json!(Day(*date)),
        Value::Instant(instant) => json!(Iso(*instant)),
    }
}

/// A value in CSV.
pub fn cell(value: &Value) -> Cell {
    match value {
        Value::Text(text) => Cell::Text(text.clone()),
        value => exact(write(value)),
    }
}

/// The schema of a field: each may be `null`.
pub fn schema(field: &Field) -> ObjectBuilder {
    let (kind, format) = match field.is {
        Is::Int => (Type::Integer, Some(KnownFormat::Int64)),
        Is::Bool => (Type::Boolean, None),
        Is::Text => (Type::String, None),
        Is::Units => (Type::Number, None),
        Is::Date => (Type::String, Some(KnownFormat::Date)),
        Is::Instant => (Type::String, Some(KnownFormat::DateTime)),
    };
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([kind, Type::Null]))
        .format(format.map(SchemaFormat::KnownFormat))
}
