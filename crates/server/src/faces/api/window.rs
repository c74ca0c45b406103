//! A window of days that is asked for, and who is named in the answers.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::range::date;
use domain::{DateRange, Source};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cloud_events::ExternalIdOf;
use super::csv::Record;
use super::{list, parameter, unknown_parameter};
use crate::app::Shared;
use crate::http::{Caller, Problem};
use crate::scope::Scope;
use crate::staffing::{Page, Person};
use crate::store;

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
    fn window(&self) -> Result<DateRange, Problem> {
        let (start, end) = (day("from", self.from.as_ref())?, day("to", self.to.as_ref())?);
        match start <= end {
            true => Ok(DateRange { start, end }),
            false => Err(Problem::validation("to must not be before from")),
        }
    }
}

/// Answers with what `list` finds in the window, as `told`. A page begins and ends behind a user.
pub async fn answer<T, R, F>(
    (app, caller, headers): (&Shared, &Caller, &HeaderMap),
    query: Result<Query<WindowQuery>, QueryRejection>,
    columns: &[&str],
    list: fn(Shared, Scope, DateRange, i64, usize) -> F,
    told: fn(T) -> R,
) -> Result<Response, Problem>
where
    T: 'static,
    R: Record + Serialize,
    F: Future<Output = store::Result<Page<T>>> + Send + 'static,
{
    let Query(query) = query.map_err(unknown_parameter)?;
    let of = (app.clone(), caller.reads(), query.window()?);
    let read = move |after: Option<i64>, limit| {
        let (app, scope, window) = of.clone();
        let limit = usize::try_from(limit).unwrap_or_default();
        let found = list(app, scope, window, after.unwrap_or(0), limit);
        async move {
            let Page { rows, next } = found.await?;
            Ok((rows.into_iter().map(told).collect(), next))
        }
    };
    let page = (query.limit.as_ref(), query.cursor.as_ref());
    list::answer((app, caller, headers), columns, page, read).await
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
