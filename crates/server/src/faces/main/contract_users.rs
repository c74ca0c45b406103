//! Who is on a contract, and when.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::attach::Entry;
use domain::{DateRange, Kind, Period, Ref, Source};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::{Asked, Page, PageQuery, Unfiltered};
use super::{of_contract, read};
use crate::app::Shared;
use crate::contracts::attach::{Attach, Outcome};
use crate::contracts::ranges::{self, OfContract};
use crate::contracts::{self, Assignment};
use crate::faces::assigned::{self, Body, Item};
use crate::faces::wire::Midnight;
use crate::http::{
    Answer, Caller, Check, JsonBody, Path, Problem, Records, Write, body, field, path,
};
use crate::refusal::Part;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list_users, attach_users))
        .routes(routes!(change_range, remove_range))
}

/// Users and their date ranges.
#[derive(ToSchema)]
#[schema(example = json!({
    "users": [{"id": 1, "dates": [
        {"start": "2026-01-01", "end": "2026-02-01"}, {"start": "2026-01-01", "end": "2026-02-02"}
    ]}]
}))]
#[expect(dead_code, reason = "the schema of what `assigned::Attached` reads")]
struct AttachUsersById {
    #[schema(min_items = 1)]
    users: Vec<UserDatesById>,
}

/// A user with the date ranges it is to have on the contract.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `Item` reads")]
struct UserDatesById {
    /// The user's id.
    #[schema(minimum = 1, example = 1)]
    id: i64,
    dates: Vec<assigned::UserRange>,
}

/// What came of attaching users to a contract.
///
/// The counters count date ranges: `records_received` is always
/// `records_created + records_rejected`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `assigned::Answer` writes")]
struct ContractAttachedById {
    status: assigned::Status,
    #[schema(example = 999)]
    company_id: i64,
    #[schema(example = 777)]
    contract_id: i64,
    #[schema(example = 2)]
    records_received: i64,
    #[schema(example = 2)]
    records_created: i64,
    #[schema(example = 0)]
    records_rejected: i64,
    /// The users that something was assigned to, each once.
    #[schema(example = json!([88001]))]
    user_ids: Vec<i64>,
    assigned: Vec<assigned::Assigned>,
    #[schema(value_type = Vec<assigned::Error<'static>>)]
    errors: (),
}

/// One element of `users`. An id that is none is the operation's to refuse.
fn entry(check: &mut Check, item: &Item<'_>) -> Option<Entry> {
    let Item::Entry(entry) = item else {
        return check.wrong("must be an object with an id and a list dates");
    };
    let user = entry.id.and_then(field::id).map(Ref::Internal);
    Some(Entry { user, dates: entry.judge() })
}

/// Attach users to a contract
///
/// Range by range: what is refused never stops the rest. A range that the user already has on
/// the contract is answered with its old id, so a request can be sent again.
#[utoipa::path(
    post,
    path = "/v1/contracts/{contract_id}/users",
    tag = "contracts",
    params(("contract_id" = i64, Path, description = "The contract's id.", example = 1)),
    request_body = AttachUsersById,
    responses(
        (status = 200, description = "What was assigned, and what was refused.", body = ContractAttachedById),
        (status = 422, description = "Nothing was assigned.", body = ContractAttachedById)
    ),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn attach_users(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let prepared = Body::open(&body, app.limits).and_then(|opened| {
        let entries = Check::all(app.limits, |check| opened.sent().users.read(check, entry))?;
        let scope = caller.writes(Source::NONE)?;
        let contract = Ref::Internal(path::id(&id, Kind::Contract)?);
        let told = move |sent: &Attach, outcome: Outcome| {
            let (company, contract) = (sent.scope.company, outcome.contract_id);
            assigned::answer(company, contract, true, opened.items(), &outcome)
        };
        Ok((Attach { scope, contract, entries }, told))
    });
    let write = Write::of(&app, &caller, &body).records(assigned::RECORDS.in_ours());
    Ok(write.run_each(prepared, assigned::refused).await)
}

