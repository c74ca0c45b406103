//! Records that were refused: each is an item that is kept until it was seen to.
//!
//! A record is known by its operation, its source, the ids of the path and its own id. Refused
//! again with the same content it is the same item. When it is taken, its open items are closed
//! in the transaction that takes it ([`close`]); whether there are any is asked ahead with one
//! seek ([`any_open`]), so that a request costs no more for an empty inbox.

mod list;
mod purge;
pub mod remedy;
mod settle;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Source;
use jiff::Timestamp;

pub use list::{Filter, Group, GroupKey, Item, Position, get, groups, list};
pub use purge::purge;
pub use settle::{Ignore, Resent, supersede};

use crate::app::App;
use crate::secret::{Hash, digest};
use crate::store::{self, Column, Last, Tx, last, sure};

/// How an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    /// The record was taken as it is.
    Resolved,
    /// Another content of the record was taken, or put in its place.
    Superseded,
    /// Somebody wants to see no more of it.
    Ignored,
}

impl State {
    pub const ALL: [State; 4] = [State::Ignored, State::Open, State::Resolved, State::Superseded];

    pub const fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Resolved => "resolved",
            State::Superseded => "superseded",
            State::Ignored => "ignored",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether it was settled: nothing more can be done with it.
    pub const fn is_closed(self) -> bool {
        matches!(self, State::Resolved | State::Superseded)
    }
}

/// Where the records of a request belong: all that names them but their own ids.
#[derive(Clone, Debug)]
pub struct Target {
    pub company: i64,
    pub operation: &'static str,
    digest: Hash,
}

impl Target {
    /// `source` is [`Source::NONE`] also where each record has its own.
    pub fn new(company: i64, operation: &'static str, source: Source, ids: &[String]) -> Self {
        let source = source.id.to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![operation.as_bytes(), &source];
        parts.extend(ids.iter().map(String::as_bytes));
        Self { company, operation, digest: digest(&parts) }
    }

    /// The id of the item for a record with this content.
    fn id(&self, record: &str, content: &str) -> String {
        let hash = digest(&[&self.digest, record.as_bytes(), content.as_bytes()]);
        URL_SAFE_NO_PAD.encode(&hash[..16])
    }
}

/// A request, so that any of its records can be sent again alone.
#[derive(Clone, Debug)]
pub struct Request {
    pub target: Target,
    pub method: String,
    /// With the query, as sent.
    pub path: String,
    /// The ids in the path, as a face writes them.
    pub path_ids: String,
    /// The list of the body that its records stand in; empty: the body is the record.
    pub list: &'static str,
    /// The API key.
    pub key: Arc<str>,
    pub request_id: Arc<str>,
}

/// A record of a request.
#[derive(Clone, Debug)]
pub struct Record {
    /// What names it within the target; empty: nothing but the target does.
    pub name: String,
    /// Its own external id, as it is shown.
    pub external_id: String,
    pub source: i64,
    /// As it was sent.
    pub content: String,
}

/// A record that was refused, and why.
#[derive(Clone, Debug)]
pub struct Refused {
    pub record: Record,
    /// The first error.
    pub code: &'static str,
    pub message: String,
    /// Where in the request.
    pub pointer: String,
    /// All errors, as a face writes them.
    pub errors: String,
}

/// Asks whether anything is open under a target: see [`Tx::ask`].
pub fn any_open(target: &Target) -> Last {
    let sql = "SELECT 1 FROM refusals WHERE company_id = $1 AND target = $2 AND state = 'open'
        LIMIT 1";
    last!(sql, [target.company, target.digest.to_vec()])
}

