//! Metrics of the real binary: what is told, where, and that the documents say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;
use testing::{Client, Database, Engine, Kind, Metrics, Receiver, Server};

use crate::{basic, binary, crewline, json};

const PAGE: &str = include_str!("../../../../docs/metrics.md");
const DASHBOARD: &str = include_str!("../../../../docs/grafana/crewline.json");

/// A server with a company, and a token.
fn start(database: &Database) -> (Server, String) {
    let url = database.url();
    let at = ["--database", &url, "--output", "json"];
    json(&crewline(&[&["company", "create", "--name", "Acme"], &at[..]].concat()));
    let key = json(&crewline(&[&["key", "create", "--company", "1"], &at[..]].concat()));
    let options = ["--metrics", "127.0.0.1:0", "--webhook-allow", "127.0.0.1"];
    let server = Server::start(binary(), &[&at[..2], &options].concat());
    let credentials = basic(key["key"].as_str().unwrap(), key["secret"].as_str().unwrap());
    let mut client = Client::connect(server.address, &credentials).unwrap();
    let path = "/v1/oauth/token?grant_type=client_credentials";
    let (_, pair) = client.call("POST", path, "").unwrap();
    let token = format!("Bearer {}", pair["access_token"].as_str().unwrap());
    (server, token)
}

