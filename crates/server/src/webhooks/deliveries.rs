//! The log: what was sent to an endpoint, and what came of it.

use std::convert::Infallible;

use jiff::{SignedDuration, Timestamp};

use super::endpoints::no_such;
use crate::app::App;
use crate::entities::Judged;
use crate::scope::Scope;
use crate::store::{Stop, Tx, params, row};

/// How long the log is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Rows of an endpoint that are looked at together.
const BATCH: i64 = 1_000;

row! {
    /// What is known of an event's way to an endpoint.
    pub struct Delivery {
        /// The event's.
        pub number: i64,
        /// The event's.
        pub what: String,
        pub state: String,
        pub attempts: i64,
        /// Of a pending one.
        pub next_at: Option<Timestamp>,
        /// Of the last answer.
        pub status: Option<i64>,
        /// How its body began.
        pub said: Option<String>,
        /// Why there was no answer.
        pub error: Option<String>,
        /// Of the last attempt, in microseconds.
        pub duration: Option<i64>,
        pub first_at: Timestamp,
        pub last_at: Timestamp,
    }
}

/// The newest deliveries before a number; of one state, or of any.
pub async fn list(
    app: &App,
    scope: Scope,
    id: i64,
    state: Option<&'static str>,
    (before, limit): (i64, i64),
) -> Judged<Vec<Delivery>> {
    app.store
        .read("webhooks.deliveries", async move |tx: &mut Tx| {
            let company = scope.company;
            let known = "SELECT id FROM webhook_endpoints
                WHERE company_id = $1 AND id = $2 AND state <> 'deleted'";
            if tx.query_opt::<(i64,)>(known, params![company, id]).await?.is_none() {
                return Err(no_such(id).into());
            }
            let Some(state) = state else {
                let sql = "SELECT number, type, state, attempts, next_at, status, said, error,
                        duration, first_at, last_at
                    FROM webhook_deliveries
                    WHERE company_id = $1 AND endpoint_id = $2 AND number < $3
                    ORDER BY number DESC LIMIT $4";
                return Ok(tx.query(sql, params![company, id, before, limit]).await?);
            };
            let sql = "SELECT number, type, state, attempts, next_at, status, said, error,
                    duration, first_at, last_at
                FROM webhook_deliveries
                WHERE company_id = $1 AND endpoint_id = $2 AND state = $5 AND number < $3
                ORDER BY number DESC LIMIT $4";
            Ok(tx.query(sql, params![company, id, before, limit, state]).await?)
        })
        .await
}

/// Removes what was kept too long, up to a batch of each endpoint, and endpoints that were
/// deleted once nothing is left of them; how many rows that were.
pub async fn purge(app: &App) -> Result<u64, Stop<Infallible>> {
    let until = app.clock.now() - KEPT;
    let endpoints = app.store.read("webhooks.logs", async move |tx: &mut Tx| {
        let sql = "SELECT company_id, id, state = 'deleted' FROM webhook_endpoints
            ORDER BY company_id, id";
        Ok(tx.query::<(i64, i64, bool)>(sql, params![]).await?)
    });
    let mut removed = 0;
    for (company, id, deleted) in endpoints.await? {
        removed += of_endpoint(app, (company, id), deleted, until).await?;
    }
    Ok(removed)
}

async fn of_endpoint(
    app: &App,
    (company, id): (i64, i64),
    deleted: bool,
    until: Timestamp,
) -> Result<u64, Stop<Infallible>> {
    app.store
        .write("webhooks.purge", async move |tx: &mut Tx| {
            // What is old has low numbers, but for what was sent again.
            let sql = "DELETE FROM webhook_deliveries
                WHERE company_id = $1 AND endpoint_id = $2 AND number IN (
                    SELECT number FROM webhook_deliveries
                    WHERE company_id = $1 AND endpoint_id = $2 ORDER BY number LIMIT $3)
                AND ($5 OR (state <> 'pending' AND last_at < $4))";
            let values = params![company, id, BATCH, until, deleted];
            let removed = tx.execute(sql, values).await?;
            if deleted && removed < BATCH.unsigned_abs() {
                let sql = "DELETE FROM webhook_endpoints
                    WHERE company_id = $1 AND id = $2 AND state = 'deleted'";
                tx.execute(sql, params![company, id]).await?;
            }
            Ok(removed)
        })
        .await
}
