//! Contracts.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::{Kind, Label, Name, Period, Ref, Source, Text};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::{Asked, Filters, Page, PageQuery, beginning};
use super::operations::operation;
use super::{CreateBody, UpdateBody, named};
use crate::app::{App, Shared};
use crate::contracts::{Contract, Extra, New, Patch, Whole, delete as remove};
use crate::entities::Called;
use crate::entities::view::{self, Filter};
use crate::faces::wire::{Iso, IsoDay};
use crate::http::field::{self, Json as AnyJson, OnDay, wire};
use crate::http::{Caller, Check, JsonBody, Path, Problem, Wire, Write, body, path};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, create_at, update, delete))
}

/// A contract.
#[derive(Serialize, ToSchema)]
#[schema(as = MainContract)]
struct Shown {
    #[schema(example = 777)]
    id: i64,
    #[schema(example = 10)]
    client_id: i64,
    #[schema(example = 999)]
    company_id: i64,
    #[schema(example = "Design 2026")]
    name: String,
    #[serde(rename = "type")]
    #[schema(required, example = "time_and_materials")]
    kind: Option<String>,
    #[schema(required, example = "active")]
    status: Option<String>,
    #[schema(required, example = "cor")]
    source: Option<String>,
    /// The first day; without it the contract has no beginning.
    #[schema(required)]
    start: Option<IsoDay>,
    /// The last day; without it the contract has no end.
    #[schema(required)]
    end: Option<IsoDay>,
    #[schema(required, example = "monthly")]
    frequency: Option<String>,
    #[schema(required, example = 1)]
    currency_id: Option<i64>,
    currency: CurrencyName,
    /// As it was sent.
    #[schema(required, value_type = serde_json::Value)]
    json_integrations: Option<Box<RawValue>>,
    #[schema(required)]
    url: Option<String>,
    #[schema(required)]
    url_name: Option<String>,
    #[schema(required, example = 3)]
    user_positions_header_id: Option<i64>,
    created_at: Iso,
    updated_at: Iso,
    /// Only in the answer to a delete.
    #[schema(required)]
    deleted_at: Option<Iso>,
}

/// The currency of a contract.
#[derive(Serialize, ToSchema)]
#[schema(as = MainCurrency)]
pub struct CurrencyName {
    /// As it was sent: an id of COR's.
    #[schema(required, example = 1)]
    pub id: Option<i64>,
    /// ISO 4217, if the contract was given one by its code.
    #[schema(required, example = "USD")]
    pub name: Option<String>,
}

fn shown(company_id: i64, contract: Whole, deleted_at: Option<Timestamp>) -> Shown {
    Shown {
        id: contract.id,
        client_id: contract.client_id,
        company_id,
        name: contract.name,
        kind: contract.kind,
        status: contract.status,
        source: contract.source,
        start: contract.start_date.map(IsoDay),
        end: contract.end_date.map(IsoDay),
        frequency: contract.frequency,
        currency_id: contract.currency_id,
        currency: CurrencyName { id: contract.currency_id, name: contract.currency },
        json_integrations: contract
            .json_integrations
            .and_then(|json| RawValue::from_string(json).ok()),
        url: contract.url,
        url_name: contract.url_name,
        user_positions_header_id: contract.user_positions_header_id,
        created_at: Iso(contract.created_at),
        updated_at: Iso(contract.updated_at),
        deleted_at: deleted_at.map(Iso),
    }
}

/// An id of COR's: nothing here has it. It is kept and answered.
struct CorId(i64);

wire!(
    CorId,
    <i64 as Wire>::RULE,
    |raw| field::id(raw).map(CorId),
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .description(Some("An id of COR's: it is kept and answered."))
        .minimum(Some(1.0))
);

body! {
    struct Create as "MainCreateContract" = {
        "client_id": 1, "name": "Design 2026", "type": "time_and_materials", "source": "cor",
        "status": "active", "start": "2026-01-01T00:00:00Z", "end": "2026-12-31T00:00:00Z",
        "frequency": "monthly", "currency_id": 1, "json_integrations": {"crm": 42},
        "url": "https://example.com/contracts/777", "url_name": "In the CRM",
        "user_positions_header_id": 3
    } {
        /// The client.
        client_id: required i64,
        name: required Name,
        /// For example `time_and_materials`.
        "type" kind: required Label,
        /// For example `active`, `expired`.
        status: required Label,
        /// The first day.
        start: required OnDay,
        /// The last day.
        end: required OnDay,
        /// The token's company.
        company_id: optional i64,
        source: optional Text,
        /// How often it is billed.
        frequency: optional Text,
        currency_id: optional CorId,
        json_integrations: optional AnyJson,
        url: optional Text,
        url_name: optional Text,
        user_positions_header_id: optional CorId,
    }
}

