//! Entities as faces show them: one, or a part of a list. Every list goes through here.

use std::collections::HashSet;
use std::sync::{LazyLock, PoisonError, RwLock};

use domain::{Kind, Name, Ref};
use jiff::Timestamp;

use super::table::table;
use crate::app::App;
use crate::references;
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Bound, Col, FromRow, Param, Stop, Tx, params};

/// A row that shows an entity.
pub trait View: FromRow + Send + Sync + 'static {
    const KIND: Kind;
    /// Names its reads in logs and metrics.
    const READ: &'static str;
    /// Its columns, over the kind's table, `t`, and what is joined.
    const COLUMNS: &'static str;
    /// What is joined: at most one row for each entity.
    const JOINS: &'static str = "";

    /// Reads what else belongs to rows that are shown: one statement for all of them.
    fn complete(
        _tx: &mut Tx,
        _company: i64,
        _rows: &mut [Self],
        _now: Timestamp,
    ) -> impl Future<Output = store::Result<()>> + Send {
        async { Ok(()) }
    }
}

/// Which entities of a kind a list has: conditions over the kind's table, `t`.
#[derive(Clone, Debug, Default)]
pub struct Filter(Vec<(&'static str, Option<Bound>)>);

impl Filter {
    /// Those that a condition holds for, too.
    pub fn and(mut self, condition: &'static str) -> Self {
        self.0.push((condition, None));
        self
    }

    /// The same with a value, whose place in the condition is `?`.
    pub fn with(mut self, condition: &'static str, value: impl Into<Bound>) -> Self {
        self.0.push((condition, Some(value.into())));
        self
    }

    /// The text behind the columns of a statement on it. `$1` is the company, then the values.
    fn from(&self, kind: Kind, joins: &str) -> String {
        let table = table(kind);
        let live = if table.soft { " AND t.deleted_at IS NULL" } else { "" };
        let mut text = format!(" FROM {} t {joins} WHERE t.company_id = $1{live}", table.name);
        let mut next = 2;
        for (condition, value) in &self.0 {
            let place = format!("${next}");
            text.extend([" AND (", &condition.replace('?', &place), ")"]);
            next += usize::from(value.is_some());
        }
        text
    }

    /// The values of its conditions, behind the company.
    fn values<'a>(&'a self, company: &'a i64) -> Vec<&'a (dyn Param + Send)> {
        let values = self.0.iter().filter_map(|(_, value)| value.as_ref());
        let company: &(dyn Param + Send) = company;
        std::iter::once(company).chain(values.map(|value| value as &(dyn Param + Send))).collect()
    }
}

/// The part of a list that is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// So many rows behind the first ones.
    Rows { skip: i64, limit: i64 },
    /// All, unless there are more than this.
    All { most: i64 },
}

impl Part {
    /// How many rows of `total` stand ahead of it, and how many it has at most; `None`: none of
    /// them is in it.
    pub fn of(self, total: i64) -> Option<(i64, i64)> {
        match self {
            Self::Rows { skip, limit } => (skip < total).then_some((skip, limit)),
            Self::All { most } => (total <= most).then_some((0, most)),
        }
    }
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Slice<V> {
    /// How long the whole list is.
    pub total: i64,
    pub rows: Vec<V>,
}

/// A part of the list of a kind, by internal id.
pub async fn slice<V: View>(
    app: &App,
    company: i64,
    filter: Filter,
    part: Part,
) -> store::Result<Slice<V>> {
    let now = app.clock.now();
    let read = app.store.read(V::READ, async move |tx: &mut Tx| {
        let total = count(tx, V::KIND, company, &filter).await?;
        let mut rows = match part.of(total) {
            Some(place) => rows(tx, company, &filter, "t.id", place).await?,
            None => Vec::new(),
        };
        V::complete(tx, company, &mut rows, now).await?;
        Ok(Slice { total, rows })
    });
    store::sure(read.await)
}

/// How many there are: the database counts in the smallest index that has what it needs.
pub async fn count(tx: &mut Tx, kind: Kind, company: i64, filter: &Filter) -> store::Result<i64> {
    let sql = known(format!("SELECT count(*){}", filter.from(kind, "")));
    let count: Option<(i64,)> = tx.query_opt(sql, &filter.values(&company)).await?;
    Ok(count.map_or(0, |(count,)| count))
}

/// Rows of a list in an order, behind the first `skip`, at most `limit`.
pub async fn rows<V: View>(
    tx: &mut Tx,
    company: i64,
    filter: &Filter,
    order: &'static str,
    (skip, limit): (i64, i64),
) -> store::Result<Vec<V>> {
    let mut values = filter.values(&company);
    let next = values.len() + 1;
    let from = filter.from(V::KIND, V::JOINS);
    let columns = V::COLUMNS;
    let sql = known(format!(
        "SELECT {columns}{from} ORDER BY {order} LIMIT ${next} OFFSET ${}",
        next + 1
    ));
    values.extend([&limit as &(dyn Param + Send), &skip]);
    tx.query(sql, &values).await
}

/// An order by name that SQLite does not look up in the index of names: it would read every entity.
const BY_NAME: &str = "t.name_key || '', t.id";

/// The first `most` entities with a part of their name, by name; without regard to case. The names
/// are sought in their index, and only what is found is read.
pub async fn by_name<V: View>(
    app: &App,
    company: i64,
    part: &Name,
    most: i64,
) -> store::Result<Vec<V>> {
    let filter = Filter::default().with(
        known(format!(
            "t.id IN (SELECT k.id FROM {} k
                WHERE k.company_id = $1 AND replace(k.name_key, ?, '') <> k.name_key
                ORDER BY k.name_key, k.id LIMIT {most})",
            table(V::KIND).name
        )),
        part.key(),
    );
    let read = app.store.read(V::READ, async move |tx: &mut Tx| {
        Ok(rows(tx, company, &filter, BY_NAME, (0, most)).await?)
    });
    store::sure(read.await)
}

/// An entity, in the transaction that is running.
pub async fn one<V: View>(tx: &mut Tx, company: i64, id: i64) -> store::Result<Option<V>> {
    let filter = Filter::default().with("t.id = ?", id);
    let sql = known(format!("SELECT {}{}", V::COLUMNS, filter.from(V::KIND, V::JOINS)));
    tx.query_opt(sql, params![company, id]).await
}

/// The same with all that belongs to it, as it is shown.
pub async fn whole<V: View>(
    tx: &mut Tx,
    company: i64,
    id: i64,
    now: Timestamp,
) -> store::Result<Option<V>> {
    let mut row = one(tx, company, id).await?;
    V::complete(tx, company, row.as_mut_slice(), now).await?;
    Ok(row)
}

/// The entities with these ids, in their order.
pub async fn each<V: View>(tx: &mut Tx, company: i64, ids: &[i64]) -> store::Result<Vec<V>> {
    let table = table(V::KIND).name;
    let sql = known(format!(
        "SELECT {} FROM {{e(id bigint)}} CROSS JOIN {table} t {}
        WHERE t.company_id = $1 AND t.id = e.id ORDER BY e.ord",
        V::COLUMNS,
        V::JOINS,
    ));
    tx.query_batch(sql, params![company], &[Col::Int(ids)]).await
}

/// The entity that a reference names.
pub async fn get<V: View>(app: &App, scope: Scope, reference: Ref) -> Result<V, Stop<Refusal>> {
    let now = app.clock.now();
    app.store
        .read(V::READ, async move |tx: &mut Tx| {
            let id = references::find(tx, &scope, V::KIND, &reference).await?;
            let gone = || Refusal::NoSuch { kind: V::KIND, ids: vec![reference.to_string()] };
            whole(tx, scope.company, id, now).await?.ok_or_else(|| gone().into())
        })
        .await
}

/// The same text for as long as the server runs: statements are known by their address. There are
/// as many as lists have combinations of conditions.
fn known(text: String) -> &'static str {
    static KNOWN: LazyLock<RwLock<HashSet<&'static str>>> = LazyLock::new(RwLock::default);
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&*text) {
        return known;
    }
    let mut all = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    match all.get(&*text) {
        Some(known) => known,
        None => {
            let text: &'static str = text.leak();
            all.insert(text);
            text
        }
    }
}
