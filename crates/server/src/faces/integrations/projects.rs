//! Projects.

use axum::Json;
use domain::{Amount, ExternalId, IncomeType, Label, Name, Period, Ref, Text};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Deleted;
use super::operations::operation;
use super::{CreateBody, Metadata, UpdateBody};
use crate::app::Shared;
use crate::faces::wire::{Iso, Number, SpacedDay};
use crate::http::field::{self, SourceName, wire};
use crate::http::{Check, Wire, body};
use crate::projects::{New, Patch, Project};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
}

wire!(
    IncomeType,
    IncomeType::RULE,
    |raw| IncomeType::parse(&field::text(raw)?).ok(),
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(IncomeType::NAMES))
);

body! {
    struct Create as "CreateProject" = {
        "metadata": {"source": "SALESFORCE"}, "id": "SF-OPP-12345",
        "name": "Website Redesign Project", "client_id": "SF-ACC-67890",
        "brief": "A new website", "start": "2025-01-15", "end": "2025-03-31",
        "pm_id": "OKTA-USER-12345", "brand_id": "SF-BRAND-12345", "product_id": "MD-PRODUCT-12345",
        "estimated_time": 200, "billable": true, "status": "active", "currency_id": "USD",
        "evaluation_date": "2025-02-15", "estimated": 15000, "fee_id": "SF-FEE-12345",
        "contract_id": "SF-CONTRACT-12345", "deliverables": "The website",
        "work_order": "WO-2025-001", "income_type": "one_time", "archived": false
    } {
        metadata: required Metadata,
        id: required ExternalId,
        name: required Name,
        /// The client.
        client_id: optional ExternalId,
        brief: optional Text,
        /// The first day.
        start: optional Date,
        /// The last day.
        end: optional Date,
        /// The user who manages it.
        pm_id: optional ExternalId,
        /// The brand.
        brand_id: optional ExternalId,
        /// The product.
        product_id: optional ExternalId,
        /// Hours.
        estimated_time: optional Amount,
        billable: optional bool,
        /// For example `active`, `in_progress`.
        status: optional Label,
        /// Kept as text: no operation creates currencies.
        currency_id: optional ExternalId,
        evaluation_date: optional Date,
        /// Money.
        estimated: optional Amount,
        /// Kept as text: no operation creates fees.
        fee_id: optional ExternalId,
        /// The contract.
        contract_id: optional ExternalId,
        deliverables: optional Text,
        work_order: optional Text,
        income_type: optional IncomeType,
        archived: optional bool,
    }
}

impl CreateBody for Create {
    type Entity = Project;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let new = New {
            name: self.name?,
            client: self.client_id.map(Ref::External),
            brief: self.brief,
            period: Period { start: self.start, end: self.end },
            pm: self.pm_id.map(Ref::External),
            brand: self.brand_id.map(Ref::External),
            product: self.product_id.map(Ref::External),
            estimated_time: self.estimated_time,
            billable: self.billable,
            status: self.status,
            currency_id: self.currency_id,
            evaluation_date: self.evaluation_date,
            estimated: self.estimated,
            fee_id: self.fee_id,
            contract: self.contract_id.map(Ref::External),
            deliverables: self.deliverables,
            work_order: self.work_order,
            income_type: self.income_type,
            archived: self.archived,
        };
        Some((Metadata::source(self.metadata)?, (self.id?, new)))
    }
}

body! {
    /// What is left out stays as it is; `null` clears all but the name, `billable` and
    /// `archived`.
    struct Change as "UpdateProject" = {
        "metadata": {"source": "SALESFORCE"}, "name": "Website Redesign Project",
        "status": "in_progress", "end": "2025-04-30", "estimated_time": 250.5
    } {
        metadata: required Metadata,
        name: kept Name,
        /// The client.
        client_id: clearable ExternalId,
        brief: clearable Text,
        /// The first day.
        start: clearable Date,
        /// The last day.
        end: clearable Date,
        /// The user who manages it.
        pm_id: clearable ExternalId,
        /// Hours.
        estimated_time: clearable Amount,
        billable: kept bool,
        status: clearable Label,
        /// Kept as text: no operation creates currencies.
        currency_id: clearable ExternalId,
        evaluation_date: clearable Date,
        /// Money.
        estimated: clearable Amount,
        /// Kept as text: no operation creates fees.
        fee_id: clearable ExternalId,
        /// The contract.
        contract_id: clearable ExternalId,
        deliverables: clearable Text,
        work_order: clearable Text,
        income_type: clearable IncomeType,
        archived: kept bool,
    }
}

