//! The order of things: in each round everybody runs each case once, and the rounds rotate who
//! begins. Each run has a server process and a database of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::case::Case;
use crate::contender::{self, Contender, Who};
use crate::database::{Engine, Places};
use crate::failure::{Result, failed};
use crate::machine::Machine;
use crate::postgres::Cluster;
use crate::process::{self, Process};
use crate::sample::Sample;

/// A sample in which others used too much is taken again, at most so often, after so many seconds.
const RETAKES: [u64; 3] = [2, 5, 10];

/// What to measure.
pub struct Plan {
    pub echo: PathBuf,
    pub binary: PathBuf,
    pub against: Option<PathBuf>,
    pub engines: Vec<Engine>,
    pub cases: Vec<Case>,
    pub rounds: usize,
    pub seconds: f64,
}

/// All samples of one who takes part in a case.
pub struct Row {
    pub case: Case,
    pub who: Who,
    /// By round.
    pub samples: Vec<Sample>,
}

/// Everything that was measured.
pub struct Results {
    pub rows: Vec<Row>,
    pub processes: Vec<Process>,
    pub machine: Machine,
}

/// Measures everything; what is temporary goes when this returns.
pub async fn run(plan: &Plan) -> Result<Results> {
    let folder = tempfile::Builder::new().prefix("crewline-bench-").tempdir();
    let folder = folder.map_err(failed("a temporary folder"))?;
    let cluster = match plan.engines.contains(&Engine::Postgres) {
        true => Some(Arc::new(Cluster::start().await?)),
        false => None,
    };
    let machine = Machine::look(folder.path(), cluster.as_deref())?;
    let places = Places { folder: folder.path().to_owned(), cluster };
    let contenders = contender::all(plan, &places).await?;
    let mut rows: Vec<Row> = Vec::new();
    for case in plan.cases.iter().copied().filter(|case| case.rounds > 0) {
        let taking = contenders.iter().filter(|contender| contender.who.takes(case));
        rows.extend(taking.map(|one| Row { case, who: one.who, samples: Vec::new() }));
    }
    let mut seed = 0;
    for round in 0..plan.rounds {
        // Those of a case follow each other, and each round somebody else begins.
        for nth in order(&rows, round) {
            let row = &mut rows[nth];
            if round >= row.case.rounds {
                continue;
            }
            let Some(contender) = contenders.iter().find(|one| one.who == row.who) else {
                continue;
            };
            let sample = quiet(plan, contender, row.case, &mut seed).await?;
            tell(plan, round, row, &sample);
            row.samples.push(sample);
        }
    }
    let processes = process::look(plan, &contenders).await?;
    Ok(Results { rows, processes, machine })
}

/// All rows, case by case; within a case those of the round before, begun with the second.
fn order(rows: &[Row], round: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    for of_a_case in order.chunk_by_mut(|one, other| rows[*one].case == rows[*other].case) {
        let turn = round % of_a_case.len();
        of_a_case.rotate_left(turn);
    }
    order
}

/// Takes a sample, again and again while others disturb it; the least disturbed one.
async fn quiet(plan: &Plan, contender: &Contender, case: Case, seed: &mut u64) -> Result<Sample> {
    let mut again = async || {
        *seed += 1;
        contender.take(plan, case, *seed).await
    };
    let mut best = again().await?;
    for pause in RETAKES {
        if !best.disturbed() || best.failed().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
        let next = again().await?;
        if next.failed().is_some() || next.other_cores < best.other_cores {
            best = next;
        }
    }
    Ok(best)
}

/// How far it is.
fn tell(plan: &Plan, round: usize, row: &Row, sample: &Sample) {
    let note = match sample.failed() {
        Some(failure) => format!("; {failure}"),
        None if sample.disturbed() => format!("; others used {:.2} cores", sample.other_cores),
        None => String::new(),
    };
    let (round, rounds) = (round + 1, plan.rounds);
    let (who, case) = (row.who.name(), row.case.name());
    eprintln!("round {round}/{rounds}: {case}: {who}: {:.0}/s{note}", sample.rate);
}
