//! Many nodes on one PostgreSQL: none of them leads, any of them may die.

use std::time::{Duration, Instant};

use testing::{Backend, Balancer, Client, Database, Engine, Server};

use crate::binary;
use crate::durability::start;
use crate::rules;
use crate::storm::{Storm, much};

/// Four nodes that start at once on an empty database: all come up, on one history.
#[tokio::test(flavor = "multi_thread")]
async fn all_start_at_once() {
    let database = Database::empty(Engine::Postgres).await;
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let url = database.url();
            std::thread::spawn(move || Server::start(binary(), &["--database", &url]))
        })
        .collect();
    let nodes: Vec<Server> = starts.into_iter().map(|start| start.join().unwrap()).collect();
    for node in &nodes {
        let mut client = Client::connect(node.address, "").unwrap();
        assert_eq!(client.call("GET", "/readyz", "").unwrap().0, 200);
    }
    let stored = testing::rows(&database.location, &[]).await;
    let history = stored["refinery_schema_history"].as_array().unwrap();
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/migrations/postgres");
    assert_eq!(history.len(), std::fs::read_dir(migrations).unwrap().count());
}

/// Waits until a node answers again; for how long it did not.
pub fn recovered(node: &Server) -> Duration {
    let began = Instant::now();
    loop {
        let ready = Client::connect(node.address, "")
            .and_then(|mut client| client.call("GET", "/readyz", ""));
        if matches!(ready, Ok((200, _))) {
            return began.elapsed();
        }
        assert!(began.elapsed() < Duration::from_secs(20), "a node does not recover");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A storm over three nodes, in which one is killed and comes back, and PostgreSQL crashes.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm() {
    let mut cluster = testing::alone().await;
    let url = cluster.url("postgres");
    let (first, token) = start(&url);
    let another = || Server::start(binary(), &["--database", &url]);
    let (killed, third) = (another(), another());
    let backend = |node: &Server| Backend::Tcp(node.address);
    let balancer = Balancer::new(vec![backend(&first), backend(&killed), backend(&third)]).await;
    let storm = Storm::begin(balancer.address, &token);

    std::thread::sleep(Duration::from_millis(1_500));
    killed.kill();
    std::thread::sleep(Duration::from_millis(1_000));
    cluster.stop().await;
    cluster.start().await;
    recovered(&first);
    recovered(&third);
    let second = another();
    balancer.turn_to(vec![backend(&first), backend(&second), backend(&third)]);
    std::thread::sleep(Duration::from_millis(1_500));

    let (told, seen) = storm.end();
    much(&told);
    let nodes = [first.address, second.address, third.address];
    rules::hold(&cluster, &nodes, &token, (&told, &seen)).await;
    for node in [first, second, third] {
        let log = node.log();
        assert!(!log.contains("status=500"), "{log}");
    }
}
