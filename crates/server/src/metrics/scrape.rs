//! What is read when somebody asks, and the whole as text.

use std::convert::Infallible;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tokio::time::timeout;

use super::process;
use crate::app::App;
use crate::events::WAITING;
use crate::store::{self, Status, Tx, params, sure};

/// How long the database has to answer: what it does not tell is left out.
const PATIENCE: Duration = Duration::from_secs(1);
/// Events that are counted at most.
const MOST: i64 = 10_000;

/// All that is known now; nothing, when nothing is counted.
pub async fn text(app: &App) -> String {
    let mut text = String::new();
    let Some(families) = &app.metrics.0 else { return text };
    let mut seen = Registry::default();
    process::add(&mut seen, families.started);
    let crewline = seen.sub_registry_with_prefix("crewline");
    engine(crewline, &app.store.status());
    let up = app.store.answers().await.is_ok();
    let help = "Whether the database answered just now";
    gauge(crewline, "database_up", help, i64::from(up));
    // With much to do it answers others, and not this.
    if up && let Ok(Ok(database)) = timeout(PATIENCE, look(app)).await {
        add(crewline, &database, app.clock.now());
    }
    for registry in [&families.registry, &seen] {
        // A text takes everything.
        let _ = prometheus_text::encode(&mut text, registry);
    }
    text
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    registry.register(name, help, ConstGauge::new(value));
}

fn engine(registry: &mut Registry, status: &Status) {
    let mut tell = |name: &str, help: &str, value: i64| gauge(registry, name, help, value);
    match *status {
        Status::Sqlite { writes, reads, database, wal } => {
            tell("sqlite_write_queue_jobs", "Operations that wait for the writer", writes as i64);
            tell("sqlite_read_queue_jobs", "Operations that wait for a reader", reads as i64);
            if let Some(bytes) = database {
                tell("sqlite_database_bytes", "Size of the database's file", bytes as i64);
            }
            // There is none before the first write.
            let bytes = wal.unwrap_or(0) as i64;
            tell("sqlite_wal_bytes", "Size of the write-ahead log's file", bytes);
        }
        Status::Postgres { connections, most, idle, waiting } => {
            let names = [
                ("postgres_connections", "Connections that are open", connections),
                ("postgres_connections_max", "Connections that may be open", most),
                ("postgres_connections_idle", "Connections that nobody uses", idle),
                ("postgres_connections_waiting", "Operations that wait for one", waiting),
            ];
            for (name, help, value) in names {
                tell(name, help, value as i64);
            }
        }
    }
}

/// What the database tells.
struct Seen {
    /// Events without a number, and the time of the oldest one.
    unnumbered: (i64, Option<Timestamp>),
    /// Active webhooks that have something to send.
    behind: i64,
    /// Events that the one of them has before it that has waited longest, and since when.
    slowest: (i64, Option<Timestamp>),
}

fn add(registry: &mut Registry, seen: &Seen, now: Timestamp) {
    let mut tell = |name: &str, help: &str, value: i64| gauge(registry, name, help, value);
    let help = "Events that are written and have no number yet, 10000 at most";
    tell("events_unnumbered", help, seen.unnumbered.0);
    let help = "Webhooks that have something to send";
    tell("webhook_endpoints_behind", help, seen.behind);
    let help = "Events that the slowest webhook is behind, 10000 at most";
    tell("webhook_slowest_behind_events", help, seen.slowest.0);
    let ages = [
        ("events_unnumbered_age_seconds", "Age of the oldest of these events", seen.unnumbered.1),
        ("webhook_slowest_behind_seconds", "Age of the first of these events", seen.slowest.1),
    ];
    for (name, help, since) in ages {
        let age = since.map_or(0.0, |since| now.duration_since(since).as_secs_f64().max(0.0));
        registry.register(name, help, ConstGauge::new(age));
    }
}

/// Looks into the database: some steps down indices, and no more rows than are counted.
async fn look(app: &App) -> store::Result<Seen> {
    let read = app.store.read::<_, Infallible, _>("metrics.scrape", async move |tx: &mut Tx| {
        let patient = "SELECT set_config('statement_timeout', '1s', true)";
        // A read of SQLite ends by itself, and its events have numbers.
        if let Some(sql) = tx.pick(None, Some(patient)) {
            tx.query_opt::<(String,)>(sql, params![]).await?;
        }
        let unnumbered = "SELECT count(*), min(time) FROM (
                SELECT w.time FROM companies c CROSS JOIN LATERAL (SELECT time FROM events
                    WHERE company_id = c.id AND number >= 4611686018427387904
                    ORDER BY number LIMIT $1) w
                LIMIT $1) waiting";
        let unnumbered = match tx.pick(None, Some(unnumbered)) {
            Some(sql) => tx.query_opt(sql, params![MOST]).await?.unwrap_or_default(),
            None => (0, None),
        };
        let slowest = "SELECT count(*) OVER (), w.company_id, w.position, v.time
            FROM webhook_endpoints w
            JOIN events v ON v.company_id = w.company_id AND v.number = (
                SELECT min(number) FROM events
                WHERE company_id = w.company_id AND number > w.position AND number < $1)
            WHERE w.state = 'active' ORDER BY v.time LIMIT 1";
        let slowest: Option<(i64, i64, i64, Timestamp)> =
            tx.query_opt(slowest, params![WAITING]).await?;
        let Some((behind, company, position, since)) = slowest else {
            return Ok(Seen { unnumbered, behind: 0, slowest: (0, None) });
        };
        let count = "SELECT count(*) FROM (SELECT 1 FROM events WHERE company_id = $1
            AND number > $2 AND number < $3 LIMIT $4) behind";
        let values = params![company, position, WAITING, MOST];
        let events = tx.query_opt(count, values).await?.map_or(0, |(count,): (i64,)| count);
        Ok(Seen { unnumbered, behind, slowest: (events, Some(since)) })
    });
    sure(read.await)
}
