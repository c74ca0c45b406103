//! External references: what source systems call our entities.

pub mod history;
pub mod link;
mod list;
pub mod named;
pub mod relink;
pub mod remembered;

use std::collections::HashMap;

use domain::{ExternalId, Kind, Ref, Source};
use jiff::Timestamp;

pub use list::{Filter, Position, Reference, list};
pub use named::Named;

use crate::entities::table::{existing, found};
use crate::refusal::{Missing, NotFound, Refusal};
use crate::scope::Scope;
use crate::store::{self, Col, Stop, Tx, params};

/// A reference that a request makes.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub kind: Kind,
    pub reference: &'a Ref,
    /// Where it stands in the body; `None` for the path.
    pub at: Option<At<'a>>,
}

/// A place in a body.
#[derive(Clone, Copy, Debug)]
pub enum At<'a> {
    /// A field of the body.
    Field(&'a str),
    /// An element of a list, or a field of it.
    Element(&'a str, usize, &'a str),
}

impl At<'_> {
    /// The RFC 6901 pointer.
    pub fn pointer(self) -> String {
        match self {
            At::Field(field) => format!("/{field}"),
            At::Element(list, nth, "") => format!("/{list}/{nth}"),
            At::Element(list, nth, field) => format!("/{list}/{nth}/{field}"),
        }
    }
}

/// The statement that resolves external ids of several kinds under one source.
const BY_EXTERNAL_ID: &str = "SELECT e.ord, r.entity_id
    FROM {e(kind text, external_id text)} CROSS JOIN external_refs r
    WHERE r.company_id = $1 AND r.kind = e.kind AND r.external_id = e.external_id
        AND r.source_id = $2";

