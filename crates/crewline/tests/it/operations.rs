//! Backup, restore and check, beside a server that is written to.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testing::{Client, Database, Engine, Server, damage, postgres_binaries};

use crate::durability::{USERS, batch, start, stored};
use crate::{binary, crewline, json, stdout};

/// What operators are told to do.
const DOCUMENTED: &str = include_str!("../../../../docs/operations.md");

/// Clients that attach until they are told to stop, or the server is gone.
struct Storm {
    stop: Arc<AtomicBool>,
    /// Ids that were answered.
    answered: Arc<Mutex<Vec<i64>>>,
    /// The longest that a client has waited.
    slowest: Arc<Mutex<Duration>>,
    clients: Vec<std::thread::JoinHandle<()>>,
}

impl Storm {
    fn start(address: SocketAddr, token: &str) -> Self {
        let mut storm = Self {
            stop: Arc::default(),
            answered: Arc::default(),
            slowest: Arc::default(),
            clients: Vec::new(),
        };
        for client in 0..4 {
            let (token, stop) = (token.to_owned(), Arc::clone(&storm.stop));
            let (answered, slowest) = (Arc::clone(&storm.answered), Arc::clone(&storm.slowest));
            storm.clients.push(std::thread::spawn(move || {
                let mut connection = Client::connect(address, &token).unwrap();
                for nth in 0.. {
                    let body = batch(client, nth);
                    let asked = Instant::now();
                    match connection.call("POST", "/v1/contracts/1/users", &body) {
                        Ok((200, answer)) => answered.lock().unwrap().extend(ids(&answer)),
                        Ok((status, answer)) => panic!("{status} {answer}"),
                        Err(_) => return,
                    }
                    let mut slowest = slowest.lock().unwrap();
                    *slowest = (*slowest).max(asked.elapsed());
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                }
            }));
        }
        storm
    }

