//! What lists, and groups of equal refusals, tell.

use std::collections::HashMap;
use std::sync::Arc;

use domain::Source;
use jiff::Timestamp;

use super::State;
use crate::app::App;
use crate::scope::Scope;
use crate::store::{self, Col, Tx, params, row, sure};

/// Which items are wanted. `None` is all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub state: Option<State>,
    pub source: Option<Source>,
    pub operation: Option<String>,
    pub code: Option<String>,
    /// A record's own external id.
    pub external_id: Option<String>,
}

row! {
    /// An item.
    pub struct Item {
        pub id: String,
        pub source_id: i64,
        pub operation: String,
        /// What names it within its target.
        pub record: String,
        pub external_id: String,
        pub state: String,
        pub code: String,
        pub message: String,
        pub pointer: String,
        pub errors: String,
        pub method: String,
        pub path: String,
        pub path_ids: String,
        pub list: String,
        /// Left out of lists when it is long.
        pub content: Option<String>,
        pub first_at: Timestamp,
        pub last_at: Timestamp,
        pub attempts: i64,
        pub key: String,
        pub request_id: String,
        pub closed_at: Option<Timestamp>,
        pub closed_by: Option<String>,
    }
}

impl Item {
    pub fn state(&self) -> Option<State> {
        State::from_name(&self.state)
    }
}

/// Behind every state, also where a database sorts signs before letters.
const LAST: &str = "zzzz";

/// Bytes of a record that a list shows.
pub const SHOWN: i64 = 64 * 1024;

/// A place in the order of items: state, when it was first refused, id.
pub type Position = (String, Timestamp, String);

/// The columns of an item: its content up to `$2` bytes.
macro_rules! items {
    ($($rest:literal),*) => {
        concat!(
            "SELECT id, source_id, operation, record, external_id, state, code, message, pointer, errors,
                method, path, path_ids, list,
                CASE WHEN octet_length(content) <= $2 THEN content END, first_at, last_at,
                attempts, key, request_id, closed_at, closed_by
            FROM refusals WHERE company_id = $1 AND ",
            $($rest),*
        )
    };
}

/// What follows the choice of an index: the filters, and the place in the order.
macro_rules! page {
    ($($choice:literal)?) => {
        items!(
            $($choice,)?
            "state <= $3 AND (state, first_at, id) > ($4, $5, $6)
                AND ($7 IS NULL OR operation = $7) AND ($8 IS NULL OR code = $8)
                AND source_id IN (SELECT e.id FROM {e(id bigint)})
            ORDER BY state, first_at, id LIMIT $9"
        )
    };
}

/// Items by state and by when they were first refused, after `after` in that order, at most
/// `limit`; only those that the key may see.
pub async fn list(
    app: &App,
    Scope { company, sources, .. }: Scope,
    filter: Filter,
    after: Option<Position>,
    limit: i64,
) -> store::Result<Vec<Item>> {
    let seen = seen(&sources.seen(), filter.source);
    let listed = app.store.read("refusals.list", async move |tx: &mut Tx| {
        let (first, last) = filter.state.map_or(("", LAST), |state| (state.name(), state.name()));
        let start = || (first.to_owned(), Timestamp::UNIX_EPOCH, String::new());
        let after = after.clone().filter(|(state, ..)| state.as_str() >= first);
        let (state, at, id) = after.unwrap_or_else(start);
        let (operation, code) = (filter.operation.as_deref(), filter.code.as_deref());
        let batch = [Col::Int(&seen)];
        let items = match filter.external_id.as_deref() {
            None => {
                let values = params![company, SHOWN, last, state, at, id, operation, code, limit];
                tx.query_batch(page!(), values, &batch).await?
            }
            Some(wanted) => {
                let values =
                    params![company, SHOWN, last, state, at, id, operation, code, limit, wanted];
                tx.query_batch(page!("external_id = $10 AND "), values, &batch).await?
            }
        };
        Ok(items)
    });
    sure(listed.await)
}

fn seen(all: &[i64], wanted: Option<Source>) -> Arc<[i64]> {
    let wanted = |id: &i64| wanted.is_none_or(|source| source.id == *id);
    all.iter().copied().filter(wanted).collect()
}

/// An item that the key may see, with the whole of its content.
pub async fn get(
    app: &App,
    Scope { company, sources, .. }: Scope,
    id: &str,
) -> store::Result<Option<Item>> {
    let id = id.to_owned();
    let found = app.store.read("refusals.get", async move |tx: &mut Tx| {
        let values = params![company, i64::MAX, id];
        Ok(tx.query_opt::<Item>(items!("id = $3"), values).await?)
    });
    let found = sure(found.await)?;
    Ok(found.filter(|item| sources.sees(item.source_id)))
}

/// What parts groups: operation, source and code.
pub type GroupKey = (String, i64, String);

/// Equal refusals.
#[derive(Clone, Debug)]
pub struct Group {
    pub operation: String,
    pub source_id: i64,
    pub code: String,
    pub count: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// One of its items, and what that says.
    pub example: String,
    pub message: String,
}

/// Groups of the items in one state, by operation, source and code, after `after` in that order.
pub async fn groups(
    app: &App,
    Scope { company, sources, .. }: Scope,
    state: State,
    source: Option<Source>,
    after: Option<GroupKey>,
    limit: i64,
) -> store::Result<Vec<Group>> {
    let seen = seen(&sources.seen(), source);
    let groups = app.store.read("refusals.groups", async move |tx: &mut Tx| {
        let (operation, source, code) =
            after.clone().unwrap_or_else(|| (String::new(), -1, String::new()));
        let sql = "SELECT operation, source_id, code, count(*), min(first_at), max(last_at),
                min(id)
            FROM refusals
            WHERE company_id = $1 AND state = $2 AND (operation, source_id, code) > ($3, $4, $5)
                AND source_id IN (SELECT e.id FROM {e(id bigint)})
            GROUP BY operation, source_id, code
            ORDER BY operation, source_id, code LIMIT $6";
        let values = params![company, state.name(), operation, source, code, limit];
        type Row = (String, i64, String, i64, Timestamp, Timestamp, String);
        let rows: Vec<Row> = tx.query_batch(sql, values, &[Col::Int(&seen)]).await?;
        let examples: Vec<&str> = rows.iter().map(|row| row.6.as_str()).collect();
        let sql = "SELECT r.id, r.message FROM {e(id text)} CROSS JOIN refusals r
            WHERE r.company_id = $1 AND r.id = e.id";
        let said: Vec<(String, String)> =
            tx.query_batch(sql, params![company], &[Col::Text(&examples)]).await?;
        let mut said: HashMap<String, String> = said.into_iter().collect();
        let group = |(operation, source_id, code, count, first_at, last_at, example): Row| {
            let message = said.remove(&example).unwrap_or_default();
            Group { operation, source_id, code, count, first_at, last_at, example, message }
        };
        Ok(rows.into_iter().map(group).collect())
    });
    sure(groups.await)
}
