//! Companies: the tenants.

use std::convert::Infallible;

use domain::Name;
use jiff::Timestamp;

use crate::app::App;
use crate::store::{Sequence, Stop, Tx, params};

/// A tenant.
#[derive(Clone, Debug)]
pub struct Company {
    pub id: i64,
    pub name: String,
}

/// Creates a company.
pub async fn create(app: &App, name: Name) -> Result<Company, Stop<Infallible>> {
    let (id, now) = (app.store.ids(Sequence::Company, 1).await?, app.clock.now());
    app.store
        .write("companies.create", async move |tx: &mut Tx| {
            insert(tx, id, name.as_str(), now).await?;
            Ok(Company { id, name: name.as_str().to_owned() })
        })
        .await
}

async fn insert(tx: &mut Tx, id: i64, name: &str, now: Timestamp) -> crate::store::Result<u64> {
    let sql = "INSERT INTO companies (id, name, created_at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![id, name, now]).await
}

/// All companies, the oldest first.
pub async fn list(app: &App) -> Result<Vec<Company>, Stop<Infallible>> {
    app.store
        .read("companies.list", async move |tx: &mut Tx| {
            let sql = "SELECT id, name FROM companies ORDER BY id";
            let rows: Vec<(i64, String)> = tx.query(sql, params![]).await?;
            Ok(rows.into_iter().map(|(id, name)| Company { id, name }).collect())
        })
        .await
}
