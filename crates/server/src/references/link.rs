//! Linking: one more source for an entity. This is where source systems meet.

use std::collections::{BTreeMap, HashMap};

use domain::{Email, ExternalId, Kind, Source};
use jiff::Timestamp;

use super::Reference;
use crate::entities::Judged;
use crate::entities::table::existing;
use crate::events::data::Direction;
use crate::events::{Data, Verb};
use crate::operation::{Operation, Turn};
use crate::refusal::{Missing, NotFound, Refusal};
use crate::scope::Scope;
use crate::store::{self, Col, Stop, Tx, params};

/// A reference that an entity is to get.
#[derive(Clone, Debug)]
pub struct Link {
    pub kind: Kind,
    pub source: Source,
    pub external_id: ExternalId,
    pub target: Target,
}

/// The entity that is to get it.
#[derive(Clone, Debug)]
pub enum Target {
    Id(i64),
    Known(Source, ExternalId),
    /// A user.
    Email(Email),
}

/// What came of a link.
#[derive(Debug)]
pub enum Outcome {
    Created(Reference),
    /// It was there already.
    Unchanged(Reference),
    Rejected(Refusal),
}

/// What a request asks for.
#[derive(Debug)]
pub struct LinkAll {
    pub scope: Scope,
    pub links: Vec<Link>,
}

/// Links references, each for itself, in request order.
impl Operation for LinkAll {
    const NAME: &'static str = "references.link";
    type Outcome = Vec<Outcome>;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Vec<Outcome>> {
        let (Self { scope, links }, now) = (self, turn.now);
        let company = scope.company;
        let targets = targets(tx, scope, links).await?;
        let mut owners = owners(tx, company, links).await?;
        let mut outcomes = Vec::with_capacity(links.len());
        let mut created = Vec::new();
        for (link, target) in links.iter().zip(targets) {
            let key = (link.kind, link.external_id.as_str(), link.source);
            let outcome = match (target, owners.get(&key)) {
                (Err(refusal), _) => Outcome::Rejected(refusal),
                (Ok(id), Some((owner, created_at))) if id == *owner => {
                    Outcome::Unchanged(reference(link, id, *created_at))
                }
                (Ok(_), Some((owner, _))) => Outcome::Rejected(Refusal::ReferenceTaken {
                    kind: link.kind,
                    source: link.source,
                    external_id: link.external_id.clone(),
                    owner: *owner,
                }),
                (Ok(id), None) => {
                    owners.insert(key, (id, now));
                    created.push((key, id));
                    Outcome::Created(reference(link, id, now))
                }
            };
            outcomes.push(outcome);
        }
        let mut linked: BTreeMap<(Kind, i64), Vec<(i64, String)>> = BTreeMap::new();
        for ((kind, external_id, source), id) in &created {
            linked.entry((*kind, *id)).or_default().push((source.id, (*external_id).to_owned()));
        }
        insert(tx, company, created, now).await?;
        for ((kind, id), references) in linked {
            turn.tell(kind, Verb::Linked, id, Data::Linked(Direction::Added, references));
        }
        Ok(outcomes)
    }
}

/// A request for one link: a link that is rejected is a request that is refused.
#[derive(Debug)]
pub struct LinkOne {
    pub scope: Scope,
    pub link: Link,
}

impl Operation for LinkOne {
    const NAME: &'static str = LinkAll::NAME;
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let all = LinkAll { scope: self.scope.clone(), links: vec![self.link.clone()] };
        match all.run(tx, turn).await?.pop() {
            Some(Outcome::Rejected(refusal)) => Err(refusal.into()),
            Some(outcome) => Ok(outcome),
            None => Err(store::Error::changed("the link is gone").into()),
        }
    }
}

fn reference(link: &Link, entity_id: i64, created_at: Timestamp) -> Reference {
    Reference {
        kind: link.kind.name().to_owned(),
        source_id: link.source.id,
        external_id: link.external_id.as_str().to_owned(),
        entity_id,
        created_at,
    }
}

