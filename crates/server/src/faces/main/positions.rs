//! Positions and their categories: COR has one resource for both, Crewline two kinds, each with
//! ids of its own.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::{Amount, Kind, Name, Ref, Text};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::read;
use crate::app::Shared;
use crate::categories::{self, Category};
use crate::entities::{self, Called, Shown as AsShown};
use crate::faces::wire::Number;
use crate::http::field::{text, wire};
use crate::http::{Caller, Check, JsonBody, Path, Problem, Records, Wire, Write, body, path};
use crate::positions::{self, InCategory, New, Patch, Position, Shown, Unique};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(list)).routes(routes!(update))
}

/// A position, or a category.
#[derive(Serialize, ToSchema)]
#[schema(as = MainUserPosition)]
struct Told {
    #[schema(example = 101)]
    id: i64,
    #[schema(example = "Developer")]
    name: String,
    #[schema(required, example = 10)]
    user_position_category_id: Option<i64>,
    /// `C`: a category; `P`: a position.
    #[serde(rename = "type")]
    #[schema(example = "P", pattern = "^[CP]$")]
    kind: &'static str,
    #[schema(required)]
    rate: Option<Number>,
    #[schema(required, example = "Sr.")]
    seniority: Option<String>,
    #[schema(example = 2336)]
    company_id: i64,
}

fn position(company_id: i64, position: Shown) -> Told {
    Told {
        id: position.id,
        name: position.name,
        user_position_category_id: position.category_id,
        kind: "P",
        rate: position.rate.map(Number::units),
        seniority: position.seniority,
        company_id,
    }
}

fn category(company_id: i64, category: Category) -> Told {
    Told {
        id: category.id,
        name: category.name,
        user_position_category_id: None,
        kind: "C",
        rate: None,
        seniority: None,
        company_id,
    }
}

/// Whether it is a category or a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Category,
    Position,
}

wire!(
    Sort,
    "must be C (a category) or P (a position)",
    |raw| match &*text(raw)? {
        "C" => Some(Sort::Category),
        "P" => Some(Sort::Position),
        _ => None,
    },
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["C", "P"]))
);

body! {
    struct Create as "MainCreateUserPosition" = {
        "name": "Developer", "type": "P", "rate": 1, "seniority": "Sr.",
        "user_position_category_id": 1
    } {
        /// Given once among categories, and once among positions.
        name: required Name,
        /// Which of the two it is.
        "type" sort: required Sort,
        /// The price of an hour. A category has none: it is not kept.
        rate: optional Amount,
        /// A category has none: it is not kept.
        seniority: optional Text,
        /// The category of a position; a position without one is not in `getPositionsOnly`.
        "user_position_category_id" category: optional i64,
    }
}

/// A position that is to be; a category has a name only.
type Wanted = (Name, Option<New>);

impl Create {
    fn wanted(self, check: &mut Check) -> Option<Wanted> {
        let (name, sort) = (self.name?, self.sort?);
        if sort == Sort::Position {
            let category = self.category.map(Ref::Internal);
            let (rate, seniority) = (self.rate, self.seniority);
            let new = New { name: name.clone(), category, rate, seniority };
            return Some((name, Some(new)));
        }
        match self.category {
            None => Some((name, None)),
            Some(_) => check.within("user_position_category_id", |check| {
                check.wrong("must be left out: a category is in no other")
            }),
        }
    }
}

/// Create a position or a category
#[utoipa::path(
    post,
    path = "/v1/userPosition",
    tag = "user-positions",
    request_body = Create,
    responses((status = 200, description = "What was created.", body = Told)),
    extensions(("x-error-codes" = json!(["F010 for VALIDATION", "ZC001"])))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: Result<JsonBody, Problem>,
) -> Result<Response, Problem> {
    let body = body.map_err(not_created)?;
    let write = Write::of(&app, &caller, &body).without_records().refusing(not_created);
    let (company, own, called) = (caller.company_id, None, Called::Drawn);
    let prepared = match read(&app, &caller, &body, Create::wanted) {
        Ok((scope, (name, None))) => {
            let new = categories::New { name: name.clone() };
            let (kind, name) = (Kind::Category, Some(name));
            let operation = entities::Create::<Category> { scope, called, new };
            let told = move |_: &_, row| Json(category(company, row)).into();
            return Ok(write.run(Ok((Unique { operation, kind, name, own }, told))).await);
        }
        Ok((scope, (name, Some(new)))) => {
            let (kind, name) = (Kind::Position, Some(name));
            let operation = AsShown::new(entities::Create::<Position> { scope, called, new });
            let told = move |_: &_, row| Json(position(company, row)).into();
            Ok((Unique { operation, kind, name, own }, told))
        }
        Err(problem) => Err(problem),
    };
    Ok(write.run(prepared).await)
}

body! {
    /// What is left out stays as it is; `null` clears all but the name. The category cannot be
    /// changed here.
    struct Change as "MainUpdateUserPosition" = {"name": "Lead developer", "rate": 1.5} {
        /// Given once among positions.
        name: kept Name,
        /// The price of an hour.
        rate: clearable Amount,
        /// Takes the place of a seniority that is assigned.
        seniority: clearable Text,
    }
}

