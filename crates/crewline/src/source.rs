//! `crewline source`

use clap::Subcommand;
use domain::SourceLabel;
use server::sources::{self, SourceRefusal};
use server::store::Startup;

use crate::Global;
use crate::output::stopped;

#[derive(Subcommand)]
pub enum Source {
    /// Register a source for a company; requests may name it within 5 seconds
    Add {
        /// The company's id
        #[arg(long, value_name = "ID")]
        company: i64,
        /// What metadata.source is to say
        #[arg(value_parser = label)]
        name: SourceLabel,
    },
}

fn label(text: &str) -> Result<SourceLabel, String> {
    SourceLabel::parse(text).map_err(str::to_owned)
}

impl Source {
    pub async fn run(self, global: &Global) -> Result<(), Startup> {
        let Source::Add { company, name } = self;
        let app = global.app().await?;
        let source = sources::register(&app, company, name).await;
        let source = source.map_err(|stop| stopped(stop, |why| refused(why, company)))?;
        let text = format!("Company {company} has the source {}", source.name);
        let json = serde_json::json!({"company_id": company, "id": source.id, "name": source.name});
        global.output.print(&text, &json);
        Ok(())
    }
}

fn refused(why: SourceRefusal, company: i64) -> String {
    match why {
        SourceRefusal::NoSuchCompany => format!("there is no company {company}"),
        SourceRefusal::Taken(name) => format!("company {company} has the source {name} already"),
    }
}
