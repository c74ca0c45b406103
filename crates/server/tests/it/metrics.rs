//! What is counted, where it needs a hand: conflicts, what is behind, a database that is away.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::json;
use server::http::Limits;
use server::metrics;
use server::store::{Error, Location, Options, Stop, Tx};
use testing::{Engine, Metrics, TestApp};
use tokio::task::{JoinHandle, JoinSet};

/// A server that counts.
async fn counting(engine: Engine) -> TestApp {
    let location = match engine {
        Engine::Sqlite => Location::Sqlite("".into()),
        Engine::Postgres => Location::Postgres(String::new()),
    };
    let metrics = metrics::Metrics::on(&location);
    let options = Options { readers: 1, connections: 1, metrics, ..Options::default() };
    TestApp::with(engine, options, Limits::default()).await
}

async fn scrape(t: &TestApp) -> Metrics {
    Metrics::parse(&metrics::text(&t.app).await)
}

const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// What has SQLite's writer or its only reader, or PostgreSQL's only connection.
struct Held {
    done: Arc<AtomicBool>,
    task: JoinHandle<bool>,
}

impl Held {
    async fn new(t: &TestApp, writes: bool) -> Self {
        let (begun, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (app, engine) = (Arc::clone(&t.app), t.engine);
        let (holds, release) = (Arc::clone(&begun), Arc::clone(&done));
        let hold = async move |tx: &mut Tx| {
            tx.query_opt::<(i64,)>("SELECT count(*) FROM companies", &[]).await?;
            holds.store(true, Ordering::SeqCst);
            let (pause, since) = (Duration::from_millis(5), Instant::now());
            while !release.load(Ordering::SeqCst) && since.elapsed() < Duration::from_secs(20) {
                match engine {
                    // An operation on SQLite waits for nothing else.
                    Engine::Sqlite => std::thread::sleep(pause),
                    Engine::Postgres => tokio::time::sleep(pause).await,
                }
            }
            Ok::<_, Stop<Infallible>>(())
        };
        let task = tokio::spawn(async move {
            let held = if writes {
                app.store.write("hold", hold).await
            } else {
                app.store.read("hold", hold).await
            };
            held.is_ok()
        });
        while !begun.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self { done, task }
    }

    async fn release(self) {
        self.done.store(true, Ordering::SeqCst);
        assert!(self.task.await.unwrap());
    }
}

/// Values of the database are left out while it does not answer; the others are told in time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_does_not_answer() {
    for engine in ENGINES {
        let mut t = counting(engine).await;
        t.quiet().await;
        assert_eq!(scrape(&t).await.get("crewline_database_up"), 1.0);
        let held = Held::new(&t, false).await;
        let metrics = tokio::time::timeout(Duration::from_secs(10), scrape(&t)).await.unwrap();
        held.release().await;
        assert_eq!(metrics.series["crewline_database_up"], 0.0, "{engine:?}");
        assert!(!metrics.series.contains_key("crewline_events_unnumbered"));
        assert!(!metrics.series.contains_key("crewline_webhook_endpoints_behind"));
        assert!(metrics.series.contains_key("crewline_http_requests_in_flight"));
        assert_eq!(scrape(&t).await.get("crewline_database_up"), 1.0);
    }
}

