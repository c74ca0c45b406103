//! The feed under load: everything that was committed is seen once, in an order that respects
//! each entity's history, by whoever follows it on any node.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use server::events::feed::FOLLOWERS;
use testing::{Api, both_engines};
use tokio::task::JoinSet;

/// Writers, and what each does how often.
const WRITERS: usize = 16;
const ROUNDS: usize = 12;

/// Follows the feed from its beginning until it is told to stop and nothing more comes.
async fn follow(api: Api, stop: Arc<AtomicBool>) -> Vec<Value> {
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        let stopping = stop.load(Ordering::SeqCst);
        let page = api.get(&format!("/api/events?after={after}&limit=7&wait=1")).await.ok();
        let events = page["data"].as_array().unwrap().clone();
        if events.is_empty() && stopping {
            return seen;
        }
        after = page["last"].as_i64().unwrap();
        seen.extend(events);
    }
}

/// The same as a stream, which is cut off now and then.
async fn stream(api: Api, stop: Arc<AtomicBool>) -> Vec<Value> {
    let (mut seen, mut last) = (Vec::<Value>::new(), 0);
    loop {
        let stopping = stop.load(Ordering::SeqCst);
        let before = seen.len();
        let part = api.stream("/api/events", last, Duration::from_millis(1_500)).await;
        for (id, event) in part {
            last = id;
            seen.push(event);
        }
        if stopping && seen.len() == before {
            return seen;
        }
    }
}

/// Attaches and detaches a user of its own and one of everybody's, and renames what all share.
async fn write(api: Api, writer: usize) {
    let (own, shared) = (format!("u{writer}"), "shared");
    let metadata = json!({"source": "OKTA"});
    for round in 0..ROUNDS {
        let start =
            jiff::civil::date(2025, 1, 1).saturating_add(jiff::Span::new().days(round as i64));
        let dates = json!([{"start": start.to_string(), "end": "2027-01-01"}]);
        for user in [own.as_str(), shared] {
            let body = json!({"metadata": metadata, "users": [{"id": user, "dates": dates}]});
            api.post("/v2/integrations/contracts/k/users", body).await.ok();
        }
        let name = json!({"metadata": metadata, "name": format!("{writer}-{round}")});
        api.put("/v2/integrations/contracts/k", name).await.ok();
        let body = json!({"metadata": metadata, "users": [shared]});
        // Another one may have been faster.
        api.delete("/v2/integrations/contracts/k/users", body).await;
        let share = json!({"metadata": metadata, "workspaces": [{"workspaceId": "w", "percentage": 1 + (writer + round) % 100}]});
        api.put("/v2/integrations/users/shared/attach", share).await.ok();
    }
}

/// Plays the events of a contract's assignments: nothing is added twice or removed when it is not
/// there. What is left.
fn play(events: &[Value]) -> BTreeSet<String> {
    let mut there = BTreeSet::new();
    for event in events {
        if !event["type"].as_str().unwrap().starts_with("contract.users.") {
            continue;
        }
        for change in event["data"]["changes"].as_array().unwrap() {
            if !change["before"].is_null() {
                assert!(there.remove(&change["before"].to_string()), "{event}");
            }
            if !change["after"].is_null() {
                assert!(there.insert(change["after"].to_string()), "{event}");
            }
        }
    }
    there
}

/// What each field was before is what it was after the change before.
fn chained(events: &[Value], what: &str, field: &str) {
    let mut now: BTreeMap<String, Value> = BTreeMap::new();
    for event in events.iter().filter(|event| event["type"] == what) {
        let data = &event["data"];
        let changes = data["changes"].as_array().cloned().unwrap_or_else(|| vec![data.clone()]);
        for change in changes {
            let subject = format!("{} {}", event["subject"], change["after"]["workspace_id"]);
            if let Some(known) = now.insert(subject, change["after"][field].clone()) {
                assert_eq!(known, change["before"][field], "{event}");
            }
        }
    }
}

