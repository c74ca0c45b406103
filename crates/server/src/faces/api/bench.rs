//! Who has no assignment.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cloud_events::ExternalIdOf;
use super::csv::{self, Cell, Record, exact, text};
use super::list::Page;
use super::window::{self, WindowQuery, called};
use crate::app::Shared;
use crate::http::{Caller, Problem};
use crate::staffing::bench::{self, Free};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A user without an assignment.
#[derive(Serialize, ToSchema)]
struct OnTheBench {
    #[schema(example = 5)]
    id: i64,
    #[schema(example = "Ana")]
    first_name: String,
    #[schema(example = "Lee")]
    last_name: String,
    #[schema(example = "ana.lee@example.com")]
    email: String,
    /// What sources call the user, of those that the key may use.
    external_ids: Vec<ExternalIdOf>,
}

fn on_the_bench(Free { user, references }: Free) -> OnTheBench {
    OnTheBench {
        id: user.id,
        first_name: user.first_name,
        last_name: user.last_name,
        email: user.email,
        external_ids: called(references),
    }
}

impl Record for OnTheBench {
    fn lines(&self) -> Vec<Vec<Cell>> {
        let Self { id, first_name, last_name, email, external_ids } = self;
        let [first_name, last_name, email] = [first_name, last_name, email].map(text);
        vec![vec![exact(id), first_name, last_name, email, csv::external_ids(external_ids)]]
    }
}

const COLUMNS: [&str; 5] = ["id", "first_name", "last_name", "email", "external_ids"];

/// Who has no assignment
///
/// The users that are on no contract on any day of a window, by id. A page may be short, or empty,
/// and yet have a `next`. With `Accept: text/csv` the whole list, read a page at a time: what changes
/// meanwhile is told as it was or as it is.
#[utoipa::path(
    get,
    path = "/api/bench",
    tag = "staffing",
    params(WindowQuery),
    responses((status = 200, description = "A page; as CSV the whole list.", content(
        (Page<OnTheBench> = "application/json"), (String = "text/csv")
    )))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<WindowQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let at = (&app, &caller, &headers);
    window::answer(at, query, &COLUMNS, bench::list, on_the_bench).await
}
