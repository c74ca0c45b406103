//! Events: what operations changed, in an order that everybody sees alike.
//!
//! An operation notes what it changed of each entity ([`Event`]); the events go with its commit,
//! one row each. On SQLite the row has its number at once, for there is one writer. On PostgreSQL
//! it has a place in line, drawn in the operation's last statement, under its locks; [`number`]
//! gives numbers to what has been committed. A write never waits for another one's event.

pub mod data;
pub mod feed;
pub mod list;
pub mod number;
pub mod pack;
pub mod purge;

use domain::Kind;
use jiff::Timestamp;

pub use data::Data;
pub use feed::Feed;

use crate::scope::Scope;
use crate::store::{Column, Last, Tx, last};

/// What an operation changed of one entity.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened: `user.updated`, `contract.users.attached`.
    pub what: String,
    /// The entity's id; of what no entity has, the company's.
    pub entity_id: i64,
    pub data: Data,
}

impl Event {
    pub fn of(kind: Kind, verb: &str, entity_id: i64, data: Data) -> Self {
        Self { what: format!("{}.{verb}", kind.name()), entity_id, data }
    }
}

/// Every type that an event may have.
pub fn types() -> Vec<String> {
    let verbs = ["created", "updated", "deleted", "linked"];
    let of_kinds =
        Kind::ALL.iter().flat_map(|kind| verbs.map(|verb| format!("{}.{verb}", kind.name())));
    let others = [
        "contract.users.attached",
        "contract.users.detached",
        "team.users.attached",
        "team.users.detached",
        "user.workspaces.attached",
        "user.workspaces.detached",
        "exchange_rates.synced",
    ];
    of_kinds.chain(others.map(str::to_owned)).collect()
}

/// Places in line on PostgreSQL begin here; every number is below. It stands in the index
/// `events_waiting` too.
pub const WAITING: i64 = 1 << 62;

/// What goes with an operation's commit. SQLite has one writer: the next number is the company's
/// last one and one, also when the last ones are not kept any more. PostgreSQL gives a place in
/// line.
pub fn keep(tx: &Tx, scope: &Scope, events: Vec<Event>, now: Timestamp) -> Option<Last> {
    if events.is_empty() {
        return None;
    }
    let sql = tx.pick(
        "INSERT INTO events
            (company_id, number, type, entity_id, source_id, key, request_id, time, data)
        SELECT $1, e.ord + (SELECT coalesce(max(number),
                (SELECT purged_to FROM event_horizons WHERE company_id = $1), 0)
            FROM events WHERE company_id = $1), e.type, e.entity_id, $2, $3, $4, $5, e.data
        FROM {e(type text, entity_id bigint, data bytea)} WHERE true",
        "INSERT INTO events
            (company_id, number, type, entity_id, source_id, key, request_id, time, data)
        SELECT $1, 4611686018427387904 + nextval('events_line'), e.type, e.entity_id, $2, $3, $4,
            $5, e.data
        FROM {e(type text, entity_id bigint, data bytea)}",
    );
    let (company, source) = (scope.company, scope.source.id);
    let (key, request) = (scope.actor.key.to_string(), scope.actor.request_id.to_string());
    let (mut what, mut entities, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for event in events {
        what.push(event.what);
        entities.push(event.entity_id);
        data.push(event.data.pack());
    }
    let batch = [Column::Text(what), Column::Int(entities), Column::Bytes(data)];
    let [what, entities, data] = batch;
    Some(last!(sql, [company, source, key, request, now], [what, entities, data]))
}
