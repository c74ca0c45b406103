//! Looking references up, both ways.

use std::convert::Infallible;

use domain::{ExternalId, Kind, Source};
use jiff::Timestamp;

use crate::app::App;
use crate::scope::Scope;
use crate::sources::Sources;
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

impl Filter {
    /// The ids of the sources that are wanted, of those that the key may see.
    pub fn sources(&self, sources: &Sources) -> Vec<i64> {
        let wanted = |source: &Source| self.source.is_none_or(|wanted| wanted == *source);
        sources.usable().filter(wanted).map(|source| source.id).collect()
    }
}

/// A place in the order of references: kind, external id, source.
pub type Position = (String, String, i64);

/// References by kind, external id and source, after `after` in that order, at most `limit`;
/// only those that the key may see.
pub async fn list(
    app: &App,
    Scope { company, sources, .. }: Scope,
    filter: Filter,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Reference>, Stop<Infallible>> {
    let seen = filter.sources(&sources);
    app.store
        .read("references.list", async move |tx: &mut Tx| {
            let after = after.clone().unwrap_or_default();
            let page = Seen { company, sources: &seen, after, limit };
            let found = match (filter.entity, &filter.external_id) {
                (Some(entity), _) => of_entity(tx, &filter, entity, page).await,
                (None, Some(id)) => of_id(tx, &filter, id, page).await,
                (None, None) => all(tx, &filter, page).await,
            };
            Ok(found?)
        })
        .await
}

/// What may be seen of a company, and of that the page that is wanted.
struct Seen<'a> {
    company: i64,
    /// The ids of the sources.
    sources: &'a [i64],
    after: Position,
    limit: i64,
}

/// What an entity is called: a seek in the index by entity.
async fn of_entity(
    tx: &mut Tx,
    filter: &Filter,
    (of, entity): (Kind, i64),
    Seen { company, sources, after: (_, external_id, source), limit }: Seen<'_>,
) -> store::Result<Vec<Reference>> {
    let wanted_id = filter.external_id.as_ref().map(ExternalId::as_str);
    let sql = "SELECT kind, source_id, external_id, entity_id, created_at FROM external_refs
        WHERE company_id = $1 AND kind = $2 AND entity_id = $3
            AND ($4 IS NULL OR external_id = $4)
            AND (external_id, source_id) > ($5, $6)
            AND source_id IN (SELECT e.source_id FROM {e(source_id bigint)})
        ORDER BY external_id, source_id LIMIT $7";
    let values = params![company, of.name(), entity, wanted_id, external_id, source, limit];
    tx.query_batch(sql, values, &[Col::Int(sources)]).await
}

/// What has an external id: a seek in the key for each kind and source.
async fn of_id(
    tx: &mut Tx,
    filter: &Filter,
    wanted_id: &ExternalId,
    Seen { company, sources, after: (kind, external_id, source), limit }: Seen<'_>,
) -> store::Result<Vec<Reference>> {
    let kinds = Kind::ALL.into_iter().filter(|kind| filter.kind.is_none_or(|only| only == *kind));
    let (kinds, sources): (Vec<&str>, Vec<i64>) =
        kinds.flat_map(|kind| sources.iter().map(move |source| (kind.name(), *source))).unzip();
    let sql = "SELECT r.kind, r.source_id, r.external_id, r.entity_id, r.created_at
        FROM {e(kind text, source_id bigint)} CROSS JOIN external_refs r
        WHERE r.company_id = $1 AND r.kind = e.kind AND r.external_id = $2
            AND r.source_id = e.source_id AND (r.kind, r.external_id, r.source_id) > ($3, $4, $5)
        ORDER BY r.kind, r.external_id, r.source_id LIMIT $6";
    let values = params![company, wanted_id.as_str(), kind, external_id, source, limit];
    tx.query_batch(sql, values, &[Col::Text(&kinds), Col::Int(&sources)]).await
}

/// One kind, which is a range of the key, or all of them, which are the whole of it.
async fn all(
    tx: &mut Tx,
    filter: &Filter,
    Seen { company, sources, after: (kind, external_id, source), limit }: Seen<'_>,
) -> store::Result<Vec<Reference>> {
    let (first, last) = filter.kind.map_or(("", "~"), |kind| (kind.name(), kind.name()));
    let kind = if kind.as_str() < first { first.to_owned() } else { kind };
    let sql = "SELECT kind, source_id, external_id, entity_id, created_at FROM external_refs
        WHERE company_id = $1 AND (kind, external_id, source_id) > ($2, $3, $4) AND kind <= $5
            AND source_id IN (SELECT e.source_id FROM {e(source_id bigint)})
        ORDER BY kind, external_id, source_id LIMIT $6";
    let values = params![company, kind, external_id, source, last, limit];
    tx.query_batch(sql, values, &[Col::Int(sources)]).await
}
