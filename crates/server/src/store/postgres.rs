//! PostgreSQL: a pool of connections, each operation in a task of its own.
//!
//! The task goes on when the client hangs up, so an operation is never left half way by it.
//! `BEGIN` travels with the first statement.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use futures_util::future::join_all;
use postgres_types::{ToSql, Type};
use tokio::sync::Semaphore;
use tokio_postgres::Statement;
use tokio_postgres::config::TargetSessionAttrs;

use super::batch::{self, Dialect};
use super::error::{Error, Result, Startup, Stop};
use super::hosts::Hosts;
use super::job::words;
use super::last::Last;
use super::tls;
use super::tx::{Progress, Stmt, Tx};
use super::value::Row;
use super::{Op, Options, Status, Work};
use crate::metrics::Metrics;

/// How often an operation that met a conflict is run.
const ATTEMPTS: u32 = 8;
/// How long an operation waits for one of the connections, which are given in the order in which
/// they are asked for.
const WAIT: Duration = Duration::from_secs(15);
/// How long an attempt to write may take: a little more than the server lets its statements run. A server
/// that has gone silent says nothing itself.
const ATTEMPT: Duration = Duration::from_secs(40);
/// The same of one that takes its time.
const LONG: Duration = Duration::from_secs(3_600);
/// When silence of the other side is noticed.
const SILENCE: Duration = Duration::from_secs(30);
/// How often it is asked then.
const PROBE: Duration = Duration::from_secs(5);

/// How long a read may hold its snapshot: PostgreSQL cleans up less while it does. As on SQLite.
const READ_ATTEMPT: Duration = Duration::from_secs(1);

const OPERATION: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
const CHORE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
    SET LOCAL plan_cache_mode = auto";
/// One snapshot for all statements. The server itself ends one that takes as long as all may: who is
/// given up only stops listening.
const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL statement_timeout = '1s'; SET LOCAL plan_cache_mode = auto";

/// The same, for as long as it takes.
const LOOK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; \
    SET LOCAL plan_cache_mode = auto";

/// A running transaction on PostgreSQL.
pub struct Pg {
    connection: Option<Object>,
    begin: &'static str,
    /// Something was sent that only a `COMMIT` or `ROLLBACK` ends.
    begun: bool,
    savepoint: Savepoint,
    question: Question,
    progress: Progress,
}

/// What was asked ahead.
enum Question {
    /// It goes with the next statement.
    Wanted(Last),
    /// Whether it found a row.
    Answered(bool),
}

/// A question that is on its way.
struct Ahead(Last, Statement);

impl Ahead {
    async fn run(&self, connection: &Object) -> Result<bool> {
        let params = self.0.params();
        let values: Values<'_> = params.iter().map(|param| *param as &(dyn ToSql + Sync)).collect();
        Ok(!connection.query(&self.1, &values).await?.is_empty())
    }
}

/// Where the savepoint of the operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Savepoint {
    None,
    /// It goes with the next statement.
    Wanted,
    Sent,
}

/// A connection dropped in mid-transaction is closed; the pool would hand it out as it is.
impl Drop for Pg {
    fn drop(&mut self) {
        if self.begun {
            self.close();
        }
    }
}

type Values<'a> = Vec<&'a (dyn ToSql + Sync)>;
type Rows = Vec<tokio_postgres::Row>;

impl Pg {
    pub(super) async fn rows<T>(
        &mut self,
        statement: Stmt<'_>,
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.progress.step()?;
        let result = self.try_rows(statement).await.and_then(|rows| read_all(&rows, read));
        self.progress.note(result)
    }

