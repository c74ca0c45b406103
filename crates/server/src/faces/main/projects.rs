//! Projects.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::{Amount, ExternalId, IncomeType, Label, Name, Period, Ref, Text};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::{self, Filters};
use super::operations::operation;
use super::{CreateBody, UpdateBody};
use crate::app::Shared;
use crate::entities::view::Filter;
use crate::faces::wire::{Iso, Nothing, Number, SpacedDay};
use crate::http::field::{OnDay, wire};
use crate::http::{Answer, Caller, Check, JsonBody, Path, Problem, Wire, body};
use crate::projects::{self, Detail, New, Patch, Project};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(search))
        .routes(routes!(get, update, delete))
}

/// A project.
#[derive(Serialize, ToSchema)]
#[schema(as = MainProject)]
struct Shown {
    #[schema(example = 155693)]
    id: i64,
    #[schema(example = "Website Redesign Project")]
    name: String,
    #[schema(required, example = "A new website")]
    brief: Option<String>,
    #[schema(required, example = 25855)]
    client_id: Option<i64>,
    health: Nothing,
    #[schema(required, example = "active")]
    status: Option<String>,
    #[schema(required)]
    start: Option<SpacedDay>,
    #[schema(required)]
    end: Option<SpacedDay>,
    /// Hours.
    #[schema(required)]
    estimated_time: Option<Number>,
    elapsed_time: Nothing,
    profitability_now: Nothing,
    estimated_profitability: Nothing,
    #[schema(required, example = false)]
    archived: Option<bool>,
    #[schema(required, example = true)]
    billable: Option<bool>,
    #[schema(required, example = "one_time")]
    income_type: Option<String>,
    #[schema(required, example = 8546)]
    pm_id: Option<i64>,
    created_by: Nothing,
    #[schema(example = 1234)]
    company_id: i64,
    template_id: Nothing,
    #[schema(required, example = 31)]
    brand_id: Option<i64>,
    #[schema(required, example = 47)]
    product_id: Option<i64>,
    /// What was sent as `estimated`.
    #[schema(required)]
    total_estimated: Option<Number>,
    created_at: Iso,
    updated_at: Iso,
    /// Always empty.
    #[schema(value_type = Vec<Object>, max_items = 0)]
    labels: [Nothing; 0],
    #[schema(required)]
    client: Option<ClientOf>,
    #[schema(required)]
    pm: Option<Manager>,
    estimated_by_position: Nothing,
    estimation_by_categories: Nothing,
    estimated_by_hourly_rates: Nothing,
    user_positions_header_id: Nothing,
    /// `null` also when a system called it something that is no number.
    #[schema(required, example = 5)]
    fee_id: Option<i64>,
    #[schema(required, example = 4521)]
    contract_id: Option<i64>,
    /// Always empty.
    #[serde(rename = "usersPositionsProject")]
    #[schema(value_type = Vec<Object>, max_items = 0)]
    positions: [Nothing; 0],
    /// Always empty.
    #[serde(rename = "categoriesProject")]
    #[schema(value_type = Vec<Object>, max_items = 0)]
    categories: [Nothing; 0],
    ratecard: Nothing,
}

/// The client of a project.
#[derive(Serialize, ToSchema)]
#[schema(as = MainProjectClient)]
struct ClientOf {
    #[schema(example = 25855)]
    id: i64,
    #[schema(example = "Acme Corporation")]
    name: String,
    client_status_id: Nothing,
}

/// The user who manages a project.
#[derive(Serialize, ToSchema)]
#[schema(as = MainProjectManager)]
struct Manager {
    #[schema(example = 8546)]
    id: i64,
    #[schema(example = "Ana")]
    first_name: String,
    #[schema(example = "Lee")]
    last_name: String,
    #[schema(example = "ana@example.com")]
    email: String,
    #[schema(example = 3)]
    role_id: i64,
}

/// The manager, if there is one.
fn manager(project: &mut Detail) -> Option<Manager> {
    Some(Manager {
        id: project.pm_id?,
        first_name: project.pm_first_name.take()?,
        last_name: project.pm_last_name.take()?,
        email: project.pm_email.take()?,
        role_id: project.pm_role?,
    })
}

fn shown(company_id: i64, mut project: Detail) -> Shown {
    let pm = manager(&mut project);
    let client = project.client_id.zip(project.client_name);
    Shown {
        id: project.id,
        name: project.name,
        brief: project.brief,
        client_id: project.client_id,
        health: Nothing,
        status: project.status,
        start: project.start_date.map(SpacedDay),
        end: project.end_date.map(SpacedDay),
        estimated_time: project.estimated_time.map(Number::units),
        elapsed_time: Nothing,
        profitability_now: Nothing,
        estimated_profitability: Nothing,
        archived: project.archived,
        billable: project.billable,
        income_type: project.income_type,
        pm_id: project.pm_id,
        created_by: Nothing,
        company_id,
        template_id: Nothing,
        brand_id: project.brand_id,
        product_id: project.product_id,
        total_estimated: project.estimated.map(Number::units),
        created_at: Iso(project.created_at),
        updated_at: Iso(project.updated_at),
        labels: [],
        client: client.map(|(id, name)| ClientOf { id, name, client_status_id: Nothing }),
        pm,
        estimated_by_position: Nothing,
        estimation_by_categories: Nothing,
        estimated_by_hourly_rates: Nothing,
        user_positions_header_id: Nothing,
        fee_id: project.fee_id.as_deref().and_then(projects::number),
        contract_id: project.contract_id,
        positions: [],
        categories: [],
        ratecard: Nothing,
    }
}