/// A date range that a user has on the contract.
#[derive(Serialize, ToSchema)]
struct ContractUser {
    #[schema(example = 501)]
    id: i64,
    #[schema(example = 777)]
    contract_id: i64,
    #[schema(example = 88001)]
    user_id: i64,
    start_date: Midnight,
    end_date: Midnight,
}

fn shown(contract_id: i64, period: Period, row: Assignment) -> ContractUser {
    ContractUser {
        id: row.id,
        contract_id,
        user_id: row.user_id,
        start_date: Midnight(row.start),
        end_date: Midnight(period.shown_end(row.end)),
    }
}

/// List who is on a contract
///
/// By user, start and end.
#[utoipa::path(
    get,
    path = "/v1/contracts/{contract_id}/users",
    tag = "contracts",
    params(("contract_id" = i64, Path, description = "The contract's id.", example = 1), PageQuery),
    responses((status = 200, description = "A page.", body = Page<ContractUser>)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn list_users(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Json<Page<ContractUser>>, Problem> {
    let query = PageQuery::of(asked)?;
    let wanted = query.wanted()?;
    query.filter::<Unfiltered>(&app)?;
    let id = path::id(&id, Kind::Contract)?;
    let page = contracts::list(&app, caller.company_id, id, wanted.part()).await?;
    let rows = page.rows.into_iter().map(|row| shown(id, page.period, row));
    wanted.of(page.total, rows.collect()).map(Json)
}

body! {
    /// Both days are included.
    struct Range as "MainContractUserRange" = {"start": "2026-01-01", "end": "2026-03-31"} {
        /// The first day.
        start: required Date,
        /// The last day: after the first one.
        end: required Date,
    }
}

/// Change when a user is on a contract
///
/// The range keeps its id. The contract's period bounds it.
#[utoipa::path(
    put,
    path = "/v1/contracts/{contract_id}/users/{assignment_id}",
    tag = "contracts",
    params(
        ("contract_id" = i64, Path, description = "The contract's id.", example = 1),
        ("assignment_id" = i64, Path, description = "The date range's id.", example = 1)
    ),
    request_body = Range,
    responses((status = 200, description = "The range as it is now.", body = ContractUser)),
    extensions(("x-error-codes" = json!(["ZC001", "DUPLICATE_RANGE"])))
)]
async fn change_range(
    State(app): State<Shared>,
    caller: Caller,
    Path((contract, id)): Path<(String, String)>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let judge = |sent: Range, check: &mut Check| match DateRange::new(sent.start?, sent.end?) {
        Ok(range) => Some(range),
        Err(why) => check.within("end", |check| check.wrong(why.to_string())),
    };
    let prepared = read(&app, &caller, &body, judge).and_then(|(scope, range)| {
        let contract = path::id(&contract, Kind::Contract)?;
        let id = of_contract(Part::Assignment, contract, &id)?;
        let contract = Ref::Internal(contract);
        Ok((ranges::Change { scope, contract, id, range }, |_: &_, now| told(now)))
    });
    let write = Write::of(&app, &caller, &body).records(Records::BODY.in_ours());
    Ok(write.run(prepared).await)
}

/// Remove a date range of a user from a contract
#[utoipa::path(
    delete,
    path = "/v1/contracts/{contract_id}/users/{assignment_id}",
    tag = "contracts",
    params(
        ("contract_id" = i64, Path, description = "The contract's id.", example = 1),
        ("assignment_id" = i64, Path, description = "The date range's id.", example = 1)
    ),
    responses((status = 200, description = "The range that there was.", body = ContractUser)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn remove_range(
    State(app): State<Shared>,
    caller: Caller,
    Path((contract, id)): Path<(String, String)>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let prepared = caller.writes(Source::NONE).and_then(|scope| {
        let contract = path::id(&contract, Kind::Contract)?;
        let id = of_contract(Part::Assignment, contract, &id)?;
        let contract = Ref::Internal(contract);
        Ok((ranges::Remove { scope, contract, id }, |_: &_, was| told(was)))
    });
    Ok(Write::of(&app, &caller, &body).without_records().run(prepared).await)
}

fn told(OfContract { contract_id, period, row }: OfContract) -> Answer {
    Json(shown(contract_id, period, row)).into()
}
