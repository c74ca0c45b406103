//! Events: that each can be read as what it tells.

use super::{Finding, NAMED};
use crate::events::Data;
use crate::store::{self, Tx, params};

/// Events that are read together.
const BATCH: i64 = 200;
/// What those do that cannot be read.
pub const UNREADABLE: &str = "have data that cannot be read";

/// The events of a company whose data nobody can read.
pub async fn unreadable(tx: &mut Tx, company: i64) -> store::Result<Option<Finding>> {
    let (mut after, mut count, mut keys) = (i64::MIN, 0, Vec::new());
    loop {
        let sql = "SELECT number, data FROM events WHERE company_id = $1 AND number > $2
            ORDER BY number LIMIT $3";
        let page: Vec<(i64, Vec<u8>)> = tx.query(sql, params![company, after, BATCH]).await?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (number, _) in page.iter().filter(|(_, data)| Data::unpack(data).is_none()) {
            count += 1;
            if keys.len() < NAMED {
                keys.push(format!("number={number}"));
            }
        }
    }
    let (table, says) = ("events".to_owned(), UNREADABLE.to_owned());
    Ok((count > 0).then_some(Finding { table, company: Some(company), says, count, keys }))
}
