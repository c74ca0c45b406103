//! API keys: what a source system presents to get tokens.

use domain::Name;

use crate::app::App;
use crate::secret::Secret;
use crate::store::{Stop, Tx, params};

/// A key that was just made. Its secret is not kept and cannot be shown again.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub company_id: i64,
    pub key: String,
    pub secret: Secret,
}

/// Why a key was not made or not revoked.
#[derive(Debug)]
pub enum KeyRefusal {
    NoSuchCompany,
    NoSuchKey,
    /// The key exists; only a chosen one can.
    Taken,
}

/// Makes a key for a company.
pub async fn create(
    app: &App,
    company_id: i64,
    name: Name,
    key: String,
    secret: Secret,
) -> Result<NewKey, Stop<KeyRefusal>> {
    let now = app.clock.now();
    app.store
        .write("keys.create", async move |tx: &mut Tx| {
            let known = "SELECT id FROM companies WHERE id = $1";
            if tx.query_opt::<(i64,)>(known, params![company_id]).await?.is_none() {
                return Err(Stop::Refused(KeyRefusal::NoSuchCompany));
            }
            let sql = "INSERT INTO api_keys (key, company_id, name, secret_hash, created_at)
                VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING";
            let hash = secret.hash();
            let values = params![key, company_id, name.as_str(), &hash[..], now];
            match tx.execute(sql, values).await? {
                0 => Err(Stop::Refused(KeyRefusal::Taken)),
                _ => Ok(NewKey { company_id, key, secret }),
            }
        })
        .await
}

/// Whether there is such a key, revoked or not.
pub async fn exists(app: &App, key: String) -> Result<bool, Stop<KeyRefusal>> {
    app.store
        .read("keys.exists", async move |tx: &mut Tx| {
            let sql = "SELECT company_id FROM api_keys WHERE key = $1";
            Ok(tx.query_opt::<(i64,)>(sql, params![key]).await?.is_some())
        })
        .await
}

/// Revokes a key: its tokens stop working within seconds, on every node. Doing it again is
/// no error.
pub async fn revoke(app: &App, key: String) -> Result<(), Stop<KeyRefusal>> {
    let now = app.clock.now();
    app.store
        .write("keys.revoke", async move |tx: &mut Tx| {
            let sql = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, $2) WHERE key = $1";
            match tx.execute(sql, params![key, now]).await? {
                0 => Err(Stop::Refused(KeyRefusal::NoSuchKey)),
                _ => Ok(()),
            }
        })
        .await
}