impl CreateBody for Create {
    type Entity = Contract;

    fn fields(self) -> Option<New> {
        let day = |OnDay(day)| day;
        Some(New {
            name: self.name?,
            client: Ref::Internal(self.client_id?),
            kind: Some(self.kind?),
            status: Some(self.status?),
            period: Period { start: Some(self.start.map(day)?), end: Some(self.end.map(day)?) },
            value: None,
            currency: None,
            description: None,
            company: self.company_id,
            extra: Extra {
                source: self.source.map(Some),
                frequency: self.frequency.map(Some),
                url: self.url.map(Some),
                url_name: self.url_name.map(Some),
                json_integrations: self.json_integrations.map(|AnyJson(json)| Some(json)),
                currency_id: self.currency_id.map(|CorId(id)| Some(id)),
                user_positions_header_id: self.user_positions_header_id.map(|CorId(id)| Some(id)),
            },
        })
    }

    fn refused(problem: Problem) -> Problem {
        worded(problem)
    }
}

body! {
    /// What is left out stays as it is; `null` clears all but the client and the name.
    struct Change as "MainUpdateContract" = {
        "name": "Design 2026", "status": "expired", "end": "2027-06-30", "frequency": null
    } {
        /// The client.
        client_id: kept i64,
        name: kept Name,
        "type" kind: clearable Label,
        status: clearable Label,
        /// The first day. No assignment may begin before it.
        start: clearable OnDay,
        /// The last day. No assignment may end after it.
        end: clearable OnDay,
        /// The token's company.
        company_id: optional i64,
        source: clearable Text,
        /// How often it is billed.
        frequency: clearable Text,
        currency_id: clearable CorId,
        json_integrations: clearable AnyJson,
        url: clearable Text,
        url_name: clearable Text,
        user_positions_header_id: clearable CorId,
    }
}

impl UpdateBody for Change {
    type Entity = Contract;

    fn patch(self) -> Option<Patch> {
        let day = |date: Option<OnDay>| date.map(|OnDay(day)| day);
        let id = |id: Option<CorId>| id.map(|CorId(id)| id);
        Some(Patch {
            name: self.name,
            client: self.client_id.map(Ref::Internal),
            kind: self.kind,
            status: self.status,
            start_date: self.start.map(day),
            end_date: self.end.map(day),
            value: None,
            currency: None,
            description: None,
            company: self.company_id,
            extra: Extra {
                source: self.source,
                frequency: self.frequency,
                url: self.url,
                url_name: self.url_name,
                json_integrations: self
                    .json_integrations
                    .map(|json| json.map(|AnyJson(json)| json)),
                currency_id: self.currency_id.map(id),
                user_positions_header_id: self.user_positions_header_id.map(id),
            },
        })
    }

    fn refused(problem: Problem) -> Problem {
        worded(problem)
    }
}

/// The bounds of the period by their names here.
fn worded(mut problem: Problem) -> Problem {
    let word = |text: &str| text.replace("start_date", "start").replace("end_date", "end");
    problem.message = word(&problem.message);
    for error in &mut problem.errors {
        error.pointer = word(&error.pointer);
        error.message = word(&error.message).into();
    }
    problem
}

body! {
    strict struct Narrowing as "MainContractFilters" = {"status": "active"} {
        status: optional Label,
        "type" kind: optional Label,
        client_id: optional i64,
        "updatedAt" updated_at: optional OnDay,
    }
}

impl Filters for Narrowing {
    fn filter(self) -> Option<Filter> {
        let filter = narrow(Filter::default(), self.status, self.kind);
        let filter = match self.client_id {
            Some(id) => filter.with("t.client_id = ?", id),
            None => filter,
        };
        Some(match self.updated_at {
            Some(OnDay(day)) => filter.with("t.updated_at >= ?", beginning(day)),
            None => filter,
        })
    }
}

body! {
    /// What narrows the list besides `filters`. `with_milestones`, `with_ratecards` and
    /// `with_positions` change nothing.
    struct Listed as "MainContractList" = {"status": "active", "type": "time_and_materials"} {
        status: optional Label,
        "type" kind: optional Label,
    }
}

