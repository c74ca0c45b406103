//! The period of a contract, and what changes of it.

use domain::Period;
use domain::range::OPEN_END;
use jiff::civil::Date;

use crate::entities::{Judged, Place};
use crate::refusal::Refusal;
use crate::store::{self, Tx, params};

/// Refuses a period that ends before it begins; of its bounds an end that was sent is to blame.
pub fn judge(period: Period, end_sent: bool) -> Judged<()> {
    let (field, message) = match end_sent {
        true => ("end_date", "end_date must not be before start_date"),
        false => ("start_date", "start_date must not be after end_date"),
    };
    match period.ascends() {
        true => Ok(()),
        false => Err(Refusal::DateRange { field, message }.into()),
    }
}

/// The contract's period, with the contract held until the commit: on PostgreSQL attaches hold
/// it too, and this waits for them.
pub async fn hold(tx: &mut Tx, company: i64, contract: i64) -> store::Result<Period> {
    let sql = tx.pick(
        "SELECT start_date, end_date FROM contracts WHERE company_id = $1 AND id = $2",
        "SELECT start_date, end_date FROM contracts WHERE company_id = $1 AND id = $2
            FOR NO KEY UPDATE",
    );
    let held = tx.query_opt(sql, params![company, contract]).await?;
    let gone = || store::Error::changed("the contract was deleted meanwhile");
    held.map(|(start, end)| Period { start, end }).ok_or_else(gone)
}

/// The same for who only adds to the contract, as an attach does: others may at the same time.
pub async fn share(tx: &mut Tx, company: i64, contract: i64) -> store::Result<Period> {
    let sql = tx.pick(
        "SELECT start_date, end_date FROM contracts WHERE company_id = $1 AND id = $2",
        "SELECT start_date, end_date FROM contracts WHERE company_id = $1 AND id = $2 FOR SHARE",
    );
    let held = tx.query_opt(sql, params![company, contract]).await?;
    let gone = || store::Error::changed("the contract was deleted meanwhile");
    held.map(|(start, end)| Period { start, end }).ok_or_else(gone)
}

/// Changes the bounds that are given, unless that would leave assignments outside.
pub async fn change(
    tx: &mut Tx,
    at: Place,
    start: Option<Option<Date>>,
    end: Option<Option<Date>>,
) -> Judged<()> {
    if start.is_none() && end.is_none() {
        return Ok(());
    }
    let old = hold(tx, at.company, at.id).await?;
    let period = Period { start: start.unwrap_or(old.start), end: end.unwrap_or(old.end) };
    judge(period, end.is_some())?;
    if let Some(stranded) = stranded(tx, at, period).await? {
        return Err(stranded.into());
    }
    let sql = "UPDATE contracts SET start_date = $3, end_date = $4
        WHERE company_id = $1 AND id = $2";
    tx.execute(sql, params![at.company, at.id, period.start, period.end]).await?;
    Ok(())
}

/// The assignments that a period leaves outside. One with an open end ends with the contract:
/// only its start counts.
async fn stranded(tx: &mut Tx, at: Place, period: Period) -> Judged<Option<Refusal>> {
    let sql = "SELECT count(CASE WHEN start_date < $3 THEN 1 END),
            count(CASE WHEN last_date > $4 THEN 1 END), min(start_date), max(last_date)
        FROM (SELECT start_date,
                CASE WHEN end_date = $5 THEN start_date ELSE end_date END AS last_date
            FROM assignments WHERE company_id = $1 AND contract_id = $2) a";
    let values = params![at.company, at.id, period.start, period.end, OPEN_END];
    let counted: Option<(i64, i64, Option<Date>, Option<Date>)> = tx.query_opt(sql, values).await?;
    Ok(match counted {
        None | Some((0, 0, ..)) => None,
        Some((early, late, first, last)) => {
            Some(Refusal::Stranded { early: (early, first), late: (late, last) })
        }
    })
}