/// A reference's key.
type Key<'a> = (Kind, &'a str, Source);

/// Who has the references already, and since when.
async fn owners<'a>(
    tx: &mut Tx,
    company: i64,
    links: &'a [Link],
) -> store::Result<HashMap<Key<'a>, (i64, Timestamp)>> {
    let kinds: Vec<&str> = links.iter().map(|link| link.kind.name()).collect();
    let ids: Vec<&str> = links.iter().map(|link| link.external_id.as_str()).collect();
    let sources: Vec<i64> = links.iter().map(|link| link.source.id).collect();
    let sql = "SELECT e.ord, r.entity_id, r.created_at
        FROM {e(kind text, external_id text, source_id bigint)} CROSS JOIN external_refs r
        WHERE r.company_id = $1 AND r.kind = e.kind AND r.external_id = e.external_id
            AND r.source_id = e.source_id";
    let batch = [Col::Text(&kinds), Col::Text(&ids), Col::Int(&sources)];
    let rows: Vec<(i64, i64, Timestamp)> = tx.query_batch(sql, params![company], &batch).await?;
    let owned = |(ord, owner, created_at)| {
        let link = links.get(usize::try_from(ord - 1i64).ok()?)?;
        Some(((link.kind, link.external_id.as_str(), link.source), (owner, created_at)))
    };
    Ok(rows.into_iter().filter_map(owned).collect())
}

/// The entity that each link is for, held until the commit.
async fn targets(
    tx: &mut Tx,
    scope: &Scope,
    links: &[Link],
) -> Result<Vec<Result<i64, Refusal>>, Stop<Refusal>> {
    let company = scope.company;
    let named = by_reference(tx, company, links).await?;
    let mailed = by_email(tx, company, links).await?;
    let candidates: Vec<Option<i64>> = links
        .iter()
        .enumerate()
        .map(|(nth, link)| match &link.target {
            Target::Id(id) => Some(*id),
            Target::Known(..) => named.get(&nth).copied(),
            Target::Email(_) => mailed.get(&nth).copied(),
        })
        .collect();
    let mut there = vec![false; links.len()];
    for kind in Kind::ALL {
        let of_kind = |nth: &usize| links[*nth].kind == kind;
        let (places, ids): (Vec<usize>, Vec<i64>) = (0..links.len())
            .filter(of_kind)
            .filter_map(|nth| Some((nth, candidates[nth]?)))
            .unzip();
        if ids.is_empty() {
            continue;
        }
        for (ord, _) in existing(tx, company, kind, &ids).await? {
            if let Some(&nth) = usize::try_from(ord - 1).ok().and_then(|nth| places.get(nth)) {
                there[nth] = true;
            }
        }
    }
    let mut targets: Vec<Result<i64, Refusal>> = Vec::with_capacity(links.len());
    for (nth, link) in links.iter().enumerate() {
        targets.push(candidates[nth].filter(|_| there[nth]).ok_or_else(|| nobody(link)));
    }
    name_other_sources(tx, scope, &mut targets).await?;
    Ok(targets)
}

/// Why a link has no target.
fn nobody(link: &Link) -> Refusal {
    let kind = link.kind;
    match &link.target {
        Target::Id(id) => Refusal::NoSuch { kind, ids: vec![id.to_string()] },
        Target::Email(email) => {
            Refusal::NoSuch { kind, ids: vec![format!("{:?}", email.as_str())] }
        }
        Target::Known(source, id) => {
            let pointer = Some("/of/external_id".to_owned());
            let external_id = id.as_str().to_owned();
            let missing = vec![Missing { pointer, external_id, known_to: Vec::new() }];
            Refusal::NotFound(NotFound { kind, source: *source, missing })
        }
    }
}

