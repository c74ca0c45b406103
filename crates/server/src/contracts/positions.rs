//! What an hour of a position in a team costs on a contract, and how many hours there are.

use domain::{Kind, Quantity, Ref};

use crate::app::App;
use crate::entities::Judged;
use crate::entities::image::{self, Image};
use crate::entities::view::{Part as ListPart, Slice};
use crate::operation::{Operation, Turn};
use crate::references::{self, At, Wanted, require};
use crate::refusal::{Part, Refusal};
use crate::scope::Scope;
use crate::store::{self, Sequence, Stop, Tx, params, row};

row! {
    /// A position in a team on a contract, with what the contract says of all of them.
    pub struct ContractPosition {
        pub id: i64,
        pub contract_id: i64,
        pub position_id: i64,
        pub position: String,
        /// The name of the seniority that is assigned, else free text.
        pub seniority: Option<String>,
        pub team_id: i64,
        pub team: String,
        pub workspace_id: Option<i64>,
        /// In 1/10,000.
        pub rate: i64,
        /// In 1/10,000.
        pub hours: i64,
        /// The contract's.
        pub user_positions_header_id: Option<i64>,
        /// The contract's.
        pub currency_id: Option<i64>,
        /// The contract's: ISO 4217.
        pub currency: Option<String>,
    }
}

/// Reads rows of a contract: `$1` is the company, `$2` the contract.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT x.id, x.contract_id, x.position_id, p.name, coalesce(s.name, p.seniority),
                x.team_id, t.name, t.workspace_id, x.rate, x.hours, c.user_positions_header_id,
                c.currency_id, c.currency
            FROM contract_positions x
            JOIN contracts c ON c.company_id = x.company_id AND c.id = x.contract_id
            JOIN positions p ON p.company_id = x.company_id AND p.id = x.position_id
            JOIN teams t ON t.company_id = x.company_id AND t.id = x.team_id
            LEFT JOIN position_seniorities ps
                ON ps.company_id = x.company_id AND ps.position_id = x.position_id
            LEFT JOIN seniorities s ON s.company_id = x.company_id AND s.id = ps.seniority_id
            WHERE x.company_id = $1 AND x.contract_id = $2",
            $rest
        )
    };
}

/// A part of the positions of a contract, by id.
pub async fn list(
    app: &App,
    scope: Scope,
    contract: Ref,
    part: ListPart,
) -> Result<Slice<ContractPosition>, Stop<Refusal>> {
    app.store
        .read("contracts.list_positions", async move |tx: &mut Tx| {
            let company = scope.company;
            let contract = references::find(tx, &scope, Kind::Contract, &contract).await?;
            let sql = "SELECT count(*) FROM contract_positions
                WHERE company_id = $1 AND contract_id = $2";
            let total: Option<(i64,)> = tx.query_opt(sql, params![company, contract]).await?;
            let total = total.map_or(0, |(total,)| total);
            let Some((skip, limit)) = part.of(total) else {
                return Ok(Slice { total, rows: Vec::new() });
            };
            let sql = select!(" ORDER BY x.id LIMIT $4 OFFSET $3");
            let rows = tx.query(sql, params![company, contract, skip, limit]).await?;
            Ok(Slice { total, rows })
        })
        .await
}

fn gone() -> store::Error {
    store::Error::changed("the contract was deleted meanwhile")
}

/// The contract as it was, held: it has changed when one of its positions has.
async fn hold(tx: &mut Tx, company: i64, contract: i64) -> store::Result<Image> {
    image::held(tx, company, Kind::Contract, contract).await?.ok_or_else(gone)
}

/// Tells that the contract has changed, and gives the position that has.
async fn changed(
    tx: &mut Tx,
    turn: &mut Turn,
    (company, contract, id): (i64, i64, i64),
    before: &Image,
) -> Judged<ContractPosition> {
    let sql = "UPDATE contracts SET updated_at = $3 WHERE company_id = $1 AND id = $2";
    tx.execute(sql, params![company, contract, turn.now]).await?;
    turn.updated(tx, (company, Kind::Contract, contract), before).await?;
    let row = tx.query_opt(select!(" AND x.id = $3"), params![company, contract, id]).await?;
    row.ok_or_else(|| gone().into())
}

/// What a new one is.
#[derive(Debug)]
pub struct Add {
    pub scope: Scope,
    pub contract: Ref,
    pub position: Ref,
    pub team: Ref,
    pub rate: Quantity,
    pub hours: Quantity,
}

/// Adds a position in a team to a contract.
impl Operation for Add {
    const NAME: &'static str = "contracts.add_position";
    type Outcome = ContractPosition;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        Some((Sequence::ContractPosition, 1))
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<ContractPosition> {
        let wanted = [
            Wanted { kind: Kind::Contract, reference: &self.contract, at: None },
            Wanted {
                kind: Kind::Position,
                reference: &self.position,
                at: Some(At::Field("position_id")),
            },
            Wanted { kind: Kind::Team, reference: &self.team, at: Some(At::Field("team_id")) },
        ];
        let found = require(tx, &self.scope, &wanted).await?;
        let (company, contract, id) = (self.scope.company, found[0], turn.first_id);
        let before = hold(tx, company, contract).await?;
        let sql = "INSERT INTO contract_positions
                (company_id, contract_id, id, position_id, team_id, rate, hours)
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let (rate, hours) = (self.rate.get().units(), self.hours.get().units());
        let values = params![company, contract, id, found[1], found[2], rate, hours];
        tx.execute(sql, values).await?;
        changed(tx, turn, (company, contract, id), &before).await
    }
}

/// What an update sends: `None` keeps.
#[derive(Debug)]
pub struct Change {
    pub scope: Scope,
    pub contract: Ref,
    pub id: i64,
    pub rate: Option<Quantity>,
    pub hours: Option<Quantity>,
}

/// Changes what a position in a team costs on a contract, and how many hours there are.
impl Operation for Change {
    const NAME: &'static str = "contracts.change_position";
    type Outcome = ContractPosition;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<ContractPosition> {
        let wanted = [Wanted { kind: Kind::Contract, reference: &self.contract, at: None }];
        let (company, id) = (self.scope.company, self.id);
        let contract = require(tx, &self.scope, &wanted).await?[0];
        let before = hold(tx, company, contract).await?;
        let sql = "UPDATE contract_positions SET rate = coalesce($4, rate),
                hours = coalesce($5, hours)
            WHERE company_id = $1 AND contract_id = $2 AND id = $3";
        let rate = self.rate.map(|rate| rate.get().units());
        let hours = self.hours.map(|hours| hours.get().units());
        if tx.execute(sql, params![company, contract, id, rate, hours]).await? == 0 {
            let id = id.to_string();
            return Err(Refusal::NotOfContract { part: Part::Position, contract, id }.into());
        }
        changed(tx, turn, (company, contract, id), &before).await
    }
}
