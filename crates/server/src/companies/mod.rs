//! Companies: the tenants.

use std::convert::Infallible;
use std::sync::Arc;

use domain::{Currency, Name, Source};

use crate::app::App;
use crate::scope::{Actor, Scope};
use crate::sources::{self, Sources};
use crate::store::{Sequence, Stop, Tx, params, row};

row! {
    /// A tenant.
    pub struct Company {
        pub id: i64,
        pub name: String,
        /// What its amounts are in: ISO 4217.
        pub base_currency: String,
    }
}

/// What the amounts of a company are in unless told otherwise.
pub const BASE_CURRENCY: &str = "USD";

/// Creates a company.
pub async fn create(
    app: &App,
    name: Name,
    base_currency: Currency,
) -> Result<Company, Stop<Infallible>> {
    let (id, now) = (app.store.ids(Sequence::Company, 1).await?, app.clock.now());
    app.store
        .write("companies.create", async move |tx: &mut Tx| {
            let sql = "INSERT INTO companies (id, name, base_currency, created_at)
                VALUES ($1, $2, $3, $4)";
            let (name, base_currency) = (name.as_str(), base_currency.as_str());
            tx.execute(sql, params![id, name, base_currency, now]).await?;
            Ok(Company { id, name: name.to_owned(), base_currency: base_currency.to_owned() })
        })
        .await
}

/// All companies, the oldest first.
pub async fn list(app: &App) -> Result<Vec<Company>, Stop<Infallible>> {
    app.store
        .read("companies.list", async move |tx: &mut Tx| {
            let sql = "SELECT id, name, base_currency FROM companies ORDER BY id";
            Ok(tx.query(sql, params![]).await?)
        })
        .await
}

/// Everything of a company, for what is asked for at the command line.
pub async fn scope(app: &App, company: i64) -> Result<Scope, Stop<()>> {
    app.store
        .read("companies.scope", async move |tx: &mut Tx| {
            let sql = "SELECT id FROM companies WHERE id = $1";
            let found: Option<(i64,)> = tx.query_opt(sql, params![company]).await?;
            found.ok_or(Stop::Refused(()))?;
            let registered = sources::of_company(tx, company).await?;
            let sources = Arc::new(Sources { registered, limited_to: None });
            Ok(Scope { company, source: Source::NONE, sources, actor: Actor::nobody() })
        })
        .await
}
