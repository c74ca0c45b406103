//! What was answered is there after `kill -9`, and nothing is there by half.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::date;
use serde_json::{Value, json};
use testing::{Client, Database, Engine, Server};

use crate::{binary, crewline, json};

/// Users in every request: each gets one range, and the request is one batch.
pub const USERS: i64 = 5;

/// A server with a contract and users, and a token.
pub fn start(url: &str) -> (Server, String) {
    let server = Server::start(binary(), &["--database", url]);
    let token = prepare(&server, url);
    (server, token)
}

/// Makes a company with a contract and users, beside a running server; a token for it.
pub fn prepare(server: &Server, url: &str) -> String {
    let at = ["--database", url, "--output", "json"];
    json(&crewline(&["company", "create", "--name", "Acme", at[0], at[1], at[2], at[3]]));
    let key = json(&crewline(&["key", "create", "--company", "1", at[0], at[1], at[2], at[3]]));
    let token = token(server.address, &key);
    let mut client = Client::connect(server.address, &token).unwrap();
    let metadata = json!({"source": "OKTA"});
    let mut create = |group: &str, body: Value| {
        let path = format!("/v2/integrations/{group}");
        assert_eq!(client.call("POST", &path, &body.to_string()).unwrap().0, 200);
    };
    create("clients", json!({"metadata": metadata, "id": "c", "name": "C"}));
    create("contracts", json!({"metadata": metadata, "id": "k", "name": "K", "client_id": "c"}));
    for n in 1..=USERS {
        let email = format!("u{n}@example.com");
        create(
            "users",
            json!({"metadata": metadata, "id": format!("u{n}"), "email": email, "first_name": "A", "last_name": "B"}),
        );
    }
    token
}

fn token(address: SocketAddr, key: &Value) -> String {
    use base64::Engine as _;
    let credentials =
        format!("{}:{}", key["key"].as_str().unwrap(), key["secret"].as_str().unwrap());
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials));
    let path = "/v1/oauth/token?grant_type=client_credentials";
    let (_, pair) = Client::connect(address, &basic).unwrap().call("POST", path, "").unwrap();
    format!("Bearer {}", pair["access_token"].as_str().unwrap())
}

/// The nth batch of a client: the same dates for every user, and for nobody else.
pub fn batch(client: i64, nth: i64) -> String {
    let start = date(2000, 1, 1).saturating_add(nth.days());
    let end = date(3000, 1, 1).saturating_add(client.days());
    let range = json!([{"start": start.to_string(), "end": end.to_string()}]);
    let users: Vec<Value> = (1..=USERS).map(|id| json!({"id": id, "dates": range})).collect();
    json!({"users": users}).to_string()
}

/// Every assignment, as `(id, start, end)`, grouped by batch.
pub fn stored(address: SocketAddr, token: &str) -> HashMap<(String, String), Vec<i64>> {
    let mut client = Client::connect(address, token).unwrap();
    let mut batches: HashMap<_, Vec<i64>> = HashMap::new();
    for page in 1.. {
        let path = format!("/v1/contracts/1/users?page={page}&perPage=200");
        let (status, answer) = client.call("GET", &path, "").unwrap();
        assert_eq!(status, 200, "{answer}");
        let rows = answer["data"].as_array().unwrap();
        if rows.is_empty() {
            return batches;
        }
        for row in rows {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            let batch = batches.entry((text("start_date"), text("end_date"))).or_default();
            batch.push(row["id"].as_i64().unwrap());
        }
    }
    batches
}

/// The same, once nothing changes any more: what a client left behind may still be on its way,
/// and pages are read one after the other.
fn settled(address: SocketAddr, token: &str) -> HashMap<(String, String), Vec<i64>> {
    let mut before = stored(address, token);
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let now = stored(address, token);
        if now == before {
            return now;
        }
        before = now;
    }
}

