//! SQLite: one writer thread that commits many operations together, and a few readers.
//!
//! The writer takes every waiting job into one `BEGIN IMMEDIATE .. COMMIT` and answers them all
//! after the commit. The fsync of one group is the time in which the next one gathers. When a job
//! has to be undone after it has written, the group runs again, each job in a savepoint of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::batch::{self, Batch, Dialect};
use super::checkpoints::{self, Checkpoints};
use super::error::{Error, Result, Startup, Stop};
use super::job::{Job, Task};
use super::last::Last;
use super::memory::Memory;
use super::tx::{Progress, Stmt, Tx};
use super::value::Row;
use super::{Op, Options, Status};
use crate::metrics::Metrics;

/// Rows a group may change before it is committed; a job is never divided.
const GROUP_ROWS: u64 = 4_000;
/// Jobs a group may hold.
const GROUP_JOBS: usize = 256;
/// How long another process may hold the database.
const BUSY: Duration = Duration::from_secs(5);
/// KiB of pages that the writer remembers: the upper levels of all tables, and where it has just been.
const CACHE: i64 = 16 * 1024;
/// How long a read may hold its snapshot: the WAL cannot shrink below it.
const READ: Duration = Duration::from_secs(1);

/// A running transaction on SQLite.
pub struct Lite {
    connection: Box<Connection>,
    progress: Progress,
    /// Whether what was asked ahead found a row.
    found: bool,
    /// Whether the job has a savepoint of its own.
    held: bool,
    /// Rows that the connection had changed before the job.
    start: u64,
    /// Not for a job with a savepoint, that may see what will be undone; nor for readers.
    memory: Option<Box<Memory>>,
}

impl Lite {
    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    pub(super) fn memory(&mut self) -> Option<&mut Memory> {
        self.memory.as_deref_mut()
    }

    pub(super) fn rows<T>(
        &mut self,
        statement: Stmt<'_>,
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.progress.step()?;
        let result = rows(&self.connection, statement, read);
        self.progress.note(result)
    }

    pub(super) fn change(&mut self, statement: Stmt<'_>) -> Result<u64> {
        self.progress.step()?;
        let result =
            run(&self.connection, statement, |prepared| Ok(prepared.raw_execute()? as u64));
        self.progress.note(result)
    }

    pub(super) fn ask(&mut self, question: Last) -> Result<()> {
        let params = question.params();
        let rows = self.rows(Stmt::new(question.sql, &params), |_| Ok(()))?;
        self.found = !rows.is_empty();
        Ok(())
    }

    pub(super) fn found(&self) -> bool {
        self.found
    }

    /// Without a savepoint only nothing can be undone; else the job runs again with one.
    pub(super) fn undo(&mut self) -> Result<()> {
        self.progress.goes_on()?;
        let result = match (self.held, self.connection.total_changes() == self.start) {
            (true, _) => {
                let prepared = self.connection.prepare_cached("ROLLBACK TO job");
                let undone = prepared.and_then(|mut prepared| prepared.raw_execute());
                undone.map(drop).map_err(Error::from)
            }
            (false, true) => Ok(()),
            (false, false) => Err(Error::changed("it is to run again with a savepoint")),
        };
        self.progress.note(result)
    }
}

fn rows<T>(
    connection: &Connection,
    statement: Stmt<'_>,
    read: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    run(connection, statement, |prepared| {
        let mut rows = prepared.raw_query();
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(read(&Row::Sqlite(row))?);
        }
        Ok(out)
    })
}