    /// Waits for so many more answers.
    fn gather(&self, more: usize) -> Vec<i64> {
        let (before, until) = (self.answered.lock().unwrap().len(), Instant::now());
        loop {
            let answered = self.answered.lock().unwrap().clone();
            if answered.len() >= before + more {
                return answered;
            }
            assert!(until.elapsed() < Duration::from_secs(60), "{} answers", answered.len());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.clients.into_iter().for_each(|client| client.join().unwrap());
    }
}

/// The ids of an answer's ranges.
pub fn ids(answer: &Value) -> Vec<i64> {
    let assigned = answer["assigned"].as_array().unwrap();
    assigned.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// A category under a client's key.
fn keyed(address: SocketAddr, token: &str, id: &str) -> (u16, Value) {
    let mut client = Client::connect(address, token).unwrap();
    client.under_key(id);
    let body = json!({"metadata": {"source": "OKTA"}, "id": id, "name": id}).to_string();
    client.call("POST", "/v2/integrations/categories", &body).unwrap()
}

/// The numbers and types of the feed after a number.
fn feed(address: SocketAddr, token: &str, after: i64) -> Vec<(i64, String)> {
    let mut client = Client::connect(address, token).unwrap();
    let mut all: Vec<(i64, String)> = Vec::new();
    loop {
        let after = all.last().map_or(after, |(number, _)| *number);
        let path = format!("/api/events?after={after}&limit=1000");
        let (status, page) = client.call("GET", &path, "").unwrap();
        assert_eq!(status, 200, "{page}");
        let events = page["data"].as_array().unwrap();
        if events.is_empty() {
            return all;
        }
        for event in events {
            let number = event["id"].as_str().unwrap().parse().unwrap();
            all.push((number, event["type"].as_str().unwrap().to_owned()));
        }
    }
}

/// A line of a documented recipe, as a shell runs it.
fn documented(line: &str, variables: &[(&str, &str)]) {
    assert!(DOCUMENTED.lines().any(|told| told.trim() == line), "nobody is told: {line}");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-e", "-c", line])
        .env("PATH", format!("{}:{path}", postgres_binaries().display()))
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Backs up in the middle of a storm, kills the server, restores elsewhere, and goes on there.
async fn restored(engine: Engine) {
    let database = Database::empty(engine).await;
    let url = database.url();
    let (server, token) = start(&url);
    if engine == Engine::Sqlite {
        // So much that a backup takes a while.
        let filler = "CREATE TABLE filler (x BLOB); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
            SELECT i + 1 FROM n WHERE i < 40) INSERT INTO filler SELECT randomblob(1000000) FROM n";
        damage(&database.location, filler).await;
    }
    let (status, kept) = keyed(server.address, &token, "before");
    assert_eq!(status, 200, "{kept}");
    let storm = Storm::start(server.address, &token);
    let before = storm.gather(200);
    *storm.slowest.lock().unwrap() = Duration::ZERO;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let file = file.to_str().unwrap();
    let new = Database::empty(engine).await;
    match engine {
        Engine::Sqlite => {
            let said = json(&crewline(&["backup", file, "--database", &url, "--output", "json"]));
            assert!(said["bytes"].as_u64().unwrap() > 40_000_000, "{said}");
        }
        Engine::Postgres => documented(
            r#"pg_dump --format=custom --file="$FILE" --dbname="$CREWLINE_DATABASE""#,
            &[("FILE", file), ("CREWLINE_DATABASE", &url)],
        ),
    }
    // Nobody was held up for long, and nobody waits now.
    let slowest = *storm.slowest.lock().unwrap();
    assert!(slowest < Duration::from_secs(3), "a write took {slowest:?}");
    storm.gather(50);
    server.kill();
    storm.end();

    let new_url = new.url();
    match new.file() {
        Some(path) => {
            // What was there before must not be read into what is put there.
            for rest in ["", "-wal", "-shm"] {
                std::fs::write(format!("{}{rest}", path.display()), "old").unwrap();
            }
            let database = path.to_str().unwrap();
            let variables = [("FILE", file), ("DATABASE", database)];
            documented(r#"rm -f "$DATABASE" "$DATABASE-wal" "$DATABASE-shm""#, &variables);
            documented(r#"install -m 600 "$FILE" "$DATABASE""#, &variables);
        }
        None => documented(
            r#"pg_restore --exit-on-error --single-transaction --no-owner --dbname="$CREWLINE_DATABASE" "$FILE""#,
            &[("FILE", file), ("CREWLINE_DATABASE", &new_url)],
        ),
    }
    clean(&new_url);
    let server = Server::start(binary(), &["--database", &new_url]);
    let batches = stored(server.address, &token);
    assert!(batches.values().all(|ids| ids.len() as i64 == USERS), "half a batch");
    let there: std::collections::HashSet<i64> = batches.into_values().flatten().collect();
    let lost: Vec<&i64> = before.iter().filter(|id| !there.contains(id)).collect();
    assert!(lost.is_empty(), "answered before the backup, and lost: {lost:?}");

    // Keys and the feed go on.
    assert_eq!(keyed(server.address, &token, "before"), (200, kept));
    std::thread::sleep(Duration::from_millis(1_500));
    let events = feed(server.address, &token, 0);
    let (last, _) = events.last().unwrap();
    assert_eq!(keyed(server.address, &token, "after").0, 200);
    std::thread::sleep(Duration::from_millis(500));
    let new = feed(server.address, &token, *last);
    assert_eq!(new.len(), 1, "{new:?}");
    assert_eq!(new[0].1, "category.created");
    let mut client = Client::connect(server.address, &token).unwrap();
    let (status, answer) = client.call("POST", "/v1/contracts/1/users", &batch(9, 1)).unwrap();
    assert_eq!(status, 200, "{answer}");
    assert!(ids(&answer).iter().all(|id| !there.contains(id)));
    // Beside the server, too.
    clean(&new_url);
}

#[tokio::test(flavor = "multi_thread")]
async fn restored_on_sqlite() {
    restored(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restored_on_postgres() {
    restored(Engine::Postgres).await;
}

/// `check` finds nothing.
pub fn clean(url: &str) {
    let report = json(&crewline(&["check", "--database", url, "--output", "json"]));
    assert_eq!(report["findings"], json!([]));
    assert!(report["rules"].as_array().unwrap().len() > 100);
    let text = stdout(&crewline(&["check", "--database", url]));
    assert!(text.starts_with("Checked ") && text.ends_with(": nothing is wrong\n"), "{text}");
}

/// Findings are results, a line each, with exit code 1.
async fn found(engine: Engine) {
    let database = Database::empty(engine).await;
    let url = database.url();
    let server = Server::start(binary(), &["--demo", "--database", &url]);
    clean(&url);
    damage(&database.location, "UPDATE users SET role_id = 9 WHERE id = 123").await;
    let output = crewline(&["check", "--database", &url]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "users of company 1: 1 have a role that does not exist (id=123)");
    assert!(lines.len() == 2 && lines[1].ends_with(": see above"), "{text}");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "crewline: 1 finding; docs/operations.md says what to do\n"
    );
    let output = crewline(&["check", "--database", &url, "--output", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        report["findings"],
        json!([{
            "table": "users", "company": 1, "says": "have a role that does not exist", "count": 1,
            "keys": ["id=123"]
        }])
    );
    assert_eq!(report["complete"], true);
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn found_on_sqlite() {
    found(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn found_on_postgres() {
    found(Engine::Postgres).await;
}

/// What a folder holds.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A backup is whole, for its owner's eyes, and overwrites nothing; one that fails leaves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_or_nothing() {
    let database = Database::empty(Engine::Sqlite).await;
    let url = database.url();
    stdout(&crewline(&["migrate", "--database", &url]));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let text = stdout(&crewline(&["backup", &at("b.db"), "--database", &url]));
    assert!(text.starts_with("Backed up ") && text.ends_with(" seconds\n"), "{text}");
    assert_eq!(names(folder.path()), ["b.db"]);
    // One that was killed left this; another one runs.
    let (left, live) = (at(".crewline-backup-left"), at(".crewline-backup-live"));
    for name in [&left, &live] {
        std::fs::create_dir(name).unwrap();
        std::fs::write(format!("{name}/copy.db"), "half").unwrap();
    }
    let in_use = std::fs::File::open(&live).unwrap();
    in_use.lock().unwrap();
    stdout(&crewline(&["backup", &at("a.db"), "--database", &url]));
    assert_eq!(names(folder.path()), [".crewline-backup-live", "a.db", "b.db"]);
    drop(in_use);
    stdout(&crewline(&["backup", &at("a2.db"), "--database", &url]));
    assert_eq!(names(folder.path()), ["a.db", "a2.db", "b.db"]);
    for name in ["a.db", "a2.db"] {
        std::fs::remove_file(at(name)).unwrap();
    }
    let mode = std::fs::metadata(at("b.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let refused = |file: &str, url: &str| {
        let output = crewline(&["backup", file, "--database", url]);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused(&at("b.db"), &url);
    assert!(said.contains("is there already: name a file that is not"), "{said}");
    let said = refused(&at("c.db"), "sqlite:/nowhere/x.db");
    assert!(said.contains("/nowhere/x.db"), "{said}");
    let said = refused(&at("none/c.db"), &url);
    assert!(said.contains("none/c.db"), "{said}");
    std::fs::write(at("other.db"), "").unwrap();
    let said = refused(&at("c.db"), &format!("sqlite:{}", at("other.db")));
    assert!(said.contains("it is no database of Crewline"), "{said}");
    // The damage of the source would be the damage of its copy.
    let mut bytes = std::fs::read(at("b.db")).unwrap();
    let last = bytes.len() - 4_096;
    bytes[last..].fill(7);
    std::fs::write(at("damaged.db"), bytes).unwrap();
    let said = refused(&at("c.db"), &format!("sqlite:{}", at("damaged.db")));
    assert!(said.contains("run crewline check"), "{said}");
    assert_eq!(names(folder.path()), ["b.db", "damaged.db", "other.db"]);

    let said = refused("it's.dump", "postgres://u:hunter2@h/d");
    assert!(said.contains(r"--file='it'\''s.dump'") && said.contains("pg_dump"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
