//! Assignments, whoever is on whatever.
//!
//! They are clustered by contract and have no index by user (docs/adr/0003): those of a user are
//! looked for in each contract, by a seek; those of many users by going through them.

pub mod on_contract;
mod sought;

use domain::{DateRange, Kind, Ref, Source};
use jiff::civil::{Date, date};

pub use sought::{LOOKED_INTO, OF_USER_ON_POSTGRES, OF_USER_ON_SQLITE};

use crate::entities::Judged;
use crate::references;
use crate::scope::Scope;
use crate::store::{self, Tx, params, row};

row! {
    /// A range of a user on a contract, as it is stored.
    pub struct Stored {
        pub id: i64,
        pub contract_id: i64,
        pub contract_name: String,
        pub user_id: i64,
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

/// An entity, and the scope in which it is looked for.
pub type Named = (Scope, Ref);

/// Which assignments are wanted; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub user: Option<Named>,
    pub contract: Option<Named>,
    /// Those of its members.
    pub team: Option<Named>,
    /// Those of its users.
    pub workspace: Option<Named>,
    /// Only those that have a day in here.
    pub overlaps: Option<DateRange>,
}

/// A place in the order of assignments: contract, user, start, end.
pub type Position = (i64, i64, Date, Date);

/// Before all of them.
pub const FIRST: Position = (0, 0, FIRST_DAY, FIRST_DAY);

/// A page of assignments, and where the next one begins.
#[derive(Clone, Debug)]
pub struct Page {
    pub rows: Vec<Assignment>,
    pub next: Option<Position>,
}

/// All days that there may be.
const ALWAYS: DateRange = DateRange { start: FIRST_DAY, end: date(9999, 12, 31) };
const FIRST_DAY: Date = date(0, 1, 1);

/// What is wanted, by ids.
#[derive(Clone, Copy, Debug)]
struct Sought {
    company: i64,
    team: Option<i64>,
    workspace: Option<i64>,
    days: DateRange,
    /// Behind this place, up to this contract.
    after: Position,
    last: i64,
    limit: i64,
}

/// Assignments by contract, user, start and end, after `after` in that order, at most `limit`.
/// Where there is very much to look at a page may be short, or empty, and yet not the last.
pub async fn list(
    tx: &mut Tx,
    scope: &Scope,
    filter: &Filter,
    after: Position,
    limit: i64,
) -> Judged<Page> {
    let user = find(tx, Kind::User, filter.user.as_ref()).await?;
    let contract = find(tx, Kind::Contract, filter.contract.as_ref()).await?;
    let team = find(tx, Kind::Team, filter.team.as_ref()).await?;
    let workspace = find(tx, Kind::Workspace, filter.workspace.as_ref()).await?;
    let first = (contract.unwrap_or(0), 0, FIRST_DAY, FIRST_DAY);
    let sought = Sought {
        company: scope.company,
        team,
        workspace,
        days: filter.overlaps.unwrap_or(ALWAYS),
        after: after.max(first),
        last: contract.unwrap_or(i64::MAX),
        limit,
    };
    let (stored, next) = match user {
        Some(user) if !belongs(tx, &sought, user).await? => (Vec::new(), None),
        Some(user) => sought::of_user(tx, &sought, user).await?,
        None => sought::of_all(tx, &sought).await?,
    };
    Ok(Page { rows: tell(tx, scope, stored).await?, next })
}

async fn find(tx: &mut Tx, kind: Kind, named: Option<&Named>) -> Judged<Option<i64>> {
    match named {
        Some((scope, reference)) => references::find(tx, scope, kind, reference).await.map(Some),
        None => Ok(None),
    }
}

/// Whether a user is in the team and the workspace that are asked for.
async fn belongs(tx: &mut Tx, sought: &Sought, user: i64) -> store::Result<bool> {
    let Sought { company, team, workspace, .. } = *sought;
    if team.is_none() && workspace.is_none() {
        return Ok(true);
    }
    let sql = "SELECT u.id FROM users u WHERE u.company_id = $1 AND u.id = $2
        AND ($3 IS NULL OR EXISTS (SELECT 1 FROM team_users m
            WHERE m.company_id = $1 AND m.team_id = $3 AND m.user_id = $2))
        AND ($4 IS NULL OR EXISTS (SELECT 1 FROM workspace_users w
            WHERE w.company_id = $1 AND w.user_id = $2 AND w.workspace_id = $4))";
    let found: Option<(i64,)> = tx.query_opt(sql, params![company, user, team, workspace]).await?;
    Ok(found.is_some())
}

/// Adds what sources call the contracts.
async fn tell(tx: &mut Tx, scope: &Scope, stored: Vec<Stored>) -> store::Result<Vec<Assignment>> {
    let contract = |row: &Stored| (Kind::Contract.name(), row.contract_id);
    let mut contracts: Vec<_> = stored.iter().map(contract).collect();
    contracts.dedup();
    let known = references::of_entities(tx, scope, contracts).await?;
    let told = |row: Stored| Assignment {
        id: row.id,
        user_id: row.user_id,
        contract_id: row.contract_id,
        contract_references: known.get(&contract(&row)).cloned().unwrap_or_default(),
        contract_name: row.contract_name,
        range: DateRange { start: row.start, end: row.end },
        source: scope.sources.visible(row.source_id),
    };
    Ok(stored.into_iter().map(told).collect())
}
