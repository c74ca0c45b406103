//! Who is measured, and how a sample of each is taken.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::case::{Case, FEW, Section, Work};
use crate::cpu::Watched;
use crate::database::{Databases, Engine, Places};
use crate::failure::Result;
use crate::fixture::{Fixture, name};
use crate::load::{self, Load};
use crate::measure::Plan;
use crate::peers::{self, Peer};
use crate::postgres::Cluster;
use crate::requests::Manner;
use crate::sample::Sample;
use crate::servers::Server;
use crate::{inside, raw};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Echo,
    /// This version.
    Crewline(Engine),
    /// The version it is compared with.
    Other(Engine),
    /// Fastify.
    Peer(Engine),
    /// A bare loop of prepared statements.
    Raw(Engine),
    /// The operation within this process.
    Inside(Engine),
}

impl Who {
    pub fn name(self) -> String {
        match self {
            Who::Echo => "echo".to_owned(),
            Who::Crewline(engine) => format!("crewline, {}", engine.name()),
            Who::Other(engine) => format!("the other, {}", engine.name()),
            Who::Peer(Engine::Sqlite) => "Fastify + better-sqlite3".to_owned(),
            Who::Peer(Engine::Postgres) => "Fastify + pg".to_owned(),
            Who::Raw(engine) => format!("raw loop, {}", engine.name()),
            Who::Inside(engine) => format!("in-process, {}", engine.name()),
        }
    }

    /// Whether it is measured in a case.
    pub fn takes(self, case: Case) -> bool {
        use Section as S;
        let sqlite = |engine| engine == Engine::Sqlite;
        match self {
            Who::Echo => matches!(case.section, S::Attach | S::Connections),
            Who::Crewline(engine) => match case.section {
                S::Inside => false,
                S::Wal => sqlite(engine),
                _ => true,
            },
            // What is younger than the other version it may not have.
            Who::Other(_) => match case.section {
                S::Attach | S::Refused | S::Operations | S::Present | S::Open => true,
                S::Reads => case.work != Work::OfUser,
                _ => false,
            },
            Who::Peer(_) => match case.section {
                S::Attach | S::Connections => true,
                // It has no keys against duplicates.
                S::Refused => {
                    matches!(case.work, Work::Attach { manner: Manner::Refused, .. })
                }
                S::Reads => matches!(case.work, Work::Page | Work::Mixed),
                _ => false,
            },
            Who::Raw(engine) => match case.section {
                S::Attach => true,
                S::Connections => case.connections == 1 && sqlite(engine),
                _ => false,
            },
            Who::Inside(_) => case.section == S::Inside,
        }
    }
}

/// Somebody who is measured.
pub struct Contender {
    pub who: Who,
    kind: Kind,
}

enum Kind {
    Echo(PathBuf),
    Crewline { binary: PathBuf, fixture: Arc<Fixture> },
    Peer(Peer),
    Raw(Arc<Fixture>),
    Inside(Arc<Fixture>),
}

/// The echo first, then each engine of each binary, the peers, and the loops, with their data.
pub async fn all(plan: &Plan, places: &Places) -> Result<Vec<Contender>> {
    let mut all = Vec::new();
    let mut add = |who: Who, kind: Kind| {
        if plan.cases.iter().any(|case| who.takes(*case)) {
            all.push(Contender { who, kind });
        }
    };
    add(Who::Echo, Kind::Echo(plan.echo.clone()));
    let node = peers::folder().await?;
    for engine in plan.engines.iter().copied() {
        let fixture = Arc::new(fill(plan, &plan.binary, Who::Crewline(engine), places).await?);
        let (binary, kept) = (plan.binary.clone(), Arc::clone(&fixture));
        add(Who::Crewline(engine), Kind::Crewline { binary, fixture: kept });
        add(Who::Raw(engine), Kind::Raw(Arc::clone(&fixture)));
        add(Who::Inside(engine), Kind::Inside(fixture));
        if let Some(binary) = &plan.against {
            let fixture = Arc::new(fill(plan, binary, Who::Other(engine), places).await?);
            add(Who::Other(engine), Kind::Crewline { binary: binary.clone(), fixture });
        }
        let presents = presents(plan, &[Who::Peer(engine)]);
        if let (Some(folder), false) = (&node, presents.is_empty()) {
            eprintln!("filling: {}", Who::Peer(engine).name());
            let peer = Peer::make(folder.clone(), engine, places, &presents).await?;
            add(Who::Peer(engine), Kind::Peer(peer));
        }
    }
    Ok(all)
}

async fn fill(plan: &Plan, binary: &Path, who: Who, places: &Places) -> Result<Fixture> {
    eprintln!("filling: {}", who.name());
    let (label, engine, all) = match who {
        Who::Other(engine) => ("other", engine, vec![who]),
        Who::Crewline(engine) | Who::Peer(engine) | Who::Raw(engine) | Who::Inside(engine) => {
            ("this", engine, vec![who, Who::Raw(engine), Who::Inside(engine)])
        }
        Who::Echo => ("echo", Engine::Sqlite, Vec::new()),
    };
    Fixture::make((binary, label), engine, places, &presents(plan, &all)).await
}

