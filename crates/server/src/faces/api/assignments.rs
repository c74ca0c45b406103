//! Who is on what, and when.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::DateRange;
use domain::range::{OPEN_END, date};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cloud_events::ExternalIdOf;
use super::csv::{self, Cell, Record, exact, text};
use super::list::{self, Page};
use super::{REFERENCE, parameter, reference, unknown_parameter};
use crate::app::Shared;
use crate::assignments::{self, FIRST, Filter};
use crate::faces::wire::Day;
use crate::http::{Caller, Problem};
use crate::scope::Scope;
use crate::store::Tx;

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

impl Record for Assignment {
    fn lines(&self) -> Vec<Vec<Cell>> {
        let Self { id, contract, user_id, start_date, end_date, source } = self;
        vec![vec![
            exact(id),
            exact(contract.id),
            text(&contract.name),
            csv::external_ids(&contract.external_ids),
            exact(user_id),
            exact(start_date),
            exact(end_date),
            exact(source),
        ]]
    }
}

const COLUMNS: [&str; 8] = [
    "id",
    "contract_id",
    "contract_name",
    "contract_external_ids",
    "user_id",
    "start_date",
    "end_date",
    "source",
];

/// At least one of `user`, `contract`, `team` and `workspace`; several narrow the list. Each is our
/// id, or `SOURCE:external-id`. Unknown parameters are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Those of a user: our id, or `SOURCE:external-id`.
    #[param(example = "1")]
    user: Option<String>,
    /// Those on a contract: our id, or `SOURCE:external-id`.
    #[param(example = "1")]
    contract: Option<String>,
    /// Those of a team's members: our id, or `SOURCE:external-id`.
    #[param(example = "1")]
    team: Option<String>,
    /// Those of a workspace's users: our id, or `SOURCE:external-id`.
    #[param(example = "1")]
    workspace: Option<String>,
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
    fn filter(&self, caller: &Caller) -> Result<Filter, Problem> {
        let overlaps = parameter("overlaps", self.overlaps.as_ref(), days)?;
        let named = |name, text: &Option<String>| {
            text.as_deref().map(|text| reference(name, text, caller)).transpose()
        };
        let filter = Filter {
            user: named("user", &self.user)?,
            contract: named("contract", &self.contract)?,
            team: named("team", &self.team)?,
            workspace: named("workspace", &self.workspace)?,
            overlaps,
        };
        let Filter { user, contract, team, workspace, .. } = &filter;
        let any = [user, contract, team, workspace].into_iter().any(Option::is_some);
        match any {
            true => Ok(filter),
            false => {
                let rule = "one of user, contract, team and workspace is required, and each";
                Err(Problem::validation(format!("{rule} {REFERENCE}")))
            }
        }
    }
}

/// Where a page begins, in a cursor.
type Place = (i64, i64, Day, Day);

fn days(text: &str) -> Result<DateRange, String> {
    let days = text.split_once("..").and_then(|(start, end)| Some((date(start)?, date(end)?)));
    match days {
        Some((start, end)) if start <= end => Ok(DateRange { start, end }),
        Some(_) => Err("must begin with the earlier date".to_owned()),
        None => Err("must be two dates, like 2026-01-01..2026-03-31".to_owned()),
    }
}

async fn read(
    app: Shared,
    scope: Scope,
    filter: Filter,
    after: Option<Place>,
    limit: i64,
) -> list::Rows<Assignment, Place> {
    let after =
        after.map_or(FIRST, |(contract, user, Day(start), Day(end))| (contract, user, start, end));
    let read = app.store.read("assignments.list", async move |tx: &mut Tx| {
        assignments::list(tx, &scope, &filter, after, limit).await
    });
    let assignments::Page { rows, next } = read.await?;
    let next = next.map(|(contract, user, start, end)| (contract, user, Day(start), Day(end)));
    Ok((rows.into_iter().map(assignment).collect(), next))
}

/// Who is assigned to what
///
/// The date ranges of a user, on a contract, or of those who are in a team or a workspace; ordered by
/// contract, user, start and end. At least one of these is asked for; several narrow the list. A
/// page looks at 20,000 contracts or assignments: where there are more, it may be short, or empty,
/// and yet have a `next`. With `Accept: text/csv` the whole list, read a page at a time: what changes
/// meanwhile is told as it was or as it is.
#[utoipa::path(
    get,
    path = "/api/assignments",
    tag = "assignments",
    params(ListQuery),
    responses((status = 200, description = "A page; as CSV the whole list.", content(
        (Page<Assignment> = "application/json"), (String = "text/csv")
    ))),
    extensions(("x-error-codes" = json!(["ZC001", "FORBIDDEN"])))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let filter = query.filter(&caller)?;
    let (read_as, scope) = (app.clone(), caller.reads());
    let read =
        move |after, limit| read(read_as.clone(), scope.clone(), filter.clone(), after, limit);
    let page = (query.limit.as_ref(), query.cursor.as_ref());
    list::answer((&app, &caller, &headers), &COLUMNS, page, read).await
}
