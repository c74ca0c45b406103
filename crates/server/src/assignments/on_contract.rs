//! The ranges of one contract.

use jiff::civil::Date;

use super::FIRST_DAY;
use crate::store::{self, Tx, params, row};

row! {
    /// A range of a user on the contract.
    pub struct Range {
        pub id: i64,
        pub user_id: i64,
        pub start: Date,
        pub end: Date,
        pub source_id: i64,
    }
}

/// A place in the order of a contract's ranges: user, start, end.
pub type Position = (i64, Date, Date);

/// Before all of them.
pub const FIRST: Position = (0, FIRST_DAY, FIRST_DAY);

/// Those of one user, by start and end.
pub async fn of_user(
    tx: &mut Tx,
    company: i64,
    contract: i64,
    user: i64,
) -> store::Result<Vec<Range>> {
    let sql = "SELECT id, user_id, start_date, end_date, source_id FROM assignments
        WHERE company_id = $1 AND contract_id = $2 AND user_id = $3
        ORDER BY start_date, end_date";
    tx.query(sql, params![company, contract, user]).await
}

/// Those behind a place, at most `limit`.
pub async fn page(
    tx: &mut Tx,
    company: i64,
    contract: i64,
    (user, start, end): Position,
    limit: i64,
) -> store::Result<Vec<Range>> {
    let sql = "SELECT id, user_id, start_date, end_date, source_id FROM assignments
        WHERE company_id = $1 AND contract_id = $2 AND (user_id, start_date, end_date) > ($3, $4, $5)
        ORDER BY user_id, start_date, end_date LIMIT $6";
    tx.query(sql, params![company, contract, user, start, end, limit]).await
}
