//! Contracts, and who is on them when.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::attach::Entry;
use domain::{Kind, Ref, Source};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::{Asked, Page, PageQuery};
use crate::app::Shared;
use crate::contracts;
use crate::contracts::attach::{Attach, Outcome};
use crate::faces::assigned::{self, Body, Item};
use crate::faces::wire::Midnight;
use crate::http::{Caller, Check, JsonBody, Path, Problem, Write, field, path};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_users, attach_users))
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
    let wanted = PageQuery::of(asked)?.wanted()?;
    let id = path::id(&id, Kind::Contract)?;
    let page = contracts::list(&app, caller.company_id, id, wanted.part()).await?;
    let rows = page.rows.into_iter().map(|row| ContractUser {
        id: row.id,
        contract_id: id,
        user_id: row.user_id,
        start_date: Midnight(row.start),
        end_date: Midnight(page.period.shown_end(row.end)),
    });
    wanted.of(page.total, rows.collect()).map(Json)
}
