//! The servers that are measured: child processes that end with what holds them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use crate::failure::{Failure, Result, failed};

/// How long a server may take to start.
const START: Duration = Duration::from_secs(30);
/// How long it may take to stop.
const STOP: Duration = Duration::from_secs(15);
/// Lines of a server's log that are kept.
const KEPT: usize = 20;

/// A binary that is there.
pub fn binary(path: PathBuf) -> Result<PathBuf> {
    match path.is_file() {
        // Absolute, because commands run in a folder of their own.
        true => path.canonicalize().map_err(failed(path.display())),
        false => {
            let message =
                format!("there is no {}: run `cargo build --release` first", path.display());
            Err(Failure(message))
        }
    }
}

/// A `crewline` command that takes nothing from the environment.
pub fn crewline(binary: &Path, database: &str) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CREWLINE_") {
            command.env_remove(name);
        }
    }
    command.env_remove("RUST_LOG").env("NO_COLOR", "1").stdin(Stdio::null()).kill_on_drop(true);
    command.args(["--database", database]);
    command
}

/// Runs a `crewline` command that prints JSON.
pub async fn json(binary: &Path, database: &str, args: &[&str]) -> Result<serde_json::Value> {
    let what = || format!("crewline {}", args.join(" "));
    let mut command = crewline(binary, database);
    let output = command.args(args).args(["--output", "json"]).output().await;
    let output = output.map_err(failed(what()))?;
    if !output.status.success() {
        return Err(failed(what())(String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(failed(what()))
}

/// A running server.
pub struct Server {
    name: String,
    child: Child,
    log: Arc<Mutex<VecDeque<String>>>,
    pub address: SocketAddr,
    pub pid: u32,
    /// From when it was started until it listened.
    pub started_in: Duration,
}

impl Server {
    /// Starts the echo.
    pub async fn echo(this: &Path) -> Result<Self> {
        let mut command = Command::new(this);
        command.args(["echo", "--listen", "127.0.0.1:0"]);
        Self::start("the echo", command).await
    }

    /// Starts `crewline serve`.
    pub async fn crewline(binary: &Path, database: &str) -> Result<Self> {
        let mut command = crewline(binary, database);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Self::start(&binary.display().to_string(), command).await
    }

    /// Starts a server that says where it listens.
    pub async fn start(name: &str, mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.kill_on_drop(true).spawn().map_err(failed(name))?;
        let stderr = child.stderr.take().ok_or_else(|| Failure(format!("{name}: no stderr")))?;
        let mut lines = BufReader::new(stderr).lines();
        let address = match timeout(START, listening(&mut lines)).await {
            Ok(said) => said.map_err(failed(format!("{name} did not start")))?,
            Err(_) => return Err(Failure(format!("{name} did not start in {START:?}"))),
        };
        let started_in = started.elapsed();
        let pid = child.id().ok_or_else(|| Failure(format!("{name} ended at once")))?;
        let log = Arc::new(Mutex::new(VecDeque::new()));
        tokio::spawn(keep(lines, Arc::clone(&log)));
        Ok(Self { name: name.to_owned(), child, log, address, pid, started_in })
    }

    /// Asks the server to stop, waits for it, and gives the warnings that it logged.
    pub async fn stop(mut self) -> Result<Vec<String>> {
        // A shell's own `kill` is there on every system.
        let kill = format!("kill -TERM {}", self.pid);
        let asked = Command::new("sh").args(["-c", &kill]).status().await;
        asked.map_err(failed("sh"))?;
        let ended = match timeout(STOP, self.child.wait()).await {
            Ok(ended) => ended.map_err(failed(&self.name))?,
            Err(_) => return Err(Failure(format!("{} did not stop in {STOP:?}", self.name))),
        };
        let log = std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner));
        if !ended.success() && ended.signal() != Some(15) {
            let last = log.back().cloned().unwrap_or_default();
            return Err(Failure(format!("{} ended with {ended}: {last}", self.name)));
        }
        let notable = |line: &String| line.contains("WARN") || line.contains("ERROR");
        Ok(log.into_iter().filter(notable).collect())
    }
}

/// The address in the line that says where a server listens.
async fn listening(
    lines: &mut Lines<BufReader<ChildStderr>>,
) -> std::result::Result<SocketAddr, String> {
    let mut last = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let address = line.split_once("address=").map(|(_, rest)| rest.split_whitespace().next());
        if let (true, Some(Some(address))) = (line.contains("listening"), address) {
            return address.parse().map_err(|_| format!("it listens at {address}"));
        }
        last = line;
    }
    Err(last)
}

/// Reads a log to its end, so that its writer never waits, and keeps the last lines.
async fn keep(mut lines: Lines<BufReader<ChildStderr>>, log: Arc<Mutex<VecDeque<String>>>) {
    while let Ok(Some(line)) = lines.next_line().await {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_back(line);
        if log.len() > KEPT {
            log.pop_front();
        }
    }
}