fn run<T>(
    connection: &Connection,
    Stmt { sql, params, batch }: Stmt<'_>,
    then: impl FnOnce(&mut rusqlite::CachedStatement<'_>) -> Result<T>,
) -> Result<T> {
    let batch = Batch(batch);
    let mut prepared =
        connection.prepare_cached(batch::text(sql, params.len(), Dialect::Sqlite))?;
    for (nth, param) in params.iter().enumerate() {
        prepared.raw_bind_parameter(nth + 1, param.sqlite())?;
    }
    if !batch.0.is_empty() {
        prepared.raw_bind_parameter(params.len() + 1, &batch)?;
    }
    let result = then(&mut prepared);
    // The batch ends here; the cached statement must not point to it any longer.
    prepared.clear_bindings();
    result
}

/// A SQLite database. What is dropped goes in this order: the writer closes its connection when
/// it is alone, and leaves the whole database in its one file. Two that close at once would
/// each leave that to the other.
pub struct Sqlite {
    readers: Lane,
    writer: Lane,
    statements: Arc<AtomicU64>,
    path: PathBuf,
}

/// Threads, and the end of the queue to them, which goes first: it is what ends them.
struct Lane {
    queue: mpsc::Sender<Box<dyn Job>>,
    _threads: Threads,
}

/// Waits until their connections are closed.
struct Threads(Vec<JoinHandle<()>>);

impl Drop for Threads {
    fn drop(&mut self) {
        let current = std::thread::current().id();
        for thread in self.0.drain(..) {
            // An operation may have held the last reference to the store.
            if thread.thread().id() != current {
                let _ = thread.join();
            }
        }
    }
}

impl Sqlite {
    pub(super) fn open(
        path: &Path,
        options: &Options,
        statements: Arc<AtomicU64>,
    ) -> Result<Self, Startup> {
        let failed = |error: rusqlite::Error| Startup(format!("{}: {error}", path.display()));
        let mut writer = connect(path).map_err(failed)?;
        let checkpoints = Checkpoints::begin(path, &mut writer)?;
        let (reads, queue) = mpsc::channel(options.queue);
        let queue = Arc::new(Mutex::new(queue));
        let mut threads = Vec::with_capacity(options.readers);
        for _ in 0..options.readers {
            let (reader, queue) = (connect_reader(path).map_err(failed)?, Arc::clone(&queue));
            threads.push(spawn("reader", move || read_all(reader, &queue))?);
        }
        let readers = Lane { queue: reads, _threads: Threads(threads) };
        let (writes, queue) = mpsc::channel(options.queue);
        let metrics = options.metrics.clone();
        let thread = spawn("writer", move || {
            let mut writer = Runner::remembering(writer, metrics);
            write_all(&mut writer, queue);
            if let Some(connection) = &mut writer.connection {
                checkpoints.end(connection);
            }
        })?;
        let writer = Lane { queue: writes, _threads: Threads(vec![thread]) };
        Ok(Self { readers, writer, statements, path: path.to_owned() })
    }

    pub(super) fn status(&self) -> Status {
        let waiting = |lane: &Lane| lane.queue.max_capacity() - lane.queue.capacity();
        let size = |path: &Path| std::fs::metadata(path).ok().map(|file| file.len());
        let mut wal = self.path.clone().into_os_string();
        wal.push("-wal");
        Status::Sqlite {
            writes: waiting(&self.writer),
            reads: waiting(&self.readers),
            database: size(&self.path),
            wal: size(Path::new(&wal)),
        }
    }

    /// Whether as many wait for the writer as may.
    pub(super) fn is_full(&self) -> bool {
        self.writer.queue.capacity() == 0
    }

    /// `tried`: it will most likely undo what it does.
    pub(super) async fn write<T, R, F>(&self, tried: bool, op: F) -> Result<T, Stop<R>>
    where
        F: for<'a> Op<'a, T, R> + Clone + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        self.send(&self.writer.queue, tried, op).await
    }

    pub(super) async fn read<T, R, F>(&self, op: F) -> Result<T, Stop<R>>
    where
        F: for<'a> Op<'a, T, R> + Clone + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        self.send(&self.readers.queue, false, op).await
    }

    async fn send<T, R, F>(
        &self,
        queue: &mpsc::Sender<Box<dyn Job>>,
        tried: bool,
        op: F,
    ) -> Result<T, Stop<R>>
    where
        F: for<'a> Op<'a, T, R> + Clone + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let statements = Arc::clone(&self.statements);
        let task = Task { op, tried, result: None, reply, statements };
        queue.try_send(Box::new(task)).map_err(|error| match error {
            TrySendError::Full(_) => Error::QueueFull,
            TrySendError::Closed(_) => Error::Unavailable("the thread has ended".into()),
        })?;
        answer.await.unwrap_or_else(|_| Err(Error::Unavailable("shutting down".into()).into()))
    }
}

pub(super) fn spawn(
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, Startup> {
    let thread = std::thread::Builder::new().name(format!("sqlite-{name}"));
    thread.spawn(body).map_err(|error| Startup(format!("cannot start a thread: {error}")))
}

/// A connection with everything that every connection needs.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    prepare(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", checkpoints::ALONE)?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    // Without it the planner looks at bound values, and every statement that joins a batch
    // is prepared anew at each execution.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    batch::register(connection)
}