/// `kill -9` during a storm of attaches, three times over.
async fn killed(engine: Engine) {
    let database = Database::empty(engine).await;
    let url = database.url();
    let (mut server, token) = start(&url);
    let mut answered: Vec<i64> = Vec::new();
    for round in 0..3 {
        let address = server.address;
        let clients: Vec<_> = (0..8)
            .map(|n| {
                let token = token.clone();
                std::thread::spawn(move || storm(address, &token, round * 8 + n))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(700));
        server.kill();
        for client in clients {
            answered.extend(client.join().expect("a client"));
        }
        server = Server::start(binary(), &["--database", &url]);
    }
    let batches = settled(server.address, &token);
    for (batch, ids) in &batches {
        assert_eq!(ids.len() as i64, USERS, "half a batch: {batch:?}");
    }
    let there: std::collections::HashSet<i64> = batches.into_values().flatten().collect();
    assert!(answered.len() > 100, "too little happened: {}", answered.len());
    let lost: Vec<&i64> = answered.iter().filter(|id| !there.contains(id)).collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");
    if let Some(file) = database.file() {
        drop(server);
        let database = rusqlite::Connection::open(file).unwrap();
        let check: String =
            database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
    }
}

/// Attaches until the server is gone; the ids that were answered.
fn storm(address: SocketAddr, token: &str, client: i64) -> Vec<i64> {
    let mut ids = Vec::new();
    let Ok(mut connection) = Client::connect(address, token) else { return ids };
    for nth in 0.. {
        match connection.call("POST", "/v1/contracts/1/users", &batch(client, nth)) {
            Ok((200, answer)) => {
                let assigned = answer["assigned"].as_array().unwrap();
                ids.extend(assigned.iter().map(|row| row["id"].as_i64().unwrap()));
            }
            Ok((status, answer)) => panic!("{status} {answer}"),
            Err(_) => return ids,
        }
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_sqlite() {
    killed(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_postgres() {
    killed(Engine::Postgres).await;
}

/// Clients that hang up in the middle, or as soon as they have sent, leave all or nothing.
async fn hung_up(engine: Engine) {
    let database = Database::empty(engine).await;
    let (server, token) = start(&database.url());
    for nth in 0..200 {
        let mut client = Client::connect(server.address, &token).unwrap();
        let body = batch(1, nth);
        client.send("POST", "/v1/contracts/1/users", &body).unwrap();
        // Some before they are read, some after they are answered.
        std::thread::sleep(Duration::from_micros(100 * (nth as u64 % 100)));
        drop(client);
        // A body that never ends.
        let mut half = Client::connect(server.address, &token).unwrap();
        half.send_partly("POST", "/v1/contracts/1/users", &body).unwrap();
    }
    let batches = settled(server.address, &token);
    assert!(batches.values().all(|ids| ids.len() as i64 == USERS));
    assert!(!batches.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn hung_up_on_sqlite() {
    hung_up(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hung_up_on_postgres() {
    hung_up(Engine::Postgres).await;
}

/// An answer that comes ahead of a large body still reaches the client.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_is_heard() {
    let database = Database::empty(Engine::Sqlite).await;
    let (server, token) = start(&database.url());
    let body = " ".repeat(6_000_000);
    for _ in 0..10 {
        let mut nobody = Client::connect(server.address, "Bearer cwt_nobody").unwrap();
        let answered = nobody.call("POST", "/v2/integrations/users", &body).unwrap();
        assert_eq!((answered.0, &answered.1["code"]), (401, &json!("UNAUTHORIZED")));
        let mut client = Client::connect(server.address, &token).unwrap();
        let answered = client.call("POST", "/v2/integrations/users", &body).unwrap();
        assert_eq!((answered.0, &answered.1["code"]), (413, &json!("PAYLOAD_TOO_LARGE")));
    }
}

/// SIGTERM: no new connections, what runs is finished, exit code 0 within 10 seconds.
#[tokio::test(flavor = "multi_thread")]
async fn terminated() {
    let database = Database::empty(Engine::Sqlite).await;
    let (server, token) = start(&database.url());
    let (address, told) = (server.address, Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..4)
        .map(|n| {
            let (token, told) = (token.clone(), Arc::clone(&told));
            std::thread::spawn(move || {
                let mut connection = Client::connect(address, &token).unwrap();
                let mut answered = 0;
                for nth in 0.. {
                    match connection.call("POST", "/v1/contracts/1/users", &batch(n, nth)) {
                        Ok((200, _)) => answered += 1,
                        Ok((status, answer)) => panic!("{status} {answer}"),
                        Err(_) if told.load(Ordering::SeqCst) => return answered,
                        Err(error) => panic!("{error}"),
                    }
                }
                answered
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    told.store(true, Ordering::SeqCst);
    let started = std::time::Instant::now();
    let status = server.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(10));
    // The whole database is in its one file.
    let file = database.file().unwrap();
    for rest in ["-wal", "-shm"] {
        let mut path = file.clone().into_os_string();
        path.push(rest);
        let took = started.elapsed();
        assert!(!std::path::Path::new(&path).exists(), "{path:?} is there after {took:?}");
    }
    let answered: i64 = clients.into_iter().map(|client| client.join().unwrap()).sum();
    let server = Server::start(binary(), &["--database", &database.url()]);
    assert!(stored(server.address, &token).len() as i64 >= answered);
}
