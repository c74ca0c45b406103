//! A copy of a SQLite database, taken while others write it.
//!
//! SQLite's backup copies pages as they are, under one read transaction. In WAL mode a reader
//! stops no writer, so what counts is how long the snapshot is held: until then the WAL grows.
//! `VACUUM INTO` holds the same snapshot for longer, because it builds every table and index anew.
//! A backup without a transaction of its own, in small steps, would begin again whenever another
//! process has written between two of them: in a storm of writes it would never end.

use std::fs::File;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::error::Startup;
use super::{migrate, sqlite};

/// Copies the database to a new file, checks the copy, and waits until it is on disk.
pub fn copy(from: &Path, to: &Path) -> Result<(), Startup> {
    let failed = |error: rusqlite::Error| Startup(format!("{}: {error}", from.display()));
    let source = sqlite::connect_reader(from).map_err(failed)?;
    // From the first read on this is one snapshot.
    source.execute_batch("BEGIN").map_err(failed)?;
    if !source.query_row(migrate::OURS, [], |row| row.get(0)).map_err(failed)? {
        return Err(Startup(format!("{}: {}", from.display(), migrate::NOT_OURS)));
    }
    let failed = |error: rusqlite::Error| Startup(format!("the copy: {error}"));
    let mut copy = Connection::open(to).map_err(failed)?;
    // Whatever fails, nothing of the copy stays: it needs no journal, and is synced at the end.
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(failed)?;
    let step =
        Backup::new(&source, &mut copy).and_then(|backup| backup.step(-1)).map_err(failed)?;
    if step != StepResult::Done {
        return Err(Startup(format!("{}: it is locked", from.display())));
    }
    drop(source);
    check(&copy).map_err(failed)?.map_or(Ok(()), |damage| {
        let said = "the copy is damaged, perhaps as its source is: run crewline check";
        Err(Startup(format!("{said} ({damage})")))
    })?;
    copy.close().map_err(|(_, error)| failed(error))?;
    let synced = File::open(to).and_then(|file| file.sync_all());
    synced.map_err(|error| Startup(format!("the copy: {error}")))
}

/// What is wrong with a copy. It is left as one plain file, which can also be opened where nothing
/// can be written; the server turns the WAL on again.
fn check(copy: &Connection) -> rusqlite::Result<Option<String>> {
    let _: String = copy.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    let said: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((said != "ok").then_some(said))
}
