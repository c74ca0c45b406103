//! Who is on a contract, a page at a time.

use domain::{Kind, Period};
use jiff::civil::Date;

use crate::app::App;
use crate::entities::view::Part;
use crate::refusal::Refusal;
use crate::store::{Stop, Tx, params, row};

row! {
    /// One range of one user.
    pub struct Assignment {
        pub id: i64,
        pub user_id: i64,
        pub start: Date,
        pub end: Date,
    }
}

/// A page of a contract's assignments, by user, start and end.
#[derive(Clone, Debug)]
pub struct Page {
    pub period: Period,
    /// How many there are on all pages.
    pub total: i64,
    pub rows: Vec<Assignment>,
}

/// A part of the assignments of a contract.
pub async fn list(
    app: &App,
    company: i64,
    contract: i64,
    part: Part,
) -> Result<Page, Stop<Refusal>> {
    app.store
        .read("contracts.list_users", async move |tx: &mut Tx| {
            let sql = "SELECT start_date, end_date FROM contracts
                WHERE company_id = $1 AND id = $2";
            let period = tx.query_opt(sql, params![company, contract]).await?;
            let Some((start, end)) = period else {
                let (kind, ids) = (Kind::Contract, vec![contract.to_string()]);
                return Err(Refusal::NoSuch { kind, ids }.into());
            };
            let sql = "SELECT count(*) FROM assignments WHERE company_id = $1 AND contract_id = $2";
            let total: Option<(i64,)> = tx.query_opt(sql, params![company, contract]).await?;
            let total = total.map_or(0, |(total,)| total);
            let Some((skip, limit)) = part.of(total) else {
                return Ok(Page { period: Period { start, end }, total, rows: Vec::new() });
            };
            let sql = "SELECT id, user_id, start_date, end_date FROM assignments
                WHERE company_id = $1 AND contract_id = $2
                ORDER BY user_id, start_date, end_date LIMIT $4 OFFSET $3";
            let rows = tx.query(sql, params![company, contract, skip, limit]).await?;
            Ok(Page { period: Period { start, end }, total, rows })
        })
        .await
}
