//! Throw-away PostgreSQL clusters: one per test process, and those of their own for who asks: with
//! TLS, or to be stopped, started and copied.
//!
//! It uses the system's PostgreSQL; without one, tests fail. As root it runs as the `postgres`
//! user. A small shell watches over it: when the test process ends, however it ends, the shell's
//! standard input closes, and it stops the server and removes the folder.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use server::store::{Location, Options, Store};
use tokio::sync::OnceCell;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::disk::SmallDisk;

/// A running cluster.
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    /// Its standard input is what keeps the cluster alive, and what it is told on.
    shell: Child,
    disk: Option<SmallDisk>,
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

/// Initialises or copies, starts, does as it is told until the end of its input, and cleans up.
/// The key is written by the user that PostgreSQL runs as, because nobody else may own it.
const SHELL: &str = r#"
trap '' INT TERM
umask 077
printf %s "$CERTIFICATE" >"$DIR/server.crt"
printf %s "$KEY" >"$DIR/server.key"
[ -z "$MOUNT" ] || mkdir "$MOUNT/tables"
if [ -n "$PRIMARY" ]; then
    "$BIN/pg_basebackup" -d "$PRIMARY" -D "$DIR/data" -R -c fast --no-sync >"$DIR/log" 2>&1
else
    "$BIN/initdb" -D "$DIR/data" -U postgres -A trust --no-sync -E UTF8 --locale=C $WAL >"$DIR/log" 2>&1
fi
start() {
    "$BIN/postgres" -D "$DIR/data" -k "$DIR" -c listen_addresses= -c fsync=off \
        -c max_connections=400 -c shared_buffers=64MB -c max_wal_size=2GB "$@" >>"$DIR/log" 2>&1 &
    server=$!
}
stop() {
    kill -QUIT $server
    wait $server
}
start "$@"
while read -r order; do
    case $order in
        stop) stop ;;
        start) start "$@" ;;
        start-read-only) : >"$DIR/data/standby.signal"; start "$@" ;;
    esac
done
stop
rm -rf "$DIR"
"#;

async fn start() -> Cluster {
    let cluster = alone().await;
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
    let environment = [("CERTIFICATE", certificate), ("KEY", key)];
    launch(port, &environment, &arguments, None).await
}

/// A cluster of its own, to be stopped and started.
pub async fn alone() -> Cluster {
    launch(5432, &[], &[], None).await
}

/// A cluster of its own that has a small disk besides; for tables, or for its WAL.
pub async fn with_small_disk(disk: SmallDisk, for_wal: bool) -> Cluster {
    let wal = format!("--wal-segsize=1 --waldir={}", disk.mount().join("wal").display());
    let environment: &[(&str, &str)] = if for_wal { &[("WAL", &wal)] } else { &[] };
    let cluster = launch(5432, environment, &[], Some(disk)).await;
    if !for_wal {
        let mount = cluster.disk.as_ref().expect("the disk").mount().display().to_string();
        cluster.sql(&format!("CREATE TABLESPACE small LOCATION '{mount}/tables'")).await;
        cluster.sql("CREATE DATABASE small TABLESPACE small").await;
    }
    cluster
}

