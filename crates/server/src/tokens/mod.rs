//! Bearer tokens: issued for a key's secret, checked at every request.
//!
//! Tokens are opaque and kept as SHA-256 hashes. A token that was found good is not looked up
//! again for some seconds, so a request costs no read for it; a revoked key stops working when
//! these have passed.

mod callers;
mod failures;
mod refresh;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use domain::Source;
use jiff::{SignedDuration, Timestamp};

use callers::Known;
pub use callers::{Callers, Key};
pub use failures::Failures;
pub use refresh::{InvalidGrant, refresh};

use crate::app::App;
use crate::secret::{Hash, Secret, hash};
use crate::sources::Sources;
use crate::store::{self, Stmt, Stop, Tx, params};

/// How long an access token works.
pub const ACCESS: SignedDuration = SignedDuration::from_hours(1);
/// How long a refresh token works.
const REFRESH: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Expired rows that one new token clears away.
const PURGED: i64 = 100;

/// What a client gets for its credentials.
#[derive(Debug)]
pub struct Pair {
    pub access: Secret,
    pub refresh: Secret,
    pub owner: Owner,
}

/// Whose a token is.
#[derive(Clone, Debug)]
pub struct Owner {
    pub company: i64,
    pub key: String,
}

impl Pair {
    fn random(owner: Owner) -> store::Result<Self> {
        let random = |prefix| {
            Secret::random(prefix).map_err(|error| store::Error::Unavailable(Box::new(error)))
        };
        Ok(Self { access: random("cwt_")?, refresh: random("cwr_")?, owner })
    }

    /// What rows hold: the access token's hash, and the refresh token's.
    fn hashes(&self) -> (Hash, Hash) {
        (self.access.hash(), self.refresh.hash())
    }
}

/// The key or the secret is wrong, or the key is revoked.
#[derive(Debug)]
pub struct InvalidClient;

/// Issues a token for a key's secret. Earlier tokens go on working.
pub async fn issue(app: &App, key: &str, secret: &str) -> Result<Pair, Stop<InvalidClient>> {
    let (key, secret) = (Arc::<str>::from(key), hash(secret));
    let wanted = Arc::clone(&key);
    // Refused before a write is asked for: a flood of wrong secrets does not reach the writer.
    let authenticated = app.store.read("tokens.authenticate", async move |tx: &mut Tx| {
        let sql = "SELECT secret_hash, company_id FROM api_keys
            WHERE key = $1 AND revoked_at IS NULL";
        let known: Option<(Vec<u8>, i64)> = tx.query_opt(sql, params![&*wanted]).await?;
        match known {
            Some((known, company)) if known == secret => Ok(company),
            _ => Err(Stop::Refused(InvalidClient)),
        }
    });
    let company = authenticated.await?;
    let pair = Pair::random(Owner { company, key: key.to_string() })?;
    let (hashes, now) = (pair.hashes(), app.clock.now());
    app.store
        .write("tokens.issue", async move |tx: &mut Tx| {
            // The first refresh token gives its family the name.
            keep(tx, &key, &hashes.1, hashes, now).await?;
            Ok::<_, Stop<InvalidClient>>(())
        })
        .await?;
    Ok(pair)
}

/// Keeps a new pair, and clears away some expired rows.
async fn keep(
    tx: &mut Tx,
    key: &str,
    family: &[u8],
    (access, refresh): (Hash, Hash),
    now: Timestamp,
) -> store::Result<()> {
    purge(tx, now).await?;
    let sql = "INSERT INTO access_tokens (hash, key, family, expires_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, params![&access[..], key, family, now + ACCESS]).await?;
    let sql = "INSERT INTO refresh_tokens (hash, key, family, expires_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, params![&refresh[..], key, family, now + REFRESH]).await?;
    Ok(())
}

/// Clears away some expired rows.
async fn purge(tx: &mut Tx, now: Timestamp) -> store::Result<()> {
    // On PostgreSQL others purge at the same time: each takes rows that no other has.
    let access = tx.pick(
        "DELETE FROM access_tokens WHERE hash IN (SELECT hash FROM access_tokens
            WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        "DELETE FROM access_tokens WHERE hash IN (SELECT hash FROM access_tokens
            WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    );
    tx.execute(access, params![now, PURGED]).await?;
    let refresh = tx.pick(
        "DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens
            WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        "DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens
            WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    );
    tx.execute(refresh, params![now, PURGED]).await?;
    Ok(())
}

/// The key behind a token, if the token is good.
pub async fn check(app: &App, token: &str) -> store::Result<Option<Arc<Key>>> {
    let (token, now) = (hash(token), app.clock.now());
    let known = app.callers.get(&token, now);
    app.metrics.token_looked_up(known.is_some());
    if let Some(key) = known {
        return Ok(Some(key));
    }
    let looked_up = Instant::now();
    let found = app.store.read::<_, Infallible, _>("tokens.check", async move |tx: &mut Tx| {
        Ok(look_up(tx, &token, now).await?)
    });
    match found.await {
        Ok(None) => Ok(None),
        Ok(Some((key, expires_at))) => {
            let key = Arc::new(key);
            app.callers.remember(token, Known { key: Arc::clone(&key), expires_at, looked_up });
            Ok(Some(key))
        }
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Refused(never)) => match never {},
    }
}

/// The key behind a good token, with its company's sources, and when the token expires.
async fn look_up(
    tx: &mut Tx,
    token: &Hash,
    now: Timestamp,
) -> store::Result<Option<(Key, Timestamp)>> {
    let key = "SELECT k.company_id, c.name, k.key, k.name, k.read_only, t.expires_at
        FROM access_tokens t
        JOIN api_keys k ON k.key = t.key
        JOIN companies c ON c.id = k.company_id
        WHERE t.hash = $1 AND k.revoked_at IS NULL AND t.expires_at > $2";
    // Without a name: one of the only sources that the key may use.
    let sources = "SELECT s.id, s.name FROM access_tokens t
        JOIN api_keys k ON k.key = t.key
        JOIN sources s ON s.company_id = k.company_id
        WHERE t.hash = $1
        UNION ALL
        SELECT l.source_id, NULL FROM access_tokens t
        JOIN key_sources l ON l.key = t.key
        WHERE t.hash = $1
        ORDER BY 1";
    type Found = (i64, String, String, String, bool, Timestamp);
    let (found, sources): (Vec<Found>, Vec<(i64, Option<String>)>) = tx
        .query_pair(
            Stmt::new(key, params![&token[..], now]),
            Stmt::new(sources, params![&token[..]]),
        )
        .await?;
    let Some((company_id, company, key, name, read_only, expires_at)) = found.into_iter().next()
    else {
        return Ok(None);
    };
    let mut registered = Vec::new();
    let mut limited_to = Vec::new();
    for (id, name) in sources {
        match name {
            Some(name) => registered.push(Source::registered(id, &name)),
            None => limited_to.push(id),
        }
    }
    let limited_to = (!limited_to.is_empty()).then_some(limited_to);
    let sources = Arc::new(Sources { registered, limited_to });
    let key = key.into();
    Ok(Some((Key { company_id, company, key, name, sources, read_only }, expires_at)))
}