/// Five operations behind one that does not end: they wait, and on SQLite they are one commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits() {
    for engine in ENGINES {
        let mut t = counting(engine).await;
        t.quiet().await;
        let before = scrape(&t).await;
        let held = Held::new(&t, true).await;
        let mut writes = JoinSet::new();
        for n in 0..5 {
            let app = Arc::clone(&t.app);
            writes.spawn(async move {
                let write =
                    app.store.write::<_, Infallible, _>("wait", async move |tx: &mut Tx| {
                        let sql = "INSERT INTO id_sequences (name, next) VALUES ($1, 1)";
                        Ok(tx.execute(sql, &[&format!("n{n}").as_str()]).await?)
                    });
                assert_eq!(write.await.unwrap(), 1);
            });
        }
        let waiting = match engine {
            Engine::Sqlite => "crewline_sqlite_write_queue_jobs",
            Engine::Postgres => "crewline_postgres_connections_waiting",
        };
        let mut metrics = scrape(&t).await;
        while metrics.get(waiting) < 5.0 {
            metrics = scrape(&t).await;
        }
        held.release().await;
        writes.join_all().await;
        let after = scrape(&t).await;
        let more = |series: &str| after.get(series) - before.get(series);
        let done = r#"_seconds_count{operation="wait",outcome="done"}"#;
        assert_eq!(more(&format!("crewline_transaction_duration{done}")), 5.0);
        match engine {
            Engine::Sqlite => {
                assert_eq!(more("crewline_sqlite_commit_duration_seconds_count"), 1.0);
                assert_eq!(more("crewline_sqlite_commit_jobs_sum"), 6.0);
                assert_eq!(more("crewline_sqlite_commit_rows_sum"), 5.0);
            }
            Engine::Postgres => {
                assert_eq!(metrics.get("crewline_postgres_connections"), 1.0);
                assert_eq!(metrics.get("crewline_postgres_connections_max"), 1.0);
                assert_eq!(metrics.get("crewline_postgres_connections_idle"), 0.0);
                assert!(more("crewline_postgres_connection_wait_seconds_count") >= 6.0);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_that_run_again() {
    for engine in ENGINES {
        let t = counting(engine).await;
        let runs = Arc::new(AtomicUsize::new(0));
        let write = t.app.store.write("again", async move |tx: &mut Tx| {
            let sql = "INSERT INTO id_sequences (name, next) VALUES ('again', 1)";
            tx.execute(sql, &[]).await?;
            match (runs.fetch_add(1, Ordering::SeqCst), engine) {
                (0 | 1, Engine::Postgres) => Err(Error::changed("a test").into()),
                (_, Engine::Postgres) => Ok(()),
                // What it wrote has to be undone.
                (_, Engine::Sqlite) => Err(Stop::Refused(())),
            }
        });
        let ended = write.await;
        let metrics = scrape(&t).await;
        let of = |outcome: &str| {
            let labels = format!(r#"{{operation="again",outcome="{outcome}"}}"#);
            metrics.get(&format!("crewline_transaction_duration_seconds_count{labels}"))
        };
        match engine {
            Engine::Sqlite => {
                assert!(matches!(ended, Err(Stop::Refused(()))));
                assert_eq!(metrics.get("crewline_sqlite_group_reruns_total"), 1.0);
                assert_eq!((of("done"), of("refused"), of("failed")), (0.0, 1.0, 0.0));
            }
            Engine::Postgres => {
                assert!(ended.is_ok());
                assert_eq!(metrics.get("crewline_postgres_retries_total"), 2.0);
                assert_eq!((of("done"), of("refused"), of("failed")), (1.0, 0.0, 0.0));
            }
        }
    }
}

/// The feed, and webhooks that nobody sends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_behind() {
    for engine in ENGINES {
        let mut t = counting(engine).await;
        let client = async |id: &str| {
            t.api.create("clients", "OKTA", id, json!({"name": id})).await.ok();
        };
        client("before").await;
        while scrape(&t).await.get("crewline_events_unnumbered") > 0.0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for path in ["/a", "/b"] {
            let url = format!("https://hooks.example.com{path}");
            t.api.post("/api/webhooks", json!({"url": url})).await.ok();
        }
        let metrics = scrape(&t).await;
        assert_eq!(metrics.series["crewline_webhook_endpoints_behind"], 0.0);
        for id in ["1", "2", "3"] {
            client(id).await;
        }
        while scrape(&t).await.get("crewline_webhook_slowest_behind_events") < 3.0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        t.quiet().await;
        t.clock.advance(Duration::from_secs(60));
        t.api.create("clients", "OKTA", "4", json!({"name": "4"})).await.ok();
        t.clock.advance(Duration::from_secs(5));
        let metrics = scrape(&t).await;
        let unnumbered = if engine == Engine::Postgres { 1.0 } else { 0.0 };
        for (name, value) in [
            ("crewline_events_unnumbered", unnumbered),
            ("crewline_events_unnumbered_age_seconds", unnumbered * 5.0),
            ("crewline_webhook_endpoints_behind", 2.0),
            ("crewline_webhook_slowest_behind_events", 4.0 - unnumbered),
            ("crewline_webhook_slowest_behind_seconds", 65.0),
        ] {
            assert_eq!(metrics.series[name], value, "{name} on {engine:?}");
        }
    }
}

/// Records count once: not when they are only tried, and not when the answer is given again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_count_once() {
    for engine in ENGINES {
        let t = counting(engine).await;
        let rate = |base: &str| {
            json!({"foreign_currency": "EUR", "base_currency": base, "amount": 1.1, "effective_date": "2026-01-01T00:00:00Z",
                "last_updated_datetime": "2026-01-01T00:00:00Z"})
        };
        let body = json!({"metadata": {"source": "OKTA"}, "currency_exchanges": [rate("USD"), rate("GBP")]});
        let path = "/v2/integrations/currency-exchanges";
        let kind = ("content-type", "application/json");
        let key = ("idempotency-key", "a-key-of-mine");
        for (headers, received, created) in [
            (&[kind, ("prefer", "dry-run")][..], 0.0, 0.0),
            (&[kind, key], 2.0, 1.0),
            (&[kind, key], 2.0, 1.0),
            (&[kind], 4.0, 1.0),
        ] {
            t.api.send(Method::POST, path, headers, body.to_string().into_bytes()).await.ok();
            let metrics = scrape(&t).await;
            assert_eq!(metrics.get("crewline_records_received_total"), received);
            assert_eq!(metrics.get("crewline_records_created_total"), created);
            let refused = r#"crewline_records_refused_total{code="OTHER_BASE_CURRENCY"}"#;
            assert_eq!(metrics.get(refused), received / 2.0);
        }
    }
}

/// One that is off tells nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn off() {
    let t = TestApp::new(Engine::Sqlite).await;
    assert_eq!(metrics::text(&t.app).await, "");
}
