//! `crewline backup`

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use server::store::{Location, Startup, backup};
use tempfile::{TempDir, TempPath};

use crate::{Global, serve};

/// How the folders begin in which copies are made.
const PREFIX: &str = ".crewline-backup-";

#[derive(Args)]
pub struct Backup {
    /// Where the copy is to be; nothing may be there yet
    file: PathBuf,
}

impl Backup {
    /// Copies the database beside whoever uses it. FILE is there, whole, or nothing is.
    pub async fn run(self, global: &Global) -> Result<(), Startup> {
        let file = self.file;
        let from = match global.location()? {
            Location::Sqlite(from) => from,
            Location::Postgres(_) => return Err(Startup(recipe(&file))),
        };
        let failed = |error: std::io::Error| Startup(format!("{}: {error}", file.display()));
        if file.symlink_metadata().is_ok() {
            return Err(Startup(there(&file)));
        }
        let mut stopped = serve::signalled().map_err(failed)?;
        let started = Instant::now();
        // In the same file system, for nobody else's eyes, and gone whatever happens.
        let folder = match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let (temporary, _in_use) = temporary(folder).map_err(failed)?;
        let copy = temporary.path().join("copy.db");
        let to = copy.clone();
        let copied = tokio::task::spawn_blocking(move || backup::copy(&from, &to));
        tokio::select! {
            copied = copied => copied.map_err(|error| Startup(error.to_string()))??,
            _ = stopped.wait_for(|stop| *stop) => {
                return Err(Startup("stopped: there is no backup".to_owned()));
            }
        }
        let bytes = place(&copy, &file, folder).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Startup(there(&file)),
            _ => failed(error),
        })?;
        let seconds = started.elapsed().as_millis() as f64 / 1_000.0;
        let name = file.display().to_string();
        let text = format!("Backed up {bytes} bytes to {name} in {seconds} seconds");
        let json = serde_json::json!({"file": name, "bytes": bytes, "seconds": seconds});
        global.output.print(&text, &json);
        Ok(())
    }
}

/// A folder for the copy. What was left there by backups that were killed goes first: whoever
/// makes a copy holds a lock on its folder, which ends with the process.
fn temporary(folder: &Path) -> std::io::Result<(TempDir, File)> {
    // Until this one is locked nobody else may take it for one that was left. Where a file system
    // has no such locks, nothing that is there is taken for one.
    let alone = File::open(folder)?;
    if alone.lock().is_ok() {
        for entry in folder.read_dir()?.flatten() {
            let left = entry.file_name().to_string_lossy().starts_with(PREFIX)
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
                && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
            // One that cannot be removed stops no backup.
            if left && fs::remove_dir_all(entry.path()).is_ok() {
                tracing::info!(folder = %entry.path().display(), "removed what a backup had left");
            }
        }
    }
    let temporary = TempDir::with_prefix_in(PREFIX, folder)?;
    let in_use = File::open(temporary.path())?;
    let _ = in_use.try_lock();
    Ok((temporary, in_use))
}

/// Gives the copy its name, if that is still free, and waits until the name is on disk.
fn place(copy: &Path, file: &Path, folder: &Path) -> std::io::Result<u64> {
    fs::set_permissions(copy, Permissions::from_mode(0o600))?;
    let bytes = copy.metadata()?.len();
    TempPath::try_from_path(copy)?.persist_noclobber(file)?;
    File::open(folder).and_then(|folder| folder.sync_all()).inspect_err(|_| {
        let _ = fs::remove_file(file);
    })?;
    Ok(bytes)
}

fn there(file: &Path) -> String {
    let file = file.display();
    format!("{file} is there already: name a file that is not, or move it away first")
}

/// What to type for PostgreSQL. The URL may hold a password and is not repeated.
fn recipe(file: &Path) -> String {
    let file = file.display().to_string().replace('\'', r"'\''");
    format!(
        "PostgreSQL has its own backup: pg_dump --format=custom --file='{file}' \
         --dbname=\"$CREWLINE_DATABASE\" (see docs/operations.md)"
    )
}
