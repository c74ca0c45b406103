//! What positions cost on a contract, team by team.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::{Kind, Quantity, Ref};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::{Asked, Page, PageQuery, Unfiltered};
use super::{named, of_contract, read};
use crate::app::Shared;
use crate::contracts::positions::{self, Add, ContractPosition};
use crate::faces::main::contracts::CurrencyName;
use crate::faces::wire::Number;
use crate::http::{Answer, Caller, JsonBody, Path, Problem, Records, Write, body, path};
use crate::refusal::Part;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(update))
}

/// A position in a team on a contract.
#[derive(Serialize, ToSchema)]
#[schema(as = MainContractPosition)]
struct Shown {
    #[schema(example = 1)]
    id: i64,
    /// The contract's.
    #[schema(required)]
    user_positions_header_id: Option<i64>,
    #[schema(example = 1)]
    contract_id: i64,
    #[schema(example = 1)]
    position_id: i64,
    #[schema(example = 1)]
    team_id: i64,
    /// What an hour costs.
    rate: Number,
    hours: Number,
    /// The contract's.
    #[schema(required)]
    currency_id: Option<i64>,
    currency: CurrencyName,
    team: TeamName,
    position: PositionName,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MainTeamName)]
struct TeamName {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "Design")]
    name: String,
    #[schema(required)]
    workspace_id: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MainPositionName)]
struct PositionName {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "Developer")]
    name: String,
    #[schema(required, example = "Sr.")]
    seniority: Option<String>,
}

fn shown(row: ContractPosition) -> Shown {
    Shown {
        id: row.id,
        user_positions_header_id: row.user_positions_header_id,
        contract_id: row.contract_id,
        position_id: row.position_id,
        team_id: row.team_id,
        rate: Number::units(row.rate),
        hours: Number::units(row.hours),
        currency_id: row.currency_id,
        currency: CurrencyName { id: row.currency_id, name: row.currency },
        team: TeamName { id: row.team_id, name: row.team, workspace_id: row.workspace_id },
        position: PositionName {
            id: row.position_id,
            name: row.position,
            seniority: row.seniority,
        },
    }
}

fn told(row: ContractPosition) -> Answer {
    Json(shown(row)).into()
}

body! {
    struct Create as "MainCreateContractPosition" = {
        "position_id": 1, "team_id": 1, "rate": 62.5, "hours": 120
    } {
        /// The position.
        position_id: required i64,
        /// The team.
        team_id: required i64,
        /// What an hour costs.
        rate: required Quantity,
        /// How many hours the contract has.
        hours: required Quantity,
    }
}

body! {
    /// What is left out stays as it is.
    struct Change as "MainUpdateContractPosition" = {"rate": 70, "hours": 160} {
        /// What an hour costs.
        rate: kept Quantity,
        /// How many hours the contract has.
        hours: kept Quantity,
    }
}

/// List the positions of a contract
#[utoipa::path(
    get,
    path = "/v1/contracts/{contract_id}/positions",
    tag = "contracts",
    params(("contract_id" = i64, Path, description = "The contract's id.", example = 1), PageQuery),
    responses((status = 200, description = "A page.", body = Page<Shown>)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    Path(contract): Path<String>,
    asked: Asked,
) -> Result<Json<Page<Shown>>, Problem> {
    let query = PageQuery::of(asked)?;
    let wanted = query.wanted()?;
    query.filter::<Unfiltered>(&app)?;
    let contract = named(&contract, Kind::Contract)?;
    let slice = positions::list(&app, caller.reads(), contract, wanted.part()).await?;
    wanted.of(slice.total, slice.rows.into_iter().map(shown).collect()).map(Json)
}

/// Add a position to a contract
///
/// What an hour of it costs in a team. It goes when the contract, the position or the team is
/// deleted.
#[utoipa::path(
    post,
    path = "/v1/contracts/{contract_id}/positions",
    tag = "contracts",
    params(("contract_id" = i64, Path, description = "The contract's id.", example = 1)),
    request_body = Create,
    responses((status = 200, description = "What was added.", body = Shown)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    Path(contract): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let fields = |sent: Create, _: &mut _| {
        let (position, team) = (Ref::Internal(sent.position_id?), Ref::Internal(sent.team_id?));
        Some((position, team, sent.rate?, sent.hours?))
    };
    let prepared = read(&app, &caller, &body, fields).and_then(|(scope, new)| {
        let contract = named(&contract, Kind::Contract)?;
        let (position, team, rate, hours) = new;
        let operation = Add { scope, contract, position, team, rate, hours };
        Ok((operation, |_: &_, row| told(row)))
    });
    Ok(Write::of(&app, &caller, &body).without_records().run(prepared).await)
}

/// Update a position of a contract
#[utoipa::path(
    put,
    path = "/v1/contracts/{contract_id}/positions/{contract_position_rate_id}",
    tag = "contracts",
    params(
        ("contract_id" = i64, Path, description = "The contract's id.", example = 1),
        ("contract_position_rate_id" = i64, Path, description = "Its id.", example = 1)
    ),
    request_body = Change,
    responses((status = 200, description = "As it is now.", body = Shown)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn update(
    State(app): State<Shared>,
    caller: Caller,
    Path((contract, id)): Path<(String, String)>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let fields = |sent: Change, _: &mut _| Some((sent.rate, sent.hours));
    let prepared = read(&app, &caller, &body, fields).and_then(|(scope, (rate, hours))| {
        let contract = path::id(&contract, Kind::Contract)?;
        let id = of_contract(Part::Position, contract, &id)?;
        let contract = Ref::Internal(contract);
        let operation = positions::Change { scope, contract, id, rate, hours };
        Ok((operation, |_: &_, row| told(row)))
    });
    let write = Write::of(&app, &caller, &body).records(Records::BODY.in_ours());
    Ok(write.run(prepared).await)
}