    pub(super) async fn pair<A, B>(
        &mut self,
        (first, second): (Stmt<'_>, Stmt<'_>),
        read_first: impl Fn(&Row<'_>) -> Result<A>,
        read_second: impl Fn(&Row<'_>) -> Result<B>,
    ) -> Result<(Vec<A>, Vec<B>)> {
        self.progress.step()?;
        self.progress.step()?;
        let result = self.try_pair(first, second).await.and_then(|(first, second)| {
            Ok((read_all(&first, read_first)?, read_all(&second, read_second)?))
        });
        self.progress.note(result)
    }

    pub(super) async fn change(&mut self, statement: Stmt<'_>) -> Result<u64> {
        self.progress.step()?;
        let result = self.try_change(statement).await;
        self.progress.note(result)
    }

    async fn try_rows(&mut self, statement: Stmt<'_>) -> Result<Rows> {
        let (prepared, values) = prepare(self.connection()?, statement).await?;
        let (begin, ahead) = self.begin().await?;
        let connection = self.connection()?;
        let (begun, found, rows) = tokio::join!(
            biased;
            begin.run(connection),
            answer(&ahead, connection),
            connection.query(&prepared, &values)
        );
        begun?;
        self.answered(found?);
        Ok(rows?)
    }

    async fn try_pair(&mut self, first: Stmt<'_>, second: Stmt<'_>) -> Result<(Rows, Rows)> {
        let (one, one_values) = prepare(self.connection()?, first).await?;
        let (two, two_values) = prepare(self.connection()?, second).await?;
        let (begin, ahead) = self.begin().await?;
        let connection = self.connection()?;
        let (begun, found, one, two) = tokio::join!(
            biased;
            begin.run(connection),
            answer(&ahead, connection),
            connection.query(&one, &one_values),
            connection.query(&two, &two_values)
        );
        begun?;
        self.answered(found?);
        Ok((one?, two?))
    }

    async fn try_change(&mut self, statement: Stmt<'_>) -> Result<u64> {
        let (prepared, values) = prepare(self.connection()?, statement).await?;
        let (begin, ahead) = self.begin().await?;
        let connection = self.connection()?;
        let (begun, found, count) = tokio::join!(
            biased;
            begin.run(connection),
            answer(&ahead, connection),
            connection.execute(&prepared, &values)
        );
        begun?;
        self.answered(found?);
        Ok(count?)
    }

    /// What has to be sent ahead of the next statement. From here on the connection is in a
    /// transaction, whatever happens.
    async fn begin(&mut self) -> Result<(Begin, Option<Ahead>)> {
        let ahead = match std::mem::replace(&mut self.question, Question::Answered(false)) {
            Question::Wanted(question) => {
                let params = question.params();
                let statement = Stmt::new(question.sql, &params);
                let (prepared, _) = prepare(self.connection()?, statement).await?;
                drop(params);
                Some(Ahead(question, prepared))
            }
            answered => {
                self.question = answered;
                None
            }
        };
        Ok((self.transaction(), ahead))
    }

    fn answered(&mut self, found: Option<bool>) {
        if let Some(found) = found {
            self.question = Question::Answered(found);
        }
    }

    pub(super) fn ask(&mut self, question: Last) -> Result<()> {
        self.progress.step()?;
        self.question = Question::Wanted(question);
        Ok(())
    }

    pub(super) async fn found(&mut self) -> Result<bool> {
        if let Question::Wanted(_) = self.question {
            // Nothing took it along.
            self.progress.goes_on()?;
            let asked = self.alone().await;
            self.progress.note(asked)?;
        }
        Ok(matches!(self.question, Question::Answered(true)))
    }

    async fn alone(&mut self) -> Result<()> {
        let (begin, ahead) = self.begin().await?;
        let connection = self.connection()?;
        let (begun, found) =
            tokio::join!(biased; begin.run(connection), answer(&ahead, connection));
        begun?;
        self.answered(found?);
        Ok(())
    }

    fn transaction(&mut self) -> Begin {
        let begin = (!std::mem::replace(&mut self.begun, true)).then_some(self.begin);
        let savepoint = (self.savepoint == Savepoint::Wanted).then_some("SAVEPOINT operation");
        if savepoint.is_some() {
            self.savepoint = Savepoint::Sent;
        }
        Begin(begin, savepoint)
    }

    pub(super) fn savepoint(&mut self) {
        self.savepoint = Savepoint::Wanted;
    }

    pub(super) async fn undo(&mut self) -> Result<()> {
        self.progress.goes_on()?;
        let savepoint = std::mem::replace(&mut self.savepoint, Savepoint::None);
        let result = match (savepoint, self.begun) {
            (Savepoint::Sent, _) => self.connection()?.batch_execute("ROLLBACK TO operation").await,
            (Savepoint::None, true) => {
                // The next statement begins anew.
                let ended = self.connection()?.batch_execute("ROLLBACK").await;
                self.begun = ended.is_err();
                ended
            }
            (Savepoint::Wanted, _) | (Savepoint::None, false) => return Ok(()),
        };
        self.progress.note(result.map_err(Error::from))
    }

    pub(super) async fn finish(&mut self, statements: &[Stmt<'_>]) -> Result<()> {
        for _ in statements {
            self.progress.step()?;
        }
        let result = self.try_finish(statements).await;
        // Nothing comes after a commit.
        self.progress.finished = true;
        self.progress.note(result)
    }

    async fn try_finish(&mut self, statements: &[Stmt<'_>]) -> Result<()> {
        let mut prepared = Vec::with_capacity(statements.len());
        for statement in statements {
            prepared.push(prepare(self.connection()?, *statement).await?);
        }
        if prepared.is_empty() && !self.begun {
            return Ok(());
        }
        let begin = self.transaction();
        let connection = self.connection()?;
        // All are sent in this order before any is waited for; after one that failed the
        // `COMMIT` rolls back.
        let changes =
            prepared.iter().map(|(statement, values)| connection.execute(statement, values));
        let (begun, changed, committed) = tokio::join!(
            biased;
            begin.run(connection),
            join_all(changes),
            connection.batch_execute("COMMIT")
        );
        begun?;
        for changed in changed {
            changed?;
        }
        committed?;
        self.begun = false;
        Ok(())
    }

    fn connection(&self) -> Result<&Object> {
        self.connection.as_ref().ok_or(Error::Swallowed)
    }

    /// Closes the connection, which undoes what was not committed.
    fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }

    /// Ends the transaction.
    async fn end(&mut self, sql: &str) -> Result<()> {
        if self.begun {
            self.connection()?.batch_execute(sql).await?;
            self.begun = false;
        }
        Ok(())
    }
}

/// Asks what is on its way, if anything is.
async fn answer(ahead: &Option<Ahead>, connection: &Object) -> Result<Option<bool>> {
    match ahead {
        Some(ahead) => ahead.run(connection).await.map(Some),
        None => Ok(None),
    }
}

struct Begin(Option<&'static str>, Option<&'static str>);

impl Begin {
    async fn run(self, connection: &Object) -> Result<()> {
        let text;
        let sql = match (self.0, self.1) {
            (None, None) => return Ok(()),
            (Some(sql), None) | (None, Some(sql)) => sql,
            (Some(begin), Some(savepoint)) => {
                text = format!("{begin}; {savepoint}");
                &text
            }
        };
        // That nothing can begin is no defect: the server takes no writes.
        connection.batch_execute(sql).await.map_err(|error| match Error::from(error) {
            Error::Engine(cause) => Error::Unavailable(cause),
            error => error,
        })
    }
}

/// Prepares with the types of the values, so that PostgreSQL infers none.
async fn prepare<'a>(
    connection: &Object,
    Stmt { sql, params, batch }: Stmt<'a>,
) -> Result<(Statement, Values<'a>)> {
    let mut types: Vec<Type> = Vec::with_capacity(params.len() + batch.len());
    let mut values: Values<'a> = Vec::with_capacity(params.len() + batch.len());
    for param in params {
        types.push(param.postgres());
        values.push(*param);
    }
    for column in batch {
        let (kind, value) = column.postgres();
        types.push(kind);
        values.push(value);
    }
    let text = batch::text(sql, params.len(), Dialect::Postgres);
    Ok((connection.prepare_typed_cached(text, &types).await?, values))
}

fn read_all<T>(
    rows: &[tokio_postgres::Row],
    read: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    rows.iter().map(|row| read(&Row::Postgres(row))).collect()
}

/// A PostgreSQL database.
pub struct Postgres {
    pool: Pool,
    /// Operations that may run or wait for a connection.
    places: Arc<Semaphore>,
    statements: Arc<AtomicU64>,
    metrics: Metrics,
}

impl Postgres {
    pub(super) async fn open(
        url: &str,
        options: &Options,
        statements: Arc<AtomicU64>,
    ) -> Result<Self, Startup> {
        let (mut config, tls) = tls::read(url)?;
        config.keepalives_idle(SILENCE).keepalives_interval(PROBE).tcp_user_timeout(SILENCE);
        // Never a standby: what it tells is old, and after a failover nobody would leave it.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        let hosts = Hosts::of(&mut config, tls);
        let patience = hosts.patience();
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(config, hosts, recycling);
        let pool = Pool::builder(manager)
            .max_size(options.connections)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(patience))
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .build()
            .map_err(|error| Startup(error.to_string()))?;
        let places = Arc::new(Semaphore::new(options.queue + options.connections));
        Ok(Self { pool, places, statements, metrics: options.metrics.clone() })
    }

    pub(super) fn status(&self) -> Status {
        let pool = self.pool.status();
        let (connections, most, idle) = (pool.size, pool.max_size, pool.available);
        Status::Postgres { connections, most, idle, waiting: pool.waiting }
    }

    /// Whether as many run or wait as may.
    pub(super) fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// A connection for something other than an operation.
    pub(super) async fn connection(&self) -> Result<Object> {
        Ok(self.pool.get().await?)
    }

    pub(super) async fn write<T, R, F>(&self, work: Work, op: F) -> Result<T, Stop<R>>
    where
        F: for<'a> Op<'a, T, R> + Clone + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        let begin = if work == Work::Chore { CHORE } else { OPERATION };
        let time = if work == Work::Long { LONG } else { ATTEMPT };
        self.spawn(begin, time, op).await
    }

