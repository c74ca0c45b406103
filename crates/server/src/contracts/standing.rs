//! The ranges that users have on a contract, while nobody else changes them.

use domain::range::DateRange;
use jiff::civil::Date;

use crate::entities::Judged;
use crate::events::data::Range;
use crate::store::{self, Col, FromRow, Row, Tx, params};

/// A range that a user has on the contract.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub id: i64,
    pub user_id: i64,
    pub range: DateRange,
    /// Who put it there.
    pub source_id: i64,
}

impl FromRow for Standing {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let mut row = row.columns();
        Ok(Self {
            user_id: row.take()?,
            range: DateRange { start: row.take()?, end: row.take()? },
            id: row.take()?,
            source_id: row.take()?,
        })
    }
}

impl Standing {
    /// As events tell it.
    pub fn told(self) -> Range {
        Range { id: self.id, user_id: self.user_id, range: self.range }
    }
}

/// What users have, in the order of the key. Each user is named once; the contract is held.
pub async fn of_users(
    tx: &mut Tx,
    (company, contract): (i64, i64),
    users: &[i64],
) -> store::Result<Vec<Standing>> {
    let sql = "SELECT a.user_id, a.start_date, a.end_date, a.id, a.source_id
        FROM {e(user_id bigint)} CROSS JOIN assignments a
        WHERE a.company_id = $1 AND a.contract_id = $2 AND a.user_id = e.user_id
        ORDER BY a.user_id, a.start_date, a.end_date";
    tx.query_batch(sql, params![company, contract], &[Col::Int(users)]).await
}

/// Removes ranges.
pub async fn remove(tx: &mut Tx, (company, contract): (i64, i64), gone: &[Standing]) -> Judged<()> {
    if gone.is_empty() {
        return Ok(());
    }
    let users: Vec<i64> = gone.iter().map(|one| one.user_id).collect();
    let starts: Vec<Date> = gone.iter().map(|one| one.range.start).collect();
    let ends: Vec<Date> = gone.iter().map(|one| one.range.end).collect();
    let sql = "DELETE FROM assignments WHERE company_id = $1 AND contract_id = $2
        AND (user_id, start_date, end_date) IN (SELECT e.user_id, e.start_date, e.end_date
            FROM {e(user_id bigint, start_date date, end_date date)})";
    let batch = [Col::Int(&users), Col::Date(&starts), Col::Date(&ends)];
    match tx.execute_many(sql, params![company, contract], &batch).await? == gone.len() as u64 {
        true => Ok(()),
        false => Err(store::Error::changed("a range was removed meanwhile").into()),
    }
}

/// Inserts ranges, which are not there, in the order of the key.
pub async fn insert(tx: &mut Tx, (company, contract): (i64, i64), new: &[Standing]) -> Judged<()> {
    if new.is_empty() {
        return Ok(());
    }
    let users: Vec<i64> = new.iter().map(|one| one.user_id).collect();
    let starts: Vec<Date> = new.iter().map(|one| one.range.start).collect();
    let ends: Vec<Date> = new.iter().map(|one| one.range.end).collect();
    let ids: Vec<i64> = new.iter().map(|one| one.id).collect();
    let sources: Vec<i64> = new.iter().map(|one| one.source_id).collect();
    let sql = "INSERT INTO assignments
            (company_id, contract_id, user_id, start_date, end_date, id, source_id)
        SELECT $1, $2, e.user_id, e.start_date, e.end_date, e.id, e.source_id
        FROM {e(user_id bigint, start_date date, end_date date, id bigint, source_id bigint)}";
    let batch = [
        Col::Int(&users),
        Col::Date(&starts),
        Col::Date(&ends),
        Col::Int(&ids),
        Col::Int(&sources),
    ];
    tx.execute_many(sql, params![company, contract], &batch).await?;
    Ok(())
}
