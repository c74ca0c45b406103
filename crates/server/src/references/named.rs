//! References as `/api` makes them: each says itself whose id it is.

use domain::{Kind, Ref, Source};

use super::{At, Wanted, fill, require};
use crate::entities::table::existing;
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Col, Stop, Tx, params};

/// An entity, by an id of ours ([`Source::NONE`]) or of a source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Named {
    pub source: Source,
    pub reference: Ref,
}

/// The entities of a kind that are named, one for each, in order: external ids in one batch,
/// internal ids in another.
pub async fn find_all(
    tx: &mut Tx,
    company: i64,
    kind: Kind,
    named: &[Named],
) -> store::Result<Vec<Option<i64>>> {
    let mut found = vec![None; named.len()];
    let (mut places, mut ids, mut sources) = (Vec::new(), Vec::new(), Vec::new());
    let (mut own_places, mut own_ids) = (Vec::new(), Vec::new());
    for (place, Named { source, reference }) in named.iter().enumerate() {
        match reference {
            Ref::External(id) => {
                places.push(place);
                ids.push(id.as_str());
                sources.push(source.id);
            }
            Ref::Internal(id) => {
                own_places.push(place);
                own_ids.push(*id);
            }
        }
    }
    if !places.is_empty() {
        let sql = "SELECT e.ord, r.entity_id
            FROM {e(external_id text, source_id bigint)} CROSS JOIN external_refs r
            WHERE r.company_id = $1 AND r.kind = $2 AND r.external_id = e.external_id
                AND r.source_id = e.source_id";
        let batch = [Col::Text(&ids), Col::Int(&sources)];
        let rows = tx.query_batch(sql, params![company, kind.name()], &batch).await?;
        fill(&mut found, &places, rows);
    }
    if !own_places.is_empty() {
        let rows = existing(tx, company, kind, &own_ids).await?;
        fill(&mut found, &own_places, rows);
    }
    Ok(found)
}

/// The one entity that a path names, or a field of the body.
pub async fn find_one(
    tx: &mut Tx,
    scope: &Scope,
    kind: Kind,
    named: &Named,
    at: Option<At<'_>>,
) -> Result<i64, Stop<Refusal>> {
    let scope = Scope { source: named.source, ..scope.clone() };
    let wanted = [Wanted { kind, reference: &named.reference, at }];
    Ok(require(tx, &scope, &wanted).await?[0])
}