/// The entities that references name, one for each, in order: external ids in one batch,
/// internal ids in one batch per kind.
pub async fn resolve(
    tx: &mut Tx,
    &Scope { company, source, .. }: &Scope,
    wanted: &[Wanted<'_>],
) -> store::Result<Vec<Option<i64>>> {
    let mut found = vec![None; wanted.len()];
    let (mut places, mut kinds, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for (place, wanted) in wanted.iter().enumerate() {
        if let Ref::External(id) = wanted.reference {
            places.push(place);
            kinds.push(wanted.kind.name());
            ids.push(id.as_str());
        }
    }
    if !places.is_empty() {
        let batch = [Col::Text(&kinds), Col::Text(&ids)];
        let rows = tx.query_batch(BY_EXTERNAL_ID, params![company, source.id], &batch).await?;
        fill(&mut found, &places, rows);
    }
    for kind in Kind::ALL {
        let (mut places, mut ids) = (Vec::new(), Vec::new());
        for (place, wanted) in wanted.iter().enumerate() {
            if let (true, Ref::Internal(id)) = (wanted.kind == kind, wanted.reference) {
                places.push(place);
                ids.push(*id);
            }
        }
        if !places.is_empty() {
            let rows = existing(tx, company, kind, &ids).await?;
            fill(&mut found, &places, rows);
        }
    }
    Ok(found)
}

/// Puts `(ord, id)` rows of a batch where they belong.
pub fn fill(found: &mut [Option<i64>], places: &[usize], rows: Vec<(i64, i64)>) {
    for (ord, id) in rows {
        let place = usize::try_from(ord - 1).ok().and_then(|nth| places.get(nth));
        if let Some(found) = place.and_then(|&place| found.get_mut(place)) {
            *found = Some(id);
        }
    }
}

/// Resolves references that must all be there; else names every one of the first kind, in
/// request order, that is not.
pub async fn require(
    tx: &mut Tx,
    scope: &Scope,
    wanted: &[Wanted<'_>],
) -> Result<Vec<i64>, Stop<Refusal>> {
    let found = resolve(tx, scope, wanted).await?;
    match found.iter().copied().collect() {
        Some(ids) => Ok(ids),
        None => Err(not_found(tx, scope, wanted, &found).await),
    }
}

/// Refuses a list that names one entity twice: by the pointer of the second one.
pub fn distinct(list: &str, field: &str, kind: Kind, ids: &[i64]) -> Result<(), Stop<Refusal>> {
    let mut seen = HashMap::new();
    for (nth, id) in ids.iter().enumerate() {
        if let Some(first) = seen.insert(id, nth) {
            let first = At::Element(list, first, field).pointer();
            let message = format!("names the same {} as {first}", kind.name());
            let pointer = At::Element(list, nth, field).pointer();
            return Err(Refusal::Invalid { pointer, message }.into());
        }
    }
    Ok(())
}

/// The entity that a reference names. Read only: it is not held, as it is for a write.
pub async fn find(
    tx: &mut Tx,
    scope: &Scope,
    kind: Kind,
    reference: &Ref,
) -> Result<i64, Stop<Refusal>> {
    let wanted = [Wanted { kind, reference, at: None }];
    let found = match reference {
        Ref::Internal(id) => found(tx, scope.company, kind, *id).await?,
        Ref::External(_) => resolve(tx, scope, &wanted).await?.into_iter().next().flatten(),
    };
    match found {
        Some(id) => Ok(id),
        None => Err(not_found(tx, scope, &wanted, &[None]).await),
    }
}

/// The refusal for references that were not found. There is at least one.
pub async fn not_found(
    tx: &mut Tx,
    scope: &Scope,
    wanted: &[Wanted<'_>],
    found: &[Option<i64>],
) -> Stop<Refusal> {
    let missing = || wanted.iter().zip(found).filter(|(_, found)| found.is_none()).map(|(w, _)| w);
    let Some(kind) = missing().map(|wanted| wanted.kind).next() else {
        return store::Error::changed("no reference is missing").into();
    };
    let missing: Vec<&Wanted<'_>> = missing().filter(|wanted| wanted.kind == kind).collect();
    if let Some(Wanted { reference: Ref::Internal(_), .. }) = missing.first() {
        let ids = missing.iter().map(|wanted| wanted.reference.to_string()).collect();
        return Refusal::NoSuch { kind, ids }.into();
    }
    let mut missing: Vec<Missing> = missing
        .iter()
        .map(|wanted| Missing {
            pointer: wanted.at.map(At::pointer),
            external_id: wanted.reference.text(),
            known_to: Vec::new(),
        })
        .collect();
    if let Err(error) = name_other_sources(tx, scope, kind, missing.iter_mut().collect()).await {
        return error.into();
    }
    NotFound { kind, source: scope.source, missing }.into()
}

impl From<NotFound> for Stop<Refusal> {
    fn from(not_found: NotFound) -> Self {
        Stop::Refused(Refusal::NotFound(not_found))
    }
}

/// Adds which other sources of the company know the missing ids, of those that the key may see.
async fn name_other_sources(
    tx: &mut Tx,
    scope: &Scope,
    kind: Kind,
    mut missing: Vec<&mut Missing>,
) -> store::Result<()> {
    let sql = "SELECT e.ord, r.source_id
        FROM {e(external_id text)} CROSS JOIN external_refs r
        WHERE r.company_id = $1 AND r.kind = $2 AND r.external_id = e.external_id
        ORDER BY e.ord, r.source_id";
    let ids: Vec<String> = missing.iter().map(|missing| missing.external_id.clone()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let rows: Vec<(i64, i64)> =
        tx.query_batch(sql, params![scope.company, kind.name()], &[Col::Text(&ids)]).await?;
    for (ord, source) in rows {
        let place = usize::try_from(ord - 1).ok();
        let missing = place.and_then(|place| missing.get_mut(place));
        if let (Some(missing), Some(source)) = (missing, scope.sources.visible(source)) {
            missing.known_to.push(source);
        }
    }
    Ok(())
}

/// Gives an entity a reference. `false`: somebody has it already.
pub async fn insert(
    tx: &mut Tx,
    company: i64,
    kind: Kind,
    source: Source,
    external_id: &ExternalId,
    entity_id: i64,
    now: Timestamp,
) -> store::Result<bool> {
    let sql = "INSERT INTO external_refs
        (company_id, kind, external_id, source_id, entity_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let values = params![company, kind.name(), external_id.as_str(), source.id, entity_id, now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// All references of one entity that the key may see, the oldest first.
pub async fn of_entity(
    tx: &mut Tx,
    scope: &Scope,
    kind: Kind,
    entity_id: i64,
) -> store::Result<Vec<(Source, String)>> {
    let sql = "SELECT source_id, external_id FROM external_refs
        WHERE company_id = $1 AND kind = $2 AND entity_id = $3
        ORDER BY created_at, source_id, external_id";
    let values = params![scope.company, kind.name(), entity_id];
    let rows: Vec<(i64, String)> = tx.query(sql, values).await?;
    let known = |(source, id)| Some((scope.sources.visible(source)?, id));
    Ok(rows.into_iter().filter_map(known).collect())
}

/// What sources call some entities.
pub type Known = HashMap<(&'static str, i64), Vec<(Source, String)>>;

/// The references of some entities: a seek for each.
pub const OF_ENTITIES: &str = "SELECT e.ord, r.source_id, r.external_id
    FROM {e(kind text, entity_id bigint)} CROSS JOIN external_refs r
    WHERE r.company_id = $1 AND r.kind = e.kind AND r.entity_id = e.entity_id
    ORDER BY e.ord, r.created_at, r.source_id, r.external_id";

/// What sources call entities now, of those that the key may see; the oldest reference first.
pub async fn of_entities(
    tx: &mut Tx,
    scope: &Scope,
    entities: Vec<(&'static str, i64)>,
) -> store::Result<Known> {
    let mut known = Known::new();
    if entities.is_empty() {
        return Ok(known);
    }
    let (kinds, ids): (Vec<&str>, Vec<i64>) = entities.iter().copied().unzip();
    let batch = [Col::Text(&kinds), Col::Int(&ids)];
    let rows: Vec<(i64, i64, String)> =
        tx.query_batch(OF_ENTITIES, params![scope.company], &batch).await?;
    for (ord, source, external_id) in rows {
        let entity = usize::try_from(ord - 1).ok().and_then(|nth| entities.get(nth));
        if let (Some(entity), Some(source)) = (entity, scope.sources.visible(source)) {
            known.entry(*entity).or_default().push((source, external_id));
        }
    }
    Ok(known)
}