/// A connection that only reads, to a database that is there.
pub(super) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// The writer thread.
fn write_all(writer: &mut Runner, mut queue: mpsc::Receiver<Box<dyn Job>>) {
    while let Some(first) = queue.blocking_recv() {
        let mut group = vec![first];
        let mut together = writer.together(&mut group, &mut queue, false);
        if together.is_err() {
            writer.forget();
            writer.metrics.runs_again();
            together = writer.together(&mut group, &mut queue, true);
        }
        if together.is_err() {
            writer.metrics.runs_again();
            group.iter_mut().for_each(|job| writer.alone(job.as_mut()));
        }
        group.into_iter().for_each(Job::answer);
    }
}

/// A connection that runs jobs: the writer's, or a reader's.
struct Runner {
    /// Always there, but while a job has it.
    connection: Option<Box<Connection>>,
    /// The writer's, but while a job has it.
    memory: Option<Box<Memory>>,
    metrics: Metrics,
}

/// What the jobs of a group did is lost; they are to run again, each alone.
struct Lost;

impl Runner {
    fn new(connection: Connection, metrics: Metrics) -> Self {
        Self { connection: Some(Box::new(connection)), memory: None, metrics }
    }

    /// With what operations remember.
    fn remembering(connection: Connection, metrics: Metrics) -> Self {
        Self { memory: Some(Box::new(Memory::new())), ..Self::new(connection, metrics) }
    }

    /// Something is undone that operations may have read.
    fn forget(&mut self) {
        if let Some(memory) = &mut self.memory {
            memory.forget();
        }
    }

    /// Runs a group in one transaction. A savepoint copies every page that its job changes, and
    /// nearly no job undoes anything once it has written: so the first time only those have one
    /// that are known to. `held`: each has.
    fn together(
        &mut self,
        group: &mut Vec<Box<dyn Job>>,
        queue: &mut mpsc::Receiver<Box<dyn Job>>,
        held: bool,
    ) -> Result<(), Lost> {
        let lost = |_| Lost;
        self.clear();
        if let Err(error) = self.sql("BEGIN IMMEDIATE") {
            // Somebody else holds the database, or it is away. All who wait by now have waited
            // for the same thing.
            while let Ok(job) = queue.try_recv() {
                group.push(job);
            }
            let why = error.explain();
            group.iter_mut().for_each(|job| job.fail(Error::Unavailable(why.clone().into())));
            return Ok(());
        }
        let start = self.connection().total_changes();
        let mut next = 0;
        while let Some(job) = group.get_mut(next) {
            next += 1;
            if !job.abandoned() {
                let held = held || job.is_tried();
                self.one_of_many(job.as_mut(), held)?;
            }
            let full =
                next >= GROUP_JOBS || self.connection().total_changes() - start >= GROUP_ROWS;
            if !full && let Ok(job) = queue.try_recv() {
                group.push(job);
            }
        }
        self.commit(group.len(), start).map_err(lost)
    }

    /// `start`: the rows that the connection had changed before.
    fn commit(&self, jobs: usize, start: u64) -> Result<()> {
        let (rows, begun) = (self.connection().total_changes() - start, self.metrics.begin());
        self.sql("COMMIT")?;
        self.metrics.committed(jobs, rows, begun);
        Ok(())
    }

    /// Runs one job of a group.
    fn one_of_many(&mut self, job: &mut dyn Job, held: bool) -> Result<(), Lost> {
        let lost = |_| Lost;
        let start = self.connection().total_changes();
        if held {
            self.sql("SAVEPOINT job").map_err(lost)?;
        }
        let keep = self.run(job, held);
        // Some errors end the whole transaction: what comes next would be outside of any.
        if self.connection().is_autocommit() {
            return Err(Lost);
        }
        match (held, keep) {
            (true, true) => self.sql("RELEASE job").map_err(lost),
            (true, false) => {
                self.sql("ROLLBACK TO job").and_then(|()| self.sql("RELEASE job")).map_err(lost)
            }
            (false, false) if self.connection().total_changes() != start => Err(Lost),
            (false, _) => Ok(()),
        }
    }

