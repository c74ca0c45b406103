//! The load: some connections, each sending its next request when it has its answer, or at a pace.
//!
//! Everything is on one thread. The warm-up is not counted; then what ends within the window is,
//! while the connections go on to the end of it without a pause.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::case::Case;
use crate::client::Connection;
use crate::cpu::{Usage, Watched};
use crate::failure::{Result, failed};
use crate::memory;
use crate::requests::{Requests, Sender, requests};
use crate::sample::{Sample, Seen};

/// How often the write-ahead log is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What is sent where.
pub struct Load<'a> {
    pub server: SocketAddr,
    pub case: Case,
    pub bearer: &'a str,
    pub basic: &'a str,
    /// Whether the server sends back what it gets.
    pub echoes: bool,
    pub window: Duration,
    /// Different for every run.
    pub seed: u64,
    /// SQLite's write-ahead log.
    pub wal: Option<PathBuf>,
}

/// Runs the load and measures.
pub async fn run(load: &Load<'_>, watched: Watched) -> Result<Sample> {
    let stop = Arc::new(AtomicBool::new(false));
    let pace = load.case.pace.map(|pace| Arc::new(Pace::new(pace)));
    let mut connections = JoinSet::new();
    for nth in 0..load.case.connections {
        let sender = Sender { bearer: load.bearer, basic: load.basic, seed: load.seed, nth };
        let sending = Sending {
            server: load.server,
            connection: Connection::open(load.server).await.map_err(failed(load.server))?,
            requests: requests(load.case.work, sender, load.echoes),
            overload: load.case.overload,
            pace: pace.clone(),
            seen: Seen::default(),
            whole: 2,
        };
        connections.spawn(sending.until(Arc::clone(&stop)));
    }
    tokio::time::sleep(load.case.warm_up).await;
    let start = watched.read()?;
    let wal = largest(load.wal.as_ref(), load.window).await;
    let end = watched.read()?;
    stop.store(true, Ordering::Relaxed);
    let peak = memory::peak(watched.server)?;
    let mut all = Seen::default();
    while let Some(seen) = connections.join_next().await {
        all.add(seen.map_err(failed("a connection"))?);
    }
    let usage: Usage = start.until(&end);
    let mut sample = Sample::of(all, start.at..end.at, &usage);
    (sample.peak, sample.wal) = (peak, wal);
    Ok(sample)
}

/// Waits, and looks how large a file becomes meanwhile.
async fn largest(file: Option<&PathBuf>, window: Duration) -> f64 {
    let until = Instant::now() + window;
    let mut largest = 0;
    while let (Some(file), true) = (file, Instant::now() + LOOK < until) {
        largest = largest.max(std::fs::metadata(file).map_or(0, |file| file.len()));
        tokio::time::sleep(LOOK).await;
    }
    tokio::time::sleep(until.saturating_duration_since(Instant::now())).await;
    largest as f64 / 1e6
}

/// When requests are sent that do not wait for each other.
struct Pace {
    start: Instant,
    next: AtomicU32,
    a_second: u32,
}

impl Pace {
    fn new(a_second: u32) -> Self {
        Self { start: Instant::now(), next: AtomicU32::new(0), a_second }
    }

    /// Waits for the next turn; when the request was to be sent.
    async fn turn(&self) -> Instant {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        let due = self.start + Duration::from_secs(1) * nth / self.a_second;
        if Instant::now() >= due {
            // Late because no connection was free: the client waits since it was due.
            return due;
        }
        tokio::time::sleep_until(due.into()).await;
        // A timer that is late is not the server's fault.
        Instant::now()
    }
}

/// One connection.
struct Sending {
    server: SocketAddr,
    connection: Connection,
    requests: Box<dyn Requests>,
    overload: bool,
    pace: Option<Arc<Pace>>,
    seen: Seen,
    /// Answers that are still looked at as a whole.
    whole: usize,
}

impl Sending {
    /// Sends requests until told to stop, or until the connection breaks.
    async fn until(mut self, stop: Arc<AtomicBool>) -> Seen {
        while !stop.load(Ordering::Relaxed) {
            let sent = match &self.pace {
                Some(pace) => pace.turn().await,
                None => Instant::now(),
            };
            if let Err(message) = self.once(sent).await {
                self.seen.fail(message);
                break;
            }
        }
        self.seen
    }

    async fn once(&mut self, sent: Instant) -> std::result::Result<(), String> {
        let answer = self.connection.exchange(self.requests.next()).await?;
        let now = Instant::now();
        let refused = matches!(answer.status, 429 | 503) && answer.retry_after;
        if self.overload && refused {
            self.seen.refused.push(now);
        } else if self.requests.good(&answer, self.whole > 0) {
            self.whole = self.whole.saturating_sub(1);
            self.seen.answers.push((now, now - sent));
        } else {
            self.seen.fail(answer.words());
        }
        if answer.closes {
            let again = Connection::open(self.server).await;
            self.connection = again.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
