//! `crewline company`

use clap::Subcommand;
use domain::{Currency, Name};
use server::companies::{self, BASE_CURRENCY};
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
        /// What its amounts are in: ISO 4217
        #[arg(long, value_parser = currency, default_value = BASE_CURRENCY, value_name = "CODE")]
        currency: Currency,
    },
    /// List all companies
    List,
}

/// A name on the command line.
pub fn name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(str::to_owned)
}

fn currency(code: &str) -> Result<Currency, String> {
    Currency::parse(code).map_err(str::to_owned)
}

fn json(company: &companies::Company) -> serde_json::Value {
    serde_json::json!({
        "id": company.id, "name": company.name, "currency": company.base_currency
    })
}

impl Company {
    pub async fn run(self, global: &Global) -> Result<(), Startup> {
        let app = global.app().await?;
        match self {
            Company::Create { name, currency } => {
                let company = companies::create(&app, name, currency).await;
                let company = company.map_err(|stop| stopped(stop, |never| match never {}))?;
                let text = format!("Company {} is {:?}", company.id, company.name);
                global.output.print(&text, &json(&company));
            }
            Company::List => {
                let companies = companies::list(&app).await;
                let companies = companies.map_err(|stop| stopped(stop, |never| match never {}))?;
                global.output.list(&companies, json, |company| {
                    format!("{}\t{}\t{}", company.id, company.base_currency, company.name)
                });
            }
        }
        Ok(())
    }
}