impl UpdateBody for Change {
    type Entity = Project;

    fn patch(self) -> Option<(SourceName, Patch)> {
        let patch = Patch {
            name: self.name,
            client: self.client_id.map(|id| id.map(Ref::External)),
            brief: self.brief,
            start_date: self.start,
            end_date: self.end,
            pm: self.pm_id.map(|id| id.map(Ref::External)),
            brand: None,
            product: None,
            estimated_time: self.estimated_time,
            billable: self.billable,
            status: self.status,
            currency_id: self.currency_id,
            evaluation_date: self.evaluation_date,
            estimated: self.estimated,
            fee_id: self.fee_id,
            clears_text_fee: true,
            contract: self.contract_id.map(|id| id.map(Ref::External)),
            deliverables: self.deliverables,
            work_order: self.work_order,
            income_type: self.income_type,
            archived: self.archived,
        };
        Some((Metadata::source(self.metadata)?, patch))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Project)]
struct Answer {
    #[schema(example = 155693)]
    id: i64,
    #[schema(example = "Website Redesign Project")]
    name: String,
    #[schema(required, example = 25855)]
    client_id: Option<i64>,
    #[schema(required, example = "A new website")]
    brief: Option<String>,
    #[schema(required)]
    start: Option<SpacedDay>,
    #[schema(required)]
    end: Option<SpacedDay>,
    #[schema(required, example = 8546)]
    pm_id: Option<i64>,
    #[schema(required)]
    estimated_time: Option<Number>,
    #[schema(required, example = true)]
    billable: Option<bool>,
    #[schema(required, example = "active")]
    status: Option<String>,
    #[schema(required)]
    estimated: Option<Number>,
    #[schema(required, example = 4521)]
    contract_id: Option<i64>,
    #[schema(required, example = "WO-2025-001")]
    work_order: Option<String>,
    #[schema(example = 1234)]
    company_id: i64,
    created_at: Iso,
    updated_at: Iso,
}

impl Answer {
    fn new(company_id: i64, project: Project) -> Json<Self> {
        Json(Self {
            id: project.id,
            name: project.name,
            client_id: project.client_id,
            brief: project.brief,
            start: project.start_date.map(SpacedDay),
            end: project.end_date.map(SpacedDay),
            pm_id: project.pm_id,
            estimated_time: project.estimated_time.map(Number::units),
            billable: project.billable,
            status: project.status,
            estimated: project.estimated.map(Number::units),
            contract_id: project.contract_id,
            work_order: project.work_order,
            company_id,
            created_at: Iso(project.created_at),
            updated_at: Iso(project.updated_at),
        })
    }
}

operation! {
    /// Create a project
    create "/v2/integrations/projects", tag "projects",
    codes ["INVALID_DATE_RANGE", "ZC001", "ZC004"], body Create,
    200 "The project." [Answer]
    |company, project, _| Answer::new(company, project)
}

operation! {
    /// Update a project
    update "/v2/integrations/projects/{id}", tag "projects",
    id "The project's external id." "SF-OPP-12345",
    codes ["INVALID_DATE_RANGE", "ZC001"], body Change,
    200 "The project." [Answer]
    |company, project, _| Answer::new(company, project)
}

operation! {
    /// Delete a project
    ///
    /// With all its references. Refused while something depends on it.
    delete "/v2/integrations/projects/{id}", tag "projects",
    id "The project's external id." "SF-OPP-12345",
    codes ["ZC001", "HAS_DEPENDENCIES"], kind Project,
    200 "What was deleted." [Deleted]
    |_, cor_id, id| Deleted::new("Project deleted successfully", id, cor_id)
}
