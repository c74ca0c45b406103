//! A full disk: writes are told to come back, reads go on, and all is well when there is room.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use testing::{Client, Database, Engine, Server, SmallDisk, damage, with_small_disk};

use crate::binary;
use crate::durability::{USERS, batch, prepare, start, stored};
use crate::operations::{clean, ids};

/// Attaches until there is no room; the ids that were answered. A write of another status than 200
/// and 503 fails.
fn until_full(address: SocketAddr, token: &str, client: i64) -> Vec<i64> {
    let mut connection = Client::connect(address, token).unwrap();
    let mut answered = Vec::new();
    for nth in 0..20_000 {
        match connection.call("POST", "/v1/contracts/1/users", &batch(client, nth)).unwrap() {
            (200, answer) => answered.extend(ids(&answer)),
            (503, answer) => {
                assert_eq!(answer["code"], "UNAVAILABLE", "{answer}");
                return answered;
            }
            (status, answer) => panic!("{status} {answer}"),
        }
    }
    panic!("the disk is never full");
}

/// Whether a write is answered so: its head.
fn head(address: SocketAddr, token: &str, body: &str) -> String {
    let output = Command::new("curl")
        .args(["-s", "-i", "-X", "POST", "-H", "Content-Type: application/json", "-d", body])
        .args(["-H", &format!("Authorization: {token}")])
        .arg(format!("http://{address}/v1/contracts/1/users"))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().to_ascii_lowercase()
}

