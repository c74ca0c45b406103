//! Events that are sent once more, asked for by hand.

use jiff::Timestamp;

use super::WebhookRefusal;
use super::endpoints::active;
use crate::app::App;
use crate::entities::Judged;
use crate::events::WAITING;
use crate::operation::{Operation, Turn};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Col, Tx, params};

/// Events that are queued at once.
const MOST: i64 = 10_000;

/// What was queued.
#[derive(Clone, Copy, Debug)]
pub struct Queued {
    pub count: i64,
    /// The number from which to go on, when there may be more.
    pub next: Option<i64>,
}

/// Sends one event again, whatever its type, also one that never was.
pub struct ResendOne {
    pub scope: Scope,
    pub id: i64,
    pub number: i64,
}

impl Operation for ResendOne {
    const NAME: &'static str = "webhooks.resend_one";
    type Outcome = Queued;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Queued> {
        let (company, number) = (self.scope.company, self.number);
        let (_, position) = active(tx, company, self.id).await?;
        let known = "SELECT number FROM events
            WHERE company_id = $1 AND number = $2 AND number < $3";
        if tx.query_opt::<(i64,)>(known, params![company, number, WAITING]).await?.is_none() {
            let purged = "SELECT purged_to FROM event_horizons WHERE company_id = $1";
            let purged = tx.query_opt::<(i64,)>(purged, params![company]).await?;
            let purged = purged.map_or(0, |(purged,)| purged);
            return Err(Refusal::Webhook(match number <= purged {
                true => WebhookRefusal::EventsGone { oldest: purged + 1 },
                false => WebhookRefusal::NoEvent(number),
            })
            .into());
        }
        queue(tx, (company, self.id), (number, number.min(position)), None, turn.now).await
    }
}

/// Sends the events of a range again that the endpoint's types let through.
pub struct ResendRange {
    pub scope: Scope,
    pub id: i64,
    /// The first number, and the last.
    pub range: (i64, i64),
}

impl Operation for ResendRange {
    const NAME: &'static str = "webhooks.resend_range";
    type Outcome = Queued;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Queued> {
        let endpoint = (self.scope.company, self.id);
        let (types, position) = active(tx, endpoint.0, endpoint.1).await?;
        let range = (self.range.0, self.range.1.min(position));
        queue(tx, endpoint, range, Some(&types).filter(|types| !types.is_empty()), turn.now).await
    }
}

/// The numbers of the events between two instants, both included.
pub async fn between(
    app: &App,
    scope: Scope,
    since: Timestamp,
    until: Timestamp,
) -> Judged<(i64, i64)> {
    app.store
        .read("webhooks.between", async move |tx: &mut Tx| {
            // Backwards: what is asked for is mostly recent, and times have no index.
            let sql = "SELECT coalesce((SELECT number FROM events
                    WHERE company_id = $1 AND number < $2 AND time < $3
                    ORDER BY number DESC LIMIT 1), 0) + 1,
                coalesce((SELECT number FROM events
                    WHERE company_id = $1 AND number < $2 AND time <= $4
                    ORDER BY number DESC LIMIT 1), 0)";
            let found = tx.query_opt(sql, params![scope.company, WAITING, since, until]).await?;
            Ok(found.unwrap_or((1, 0)))
        })
        .await
}

/// Queues what was handed over before; what was not comes by itself. A queued delivery begins
/// anew.
async fn queue(
    tx: &mut Tx,
    (company, id): (i64, i64),
    (from, to): (i64, i64),
    types: Option<&Vec<String>>,
    now: Timestamp,
) -> Judged<Queued> {
    let sql = "SELECT count(*), coalesce(max(number), 0) FROM (SELECT number FROM events
        WHERE company_id = $1 AND number >= $2 AND number <= $3
            AND ($4 OR type IN (SELECT e.type FROM {e(type text)})) ORDER BY number LIMIT $5) n";
    let all = types.is_none();
    let types: Vec<&str> = types.into_iter().flatten().map(String::as_str).collect();
    let batch = [Col::Text(&types)];
    let values = params![company, from, to, all, MOST];
    let counted: Vec<(i64, i64)> = tx.query_batch(sql, values, &batch).await?;
    let Some(&(count @ 1.., last)) = counted.first() else {
        return Ok(Queued { count: 0, next: None });
    };
    let sql = "INSERT INTO webhook_deliveries (company_id, endpoint_id, number, type, state,
            attempts, resends, next_at, first_at, last_at)
        SELECT $1, $6, number, type, 'pending', 0, 1, $5, $5, $5 FROM events
        WHERE company_id = $1 AND number >= $2 AND number <= $3
            AND ($4 OR type IN (SELECT e.type FROM {e(type text)}))
        ON CONFLICT (company_id, endpoint_id, number) DO UPDATE SET state = 'pending',
            attempts = 0, resends = webhook_deliveries.resends + 1, next_at = excluded.next_at, status = NULL, said = NULL, error = NULL,
            duration = NULL, first_at = excluded.first_at, last_at = excluded.last_at";
    tx.execute_many(sql, params![company, from, last, all, now, id], &batch).await?;
    Ok(Queued { count, next: (count == MOST && last < to).then_some(last + 1) })
}
