//! A small disk that can be filled: a tmpfs that only one process and its children see. It goes
//! with them.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A disk of some megabytes.
pub struct SmallDisk {
    folder: TempDir,
    megabytes: u32,
}

/// Mounts it, then becomes what is to run on it.
const MOUNT: &str = r#"mount -t tmpfs -o "size=${SIZE}m,mode=1777" crewline "$MOUNT" && exec "$@""#;

impl SmallDisk {
    /// `None` where nobody may mount anything, as in most containers: there `unshare` is refused.
    pub fn new(megabytes: u32) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("crewline-disk-").tempdir();
        let disk = Self { folder: folder.expect("a temporary folder"), megabytes };
        let tried = disk.command().arg("true").output().expect("unshare");
        tried.status.success().then_some(disk)
    }

    /// Where its processes see it.
    pub fn mount(&self) -> &Path {
        self.folder.path()
    }

    /// A command that runs on it; what to run is its arguments.
    pub fn command(&self) -> Command {
        let mut command = Command::new("unshare");
        let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        command.arg("--mount");
        if !root {
            command.arg("--map-root-user");
        }
        command.args(["sh", "-c", MOUNT, "sh"]);
        command.env("SIZE", self.megabytes.to_string()).env("MOUNT", self.mount());
        command
    }

    /// A file on it, as others than its processes reach it.
    pub fn file(&self, process: u32, name: &str) -> PathBuf {
        let mount = self.mount().strip_prefix("/").expect("an absolute path");
        Path::new("/proc").join(process.to_string()).join("root").join(mount).join(name)
    }

    /// Leaves no room, for a process that runs on it.
    pub fn fill(&self, process: u32) {
        let mut ballast = File::create(self.file(process, "ballast")).expect("a file on it");
        for size in [65_536, 4_096] {
            while ballast.write_all(&vec![1; size]).is_ok() {}
        }
    }

    /// Makes room again.
    pub fn free(&self, process: u32) {
        std::fs::remove_file(self.file(process, "ballast")).expect("the ballast");
    }
}
