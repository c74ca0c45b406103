//! E-mails: that users are found by them. What is lower case, no engine says as we do.

use domain::Email;

use super::{Finding, NAMED};
use crate::store::{self, Tx, params};

/// Users that are read together.
const BATCH: i64 = 1_000;
/// What those do that nobody finds.
pub const UNFOUND: &str = "are compared by another e-mail than they have";

/// The users of a company whose `email_key` is not that of their e-mail.
pub async fn unfound(tx: &mut Tx, company: i64) -> store::Result<Option<Finding>> {
    let (mut after, mut count, mut keys) = (i64::MIN, 0, Vec::new());
    loop {
        let sql = "SELECT id, email, email_key FROM users WHERE company_id = $1 AND id > $2
            ORDER BY id LIMIT $3";
        let page: Vec<(i64, String, String)> =
            tx.query(sql, params![company, after, BATCH]).await?;
        let Some((last, ..)) = page.last() else { break };
        after = *last;
        for (id, email, key) in page {
            if Email::parse(&email).is_ok_and(|email| email.key() == key) {
                continue;
            }
            count += 1;
            if keys.len() < NAMED {
                keys.push(format!("id={id}"));
            }
        }
    }
    let (table, says) = ("users".to_owned(), UNFOUND.to_owned());
    Ok((count > 0).then_some(Finding { table, company: Some(company), says, count, keys }))
}