/// Whether archived projects are wanted, or the others.
struct Archived(bool);

wire!(
    Archived,
    "must be 1 (archived) or 2 (active)",
    |raw| match raw.get() {
        "1" => Some(Archived(true)),
        "2" => Some(Archived(false)),
        _ => None,
    },
    ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([1, 2]))
);

body! {
    strict struct Narrowed as "MainProjectFilters" = {
        "dateStart": "2025-01-01", "dateEnd": "2025-12-31", "archived": 2
    } {
        /// Those that have this day or a later one.
        "dateStart" date_start: optional OnDay,
        /// Those that have this day or an earlier one.
        "dateEnd" date_end: optional OnDay,
        client_id: optional i64,
        /// Those that the user manages, or works on.
        user_id: optional i64,
        brand_id: optional i64,
        product_id: optional i64,
        contract_id: optional i64,
        status: optional Label,
        archived: optional Archived,
    }
}

/// The projects that a user manages or works on.
const OF_USER: &str = "t.id IN (
    SELECT p.id FROM projects p WHERE p.company_id = $1 AND p.pm_id = ?
    UNION ALL
    SELECT u.project_id FROM project_users u WHERE u.company_id = $1 AND u.user_id = ?)";

impl Filters for Narrowed {
    fn filter(self) -> Option<Filter> {
        let mut filter = Filter::default();
        for (condition, day) in [
            ("t.end_date IS NULL OR t.end_date >= ?", self.date_start),
            ("t.start_date IS NULL OR t.start_date <= ?", self.date_end),
        ] {
            filter = day.into_iter().fold(filter, |filter, OnDay(day)| filter.with(condition, day));
        }
        for (condition, id) in [
            ("t.client_id = ?", self.client_id),
            (OF_USER, self.user_id),
            ("t.brand_id = ?", self.brand_id),
            ("t.product_id = ?", self.product_id),
            ("t.contract_id = ?", self.contract_id),
        ] {
            filter = id.into_iter().fold(filter, |filter, id| filter.with(condition, id));
        }
        if let Some(status) = self.status {
            filter = filter.with("t.status = ?", status.as_str().to_owned());
        }
        Some(match self.archived {
            None => filter,
            Some(Archived(true)) => filter.and("t.archived IS TRUE"),
            Some(Archived(false)) => filter.and("t.archived IS NOT TRUE"),
        })
    }
}

/// An id that is kept as text.
fn kept(id: i64) -> Option<ExternalId> {
    ExternalId::parse(&id.to_string()).ok()
}

body! {
    struct Create as "MainCreateProject" = {
        "name": "Website Redesign Project", "client_id": 1, "brief": "A new website",
        "start": "2025-01-15", "end": "2025-03-31", "pm_id": 1, "brand_id": 1, "product_id": 1,
        "estimated_time": 200, "billable": true, "status": "active", "currency_id": 1,
        "evaluation_date": "2025-02-15", "estimated": 15000, "fee_id": 5, "contract_id": 1,
        "deliverables": "The website", "work_order": "WO-2025-001", "income_type": "one_time",
        "archived": false
    } {
        name: required Name,
        /// The client.
        client_id: required i64,
        brief: optional Text,
        /// The first day.
        start: optional OnDay,
        /// The last day.
        end: optional OnDay,
        /// The user who manages it.
        pm_id: optional i64,
        /// The brand.
        brand_id: optional i64,
        /// The product.
        product_id: optional i64,
        /// Hours.
        estimated_time: optional Amount,
        billable: optional bool,
        /// For example `active`, `in_progress`.
        status: optional Label,
        /// Kept as it is: no operation creates currencies.
        currency_id: optional i64,
        evaluation_date: optional OnDay,
        /// Money.
        estimated: optional Amount,
        /// Kept as it is: no operation creates fees.
        fee_id: optional i64,
        /// The contract.
        contract_id: optional i64,
        deliverables: optional Text,
        work_order: optional Text,
        income_type: optional IncomeType,
        archived: optional bool,
    }
}

impl CreateBody for Create {
    type Entity = Project;

