//! Who has no assignment.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cloud_events::ExternalIdOf;
use super::window::{WindowQuery, called};
use super::{Page, cursor, unknown_parameter};
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

/// Who has no assignment
///
/// The users that are on no contract on any day of a window, by id. A page may be short, or empty,
/// and yet have a `next`.
#[utoipa::path(
    get,
    path = "/api/bench",
    tag = "staffing",
    params(WindowQuery),
    responses((status = 200, description = "A page.", body = Page<OnTheBench>))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    query: Result<Query<WindowQuery>, QueryRejection>,
) -> Result<Json<Page<OnTheBench>>, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let (window, after, limit) = query.read()?;
    let page = bench::list(&app, caller.reads(), window, after, limit).await?;
    let data = page.rows.into_iter().map(on_the_bench).collect();
    Ok(Json(Page { data, next: page.next.and_then(|user| cursor(&user)) }))
}
