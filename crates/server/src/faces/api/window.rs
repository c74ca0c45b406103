//! A window of days that is asked for, and who is named in the answers.

use domain::range::date;
use domain::{DateRange, Source};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cloud_events::ExternalIdOf;
use super::{LIMIT, limit, parameter, position};
use crate::http::Problem;
use crate::staffing::Person;

/// Unknown parameters are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WindowQuery {
    /// The first day that counts.
    #[param(value_type = String, format = Date, required, example = "2026-01-01")]
    from: Option<String>,
    /// The last day that counts.
    #[param(value_type = String, format = Date, required, example = "2026-12-31")]
    to: Option<String>,
    /// Rows on a page, at most 200.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl WindowQuery {
    /// The window, behind which user the page begins, and how much is wanted on it.
    pub fn read(&self) -> Result<(DateRange, i64, usize), Problem> {
        let (start, end) = (day("from", self.from.as_ref())?, day("to", self.to.as_ref())?);
        if start > end {
            return Err(Problem::validation("to must not be before from"));
        }
        let after = self.cursor.as_deref().map_or(Ok(0), position)?;
        let limit = limit(self.limit.as_ref(), LIMIT)?;
        Ok((DateRange { start, end }, after, usize::try_from(limit).unwrap_or_default()))
    }
}

fn day(name: &str, text: Option<&String>) -> Result<Date, Problem> {
    let wrong = "is required, and must be a date like 2026-01-31";
    let day = parameter(name, text, |text| date(text).ok_or_else(|| wrong.to_owned()))?;
    day.ok_or_else(|| Problem::validation(format!("{name} {wrong}")))
}

/// An entity that takes part in something, by its name.
#[derive(Serialize, ToSchema)]
#[schema(as = NamedEntity)]
pub struct Named {
    #[schema(example = 5)]
    pub id: i64,
    #[schema(example = "Ana Lee")]
    pub name: String,
    /// What sources call it, of those that the key may use.
    pub external_ids: Vec<ExternalIdOf>,
}

impl Named {
    pub fn user(user: Person, references: Vec<(Source, String)>) -> Self {
        let name = format!("{} {}", user.first_name, user.last_name);
        Self { id: user.id, name, external_ids: called(references) }
    }
}

/// What sources call something.
pub fn called(references: Vec<(Source, String)>) -> Vec<ExternalIdOf> {
    references.into_iter().map(ExternalIdOf::from).collect()
}
