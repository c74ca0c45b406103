//! Databases that are filled once and copied for each run.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::failure::{Failure, Result, failed};
use crate::postgres::Cluster;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }
}

/// Where databases are put.
#[derive(Clone)]
pub struct Places {
    pub folder: PathBuf,
    /// There when anything is measured on PostgreSQL.
    pub cluster: Option<Arc<Cluster>>,
}

/// The copy that a run uses.
const RUN: &str = "run";

/// The databases of one who is measured.
pub enum Databases {
    Sqlite { folder: PathBuf, label: String },
    Postgres { cluster: Arc<Cluster>, label: String },
}

impl Databases {
    /// `label` keeps them apart from those of others.
    pub fn new(engine: Engine, label: &str, places: &Places) -> Result<Self> {
        let label = label.to_owned();
        Ok(match engine {
            Engine::Sqlite => Self::Sqlite { folder: places.folder.clone(), label },
            Engine::Postgres => {
                let cluster = places.cluster.clone();
                let cluster = cluster.ok_or_else(|| Failure("no cluster".to_owned()))?;
                Self::Postgres { cluster, label }
            }
        })
    }

    pub fn cluster(&self) -> Option<&Cluster> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { cluster, .. } => Some(cluster),
        }
    }

    /// The file of a SQLite database.
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Sqlite { folder, label } => Some(folder.join(format!("{label}-{name}.db"))),
            Self::Postgres { .. } => None,
        }
    }

    /// SQLite's write-ahead log of the copy in use.
    pub fn wal(&self) -> Option<PathBuf> {
        self.file(RUN).map(|file| beside(&file, "-wal"))
    }

    /// As crewline takes it.
    pub fn url(&self, name: &str) -> String {
        match self {
            Self::Sqlite { folder, label } => {
                format!("sqlite:{}", folder.join(format!("{label}-{name}.db")).display())
            }
            Self::Postgres { cluster, label } => cluster.url(&format!("{label}_{name}")),
        }
    }

    /// Makes an empty database, where that has to be done.
    pub async fn create(&self, name: &str) -> Result<()> {
        match self {
            Self::Sqlite { .. } => Ok(()),
            Self::Postgres { cluster, label } => {
                cluster.sql(&format!("CREATE DATABASE {label}_{name}")).await
            }
        }
    }

    /// Makes a database like another, which nobody may be using.
    pub async fn copy(&self, from: &str, to: &str) -> Result<()> {
        match self {
            Self::Sqlite { .. } => match (self.file(from), self.file(to)) {
                (Some(from), Some(to)) => copy_file(&from, &to),
                _ => Ok(()),
            },
            Self::Postgres { cluster, label } => {
                cluster.copy(&format!("{label}_{from}"), &format!("{label}_{to}")).await
            }
        }
    }

    /// A fresh copy, in place of the one before; its URL.
    pub async fn fresh(&self, name: &str) -> Result<String> {
        self.copy(name, RUN).await?;
        if let Some(cluster) = self.cluster() {
            // Every run begins at the same distance from the last checkpoint.
            cluster.sql("CHECKPOINT").await?;
        }
        Ok(self.url(RUN))
    }

    /// Runs statements, and leaves the database as one that has been in use for a while.
    pub async fn sql(&self, name: &str, sql: String) -> Result<()> {
        match self {
            Self::Sqlite { .. } => {
                let file = self.file(name).unwrap_or_default();
                let ran = tokio::task::spawn_blocking(move || {
                    let connection = rusqlite::Connection::open(file)?;
                    connection.execute_batch(&sql)?;
                    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE")
                });
                ran.await.map_err(failed("filling"))?.map_err(failed("filling"))
            }
            Self::Postgres { cluster, label } => {
                let database = format!("{label}_{name}");
                cluster.sql_in(&database, &sql).await?;
                cluster.sql_in(&database, "VACUUM ANALYZE").await
            }
        }
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Copies a SQLite database that nobody uses, with the WAL that may be beside it, to the disk:
/// nothing is left to be written while a run is measured.
fn copy_file(template: &Path, copy: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm", "-migrate"] {
        let (from, to) = (beside(template, suffix), beside(copy, suffix));
        if to.exists() {
            std::fs::remove_file(&to).map_err(failed(to.display()))?;
        }
        if matches!(suffix, "" | "-wal") && from.exists() {
            std::fs::copy(&from, &to).map_err(failed(from.display()))?;
            let file = File::open(&to).map_err(failed(to.display()))?;
            file.sync_all().map_err(failed(to.display()))?;
        }
    }
    Ok(())
}
