//! What the numbers were taken on.

use std::fs::{File, read_to_string};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::failure::{Result, failed};
use crate::postgres::Cluster;

/// How often the disk is tried.
const SYNCS: usize = 50;

/// The machine, in words.
pub struct Machine {
    pub text: String,
    /// Whether data is kept in memory only, where durability costs nothing.
    pub in_memory: bool,
}

impl Machine {
    /// `folder` is where the databases are.
    pub fn look(folder: &Path, cluster: Option<&Cluster>) -> Result<Self> {
        let read = |path: &str| read_to_string(path).unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
        };
        let model = field(&read("/proc/cpuinfo"), "model name").unwrap_or_default();
        let memory = field(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let memory: f64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
        let release = read("/proc/sys/kernel/osrelease");
        let kernel = release.trim().split('-').next().unwrap_or_default();
        let (filesystem, sync) = (filesystem(folder), sync(folder)?);
        let mut text = format!(
            "{cores} cores of {model}, {:.0} GB, Linux {kernel}; data on {filesystem}, where a \
             write of 4 KiB with fdatasync takes {:.2} ms",
            memory / 1e6,
            sync.as_secs_f64() * 1e3
        );
        if let Some(cluster) = cluster {
            text.push_str("; ");
            text.push_str(&cluster.version());
        }
        Ok(Self { text, in_memory: filesystem == "tmpfs" })
    }
}

/// The kind of file system that a folder is on.
fn filesystem(folder: &Path) -> String {
    let mounts = read_to_string("/proc/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let holding = mounts.filter(|(at, _)| folder.starts_with(at));
    holding.max_by_key(|(at, _)| at.len()).map_or("?", |(_, kind)| kind).to_owned()
}

/// What one commit waits for, at the median.
fn sync(folder: &Path) -> Result<Duration> {
    let mut file = File::create(folder.join("sync")).map_err(failed(folder.display()))?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let start = Instant::now();
        file.write_all(&[1; 4096]).map_err(failed(folder.display()))?;
        file.sync_data().map_err(failed(folder.display()))?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[SYNCS / 2])
}