/// Adds to the refusals which other sources know the missing ids: one batch per kind.
async fn name_other_sources(
    tx: &mut Tx,
    scope: &Scope,
    targets: &mut [Result<i64, Refusal>],
) -> store::Result<()> {
    for kind in Kind::ALL {
        let missing: Vec<&mut Missing> = targets
            .iter_mut()
            .filter_map(|target| match target {
                Err(Refusal::NotFound(not_found)) if not_found.kind == kind => Some(not_found),
                _ => None,
            })
            .flat_map(|not_found| &mut not_found.missing)
            .collect();
        if !missing.is_empty() {
            super::name_other_sources(tx, scope, kind, missing).await?;
        }
    }
    Ok(())
}

/// The entities of those links that name one by a reference, by the link's place.
async fn by_reference(
    tx: &mut Tx,
    company: i64,
    links: &[Link],
) -> store::Result<HashMap<usize, i64>> {
    let (mut places, mut kinds, mut ids, mut sources) = (vec![], vec![], vec![], vec![]);
    for (nth, link) in links.iter().enumerate() {
        if let Target::Known(source, id) = &link.target {
            places.push(nth);
            kinds.push(link.kind.name());
            ids.push(id.as_str());
            sources.push(source.id);
        }
    }
    let sql = "SELECT e.ord, r.entity_id
        FROM {e(kind text, external_id text, source_id bigint)} CROSS JOIN external_refs r
        WHERE r.company_id = $1 AND r.kind = e.kind AND r.external_id = e.external_id
            AND r.source_id = e.source_id";
    let batch = [Col::Text(&kinds), Col::Text(&ids), Col::Int(&sources)];
    found(tx, company, sql, &places, &batch).await
}

/// The users of those links that name one by e-mail, by the link's place.
async fn by_email(tx: &mut Tx, company: i64, links: &[Link]) -> store::Result<HashMap<usize, i64>> {
    let mut places = Vec::new();
    let mut emails = Vec::new();
    for (nth, link) in links.iter().enumerate() {
        if let Target::Email(email) = &link.target {
            places.push(nth);
            emails.push(email.key());
        }
    }
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let sql = "SELECT e.ord, u.id FROM {e(email_key text)} CROSS JOIN users u
        WHERE u.company_id = $1 AND u.email_key = e.email_key";
    found(tx, company, sql, &places, &[Col::Text(&emails)]).await
}

async fn found(
    tx: &mut Tx,
    company: i64,
    sql: &'static str,
    places: &[usize],
    batch: &[Col<'_>],
) -> store::Result<HashMap<usize, i64>> {
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, i64)> = tx.query_batch(sql, params![company], batch).await?;
    let place = |(ord, id)| Some((*places.get(usize::try_from(ord - 1i64).ok()?)?, id));
    Ok(rows.into_iter().filter_map(place).collect())
}

/// Inserts new references, in key order.
async fn insert(
    tx: &mut Tx,
    company: i64,
    mut created: Vec<(Key<'_>, i64)>,
    now: Timestamp,
) -> store::Result<()> {
    if created.is_empty() {
        return Ok(());
    }
    created.sort_unstable_by_key(|((kind, id, source), _)| (kind.name(), *id, source.id));
    let kinds: Vec<&str> = created.iter().map(|((kind, ..), _)| kind.name()).collect();
    let ids: Vec<&str> = created.iter().map(|((_, id, _), _)| *id).collect();
    let sources: Vec<i64> = created.iter().map(|((.., source), _)| source.id).collect();
    let entities: Vec<i64> = created.iter().map(|(_, entity)| *entity).collect();
    let sql = "INSERT INTO external_refs
            (company_id, kind, external_id, source_id, entity_id, created_at)
        SELECT $1, e.kind, e.external_id, e.source_id, e.entity_id, $2
        FROM {e(kind text, external_id text, source_id bigint, entity_id bigint)}
        WHERE true ON CONFLICT DO NOTHING";
    let batch = [Col::Text(&kinds), Col::Text(&ids), Col::Int(&sources), Col::Int(&entities)];
    match tx.execute_many(sql, params![company, now], &batch).await? == created.len() as u64 {
        true => Ok(()),
        false => Err(store::Error::changed("a reference was made meanwhile")),
    }
}
