//! A client that loses answers and sends again with its key, while the server is killed.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use testing::{Client, Database, Engine, Server};

use crate::binary;
use crate::durability::start;

/// Where the server is just now.
type Address = Arc<Mutex<SocketAddr>>;

/// Sends one request until its answer has arrived; every second answer that could be read is lost.
/// The id of what was created.
fn insist(address: &Address, token: &str, key: &str, body: &str, tries: &mut u64) -> i64 {
    loop {
        *tries += 1;
        let at = *address.lock().unwrap();
        let answer = Client::connect(at, token).and_then(|mut client| {
            client.under_key(key);
            client.send("POST", "/v2/integrations/clients", body)?;
            match *tries % 2 {
                0 => client.receive().map(Some),
                _ => {
                    // Long enough for the server to have done it, mostly.
                    std::thread::sleep(Duration::from_micros(*tries * 97 % 4_000));
                    Ok(None)
                }
            }
        });
        match answer {
            Ok(Some((200, created))) => return created["id"].as_i64().unwrap(),
            // Lost, or the server is busy. A client that was made twice would be refused by name.
            Ok(None | Some((503, _))) => {}
            Ok(Some((409, refused))) if refused["code"] == "IDEMPOTENCY_KEY_IN_USE" => {}
            Ok(Some((status, answer))) => panic!("{status} {answer}"),
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

async fn one_effect_per_key(engine: Engine) {
    let database = Database::empty(engine).await;
    let (server, token) = start(&database.url());
    let address: Address = Arc::new(Mutex::new(server.address));
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|n| {
            let (address, token, stop) = (Arc::clone(&address), token.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                let (mut created, mut tries) = (Vec::new(), n);
                while !stop.load(Ordering::SeqCst) {
                    let name = format!("{n}-{}", created.len());
                    let body = json!({"metadata": {"source": "OKTA"}, "id": name, "name": name});
                    let id = insist(&address, &token, &name, &body.to_string(), &mut tries);
                    created.push((name, id));
                }
                created
            })
        })
        .collect();
    let mut server = server;
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(400));
        server.kill();
        server = Server::start(binary(), &["--database", &database.url()]);
        *address.lock().unwrap() = server.address;
    }
    std::thread::sleep(Duration::from_millis(400));
    stop.store(true, Ordering::SeqCst);
    let created: Vec<_> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    assert!(created.len() > 20, "{}", created.len());
    let mut client = Client::connect(server.address, &token).unwrap();
    let mut ids = std::collections::HashSet::new();
    for (name, id) in &created {
        // What the answer said is there, and was made once.
        let path = format!("/api/references?kind=client&source=OKTA&external_id={name}");
        let (_, found) = client.call("GET", &path, "").unwrap();
        assert_eq!(found["data"][0]["id"], json!(id), "{found}");
        assert!(ids.insert(id), "{name}");
    }
    let stored = testing::rows(&database.location, &[]).await;
    let clients = stored["clients"].as_array().unwrap().len();
    // And the one of the contract.
    assert_eq!(clients, created.len() + 1);
    // What is there was told, once.
    let told = stored["events"].as_array().unwrap().iter();
    let told = told.filter(|event| event.as_str().unwrap().contains("client.created")).count();
    assert_eq!(told, clients);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_effect_per_key_on_sqlite() {
    one_effect_per_key(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_effect_per_key_on_postgres() {
    one_effect_per_key(Engine::Postgres).await;
}
