//! `crewline key`

use clap::Subcommand;
use domain::Name;
use server::keys::{self, KeyRefusal, Listed, Rights};
use server::secret::Secret;
use server::sources::Sources;
use server::store::Startup;

use crate::Global;
use crate::company::name;
use crate::output::stopped;

#[derive(Subcommand)]
pub enum Key {
    /// Create a key; its secret is shown once
    Create {
        /// The company's id
        #[arg(long, value_name = "ID")]
        company: i64,
        /// What uses it
        #[arg(long, value_parser = name, default_value = "API key")]
        name: Name,
        /// The only source that it may use; may be given several times
        #[arg(long = "source", value_name = "SOURCE")]
        sources: Vec<String>,
        /// It may only read
        #[arg(long)]
        read_only: bool,
    },
    /// List all keys, without their secrets
    List,
    /// Revoke a key: its tokens stop working within 5 seconds
    Revoke {
        /// The key
        key: String,
    },
}

impl Key {
    pub async fn run(self, global: &Global) -> Result<(), Startup> {
        let app = global.app().await?;
        match self {
            Key::Create { company, name, sources, read_only } => {
                let random = |error: getrandom::Error| Startup(error.to_string());
                let key = Secret::random("cwk_").map_err(random)?.reveal().to_owned();
                let secret = Secret::random("cws_").map_err(random)?;
                let rights = Rights { sources, read_only };
                let new = keys::create(&app, company, name, key, secret, rights).await;
                let new = new.map_err(|stop| stopped(stop, |why| refused(why, company)))?;
                let secret = new.secret.reveal();
                let text = format!(
                    "Company: {}\nKey:     {}\nSecret:  {secret}\nThe secret is not shown again.",
                    new.company_id, new.key
                );
                let json = serde_json::json!({
                    "company_id": new.company_id, "key": new.key, "secret": secret
                });
                global.output.print(&text, &json);
            }
            Key::List => {
                let keys = keys::list(&app).await;
                let keys = keys.map_err(|stop| stopped(stop, |never| match never {}))?;
                global.output.list(&keys, json, line);
            }
            Key::Revoke { key } => {
                let revoked = keys::revoke(&app, key.clone()).await;
                revoked.map_err(|stop| stopped(stop, |_| format!("there is no key {key}")))?;
                let json = serde_json::json!({"key": key, "revoked": true});
                global.output.print(&format!("Key {key} is revoked"), &json);
            }
        }
        Ok(())
    }
}

fn json(listed: &Listed) -> serde_json::Value {
    let Listed { key, sources } = listed;
    let sources: Vec<&str> = sources.iter().map(|source| source.name).collect();
    serde_json::json!({
        "key": key.key, "company_id": key.company_id, "name": key.name, "sources": sources,
        "read_only": key.read_only, "created_at": key.created_at.to_string(),
        "revoked_at": key.revoked_at.map(|at| at.to_string())
    })
}

/// Tab-separated: key, company, name, what it may do, since when, until when.
fn line(listed: &Listed) -> String {
    let Listed { key, sources } = listed;
    let sources = match sources.is_empty() {
        true => "all sources".to_owned(),
        false => Sources::names(sources.iter().copied()),
    };
    let may = if key.read_only { "reads" } else { "reads and writes" };
    let revoked = key.revoked_at.map(|at| format!("\trevoked {at}")).unwrap_or_default();
    let (company, name, created) = (key.company_id, &key.name, key.created_at);
    format!("{}\t{company}\t{name}\t{may}, {sources}\tcreated {created}{revoked}", key.key)
}

fn refused(why: KeyRefusal, company: i64) -> String {
    match why {
        KeyRefusal::NoSuchSource(name, known) => {
            format!("company {company} has no source {name}; it has {known}")
        }
        KeyRefusal::NoSuchCompany => format!("there is no company {company}"),
        KeyRefusal::NoSuchKey => "there is no such key".to_owned(),
        KeyRefusal::Taken => "the key exists already".to_owned(),
    }
}
