//! How COR's faces write times, dates and numbers.

use std::borrow::Cow;

use domain::Decimal;
use domain::range::date;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// An instant as `2025-01-10T14:30:00Z`.
#[derive(Clone, Copy, Debug)]
pub struct Iso(pub Timestamp);

/// A moment in UTC as `2024-10-18T03:00:00.000Z`.
#[derive(Clone, Copy, Debug)]
pub struct Precise(pub DateTime);

/// An instant as `2026-01-08 19:06:19`, in UTC.
#[derive(Clone, Copy, Debug)]
pub struct Spaced(pub Timestamp);

/// A date as `2027-10-01T00:00:00.000Z`.
#[derive(Clone, Copy, Debug)]
pub struct Midnight(pub Date);

/// A date as `2026-01-01T00:00:00Z`.
#[derive(Clone, Copy, Debug)]
pub struct IsoDay(pub Date);

/// A date as `2025-01-15 00:00:00`.
#[derive(Clone, Copy, Debug)]
pub struct SpacedDay(pub Date);

/// A date as `2025-01-01`.
#[derive(Clone, Copy, Debug)]
pub struct Day(pub Date);

/// What COR documents and nobody here has: `null`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Nothing;

/// A number; whole ones have no fraction.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub Decimal);

impl Number {
    /// From the integer of 1/10,000 that rows store.
    pub fn units(units: i64) -> Self {
        Self(Decimal::from_units(units))
    }
}

fn utc(instant: Timestamp) -> DateTime {
    Offset::UTC.to_datetime(instant)
}

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&utc(self.0).strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl From<Timestamp> for Precise {
    fn from(instant: Timestamp) -> Self {
        Self(utc(instant))
    }
}

impl Serialize for Precise {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

impl Serialize for Spaced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&utc(self.0).strftime("%Y-%m-%d %H:%M:%S"))
    }
}

impl Serialize for Midnight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = *b"0000-00-00T00:00:00.000Z";
        write_date(self.0, &mut text[..10]);
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl Serialize for IsoDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = *b"0000-00-00T00:00:00Z";
        write_date(self.0, &mut text[..10]);
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl Serialize for SpacedDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = *b"0000-00-00 00:00:00";
        write_date(self.0, &mut text[..10]);
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = *b"0000-00-00";
        write_date(self.0, &mut text);
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        date(&text).map(Self).ok_or_else(|| D::Error::custom("not a date"))
    }
}

/// Writes `YYYY-MM-DD`. Dates stand in every element of an attach: no formatter is asked.
fn write_date(date: Date, text: &mut [u8]) {
    let digit = |number: i16| b'0' + (number % 10) as u8;
    let (year, month, day) = (date.year().max(0), i16::from(date.month()), i16::from(date.day()));
    text[0] = digit(year / 1000);
    text[1] = digit(year / 100);
    text[2] = digit(year / 10);
    text[3] = digit(year);
    text[5] = digit(month / 10);
    text[6] = digit(month);
    text[8] = digit(day / 10);
    text[9] = digit(day);
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.whole() {
            Some(whole) => serializer.serialize_i64(whole),
            // At most 15 digits: the shortest notation of the nearest double is the number.
            None => serializer.serialize_f64(self.0.to_string().parse().unwrap_or_default()),
        }
    }
}

macro_rules! schema {
    ($type:ty, $name:literal, $schema:expr) => {
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }
        impl ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    };
}

fn string(description: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .examples([serde_json::Value::from(example)])
}

schema!(
    Iso,
    "Instant",
    string("An instant in UTC.", "2025-01-10T14:30:00Z")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
);
schema!(
    Precise,
    "PreciseInstant",
    string("An instant in UTC, to the millisecond.", "2024-10-18T03:00:00.000Z")
        .pattern(Some(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"))
);
schema!(
    Spaced,
    "SpacedInstant",
    string("An instant in UTC.", "2026-01-08 19:06:19")
        .pattern(Some(r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"))
);
schema!(
    Midnight,
    "MidnightDate",
    string("A date, written as its midnight in UTC.", "2027-10-01T00:00:00.000Z")
        .pattern(Some(r"^\d{4}-\d{2}-\d{2}T00:00:00\.000Z$"))
);
schema!(
    IsoDay,
    "IsoDate",
    string("A date, written as its midnight in UTC.", "2026-01-01T00:00:00Z")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
);
schema!(
    SpacedDay,
    "SpacedDate",
    string("A date, written as its midnight in UTC.", "2025-01-15 00:00:00")
        .pattern(Some(r"^\d{4}-\d{2}-\d{2} 00:00:00$"))
);
schema!(
    Day,
    "Day",
    string("A calendar date.", "2025-01-01")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
);
schema!(
    Number,
    "Number",
    ObjectBuilder::new().schema_type(Type::Number).description(Some(
        "At most 4 decimal places; whole numbers are written without a fraction."
    ))
);
schema!(
    Nothing,
    "Nothing",
    ObjectBuilder::new()
        .schema_type(Type::Null)
        .description(Some("COR documents it; it is not kept here."))
);
