//! The transaction an operation runs in: the same few methods on both engines.

use super::batch::Dialect;
use super::error::{Error, Result};
use super::last::Last;
use super::memory::Memory;
use super::postgres::Pg;
use super::sqlite::Lite;
use super::value::{Col, FromRow, Params, Row};

/// One transaction. It owns its connection, so it is `Send` and free of lifetimes.
///
/// After an engine error nothing more runs in it, and it cannot commit.
#[expect(clippy::large_enum_variant, reason = "one lives per operation, and never in a list")]
pub enum Tx {
    Sqlite(Lite),
    Postgres(Pg),
}

/// A statement with what it needs.
#[derive(Clone, Copy)]
pub struct Stmt<'a> {
    pub sql: &'static str,
    pub params: Params<'a>,
    pub batch: &'a [Col<'a>],
}

impl<'a> Stmt<'a> {
    pub fn new(sql: &'static str, params: Params<'a>) -> Self {
        Self { sql, params, batch: &[] }
    }

    pub fn batch(sql: &'static str, params: Params<'a>, batch: &'a [Col<'a>]) -> Self {
        Self { sql, params, batch }
    }
}

impl Tx {
    /// All rows.
    pub async fn query<T: FromRow>(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<Vec<T>> {
        self.rows(Stmt::new(sql, params)).await
    }

    /// The first row, if there is one.
    pub async fn query_opt<T: FromRow>(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<Option<T>> {
        Ok(self.rows(Stmt::new(sql, params)).await?.into_iter().next())
    }

    /// All rows of a statement with a batch.
    pub async fn query_batch<T: FromRow>(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
        batch: &[Col<'_>],
    ) -> Result<Vec<T>> {
        self.rows(Stmt::batch(sql, params, batch)).await
    }

    /// Two statements in one round trip; the second runs after the first.
    pub async fn query_pair<A: FromRow, B: FromRow>(
        &mut self,
        first: Stmt<'_>,
        second: Stmt<'_>,
    ) -> Result<(Vec<A>, Vec<B>)> {
        self.query_pair_by(first, second, B::from_row).await
    }

    /// All rows, each read by `read`: what their columns are only the caller knows.
    pub async fn query_by<T>(
        &mut self,
        statement: Stmt<'_>,
        read: impl Fn(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        match self {
            Tx::Sqlite(lite) => lite.rows(statement, read),
            Tx::Postgres(pg) => pg.rows(statement, read).await,
        }
    }

    /// As [`query_pair`](Self::query_pair), with the rows of the second read by `read`.
    pub async fn query_pair_by<A: FromRow, B>(
        &mut self,
        first: Stmt<'_>,
        second: Stmt<'_>,
        read: impl Fn(&Row<'_>) -> Result<B> + Send,
    ) -> Result<(Vec<A>, Vec<B>)> {
        match self {
            Tx::Sqlite(lite) => Ok((lite.rows(first, A::from_row)?, lite.rows(second, read)?)),
            Tx::Postgres(pg) => pg.pair((first, second), A::from_row, read).await,
        }
    }

    /// How many rows a change touched.
    pub async fn execute(&mut self, sql: &'static str, params: Params<'_>) -> Result<u64> {
        self.change(Stmt::new(sql, params)).await
    }

    /// How many rows a change with a batch touched.
    pub async fn execute_many(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
        batch: &[Col<'_>],
    ) -> Result<u64> {
        self.change(Stmt::batch(sql, params, batch)).await
    }

    /// What operations remember of what they read; only where one writer runs them all.
    pub fn memory(&mut self) -> Option<&mut Memory> {
        match self {
            Tx::Sqlite(lite) => lite.memory(),
            Tx::Postgres(_) => None,
        }
    }

    /// Asks ahead whether a statement finds any row; [`found`](Self::found) tells. On PostgreSQL it
    /// travels with the next statement, so that it costs no round trip.
    pub fn ask(&mut self, question: Last) -> Result<()> {
        match self {
            Tx::Sqlite(lite) => lite.ask(question),
            Tx::Postgres(pg) => pg.ask(question),
        }
    }

    /// Whether what was [asked](Self::ask) last found a row; `false` when nothing was.
    pub async fn found(&mut self) -> Result<bool> {
        match self {
            Tx::Sqlite(lite) => Ok(lite.found()),
            Tx::Postgres(pg) => pg.found().await,
        }
    }

    /// What was locked so far stays so when what follows is [undone](Self::undo). On PostgreSQL it
    /// travels with the next statement; SQLite has no locks but its own.
    pub fn savepoint(&mut self) {
        if let Tx::Postgres(pg) = self {
            pg.savepoint();
        }
    }

    /// Undoes everything since the savepoint, or since the beginning; what follows is kept.
    pub async fn undo(&mut self) -> Result<()> {
        match self {
            Tx::Sqlite(lite) => lite.undo(),
            Tx::Postgres(pg) => pg.undo().await,
        }
    }

    /// The last changes of a transaction. On PostgreSQL they and the `COMMIT` are one round trip;
    /// nothing may run after them.
    pub async fn finish(&mut self, changes: &[Last]) -> Result<()> {
        match self {
            Tx::Sqlite(lite) => changes
                .iter()
                .try_for_each(|last| last.lend(|change| lite.change(change).map(drop))),
            Tx::Postgres(pg) => {
                let params: Vec<_> = changes.iter().map(Last::params).collect();
                let texts: Vec<_> = changes.iter().map(Last::texts).collect();
                let columns: Vec<_> =
                    changes.iter().zip(&texts).map(|(last, texts)| last.columns(texts)).collect();
                let statements: Vec<Stmt<'_>> = (0..changes.len())
                    .map(|nth| Stmt::batch(changes[nth].sql, &params[nth], &columns[nth]))
                    .collect();
                pg.finish(&statements).await
            }
        }
    }

    /// Where the engines truly differ; say why beside it.
    pub fn pick<T>(&self, sqlite: T, postgres: T) -> T {
        match self.dialect() {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        }
    }

    fn dialect(&self) -> Dialect {
        match self {
            Tx::Sqlite(_) => Dialect::Sqlite,
            Tx::Postgres(_) => Dialect::Postgres,
        }
    }

    async fn rows<T: FromRow>(&mut self, statement: Stmt<'_>) -> Result<Vec<T>> {
        self.query_by(statement, T::from_row).await
    }

    async fn change(&mut self, statement: Stmt<'_>) -> Result<u64> {
        match self {
            Tx::Sqlite(lite) => lite.change(statement),
            Tx::Postgres(pg) => pg.change(statement).await,
        }
    }
}

/// What both engines keep about a running transaction.
#[derive(Default)]
pub struct Progress {
    /// An engine error happened: nothing more may run, nothing may commit.
    pub failed: bool,
    /// The transaction has ended: nothing more may run.
    pub finished: bool,
    /// Statements that were sent and did not fail.
    pub statements: u64,
    /// Those of which it is not known yet.
    pending: u64,
}

impl Progress {
    /// Counts a statement that is to be sent, or refuses it after an error.
    pub fn step(&mut self) -> Result<()> {
        self.goes_on()?;
        self.pending += 1;
        Ok(())
    }

    /// Whether anything may still run.
    pub fn goes_on(&self) -> Result<()> {
        match self.failed || self.finished {
            false => Ok(()),
            true => Err(Error::Swallowed),
        }
    }

    /// Counts what went well, or remembers an error.
    pub fn note<T>(&mut self, result: Result<T>) -> Result<T> {
        match &result {
            Ok(_) => self.statements += std::mem::take(&mut self.pending),
            Err(_) => self.failed = true,
        }
        result
    }
}
