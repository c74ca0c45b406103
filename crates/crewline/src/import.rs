//! `crewline import`

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use server::faces::files;
use server::store::Startup;
use server::{companies, imports};

use crate::Global;
use crate::output::stopped;

#[derive(Args)]
pub struct Import {
    /// A folder with clients, positions, users, teams and contracts, each as .csv or .ndjson
    folder: PathBuf,
    /// The company's id
    #[arg(long, value_name = "ID")]
    company: i64,
}

/// Mistakes that are told.
const TOLD: usize = 1_000;

impl Import {
    pub async fn run(self, global: &Global) -> Result<(), Startup> {
        let app = global.app().await?;
        let company = self.company;
        let scope = companies::scope(&app, company).await;
        let scope =
            scope.map_err(|stop| stopped(stop, |()| format!("there is no company {company}")))?;
        let files = files::read(&self.folder, &scope.sources).map_err(|one| wrong(&[one]))?;
        let counts = files.import.counts();
        let done = imports::import(&app, scope, Arc::clone(&files.import)).await;
        done.map_err(|stop| match stop {
            server::store::Stop::Refused(refused) => wrong(&files.told(refused)),
            failed => stopped(failed, |_| String::new()),
        })?;
        let some = counts.iter().filter(|(_, count)| *count > 0);
        let text: Vec<String> =
            some.map(|(kind, count)| format!("{}: {count}", kind.name())).collect();
        let json: serde_json::Map<String, serde_json::Value> =
            counts.iter().map(|(kind, count)| (kind.name().to_owned(), (*count).into())).collect();
        let text = if text.is_empty() { "nothing".to_owned() } else { text.join(", ") };
        global.output.print(&format!("Imported {text}"), &json);
        Ok(())
    }
}

/// Tells what is wrong, a line each.
fn wrong(all: &[files::Mistake]) -> Startup {
    for mistake in all.iter().take(TOLD) {
        eprintln!("{mistake}");
    }
    let more = if all.len() > TOLD { ", of which the first are above" } else { "" };
    let count = match all.len() {
        1 => "1 record or file is wrong".to_owned(),
        count => format!("{count} records or files are wrong"),
    };
    Startup(format!("nothing was imported: {count}{more}"))
}