/// How many assignments there are in the cases that some take part in.
fn presents(plan: &Plan, all: &[Who]) -> Vec<usize> {
    let cases = plan.cases.iter().filter(|case| all.iter().any(|who| who.takes(**case)));
    let mut presents: Vec<usize> = cases.map(|case| case.present).collect();
    presents.sort_unstable();
    presents.dedup();
    presents
}

impl Contender {
    /// The databases of crewline, for what is measured besides requests.
    pub fn crewline(&self) -> Option<(&Path, &Databases)> {
        match (&self.who, &self.kind) {
            (Who::Crewline(_), Kind::Crewline { binary, fixture }) => {
                Some((binary, &fixture.databases))
            }
            _ => None,
        }
    }

    /// One run: fresh data, a fresh server, the load, and the end of both.
    pub async fn take(&self, plan: &Plan, case: Case, seed: u64) -> Result<Sample> {
        let window = case.window.unwrap_or(Duration::from_secs_f64(plan.seconds));
        match &self.kind {
            Kind::Echo(this) => {
                // As long as a real token, so that the requests are the same.
                let bearer = format!("Bearer {}", "x".repeat(47));
                let server = Server::echo(this).await?;
                self.load(server, None, (case, window, seed), (&bearer, "")).await
            }
            Kind::Crewline { binary, fixture } => {
                let url = fixture.databases.fresh(&name(case.present)).await?;
                let server = Server::crewline(binary, &url).await?;
                let bearer = fixture.bearer(server.address).await?;
                let databases = Some(&fixture.databases);
                self.load(server, databases, (case, window, seed), (&bearer, &fixture.basic)).await
            }
            Kind::Peer(peer) => {
                let url = peer.databases.fresh(&name(case.present)).await?;
                let server = peer.start(&url).await?;
                self.load(server, Some(&peer.databases), (case, window, seed), ("none", "")).await
            }
            Kind::Raw(fixture) => raw(&fixture.databases, (case, window, seed)).await,
            Kind::Inside(fixture) => inside(&fixture.databases, (case, window, seed)).await,
        }
    }

    async fn load(
        &self,
        server: Server,
        databases: Option<&Databases>,
        (case, window, seed): (Case, Duration, u64),
        (bearer, basic): (&str, &str),
    ) -> Result<Sample> {
        let echoes = self.who == Who::Echo;
        let wal = databases.and_then(Databases::wal);
        let load = Load { server: server.address, case, bearer, basic, echoes, window, seed, wal };
        let postmaster = postmaster(databases)?;
        let sample = load::run(&load, Watched { server: server.pid, postmaster }).await?;
        for line in server.stop().await? {
            eprintln!("{} logged: {line}", self.who.name());
        }
        Ok(sample)
    }
}

fn postmaster(databases: Option<&Databases>) -> Result<Option<u32>> {
    databases.and_then(Databases::cluster).map(Cluster::postmaster).transpose()
}

async fn raw(databases: &Databases, (case, window, seed): (Case, Duration, u64)) -> Result<Sample> {
    let url = databases.fresh(&name(FEW)).await?;
    let place = match databases.file("run") {
        Some(file) => raw::Place::Sqlite(file),
        None => raw::Place::Postgres(url),
    };
    let ranges = match case.work {
        Work::Attach { ranges, .. } => ranges,
        _ => 1,
    };
    let running = raw::Running { ranges, seed, stop: Arc::new(AtomicBool::new(false)) };
    let watched = Watched { server: std::process::id(), postmaster: postmaster(Some(databases))? };
    raw::run(place, running, case.connections, (case.warm_up, window), watched).await
}

async fn inside(
    databases: &Databases,
    (case, window, seed): (Case, Duration, u64),
) -> Result<Sample> {
    let url = databases.fresh(&name(case.present)).await?;
    let ranges = match case.work {
        Work::Attach { ranges, .. } => ranges,
        _ => 1,
    };
    let watched = Watched { server: std::process::id(), postmaster: postmaster(Some(databases))? };
    inside::run(&url, ranges, seed, (case.warm_up, window), watched).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case;

    /// What a run of five rounds of a second takes in loads, without copies of data and starts.
    #[test]
    fn the_loads_of_a_whole_run_leave_half_of_forty_minutes() {
        let engines = [Engine::Sqlite, Engine::Postgres];
        let of = |who: fn(Engine) -> Who| engines.map(who);
        let all = [of(Who::Crewline), of(Who::Peer), of(Who::Raw), of(Who::Inside)].concat();
        let all = [all, vec![Who::Echo]].concat();
        let (mut runs, mut loads, mut most) = (0, Duration::ZERO, 0);
        for case in case::all() {
            let takes = all.iter().filter(|who| who.takes(case)).count();
            let taken = takes * case.rounds.min(5);
            runs += taken;
            most += if case.present == case::MOST { taken } else { 0 };
            let load = case.warm_up + case.window.unwrap_or(Duration::from_secs(1));
            loads += load * taken as u32;
        }
        println!("{runs} runs, {most} with ten million, {loads:?}");
        assert!(loads < Duration::from_secs(20 * 60), "{runs} runs, {loads:?}");
    }
}