both_engines! {
    async fn sixteen_writers_and_followers(t: TestApp) {
        t.api.contract("OKTA", "k", None, None).await;
        t.api.workspace("OKTA", "w").await;
        t.api.user("OKTA", "shared").await;
        for writer in 0..WRITERS {
            t.api.user("OKTA", &format!("u{writer}")).await;
        }
        // On PostgreSQL half of them are on another node.
        let node = t.another_node().await;
        let apis = [t.api.clone(), node.api.clone()];
        let stop = Arc::new(AtomicBool::new(false));
        let mut followers = JoinSet::new();
        for api in &apis {
            followers.spawn(follow(api.clone(), Arc::clone(&stop)));
            followers.spawn(stream(api.clone(), Arc::clone(&stop)));
        }
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(write(apis[writer % 2].clone(), writer));
        }
        writers.join_all().await;
        stop.store(true, Ordering::SeqCst);
        let seen = followers.join_all().await;
        for other in &seen[1..] {
            assert_eq!(seen[0].len(), other.len());
            assert_eq!(&seen[0], other);
        }
        let numbers: Vec<i64> =
            seen[0].iter().map(|event| event["id"].as_str().unwrap().parse().unwrap()).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next));
        // Each rename is one event; so is each range that a writer alone could add.
        let renames = seen[0].iter().filter(|event| event["type"] == "contract.updated").count();
        assert_eq!(renames, WRITERS * ROUNDS);
        chained(&seen[0], "contract.updated", "name");
        chained(&seen[0], "user.workspaces.attached", "percentage");
        // What the events leave is what there is.
        let left = play(&seen[0]);
        let mut stored = BTreeSet::new();
        for page in 1.. {
            let rows = t.api.get(&format!("/v1/contracts/1/users?perPage=200&page={page}")).await.ok();
            let rows = rows["data"].as_array().unwrap().clone();
            if rows.is_empty() {
                break;
            }
            let day = |row: &Value, name: &str| row[name].as_str().unwrap()[..10].to_owned();
            stored.extend(rows.iter().map(|row| json!({
                "id": row["id"], "user_id": row["user_id"],
                "start_date": day(row, "start_date"), "end_date": day(row, "end_date")
            }).to_string()));
        }
        assert_eq!(left, stored);
        assert!(stored.len() >= WRITERS * ROUNDS);
    }

    /// A stream: the events that there are, then those that come; from the number that is known.
    async fn a_stream(t: TestApp) {
        for nth in 0..3 {
            t.api.create("clients", "OKTA", &format!("c{nth}"), json!({"name": "C"})).await.ok();
        }
        let (api, creates) = (t.api.clone(), t.api.clone());
        let streamed = tokio::spawn(async move { api.stream("/api/events", 0, Duration::from_secs(3)).await });
        tokio::time::sleep(Duration::from_millis(500)).await;
        creates.create("clients", "OKTA", "c3", json!({"name": "C"})).await.ok();
        let streamed = streamed.await.unwrap();
        assert_eq!(streamed.len(), 4);
        let (second, _) = streamed[1];
        let rest = t.api.stream("/api/events?types=client.created", second, Duration::from_secs(1)).await;
        assert_eq!(rest, streamed[2..]);
        let listed = t.api.get("/api/events").await.ok();
        let events: Vec<Value> = streamed.into_iter().map(|(_, event)| event).collect();
        assert_eq!(listed["data"], json!(events));
        let wrong = [("accept", "text/event-stream"), ("last-event-id", "x")];
        let wrong = t.api.send(axum::http::Method::GET, "/api/events", &wrong, Vec::new()).await;
        assert_eq!(wrong.status, 400);
    }

    /// A key may have so many streams and long polls at once, and others have theirs.
    async fn places(t: TestApp) {
        let api = t.key(&[], false).await;
        let key: Arc<str> = api.get("/v1/me").await.ok()["id"].as_str().unwrap().into();
        let mut places: Vec<_> = (1..FOLLOWERS).map(|_| t.app.feed.place(&key).unwrap()).collect();
        // The last one, again and again.
        for _ in 0..3 {
            api.get("/api/events?wait=1").await.ok();
            api.stream("/api/events", 0, Duration::from_millis(100)).await;
        }
        places.push(t.app.feed.place(&key).unwrap());
        let stream = [("accept", "text/event-stream")];
        for (path, headers) in [("/api/events?wait=1", &[][..]), ("/api/events", &stream)] {
            let refused = api.send(axum::http::Method::GET, path, headers, Vec::new()).await;
            assert_eq!((refused.status.as_u16(), &refused.headers["retry-after"]), (429, &"5".parse().unwrap()));
            assert!(refused.text.contains("The key has 64 streams and long polls open"), "{refused}");
        }
        api.get("/api/events").await.ok();
        t.api.get("/api/events?wait=1").await.ok();
        drop(places);
        api.get("/api/events?wait=1").await.ok();
    }

    /// A stream ends with its key, and when the server stops.
    async fn a_stream_ends(t: TestApp) {
        let api = t.key(&[], false).await;
        let key = api.get("/v1/me").await.ok()["id"].as_str().unwrap().to_owned();
        let streaming = tokio::spawn(async move { api.stream("/api/events", 0, Duration::from_secs(60)).await });
        server::keys::revoke(&t.app, key).await.unwrap();
        tokio::time::timeout(Duration::from_secs(15), streaming).await.expect("an end").unwrap();
        let api = t.api.clone();
        let streaming = tokio::spawn(async move { api.stream("/api/events", 0, Duration::from_secs(60)).await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        t.app.feed.close();
        tokio::time::timeout(Duration::from_secs(5), streaming).await.expect("an end").unwrap();
    }
}
