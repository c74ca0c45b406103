//! The bounds of leaves: sent as a date, or as a moment.

use domain::Moment;
use jiff::civil::Date;
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::http::field::{text, wire};
use crate::http::{Check, Wire};

/// A date, or a moment with its offset.
#[derive(Clone, Debug)]
pub enum When {
    Date(Date),
    Moment(Moment),
}

wire!(
    When,
    "must be a real calendar date in the form YYYY-MM-DD, or a moment in ISO 8601 with its offset, \
        such as 2026-05-11T00:00:00Z",
    |raw| {
        let text = text(raw)?;
        let moment = || Moment::parse(&text).map(When::Moment).ok();
        domain::range::date(&text).map(When::Date).or_else(moment)
    },
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("A date, or a moment in ISO 8601 with its offset or `Z`."))
        .max_length(Some(40))
);

impl When {
    /// The moment; of a date the first one.
    pub fn first(self) -> Option<Moment> {
        self.moment("00:00:00")
    }

    /// The moment; of a date the last one.
    pub fn last(self) -> Option<Moment> {
        self.moment("23:59:59")
    }

    fn moment(self, time: &str) -> Option<Moment> {
        match self {
            Self::Date(date) => Moment::parse(&format!("{date}T{time}Z")).ok(),
            Self::Moment(moment) => Some(moment),
        }
    }
}