    /// Runs one job in a transaction of its own, and leaves its true end in it.
    fn alone(&mut self, job: &mut dyn Job) {
        // What is left of the group's transaction.
        self.clear();
        if job.abandoned() {
            return;
        }
        if let Err(error) = self.sql("BEGIN IMMEDIATE").and_then(|()| self.sql("SAVEPOINT job")) {
            return job.fail(error);
        }
        let start = self.connection().total_changes();
        let keep = self.run(job, true);
        match (keep, self.connection().is_autocommit()) {
            (true, true) => job.fail(Error::Swallowed),
            (true, false) => {
                if let Err(error) = self.commit(1, start) {
                    let _ = self.sql("ROLLBACK");
                    job.fail(error);
                }
            }
            (false, true) => {}
            (false, false) => {
                let _ = self.sql("ROLLBACK");
            }
        }
    }

    /// Ends a transaction that is still open.
    fn clear(&self) {
        if !self.connection().is_autocommit() {
            let _ = self.sql("ROLLBACK");
        }
    }

    /// Lends the connection to a job. `true`: its work is to be kept.
    fn run(&mut self, job: &mut dyn Job, held: bool) -> bool {
        let Some(connection) = self.connection.take() else { return false };
        let (progress, start) = (Progress::default(), connection.total_changes());
        let memory = if held { None } else { self.memory.take() };
        let mut tx = Tx::Sqlite(Lite { connection, progress, found: false, held, start, memory });
        let keep = job.run(&mut tx);
        if let Tx::Sqlite(lite) = tx {
            self.connection = Some(lite.connection);
            self.memory = lite.memory.or(self.memory.take());
        }
        keep
    }

    fn sql(&self, sql: &'static str) -> Result<()> {
        Ok(self.connection().prepare_cached(sql)?.raw_execute().map(drop)?)
    }

    fn connection(&self) -> &Connection {
        // Unwrap safety: `run` gives it back before anything else asks for it.
        self.connection.as_deref().expect("the connection is only away while a job runs")
    }
}

/// A reader thread: each read sees one snapshot, for a second at most.
fn read_all(mut connection: Connection, queue: &Mutex<mpsc::Receiver<Box<dyn Job>>>) {
    let started = Instant::now();
    let deadline = Arc::new(AtomicU64::new(u64::MAX));
    let limit = Arc::clone(&deadline);
    let late = move || started.elapsed().as_millis() as u64 > limit.load(Ordering::Relaxed);
    if let Err(error) = connection.progress_handler(10_000, Some(late)) {
        tracing::error!(%error, "reads have no time limit");
    }
    let mut reader = Runner::new(connection, Metrics::default());
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(mut job) = next else { return };
        let end = started.elapsed() + READ;
        deadline.store(end.as_millis() as u64, Ordering::Relaxed);
        match reader.sql("BEGIN") {
            Ok(()) => drop(reader.run(job.as_mut(), false)),
            Err(error) => job.fail(error),
        }
        reader.clear();
        job.answer();
    }
}

/// Runs a read on a connection of its own, for as long as it takes. The WAL grows meanwhile.
pub(super) fn look<T, R, F>(path: &Path, op: F) -> Result<T, Stop<R>>
where
    F: for<'a> Op<'a, T, R> + Clone + Send + 'static,
    T: Send + 'static,
    R: Send + 'static,
{
    let connection = connect_reader(path).map_err(Error::from)?;
    let mut reader = Runner::new(connection, Metrics::default());
    let (reply, _answer) = oneshot::channel();
    let mut task = Task { op, tried: false, result: None, reply, statements: Arc::default() };
    reader.sql("BEGIN")?;
    reader.run(&mut task, false);
    reader.clear();
    task.result.unwrap_or_else(|| Err(Error::Suspended.into()))
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::store::Col;

    /// Without the planner's stability guarantee this is prepared anew at each execution.
    #[test]
    fn a_statement_that_joins_a_batch_stays_prepared() {
        let folder = tempfile::tempdir().unwrap();
        let connection = connect(&folder.path().join("test.db")).unwrap();
        connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY); ANALYZE").unwrap();
        let sql = "SELECT e.ord FROM {e(id bigint)} CROSS JOIN t WHERE t.id = e.id";
        let sql = batch::text(sql, 0, Dialect::Sqlite);
        for n in 0..10 {
            let ids: Vec<i64> = (0..n * 10).collect();
            let columns = [Col::Int(&ids)];
            let mut prepared = connection.prepare_cached(sql).unwrap();
            prepared.raw_bind_parameter(1, Batch(&columns)).unwrap();
            while prepared.raw_query().next().unwrap().is_some() {}
            assert_eq!(prepared.get_status(StatementStatus::RePrepare), 0);
        }
    }
}
