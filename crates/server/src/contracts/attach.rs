//! Attaching users to a contract.
//!
//! The common case sends no row back: the insert skips what is there already, and only when it
//! inserted fewer rows than it was given are the ids of the others read.

use domain::attach::{Dates, Entry, Plan, Refused, Row, plan};
use domain::range::DateRange;
use domain::{Kind, Period, Ref};
use jiff::civil::Date;

use crate::entities::Judged;
use crate::events::Verb;
use crate::events::data::{Data, Direction, Range};
use crate::operation::{Operation, Turn};
use crate::references::remembered::Remembered;
use crate::references::{self, Wanted};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Col, Sequence, Stmt, Stop, Tx, params};

/// What a request asks for.
#[derive(Debug)]
pub struct Attach {
    pub scope: Scope,
    pub contract: Ref,
    pub entries: Vec<Entry>,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    pub contract_id: i64,
    pub period: Period,
    /// Each range taken, in request order; one that was there already has its old id.
    pub assigned: Vec<Assigned>,
    pub refused: Vec<Refused>,
    /// Ranges that reached the operation.
    pub received: usize,
}

/// A range that a user has on the contract.
#[derive(Clone, Copy, Debug)]
pub struct Assigned {
    pub id: i64,
    pub user_id: i64,
    pub range: DateRange,
}

/// Attaches users to a contract, range by range. What is refused never stops the rest.
impl Operation for Attach {
    const NAME: &'static str = "contracts.attach";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        Some((Sequence::Assignment, self.entries.iter().map(good_ranges).sum()))
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let (contract, users) = find(tx, self).await?;
        let Some((contract_id, start, end)) = contract else {
            return Err(no_contract(tx, self).await);
        };
        let period = Period { start, end };
        let Plan { rows, taken, refused, received } = plan(period, &self.entries, &users);
        let ids = insert(tx, &self.scope, contract_id, &rows, turn.first_id).await?;
        let new = added(&rows, &ids, turn.first_id);
        if !new.is_empty() {
            let data = Data::Ranges(Direction::Added, new);
            turn.tell(Kind::Contract, Verb::UsersAttached, contract_id, data);
        }
        let assigned = taken
            .into_iter()
            .map(|nth| {
                let Row { user_id, range, .. } = rows[nth];
                Assigned { id: ids[nth], user_id, range }
            })
            .collect();
        Ok(Outcome { contract_id, period, assigned, refused, received })
    }
}

/// The rows that were not there before: those that have the id that was drawn for them.
pub(super) fn added(rows: &[Row], ids: &[i64], first_id: i64) -> Vec<Range> {
    let rows = rows.iter().zip(ids);
    rows.filter(|(row, id)| **id == first_id + row.nth as i64)
        .map(|(row, id)| Range { id: *id, user_id: row.user_id, range: row.range })
        .collect()
}

/// The ranges of an entry that hold by themselves: no more than these can need an id.
fn good_ranges(entry: &Entry) -> usize {
    match &entry.dates {
        Dates::Ranges(ranges) => ranges.iter().filter(|range| range.is_ok()).count(),
        Dates::Missing | Dates::Legacy => 0,
    }
}

type Contract = (i64, Option<Date>, Option<Date>);

const USERS_BY_EXTERNAL_ID: &str = "SELECT e.ord, r.entity_id
    FROM {e(external_id text)} CROSS JOIN external_refs r
    WHERE r.company_id = $1 AND r.kind = 'user' AND r.external_id = e.external_id
        AND r.source_id = $2";
const USERS_BY_ID: &str = "SELECT e.ord, u.id FROM {e(id bigint)} CROSS JOIN users u
    WHERE u.company_id = $1 AND u.id = e.id";

/// The contract, held until the commit, and the user of each entry.
async fn find(tx: &mut Tx, input: &Attach) -> store::Result<(Option<Contract>, Vec<Option<i64>>)> {
    let (company, source) = (input.scope.company, input.scope.source.id);
    let entries = input.entries.iter().map(|entry| entry.user.as_ref());
    let (contract, users) = match &input.contract {
        Ref::External(contract) => {
            let external: Vec<_> = entries.map(|user| user.and_then(Ref::external)).collect();
            let remembered = Remembered::of(tx, &input.scope, Kind::User).await?;
            let mut users = remembered.find(tx, &external);
            let rest = external.into_iter().zip(&users);
            let (ids, places) = in_order(rest.map(|(id, user)| id.filter(|_| user.is_none())));
            let sql = tx.pick(CONTRACT_BY_EXTERNAL_ID.0, CONTRACT_BY_EXTERNAL_ID.1);
            let values = params![company, source, contract.as_str()];
            let (scope, batch) = (params![company, source], [Col::Text(&ids)]);
            let rest = Stmt::batch(USERS_BY_EXTERNAL_ID, scope, &batch);
            let (contract, found) = tx.query_pair(Stmt::new(sql, values), rest).await?;
            remembered.keep(tx, &ids, &found);
            references::fill(&mut users, &places, found);
            (contract, users)
        }
        Ref::Internal(contract) => {
            let mut users = vec![None; input.entries.len()];
            let (ids, places) = in_order(entries.map(|user| user.and_then(Ref::internal)));
            let sql = tx.pick(CONTRACT_BY_ID.0, CONTRACT_BY_ID.1);
            let values = params![company, *contract];
            let (scope, batch) = (params![company], [Col::Int(&ids)]);
            let by_id = Stmt::batch(USERS_BY_ID, scope, &batch);
            let (contract, found) = tx.query_pair(Stmt::new(sql, values), by_id).await?;
            references::fill(&mut users, &places, found);
            (contract, users)
        }
    };
    Ok((contract.into_iter().next(), users))
}

