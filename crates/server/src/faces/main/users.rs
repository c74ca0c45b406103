//! Users.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::{Amount, Email, Hours, MonthlyHours, Name, Plan, Ref, Role, Text};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::leaves::Leave;
use super::list::{Asked, Filters, Page, PageQuery, Unfiltered, beginning};
use super::operations::operation;
use super::{CreateBody, UpdateBody};
use crate::app::Shared;
use crate::entities::view::Filter;
use crate::faces::wire::Number;
use crate::http::field::{OnDay, text, wire};
use crate::http::{Caller, Check, JsonBody, Path, Problem, Wire, body};
use crate::users::search::search;
use crate::users::{New, Patch, Profile, Shown, User};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(search_by_name))
        .routes(routes!(get, update, delete))
}

/// A user.
#[derive(Serialize, ToSchema)]
#[schema(as = MainUser)]
struct Told {
    #[schema(example = 123)]
    id: i64,
    #[schema(example = "Jane")]
    first_name: String,
    #[schema(example = "Doe")]
    last_name: String,
    #[schema(example = "jane@example.com")]
    email: String,
    /// Always `null`.
    #[schema(required)]
    picture: Option<String>,
    /// Always `null`.
    #[schema(required)]
    cuil: Option<String>,
    /// Always `null`.
    #[schema(required)]
    remaining_hours: Option<Number>,
    #[schema(required, example = 3)]
    user_position_id: Option<i64>,
    #[schema(example = 2)]
    role_id: i64,
    daily_hours: Number,
    /// Always empty.
    #[schema(value_type = Vec<Object>, max_items = 0)]
    labels: Vec<i64>,
    #[schema(required, example = 5)]
    plan_id: Option<i64>,
    #[schema(required, example = "Capacity Planning")]
    plan_name: Option<&'static str>,
    hidden: bool,
    #[schema(required)]
    position_name: Option<String>,
    #[schema(required)]
    category_id: Option<i64>,
    #[schema(required)]
    category_name: Option<String>,
    /// Always `null`.
    #[schema(required)]
    gmt: Option<String>,
    /// Those that end today or later, by their start.
    leaves: Vec<Leave>,
}

fn told(company: i64, Shown { user, leaves }: Shown) -> Told {
    Told {
        id: user.id,
        first_name: user.first_name,
        last_name: user.last_name,
        email: user.email,
        picture: None,
        cuil: None,
        remaining_hours: None,
        user_position_id: user.position_id,
        role_id: user.role_id,
        daily_hours: Number::units(user.daily_hours),
        labels: Vec::new(),
        plan_id: user.plan_id,
        plan_name: user.plan_id.map(|plan| match plan {
            4 => "Project Management",
            _ => "Capacity Planning",
        }),
        hidden: user.hidden,
        position_name: user.position_name,
        category_id: user.category_id,
        category_name: user.category_name,
        gmt: None,
        leaves: leaves.into_iter().map(|leave| Leave::new(company, leave)).collect(),
    }
}

body! {
    strict struct UserFilters as "MainUserFilters" = {
        "withHiddenUsers": true, "withPosition": true, "createdAt": "2024-01-01",
        "updatedAt": "2024-01-31"
    } {
        "withHiddenUsers" hidden: optional bool,
        "withPosition" position: optional bool,
        "createdAt" created: optional OnDay,
        "updatedAt" updated: optional OnDay,
    }
}

/// Without hidden users.
fn seen(filter: Filter) -> Filter {
    filter.and("NOT t.hidden")
}

impl Filters for UserFilters {
    const NONE: fn() -> Filter = || seen(Filter::default());

    fn filter(self) -> Option<Filter> {
        let mut filter = Filter::default();
        // Positions are always told.
        let _ = self.position;
        if self.hidden != Some(true) {
            filter = seen(filter);
        }
        if let Some(OnDay(day)) = self.created {
            filter = filter.with("t.created_at >= ?", beginning(day));
        }
        if let Some(OnDay(day)) = self.updated {
            filter = filter.with("t.updated_at >= ?", beginning(day));
        }
        Some(filter)
    }
}

operation! {
    /// List users
    ///
    /// Without hidden ones, unless `filters` have `"withHiddenUsers": true`; with `createdAt` and
    /// `updatedAt` those that were created or changed on that day (UTC) or later. Positions are
    /// always told, with `withPosition` and without it.
    list "/v1/users", tag "users", filters UserFilters, rows Shown,
    [Told] |company, user| told(company, user)
}

