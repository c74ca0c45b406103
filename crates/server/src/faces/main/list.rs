//! Lists: the page that is wanted, what narrows them, and the envelope that they are told in.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use domain::Name;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::app::App;
use crate::entities::view::{self, Filter, Part, View};
use crate::http::request_body::inspect;
use crate::http::{Check, Problem, Wire};

/// What a list is asked for, as sent; other parameters are ignored.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The page, from 1; `false`: everything at once, if that is at most 10,000 rows.
    #[param(value_type = PageOrAll, inline, required = false)]
    page: Option<String>,
    /// Rows on a page.
    #[serde(rename = "perPage")]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 20)]
    per_page: Option<String>,
    /// What narrows the list: a JSON object, URL-encoded.
    filters: Option<String>,
}

/// What a page may be: its number, or whether there are pages.
struct PageOrAll;

impl PartialSchema for PageOrAll {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(PAGES))
            .build();
        let pages = ObjectBuilder::new().schema_type(Type::Boolean).build();
        OneOfBuilder::new().item(number).item(pages).default(Some(json!(1))).into()
    }
}

impl ToSchema for PageOrAll {}

/// The query of a list, if it is readable.
pub type Asked = Result<Query<PageQuery>, QueryRejection>;

/// What may narrow a list: its `filters`.
pub trait Filters: Wire {
    /// What a list has to which none were sent.
    const NONE: fn() -> Filter = Filter::default;

    /// `None` when the check found something.
    fn filter(self) -> Option<Filter>;
}

/// A list that nothing narrows.
pub struct Unfiltered;

impl Wire for Unfiltered {
    const RULE: &'static str = "must be an empty object: nothing narrows this list";

    fn read(raw: &RawValue, check: &mut Check) -> Option<Self> {
        match raw.get().trim_matches(['{', '}']).trim_ascii().is_empty() {
            true => Some(Self),
            false => check.wrong(Self::RULE),
        }
    }

    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new().into()
    }
}

impl Filters for Unfiltered {
    fn filter(self) -> Option<Filter> {
        Some(Filter::default())
    }
}

/// A page that is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    Page { page: i64, per_page: i64 },
    All,
}

pub const PAGES: i64 = 1_000_000_000;
pub const PER_PAGE: i64 = 200;
/// Rows that are told at once.
const ALL: i64 = 10_000;

impl PageQuery {
    /// Reads the query of a list.
    pub fn of(asked: Asked) -> Result<Self, Problem> {
        let Ok(Query(query)) = asked else {
            return Err(Problem::validation("The query is not readable"));
        };
        Ok(query)
    }

    pub fn wanted(&self) -> Result<Wanted, Problem> {
        let page = match self.page.as_deref() {
            None => 1,
            Some("false") => return Ok(Wanted::All),
            Some("true") => 1,
            Some(text) => number(text, PAGES).ok_or_else(|| {
                Problem::validation(format!("page must be an integer from 1 to {PAGES}, or false"))
            })?,
        };
        let per_page = match &self.per_page {
            None => 20,
            Some(text) => number(text, PER_PAGE)
                .ok_or_else(|| Problem::validation("perPage must be an integer from 1 to 200"))?,
        };
        Ok(Wanted::Page { page, per_page })
    }

    /// What narrows it.
    pub fn filter<F: Filters>(&self, app: &App) -> Result<Filter, Problem> {
        let Some(text) = self.filters.as_deref().filter(|text| !text.trim_ascii().is_empty())
        else {
            return Ok(F::NONE());
        };
        inspect(text)?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
            Problem::validation(format!("filters must be a JSON object, URL-encoded: {error}"))
        })?;
        Check::all(app.limits, |check| {
            check.within("filters", |check| F::read(raw, check)?.filter())
        })
    }
}

/// The instant at which a day begins, in UTC; the nearest one to it that there is.
pub fn beginning(day: Date) -> Timestamp {
    Offset::UTC.to_timestamp(day.to_datetime(Time::midnight())).unwrap_or(Timestamp::MAX)
}

/// A number from 1 to a limit.
pub fn number(text: &str, limit: i64) -> Option<i64> {
    text.parse().ok().filter(|number| (1..=limit).contains(number))
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// How many there are on all pages. A string, as COR writes it.
    #[schema(example = "1")]
    total: String,
    #[serde(rename = "perPage")]
    #[schema(example = 20)]
    per_page: i64,
    #[schema(example = 1)]
    page: i64,
    #[serde(rename = "lastPage")]
    #[schema(example = 1)]
    last_page: i64,
    data: Vec<T>,
}

impl Wanted {
    pub fn part(self) -> Part {
        match self {
            Self::Page { page, per_page } => {
                Part::Rows { skip: (page - 1) * per_page, limit: per_page }
            }
            Self::All => Part::All { most: ALL },
        }
    }

    /// The envelope of a list that has `total` rows. Refuses all of one that is too long.
    pub fn of<T>(self, total: i64, data: Vec<T>) -> Result<Page<T>, Problem> {
        let (page, per_page) = match self {
            Self::Page { page, per_page } => (page, per_page),
            Self::All if total > ALL => {
                let message = format!(
                    "page=false lists at most {ALL} rows, and there are {total}: ask for pages"
                );
                return Err(Problem::validation(message));
            }
            Self::All => (1, total.max(1)),
        };
        let last_page = (total + per_page - 1) / per_page;
        Ok(Page { total: total.to_string(), per_page, page, last_page, data })
    }
}

/// Rows of a search.
const FOUND: i64 = 200;

/// The entities of a kind with a part of their name, by name.
pub async fn search<V: View, T>(
    app: &App,
    company: i64,
    part: &str,
    told: fn(i64, V) -> T,
) -> Result<Json<Vec<T>>, Problem> {
    let part = Name::parse(part)
        .map_err(|rule| Problem::validation(format!("The name in the path {rule}")))?;
    let rows = view::by_name(app, company, &part, FOUND).await?;
    Ok(Json(rows.into_iter().map(|row| told(company, row)).collect()))
}

/// A page of the entities of a kind, by id.
pub async fn list<V: View, F: Filters, T>(
    app: &App,
    company: i64,
    asked: Asked,
    told: fn(i64, V) -> T,
) -> Result<Json<Page<T>>, Problem> {
    let query = PageQuery::of(asked)?;
    let (wanted, filter) = (query.wanted()?, query.filter::<F>(app)?);
    let slice = view::slice(app, company, filter, wanted.part()).await?;
    let rows = slice.rows.into_iter().map(|row| told(company, row));
    wanted.of(slice.total, rows.collect()).map(Json)
}