/// Update a position
///
/// Categories have ids of their own, and none is found here.
#[utoipa::path(
    put,
    path = "/v1/userPosition/{id}",
    tag = "user-positions",
    params(("id" = i64, Path, description = "The position's id.", example = 1)),
    request_body = Change,
    responses((status = 200, description = "As it is now.", body = Told)),
    extensions(("x-error-codes" = json!(["UC010 for VALIDATION", "ZC001"])))
)]
async fn update(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: Result<JsonBody, Problem>,
) -> Result<Response, Problem> {
    let body = body.map_err(not_updated)?;
    let read = read(&app, &caller, &body, |sent: Change, _| Some(sent));
    let prepared = read.and_then(|(scope, Change { name, rate, seniority })| {
        let id = path::id(&id, Kind::Position)?;
        let (company, kind, own) = (scope.company, Kind::Position, Ref::Internal(id));
        let patch = Patch { name: name.clone(), category: None, rate, seniority };
        let operation = AsShown::new(entities::Change::<Position> { scope, own, patch });
        let told = move |_: &_, row| Json(position(company, row)).into();
        Ok((Unique { operation, kind, name, own: Some(id) }, told))
    });
    let write = Write::of(&app, &caller, &body).records(Records::BODY.in_ours());
    Ok(write.refusing(not_updated).run(prepared).await)
}

/// COR publishes codes of its own for what is not valid here.
fn not_created(problem: Problem) -> Problem {
    coded(problem, "F010")
}

fn not_updated(problem: Problem) -> Problem {
    coded(problem, "UC010")
}

fn coded(problem: Problem, code: &'static str) -> Problem {
    match problem.name {
        "ValidationError" => {
            let message = problem.message.clone();
            problem.published("CORCustomError", code, message)
        }
        _ => problem,
    }
}

/// How the positions are wanted; other parameters are ignored.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct PositionsQuery {
    /// By category; otherwise one list.
    #[serde(rename = "groupedByCategory")]
    #[param(value_type = Option<bool>, default = false)]
    grouped: Option<String>,
}

impl PositionsQuery {
    fn by_category(&self) -> Result<bool, Problem> {
        match self.grouped.as_deref() {
            None | Some("" | "false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(Problem::validation("groupedByCategory must be true or false")),
        }
    }
}

/// A position; or, where they are wanted by category, the positions of one.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = MainPositions)]
enum Positions {
    One(Listed),
    Group(Group),
}

/// A position in its category.
#[derive(Serialize, ToSchema)]
#[schema(as = MainPositionOfList)]
struct Listed {
    #[schema(example = 101)]
    id: i64,
    #[schema(example = "Senior designer")]
    name: String,
    #[schema(example = 10)]
    category_id: i64,
    #[schema(example = "Design")]
    category_name: String,
}

/// The positions of a category.
#[derive(Serialize, ToSchema)]
#[schema(as = MainPositionsOfCategory)]
struct Group {
    #[serde(rename = "categoryName")]
    #[schema(example = "Design")]
    category_name: String,
    #[serde(rename = "categoryId")]
    #[schema(example = 10)]
    category_id: i64,
    positions: Vec<Grouped>,
}

/// A position.
#[derive(Serialize, ToSchema)]
#[schema(as = MainPositionOfCategory)]
struct Grouped {
    #[schema(example = 101)]
    id: i64,
    #[schema(example = "Senior designer")]
    name: String,
}

/// List positions
///
/// Those that have a category, by its name and then by theirs; all at once, if they are at most
/// 10,000. Names have no other languages.
#[utoipa::path(
    get,
    path = "/v1/userPosition/getPositionsOnly",
    tag = "user-positions",
    params(PositionsQuery),
    responses((status = 200, description = "The positions.", body = Vec<Positions>)),
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    asked: Result<Query<PositionsQuery>, QueryRejection>,
) -> Result<Json<Vec<Positions>>, Problem> {
    let Ok(Query(query)) = asked else {
        return Err(Problem::validation("The query is not readable"));
    };
    let by_category = query.by_category()?;
    let (count, rows) = positions::in_categories(&app, caller.company_id).await?;
    if count > positions::MOST {
        let most = positions::MOST;
        let message = format!("At most {most} positions are listed at once, and there are {count}");
        return Err(Problem::validation(message));
    }
    Ok(Json(match by_category {
        false => rows.into_iter().map(listed).collect(),
        true => grouped(rows).into_iter().map(Positions::Group).collect(),
    }))
}

fn listed(row: InCategory) -> Positions {
    let InCategory { id, name, category_id, category_name } = row;
    Positions::One(Listed { id, name, category_id, category_name })
}

fn grouped(rows: Vec<InCategory>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for InCategory { id, name, category_id, category_name } in rows {
        let position = Grouped { id, name };
        match groups.last_mut() {
            Some(group) if group.category_id == category_id => group.positions.push(position),
            _ => groups.push(Group { category_name, category_id, positions: vec![position] }),
        }
    }
    groups
}
