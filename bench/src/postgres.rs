//! A throw-away PostgreSQL cluster with the durability of a real one.
//!
//! It is of the system's PostgreSQL, listens on a Unix socket only, and as root runs as the
//! `postgres` user. A small shell watches over it: when this process ends, however it ends, the
//! shell's standard input closes, and it stops the server and removes the folder.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result, failed};

/// How long the cluster may take to start.
const START: Duration = Duration::from_secs(60);

pub struct Cluster {
    bin: PathBuf,
    folder: PathBuf,
    shell: Child,
}

/// Only initialises, starts, waits for the end of its input, and cleans up.
const SHELL: &str = r#"
"$BIN/initdb" -D "$DIR/data" -U postgres -A trust -E UTF8 --locale=C >"$DIR/log" 2>&1
"$BIN/postgres" -D "$DIR/data" -k "$DIR" -c listen_addresses= -c fsync=on \
    -c synchronous_commit=on -c full_page_writes=on >>"$DIR/log" 2>&1 &
server=$!
read -r _
kill -QUIT $server
wait $server
rm -rf "$DIR"
"#;

impl Cluster {
    pub async fn start() -> Result<Self> {
        let bin = binaries()?;
        let folder = tempfile::Builder::new().prefix("crewline-bench-pg-").tempdir();
        let folder = folder.map_err(failed("a temporary folder"))?;
        // PostgreSQL refuses to run as root.
        let mut command = match number("-u", None)? == 0 {
            true => {
                let user = number("-u", Some("postgres"))?;
                let group = number("-g", Some("postgres"))?;
                chown(&folder, Some(user), Some(group)).map_err(failed("chown"))?;
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
                command
            }
            false => Command::new("sh"),
        };
        command.args(["-c", SHELL]).env("BIN", &bin).env("DIR", folder.path()).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // What is sent to all of a terminal's processes, or kills a group, does not reach it.
        command.process_group(0);
        let shell = command.spawn().map_err(failed("a shell for PostgreSQL"))?;
        // From here on the shell removes it.
        let cluster = Self { bin, folder: folder.keep(), shell };
        let until = Instant::now() + START;
        while let Err(failure) = cluster.sql("SELECT 1").await {
            if Instant::now() > until {
                let log = std::fs::read_to_string(cluster.folder.join("log")).unwrap_or_default();
                let last = log.lines().last().unwrap_or_default();
                return Err(Failure(format!("PostgreSQL did not start: {failure}; {last}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(cluster)
    }

    pub fn url(&self, database: &str) -> String {
        let host = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{host}/{database}")
    }

    /// The first process of the server.
    pub fn postmaster(&self) -> Result<u32> {
        let path = self.folder.join("data/postmaster.pid");
        let text = std::fs::read_to_string(&path).map_err(failed(path.display()))?;
        let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
        pid.ok_or_else(|| Failure(format!("{} holds no process id", path.display())))
    }

    pub fn version(&self) -> String {
        let output = Command::new(self.bin.join("postgres")).arg("--version").output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        text.unwrap_or_default().trim().replace("postgres (PostgreSQL)", "PostgreSQL")
    }

    /// Runs one statement, in the database `postgres`.
    pub async fn sql(&self, sql: &str) -> Result<()> {
        self.sql_in("postgres", sql).await
    }

    pub async fn sql_in(&self, database: &str, sql: &str) -> Result<()> {
        let mut command = tokio::process::Command::new(self.bin.join("psql"));
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database]);
        command.arg("-h").arg(&self.folder).args(["-c", sql]).stdin(Stdio::null());
        let output = command.kill_on_drop(true).output().await.map_err(failed("psql"))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(failed(sql)(String::from_utf8_lossy(&output.stderr))),
        }
    }

    /// Makes a database like another, which nobody may be using.
    pub async fn copy(&self, template: &str, database: &str) -> Result<()> {
        self.sql(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await?;
        let create = format!("CREATE DATABASE {database} TEMPLATE {template}");
        // The template's last connections close a moment after their server has gone.
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            match self.sql(&create).await {
                Err(_) if Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                done => return done,
            }
        }
    }
}

impl Drop for Cluster {
    /// Waits until the shell has cleaned up.
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// The number of a user or of its group; ours without a name.
fn number(what: &str, name: Option<&str>) -> Result<u32> {
    let id = Command::new("id").arg(what).args(name).output().map_err(failed("id"))?;
    let text = String::from_utf8_lossy(&id.stdout);
    let message = || Failure(format!("there is no user {}", name.unwrap_or("here")));
    text.trim().parse().map_err(|_| message())
}

/// Where `initdb`, `postgres` and `psql` are: on the path, or where Debian puts them.
fn binaries() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<PathBuf> =
            versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
        versions.sort();
        candidates.extend(versions.into_iter().rev());
    }
    let complete = |folder: &Path| {
        ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).exists())
    };
    candidates.into_iter().find(|folder| complete(folder)).ok_or_else(|| {
        let message = "PostgreSQL is missing: install it (on Debian: apt-get install postgresql), \
            or measure with --engine sqlite";
        Failure(message.to_owned())
    })
}