/// Search users by name
///
/// Those whose first and last name, with a space between them, has the text in it, without
/// regard to case; by name. Without hidden ones.
#[utoipa::path(
    get,
    path = "/v1/users/search-by-name/{name}",
    tag = "users",
    params(("name" = String, Path, description = "A part of the name.", example = "jane"), PageQuery),
    responses((status = 200, description = "A page.", body = Page<Told>)),
)]
async fn search_by_name(
    State(app): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Json<Page<Told>>, Problem> {
    let query = PageQuery::of(asked)?;
    let wanted = query.wanted()?;
    query.filter::<Unfiltered>(&app)?;
    let name = Name::parse(&name)
        .map_err(|rule| Problem::validation(format!("The name in the path {rule}")))?;
    let company = caller.company_id;
    let slice = search(&app, company, name.as_str(), wanted.part()).await?;
    let rows = slice.rows.into_iter().map(|row| told(company, row));
    wanted.of(slice.total, rows.collect()).map(Json)
}

operation! {
    /// A user
    get "/v1/users/{user_id}", tag "users", id "user_id" "The user's id.", row Shown,
    [Told] |company, user| told(company, user)
}

/// A month.
struct Month;

wire!(
    Month,
    "must be a month in the form MM-YYYY",
    |raw| {
        let text = text(raw)?;
        let (month, year) = text.split_once('-')?;
        domain::range::date(&format!("{year}-{month}-01")).map(|_| Month)
    },
    ObjectBuilder::new().schema_type(Type::String).pattern(Some("^(0[1-9]|1[0-2])-[0-9]{4}$"))
);

body! {
    struct Create as "MainCreateUser" = {
        "first_name": "Jane", "last_name": "Doe", "email": "jane.doe@example.com", "role_id": 1,
        "user_position_id": 1, "phone": "123-456-7890", "description": "Senior Developer",
        "birthday": "1990-01-01", "work_in": "Engineering", "hourly_rate": 50.5,
        "monthly_hours": 160, "daily_hours": 8, "salary": 4500
    } {
        first_name: required Name,
        last_name: required Name,
        email: required Email,
        role_id: required Role,
        /// The position.
        user_position_id: optional i64,
        phone: optional Text,
        description: optional Text,
        birthday: optional OnDay,
        /// The department.
        work_in: optional Text,
        hourly_rate: optional Amount,
        monthly_hours: optional MonthlyHours,
        /// What the user works in a day; 8 unless said otherwise.
        daily_hours: optional Hours,
        plan_id: optional Plan,
        /// False unless said otherwise.
        hidden: optional bool,
        charge_hours: optional bool,
        /// Must be an amount, and is not kept.
        salary: optional Amount,
    }
}

impl CreateBody for Create {
    type Entity = User;

    fn fields(self) -> Option<New> {
        // It was only judged.
        let _ = self.salary;
        Some(New {
            email: self.email?,
            first_name: self.first_name?,
            last_name: self.last_name?,
            phone: self.phone,
            position: None,
            department: self.work_in,
            role: self.role_id?,
            daily_hours: self.daily_hours.unwrap_or(Hours::DEFAULT),
            user_position: self.user_position_id.map(Ref::Internal),
            seniority: None,
            hourly_rate_effective_from: None,
            profile: Profile {
                description: self.description,
                birthday: self.birthday.map(|OnDay(day)| day),
                hourly_rate: self.hourly_rate,
                monthly_hours: self.monthly_hours,
                plan: self.plan_id,
                hidden: self.hidden.unwrap_or_default(),
                charge_hours: self.charge_hours,
            },
        })
    }
}

body! {
    /// What is left out stays as it is. `null` clears what a create need not send, but
    /// `daily_hours` and `hidden`.
    struct Change as "MainUpdateUser" = {
        "first_name": "John", "last_name": "Doe", "role_id": 3, "user_position_id": 1,
        "salary": 5200, "salary_from": "01-2026"
    } {
        first_name: kept Name,
        last_name: kept Name,
        /// Cannot be changed; accepted when it is the stored one.
        email: kept Email,
        role_id: kept Role,
        /// The position.
        user_position_id: clearable i64,
        phone: clearable Text,
        description: clearable Text,
        birthday: clearable OnDay,
        /// The department.
        work_in: clearable Text,
        hourly_rate: clearable Amount,
        monthly_hours: clearable MonthlyHours,
        /// What the user works in a day.
        daily_hours: kept Hours,
        plan_id: clearable Plan,
        hidden: kept bool,
        charge_hours: clearable bool,
        /// Must be an amount, and is not kept.
        salary: optional Amount,
        /// Must be a month (MM-YYYY), and is not kept.
        salary_from: optional Month,
    }
}

impl UpdateBody for Change {
    type Entity = User;

    fn patch(self) -> Option<Patch> {
        // They were only judged.
        let _ = (self.salary, self.salary_from);
        Some(Patch {
            email: self.email,
            first_name: self.first_name,
            last_name: self.last_name,
            phone: self.phone,
            department: self.work_in,
            role: self.role_id,
            daily_hours: self.daily_hours,
            user_position: self.user_position_id.map(|id| id.map(Ref::Internal)),
            description: self.description,
            birthday: self.birthday.map(|day| day.map(|OnDay(day)| day)),
            hourly_rate: self.hourly_rate,
            monthly_hours: self.monthly_hours,
            plan: self.plan_id,
            hidden: self.hidden,
            charge_hours: self.charge_hours,
            ..Patch::default()
        })
    }
}

operation! {
    /// Create a user
    ///
    /// Nobody is sent an invitation.
    create "/v1/users", tag "users", codes ["INVALID_ROLE", "ZC001", "DUPLICATE_EMAIL"],
    body Create, row Shown,
    [Told] |company, user| told(company, user)
}

operation! {
    /// Update a user
    update "/v1/users/{user_id}", tag "users", id "user_id" "The user's id.",
    codes ["INVALID_ROLE", "ZC001"], body Change, row Shown,
    [Told] |company, user| told(company, user)
}

/// Delete a user
///
/// With all its references, its places in teams and its shares of workspaces. Refused while
/// something else depends on it.
#[utoipa::path(
    delete,
    path = "/v1/users/{user_id}",
    tag = "users",
    params(("user_id" = i64, Path, description = "The user's id.", example = 5)),
    responses((
        status = 200, description = "It was deleted.", body = bool,
        content_type = "application/json"
    )),
    extensions(("x-error-codes" = json!(["ZC001", "HAS_DEPENDENCIES"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    super::delete::<User>(&app, &caller, &id, &body, |_, _| Json(true).into()).await
}
