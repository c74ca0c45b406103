//! How much memory a process has.

use crate::failure::{Failure, Result, failed};

/// The most that was resident so far, in MB.
pub fn peak(pid: u32) -> Result<f64> {
    field(pid, "VmHWM:")
}

/// What is resident now, in MB.
pub fn now(pid: u32) -> Result<f64> {
    field(pid, "VmRSS:")
}

fn field(pid: u32, name: &str) -> Result<f64> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path).map_err(failed(&path))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map(|kib| kib * 1024.0 / 1e6).ok_or_else(|| Failure(format!("{path} has no {name}")))
}
