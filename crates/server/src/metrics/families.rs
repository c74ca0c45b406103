//! What is counted, under which names.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};

use crate::clock::Clock;
use crate::store::Location;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Answer {
    pub route: Arc<str>,
    pub method: &'static str,
    pub status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Route {
    pub route: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Code {
    pub code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Transaction {
    pub operation: &'static str,
    pub outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Outcome {
    pub outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Phase {
    pub phase: &'static str,
}

/// Histograms of each label set.
type Histograms<S> = Family<S, Histogram, fn() -> Histogram>;

/// Upper bounds of every time, in seconds.
const SECONDS: [f64; 15] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0,
];

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

/// Takes a metric among those that are told.
fn told<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

/// All that is counted.
#[derive(Debug)]
pub(super) struct Families {
    pub registry: Registry,
    pub started: Timestamp,
    pub connections: Connections,
    pub requests: Requests,
    pub records: Records,
    pub transaction_seconds: Histograms<Transaction>,
    pub sqlite: Sqlite,
    pub postgres: Postgres,
    pub deliveries: Family<Outcome, Counter>,
}

impl Families {
    pub fn new(location: &Location) -> Self {
        let mut registry = Registry::with_prefix("crewline");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version that runs", version);
        let connections = Connections::new(&mut registry);
        let (requests, records) = (Requests::new(&mut registry), Records::new(&mut registry));
        let help = "How long operations took, waiting included, by how they ended";
        let family = Family::new_with_constructor(seconds as fn() -> Histogram);
        let transaction_seconds = told(&mut registry, "transaction_duration_seconds", help, family);
        // What only the other engine has is told to nobody.
        let mut nobody = Registry::default();
        let (sqlite, postgres) = match location {
            Location::Sqlite(_) => (&mut registry, &mut nobody),
            Location::Postgres(_) => (&mut nobody, &mut registry),
        };
        let (sqlite, postgres) = (Sqlite::new(sqlite), Postgres::new(postgres));
        let help = "Attempts of webhooks, by what became of the delivery";
        let family = Family::<Outcome, Counter>::default();
        let deliveries = told(&mut registry, "webhook_deliveries", help, family);
        for outcome in ["delivered", "failed", "given_up"] {
            drop(deliveries.get_or_create(&Outcome { outcome }));
        }
        let started = Clock::System.now();
        Self {
            registry,
            started,
            connections,
            requests,
            records,
            transaction_seconds,
            sqlite,
            postgres,
            deliveries,
        }
    }
}

/// Of the listener.
#[derive(Debug)]
pub(super) struct Connections {
    pub open: Gauge,
    pub refused: Counter,
    pub timed_out: Family<Phase, Counter>,
}

impl Connections {
    fn new(registry: &mut Registry) -> Self {
        let help = "Connections that have a place";
        let open = told(registry, "connections", help, Gauge::default());
        let help = "Connections that found no place";
        let refused = told(registry, "connections_refused", help, Counter::default());
        let help = "Connections that were ended because the other side was too slow, by with what";
        let timed_out = told(registry, "connections_timed_out", help, Family::default());
        for phase in PHASES {
            drop(timed_out.get_or_create(&Phase { phase }));
        }
        Self { open, refused, timed_out }
    }
}

/// What a connection may be too slow with.
const PHASES: [&str; 4] = ["new", "head", "idle", "write"];

/// Of HTTP.
#[derive(Debug)]
pub(super) struct Requests {
    /// The templates of routes, each once, so that none is copied for each request.
    templates: RwLock<HashSet<Arc<str>>>,
    pub answered: Family<Answer, Counter>,
    pub seconds: Histograms<Route>,
    pub in_flight: Gauge,
    pub hang_ups: Counter,
    pub problems: Family<Code, Counter>,
    pub token_hits: Counter,
    pub token_misses: Counter,
}

impl Requests {
    fn new(registry: &mut Registry) -> Self {
        let mut count = |name, help| told(registry, name, help, Counter::default());
        let hang_ups = count("http_hangups", "Requests whose clients did not wait for the answer");
        let token_hits = count("token_cache_hits", "Good tokens that were not looked up again");
        let token_misses = count("token_cache_misses", "Tokens that were looked up");
        let help = "Requests that were answered";
        let answered = told(registry, "http_requests", help, Family::default());
        let help = "How long requests took until their answers were ready";
        let seconds = Family::new_with_constructor(seconds as fn() -> Histogram);
        let seconds = told(registry, "http_request_duration_seconds", help, seconds);
        let help = "Requests that are being answered";
        let in_flight = told(registry, "http_requests_in_flight", help, Gauge::default());
        let help = "Requests that were refused as a whole, by error code";
        let problems = told(registry, "http_problems", help, Family::default());
        let templates = RwLock::default();
        Self {
            templates,
            answered,
            seconds,
            in_flight,
            hang_ups,
            problems,
            token_hits,
            token_misses,
        }
    }

    /// A route's template as a label.
    pub fn template(&self, path: &str) -> Arc<str> {
        let known = self.templates.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(path) {
            return Arc::clone(known);
        }
        drop(known);
        let new = Arc::<str>::from(path);
        let mut known = self.templates.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(Arc::clone(&new));
        new
    }
}

/// Of what requests bring.
#[derive(Debug)]
pub(super) struct Records {
    pub received: Counter,
    pub created: Counter,
    pub refused: Family<Code, Counter>,
}

impl Records {
    fn new(registry: &mut Registry) -> Self {
        let mut count = |name, help| told(registry, name, help, Counter::default());
        let received = count("records_received", "Records of batches that were carried out");
        let created = count("records_created", "Records of batches that brought something new");
        let help = "Records that were refused, by the code of what was wrong first";
        let refused = told(registry, "records_refused", help, Family::default());
        Self { received, created, refused }
    }
}

/// Of SQLite's writer.
#[derive(Debug)]
pub(super) struct Sqlite {
    pub commit_seconds: Histogram,
    pub group_jobs: Histogram,
    pub group_rows: Histogram,
    pub reruns: Counter,
}

impl Sqlite {
    fn new(registry: &mut Registry) -> Self {
        let help = "How long commits took, to the disk";
        let commit_seconds = told(registry, "sqlite_commit_duration_seconds", help, seconds());
        let jobs = Histogram::new(exponential_buckets(1.0, 2.0, 9));
        let help = "Operations that were committed together";
        let group_jobs = told(registry, "sqlite_commit_jobs", help, jobs);
        let rows = Histogram::new(exponential_buckets(1.0, 4.0, 9));
        let help = "Rows that were changed by what was committed together";
        let group_rows = told(registry, "sqlite_commit_rows", help, rows);
        let help = "Groups that ran again, because one of them had to be undone";
        let reruns = told(registry, "sqlite_group_reruns", help, Counter::default());
        Self { commit_seconds, group_jobs, group_rows, reruns }
    }
}

/// Of PostgreSQL's connections.
#[derive(Debug)]
pub(super) struct Postgres {
    pub connection_seconds: Histogram,
    pub retries: Counter,
}

impl Postgres {
    fn new(registry: &mut Registry) -> Self {
        let help = "How long operations waited for a connection";
        let connection_seconds =
            told(registry, "postgres_connection_wait_seconds", help, seconds());
        let help = "Operations that met a conflict and ran again";
        let retries = told(registry, "postgres_retries", help, Counter::default());
        Self { connection_seconds, retries }
    }
}
