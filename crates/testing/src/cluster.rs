//! Throw-away PostgreSQL clusters: one per test process, and one with TLS for who asks.
//!
//! It uses the system's PostgreSQL; without one, tests fail. As root it runs as the `postgres`
//! user. A small shell watches over it: when the test process ends, however it ends, the shell's
//! standard input closes, and it stops the server and removes the folder.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use server::store::{Location, Options, Store};
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;

/// A running cluster.
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    /// Its standard input is what keeps the cluster alive.
    _shell: Child,
}

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();

/// The URL of a fresh copy of a database.
pub async fn database(template: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let cluster = CLUSTER.get_or_init(start).await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
    cluster.sql(&sql).await;
    cluster.url(&name)
}

/// Only initialises, starts, waits for the end of its input, and cleans up. The key is written by
/// the user that PostgreSQL runs as, because nobody else may own it.
const SHELL: &str = r#"
trap '' INT TERM
umask 077
printf %s "$CERTIFICATE" >"$DIR/server.crt"
printf %s "$KEY" >"$DIR/server.key"
"$BIN/initdb" -D "$DIR/data" -U postgres -A trust --no-sync -E UTF8 --locale=C >"$DIR/log" 2>&1
"$BIN/postgres" -D "$DIR/data" -k "$DIR" -c listen_addresses= -c fsync=off \
    -c max_connections=400 -c shared_buffers=64MB -c max_wal_size=2GB "$@" >>"$DIR/log" 2>&1 &
server=$!
read -r _
kill -QUIT $server
wait $server
rm -rf "$DIR"
"#;

async fn start() -> Cluster {
    let cluster = launch(5432, "", "", &[]).await;
    cluster.sql("CREATE DATABASE migrated").await;
    let template = Location::Postgres(cluster.url("migrated"));
    let store = Store::open(&template, &Options::default()).await.expect("migrations");
    drop(store);
    // A template must have no connections; these close a moment after their pool.
    let until = Instant::now() + Duration::from_secs(10);
    while !cluster.is_unused("migrated").await && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    cluster
}

/// A cluster of its own with TLS on TCP; its socket never has it.
pub async fn with_tls(certificate: &str, key: &str) -> Cluster {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let port = free.expect("a free port").port();
    let arguments = [
        &format!("--port={port}"),
        "--listen_addresses=127.0.0.1",
        "--ssl=on",
        "--ssl_cert_file=../server.crt",
        "--ssl_key_file=../server.key",
    ];
    launch(port, certificate, key, &arguments).await
}

async fn launch(port: u16, certificate: &str, key: &str, arguments: &[&str]) -> Cluster {
    let bin = binaries();
    let folder = tempfile::Builder::new()
        .prefix("crewline-pg-")
        .tempdir()
        .expect("a temporary folder")
        .keep();
    // PostgreSQL refuses to run as root.
    let mut command = match number("-u", None) == 0 {
        true => {
            let (user, group) = (number("-u", Some("postgres")), number("-g", Some("postgres")));
            chown(&folder, Some(user), Some(group)).expect("the folder's owner");
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
            command
        }
        false => Command::new("sh"),
    };
    let shell = command
        .args(["-c", SHELL, "sh"])
        .args(arguments)
        .env("BIN", bin)
        .env("DIR", &folder)
        .env("CERTIFICATE", certificate)
        .env("KEY", key)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    let cluster = Cluster { folder, port, _shell: shell };
    cluster.wait().await;
    cluster
}

/// The number of a user or of its group; ours without a name.
fn number(what: &str, name: Option<&str>) -> u32 {
    let id = Command::new("id").arg(what).args(name).output().expect("id");
    let text = String::from_utf8_lossy(&id.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("there is no user {name:?}"))
}

/// Where `initdb` and `postgres` are: on the path, or where Debian puts them.
fn binaries() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<PathBuf> =
            versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
        versions.sort();
        candidates.extend(versions.into_iter().rev());
    }
    candidates
        .into_iter()
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .expect("PostgreSQL is missing: install it (on Debian: apt-get install postgresql)")
}

impl Cluster {
    /// A database through the socket.
    pub fn url(&self, database: &str) -> String {
        let host = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{host}:{}/{database}", self.port)
    }

    /// The first database on TCP, by whatever name it is to be known.
    pub fn tcp(&self, host: &str) -> String {
        format!("postgres://postgres@{host}:{}/postgres?hostaddr=127.0.0.1", self.port)
    }

    async fn connect(&self) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url("postgres"), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    async fn sql(&self, sql: &str) {
        let client = self.connect().await.expect("PostgreSQL");
        client.batch_execute(sql).await.expect(sql);
    }

    async fn is_unused(&self, database: &str) -> bool {
        let client = self.connect().await.expect("PostgreSQL");
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1";
        let row = client.query_one(sql, &[&database]).await.expect(sql);
        row.get::<_, i64>(0) == 0
    }

    async fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.connect().await {
            if Instant::now() > until {
                panic!("PostgreSQL did not start: {error}\n{}", log(&self.folder));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}