/// A request to the metrics' own listener: the head and the body of the answer.
fn ask(address: SocketAddr, method: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn scrape(server: &Server) -> Metrics {
    let (head, body) = ask(server.metrics.unwrap(), "GET", "/metrics");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    Metrics::parse(&body)
}

/// A scrape that is as expected, sooner or later: what happens beside requests takes its time.
fn until(server: &Server, expected: impl Fn(&Metrics) -> bool) -> Metrics {
    let begun = Instant::now();
    loop {
        let metrics = scrape(server);
        if expected(&metrics) {
            return metrics;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{metrics:#?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Requests that make every metric show itself.
async fn use_it(server: &Server, token: &str, receiver: &Receiver) {
    let mut client = Client::connect(server.address, token).unwrap();
    let mut post = |path: &str, body: serde_json::Value, expected: u16| {
        let (status, answer) = client.call("POST", path, &body.to_string()).unwrap();
        assert_eq!(status, expected, "{answer}");
    };
    post("/api/webhooks", json!({"url": receiver.url()}), 201);
    let metadata = json!({"source": "OKTA"});
    let body = json!({"metadata": metadata, "id": "c", "name": "C"});
    post("/v2/integrations/clients", body.clone(), 200);
    // There already.
    post("/v2/integrations/clients", body, 409);
    let rate = |base: &str| {
        json!({"foreign_currency": "EUR", "base_currency": base, "amount": 1.1, "effective_date": "2026-01-01T00:00:00Z",
            "last_updated_datetime": "2026-01-01T00:00:00Z"})
    };
    let body = json!({"metadata": metadata, "currency_exchanges": [rate("USD"), rate("GBP")]});
    post("/v2/integrations/currency-exchanges", body, 200);
    receiver.wait(2).await;
}

/// What the page says of an engine: each metric's type and labels.
fn documented(engine: Engine) -> BTreeMap<String, (Kind, BTreeSet<String>)> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `") && line.contains(" | "));
    let mut all = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, engines, what] = cells[..] else { panic!("{row}") };
        assert!(!what.is_empty(), "{row}");
        let ours = match engines {
            "both" => true,
            "SQLite" => engine == Engine::Sqlite,
            "PostgreSQL" => engine == Engine::Postgres,
            _ => panic!("{row}"),
        };
        let labels = labels.split_whitespace().map(|label| label.trim_matches('`').to_owned());
        if ours {
            let said = (Kind::named(kind), labels.collect());
            assert!(all.insert(name.trim_matches('`').to_owned(), said).is_none(), "{row}");
        }
    }
    all
}

/// The metrics that a text names.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("crewline_") || word.starts_with("process_")).collect()
}

/// What a server tells is what the page says, and all that the dashboard shows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_documented() {
    let mut told = BTreeSet::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (database, receiver) = (Database::new(engine).await, Receiver::new().await);
        let (server, token) = start(&database);
        use_it(&server, &token, &receiver).await;
        let delivered = r#"crewline_webhook_deliveries_total{outcome="delivered"}"#;
        let metrics = until(&server, |metrics| metrics.get(delivered) >= 2.0);
        assert_eq!(metrics.families, documented(engine), "{engine:?}");
        told.extend(metrics.families.into_keys());
        told.extend(metrics.series.keys().map(|s| s.split('{').next().unwrap().to_owned()));
    }
    let expressions = DASHBOARD.lines().filter(|line| line.contains("\"expr\":"));
    let shown: BTreeSet<&str> = expressions.flat_map(named).collect();
    assert!(shown.len() > 30, "{shown:?}");
    for name in shown.into_iter().chain(named(PAGE)) {
        assert!(told.contains(name), "{name} is not told");
    }
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    assert_eq!(dashboard["templating"]["list"][0]["type"], "datasource");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_go_up() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (database, receiver) = (Database::new(engine).await, Receiver::new().await);
        let (server, token) = start(&database);
        let before = scrape(&server);
        use_it(&server, &token, &receiver).await;
        let after = until(&server, |metrics| {
            metrics.get("crewline_webhook_slowest_behind_events") == 0.0
                && metrics.get("crewline_events_unnumbered") == 0.0
        });
        let requests = "crewline_http_requests_total{route=";
        let clients = r#""/v2/integrations/clients",method="POST",status="#;
        for (series, by) in [
            (format!("{requests}{clients}\"200\"}}"), 1.0),
            (format!("{requests}{clients}\"409\"}}"), 1.0),
            (r#"crewline_http_problems_total{code="ZC004"}"#.to_owned(), 1.0),
            (r#"crewline_records_refused_total{code="ZC004"}"#.to_owned(), 1.0),
            (r#"crewline_records_refused_total{code="OTHER_BASE_CURRENCY"}"#.to_owned(), 1.0),
            ("crewline_records_received_total".to_owned(), 2.0),
            ("crewline_records_created_total".to_owned(), 1.0),
            ("crewline_token_cache_misses_total".to_owned(), 1.0),
            ("crewline_token_cache_hits_total".to_owned(), 3.0),
            ("crewline_http_requests_in_flight".to_owned(), 0.0),
        ] {
            assert_eq!(after.get(&series) - before.get(&series), by, "{series} on {engine:?}");
        }
        let seconds = r#"_duration_seconds_count{route="/v2/integrations/clients"}"#;
        assert_eq!(after.get(&format!("crewline_http_request{seconds}")), 2.0);
        let done = r#"_seconds_count{operation="clients.create",outcome="done"}"#;
        assert!(after.get(&format!("crewline_transaction_duration{done}")) >= 1.0);
        assert_eq!(after.get("crewline_database_up"), 1.0);
        match engine {
            Engine::Sqlite => {
                assert!(after.get("crewline_sqlite_wal_bytes") > 0.0);
                assert!(after.get("crewline_sqlite_database_bytes") > 0.0);
                assert!(after.get("crewline_sqlite_commit_jobs_count") > 3.0);
                assert!(after.get("crewline_sqlite_commit_rows_sum") > 3.0);
            }
            Engine::Postgres => {
                assert!(after.get("crewline_postgres_connections") >= 1.0);
                assert!(after.get("crewline_postgres_connection_wait_seconds_count") > 3.0);
            }
        }
    }
}

/// Whatever clients make up, the number of series stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_are_few() {
    let database = Database::new(Engine::Sqlite).await;
    let (server, token) = start(&database);
    let mut client = Client::connect(server.address, &token).unwrap();
    let mut round = |round: usize| {
        for nth in 0..20 {
            let made_up = format!("{round}-{nth}");
            for (method, path, expected) in [
                ("GET", format!("/nowhere/{made_up}"), 404),
                (&*format!("X{made_up}"), "/v1/me".to_owned(), 405),
                (&*format!("Y{made_up}"), format!("/{made_up}"), 404),
                ("DELETE", format!("/v2/integrations/clients/{made_up}"), 404),
                ("GET", format!("/api/events?{made_up}=1"), 400),
                ("POST", format!("/v1/contracts/{made_up}/users"), 400),
            ] {
                let body = r#"{"metadata": {"source": "OKTA"}, "users": []}"#;
                let body = if method == "GET" { "" } else { body };
                let (status, answer) = client.call(method, &path, body).unwrap();
                assert_eq!(status, expected, "{method} {path}: {answer}");
            }
        }
        scrape(&server)
    };
    let of_requests = |metrics: &Metrics| {
        let series = metrics.series.keys().filter(|series| !series.contains("transaction"));
        series.cloned().collect::<BTreeSet<String>>()
    };
    let (first, second) = (round(1), round(2));
    assert_eq!(of_requests(&first), of_requests(&second));
    let requests = "crewline_http_requests_total{route=";
    assert_eq!(second.get(&format!(r#"{requests}"-",method="GET",status="404"}}"#)), 40.0);
    assert_eq!(second.get(&format!(r#"{requests}"-",method="other",status="404"}}"#)), 40.0);
    assert_eq!(second.get(&format!(r#"{requests}"/v1/me",method="other",status="405"}}"#)), 40.0);
    for series in second.series.keys() {
        assert!(!["1-1", "2-1", "Acme", "OKTA"].iter().any(|id| series.contains(id)), "{series}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up() {
    let database = Database::new(Engine::Sqlite).await;
    let (server, token) = start(&database);
    let mut client = Client::connect(server.address, &token).unwrap();
    client.send("GET", "/api/events?wait=60", "").unwrap();
    until(&server, |metrics| metrics.get("crewline_http_requests_in_flight") == 1.0);
    drop(client);
    let after = until(&server, |metrics| metrics.get("crewline_http_requests_in_flight") == 0.0);
    assert_eq!(after.get("crewline_http_hangups_total"), 1.0);
}

/// Nothing but the metrics is on their listener, and they are on no other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_they_are() {
    let database = Database::new(Engine::Sqlite).await;
    let (server, token) = start(&database);
    let address = server.metrics.unwrap();
    for path in ["/", "/metrics/", "/metrics/x", "/v1/me", "/healthz", "/openapi.json"] {
        let (head, _) = ask(address, "GET", path);
        assert!(head.starts_with("HTTP/1.1 404 "), "{path}: {head}");
    }
    assert!(ask(address, "POST", "/metrics").0.starts_with("HTTP/1.1 405 "));
    let (head, body) = ask(address, "HEAD", "/metrics");
    assert!(head.starts_with("HTTP/1.1 200 ") && body.is_empty(), "{head}");
    let mut client = Client::connect(server.address, &token).unwrap();
    assert_eq!(client.call("GET", "/metrics", "").unwrap().0, 404);
    // A scraper that stays connected does not hold up the end.
    let _scraper = TcpStream::connect(address).unwrap();
    assert_eq!(listeners(&server), 2);
    let begun = Instant::now();
    assert!(server.terminate().success());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let file = database.file().unwrap();
    assert!(!file.with_extension("db-wal").exists(), "the database was not closed");
}

/// Sockets of the process that listen.
fn listeners(server: &Server) -> usize {
    let proc = format!("/proc/{}", server.id());
    let sockets = std::fs::read_dir(format!("{proc}/fd")).unwrap();
    let ours: BTreeSet<String> = sockets
        .filter_map(|fd| std::fs::read_link(fd.unwrap().path()).ok())
        .filter_map(|link| {
            let link = link.to_str()?;
            Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let all = ["tcp", "tcp6"].map(|net| std::fs::read_to_string(format!("{proc}/net/{net}")));
    let all = all.into_iter().flatten().collect::<String>();
    let fields = all.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    // State 0A listens; the tenth field is the socket.
    fields.filter(|fields| fields[3] == "0A" && ours.contains(fields[9])).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn off_unless_asked_for() {
    let database = Database::new(Engine::Sqlite).await;
    let server = Server::start(binary(), &["--database", &database.url()]);
    assert_eq!((server.metrics, listeners(&server)), (None, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_can_listen() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let database = Database::new(Engine::Sqlite).await;
    let url = database.url();
    for address in [&*taken, "nonsense", ""] {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--database", &url];
        let refused = crewline(&[&serve[..], &["--metrics", address]].concat());
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && !said.contains("listening"), "{said}");
        assert!(said.starts_with(&format!("crewline: metrics on {address}: ")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
