//! The end of items that were kept long enough.

use jiff::SignedDuration;

use crate::app::App;
use crate::store::{self, Tx, params, sure};

/// Deletes at most `limit` items that were last refused longer ago than `kept`; how many.
pub async fn purge(app: &App, kept: SignedDuration, limit: i64) -> store::Result<u64> {
    let before = app.clock.now().saturating_sub(kept).unwrap_or(jiff::Timestamp::MIN);
    let purged = app.store.write("refusals.purge", async move |tx: &mut Tx| {
        // On PostgreSQL others purge at the same time: each takes rows that no other has.
        let sql = tx.pick(
            "DELETE FROM refusals WHERE (company_id, id) IN (
                SELECT r.company_id, r.id FROM companies c CROSS JOIN refusals r
                WHERE r.company_id = c.id AND r.last_at < $1 LIMIT $2)",
            "DELETE FROM refusals WHERE (company_id, id) IN (
                SELECT r.company_id, r.id FROM companies c CROSS JOIN refusals r
                WHERE r.company_id = c.id AND r.last_at < $1 LIMIT $2
                FOR UPDATE OF r SKIP LOCKED)",
        );
        Ok(tx.execute(sql, params![before, limit]).await?)
    });
    sure(purged.await)
}
