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

use std::sync::{Arc, LazyLock};

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
    pub what: &'static str,
    /// The entity's id; of what no entity has, the company's.
    pub entity_id: i64,
    pub data: Data,
}

impl Event {
    pub fn of(kind: Kind, verb: Verb, entity_id: i64, data: Data) -> Self {
        Self { what: verb.of(kind), entity_id, data }
    }
}

/// What happened to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Created,
    Updated,
    Deleted,
    /// It got references.
    Linked,
    /// References were taken from it.
    Unlinked,
    UsersAttached,
    UsersDetached,
    WorkspacesAttached,
    WorkspacesDetached,
}

const VERBS: [&str; 9] = [
    "created",
    "updated",
    "deleted",
    "linked",
    "unlinked",
    "users.attached",
    "users.detached",
    "workspaces.attached",
    "workspaces.detached",
];

impl Verb {
    /// The type of an event: the kind, then what happened.
    fn of(self, kind: Kind) -> &'static str {
        static ALL: LazyLock<Vec<String>> = LazyLock::new(|| {
            let of_kind = |kind: Kind| VERBS.map(|verb| format!("{}.{verb}", kind.name()));
            Kind::ALL.into_iter().flat_map(of_kind).collect()
        });
        &ALL[kind as usize * VERBS.len() + self as usize]
    }
}

/// The type of an event about exchange rates.
pub const RATES_SYNCED: &str = "exchange_rates.synced";

/// Every type that an event may have.
pub fn types() -> Vec<&'static str> {
    let all = [Verb::Created, Verb::Updated, Verb::Deleted, Verb::Linked, Verb::Unlinked];
    let of_kinds = Kind::ALL.into_iter().flat_map(|kind| all.map(|verb| verb.of(kind)));
    let others = [
        Verb::UsersAttached.of(Kind::Contract),
        Verb::UsersDetached.of(Kind::Contract),
        Verb::UsersAttached.of(Kind::Project),
        Verb::UsersDetached.of(Kind::Project),
        Verb::UsersAttached.of(Kind::Team),
        Verb::UsersDetached.of(Kind::Team),
        Verb::WorkspacesAttached.of(Kind::User),
        Verb::WorkspacesDetached.of(Kind::User),
        RATES_SYNCED,
    ];
    of_kinds.chain(others).collect()
}

/// Places in line on PostgreSQL begin here; every number is below.
pub const WAITING: i64 = 1 << 62;

/// What goes with an operation's commit. SQLite has one writer: the next number is the company's
/// last one and one, also when the last ones are not kept any more. PostgreSQL gives a place in
/// line. Nearly every operation has one event, and that has a statement of its own: it is cheaper.
pub fn keep(tx: &Tx, scope: &Scope, mut events: Vec<Event>, now: Timestamp) -> Option<Last> {
    let (company, source) = (scope.company, scope.source.id);
    let (key, request) = (Arc::clone(&scope.actor.key), Arc::clone(&scope.actor.request_id));
    if events.len() <= 1 {
        let Event { what, entity_id, data } = events.pop()?;
        let sql = tx.pick(
            "INSERT INTO events
                (company_id, number, type, entity_id, source_id, key, request_id, time, data)
            VALUES ($1, 1 + (SELECT coalesce(max(number),
                    (SELECT purged_to FROM event_horizons WHERE company_id = $1), 0)
                FROM events WHERE company_id = $1), $2, $3, $4, $5, $6, $7, $8)",
            "INSERT INTO events
                (company_id, number, type, entity_id, source_id, key, request_id, time, data)
            VALUES ($1, 4611686018427387904 + nextval('events_line'), $2, $3, $4, $5, $6, $7, $8)",
        );
        let data = data.pack();
        return Some(last!(sql, [company, what, entity_id, source, key, request, now, data]));
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
    let (mut what, mut entities, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for event in events {
        what.push(event.what.to_owned());
        entities.push(event.entity_id);
        data.push(event.data.pack());
    }
    let batch = [Column::Text(what), Column::Int(entities), Column::Bytes(data)];
    let [what, entities, data] = batch;
    Some(last!(sql, [company, source, key, request, now], [what, entities, data]))
}