    pub(super) async fn read<T, R, F>(&self, op: F) -> Result<T, Stop<R>>
    where
        F: for<'a> Op<'a, T, R> + Clone + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        self.spawn(READ, READ_ATTEMPT, op).await
    }

    /// Runs a read for as long as it takes.
    pub(super) async fn look<T, R, F>(&self, op: F) -> Result<T, Stop<R>>
    where
        F: for<'a> Op<'a, T, R> + Send + 'static,
    {
        once(self.connection().await?, LOOK, op, &self.statements).await
    }

    async fn spawn<T, R, F>(&self, begin: &'static str, time: Duration, op: F) -> Result<T, Stop<R>>
    where
        F: for<'a> Op<'a, T, R> + Clone + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        let (pool, statements) = (self.pool.clone(), Arc::clone(&self.statements));
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Error::QueueFull)?;
        let metrics = self.metrics.clone();
        let task = tokio::spawn(async move {
            let _place = place;
            let mut attempt = 0;
            loop {
                attempt += 1;
                // How long it waited is no part of its attempt.
                let begun = metrics.begin();
                let connection = pool.get().await;
                metrics.connected(begun);
                let connection = connection.map_err(Error::from)?;
                // An attempt that is given up closes its connection.
                let once = once(connection, begin, op.clone(), &statements);
                let result = tokio::time::timeout(time, once).await;
                match result.unwrap_or_else(|late| Err(Error::Unavailable(late.into()).into())) {
                    Err(Stop::Failed(Error::Conflict(_))) if attempt < ATTEMPTS => {
                        metrics.retried();
                        tokio::time::sleep(jitter(attempt)).await;
                    }
                    result => return result,
                }
            }
        });
        task.await.unwrap_or_else(|error| {
            let said = match error.try_into_panic() {
                Ok(panic) => words(&*panic),
                Err(_) => "the task was cancelled".to_owned(),
            };
            Err(Error::Panicked(said).into())
        })
    }
}

