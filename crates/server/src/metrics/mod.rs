//! What the server counts of itself, for Prometheus.
//!
//! A [`Metrics`] is a handle: the store and the app have one each, and count where something
//! happens. One that is off counts nothing, and costs a branch. What can be looked at is not
//! counted: [`scrape`] reads it when somebody asks. No label names a company, a key, a user or an
//! external id, and the values of each label are few. docs/metrics.md tells what there is.

mod families;
mod listen;
mod process;
mod scrape;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};

use families::{Answer, Code, Families, Outcome, Phase, Route, Transaction};
pub use listen::serve;
pub use scrape::text;

use crate::http::log::Counts;
use crate::http::pace::Late;
use crate::store::{Location, Stop};
use crate::webhooks::standing::Fate;

/// Where is counted; nowhere, unless it is [`Metrics::on`].
#[derive(Clone, Debug, Default)]
pub struct Metrics(Option<Arc<Families>>);

/// A method as a label. Anything else that a client makes up is one.
pub fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// A connection that is counted.
#[derive(Debug)]
pub struct Connected(Metrics);

impl Drop for Connected {
    fn drop(&mut self) {
        if let Some(all) = &self.0.0 {
            all.connections.open.dec();
        }
    }
}

impl Metrics {
    /// Counts for a server on this database.
    pub fn on(location: &Location) -> Self {
        Self(Some(Arc::new(Families::new(location))))
    }

    /// When something began; `None` when nobody wants to know.
    pub fn begin(&self) -> Option<Instant> {
        self.0.as_ref().map(|_| Instant::now())
    }

    /// A connection has a place, until what this gives is dropped.
    pub fn connection(&self) -> Connected {
        if let Some(all) = &self.0 {
            all.connections.open.inc();
        }
        Connected(self.clone())
    }

    /// A connection found no place.
    pub fn no_place(&self) {
        if let Some(all) = &self.0 {
            all.connections.refused.inc();
        }
    }

    /// A connection was ended because the other side was too slow.
    pub fn timed_out(&self, late: Late) {
        let phase = match late {
            Late::New => "new",
            Late::Head => "head",
            Late::Idle => "idle",
            Late::Stuck => "write",
        };
        if let Some(all) = &self.0 {
            all.connections.timed_out.get_or_create(&Phase { phase }).inc();
        }
    }

    /// A request came in. It is [answered](Self::answered) later, or its client hangs up.
    pub fn arrived(&self) {
        if let Some(all) = &self.0 {
            all.requests.in_flight.inc();
        }
    }

    /// `route`: its template, if it has any. No status: the client hung up.
    pub fn answered(
        &self,
        route: Option<&str>,
        method: &'static str,
        status: Option<StatusCode>,
        took: Duration,
    ) {
        let Some(all) = &self.0 else { return };
        all.requests.in_flight.dec();
        let Some(status) = status.map(|status| status.as_u16()) else {
            all.requests.hang_ups.inc();
            return;
        };
        let route = Route { route: all.requests.template(route.unwrap_or("-")) };
        all.requests.seconds.get_or_create(&route).observe(took.as_secs_f64());
        let Route { route } = route;
        all.requests.answered.get_or_create(&Answer { route, method, status }).inc();
    }

    /// A request was answered with an error.
    pub fn problem(&self, code: &'static str) {
        if let Some(all) = &self.0 {
            all.requests.problems.get_or_create(&Code { code }).inc();
        }
    }

    /// What came of a batch.
    pub fn records(&self, counts: Counts) {
        if let Some(all) = &self.0 {
            all.records.received.inc_by(counts.received as u64);
            all.records.created.inc_by(counts.created as u64);
        }
    }

    /// Records were refused, each for this.
    pub fn refused(&self, codes: &[&'static str]) {
        if let Some(all) = &self.0 {
            for code in codes {
                all.records.refused.get_or_create(&Code { code }).inc();
            }
        }
    }

    /// A token was among those that are remembered, or had to be looked up.
    pub fn token_looked_up(&self, remembered: bool) {
        if let Some(all) = &self.0 {
            if remembered { &all.requests.token_hits } else { &all.requests.token_misses }.inc();
        }
    }

    /// An operation has ended.
    pub fn transaction<T, R>(
        &self,
        operation: &'static str,
        begun: Option<Instant>,
        result: &Result<T, Stop<R>>,
    ) {
        let (Some(all), Some(begun)) = (&self.0, begun) else { return };
        let outcome = match result {
            Ok(_) => "done",
            Err(Stop::Refused(_)) => "refused",
            Err(Stop::Failed(_)) => "failed",
        };
        let transaction = Transaction { operation, outcome };
        let seconds = begun.elapsed().as_secs_f64();
        all.transaction_seconds.get_or_create(&transaction).observe(seconds);
    }

    /// SQLite's writer has committed a group. One that changed nothing has nothing to write.
    pub fn committed(&self, jobs: usize, rows: u64, begun: Option<Instant>) {
        let (Some(all), Some(begun), 1..) = (&self.0, begun, rows) else { return };
        all.sqlite.commit_seconds.observe(begun.elapsed().as_secs_f64());
        all.sqlite.group_jobs.observe(jobs as f64);
        all.sqlite.group_rows.observe(rows as f64);
    }

    /// What a group of SQLite's writer did was lost, and it runs again.
    pub fn runs_again(&self) {
        if let Some(all) = &self.0 {
            all.sqlite.reruns.inc();
        }
    }

    /// PostgreSQL gave a connection, or none.
    pub fn connected(&self, begun: Option<Instant>) {
        if let (Some(all), Some(begun)) = (&self.0, begun) {
            all.postgres.connection_seconds.observe(begun.elapsed().as_secs_f64());
        }
    }

    /// An operation met a conflict on PostgreSQL, and runs again.
    pub fn retried(&self) {
        if let Some(all) = &self.0 {
            all.postgres.retries.inc();
        }
    }

    /// What became of some deliveries after an attempt, or without one.
    pub fn delivered(&self, fate: Fate, deliveries: usize) {
        let outcome = match fate {
            Fate::Delivered => "delivered",
            Fate::Again(_) => "failed",
            Fate::GivenUp => "given_up",
        };
        if let Some(all) = &self.0 {
            all.deliveries.get_or_create(&Outcome { outcome }).inc_by(deliveries as u64);
        }
    }
}
