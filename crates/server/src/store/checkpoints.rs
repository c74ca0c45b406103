//! Checkpoints of SQLite: what the WAL holds is written back into the database.
//!
//! A thread with a connection of its own does it while the writer goes on. A WAL can only begin anew
//! when all of it is written back, which under steady writes it never is: so from [`MOST`] pages on
//! the writer itself does what is left, in the commit.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::error::Startup;
use super::sqlite::{connect_reader, spawn};

/// Pages of the WAL (4 KiB each) that the thread writes back together: a page that changed several
/// times meanwhile is written once.
const TOGETHER: i32 = 1_000;
/// Pages of the WAL with which the writer waits until all is written back.
const MOST: i32 = 4_000;
/// The same for a connection that has no thread beside it.
pub const ALONE: i32 = 2_000;

/// The thread.
pub struct Checkpoints(JoinHandle<()>);

impl Checkpoints {
    /// Of a database whose one writer this is.
    pub fn begin(path: &Path, writer: &mut Connection) -> Result<Self, Startup> {
        let failed = |error: rusqlite::Error| Startup(format!("{}: {error}", path.display()));
        let connection = connect_reader(path).map_err(failed)?;
        let (wanted, queue) = sync_channel(1);
        let mut asked = 0;
        let committed = move |wal: &mut Wal, pages: i32| {
            // It began anew.
            if pages < asked {
                asked = 0;
            }
            if pages >= MOST {
                // The commit is done, whatever comes of this: the next one tries again.
                let _ = wal.checkpoint();
            } else if pages - asked >= TOGETHER {
                asked = pages;
                // One that waits will do.
                let _ = wanted.try_send(());
            }
            Ok(())
        };
        writer.wal_hook(Some(committed)).map_err(failed)?;
        Ok(Self(spawn("checkpoints", move || write_back(&connection, &queue))?))
    }

    /// Ends it ahead of the writer's connection: who closes last leaves the database in its one file.
    pub fn end(self, writer: &mut Connection) {
        let _ = writer.wal_hook(None::<fn(&mut Wal, i32) -> rusqlite::Result<()>>);
        let _ = self.0.join();
    }
}

fn write_back(connection: &Connection, queue: &Receiver<()>) {
    while queue.recv().is_ok() {
        // Passive: it waits for nobody, and nobody for it.
        let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = done {
            tracing::warn!(%error, "the write-ahead log could not be written back");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::connect;

    /// Steady writes do not make the WAL grow, and nothing of it is left behind.
    #[test]
    fn the_wal_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let wal = folder.path().join("test.db-wal");
        let mut writer = connect(&path).unwrap();
        let checkpoints = Checkpoints::begin(&path, &mut writer).unwrap();
        writer.execute_batch("CREATE TABLE t (page BLOB)").unwrap();
        // Three times as many pages as it may hold.
        for _ in 0..120 {
            writer.execute_batch(HUNDRED).unwrap();
        }
        let frame = 4_096 + 24;
        let size = wal.metadata().unwrap().len();
        assert!(size > (TOGETHER * frame) as u64, "{size}");
        assert!(size < ((MOST + TOGETHER) * frame) as u64, "{size}");
        checkpoints.end(&mut writer);
        drop(writer);
        assert!(!wal.exists());
    }

    /// Writes as many pages.
    const HUNDRED: &str =
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100)
        INSERT INTO t SELECT zeroblob(4000) FROM n";
}