async fn once<T, R, F>(
    connection: Object,
    begin: &'static str,
    op: F,
    statements: &AtomicU64,
) -> Result<T, Stop<R>>
where
    F: for<'a> Op<'a, T, R> + Send + 'static,
{
    let progress = Progress::default();
    let (savepoint, question) = (Savepoint::None, Question::Answered(false));
    let connection = Some(connection);
    let pg = Pg { connection, begin, begun: false, savepoint, question, progress };
    let mut tx = Tx::Postgres(pg);
    let mut result = op(&mut tx).await;
    let Tx::Postgres(mut pg) = tx else { return Err(Error::Swallowed.into()) };
    statements.fetch_add(pg.progress.statements, Ordering::Relaxed);
    if pg.progress.failed && result.is_ok() {
        result = Err(Error::Swallowed.into());
    }
    match result {
        Ok(done) => pg.end("COMMIT").await.map(|()| done).map_err(Stop::Failed),
        Err(stop) => {
            // If this fails the connection is closed, which undoes as well.
            let _ = pg.end("ROLLBACK").await;
            if let Stop::Failed(Error::Unavailable(_) | Error::Engine(_)) = stop {
                // It may lead to a server that never can again.
                pg.close();
            }
            Err(stop)
        }
    }
}

/// Between 0.5 and 20 ms, longer for later attempts.
fn jitter(attempt: u32) -> Duration {
    let random = u64::from(getrandom::u32().unwrap_or(attempt));
    let ceiling = (1_000u64 << attempt.min(5)).min(20_000);
    Duration::from_micros(500 + random % ceiling)
}
