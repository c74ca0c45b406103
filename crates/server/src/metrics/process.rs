//! The process, by the names that Prometheus' own libraries use. Linux tells it in `/proc`;
//! elsewhere only the start is known.

use std::fs;

use jiff::Timestamp;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// Of a second: the unit of times in `/proc`, on every architecture that Rust's Linux has.
const TICKS: f64 = 100.0;

pub(super) fn add(registry: &mut Registry, started: Timestamp) {
    let process = registry.sub_registry_with_prefix("process");
    let mut gauge = |name: &str, help: &str, value: Option<f64>| {
        if let Some(value) = value {
            process.register(name, help, ConstGauge::new(value));
        }
    };
    let started = started.as_microsecond() as f64 / 1e6;
    gauge("start_time_seconds", "When the process started, since 1970", Some(started));
    gauge("resident_memory_bytes", "Memory that the process has", memory());
    gauge("open_fds", "File descriptors that are open", open_fds());
    gauge("max_fds", "File descriptors that may be open", max_fds());
    if let Some(seconds) = cpu() {
        let help = "Time that the process computed, for itself and in the kernel";
        process.register("cpu_seconds", help, ConstCounter::new(seconds));
    }
}

fn memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

fn open_fds() -> Option<f64> {
    // One of them is the folder's that is read.
    let all = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(all.saturating_sub(1) as f64)
}

fn max_fds() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn cpu() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the process may hold anything; what comes behind it are numbers.
    let (_, behind) = stat.rsplit_once(')')?;
    let mut ticks = behind.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (ticks.next()?.parse().ok()?, ticks.next()?.parse().ok()?);
    Some((user + system) / TICKS)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process() {
        assert!(memory().unwrap() > 1e6);
        assert!(open_fds().unwrap() >= 3.0 && open_fds() <= max_fds());
        let before = cpu().unwrap();
        let begun = std::time::Instant::now();
        while cpu().unwrap() <= before {
            assert!(begun.elapsed().as_secs() < 60);
        }
    }
}
