//! `crewline key`

use clap::Subcommand;
use domain::Name;
use server::http::Limits;
use server::keys::{self, KeyRefusal};
use server::secret::Secret;
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
    },
    /// Revoke a key: its tokens stop working within 5 seconds
    Revoke {
        /// The key
        key: String,
    },
}

impl Key {
    pub async fn run(self, global: &Global) -> Result<(), Startup> {
        let app = global.app(Limits::default()).await?;
        match self {
            Key::Create { company, name } => {
                let random = |error: getrandom::Error| Startup(error.to_string());
                let key = Secret::random("cwk_").map_err(random)?.reveal().to_owned();
                let secret = Secret::random("cws_").map_err(random)?;
                let new = keys::create(&app, company, name, key, secret).await;
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

fn refused(why: KeyRefusal, company: i64) -> String {
    match why {
        KeyRefusal::NoSuchCompany => format!("there is no company {company}"),
        KeyRefusal::NoSuchKey => "there is no such key".to_owned(),
        KeyRefusal::Taken => "the key exists already".to_owned(),
    }
}
