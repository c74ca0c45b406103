//! Who is on a contract, and when.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::attach::Entry;
use domain::{ExternalId, Kind, Ref};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Metadata, named, read};
use crate::app::Shared;
use crate::contracts::attach::Attach;
use crate::contracts::detach::{Detach, Outcome};
use crate::faces::assigned::{self, Attached, Body, Item};
use crate::http::field::SourceName;
use crate::http::{Caller, Check, JsonBody, Path, Problem, Wire, Write, body};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(attach_users, detach_users))
}

/// Users and their date ranges.
#[derive(ToSchema)]
#[schema(example = json!({
    "metadata": {"source": "GLOBANT"},
    "users": [
        {"id": "external-user-id-1", "dates": [
            {"start": "2027-10-01", "end": "2028-11-01"}, {"start": "2025-10-10"}
        ]},
        {"id": "external-user-id-5", "dates": [{"start": "2025-10-02", "end": "2026-11-01"}]}
    ]
}))]
#[expect(dead_code, reason = "the schema of what `assigned::Attached` reads")]
struct AttachUsersToContract {
    metadata: Metadata,
    #[schema(min_items = 1)]
    users: Vec<UserDates>,
}

/// A user with the date ranges it is to have on the contract.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `Item` reads")]
struct UserDates {
    /// The user's external id.
    #[schema(min_length = 1, max_length = 255, example = "external-user-id-1")]
    id: String,
    #[schema(min_items = 1)]
    dates: Vec<assigned::UserRange>,
}

/// What came of attaching users to a contract.
///
/// The counters count date ranges of known users: `records_received` is always
/// `records_created + records_rejected`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `assigned::Answer` writes")]
struct ContractAttached {
    status: assigned::Status,
    #[schema(example = 2336)]
    company_id: i64,
    /// The contract's external id, as sent.
    #[schema(example = "SF-CONTRACT-12345")]
    contract_id: String,
    #[schema(example = 2)]
    records_received: i64,
    #[schema(example = 1)]
    records_created: i64,
    #[schema(example = 1)]
    records_rejected: i64,
    assigned: Vec<assigned::Assigned>,
    #[schema(value_type = Vec<assigned::Error<'static>>)]
    errors: (),
}

/// The source, and each entry in order.
fn entries(sent: &Attached<'_>, check: &mut Check) -> Option<(SourceName, Vec<Entry>)> {
    let metadata = check.within("metadata", |check| match sent.metadata {
        Some(raw) => Metadata::read(raw, check),
        None => check.wrong(format!("is required and {}", Metadata::RULE)),
    });
    let entries = sent.users.read(check, entry);
    Some((Metadata::source(metadata)?, entries?))
}

/// One element of `users`: an object with a string `id` and a non-empty list `dates`.
fn entry(check: &mut Check, item: &Item<'_>) -> Option<Entry> {
    let entry = match item {
        Item::Entry(entry) => entry,
        Item::Text => {
            return check.wrong(
                "must be an object {\"id\": \"...\", \"dates\": [...]}; a plain id, the older \
                form, has no date ranges",
            );
        }
        Item::Other => return check.wrong("must be an object with an id and a list dates"),
    };
    let id = check.within("id", |check| match entry.id {
        Some(raw) => ExternalId::read(raw, check),
        None => check.wrong(format!("is required and {}", ExternalId::RULE)),
    });
    if entry.ranges.as_ref().is_none_or(Vec::is_empty) {
        return check.within("dates", |check| {
            check.wrong("must be a non-empty list of {\"start\", \"end\"}")
        });
    }
    Some(Entry { user: Some(Ref::External(id?)), dates: entry.judge() })
}

/// Attach users to a contract
///
/// Range by range: what is refused never stops the rest. A range that the user already has on
/// the contract is answered with its old id, so a request can be sent again.
#[utoipa::path(
    method(post, put),
    path = "/v2/integrations/contracts/{id}/users",
    tag = "contracts",
    params(("id" = String, Path, description = "The contract's external id.", example = "SF-CONTRACT-12345")),
    request_body = AttachUsersToContract,
    responses(
        (status = 200, description = "What was assigned, and what was refused.", body = ContractAttached),
        (status = 422, description = "Nothing was assigned.", body = ContractAttached)
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
        let (source, entries) = Check::all(app.limits, |check| entries(opened.sent(), check))?;
        let scope = source.writes(&caller)?;
        let contract = named(&id, Kind::Contract, &scope)?;
        let told = move |sent: &Attach, outcome| {
            assigned::answer(sent.scope.company, &id, false, opened.items(), &outcome)
        };
        Ok((Attach { scope, contract, entries }, told))
    });
    let write = Write::of(&app, &caller, &body).records(assigned::RECORDS);
    Ok(write.run_each(prepared, assigned::refused).await)
}

body! {
    struct DetachUsers as "DetachUsersFromContract" = {
        "metadata": {"source": "SALESFORCE"}, "users": ["external-user-id-1"]
    } {
        metadata: required Metadata,
        /// Users, at least one.
        users: required Vec<ExternalId>,
    }
}

/// Who was detached from a contract.
#[derive(Serialize, ToSchema)]
#[schema(as = ContractDetached)]
struct Detached {
    #[schema(example = "Users detached successfully")]
    message: &'static str,
    /// The contract's internal id.
    #[schema(example = 30001)]
    contract_id: i64,
    /// The users' internal ids, in request order.
    #[schema(example = json!([8547]))]
    detached_users: Vec<i64>,
}

/// Detach users from a contract
///
/// All their ranges on it. All users or none: one without any range there refuses the request.
#[utoipa::path(
    delete,
    path = "/v2/integrations/contracts/{id}/users",
    tag = "contracts",
    params(("id" = String, Path, description = "The contract's external id.", example = "SF-CONTRACT-12345")),
    request_body = DetachUsers,
    responses((status = 200, description = "Who was detached.", body = Detached)),
    extensions(("x-error-codes" = json!(["ZC001", "NOT_ATTACHED"])))
)]
async fn detach_users(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let sent = read(&app, &caller, &body, |sent: DetachUsers| {
        Some((Metadata::source(sent.metadata)?, sent.users?))
    });
    let told = |_: &_, outcome: Outcome| {
        let detached = Detached {
            message: "Users detached successfully",
            contract_id: outcome.contract_id,
            detached_users: outcome.users,
        };
        Json(detached).into()
    };
    let prepared = sent.and_then(|(scope, users)| {
        let contract = named(&id, Kind::Contract, &scope)?;
        let users = users.into_iter().map(Ref::External).collect();
        Ok((Detach { scope, contract, users }, told))
    });
    Ok(Write::of(&app, &caller, &body).run(prepared).await)
}
