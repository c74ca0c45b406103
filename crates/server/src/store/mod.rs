//! The kernel: one operation, written once, runs on SQLite and on PostgreSQL.
//!
//! ```text
//! store.write("contracts.attach", async move |tx: &mut Tx| { ... Ok(outcome) }).await
//! ```
//!
//! An operation touches nothing but its `tx`, owns what it captures, and may run twice. It ends
//! in one of three ways: `Ok` commits; [`Stop::Refused`] is an outcome that leaves nothing
//! written; [`Stop::Failed`] rolls back. No answer is given before the commit is on disk.

pub mod backup;
mod batch;
mod checkpoints;
mod error;
mod hosts;
mod ids;
mod job;
mod last;
mod look;
mod memory;
mod migrate;
mod postgres;
mod sqlite;
mod tls;
mod tx;
mod value;

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::timeout;

use crate::metrics::Metrics;

pub use error::{Error, Result, Startup, Stop, sure};
pub use ids::Sequence;
pub(crate) use last::last;
pub use last::{Bound, Column, Last};
pub use look::look;
pub use memory::{Memory, Space};
pub use tx::{Stmt, Tx};
pub use value::{Col, Columns, FromRow, Param, Params, Row};
pub(crate) use value::{days, from_days, params, row};

/// How long the database may take to answer who asks for its health: they wait for a second, mostly.
const HEALTH: Duration = Duration::from_millis(500);

/// An operation: `async move |tx: &mut Tx| { .. }` with a `Send` future.
pub trait Op<'a, T, R>: FnOnce(&'a mut Tx) -> <Self as Op<'a, T, R>>::Fut {
    type Fut: Future<Output = Result<T, Stop<R>>> + Send + 'a;
}

impl<'a, T, R, F, Fut> Op<'a, T, R> for F
where
    F: FnOnce(&'a mut Tx) -> Fut,
    Fut: Future<Output = Result<T, Stop<R>>> + Send + 'a,
{
    type Fut = Fut;
}

/// How big the kernel's parts are.
#[derive(Clone, Debug)]
pub struct Options {
    /// Operations that may wait for SQLite's writer, and as many for its readers.
    pub queue: usize,
    /// SQLite's reader threads.
    pub readers: usize,
    /// PostgreSQL connections.
    pub connections: usize,
    /// Where it is counted what the kernel does.
    pub metrics: Metrics,
}

impl Default for Options {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let (readers, connections) = (cores.clamp(2, 8), (cores * 4).clamp(8, 32));
        Self { queue: 1_024, readers, connections, metrics: Metrics::default() }
    }
}

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    Sqlite(PathBuf),
    Postgres(String),
}

impl std::str::FromStr for Location {
    type Err = Startup;

    /// Reads `sqlite:PATH`, `postgres://...` or `postgresql://...`.
    fn from_str(url: &str) -> Result<Self, Startup> {
        match url.strip_prefix("sqlite:") {
            Some("" | ":memory:") => {
                Err(Startup("a SQLite database needs a file: sqlite:PATH".to_owned()))
            }
            Some(path) => Ok(Location::Sqlite(path.strip_prefix("//").unwrap_or(path).into())),
            None if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Location::Postgres(url.to_owned()))
            }
            // The URL may hold a password and is not repeated.
            None => {
                Err(Startup("a database is sqlite:PATH or postgres://USER@HOST/NAME".to_owned()))
            }
        }
    }
}

/// The database, on either engine.
pub struct Store {
    engine: Engine,
    blocks: ids::Blocks,
    statements: Arc<AtomicU64>,
    metrics: Metrics,
}

/// What can be seen of an engine without asking the database.
#[derive(Debug)]
pub(crate) enum Status {
    Sqlite {
        /// Jobs that wait for the writer.
        writes: usize,
        /// Jobs that wait for a reader.
        reads: usize,
        /// Bytes of the file, and of the WAL beside it.
        database: Option<u64>,
        wal: Option<u64>,
    },
    /// Its pool of connections.
    Postgres { connections: usize, most: usize, idle: usize, waiting: usize },
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// What a write is to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// An operation: its statements find all they need by keys, so PostgreSQL plans them once.
    Operation,
    /// An operation that will most likely undo what it does.
    Trial,
    /// An operation that takes its time.
    Long,
    /// All else: what PostgreSQL plans may depend on how much there is.
    Chore,
}

