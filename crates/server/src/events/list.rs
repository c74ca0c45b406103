//! Reading events, after a number.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Kind, Source};
use jiff::Timestamp;

use super::{Data, WAITING};
use crate::app::App;
use crate::references;
use crate::scope::Scope;
use crate::sources::Sources;
use crate::store::{self, Col, Stmt, Stop, Tx, params, row};

row! {
    /// An event as it is stored.
    pub struct Stored {
        pub number: i64,
        pub what: String,
        pub entity_id: i64,
        pub source_id: i64,
        pub key: String,
        pub request_id: String,
        pub time: Timestamp,
        pub data: Vec<u8>,
    }
}

/// An event, with what sources call its entity, of those that the key may see.
#[derive(Clone, Debug)]
pub struct Told {
    pub company: i64,
    /// What the key may see.
    pub sources: Arc<Sources>,
    pub number: i64,
    pub what: String,
    /// The entity's kind; `None` for what no entity has.
    pub kind: Option<Kind>,
    pub entity_id: i64,
    pub references: Vec<(Source, String)>,
    pub key: String,
    /// In whose ids it was asked for.
    pub source: Option<Source>,
    pub request_id: String,
    pub time: Timestamp,
    pub data: Data,
}

/// Which events are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The number after which; `None`: from the first one that is kept.
    pub after: Option<i64>,
    /// Only of these types; empty: of all.
    pub types: Vec<String>,
    pub limit: i64,
}

/// Events in their order.
#[derive(Debug)]
pub struct Page {
    pub events: Vec<Told>,
    /// The number up to which the company's events were looked at.
    pub last: i64,
    /// Whether there may be more by now.
    pub more: bool,
}

/// Why events are not told.
#[derive(Debug)]
pub enum ListRefusal {
    /// What is asked for is no longer kept: the number from which it is.
    Gone { oldest: i64 },
    /// There is no event of that number.
    NoSuch(i64),
}

/// Bytes of what the events of a page say, as it is kept: in memory it is several times as much. The
/// first event is told however large it is.
const BYTES: i64 = 256 * 1024;
/// Events that are looked at for some types, before a page ends without them.
const LOOKED_AT: i64 = 10_000;

/// The company's events after a number.
pub async fn list(app: &App, scope: Scope, wanted: Wanted) -> Result<Page, Stop<ListRefusal>> {
    app.store.read("events.list", async move |tx: &mut Tx| page(tx, &scope, &wanted).await).await
}

/// The same, in a transaction.
pub async fn page(tx: &mut Tx, scope: &Scope, wanted: &Wanted) -> Result<Page, Stop<ListRefusal>> {
    let (company, purged_to) = (scope.company, purged_to(tx, scope.company).await?);
    let after = wanted.after.unwrap_or(purged_to);
    if after < purged_to {
        return Err(Stop::Refused(ListRefusal::Gone { oldest: purged_to + 1 }));
    }
    let limit = wanted.limit;
    let (stored, last, more) = match wanted.types.is_empty() {
        true => {
            let stored = of_all(tx, company, after, limit).await?;
            let last = stored.last().map_or(after, |event| event.number);
            let more = is_full(&stored, limit);
            (stored, last, more)
        }
        false => of_types(tx, company, after, &wanted.types, limit).await?,
    };
    Ok(Page { events: tell(tx, scope, stored).await?, last, more })
}

/// Those of some numbers that are kept, in their order.
pub async fn of_numbers(tx: &mut Tx, scope: &Scope, numbers: &[i64]) -> store::Result<Vec<Told>> {
    let sql =
        "SELECT v.number, v.type, v.entity_id, v.source_id, v.key, v.request_id, v.time, v.data
        FROM {e(number bigint)} CROSS JOIN events v
        WHERE v.company_id = $1 AND v.number = e.number AND v.number < $2 ORDER BY v.number";
    let batch = [Col::Int(numbers)];
    let stored = tx.query_batch(sql, params![scope.company, WAITING], &batch).await?;
    tell(tx, scope, stored).await
}

/// One event.
pub async fn find(app: &App, scope: Scope, number: i64) -> Result<Told, Stop<ListRefusal>> {
    app.store
        .read("events.find", async move |tx: &mut Tx| {
            if !(1..WAITING).contains(&number) {
                return Err(Stop::Refused(ListRefusal::NoSuch(number)));
            }
            let (purged_to, stored) = (
                purged_to(tx, scope.company).await?,
                of_all(tx, scope.company, number - 1, 1).await?,
            );
            let stored: Vec<Stored> =
                stored.into_iter().filter(|event| event.number == number).collect();
            match tell(tx, &scope, stored).await?.pop() {
                Some(told) => Ok(told),
                None if number <= purged_to => {
                    Err(Stop::Refused(ListRefusal::Gone { oldest: purged_to + 1 }))
                }
                None => Err(Stop::Refused(ListRefusal::NoSuch(number))),
            }
        })
        .await
}

