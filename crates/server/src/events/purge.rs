//! Events that are kept no longer.

use std::convert::Infallible;

use jiff::Timestamp;

use super::WAITING;
use crate::app::App;
use crate::store::{Stop, Tx, params};

/// Events that are removed at once.
const BATCH: i64 = 1_000;

/// Removes the oldest events, up to a batch of each company, if they are older than `until`; how
/// many that were. Where the feed begins now is kept: who asks for less is told.
pub async fn purge(app: &App, until: Timestamp) -> Result<u64, Stop<Infallible>> {
    let companies = app.store.read("events.companies", async move |tx: &mut Tx| {
        // The oldest event is one step down the key.
        let sql = "SELECT c.id FROM companies c WHERE (SELECT e.time FROM events e
                WHERE e.company_id = c.id AND e.number < $1 ORDER BY e.number LIMIT 1) < $2
            ORDER BY c.id";
        Ok(tx.query::<(i64,)>(sql, params![WAITING, until]).await?)
    });
    let mut removed = 0;
    for (company,) in companies.await? {
        removed += of_company(app, company, until).await?;
    }
    Ok(removed)
}

async fn of_company(app: &App, company: i64, until: Timestamp) -> Result<u64, Stop<Infallible>> {
    app.store
        .write("events.purge", async move |tx: &mut Tx| {
            // The last number of those that are all too old.
            let sql = "SELECT max(number) FROM (SELECT number, max(time) OVER (ORDER BY number)
                    AS latest FROM (SELECT number, time FROM events
                        WHERE company_id = $1 AND number < $2 ORDER BY number LIMIT $3) o) t
                WHERE latest < $4";
            let values = params![company, WAITING, BATCH, until];
            let Some((Some(last),)) = tx.query_opt::<(Option<i64>,)>(sql, values).await? else {
                return Ok(0);
            };
            // On PostgreSQL another node may have been further meanwhile.
            let sql = "INSERT INTO event_horizons (company_id, purged_to) VALUES ($1, $2)
                ON CONFLICT (company_id) DO UPDATE SET purged_to = excluded.purged_to
                WHERE event_horizons.purged_to < excluded.purged_to";
            tx.execute(sql, params![company, last]).await?;
            let sql = "DELETE FROM events WHERE company_id = $1 AND number <= $2";
            Ok(tx.execute(sql, params![company, last]).await?)
        })
        .await
}
