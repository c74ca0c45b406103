//! Who is on what, and when.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use domain::DateRange;
use domain::range::{OPEN_END, date};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cloud_events::ExternalIdOf;
use super::{
    LIMIT, Page, REFERENCE, cursor, limit, parameter, position, reference, unknown_parameter,
};
use crate::app::Shared;
use crate::assignments::{self, Filter, Position};
use crate::faces::wire::Day;
use crate::http::{Caller, Problem};
use crate::scope::Scope;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A date range that a user has on a contract.
#[derive(Serialize, ToSchema)]
struct Assignment {
    #[schema(example = 1)]
    id: i64,
    contract: AssignedContract,
    #[schema(example = 5)]
    user_id: i64,
    start_date: Day,
    /// The last day; `null`: it ends with the contract.
    #[schema(required)]
    end_date: Option<Day>,
    /// Who put it there; `null` for ids of ours, and for a source that the key may not use.
    #[schema(required, example = "GLOBANT")]
    source: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct AssignedContract {
    #[schema(example = 30001)]
    id: i64,
    #[schema(example = "Annual support")]
    name: String,
    /// What sources call it, of those that the key may use.
    external_ids: Vec<ExternalIdOf>,
}

fn assignment(told: assignments::Assignment) -> Assignment {
    let DateRange { start, end } = told.range;
    let external_ids = told.contract_references.into_iter().map(ExternalIdOf::from).collect();
    Assignment {
        id: told.id,
        contract: AssignedContract { id: told.contract_id, name: told.contract_name, external_ids },
        user_id: told.user_id,
        start_date: Day(start),
        end_date: (end != OPEN_END).then_some(Day(end)),
        source: told.source.map(|source| source.name),
    }
}

/// Unknown parameters are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The user: our id, or `SOURCE:external-id`.
    #[param(value_type = String, required, example = "1")]
    user: Option<String>,
    /// Only assignments with a day between these two, both included: `FROM..TO`.
    #[param(example = "2026-01-01..2026-03-31")]
    overlaps: Option<String>,
    /// Assignments on a page, at most 200.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl ListQuery {
    fn filter(&self, caller: &Caller) -> Result<(Scope, Filter), Problem> {
        let overlaps = parameter("overlaps", self.overlaps.as_ref(), days)?;
        let Some(user) = &self.user else {
            return Err(Problem::validation(format!("user is required, and {REFERENCE}")));
        };
        let (scope, user) = reference("user", user, caller)?;
        Ok((scope, Filter { user, overlaps }))
    }

    fn after(&self) -> Result<Option<Position>, Problem> {
        let Some(sent) = &self.cursor else { return Ok(None) };
        let (contract, start, end): (i64, String, String) = position(sent)?;
        match (date(&start), date(&end)) {
            (Some(start), Some(end)) => Ok(Some((contract, start, end))),
            _ => Err(Problem::validation("cursor must be the `next` of an earlier page")),
        }
    }
}

fn days(text: &str) -> Result<DateRange, String> {
    let days = text.split_once("..").and_then(|(start, end)| Some((date(start)?, date(end)?)));
    match days {
        Some((start, end)) if start <= end => Ok(DateRange { start, end }),
        Some(_) => Err("must begin with the earlier date".to_owned()),
        None => Err("must be two dates, like 2026-01-01..2026-03-31".to_owned()),
    }
}

/// What a user is assigned to
///
/// The date ranges of a user on all contracts, ordered by contract, start and end. A page looks into
/// 20,000 contracts: where there are more, it may be short, or empty, and yet have a `next`.
#[utoipa::path(
    get,
    path = "/api/assignments",
    tag = "assignments",
    params(ListQuery),
    responses((status = 200, description = "A page.", body = Page<Assignment>)),
    extensions(("x-error-codes" = json!(["ZC001", "FORBIDDEN"])))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page<Assignment>>, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let (scope, filter) = query.filter(&caller)?;
    let (limit, after) = (limit(query.limit.as_ref(), LIMIT)?, query.after()?);
    let found = assignments::list(&app, scope, filter, after, limit).await?;
    let next =
        found.next.and_then(|(contract, start, end)| cursor(&(contract, Day(start), Day(end))));
    Ok(Json(Page { data: found.rows.into_iter().map(assignment).collect(), next }))
}
