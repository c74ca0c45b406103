//! Working times of users.

use std::fmt::Display;

use domain::working_time::{Break, TimeOfDay, Week, WeekRefusal, Weekday, WorkingDay};
use domain::{ExternalId, Ref};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{DeletedId, Wrapped};
use super::operations::operation;
use super::{CreateBody, Metadata};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::field::{SourceName, text, wire};
use crate::http::{Check, Wire, body};
use crate::working_times::{New, WorkingTime};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(delete))
}

/// A number, or a string that holds it as it is shown.
fn number<T: Display>(raw: &RawValue, parse: fn(&str) -> Result<T, &'static str>) -> Option<T> {
    match text(raw) {
        Some(text) => parse(&text).ok().filter(|number| number.to_string() == text),
        None => parse(raw.get()).ok(),
    }
}

/// The schema of one of these numbers, each also as a string.
fn either(values: &[&str]) -> ObjectBuilder {
    let numbers = values.iter().filter_map(|value| serde_json::from_str(value).ok());
    let texts = values.iter().map(|value| serde_json::Value::from(*value));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Number]))
        .enum_values(Some(texts.chain(numbers)))
}

wire!(
    Weekday,
    Weekday::RULE,
    |raw| number(raw, Weekday::parse),
    either(&["1", "2", "3", "4", "5", "6", "7"]).description(Some("1 is Sunday, 7 is Saturday."))
);
wire!(
    TimeOfDay,
    TimeOfDay::RULE,
    |raw| TimeOfDay::parse(&text(raw)?).ok(),
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("A time of the day: HH:MM."))
        .pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9]$"))
);
wire!(
    Break,
    Break::RULE,
    |raw| number(raw, Break::parse),
    either(&["0", "0.25", "0.5", "0.75", "1", "1.5", "2"]).description(Some("Hours."))
);

body! {
    struct Create as "CreateWorkingTime" = {
        "metadata": {"source": "GLOBANT"}, "id": "external-working-time-1",
        "userId": "external-user-id-1",
        "workingTimes": [{"dayOfWeek": "2", "start": "09:00", "end": "18:00", "breakTime": "1"}]
    } {
        metadata: required Metadata,
        id: required ExternalId,
        /// The user.
        "userId" user_id: required ExternalId,
        "workingTimes" working_times: required Week,
    }
}

impl CreateBody for Create {
    type Entity = WorkingTime;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let new = New { user: Ref::External(self.user_id?), week: self.working_times? };
        Some((Metadata::source(self.metadata)?, (self.id?, new)))
    }
}

body! {
    /// When the user works on one day of the week. Each day once.
    struct Day as "WorkingDay" = {
        "dayOfWeek": "2", "start": "09:00", "end": "18:00", "breakTime": "1"
    } {
        "dayOfWeek" day: required Weekday,
        start: required TimeOfDay,
        /// After the start.
        end: required TimeOfDay,
        /// Shorter than the time from start to end; 0 unless said otherwise.
        "breakTime" pause: optional Break,
    }
}

impl Day {
    fn read(self) -> Option<WorkingDay> {
        let pause = self.pause.unwrap_or_default();
        Some(WorkingDay { day: self.day?, start: self.start?, end: self.end?, pause })
    }
}

impl Wire for Week {
    const RULE: &'static str = <Vec<Day> as Wire>::RULE;

    fn read(raw: &RawValue, check: &mut Check) -> Option<Self> {
        let days = <Vec<Day> as Wire>::read(raw, check)?.into_iter().map(Day::read);
        let blame = |(nth, why)| {
            let (field, message) = match why {
                WeekRefusal::NotAscending => ("end", "must be after start".to_owned()),
                WeekRefusal::LongBreak => {
                    ("breakTime", "must be shorter than the time from start to end".to_owned())
                }
                WeekRefusal::Repeated(first) => {
                    ("dayOfWeek", format!("names the same day as /workingTimes/{first}/dayOfWeek"))
                }
            };
            check.within(format_args!("{nth}/{field}"), |check| check.wrong::<()>(message));
        };
        Week::new(days.collect::<Option<_>>()?)
            .map_err(|refused| refused.into_iter().for_each(blame))
            .ok()
    }

    fn schema() -> RefOr<Schema> {
        <Vec<Day> as Wire>::schema()
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkingTime)]
struct Answer {
    #[schema(example = 321)]
    id: i64,
    #[serde(rename = "userId")]
    #[schema(example = 67890)]
    user_id: i64,
    /// In order of the day.
    #[serde(rename = "workingTimes")]
    working_times: Vec<Shown>,
    #[schema(example = 2336)]
    company_id: i64,
    created_at: Iso,
    updated_at: Iso,
}

/// A day of a working time, as v1 has it: all of it texts.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkingTimeDay)]
struct Shown {
    #[serde(rename = "dayOfWeek")]
    #[schema(example = "2")]
    day: String,
    #[schema(example = "09:00")]
    start: String,
    #[schema(example = "18:00")]
    end: String,
    /// Hours.
    #[serde(rename = "breakTime")]
    #[schema(example = "1")]
    pause: String,
}

impl Answer {
    fn new(company_id: i64, working_time: WorkingTime) -> Self {
        let shown = |one: &WorkingDay| Shown {
            day: one.day.to_string(),
            start: one.start.to_string(),
            end: one.end.to_string(),
            pause: one.pause.to_string(),
        };
        Self {
            id: working_time.id,
            user_id: working_time.user_id,
            working_times: working_time.week.days().iter().map(shown).collect(),
            company_id,
            created_at: Iso(working_time.created_at),
            updated_at: Iso(working_time.updated_at),
        }
    }
}

operation! {
    /// Create a working time
    ///
    /// A user has at most one. COR publishes no more than the title: made like the create of a
    /// leave, with the days of v1's `working-time`.
    create "/v2/integrations/working-time", tag "working-time",
    codes ["ZC001", "ZC004", "DUPLICATE_WORKING_TIME"], body Create,
    200 "The working time." [Wrapped<Answer>]
    |company, working_time, _| Wrapped::ok(Answer::new(company, working_time))
}

operation! {
    /// Delete a working time
    ///
    /// With all its references. COR publishes no more than the title: made like the delete of a
    /// leave.
    delete "/v2/integrations/working-time/{id}", tag "working-time",
    id "The working time's external id." "external-working-time-1",
    codes ["ZC001"], kind WorkingTime,
    200 "What was deleted." [Wrapped<DeletedId>]
    |_, _, id| DeletedId::new("Working time deleted successfully", id)
}
