//! Assignments, whoever is on whatever.
//!
//! They are clustered by contract and have no index by user (docs/adr/0003): those of a user are
//! looked for in each contract, by a seek.

use domain::{DateRange, Kind, Ref, Source};
use jiff::civil::{Date, date};

use crate::app::App;
use crate::references;
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Stop, Tx, params, row};

row! {
    /// A range of a user on a contract, as it is stored.
    pub struct Stored {
        pub id: i64,
        pub contract_id: i64,
        pub contract_name: String,
        pub start: Date,
        pub end: Date,
        pub source_id: i64,
    }
}

/// A range of a user on a contract.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub id: i64,
    pub user_id: i64,
    pub contract_id: i64,
    pub contract_name: String,
    /// What sources call the contract, of those that the key may see.
    pub contract_references: Vec<(Source, String)>,
    pub range: DateRange,
    /// Who put it there, if the key may see it.
    pub source: Option<Source>,
}

/// Which assignments are wanted.
#[derive(Clone, Debug)]
pub struct Filter {
    pub user: Ref,
    /// Only those that have a day in here.
    pub overlaps: Option<DateRange>,
}

/// A place in the order of a user's assignments: contract, start, end.
pub type Position = (i64, Date, Date);

/// A page of a user's assignments, and where the next one begins.
#[derive(Clone, Debug)]
pub struct Page {
    pub rows: Vec<Assignment>,
    pub next: Option<Position>,
}

/// Contracts that a page looks at, so that it takes its time however many there are.
pub const LOOKED_INTO: i64 = 20_000;

/// All days that there may be.
const ALWAYS: DateRange = DateRange { start: FIRST_DAY, end: date(9999, 12, 31) };
const FIRST_DAY: Date = date(0, 1, 1);

/// Contracts from one on, as many as a page looks into. They are counted before the window is looked
/// at: else a page would read on and on where few have a day in it.
macro_rules! in_contracts {
    ($then:literal) => {
        concat!(
            "SELECT a.id, c.id, c.name, a.start_date, a.end_date, a.source_id FROM (
                SELECT id, name, start_date, end_date FROM contracts
                WHERE company_id = $1 AND id >= $2 ORDER BY id LIMIT $9
            ) c CROSS JOIN ",
            $then,
            // Assignments lie in their contract's period: others are not looked for.
            " AND (c.start_date IS NULL OR c.start_date <= $4)
                AND (c.end_date IS NULL OR c.end_date >= $3)
                AND (c.id, a.start_date, a.end_date) > ($2, $6, $7)
            ORDER BY c.id, a.start_date, a.end_date LIMIT $8"
        )
    };
}

/// Of an open end its contract says when it ended.
pub const OF_USER_ON_SQLITE: &str = in_contracts!(
    "assignments a
    WHERE a.company_id = $1 AND a.contract_id = c.id AND a.user_id = $5
        AND a.start_date <= $4 AND a.end_date >= $3"
);

/// The same. `OFFSET 0` keeps the seek in each contract: PostgreSQL would else read all assignments
/// whenever it takes that for cheaper.
pub const OF_USER_ON_POSTGRES: &str = in_contracts!(
    "LATERAL (
        SELECT id, start_date, end_date, source_id FROM assignments
        WHERE company_id = $1 AND contract_id = c.id AND user_id = $5
            AND start_date <= $4 AND end_date >= $3 OFFSET 0
    ) a
    WHERE true"
);

/// The first contract that was not looked into.
const REST: &str = "SELECT id FROM contracts WHERE company_id = $1 AND id >= $2
    ORDER BY id LIMIT 1 OFFSET $3";

/// A user's assignments by contract, start and end, after `after` in that order, at most `limit`.
/// Where there are very many contracts a page may be short, or empty, and yet not the last.
pub async fn list(
    app: &App,
    scope: Scope,
    filter: Filter,
    after: Option<Position>,
    limit: i64,
) -> Result<Page, Stop<Refusal>> {
    app.store
        .read("assignments.list", async move |tx: &mut Tx| {
            let user = references::find(tx, &scope, Kind::User, &filter.user).await?;
            let days = filter.overlaps.unwrap_or(ALWAYS);
            let (contract, start, end) = after.unwrap_or((0, FIRST_DAY, FIRST_DAY));
            let sql = tx.pick(OF_USER_ON_SQLITE, OF_USER_ON_POSTGRES);
            let company = scope.company;
            // One more than the page tells whether there is another.
            let more = limit + 1;
            let (from, to) = (days.start, days.end);
            let values = params![company, contract, from, to, user, start, end, more, LOOKED_INTO];
            let mut stored: Vec<Stored> = tx.query(sql, values).await?;
            let next = match stored.len() as i64 > limit {
                true => {
                    stored.pop();
                    stored.last().map(|last| (last.contract_id, last.start, last.end))
                }
                false => {
                    let values = params![company, contract, LOOKED_INTO];
                    let rest: Option<(i64,)> = tx.query_opt(REST, values).await?;
                    rest.map(|(contract,)| (contract, FIRST_DAY, FIRST_DAY))
                }
            };
            let contract = |row: &Stored| (Kind::Contract.name(), row.contract_id);
            let mut contracts: Vec<_> = stored.iter().map(contract).collect();
            contracts.dedup();
            let known = references::of_entities(tx, &scope, contracts).await?;
            let told = |row: Stored| Assignment {
                id: row.id,
                user_id: user,
                contract_id: row.contract_id,
                contract_references: known.get(&contract(&row)).cloned().unwrap_or_default(),
                contract_name: row.contract_name,
                range: DateRange { start: row.start, end: row.end },
                source: scope.sources.visible(row.source_id),
            };
            Ok(Page { rows: stored.into_iter().map(told).collect(), next })
        })
        .await
}
