//! Contracts.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::{Amount, Currency, ExternalId, Label, Name, Period, Ref, Text};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Deleted;
use super::operations::operation;
use super::{CreateBody, Metadata, UpdateBody, named, read};
use crate::app::Shared;
use crate::contracts::{Contract, Extra, New, Patch};
use crate::entities::{Entity as _, Remove};
use crate::faces::wire::{Day, Iso, Number};
use crate::http::field::SourceName;
use crate::http::problem::clip;
use crate::http::{Caller, Check, JsonBody, Path, Problem, Wire, Write, body, field};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
}

body! {
    struct Create as "CreateContract" = {
        "metadata": {"source": "SALESFORCE"}, "id": "SF-CONTRACT-12345",
        "name": "Annual Service Agreement", "client_id": "SF-ACC-67890", "type": "retainer",
        "status": "active", "start_date": "2025-01-01", "end_date": "2028-12-31",
        "value": 120000, "currency": "USD", "description": "Renewed every year"
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
        /// What the value is in; needs an exchange rate to the company's base currency, which
        /// it is without this.
        currency: optional Currency,
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

impl CreateBody for Create {
    type Entity = Contract;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let period = Period {
            start: self.start_date.map(|StartDate(date)| date),
            end: self.end_date.map(|EndDate(date)| date),
        };
        let new = New {
            name: self.name?,
            client: Ref::External(self.client_id?),
            kind: self.kind,
            status: self.status,
            period,
            value: self.value,
            currency: self.currency,
            description: self.description,
            company: None,
            extra: Extra::default(),
        };
        Some((Metadata::source(self.metadata)?, (self.id?, new)))
    }
}

body! {
    /// What is left out stays as it is; `null` clears all but the name.
    struct Change as "UpdateContract" = {
        "metadata": {"source": "SALESFORCE"}, "name": "Annual Service Agreement",
        "status": "completed", "end_date": "2028-11-30", "value": 125000.5
    } {
        metadata: required Metadata,
        name: kept Name,
        "type" kind: clearable Label,
        status: clearable Label,
        /// The first day. No assignment may begin before it.
        start_date: clearable StartDate,
        /// The last day. No assignment may end after it.
        end_date: clearable EndDate,
        value: clearable Amount,
        /// What the value is in; `null`: the company's base currency.
        currency: clearable Currency,
        description: clearable Text,
    }
}

impl UpdateBody for Change {
    type Entity = Contract;

    fn patch(self) -> Option<(SourceName, Patch)> {
        let patch = Patch {
            name: self.name,
            client: None,
            kind: self.kind,
            status: self.status,
            start_date: self.start_date.map(|date| date.map(|StartDate(date)| date)),
            end_date: self.end_date.map(|date| date.map(|EndDate(date)| date)),
            value: self.value,
            currency: self.currency,
            description: self.description,
            company: None,
            extra: Extra::default(),
        };
        Some((Metadata::source(self.metadata)?, patch))
    }
}

body! {
    struct Delete as "DeleteContract" = {"metadata": {"source": "SALESFORCE"}} {
        metadata: required Metadata,
        /// The contract's internal id, if it is known: it must be that.
        "corId" cor_id: optional i64,
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

impl Answer {
    fn new(company_id: i64, contract: Contract) -> Json<Self> {
        Json(Self {
            id: contract.id,
            name: contract.name,
            client_id: contract.client_id,
            kind: contract.kind,
            status: contract.status,
            start_date: contract.start_date.map(Day),
            end_date: contract.end_date.map(Day),
            value: contract.value.map(Number::units),
            company_id,
            created_at: Iso(contract.created_at),
            updated_at: Iso(contract.updated_at),
        })
    }
}

operation! {
    /// Create a contract
    create "/v2/integrations/contracts", tag "contracts",
    codes ["INVALID_DATE_RANGE", "CTR006", "ZC001", "ZC004"], body Create,
    200 "The contract." [Answer]
    |company, contract, _| Answer::new(company, contract)
}

operation! {
    /// Update a contract
    ///
    /// Refused when assignments would lie outside its new period; nothing is changed then.
    update "/v2/integrations/contracts/{id}", tag "contracts",
    id "The contract's external id." "SF-CONTRACT-12345",
    codes ["INVALID_DATE_RANGE", "CTR006", "ZC001", "WINDOW_CONFLICT"], body Change,
    200 "The contract." [Answer]
    |company, contract, _| Answer::new(company, contract)
}

/// Delete a contract
///
/// With all its references. Refused while something depends on it: detach its users first.
#[utoipa::path(
    delete,
    path = "/v2/integrations/contracts/{id}",
    tag = "contracts",
    params(("id" = String, Path, description = "The contract's external id.", example = "SF-CONTRACT-12345")),
    request_body = Delete,
    responses((status = 200, description = "What was deleted.", body = Deleted)),
    extensions(("x-error-codes" = json!(["ZC001", "HAS_DEPENDENCIES"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let read = read(&app, &caller, &body, |sent: Delete| {
        Some((Metadata::source(sent.metadata)?, sent.cor_id))
    });
    let prepared = read.and_then(|(scope, expected)| {
        let own = named(&id, Contract::KIND, &scope)?;
        let operation = Remove::<Contract>::new(scope, own, expected.map(|id| ("corId", id)));
        let told = move |_: &_, cor_id| {
            Deleted::new("Contract deleted successfully", id.clone(), cor_id).into()
        };
        Ok((operation, told))
    });
    Ok(Write::of(&app, &caller, &body).run(prepared).await)
}
