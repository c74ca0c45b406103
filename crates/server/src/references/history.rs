//! What source systems called entities, and no longer do.

use std::convert::Infallible;

use domain::{ExternalId, Kind, Source};
use jiff::Timestamp;

use super::Filter;
use crate::app::App;
use crate::scope::Scope;
use crate::store::{self, Col, Stop, Tx, params, row};

row! {
    /// What one source called one entity.
    pub struct Past {
        pub kind: String,
        pub source_id: i64,
        pub external_id: String,
        pub entity_id: i64,
        pub created_at: Timestamp,
        pub ended_at: Timestamp,
        /// What it calls the entity instead.
        pub became: Option<String>,
    }
}

/// Keeps the references that an entity has, or the `only` one of them that is named by its source and
/// external id, ahead of their removal.
pub async fn keep(
    tx: &mut Tx,
    (company, kind, entity): (i64, Kind, i64),
    only: Option<(Source, &ExternalId)>,
    became: Option<&ExternalId>,
    now: Timestamp,
) -> store::Result<()> {
    // The same at the same instant says nothing new.
    let sql = "INSERT INTO past_references
            (company_id, kind, external_id, source_id, ended_at, entity_id, created_at, became)
        SELECT r.company_id, r.kind, r.external_id, r.source_id, $4, r.entity_id, r.created_at, $5
        FROM external_refs r
        WHERE r.company_id = $1 AND r.kind = $2 AND r.entity_id = $3
            AND ($6 IS NULL OR (r.source_id = $6 AND r.external_id = $7))
        ON CONFLICT DO NOTHING";
    let (source, id) = only.map(|(source, id)| (source.id, id.as_str())).unzip();
    let became = became.map(ExternalId::as_str);
    tx.execute(sql, params![company, kind.name(), entity, now, became, source, id]).await.map(drop)
}

/// A place in the order of what ended: when, kind, external id, source, entity.
pub type Position = (Timestamp, String, String, i64, i64);

/// What ended, in the order in which it did, after `after`, at most `limit`; only what the key may
/// see.
pub async fn history(
    app: &App,
    Scope { company, sources, .. }: Scope,
    filter: Filter,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Past>, Stop<Infallible>> {
    let seen = filter.sources(&sources);
    let first = (Timestamp::UNIX_EPOCH, String::new(), String::new(), 0, 0);
    let (at, after_kind, name, source, entity) = after.unwrap_or(first);
    app.store
        .read("references.history", async move |tx: &mut Tx| {
            let (of, id) = filter.entity.unzip();
            let kind = of.or(filter.kind).map(Kind::name);
            let external_id = filter.external_id.as_ref().map(ExternalId::as_str);
            let values = params![
                company,
                kind,
                id,
                external_id,
                at,
                after_kind,
                name,
                source,
                entity,
                limit
            ];
            let sql = match (id, external_id) {
                (Some(_), _) => OF_ENTITY,
                (None, Some(_)) => OF_ID,
                (None, None) => ALL,
            };
            Ok(tx.query_batch(sql, values, &[Col::Int(&seen)]).await?)
        })
        .await
}

/// A statement that reads what ended. Its condition is sought in an index.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT kind, source_id, external_id, entity_id, created_at, ended_at, became
            FROM past_references
            WHERE company_id = $1 AND ",
            $condition,
            " AND (ended_at, kind, external_id, source_id, entity_id) > ($5, $6, $7, $8, $9)
                AND source_id IN (SELECT e.source_id FROM {e(source_id bigint)})
            ORDER BY ended_at, kind, external_id, source_id, entity_id LIMIT $10"
        )
    };
}

const OF_ENTITY: &str =
    select!("kind = $2 AND entity_id = $3 AND ($4 IS NULL OR external_id = $4)");
const OF_ID: &str =
    select!("external_id = $4 AND ($2 IS NULL OR kind = $2) AND ($3 IS NULL OR entity_id = $3)");
const ALL: &str = select!(
    "($2 IS NULL OR kind = $2) AND ($3 IS NULL OR entity_id = $3)
        AND ($4 IS NULL OR external_id = $4)"
);