async fn launch(
    port: u16,
    environment: &[(&str, &str)],
    arguments: &[&str],
    disk: Option<SmallDisk>,
) -> Cluster {
    let bin = postgres_binaries();
    let folder = tempfile::Builder::new()
        .prefix("crewline-pg-")
        .tempdir()
        .expect("a temporary folder")
        .keep();
    // PostgreSQL refuses to run as root, also as one who is root only among its own mounts.
    let unprivileged: &[&str] = match (number("-u", None) == 0, &disk) {
        (true, _) => {
            let (user, group) = (number("-u", Some("postgres")), number("-g", Some("postgres")));
            chown(&folder, Some(user), Some(group)).expect("the folder's owner");
            &["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        }
        (false, Some(_)) => &["unshare", "--user", "--map-user=1000", "--map-group=1000"],
        (false, None) => &[],
    };
    let mut command = disk.as_ref().map_or_else(|| Command::new("env"), SmallDisk::command);
    let shell = command
        .args(unprivileged)
        .args(["sh", "-c", SHELL, "sh"])
        .args(arguments)
        .env("BIN", bin)
        .env("DIR", &folder)
        .envs(["CERTIFICATE", "KEY", "PRIMARY", "WAL"].map(|unset| (unset, "")))
        .envs(environment.iter().copied())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    let cluster = Cluster { folder, port, shell, disk };
    cluster.wait().await;
    cluster
}

/// The number of a user or of its group; ours without a name.
fn number(what: &str, name: Option<&str>) -> u32 {
    let id = Command::new("id").arg(what).args(name).output().expect("id");
    let text = String::from_utf8_lossy(&id.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("there is no user {name:?}"))
}

const PROGRAMS: [&str; 3] = ["initdb", "pg_basebackup", "postgres"];

/// Where the programs are: on the path, or where Debian puts them.
pub fn postgres_binaries() -> PathBuf {
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
        .find(|folder| PROGRAMS.iter().all(|program| folder.join(program).exists()))
        .expect("PostgreSQL is missing: install it (on Debian: apt-get install postgresql)")
}

impl Cluster {
    /// Leaves no room on its small disk.
    pub fn fill(&self) {
        self.disk.as_ref().expect("a small disk").fill(self.shell.id());
    }

    /// Makes room on it again.
    pub fn free(&self) {
        self.disk.as_ref().expect("a small disk").free(self.shell.id());
    }

    /// A database through the socket.
    pub fn url(&self, database: &str) -> String {
        let host = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{host}:{}/{database}", self.port)
    }

    /// The first database on TCP, by whatever name it is to be known.
    pub fn tcp(&self, host: &str) -> String {
        format!("postgres://postgres@{host}:{}/postgres?hostaddr=127.0.0.1", self.port)
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{}", self.port))
    }

    /// A replica of this one, without which nothing is acknowledged from now on.
    pub async fn replica(&self) -> Cluster {
        let primary = format!(
            "host={} port={} user=postgres application_name=replica",
            self.folder.display(),
            self.port
        );
        let replica = launch(5432, &[("PRIMARY", &primary)], &[], None).await;
        self.sql("ALTER SYSTEM SET synchronous_standby_names = 'replica'").await;
        self.sql("SELECT pg_reload_conf()").await;
        let until = Instant::now() + Duration::from_secs(30);
        let sql = "SELECT application_name FROM pg_stat_replication WHERE sync_state = 'sync'";
        while self.query(sql).await.is_empty() {
            assert!(
                Instant::now() < until,
                "the replica does not follow: {}",
                log(&replica.folder)
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        replica
    }

    /// Makes a replica the primary.
    pub async fn promote(&self) {
        assert_eq!(self.query("SELECT pg_promote(true, 60)").await, [["t"]]);
    }

    /// Stops at once, as if it had crashed.
    pub async fn stop(&mut self) {
        self.tell("stop");
        while self.connect().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts again what was stopped.
    pub async fn start(&mut self) {
        self.tell("start");
        self.wait().await;
    }

    /// Starts again what was stopped, as one that takes no writes.
    pub async fn start_read_only(&mut self) {
        self.tell("start-read-only");
        self.wait().await;
    }

    fn tell(&mut self, order: &str) {
        let input = self.shell.stdin.as_mut().expect("an input");
        writeln!(input, "{order}").expect("a shell that listens");
    }

    /// What the first database answers, as text; NULL is empty.
    pub async fn query(&self, sql: &str) -> Vec<Vec<String>> {
        let client = self.connect().await.expect("PostgreSQL");
        let rows = client.simple_query(sql).await.expect(sql).into_iter();
        let rows = rows.filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        rows.map(|row| {
            (0..row.len()).map(|nth| row.get(nth).unwrap_or_default().to_owned()).collect()
        })
        .collect()
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
