//! The period of a contract, and what changes of it.

use domain::Period;
use domain::range::OPEN_END;
use jiff::civil::Date;

use crate::entities::{Judged, Place};
use crate::refusal::Refusal;
use crate::store::{self, Tx, params};

/// Refuses a period that ends before it begins.
pub fn judge(period: Period) -> Judged<()> {
    match period.ascends() {
        true => Ok(()),
        false => {
            let message = "end_date must not be before start_date";
            Err(Refusal::DateRange { end: "end_date", message }.into())
        }
    }
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
    // On PostgreSQL attaches hold the contract, and this waits for them.
    let sql = tx.pick(
        "SELECT start_date, end_date FROM contracts WHERE company_id = $1 AND id = $2",
        "SELECT start_date, end_date FROM contracts WHERE company_id = $1 AND id = $2
            FOR NO KEY UPDATE",
    );
    let gone = || store::Error::changed("the contract was deleted meanwhile");
    let old: Option<(Option<Date>, Option<Date>)> =
        tx.query_opt(sql, params![at.company, at.id]).await?;
    let (old_start, old_end) = old.ok_or_else(gone)?;
    let period = Period { start: start.unwrap_or(old_start), end: end.unwrap_or(old_end) };
    judge(period)?;
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
