//! What must hold after a storm, whatever went down in it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use testing::Cluster;

use crate::operations::clean;
use crate::storm::{Told, feed};

/// No row may come of any of these, of which `check` knows nothing.
const BROKEN: [(&str, &str); 2] = [
    (
        "half a batch",
        "SELECT start_date FROM assignments WHERE contract_id = 1
        GROUP BY start_date, end_date HAVING count(*) <> 3",
    ),
    (
        "an id that is drawn again",
        "SELECT c.id FROM clients c, id_sequences s
        WHERE s.name = 'client' AND c.id >= s.next",
    ),
];

/// Everything that was answered is there, once, and no rule is broken; every node tells the same.
pub async fn hold(
    cluster: &Cluster,
    nodes: &[SocketAddr],
    token: &str,
    (told, seen): (&[Told], &[Value]),
) {
    for (what, sql) in BROKEN {
        let rows = cluster.query(sql).await;
        assert!(rows.is_empty(), "{what}: {rows:?}");
    }
    acknowledged(cluster, told).await;
    numbered(cluster).await;
    clean(&cluster.url("postgres"));
    let all = feed(nodes[0], token);
    for node in &nodes[1..] {
        assert_eq!(all, feed(*node, token), "another node tells another feed");
    }
    for (nth, event) in all.iter().enumerate() {
        assert_eq!(event["id"], (nth + 1).to_string(), "{event}");
    }
    assert_eq!(seen, &all[..seen.len()], "who followed saw something else");
    told_once(&all, told);
    let stored = ids(cluster, "SELECT id FROM assignments").await;
    assert_eq!(play(&all), stored, "the events tell of other assignments than there are");
}

async fn ids(cluster: &Cluster, sql: &str) -> BTreeSet<i64> {
    let rows = cluster.query(sql).await;
    rows.iter().map(|row| row[0].parse().unwrap()).collect()
}

/// What clients were answered is what is stored: no more, no less.
async fn acknowledged(cluster: &Cluster, told: &[Told]) {
    let batches: BTreeSet<i64> = told.iter().flat_map(|told| told.batches.concat()).collect();
    let stored = ids(cluster, "SELECT id FROM assignments WHERE contract_id = 1").await;
    assert_eq!(batches, stored, "batches");
    let mut created: BTreeMap<String, i64> =
        told.iter().flat_map(|told| told.created.clone()).collect();
    let sql = "SELECT r.external_id, c.id FROM clients c JOIN external_refs r
        ON r.company_id = c.company_id AND r.kind = 'client' AND r.entity_id = c.id";
    let rows = cluster.query(sql).await;
    // And the one of the contract.
    let first = rows.iter().find(|row| row[0] == "c").unwrap();
    created.insert("c".to_owned(), first[1].parse().unwrap());
    assert_eq!(rows.len(), created.len(), "clients");
    for row in rows {
        assert_eq!(created[&row[0]].to_string(), row[1], "{}", row[0]);
    }
    for (own, told) in told.iter().enumerate() {
        let sql = format!(
            "SELECT u.first_name, w.percentage FROM users u JOIN workspace_users w
            ON w.company_id = u.company_id AND w.user_id = u.id
            WHERE u.email = 'own{own}@example.com'"
        );
        let percentage = told.percentage * 10_000;
        assert_eq!(
            cluster.query(&sql).await,
            [[format!("n{}", told.renames), percentage.to_string()]]
        );
    }
}

/// Waits until all events have their numbers.
async fn numbered(cluster: &Cluster) {
    let until = Instant::now() + Duration::from_secs(20);
    let waiting = "SELECT number FROM events WHERE number >= 4611686018427387904";
    while !cluster.query(waiting).await.is_empty() {
        assert!(Instant::now() < until, "events wait for their numbers");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// One effect for every request: each rename and each creation is one event.
fn told_once(events: &[Value], told: &[Told]) {
    let count = |what: &str| events.iter().filter(|event| event["type"] == what).count();
    assert_eq!(count("user.updated"), told.iter().map(|told| told.renames).sum::<usize>());
    let created: usize = told.iter().map(|told| told.created.len()).sum();
    assert_eq!(count("client.created"), created + 1);
}

/// Plays the events of assignments: nothing comes twice, nothing goes that is not there. The ids
/// of what is left.
fn play(events: &[Value]) -> BTreeSet<i64> {
    let mut there = BTreeMap::new();
    let changes = events
        .iter()
        .filter(|event| event["type"].as_str().unwrap().starts_with("contract.users."))
        .flat_map(|event| event["data"]["changes"].as_array().unwrap());
    for change in changes {
        let id = |side: &str| change[side]["id"].as_i64();
        if let Some(id) = id("before") {
            assert_eq!(there.remove(&id), Some(change["before"].clone()), "{change}");
        }
        if let Some(id) = id("after") {
            assert_eq!(there.insert(id, change["after"].clone()), None, "{change}");
        }
    }
    there.into_keys().collect()
}
