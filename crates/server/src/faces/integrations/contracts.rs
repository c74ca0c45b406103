//! Contracts, and who is on them when.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::attach::Entry;
use domain::{Amount, ExternalId, Kind, Label, Name, Period, Ref, Text};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CreateBody, Created, Metadata};
use crate::app::Shared;
use crate::contracts::attach::{Attach, attach};
use crate::contracts::{Contract, New};
use crate::faces::assigned::{self, Item, Users};
use crate::faces::wire::{Day, Iso, Number};
use crate::http::field::SourceName;
use crate::http::problem::clip;
use crate::http::{Caller, Check, JsonBody, Path, Problem, Wire, body, field, path};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(attach_users))
}

body! {
    struct Fields as "CreateContract" = {
        "metadata": {"source": "SALESFORCE"}, "id": "SF-CONTRACT-12345",
        "name": "Annual Service Agreement", "client_id": "SF-ACC-67890", "type": "retainer",
        "status": "active", "start_date": "2025-01-01", "end_date": "2025-12-31",
        "value": 120000, "description": "Renewed every year"
    } {
        metadata: required Metadata,
        id: required ExternalId,
        name: required Name,
        /// The client.
        client_id: required ExternalId,
        /// For example `retainer`, `project`, `hourly`.
        "type" kind: optional Label,
        /// For example `active`, `pending`, `completed`.
        status: optional Label,
        /// The first day; without it the contract has no beginning.
        start_date: optional StartDate,
        /// The last day; without it the contract has no end.
        end_date: optional EndDate,
        value: optional Amount,
        description: optional Text,
    }
}

/// The bounds of a contract's period; a wrong one is told in COR's own words.
struct StartDate(Date);
struct EndDate(Date);

macro_rules! bound {
    ($type:ident, $which:literal) => {
        impl Wire for $type {
            const RULE: &'static str = <Date as Wire>::RULE;

            fn read(raw: &RawValue, check: &mut Check) -> Option<Self> {
                let date = field::text(raw).and_then(|text| domain::range::date(&text));
                date.map(Self).or_else(|| {
                    let sent = clip(raw.get().trim_matches('"'));
                    let message = format!(concat!("Invalid ", $which, " date format: {}"), sent);
                    check.published(("ValidationError", "VALIDATION"), message)
                })
            }

            fn schema() -> RefOr<Schema> {
                field::date().into()
            }
        }
    };
}
bound!(StartDate, "start");
bound!(EndDate, "end");

/// [`Fields`], with a start that is not after the end.
struct Create(Fields);

impl Wire for Create {
    const RULE: &'static str = Fields::RULE;

    fn read(raw: &RawValue, check: &mut Check) -> Option<Self> {
        let fields = Fields::read(raw, check)?;
        match (&fields.start_date, &fields.end_date) {
            (Some(StartDate(start)), Some(EndDate(end))) if start > end => {
                check.within("end_date", |check| {
                    let message = "end_date must not be before start_date".to_owned();
                    check.published(("InvalidDateRangeError", "INVALID_DATE_RANGE"), message)
                })
            }
            _ => Some(Self(fields)),
        }
    }

    fn schema() -> RefOr<Schema> {
        <Fields as Wire>::schema()
    }
}

impl CreateBody for Create {
    type Entity = Contract;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let Self(fields) = self;
        let period = Period {
            start: fields.start_date.map(|StartDate(date)| date),
            end: fields.end_date.map(|EndDate(date)| date),
        };
        let new = New {
            name: fields.name?,
            client: Ref::External(fields.client_id?),
            kind: fields.kind,
            status: fields.status,
            period,
            value: fields.value,
            description: fields.description,
        };
        Some((Metadata::source(fields.metadata)?, (fields.id?, new)))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Contract)]
struct Answer {
    #[schema(example = 30001)]
    id: i64,
    #[schema(example = "Annual Service Agreement")]
    name: String,
    #[schema(example = 25855)]
    client_id: i64,
    #[serde(rename = "type")]
    #[schema(required, example = "retainer")]
    kind: Option<String>,
    #[schema(required, example = "active")]
    status: Option<String>,
    #[schema(required)]
    start_date: Option<Day>,
    #[schema(required)]
    end_date: Option<Day>,
    #[schema(required)]
    value: Option<Number>,
    #[schema(example = 1234)]
    company_id: i64,
    created_at: Iso,
    updated_at: Iso,
}

/// Create a contract
///
/// `currency` is ignored.
#[utoipa::path(
    post,
    path = "/v2/integrations/contracts",
    tag = "contracts",
    request_body = Fields,
    responses((status = 200, description = "The contract.", body = Answer))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let Created { entity: contract, .. } = super::create::<Create>(&app, &caller, &body).await?;
    Ok(Json(Answer {
        id: contract.id,
        name: contract.name,
        client_id: contract.client_id,
        kind: contract.kind,
        status: contract.status,
        start_date: contract.start_date.map(Day),
        end_date: contract.end_date.map(Day),
        value: contract.value.map(Number::units),
        company_id: caller.company_id,
        created_at: Iso(contract.created_at),
        updated_at: Iso(contract.updated_at),
    }))
}

/// The body of an attach, its users as they are.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AttachUsers<'a> {
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    users: Users<'a>,
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
#[expect(dead_code, reason = "the schema of what `AttachUsers` reads")]
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

impl AttachUsers<'_> {
    /// The source, and each entry in order.
    fn read(&self, check: &mut Check) -> Option<(SourceName, Vec<Entry>)> {
        let metadata = check.within("metadata", |check| match self.metadata {
            Some(raw) => Metadata::read(raw, check),
            None => check.wrong(format!("is required and {}", Metadata::RULE)),
        });
        let entries = self.users.read(check, entry);
        Some((Metadata::source(metadata)?, entries?))
    }
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
    )
)]
async fn attach_users(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let sent: AttachUsers<'_> = body.object()?;
    assigned::admit(app.limits, sent.users.items())?;
    let (source, entries) = Check::all(app.limits, |check| sent.read(check))?;
    let source = source.resolve(&caller)?;
    let company = caller.company_id;
    let contract = Ref::External(path::external_id(&id, Kind::Contract, source)?);
    let input = Attach { company, source: Some(source), contract, entries };
    let outcome = attach(&app, input).await?;
    Ok(assigned::answer(company, &id, false, sent.users.items(), &outcome))
}
