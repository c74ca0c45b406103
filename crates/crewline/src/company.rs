//! `crewline company`

use clap::Subcommand;
use domain::Name;
use server::companies;
use server::http::Limits;
use server::store::Startup;

use crate::Global;
use crate::output::stopped;

#[derive(Subcommand)]
pub enum Company {
    /// Create a company
    Create {
        /// What it is called
        #[arg(long, value_parser = name)]
        name: Name,
    },
}

/// A name on the command line.
pub fn name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(str::to_owned)
}

impl Company {
    pub async fn run(self, global: &Global) -> Result<(), Startup> {
        let Company::Create { name } = self;
        let app = global.app(Limits::default()).await?;
        let company = companies::create(&app, name)
            .await
            .map_err(|stop| stopped(stop, |never| match never {}))?;
        let text = format!("Company {} is {:?}", company.id, company.name);
        let json = serde_json::json!({"id": company.id, "name": company.name});
        global.output.print(&text, &json);
        Ok(())
    }
}
