//! The v1 Main API: ids of ours.

mod contracts;
mod me;
mod oauth;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::app::Shared;
use crate::http::Problem;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().merge(contracts::routes()).merge(me::routes()).merge(oauth::routes())
}

/// `page` and `perPage`, as sent; others are ignored.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// The page, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1_000_000_000, default = 1)]
    page: Option<String>,
    /// Rows on a page.
    #[serde(rename = "perPage")]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 20)]
    per_page: Option<String>,
}

/// A page that is wanted.
#[derive(Clone, Copy, Debug)]
struct PageWanted {
    page: i64,
    per_page: i64,
}

const PAGES: i64 = 1_000_000_000;
const PER_PAGE: i64 = 200;

impl PageQuery {
    fn read(&self) -> Result<PageWanted, Problem> {
        let page = match &self.page {
            None => 1,
            Some(text) => number(text, PAGES).ok_or_else(|| {
                Problem::validation(format!("page must be an integer from 1 to {PAGES}"))
            })?,
        };
        let per_page = match &self.per_page {
            None => 20,
            Some(text) => number(text, PER_PAGE)
                .ok_or_else(|| Problem::validation("perPage must be an integer from 1 to 200"))?,
        };
        Ok(PageWanted { page, per_page })
    }
}

fn number(text: &str, limit: i64) -> Option<i64> {
    text.parse().ok().filter(|number| (1..=limit).contains(number))
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
struct Page<T> {
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

impl PageWanted {
    fn skip(self) -> i64 {
        (self.page - 1) * self.per_page
    }

    fn of<T>(self, total: i64, data: Vec<T>) -> Page<T> {
        let last_page = (total + self.per_page - 1) / self.per_page;
        let Self { page, per_page } = self;
        Page { total: total.to_string(), per_page, page, last_page, data }
    }
}
