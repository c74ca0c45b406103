//! A long look at a database as it is, beside the servers that use it.

use super::error::{Error, Startup, Stop};
use super::postgres::Postgres;
use super::{Location, Op, Options, Tx, migrate, sqlite};

/// Runs an operation that only reads, on one snapshot and a connection of its own, for as long as
/// it takes. Nothing is migrated: a database with another schema than ours is refused. For `check`
/// only: while a snapshot is held the WAL of SQLite grows, and PostgreSQL cleans up less.
pub async fn look<T, F>(location: &Location, op: F) -> Result<T, Startup>
where
    F: for<'a> Op<'a, T, String> + Clone + Send + 'static,
    T: Send + 'static,
{
    let op = async move |tx: &mut Tx| match migrate::misfit(tx).await? {
        Some(misfit) => Err(Stop::Refused(misfit)),
        None => op(tx).await,
    };
    let (name, looked) = match location {
        Location::Sqlite(path) => {
            let looked = path.clone();
            let looked = tokio::task::spawn_blocking(move || sqlite::look(&looked, op)).await;
            let panicked = |error: tokio::task::JoinError| Error::Unavailable(error.into());
            (path.display().to_string(), looked.map_err(panicked).map_err(Stop::from))
        }
        Location::Postgres(url) => {
            let options = Options { connections: 1, ..Options::default() };
            let postgres = Postgres::open(url, &options, Default::default()).await?;
            ("PostgreSQL".to_owned(), Ok(postgres.look(op).await))
        }
    };
    looked.flatten().map_err(|stop| match stop {
        Stop::Refused(why) => Startup(format!("{name}: {why}")),
        Stop::Failed(error) => Startup(format!("{name}: {}", error.explain())),
    })
}
