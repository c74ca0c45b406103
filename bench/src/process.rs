//! What a server takes that has nothing to do, and how long it needs to start.

use std::time::Duration;

use crate::case::Section;
use crate::contender::{Contender, Who};
use crate::database::Engine;
use crate::failure::Result;
use crate::fixture::name;
use crate::measure::Plan;
use crate::memory;
use crate::report::median;
use crate::servers::Server;

/// How often it is started.
const STARTS: usize = 10;
/// When it is looked at.
const SETTLED: Duration = Duration::from_secs(2);

pub struct Process {
    pub engine: Engine,
    /// MB that are resident.
    pub idle: f64,
    /// Milliseconds from its start until it listened, on a database that exists.
    pub start: f64,
}

pub async fn look(plan: &Plan, contenders: &[Contender]) -> Result<Vec<Process>> {
    let Some(case) = plan.cases.iter().find(|case| case.section == Section::Process) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for contender in contenders {
        let (Who::Crewline(engine), Some((binary, databases))) =
            (contender.who, contender.crewline())
        else {
            continue;
        };
        let url = databases.fresh(&name(case.present)).await?;
        let (mut idle, mut start) = (Vec::new(), Vec::new());
        for nth in 0..STARTS {
            let server = Server::crewline(binary, &url).await?;
            start.push(server.started_in.as_secs_f64() * 1e3);
            if nth < 3 {
                tokio::time::sleep(SETTLED).await;
                idle.push(memory::now(server.pid)?);
            }
            server.stop().await?;
        }
        found.push(Process { engine, idle: median(idle), start: median(start) });
    }
    Ok(found)
}