fn narrow(filter: Filter, status: Option<Label>, kind: Option<Label>) -> Filter {
    let text = |label: Label| label.as_str().to_owned();
    let filter = match status {
        Some(status) => filter.with("t.status = ?", text(status)),
        None => filter,
    };
    match kind {
        Some(kind) => filter.with("t.type = ?", text(kind)),
        None => filter,
    }
}

/// Narrows a list by the body, if there is one.
fn narrowed(app: &App, filter: Filter, body: &JsonBody) -> Result<Filter, Problem> {
    if body.as_str().trim_ascii().is_empty() {
        return Ok(filter);
    }
    let raw = body.object()?;
    let sent = Check::all(app.limits, |check| Listed::read(raw, check))?;
    Ok(narrow(filter, sent.status, sent.kind))
}

/// List contracts
///
/// `filters` may have `status`, `type`, `client_id` and `updatedAt` (on that day or later).
#[utoipa::path(
    get,
    path = "/v1/contracts",
    tag = "contracts",
    params(PageQuery),
    request_body = Option<Listed>,
    responses((status = 200, description = "A page.", body = Page<Shown>)),
    extensions(("x-error-codes" = json!([
        "REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"
    ])))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    asked: Asked,
    body: JsonBody,
) -> Result<Json<Page<Shown>>, Problem> {
    let query = PageQuery::of(asked)?;
    let wanted = query.wanted()?;
    let filter = narrowed(&app, query.filter::<Narrowing>(&app)?, &body)?;
    let company = caller.company_id;
    let slice = view::slice::<Whole>(&app, company, filter, wanted.part()).await?;
    let rows = slice.rows.into_iter().map(|contract| shown(company, contract, None));
    wanted.of(slice.total, rows.collect()).map(Json)
}

operation! {
    /// A contract
    get "/v1/contracts/{contract_id}", tag "contracts", id "contract_id" "The contract's id.",
    row Whole,
    [Shown] |company, contract| shown(company, contract, None)
}

operation! {
    /// Create a contract
    ///
    /// Under an id that is drawn for it.
    create "/v1/contracts", tag "contracts", codes ["INVALID_DATE_RANGE", "ZC001"], body Create,
    row Whole,
    [Shown] |company, contract| shown(company, contract, None)
}

/// Ids may be chosen up to here: no client rounds them.
const MOST: i64 = (1 << 53) - 1;

/// Create a contract under an id
///
/// The caller chooses the id.
#[utoipa::path(
    post,
    path = "/v1/contracts/{contract_id}",
    tag = "contracts",
    params((
        "contract_id" = i64, Path, description = "The contract's id, up to 2^53 - 1.", example = 777
    )),
    request_body = Create,
    responses((status = 200, description = "What was created.", body = Shown)),
    extensions(("x-error-codes" = json!(["INVALID_DATE_RANGE", "ZC001", "DUPLICATE_ID"])))
)]
async fn create_at(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let id = path::number(&id).filter(|id| *id <= MOST).map(Called::Chosen);
    let called = id.ok_or_else(|| {
        Problem::validation(format!("The id in the path must be an integer from 1 to {MOST}"))
    });
    super::create::<Create, Whole>(&app, &caller, &body, called, |company, contract| {
        Json(shown(company, contract, None)).into()
    })
    .await
}

operation! {
    /// Update a contract
    ///
    /// Refused when assignments would lie outside its new period; nothing is changed then.
    update "/v1/contracts/{contract_id}", tag "contracts", id "contract_id" "The contract's id.",
    codes ["INVALID_DATE_RANGE", "ZC001", "WINDOW_CONFLICT"], body Change, row Whole,
    [Shown] |company, contract| shown(company, contract, None)
}

/// Delete a contract
///
/// With all its references, and its positions. Refused while something depends on it: remove its
/// users first. The answer is the contract as it was.
#[utoipa::path(
    delete,
    path = "/v1/contracts/{contract_id}",
    tag = "contracts",
    params(("contract_id" = i64, Path, description = "The contract's id.", example = 777)),
    responses((status = 200, description = "What was deleted.", body = Shown)),
    extensions(("x-error-codes" = json!(["ZC001", "HAS_DEPENDENCIES"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let prepared = caller.writes(Source::NONE).and_then(|scope| {
        let (company, contract) = (scope.company, named(&id, Kind::Contract)?);
        let told = move |_: &_, (was, ended)| Json(shown(company, was, Some(ended))).into();
        Ok((remove::Delete { scope, contract }, told))
    });
    Ok(Write::of(&app, &caller, &body).without_records().run(prepared).await)
}
