//! All keys, for the operator.

use std::collections::HashMap;
use std::convert::Infallible;

use domain::Source;
use domain::source::BUILT_IN;
use jiff::Timestamp;

use crate::app::App;
use crate::store::{self, Stop, Tx, params, row};

row! {
    /// A key.
    pub struct Key {
        pub key: String,
        pub company_id: i64,
        pub name: String,
        pub read_only: bool,
        pub created_at: Timestamp,
        pub revoked_at: Option<Timestamp>,
    }
}

/// A key, and the only sources that it may use; none: it may use all.
#[derive(Clone, Debug)]
pub struct Listed {
    pub key: Key,
    pub sources: Vec<Source>,
}

/// All keys, revoked ones too, by company and age.
pub async fn list(app: &App) -> Result<Vec<Listed>, Stop<Infallible>> {
    app.store
        .read("keys.list", async move |tx: &mut Tx| {
            let sql = "SELECT key, company_id, name, read_only, created_at, revoked_at
                FROM api_keys ORDER BY company_id, created_at, key";
            let keys: Vec<Key> = tx.query(sql, params![]).await?;
            let mut limits = limits(tx).await?;
            let listed = |key: Key| {
                let sources = limits.remove(&key.key).unwrap_or_default();
                Listed { key, sources }
            };
            Ok(keys.into_iter().map(listed).collect())
        })
        .await
}

/// The sources of those keys that are limited to some.
async fn limits(tx: &mut Tx) -> store::Result<HashMap<String, Vec<Source>>> {
    let sql = "SELECT l.key, l.source_id, s.name FROM key_sources l
        JOIN api_keys k ON k.key = l.key
        LEFT JOIN sources s ON s.company_id = k.company_id AND s.id = l.source_id
        ORDER BY l.key, l.source_id";
    let rows: Vec<(String, i64, Option<String>)> = tx.query(sql, params![]).await?;
    let mut limits: HashMap<String, Vec<Source>> = HashMap::new();
    for (key, id, name) in rows {
        let published = BUILT_IN.into_iter().find(|source| source.id == id);
        let source = published.or_else(|| Some(Source::registered(id, &name?)));
        limits.entry(key).or_default().extend(source);
    }
    Ok(limits)
}
