//! Who used the processors, from /proc.

use std::time::Instant;

use crate::failure::{Failure, Result, failed};

/// Ticks of /proc a second: `USER_HZ`, which is 100 wherever this is run.
const HZ: f64 = 100.0;

/// Whose time is read.
#[derive(Clone, Copy)]
pub struct Watched {
    pub server: u32,
    /// PostgreSQL's first process.
    pub postmaster: Option<u32>,
}

/// Seconds used so far.
#[derive(Clone, Copy)]
pub struct Reading {
    pub at: Instant,
    /// This process: the load.
    pub load: f64,
    pub server: f64,
    pub postgres: f64,
    /// Whether this process is what is measured.
    within: bool,
    /// Everything on the machine, the above included.
    pub machine: f64,
}

/// Cores in use between two readings.
pub struct Usage {
    pub seconds: f64,
    pub load: f64,
    pub server: f64,
    pub postgres: f64,
    /// By everything that is none of ours, the kernel's own threads included.
    pub others: f64,
}

impl Watched {
    pub fn read(self) -> Result<Reading> {
        let postgres = self.postmaster.map_or(Ok(0.0), family)?;
        Ok(Reading {
            at: Instant::now(),
            load: of(std::process::id())?.used,
            server: of(self.server)?.used,
            postgres,
            within: self.server == std::process::id(),
            machine: machine()?,
        })
    }
}

impl Reading {
    pub fn until(&self, later: &Reading) -> Usage {
        let seconds = (later.at - self.at).as_secs_f64();
        let cores = |of: fn(&Reading) -> f64| (of(later) - of(self)) / seconds;
        let load = cores(|all| all.load);
        // What is measured within this process is no load.
        let (load, server) = match self.within {
            true => (0.0, load),
            false => (load, cores(|all| all.server)),
        };
        let (postgres, machine) = (cores(|all| all.postgres), cores(|all| all.machine));
        // The counters tick one after the other: a little below 0 is 0.
        let others = (machine - load - server - postgres).max(0.0);
        Usage { seconds, load, server, postgres, others }
    }
}

struct Process {
    parent: u32,
    used: f64,
    /// What its ended children used.
    inherited: f64,
}

fn of(pid: u32) -> Result<Process> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).map_err(failed(&path))?;
    process(&stat).ok_or_else(|| Failure(format!("{path} is not as expected")))
}

/// The name, in parentheses, may hold anything: the fields are counted from behind it.
fn process(stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |nth: usize| fields.get(nth)?.parse::<f64>().ok();
    Some(Process {
        parent: fields.get(1)?.parse().ok()?,
        used: (ticks(11)? + ticks(12)?) / HZ,
        inherited: (ticks(13)? + ticks(14)?) / HZ,
    })
}

/// A process, its children, and those of them that have ended.
fn family(pid: u32) -> Result<f64> {
    let first = of(pid)?;
    let mut used = first.used + first.inherited;
    for entry in std::fs::read_dir("/proc").map_err(failed("/proc"))?.flatten() {
        let Some(child) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process that has just ended is among the inherited soon enough.
        if let Ok(child) = of(child)
            && child.parent == pid
        {
            used += child.used;
        }
    }
    Ok(used)
}

/// All but idle time and waiting for disks.
fn machine() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/stat").map_err(failed("/proc/stat"))?;
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> =
        line.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
    match ticks[..] {
        [user, nice, system, _, _, irq, softirq, steal] => {
            Ok((user + nice + system + irq + softirq + steal) / HZ)
        }
        _ => Err(Failure("/proc/stat is not as expected".to_owned())),
    }
}
