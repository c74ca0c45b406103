//! Looking references up, both ways.

use std::convert::Infallible;

use domain::{ExternalId, Kind, Source};
use jiff::Timestamp;

use crate::app::App;
use crate::store::{self, Col, Stop, Tx, params, row};

row! {
    /// What one source calls one entity.
    pub struct Reference {
        pub kind: String,
        pub source_id: i64,
        pub external_id: String,
        pub entity_id: i64,
        pub created_at: Timestamp,
    }
}

/// Which references are wanted; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub kind: Option<Kind>,
    pub source: Option<Source>,
    pub external_id: Option<ExternalId>,
    pub entity: Option<(Kind, i64)>,
}

/// A place in the order of references: kind, external id, source.
pub type Position = (String, String, i64);

/// References by kind, external id and source, after `after` in that order, at most `limit`.
pub async fn list(
    app: &App,
    company: i64,
    filter: Filter,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Reference>, Stop<Infallible>> {
    app.store
        .read("references.list", async move |tx: &mut Tx| {
            let after = after.clone().unwrap_or_default();
            let found = match (filter.entity, &filter.external_id) {
                (Some(entity), _) => of_entity(tx, company, &filter, entity, after, limit).await,
                (None, Some(id)) => of_id(tx, company, &filter, id, after, limit).await,
                (None, None) => all(tx, company, &filter, after, limit).await,
            };
            Ok(found?)
        })
        .await
}

/// What an entity is called: a seek in the index by entity.
async fn of_entity(
    tx: &mut Tx,
    company: i64,
    filter: &Filter,
    (of, entity): (Kind, i64),
    (kind, external_id, source): Position,
    limit: i64,
) -> store::Result<Vec<Reference>> {
    let wanted_source = filter.source.map(|source| source.id);
    let wanted_id = filter.external_id.as_ref().map(ExternalId::as_str);
    let sql = "SELECT kind, source_id, external_id, entity_id, created_at FROM external_refs
        WHERE company_id = $1 AND kind = $2 AND entity_id = $3
            AND ($4 IS NULL OR source_id = $4) AND ($5 IS NULL OR external_id = $5)
            AND (kind, external_id, source_id) > ($6, $7, $8)
        ORDER BY kind, external_id, source_id LIMIT $9";
    let values = params![
        company,
        of.name(),
        entity,
        wanted_source,
        wanted_id,
        kind,
        external_id,
        source,
        limit
    ];
    tx.query(sql, values).await
}

/// What has an external id: a seek in the key for each kind.
async fn of_id(
    tx: &mut Tx,
    company: i64,
    filter: &Filter,
    wanted_id: &ExternalId,
    (kind, external_id, source): Position,
    limit: i64,
) -> store::Result<Vec<Reference>> {
    let kinds: Vec<&str> = match filter.kind {
        Some(kind) => vec![kind.name()],
        None => Kind::ALL.iter().map(|kind| kind.name()).collect(),
    };
    let wanted_source = filter.source.map(|source| source.id);
    let sql = "SELECT r.kind, r.source_id, r.external_id, r.entity_id, r.created_at
        FROM {e(kind text)} CROSS JOIN external_refs r
        WHERE r.company_id = $1 AND r.kind = e.kind AND r.external_id = $2
            AND ($3 IS NULL OR r.source_id = $3)
            AND (r.kind, r.external_id, r.source_id) > ($4, $5, $6)
        ORDER BY r.kind, r.external_id, r.source_id LIMIT $7";
    let id = wanted_id.as_str();
    let values = params![company, id, wanted_source, kind, external_id, source, limit];
    tx.query_batch(sql, values, &[Col::Text(&kinds)]).await
}

/// One kind, which is a range of the key, or all of them, which are the whole of it.
async fn all(
    tx: &mut Tx,
    company: i64,
    filter: &Filter,
    (kind, external_id, source): Position,
    limit: i64,
) -> store::Result<Vec<Reference>> {
    let (first, last) = filter.kind.map_or(("", "~"), |kind| (kind.name(), kind.name()));
    let kind = if kind.as_str() < first { first.to_owned() } else { kind };
    let wanted_source = filter.source.map(|source| source.id);
    let sql = "SELECT kind, source_id, external_id, entity_id, created_at FROM external_refs
        WHERE company_id = $1 AND (kind, external_id, source_id) > ($2, $3, $4)
            AND kind <= $5 AND ($6 IS NULL OR source_id = $6)
        ORDER BY kind, external_id, source_id LIMIT $7";
    let values = params![company, kind, external_id, source, last, wanted_source, limit];
    tx.query(sql, values).await
}