    fn fields(self) -> Option<New> {
        let date = |day: Option<OnDay>| day.map(|OnDay(date)| date);
        Some(New {
            name: self.name?,
            client: Some(Ref::Internal(self.client_id?)),
            brief: self.brief,
            period: Period { start: date(self.start), end: date(self.end) },
            pm: self.pm_id.map(Ref::Internal),
            brand: self.brand_id.map(Ref::Internal),
            product: self.product_id.map(Ref::Internal),
            estimated_time: self.estimated_time,
            billable: self.billable,
            status: self.status,
            currency_id: self.currency_id.and_then(kept),
            evaluation_date: date(self.evaluation_date),
            estimated: self.estimated,
            fee_id: self.fee_id.and_then(kept),
            contract: self.contract_id.map(Ref::Internal),
            deliverables: self.deliverables,
            work_order: self.work_order,
            income_type: self.income_type,
            archived: self.archived,
        })
    }
}

body! {
    /// What is left out stays as it is; `null` clears all but the name, which may not be `null`, and
    /// `billable` and `archived`, which it leaves as they are.
    struct Change as "MainUpdateProject" = {
        "name": "Website Redesign Project", "status": "in_progress", "end": "2025-04-30",
        "estimated_time": 250.5
    } {
        name: kept Name,
        /// The client.
        client_id: clearable i64,
        brief: clearable Text,
        /// The first day.
        start: clearable OnDay,
        /// The last day.
        end: clearable OnDay,
        /// The user who manages it.
        pm_id: clearable i64,
        /// Hours.
        estimated_time: clearable Amount,
        billable: optional bool,
        status: clearable Label,
        /// Kept as it is: no operation creates currencies.
        currency_id: clearable i64,
        evaluation_date: clearable OnDay,
        /// Money.
        estimated: clearable Amount,
        /// Kept as it is: no operation creates fees. `null` leaves one that is no number, which is
        /// told as `null`.
        fee_id: clearable i64,
        /// The contract.
        contract_id: clearable i64,
        deliverables: clearable Text,
        work_order: clearable Text,
        income_type: clearable IncomeType,
        archived: optional bool,
    }
}

impl UpdateBody for Change {
    type Entity = Project;

    fn patch(self) -> Option<Patch> {
        let date = |day: Option<Option<OnDay>>| day.map(|day| day.map(|OnDay(date)| date));
        let text = |id: Option<Option<i64>>| id.map(|id| id.and_then(kept));
        let reference = |id: Option<Option<i64>>| id.map(|id| id.map(Ref::Internal));
        Some(Patch {
            name: self.name,
            client: reference(self.client_id),
            brief: self.brief,
            start_date: date(self.start),
            end_date: date(self.end),
            pm: reference(self.pm_id),
            brand: None,
            product: None,
            estimated_time: self.estimated_time,
            billable: self.billable,
            status: self.status,
            currency_id: text(self.currency_id),
            evaluation_date: date(self.evaluation_date),
            estimated: self.estimated,
            fee_id: text(self.fee_id),
            clears_text_fee: false,
            contract: reference(self.contract_id),
            deliverables: self.deliverables,
            work_order: self.work_order,
            income_type: self.income_type,
            archived: self.archived,
        })
    }
}

operation! {
    /// List projects
    ///
    /// `filters` may have `dateStart` and `dateEnd` (projects that have a day in between; one without
    /// a start or an end is open there), `client_id`, `user_id` (who manages it or works on it),
    /// `brand_id`, `product_id`, `contract_id`, `status`, and `archived`: 1 archived, 2 active.
    list "/v1/projects", tag "projects", filters Narrowed, rows Detail,
    [Shown] |company, project| shown(company, project)
}

/// Search projects by name
///
/// The first 200 with this part in their name, without regard to case, by name.
#[utoipa::path(
    get,
    path = "/v1/projects/search-by-name/{project_name}",
    tag = "projects",
    params(("project_name" = String, Path, description = "A part of the name.", example = "web")),
    responses((status = 200, description = "What was found.", body = Vec<Shown>))
)]
async fn search(
    State(app): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Vec<Shown>>, Problem> {
    list::search(&app, caller.company_id, &name, shown).await
}

operation! {
    /// A project
    get "/v1/projects/{project_id}", tag "projects", id "project_id" "The project's id.",
    row Detail,
    [Shown] |company, project| shown(company, project)
}

operation! {
    /// Create a project
    ///
    /// In a form, a value that is empty is `null`.
    create "/v1/projects", tag "projects", codes ["INVALID_DATE_RANGE", "ZC001"],
    body Create or "application/x-www-form-urlencoded", row Detail,
    [Shown] |company, project| shown(company, project)
}

operation! {
    /// Update a project
    ///
    /// In a form, a value that is empty is `null`.
    update "/v1/projects/{project_id}", tag "projects", id "project_id" "The project's id.",
    codes ["INVALID_DATE_RANGE", "ZC001"],
    body Change or "application/x-www-form-urlencoded", row Detail,
    [Shown] |company, project| shown(company, project)
}

/// Delete a project
///
/// With who works on it.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project_id}",
    tag = "projects",
    params(("project_id" = i64, Path, description = "The project's id.", example = 1)),
    responses((status = 204, description = "It was deleted.")),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    super::delete::<Project>(&app, &caller, &id, &body, |_, _| Answer::none()).await
}
