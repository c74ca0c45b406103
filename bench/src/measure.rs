//! The order of things: in each round every contender runs each size once, and the rounds
//! rotate who begins. Each run has a server process and a database of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cpu::Watched;
use crate::failure::{Result, failed};
use crate::fixture::{Engine, Fixture, Places};
use crate::load::{self, Expect, Load, Sample};
use crate::machine::Machine;
use crate::postgres::Cluster;
use crate::servers::Server;

/// Date ranges of a request.
pub const SIZES: [usize; 3] = [1, 100, 1_000];
/// Cores that others may use while a sample is taken.
const QUIET: f64 = 0.3;
/// A sample in which others used more is taken again, at most so often, after so many seconds.
const RETAKES: [u64; 3] = [2, 5, 10];

/// What to measure.
pub struct Plan {
    pub echo: PathBuf,
    pub binary: PathBuf,
    pub against: Option<PathBuf>,
    pub engines: Vec<Engine>,
    pub rounds: usize,
    pub seconds: f64,
    pub connections: usize,
}

/// Somebody who is measured.
pub struct Contender {
    pub name: String,
    kind: Kind,
    /// By size, then by round.
    pub samples: [Vec<Sample>; SIZES.len()],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Echo,
    This(Engine),
    Other(Engine),
}

enum Kind {
    Echo(PathBuf),
    Crewline { who: Who, binary: PathBuf, fixture: Fixture },
}

impl Contender {
    fn new(name: String, kind: Kind) -> Self {
        Self { name, kind, samples: Default::default() }
    }

    pub fn who(&self) -> Who {
        match &self.kind {
            Kind::Echo(_) => Who::Echo,
            Kind::Crewline { who, .. } => *who,
        }
    }
}

impl Sample {
    /// Whether others used more of the machine than a sample should see.
    pub fn disturbed(&self) -> bool {
        self.other_cores > QUIET
    }
}

/// Measures everything; what is temporary goes with the contenders.
pub async fn run(plan: &Plan) -> Result<(Vec<Contender>, Machine)> {
    let folder = tempfile::Builder::new().prefix("crewline-bench-").tempdir();
    let folder = folder.map_err(failed("a temporary folder"))?;
    let cluster = match plan.engines.contains(&Engine::Postgres) {
        true => Some(Arc::new(Cluster::start().await?)),
        false => None,
    };
    let machine = Machine::look(folder.path(), cluster.as_deref())?;
    let places = Places { folder: folder.path().to_owned(), cluster };
    let mut contenders = contenders(plan, &places).await?;
    let mut seed = 0;
    for round in 0..plan.rounds {
        for step in 0..SIZES.len() {
            let size = (round + step) % SIZES.len();
            for turn in 0..contenders.len() {
                let nth = (round + turn) % contenders.len();
                let contender = &mut contenders[nth];
                let sample = quiet(plan, contender, SIZES[size], &mut seed).await?;
                tell(plan, round, contender, SIZES[size], &sample);
                contender.samples[size].push(sample);
            }
        }
    }
    Ok((contenders, machine))
}

/// The echo first, then each engine of each binary, with its data.
async fn contenders(plan: &Plan, places: &Places) -> Result<Vec<Contender>> {
    let mut contenders = vec![Contender::new("echo".to_owned(), Kind::Echo(plan.echo.clone()))];
    for engine in &plan.engines {
        let this = Some((&plan.binary, "this", Who::This(*engine)));
        let other = plan.against.as_ref().map(|path| (path, "other", Who::Other(*engine)));
        for (binary, label, who) in this.into_iter().chain(other) {
            let name = match label {
                "this" => format!("crewline, {}", engine.name()),
                _ => format!("the other, {}", engine.name()),
            };
            eprintln!("filling: {name}");
            let fixture = Fixture::make(binary, *engine, label, places).await?;
            let kind = Kind::Crewline { who, binary: binary.clone(), fixture };
            contenders.push(Contender::new(name, kind));
        }
    }
    Ok(contenders)
}

/// Takes a sample, again and again while others disturb it; the least disturbed one.
async fn quiet(
    plan: &Plan,
    contender: &Contender,
    ranges: usize,
    seed: &mut u64,
) -> Result<Sample> {
    let mut best = take(plan, contender, ranges, seed).await?;
    for pause in RETAKES {
        if !best.disturbed() || best.failures > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
        let again = take(plan, contender, ranges, seed).await?;
        if again.failures > 0 || again.other_cores < best.other_cores {
            best = again;
        }
    }
    Ok(best)
}

/// One run: fresh data, a fresh server, the load, and the end of both.
async fn take(plan: &Plan, contender: &Contender, ranges: usize, seed: &mut u64) -> Result<Sample> {
    *seed += 1;
    let (server, token, expect, postmaster) = match &contender.kind {
        Kind::Echo(this) => {
            // As long as a real token, so that the requests are the same.
            let token = "x".repeat(47);
            (Server::echo(this).await?, token, Expect::Echo, None)
        }
        Kind::Crewline { binary, fixture, .. } => {
            let url = fixture.fresh().await?;
            let server = Server::crewline(binary, &url).await?;
            let token = fixture.token(server.address).await?;
            let postmaster = fixture.cluster().map(Cluster::postmaster).transpose()?;
            (server, token, Expect::Attached, postmaster)
        }
    };
    let load = Load {
        server: server.address,
        token: &token,
        expect,
        ranges,
        connections: plan.connections,
        window: Duration::from_secs_f64(plan.seconds),
        seed: *seed,
    };
    let sample = load::run(&load, Watched { server: server.pid, postmaster }).await?;
    for line in server.stop().await? {
        eprintln!("{} logged: {line}", contender.name);
    }
    Ok(sample)
}

/// How far it is.
fn tell(plan: &Plan, round: usize, contender: &Contender, ranges: usize, sample: &Sample) {
    let note = match sample.failed() {
        Some(failure) => format!("; {failure}"),
        None if sample.disturbed() => format!("; others used {:.2} cores", sample.other_cores),
        None => String::new(),
    };
    let (name, rate) = (&contender.name, sample.rate);
    eprintln!(
        "round {}/{}: {name}, {ranges} ranges: {rate:.0} req/s{note}",
        round + 1,
        plan.rounds
    );
}
