//! API keys: what a source system presents to get tokens.

mod list;

use domain::Name;

pub use list::{Listed, list};

use crate::app::App;
use crate::secret::Secret;
use crate::sources::{Sources, of_company};
use crate::store::{Col, Stop, Tx, params};

/// A key that was just made. Its secret is not kept and cannot be shown again.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub company_id: i64,
    pub key: String,
    pub secret: Secret,
}

/// What a key may do.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    /// The names of the only sources that it may use; none: it may use all.
    pub sources: Vec<String>,
    pub read_only: bool,
}

/// Why a key was not made or not revoked.
#[derive(Debug)]
pub enum KeyRefusal {
    NoSuchCompany,
    NoSuchKey,
    /// The company has no source of this name; those that it has.
    NoSuchSource(String, String),
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
    rights: Rights,
) -> Result<NewKey, Stop<KeyRefusal>> {
    let now = app.clock.now();
    app.store
        .write("keys.create", async move |tx: &mut Tx| {
            let known = "SELECT id FROM companies WHERE id = $1";
            if tx.query_opt::<(i64,)>(known, params![company_id]).await?.is_none() {
                return Err(Stop::Refused(KeyRefusal::NoSuchCompany));
            }
            let sql = "INSERT INTO api_keys
                    (key, company_id, name, secret_hash, read_only, created_at)
                VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO NOTHING";
            let hash = secret.hash();
            let read_only = rights.read_only;
            let values = params![key, company_id, name.as_str(), &hash[..], read_only, now];
            if tx.execute(sql, values).await? == 0 {
                return Err(Stop::Refused(KeyRefusal::Taken));
            }
            limit(tx, company_id, &key, &rights.sources).await?;
            Ok(NewKey { company_id, key, secret })
        })
        .await
}

/// Limits a new key to sources of its company.
async fn limit(
    tx: &mut Tx,
    company: i64,
    key: &str,
    names: &[String],
) -> Result<(), Stop<KeyRefusal>> {
    let registered = of_company(tx, company).await?;
    let known = Sources { registered, limited_to: None };
    let id_of = |name: &String| match known.named(name) {
        Some(source) => Ok(source.id),
        None => Err(KeyRefusal::NoSuchSource(name.clone(), Sources::names(known.all()))),
    };
    let ids: Vec<i64> = names.iter().map(id_of).collect::<Result<_, _>>().map_err(Stop::Refused)?;
    if ids.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO key_sources (key, source_id)
        SELECT $1, e.source_id FROM {e(source_id bigint)} WHERE true ON CONFLICT DO NOTHING";
    tx.execute_many(sql, params![key], &[Col::Int(&ids)]).await?;
    Ok(())
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