/// The ids that are there, in their order, and their places: what lies close together is looked up
/// one after the other.
fn in_order<T: Ord>(ids: impl Iterator<Item = Option<T>>) -> (Vec<T>, Vec<usize>) {
    let mut ids: Vec<_> = ids.enumerate().filter_map(|(nth, id)| Some((id?, nth))).collect();
    ids.sort_unstable();
    ids.into_iter().unzip()
}

/// The statement on SQLite, and on PostgreSQL, where the contract's period must not change
/// under us, and no user of the company may be deleted: see [`exclude`].
macro_rules! held {
    ($select:literal, $from:literal) => {
        (
            concat!($select, $from),
            concat!(
                $select,
                "pg_advisory_xact_lock_shared(hashtextextended('assignments', $1)) l CROSS JOIN ",
                $from,
                " FOR SHARE OF c"
            ),
        )
    };
}

const CONTRACT_BY_EXTERNAL_ID: (&str, &str) = held!(
    "SELECT c.id, c.start_date, c.end_date FROM ",
    "external_refs r CROSS JOIN contracts c
        WHERE r.company_id = $1 AND r.kind = 'contract' AND r.external_id = $3
            AND r.source_id = $2 AND c.company_id = r.company_id AND c.id = r.entity_id"
);
const CONTRACT_BY_ID: (&str, &str) = held!(
    "SELECT c.id, c.start_date, c.end_date FROM ",
    "contracts c WHERE c.company_id = $1 AND c.id = $2"
);

/// Waits for the attaches of the company that run, and keeps new ones waiting, until the commit:
/// for who deletes users, to whom assignments have no foreign key (docs/adr/0004).
pub async fn exclude(tx: &mut Tx, company: i64) -> store::Result<()> {
    // SQLite has one writer.
    let sql = tx.pick(
        "SELECT $1",
        "SELECT 1::bigint FROM pg_advisory_xact_lock(hashtextextended('assignments', $1)) l",
    );
    tx.query_opt::<(i64,)>(sql, params![company]).await.map(drop)
}

/// Waits for a delete of a user that runs, and keeps new ones waiting, until the commit: for who
/// gives users assignments in more statements than one.
pub async fn include(tx: &mut Tx, company: i64) -> store::Result<()> {
    if tx.pick(true, false) {
        return Ok(());
    }
    let sql = "SELECT 1::bigint
        FROM pg_advisory_xact_lock_shared(hashtextextended('assignments', $1)) l";
    tx.query_opt::<(i64,)>(sql, params![company]).await.map(drop)
}

async fn no_contract(tx: &mut Tx, input: &Attach) -> Stop<Refusal> {
    let wanted = Wanted { kind: Kind::Contract, reference: &input.contract, at: None };
    references::not_found(tx, &input.scope, &[wanted], &[None]).await
}

/// Inserts what is not there yet; the id of each row, old or new.
pub(super) async fn insert(
    tx: &mut Tx,
    scope: &Scope,
    contract_id: i64,
    rows: &[Row],
    first_id: i64,
) -> store::Result<Vec<i64>> {
    let mut ids: Vec<i64> = rows.iter().map(|row| first_id + row.nth as i64).collect();
    if rows.is_empty() {
        return Ok(ids);
    }
    let users: Vec<i64> = rows.iter().map(|row| row.user_id).collect();
    let starts: Vec<Date> = rows.iter().map(|row| row.range.start).collect();
    let ends: Vec<Date> = rows.iter().map(|row| row.range.end).collect();
    let (company, source) = (scope.company, scope.source.id);
    let sql = "INSERT INTO assignments
            (company_id, contract_id, user_id, start_date, end_date, id, source_id)
        SELECT $1, $2, e.user_id, e.start_date, e.end_date, e.id, $3
        FROM {e(user_id bigint, start_date date, end_date date, id bigint)} WHERE true
        ON CONFLICT DO NOTHING";
    let batch = [Col::Int(&users), Col::Date(&starts), Col::Date(&ends), Col::Int(&ids)];
    let inserted = tx.execute_many(sql, params![company, contract_id, source], &batch).await?;
    if inserted == rows.len() as u64 {
        return Ok(ids);
    }
    let sql = "SELECT e.ord, a.id
        FROM {e(user_id bigint, start_date date, end_date date)} CROSS JOIN assignments a
        WHERE a.company_id = $1 AND a.contract_id = $2 AND a.user_id = e.user_id
            AND a.start_date = e.start_date AND a.end_date = e.end_date";
    let batch = [Col::Int(&users), Col::Date(&starts), Col::Date(&ends)];
    let there: Vec<(i64, i64)> = tx.query_batch(sql, params![company, contract_id], &batch).await?;
    for (ord, id) in there {
        if let Some(slot) = usize::try_from(ord - 1).ok().and_then(|nth| ids.get_mut(nth)) {
            *slot = id;
        }
    }
    Ok(ids)
}
