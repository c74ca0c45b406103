//! Who is on a contract, and when.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::Kind;
use domain::range::OPEN_END;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::csv::{self, Cell, Record, exact};
use super::list::{self, Page, page};
use super::{etag, path_reference, reference, unknown_parameter};
use crate::app::{App, Shared};
use crate::assignments::Named;
use crate::assignments::on_contract::{self, FIRST, Range};
use crate::entities::Judged;
use crate::faces::wire::Day;
use crate::http::{Caller, Path, Problem};
use crate::references;
use crate::scope::Scope;
use crate::sources::Sources;
use crate::store::{self, Tx};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A date range that a user has on the contract.
#[derive(Serialize, ToSchema)]
#[schema(as = ContractRange)]
pub struct Shown {
    #[schema(example = 1)]
    id: i64,
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

fn shown(sources: &Sources, Range { id, user_id, start, end, source_id }: &Range) -> Shown {
    Shown {
        id: *id,
        user_id: *user_id,
        start_date: Day(*start),
        end_date: (*end != OPEN_END).then_some(Day(*end)),
        source: sources.visible(*source_id).map(|source| source.name),
    }
}

impl Record for Shown {
    fn lines(&self) -> Vec<Vec<Cell>> {
        let Self { id, user_id, start_date, end_date, source } = self;
        vec![vec![exact(id), exact(user_id), exact(start_date), exact(end_date), exact(source)]]
    }
}

const COLUMNS: [&str; 5] = ["id", "user_id", "start_date", "end_date", "source"];

/// All ranges of one user on one contract, as they are answered.
pub async fn of_user(
    tx: &mut Tx,
    scope: &Scope,
    contract: i64,
    user: i64,
) -> store::Result<Page<Shown>> {
    let rows = on_contract::of_user(tx, scope.company, contract, user).await?;
    let data = rows.iter().map(|row| shown(&scope.sources, row)).collect();
    Ok(Page { data, next: None })
}

/// Unknown parameters are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only the ranges of this user, all of them: our id, or `SOURCE:external-id`. Without `limit`
    /// and `cursor`.
    #[param(example = "1")]
    user: Option<String>,
    /// Rows on a page, at most 200.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Where a page begins, in a cursor.
type Place = (i64, Day, Day);

async fn read(
    (app, (scope, contract)): (Shared, Named),
    after: Option<Place>,
    limit: i64,
) -> list::Rows<Shown, Place> {
    let after = after.map_or(FIRST, |(user, Day(start), Day(end))| (user, start, end));
    let read = app.store.read("assignments.of_contract", async move |tx: &mut Tx| {
        let contract = references::find(tx, &scope, Kind::Contract, &contract).await?;
        // One more than the page tells whether there is another.
        let rows = on_contract::page(tx, scope.company, contract, after, limit + 1).await?;
        let place = |row: &Range| Some((row.user_id, Day(row.start), Day(row.end)));
        let (rows, next) = page(rows, limit, place);
        Ok((rows.iter().map(|row| shown(&scope.sources, row)).collect(), next))
    });
    Ok(read.await?)
}

async fn all_of_user(
    app: &App,
    (scope, contract): Named,
    (theirs, user): Named,
) -> Judged<Page<Shown>> {
    let read = app.store.read("assignments.of_contract_and_user", async move |tx: &mut Tx| {
        let contract = references::find(tx, &scope, Kind::Contract, &contract).await?;
        let user = references::find(tx, &theirs, Kind::User, &user).await?;
        Ok(of_user(tx, &scope, contract, user).await?)
    });
    read.await
}

/// Read who is on a contract
///
/// By user, start and end. With `user` all ranges of that user, and an `ETag`: a hash of the answer.
/// With `Accept: text/csv` the whole list, read a page at a time: what changes meanwhile is told as it
/// was or as it is.
#[utoipa::path(
    get,
    path = "/api/contracts/{ref}/assignments",
    tag = "contracts",
    params(
        ("ref" = String, Path, description = "The contract: our id, or `SOURCE:external-id`.", example = "1"),
        ("If-None-Match" = Option<String>, Header, description = "With `user`: the `ETag` of an earlier answer."),
        ListQuery
    ),
    responses(
        (status = 200, description = "A page; of one user, and as CSV, everything.", content(
            (Page<Shown> = "application/json"), (String = "text/csv")
        ), headers(
            ("ETag" = Option<String>, description = "With `user`: a hash of the answer.")
        )),
        (status = 304, description = "It is as `If-None-Match` says.")
    ),
    extensions(("x-error-codes" = json!(["ZC001", "FORBIDDEN"])))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Path(text): Path<String>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let contract = path_reference(&text, &caller)?;
    let (wanted, after) = (query.limit.as_ref(), query.cursor.as_ref());
    let at = (&app, &caller, &headers);
    let Some(user) = &query.user else {
        let of = (app.clone(), contract);
        let read = move |after, limit| read(of.clone(), after, limit);
        return list::answer(at, &COLUMNS, (wanted, after), read).await;
    };
    let user = reference("user", user, &caller)?;
    if wanted.or(after).is_some() {
        let rule = "limit and cursor do not go with user, whose ranges are told at once";
        return Err(Problem::validation(rule));
    }
    let all = all_of_user(&app, contract, user).await?;
    if csv::is_wanted(&headers, wanted, after)? {
        let no_more = |(): ()| std::future::ready(Ok((Vec::new(), None)));
        return csv::answer(at, &COLUMNS, (all.data, None), no_more);
    }
    Ok(etag::answer(&headers, &all))
}