/// Keeps the refused records of a request. One that is refused again is open again, unless it is
/// ignored. Clocks differ, and requests wait: the later time counts.
pub fn keep(request: &Request, refused: Vec<Refused>, now: Timestamp) -> Last {
    let sql = "INSERT INTO refusals (company_id, id, source_id, operation, target, record,
            external_id, state, code, message, pointer, errors, method, path, path_ids, list,
            content, first_at, last_at, attempts, key, request_id)
        SELECT $1, e.id, e.source_id, $2, $3, e.record, e.external_id, 'open', e.code, e.message,
            e.pointer, e.errors, $4, $5, $6, $7, e.content, $8, $8, 1, $9, $10
        FROM {e(id text, source_id bigint, record text, external_id text, code text, message text,
            pointer text, errors text, content text)}
        WHERE true ON CONFLICT (company_id, id) DO UPDATE SET
            state = CASE WHEN refusals.state = 'ignored' THEN 'ignored' ELSE 'open' END,
            closed_at = CASE WHEN refusals.state = 'ignored' THEN refusals.closed_at END,
            closed_by = CASE WHEN refusals.state = 'ignored' THEN refusals.closed_by END,
            code = excluded.code, message = excluded.message, pointer = excluded.pointer,
            errors = excluded.errors, method = excluded.method, path = excluded.path,
            last_at = CASE WHEN excluded.last_at > refusals.last_at THEN excluded.last_at
                ELSE refusals.last_at END,
            attempts = refusals.attempts + 1, key = excluded.key,
            request_id = excluded.request_id";
    let target = &request.target;
    // In key order, each once.
    let rows: BTreeMap<String, Refused> = refused
        .into_iter()
        .rev()
        .map(|refused| (target.id(&refused.record.name, &refused.record.content), refused))
        .collect();
    let text = |of: fn(&Refused) -> &str| {
        Column::Text(rows.values().map(|refused| of(refused).to_owned()).collect())
    };
    let sources = Column::Int(rows.values().map(|refused| refused.record.source).collect());
    let batch = [
        text(|refused| &refused.record.name),
        text(|refused| &refused.record.external_id),
        text(|refused| refused.code),
        text(|refused| &refused.message),
        text(|refused| &refused.pointer),
        text(|refused| &refused.errors),
        text(|refused| &refused.record.content),
    ];
    let Request { method, path, path_ids, list, key, request_id, .. } = request.clone();
    let (operation, digest) = (target.operation, target.digest.to_vec());
    let (key, request_id) = (key.to_string(), request_id.to_string());
    let mut keep = last!(
        sql,
        [target.company, operation, digest, method, path, path_ids, list, now, key, request_id]
    );
    keep.batch = vec![Column::Text(rows.into_keys().collect()), sources];
    keep.batch.extend(batch);
    keep
}

/// Keeps the refused records of a request that no operation was opened for. `with` lives as long
/// as that takes.
pub async fn keep_alone(
    app: &App,
    request: Request,
    refused: Vec<Refused>,
    with: impl Clone + Send + Sync + 'static,
) -> store::Result<()> {
    let now = app.clock.now();
    let kept = app.store.write("refusals.keep", async move |tx: &mut Tx| {
        let _with = &with;
        Ok(tx.finish(&[keep(&request, refused, now)]).await?)
    });
    sure(kept.await)
}

/// Closes the open items of records that were taken, each without any refusal.
pub fn close(tx: &Tx, request: &Request, taken: &[Record], now: Timestamp) -> Last {
    // On PostgreSQL others may close the same ones: rows are locked in the order of their ids.
    let sql = tx.pick(
        "UPDATE refusals SET closed_at = $3, closed_by = $4, state = CASE
                WHEN id IN (SELECT e.id FROM {e(record text, id text)})
                THEN 'resolved' ELSE 'superseded' END
            WHERE company_id = $1 AND target = $2 AND state = 'open'
                AND record IN (SELECT e.record FROM {e(record text, id text)})",
        "UPDATE refusals SET closed_at = $3, closed_by = $4, state = CASE
                WHEN id IN (SELECT e.id FROM {e(record text, id text)})
                THEN 'resolved' ELSE 'superseded' END
            WHERE company_id = $1 AND id IN (SELECT r.id FROM refusals r
                WHERE r.company_id = $1 AND r.target = $2 AND r.state = 'open'
                    AND r.record IN (SELECT e.record FROM {e(record text, id text)})
                ORDER BY r.id FOR UPDATE)",
    );
    let Request { target, request_id, .. } = request;
    let ids = taken.iter().map(|record| target.id(&record.name, &record.content)).collect();
    let names = taken.iter().map(|record| record.name.clone()).collect();
    let digest = target.digest.to_vec();
    last!(
        sql,
        [target.company, digest, now, request_id.to_string()],
        [Column::Text(names), Column::Text(ids)]
    )
}

/// The records of a request that were taken: those of which nothing was refused. One without a
/// name of its own cannot be known again where there are several.
pub fn taken(records: Vec<Record>, refused: &[Refused], in_list: bool) -> Vec<Record> {
    let refused: HashSet<&str> = refused.iter().map(|one| one.record.name.as_str()).collect();
    let is_known = |record: &Record| !in_list || !record.name.is_empty();
    let is_taken = |record: &Record| !refused.contains(record.name.as_str());
    records.into_iter().filter(|record| is_known(record) && is_taken(record)).collect()
}