/// Fills the disk under a server, frees it, and looks for all that was answered. `steady`: the
/// database goes on meanwhile.
fn full(
    server: Server,
    token: &str,
    steady: bool,
    fill: impl Fn(&Server),
    free: impl Fn(&Server),
) -> (Server, Vec<i64>) {
    let address = server.address;
    let mut answered = Vec::new();
    for round in 0..(if steady { 2 } else { 1 }) {
        fill(&server);
        answered.extend(until_full(address, token, 2 * round));
        // What is smaller may still fit.
        let mut smaller = (0..1_000).map(|nth| head(address, token, &batch(2 * round + 1, nth)));
        if steady {
            let told = smaller.find(|told| told.starts_with("http/1.1 503")).expect("a 503");
            assert!(told.contains("\r\nretry-after: "), "{told}");
            assert_there(address, token, &answered);
        }
        free(&server);
        // On PostgreSQL somebody may have to start it again.
        let until = Instant::now() + Duration::from_secs(60);
        let mut client = Client::connect(address, token).unwrap();
        loop {
            let body = batch(2 * round + 1, 0);
            match client.call("POST", "/v1/contracts/1/users", &body).unwrap() {
                (200, answer) => break answered.extend(ids(&answer)),
                (status, answer) => {
                    assert!(status == 503 && Instant::now() < until, "{status} {answer}");
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_there(address, token, &answered);
    }
    (server, answered)
}

/// All that was answered is there, and no batch by half.
fn assert_there(address: SocketAddr, token: &str, answered: &[i64]) {
    let batches = stored(address, token);
    assert!(batches.values().all(|ids| ids.len() as i64 == USERS), "half a batch");
    let there: std::collections::HashSet<i64> = batches.into_values().flatten().collect();
    let lost: Vec<&i64> = answered.iter().filter(|id| !there.contains(id)).collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");
}

/// Files of the process may not grow: as good as a full disk, where nobody may mount one.
fn limited(database: &Database) -> (Server, String) {
    let mut command = Command::new("sh");
    // Else the signal would end it.
    command.args(["-c", r#"trap '' XFSZ; exec "$@""#, "sh"]).arg(binary());
    let url = database.url();
    let server =
        Server::spawn(command.args(["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    let token = prepare(&server, &url);
    (server, token)
}

fn limit(server: &Server, bytes: &str) {
    let status = Command::new("prlimit")
        .args(["--pid", &server.id().to_string(), &format!("--fsize={bytes}:")])
        .status();
    assert!(status.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_grow_on_sqlite() {
    let database = Database::empty(Engine::Sqlite).await;
    let (server, token) = limited(&database);
    let wal = format!("{}-wal", database.file().unwrap().display());
    let fill = |server: &Server| {
        let size = std::fs::metadata(&wal).unwrap().len();
        limit(server, &size.to_string());
    };
    let (server, answered) = full(server, &token, true, fill, |server| limit(server, "unlimited"));
    server.kill();
    let server = Server::start(binary(), &["--database", &database.url()]);
    assert_there(server.address, &token, &answered);
    clean(&database.url());
}

/// A real one. Where nobody may mount a disk the test above is what there is.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_on_sqlite() {
    let Some(disk) = SmallDisk::new(16) else {
        return eprintln!("unshare and mount are refused here: only files that cannot grow");
    };
    let database = Database::empty(Engine::Sqlite).await;
    let (server, token) = start(&database.url());
    assert_eq!(server.terminate().code(), Some(0));
    let (mut command, file) = (disk.command(), database.file().unwrap());
    let url = format!("sqlite:{}/crewline.db", disk.mount().display());
    command.args(["sh", "-c", r#"cp "$0" "$MOUNT/crewline.db" && exec "$@""#]).arg(&file);
    command.arg(binary()).args(["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    let server = Server::spawn(&mut command);
    let (fill, free) = (|s: &Server| disk.fill(s.id()), |s: &Server| disk.free(s.id()));
    let (server, answered) = full(server, &token, true, fill, free);

    // The disk goes with the server: what it leaves is taken while it stands still.
    let id = server.id().to_string();
    assert!(Command::new("kill").args(["-STOP", &id]).status().unwrap().success());
    for rest in ["", "-wal"] {
        let from = disk.file(server.id(), &format!("crewline.db{rest}"));
        std::fs::copy(from, format!("{}{rest}", file.display())).unwrap();
    }
    server.kill();
    let server = Server::start(binary(), &["--database", &database.url()]);
    assert_there(server.address, &token, &answered);
    clean(&database.url());
}

/// The tables' disk is full: SQLSTATE 53100.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_on_postgres() {
    let Some(disk) = SmallDisk::new(48) else { return simulated().await };
    let cluster = with_small_disk(disk, false).await;
    let url = cluster.url("small");
    let (server, token) = start(&url);
    let (server, answered) = full(server, &token, true, |_| cluster.fill(), |_| cluster.free());
    server.kill();
    let server = Server::start(binary(), &["--database", &url]);
    assert_there(server.address, &token, &answered);
    clean(&url);
}

/// Where nobody may mount a disk: PostgreSQL says what it says of a full one.
async fn simulated() {
    let database = Database::empty(Engine::Postgres).await;
    let (server, token) = start(&database.url());
    let location = &database.location;
    damage(
        location,
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$",
    )
    .await;
    let runtime = tokio::runtime::Handle::current();
    let sql = |sql: &str| tokio::task::block_in_place(|| runtime.block_on(damage(location, sql)));
    let fill = |_: &Server| {
        sql(
            "CREATE TRIGGER full_disk BEFORE INSERT ON assignments FOR EACH STATEMENT EXECUTE FUNCTION full_disk()",
        );
    };
    full(server, &token, true, fill, |_| sql("DROP TRIGGER full_disk ON assignments"));
}

/// The disk of PostgreSQL's WAL is full: it stops, and may need somebody to start it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_wal_on_postgres() {
    let Some(disk) = SmallDisk::new(20) else {
        return eprintln!("unshare and mount are refused here: no disk of a WAL is filled");
    };
    let cluster = with_small_disk(disk, true).await;
    let url = cluster.url("postgres");
    let (server, token) = start(&url);
    let (server, answered) = full(server, &token, false, |_| cluster.fill(), |_| cluster.free());
    server.kill();
    let server = Server::start(binary(), &["--database", &url]);
    assert_there(server.address, &token, &answered);
    clean(&url);
}
