//! What one run came to.

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::cpu::Usage;
use crate::failure::Failure;

/// Cores that others may use while a sample is taken.
const QUIET: f64 = 0.3;

/// What one connection saw.
#[derive(Default)]
pub struct Seen {
    /// When each answer came, and how long it had taken.
    pub answers: Vec<(Instant, Duration)>,
    /// When each came that says to try again later.
    pub refused: Vec<Instant>,
    failures: u64,
    failure: Option<String>,
}

impl Seen {
    /// An answer that is not as expected, or none.
    pub fn fail(&mut self, message: String) {
        self.failures += 1;
        self.failure.get_or_insert(message);
    }

    pub fn add(&mut self, other: Seen) {
        self.answers.extend(other.answers);
        self.refused.extend(other.refused);
        self.failures += other.failures;
        self.failure = self.failure.take().or(other.failure);
    }
}

#[derive(Clone, Default)]
pub struct Sample {
    /// Answers a second, and besides them those that say to try again later.
    pub rate: f64,
    pub refused: f64,
    /// Milliseconds.
    pub p50: f64,
    pub p99: f64,
    /// Microseconds of CPU a served request: all that was used, for refused ones too.
    pub server_cpu: f64,
    pub postgres_cpu: f64,
    /// Cores in use by the load, and by nothing of ours.
    pub load_cores: f64,
    pub other_cores: f64,
    /// MB that the server had resident at most.
    pub peak: f64,
    /// MB that the write-ahead log had at most.
    pub wal: f64,
    /// Answers that were not as expected, and the first of them.
    failures: u64,
    failure: Option<String>,
}

impl Sample {
    pub fn of(seen: Seen, window: Range<Instant>, usage: &Usage) -> Self {
        let within = seen.answers.iter().filter(|(at, _)| window.contains(at));
        let mut times: Vec<Duration> = within.map(|(_, took)| *took).collect();
        times.sort_unstable();
        let refused = seen.refused.iter().filter(|at| window.contains(*at)).count() as f64;
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
        Self {
            rate: answers / usage.seconds,
            refused: refused / usage.seconds,
            p50: percentile(0.5),
            p99: percentile(0.99),
            server_cpu: a_request(usage.server),
            postgres_cpu: a_request(usage.postgres),
            load_cores: usage.load,
            other_cores: usage.others,
            peak: 0.0,
            wal: 0.0,
            failures,
            failure,
        }
    }

    /// Microseconds of CPU a served request, of all processes.
    pub fn cpu(&self) -> f64 {
        self.server_cpu + self.postgres_cpu
    }

    /// Whether others used more of the machine than a sample should see.
    pub fn disturbed(&self) -> bool {
        self.other_cores > QUIET
    }

    /// The failures as one.
    pub fn failed(&self) -> Option<Failure> {
        let first = self.failure.as_deref().unwrap_or("no words");
        (self.failures > 0).then(|| {
            Failure(format!("{} answers were not as expected, the first: {first}", self.failures))
        })
    }
}
