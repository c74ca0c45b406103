//! A new pair for a refresh token.
//!
//! A refresh token is meant to be used once. Its answer may get lost, so for a minute it may be
//! used again. After that somebody else may have it: its whole family stops working.

use jiff::{SignedDuration, Timestamp};

use super::{Owner, Pair, keep};
use crate::app::App;
use crate::secret::hash;
use crate::store::{self, Stop, Tx, params};

/// How long a used refresh token may be used again.
const RETRY: SignedDuration = SignedDuration::from_secs(60);

/// The refresh token is unknown, expired or revoked.
#[derive(Debug)]
pub struct InvalidGrant;

/// Issues a pair for a refresh token.
pub async fn refresh(app: &App, token: &str) -> Result<Pair, Stop<InvalidGrant>> {
    let (token, now) = (hash(token), app.clock.now());
    // Refused before a write is asked for: a flood of wrong tokens does not reach the writer.
    let found = app.store.read("tokens.find", async move |tx: &mut Tx| {
        find(tx, &token, now).await?.ok_or(Stop::Refused(InvalidGrant))
    });
    let pair = Pair::random(found.await?.owner)?;
    let hashes = pair.hashes();
    let refreshed = app.store.write("tokens.refresh", async move |tx: &mut Tx| {
        lock(tx, &token).await?;
        let Some(Found { owner, family, used_at }) = find(tx, &token, now).await? else {
            return Err(Stop::Refused(InvalidGrant));
        };
        if used_at.is_some_and(|used_at| now.duration_since(used_at) > RETRY) {
            revoke(tx, &family).await?;
            // Not a refusal: that would undo the revocation.
            return Ok(Some(owner.key));
        }
        let sql = "UPDATE refresh_tokens SET used_at = coalesce(used_at, $2) WHERE hash = $1";
        tx.execute(sql, params![&token[..], now]).await?;
        keep(tx, &owner.key, &family, hashes, now).await?;
        Ok(None)
    });
    match refreshed.await? {
        None => Ok(pair),
        Some(key) => {
            tracing::warn!(key, "a used refresh token came again: its family is revoked");
            Err(Stop::Refused(InvalidGrant))
        }
    }
}

/// On PostgreSQL, lets one refresh of a key go on at a time: no token may join a family while it
/// is revoked. The key's row is there as long as any of its tokens. Locked before any token, so
/// that nobody waits in a circle.
async fn lock(tx: &mut Tx, token: &[u8]) -> store::Result<()> {
    let sql = "SELECT k.company_id FROM refresh_tokens t JOIN api_keys k ON k.key = t.key
        WHERE t.hash = $1 FOR NO KEY UPDATE OF k";
    if let Some(sql) = tx.pick(None, Some(sql)) {
        tx.query_opt::<(i64,)>(sql, params![token]).await?;
    }
    Ok(())
}

/// A refresh token that works.
struct Found {
    owner: Owner,
    family: Vec<u8>,
    used_at: Option<Timestamp>,
}

async fn find(tx: &mut Tx, token: &[u8], now: Timestamp) -> store::Result<Option<Found>> {
    let sql = "SELECT k.company_id, t.key, t.family, t.used_at
        FROM refresh_tokens t JOIN api_keys k ON k.key = t.key
        WHERE t.hash = $1 AND t.expires_at > $2 AND k.revoked_at IS NULL";
    let found = tx.query_opt(sql, params![token, now]).await?;
    Ok(found.map(|(company, key, family, used_at)| {
        let owner = Owner { company, key };
        Found { owner, family, used_at }
    }))
}

/// Ends all tokens of a family; access tokens within seconds.
async fn revoke(tx: &mut Tx, family: &[u8]) -> store::Result<()> {
    tx.execute("DELETE FROM refresh_tokens WHERE family = $1", params![family]).await?;
    tx.execute("DELETE FROM access_tokens WHERE family = $1", params![family]).await?;
    Ok(())
}