/// The number up to which the company's events are no longer kept.
async fn purged_to(tx: &mut Tx, company: i64) -> store::Result<i64> {
    let sql = "SELECT purged_to FROM event_horizons WHERE company_id = $1";
    Ok(tx.query_opt(sql, params![company]).await?.map_or(0, |(number,): (i64,)| number))
}

/// The next ones, as far as a page holds them: their sizes are asked first.
async fn of_all(tx: &mut Tx, company: i64, after: i64, limit: i64) -> store::Result<Vec<Stored>> {
    let sql = "SELECT number, type, entity_id, source_id, key, request_id, time, data FROM events
        WHERE company_id = $1 AND number > $2 AND number <= (
            SELECT max(number) FROM (
                SELECT number, sum(bytes) OVER (ORDER BY number) - bytes AS before FROM (
                    SELECT number, length(data) AS bytes FROM events
                    WHERE company_id = $1 AND number > $2 AND number < $3
                    ORDER BY number LIMIT $4) a) s
            WHERE before < $5)
        ORDER BY number LIMIT $4";
    tx.query(sql, params![company, after, WAITING, limit, BYTES]).await
}

/// Whether a page ends where it does because it holds no more.
fn is_full(stored: &[Stored], limit: i64) -> bool {
    let bytes: usize = stored.iter().map(|event| event.data.len()).sum();
    stored.len() as i64 == limit || bytes as i64 >= BYTES
}

/// Those of some types among the next ones; up to where was looked, and whether more follow.
async fn of_types(
    tx: &mut Tx,
    company: i64,
    after: i64,
    types: &[String],
    limit: i64,
) -> store::Result<(Vec<Stored>, i64, bool)> {
    let ahead = "SELECT max(number), count(*) FROM (SELECT number FROM events
        WHERE company_id = $1 AND number > $2 AND number < $3 ORDER BY number LIMIT $4) a";
    let wanted = "SELECT number, type, entity_id, source_id, key, request_id, time, data
        FROM events WHERE company_id = $1 AND number > $2 AND number <= (
            SELECT max(number) FROM (
                SELECT number, sum(bytes) OVER (ORDER BY number) - bytes AS before FROM (
                    SELECT number, bytes FROM (
                        SELECT number, type, length(data) AS bytes FROM events
                        WHERE company_id = $1 AND number > $2 AND number < $3
                        ORDER BY number LIMIT $4) a
                    WHERE type IN (SELECT e.type FROM {e(type text)})
                    ORDER BY number LIMIT $5) t) s
            WHERE before < $6)
        AND type IN (SELECT e.type FROM {e(type text)}) ORDER BY number LIMIT $5";
    let types: Vec<&str> = types.iter().map(String::as_str).collect();
    let batch = [Col::Text(&types)];
    let values = params![company, after, WAITING, LOOKED_AT, limit, BYTES];
    let (ahead, stored): (Vec<(Option<i64>, i64)>, Vec<Stored>) =
        tx.query_pair(Stmt::new(ahead, &values[..4]), Stmt::batch(wanted, values, &batch)).await?;
    let (ahead, count) = ahead.first().copied().unwrap_or((None, 0));
    Ok(match is_full(&stored, limit) {
        true => {
            let last = stored.last().map_or(after, |event| event.number);
            (stored, last, true)
        }
        false => (stored, ahead.unwrap_or(after), count == LOOKED_AT),
    })
}

/// Reads what was stored, and adds what sources call the entities.
async fn tell(tx: &mut Tx, scope: &Scope, stored: Vec<Stored>) -> store::Result<Vec<Told>> {
    let kind_of = |what: &str| Kind::from_name(what.split('.').next().unwrap_or_default());
    let entities: BTreeMap<(&'static str, i64), ()> = stored
        .iter()
        .filter_map(|event| Some(((kind_of(&event.what)?.name(), event.entity_id), ())))
        .collect();
    let known = references::of_entities(tx, scope, entities.into_keys().collect()).await?;
    let mut told = Vec::with_capacity(stored.len());
    for event in stored {
        let data = Data::unpack(&event.data)
            .ok_or_else(|| store::Error::Engine("an event is not readable".into()))?;
        let kind = kind_of(&event.what);
        // What is gone tells itself what it was called.
        let references = match (&data, kind) {
            (Data::Entity(_, gone), _) if !gone.is_empty() => gone
                .iter()
                .filter_map(|(source, id)| Some((scope.sources.visible(*source)?, id.clone())))
                .collect(),
            (_, Some(kind)) => {
                known.get(&(kind.name(), event.entity_id)).cloned().unwrap_or_default()
            }
            (_, None) => Vec::new(),
        };
        told.push(Told {
            company: scope.company,
            sources: Arc::clone(&scope.sources),
            number: event.number,
            what: event.what,
            kind,
            entity_id: event.entity_id,
            references,
            key: event.key,
            source: scope.sources.visible(event.source_id),
            request_id: event.request_id,
            time: event.time,
            data,
        });
    }
    Ok(told)
}
