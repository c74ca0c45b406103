//! Migrations: two folders with the same numbers, run under a lock of our own.

use std::fs::File;
use std::path::Path;

use super::error::{Error, Result, Startup};
use super::postgres::Postgres;
use super::value::params;
use super::{Tx, sqlite};

mod for_sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

mod for_postgres {
    refinery::embed_migrations!("migrations/postgres");
}

/// "crewline" as a number: the advisory lock of whoever migrates.
const LOCK: &str = "SELECT pg_advisory_lock(7166182896640814693)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7166182896640814693)";

/// Whether a SQLite file is a database of Crewline.
pub const OURS: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history')";
/// What is said of one that is not.
pub const NOT_OURS: &str = "it is no database of Crewline";

/// Brings a SQLite file up to date; several processes may try at once.
pub fn sqlite(path: &Path) -> Result<(), Startup> {
    let failed = |error: &dyn std::fmt::Display| Startup(format!("{}: {error}", path.display()));
    let mut lock = path.as_os_str().to_owned();
    lock.push("-migrate");
    let lock = File::create(&lock).map_err(|error| failed(&error))?;
    lock.lock().map_err(|error| failed(&error))?;
    let mut connection = sqlite::connect(path).map_err(|error| failed(&error))?;
    for_sqlite::migrations::runner().run(&mut connection).map_err(|error| failed(&error))?;
    Ok(())
}

/// Brings a PostgreSQL database up to date; several nodes may try at once.
pub async fn postgres(postgres: &Postgres) -> Result<(), Startup> {
    let away = |error: Error| Startup(format!("PostgreSQL: {}", error.explain()));
    let failed = |error: &dyn std::fmt::Display| Startup(format!("PostgreSQL: {error}"));
    let mut connection = postgres.connection().await.map_err(away)?;
    // Waiting for another node's migration may take longer than a lock should otherwise.
    let session = format!("SET lock_timeout = 0; SET statement_timeout = 0; {LOCK}");
    connection.batch_execute(&session).await.map_err(|error| failed(&error))?;
    let ran = for_postgres::migrations::runner().run_async(&mut **connection).await;
    let unlocked = connection.batch_execute(UNLOCK).await;
    // The session had settings of its own: do not give it back to the pool.
    drop(deadpool_postgres::Object::take(connection));
    ran.map_err(|error| failed(&error))?;
    unlocked.map_err(|error| failed(&error))
}

/// Why a database cannot be looked at as it is; `None`: its schema is ours.
pub async fn misfit(tx: &mut Tx) -> Result<Option<String>> {
    // PostgreSQL ends a transaction that names a table that is not there.
    let there = tx.pick(OURS, "SELECT to_regclass('refinery_schema_history') IS NOT NULL");
    if tx.query_opt::<(bool,)>(there, params![]).await? != Some((true,)) {
        return Ok(Some(NOT_OURS.to_owned()));
    }
    let sql = "SELECT CAST(coalesce(max(version), 0) AS bigint) FROM refinery_schema_history";
    let (found,) = tx.query_opt::<(i64,)>(sql, params![]).await?.unwrap_or_default();
    let ours = for_postgres::migrations::runner();
    let ours = ours.get_migrations().iter().map(|one| i64::from(one.version())).max();
    let ours = ours.unwrap_or_default();
    Ok(match found.cmp(&ours) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Less => Some(format!(
            "its schema is number {found}, this crewline has {ours}: run crewline migrate, or use \
             the crewline that serves it"
        )),
        std::cmp::Ordering::Greater => Some(format!(
            "its schema is number {found}, this crewline has {ours}: use the crewline that \
             serves it"
        )),
    })
}
