//! Answers that are kept under the key that a client gave its request, so that the request can
//! be sent again and is carried out once.
//!
//! An answer is kept in the transaction of the operation that it is about. No row says that a
//! request is under way: on SQLite the second one waits for the writer, on PostgreSQL it misses
//! the first one's lock. So a process that is killed leaves nothing to clean up.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::secret::{Hash, digest};
use crate::store::{self, Last, Stmt, Tx, last, params, row, sure};

/// How long an answer is kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Characters of a client's key.
pub const LENGTH: usize = 255;

/// A request that may be sent again.
#[derive(Clone, Debug)]
pub struct Request {
    pub company: i64,
    /// Who asks, what, and under which key of its own.
    digest: Hash,
    /// What else it says.
    pub fingerprint: Hash,
}

impl Request {
    /// `credential` asks for `method` and `path` under `key`; `rest` is all else that must be the
    /// same when it asks again.
    pub fn new(company: i64, [credential, method, path, key]: [&str; 4], rest: &[&[u8]]) -> Self {
        let parts = [credential, method, path, key].map(str::as_bytes);
        Self { company, digest: digest(&parts), fingerprint: digest(rest) }
    }
}

row! {
    /// An answer as it is kept.
    pub struct Kept {
        pub fingerprint: Vec<u8>,
        pub status: i64,
        pub content_type: String,
        pub body: Vec<u8>,
    }
}

/// What stands under a client's key.
#[derive(Debug)]
pub enum Claim {
    /// Nothing: the request is to be carried out.
    New,
    /// The answer that it was given.
    Answered(Kept),
    /// Another request.
    Reused,
    /// The same request is being carried out.
    UnderWay,
}

/// Whether an answer is kept under a client's key, for this request or for another one.
pub async fn is_kept(app: &App, request: &Request) -> store::Result<bool> {
    let (request, now) = (request.clone(), app.clock.now());
    let kept = app.store.read("idempotency.is_kept", async move |tx: &mut Tx| {
        let sql = "SELECT status FROM idempotency_keys
            WHERE company_id = $1 AND digest = $2 AND created_at > $3";
        let values = params![request.company, &request.digest[..], now - KEPT];
        Ok(tx.query_opt::<(i64,)>(sql, values).await?.is_some())
    });
    sure(kept.await)
}

/// Clears away at most `limit` answers that were kept too long; how many.
pub async fn purge(app: &App, limit: i64) -> store::Result<u64> {
    let before = app.clock.now() - KEPT;
    let purged = app.store.write("idempotency.purge", async move |tx: &mut Tx| {
        // On PostgreSQL others purge at the same time: each takes rows that no other has.
        let sql = tx.pick(
            "DELETE FROM idempotency_keys WHERE (company_id, digest) IN (
                SELECT k.company_id, k.digest FROM companies c CROSS JOIN idempotency_keys k
                WHERE k.company_id = c.id AND k.created_at <= $1 LIMIT $2)",
            "DELETE FROM idempotency_keys WHERE (company_id, digest) IN (
                SELECT k.company_id, k.digest FROM companies c CROSS JOIN idempotency_keys k
                WHERE k.company_id = c.id AND k.created_at <= $1 LIMIT $2
                FOR UPDATE OF k SKIP LOCKED)",
        );
        Ok(tx.execute(sql, params![before, limit]).await?)
    });
    sure(purged.await)
}

/// Claims a client's key for this transaction.
pub async fn claim(tx: &mut Tx, request: &Request, now: Timestamp) -> store::Result<Claim> {
    // SQLite has one writer. On PostgreSQL the lock comes first, in a statement of its own: the
    // next one then sees what whoever had it has committed.
    let lock = tx.pick("SELECT $1 IS NOT NULL", "SELECT pg_try_advisory_xact_lock($1)");
    let kept = "SELECT fingerprint, status, content_type, body FROM idempotency_keys
        WHERE company_id = $1 AND digest = $2 AND created_at > $3";
    let (locked, kept): (Vec<(bool,)>, Vec<Kept>) = tx
        .query_pair(
            Stmt::new(lock, params![lock_of(request)]),
            Stmt::new(kept, params![request.company, &request.digest[..], now - KEPT]),
        )
        .await?;
    Ok(match (locked.first(), kept.into_iter().next()) {
        (Some((true,)), None) => Claim::New,
        (_, Some(kept)) if kept.fingerprint == request.fingerprint => Claim::Answered(kept),
        (_, Some(_)) => Claim::Reused,
        (_, None) => Claim::UnderWay,
    })
}

/// The number that stands for a request among the advisory locks.
fn lock_of(request: &Request) -> i64 {
    let mut sha = Sha256::new();
    sha.update(request.company.to_be_bytes());
    sha.update(request.digest);
    let mut number = [0; 8];
    number.copy_from_slice(&sha.finalize()[..8]);
    i64::from_be_bytes(number)
}

/// Keeps an answer, in place of one that was kept too long.
pub fn keep(request: &Request, kept: Kept, now: Timestamp) -> Last {
    let sql = "INSERT INTO idempotency_keys
            (company_id, digest, fingerprint, status, content_type, body, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (company_id, digest) DO UPDATE SET fingerprint = excluded.fingerprint,
            status = excluded.status, content_type = excluded.content_type,
            body = excluded.body, created_at = excluded.created_at";
    let (company, digest) = (request.company, request.digest.to_vec());
    let Kept { fingerprint, status, content_type, body } = kept;
    last!(sql, [company, digest, fingerprint, status, content_type, body, now])
}