impl Store {
    /// Migrates and opens a database.
    pub async fn open(location: &Location, options: &Options) -> Result<Self, Startup> {
        let statements = Arc::new(AtomicU64::new(0));
        let engine = match location {
            Location::Sqlite(path) => {
                let migrated = path.clone();
                tokio::task::spawn_blocking(move || migrate::sqlite(&migrated))
                    .await
                    .map_err(|error| Startup(error.to_string()))??;
                Engine::Sqlite(sqlite::Sqlite::open(path, options, Arc::clone(&statements))?)
            }
            Location::Postgres(url) => {
                let postgres =
                    postgres::Postgres::open(url, options, Arc::clone(&statements)).await?;
                migrate::postgres(&postgres).await?;
                Engine::Postgres(postgres)
            }
        };
        let metrics = options.metrics.clone();
        Ok(Self { engine, blocks: ids::Blocks::default(), statements, metrics })
    }

    /// Runs an operation in a transaction of its own; durable when this returns `Ok`.
    pub async fn write<T, R, F>(&self, name: &'static str, op: F) -> Result<T, Stop<R>>
    where
        F: for<'a> Op<'a, T, R> + Clone + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        self.run(name, Work::Chore, op).await
    }

    /// The same, of a kind.
    pub async fn run<T, R, F>(&self, name: &'static str, work: Work, op: F) -> Result<T, Stop<R>>
    where
        F: for<'a> Op<'a, T, R> + Clone + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        let begun = self.metrics.begin();
        let result = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(work == Work::Trial, op).await,
            Engine::Postgres(postgres) => postgres.write(work, op).await,
        };
        self.metrics.transaction(name, begun, &result);
        if let Err(Stop::Failed(error)) = &result {
            tracing::debug!(operation = name, error = error.told(), "write failed");
        }
        result
    }

    /// Runs an operation that only reads, on one snapshot.
    pub async fn read<T, R, F>(&self, name: &'static str, op: F) -> Result<T, Stop<R>>
    where
        F: for<'a> Op<'a, T, R> + Clone + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        let begun = self.metrics.begin();
        let result = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read(op).await,
            Engine::Postgres(postgres) => postgres.read(op).await,
        };
        self.metrics.transaction(name, begun, &result);
        if let Err(Stop::Failed(error)) = &result {
            tracing::debug!(operation = name, error = error.told(), "read failed");
        }
        result
    }

    /// Whether the database does its part, for who asks after its health.
    pub async fn answers(&self) -> Result<()> {
        let before = self.statements();
        let asked = self.read::<_, Infallible, _>("ready", async move |tx: &mut Tx| {
            let sql = "SELECT count(*) FROM companies WHERE id = 0";
            Ok(tx.query_opt::<(i64,)>(sql, params![]).await?)
        });
        let answered = async {
            match sure(asked.await) {
                // It finds no place; whether others are answered is seen by then.
                Err(Error::QueueFull) => std::future::pending().await,
                answered => answered,
            }
        };
        match timeout(HEALTH, answered).await {
            Ok(answered) => answered.map(drop),
            // With much to do it answers others first, and can do its part.
            Err(_) if self.statements() > before => Ok(()),
            Err(late) => Err(Error::Unavailable(late.into())),
        }
    }

    /// Whether an operation that writes would find a place just now.
    pub fn admit(&self) -> Result<()> {
        let full = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.is_full(),
            Engine::Postgres(postgres) => postgres.is_full(),
        };
        if full { Err(Error::QueueFull) } else { Ok(()) }
    }

    /// Whether all operations that write run one after the other.
    pub fn has_one_writer(&self) -> bool {
        matches!(self.engine, Engine::Sqlite(_))
    }

    /// What can be seen of the engine without asking the database.
    pub(crate) fn status(&self) -> Status {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.status(),
            Engine::Postgres(postgres) => postgres.status(),
        }
    }

    /// Where it is counted what the kernel does.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How many statements of operations the database has carried out so far.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}
