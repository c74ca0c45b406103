//! The load: some connections, each sending its next request when it has its answer.
//!
//! Everything is on one thread. The first half second is not counted; then what ends within
//! the window is, while the connections go on to the end of it without a pause.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::body::Requests;
use crate::client::{Answer, Connection};
use crate::cpu::{Usage, Watched};
use crate::failure::{Failure, Result, failed};

/// Load ahead of the window: connections, caches, prepared statements, id blocks.
const WARM_UP: Duration = Duration::from_millis(500);

/// What the answers have to be.
#[derive(Clone, Copy)]
pub enum Expect {
    /// The body that was sent.
    Echo,
    /// Every range taken.
    Attached,
}

/// What is sent where.
pub struct Load<'a> {
    pub server: SocketAddr,
    pub token: &'a str,
    pub expect: Expect,
    pub ranges: usize,
    pub connections: usize,
    pub window: Duration,
    /// Different for every run.
    pub seed: u64,
}

/// What came of it.
pub struct Sample {
    pub rate: f64,
    /// Milliseconds.
    pub p50: f64,
    pub p99: f64,
    /// Microseconds of CPU a request.
    pub server_cpu: f64,
    pub postgres_cpu: f64,
    /// Cores in use by the load, and by nothing of ours.
    pub load_cores: f64,
    pub other_cores: f64,
    /// Answers that were not as expected, and the first of them.
    pub failures: u64,
    pub failure: Option<String>,
}

/// What one connection saw: when each answer came, and how long it had taken.
#[derive(Default)]
struct Seen {
    answers: Vec<(Instant, Duration)>,
    failures: u64,
    failure: Option<String>,
}

/// Runs the load and measures.
pub async fn run(load: &Load<'_>, watched: Watched) -> Result<Sample> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut connections = JoinSet::new();
    for nth in 0..load.connections {
        let connection = Connection::open(load.server).await.map_err(failed(load.server))?;
        let requests = Requests::new(load.ranges, load.token, load.seed << 16 | nth as u64);
        let check = Check { expect: load.expect, ranges: load.ranges, sent: requests.body_len() };
        connections.spawn(drive(connection, requests, check, Arc::clone(&stop)));
    }
    tokio::time::sleep(WARM_UP).await;
    let start = watched.read()?;
    tokio::time::sleep(load.window).await;
    let end = watched.read()?;
    stop.store(true, Ordering::Relaxed);
    let mut all = Seen::default();
    while let Some(seen) = connections.join_next().await {
        let seen = seen.map_err(failed("a connection"))?;
        all.answers.extend(seen.answers);
        all.failures += seen.failures;
        all.failure = all.failure.or(seen.failure);
    }
    Ok(sample(all, start.at..end.at, &start.until(&end)))
}

fn sample(seen: Seen, window: std::ops::Range<Instant>, usage: &Usage) -> Sample {
    let within = seen.answers.iter().filter(|(at, _)| window.contains(at));
    let mut times: Vec<Duration> = within.map(|(_, took)| *took).collect();
    times.sort_unstable();
    let (mut failures, mut failure) = (seen.failures, seen.failure);
    if times.is_empty() {
        failures += 1;
        failure.get_or_insert_with(|| "no answer came within the sample".to_owned());
    }
    let percentile = |share: f64| {
        let nth = (times.len() as f64 * share) as usize;
        let time = times.get(nth.min(times.len().saturating_sub(1)));
        time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    let answers = times.len() as f64;
    let a_request = |cores: f64| cores * usage.seconds * 1e6 / answers;
    Sample {
        rate: answers / usage.seconds,
        p50: percentile(0.5),
        p99: percentile(0.99),
        server_cpu: a_request(usage.server),
        postgres_cpu: a_request(usage.postgres),
        load_cores: usage.load,
        other_cores: usage.others,
        failures,
        failure,
    }
}

/// Sends requests until told to stop, or until the connection breaks.
async fn drive(
    mut connection: Connection,
    mut requests: Requests,
    check: Check,
    stop: Arc<AtomicBool>,
) -> Seen {
    let mut seen = Seen { answers: Vec::with_capacity(16 * 1024), ..Seen::default() };
    let mut whole = true;
    while !stop.load(Ordering::Relaxed) {
        let request = requests.next();
        let sent = Instant::now();
        let (broken, checked) = match connection.exchange(request).await {
            Ok(answer) => {
                let now = Instant::now();
                seen.answers.push((now, now - sent));
                (false, check.answer(&answer, whole))
            }
            Err(message) => (true, Err(message)),
        };
        whole = false;
        if let Err(message) = checked {
            seen.failures += 1;
            seen.failure.get_or_insert(message);
        }
        if broken {
            break;
        }
    }
    seen
}

/// Judges answers.
#[derive(Clone, Copy)]
struct Check {
    expect: Expect,
    ranges: usize,
    /// Bytes of the body that was sent.
    sent: usize,
}

impl Check {
    /// The first answer of a connection is parsed as a `whole`; a glance is enough for the
    /// others, as parsing them would cost more than sending the requests.
    fn answer(self, answer: &Answer<'_>, whole: bool) -> std::result::Result<(), String> {
        let good = answer.status == 200
            && match self.expect {
                Expect::Echo if whole => self.echoed(answer.body),
                Expect::Echo => answer.body.len() == self.sent,
                Expect::Attached => {
                    (!whole && self.glance(answer.body)) || self.attached(answer.body)
                }
            };
        if good { Ok(()) } else { Err(answer.words()) }
    }

    fn echoed(self, body: &[u8]) -> bool {
        let value: Option<Value> = serde_json::from_slice(body).ok();
        let users = value.as_ref().and_then(|value| value["users"].as_array());
        body.len() == self.sent && users.is_some_and(|users| users.len() == self.ranges)
    }

    /// Whether an answer begins and ends as one that took everything.
    fn glance(self, body: &[u8]) -> bool {
        let front = &body[..body.len().min(256)];
        let has = |text: &str| front.windows(text.len()).any(|part| part == text.as_bytes());
        has(r#""status":"success""#)
            && has(&format!(r#""records_created":{},"#, self.ranges))
            && body.ends_with(b"}")
    }

    fn attached(self, body: &[u8]) -> bool {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return false };
        let counted = |name: &str, count: usize| value[name].as_u64() == Some(count as u64);
        let assigned = value["assigned"].as_array();
        let whole = |row: &Value| row["id"].is_i64() && row["user_id"].is_i64();
        value["status"] == "success"
            && counted("records_received", self.ranges)
            && counted("records_created", self.ranges)
            && counted("records_rejected", 0)
            && assigned.is_some_and(|rows| rows.len() == self.ranges && rows.iter().all(whole))
            && value["errors"].as_array().is_some_and(Vec::is_empty)
    }
}

/// The failures of a sample as one.
impl Sample {
    pub fn failed(&self) -> Option<Failure> {
        let first = self.failure.as_deref().unwrap_or("no words");
        (self.failures > 0).then(|| {
            Failure(format!("{} answers were not as expected, the first: {first}", self.failures))
        })
    }
}
