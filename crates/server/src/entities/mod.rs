//! The one flow of everything that source systems create and update by external id.
//!
//! A kind states its fields, its SQL and its few rules ([`Entity`], [`Update`]); resolving
//! references, drawing ids, duplicates and linking happen here.

use std::sync::Arc;

use domain::{ExternalId, Kind, Ref, Source};
use jiff::Timestamp;

use crate::app::App;
use crate::references::{self, At, Wanted};
use crate::refusal::Refusal;
use crate::store::{self, FromRow, Sequence, Stop, Tx};

/// A kind of entity.
pub trait Entity: FromRow + Send + 'static {
    const KIND: Kind;
    /// Names the operation in logs and metrics.
    const CREATE: &'static str;
    /// What a create sends, references unresolved.
    type New: Send + Sync + 'static;

    /// The references that a create makes; an absent one is `None`.
    fn links(new: &Self::New) -> Vec<Link<'_>>;

    /// Inserts the row. `linked` are the entities behind [`links`](Self::links), in order.
    /// `None`: the id or a unique value is taken.
    fn insert(
        tx: &mut Tx,
        place: Place,
        new: &Self::New,
        linked: &[Option<i64>],
    ) -> impl Future<Output = store::Result<Option<Self>>> + Send;

    /// After an insert that found something taken: whether it was a unique value of the kind.
    /// Else it was the id.
    fn clash(
        _tx: &mut Tx,
        _company: i64,
        _new: &Self::New,
    ) -> impl Future<Output = store::Result<Option<Refusal>>> + Send {
        async { Ok(None) }
    }
}

/// A kind that can be updated.
pub trait Update: Entity {
    const UPDATE: &'static str;
    /// What an update sends: fields to keep, change or clear, references unresolved.
    type Patch: Send + Sync + 'static;

    /// The references that an update makes; an absent one is `None`.
    fn patch_links(patch: &Self::Patch) -> Vec<Link<'_>>;

    /// Changes the row. `linked` as for [`Entity::insert`]. `None`: it is gone.
    fn update(
        tx: &mut Tx,
        place: Place,
        patch: &Self::Patch,
        linked: &[Option<i64>],
    ) -> impl Future<Output = Result<Option<Self>, Stop<Refusal>>> + Send;
}

/// Which row, and when.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub company: i64,
    pub id: i64,
    pub now: Timestamp,
}

/// A reference from one entity to another: the field, the kind, and whom it names.
pub type Link<'a> = (&'static str, Kind, Option<&'a Ref>);

/// Creates an entity under an external id.
pub async fn create<E: Entity>(
    app: &App,
    company: i64,
    source: Source,
    external_id: ExternalId,
    new: Arc<E::New>,
) -> Result<E, Stop<Refusal>> {
    let now = app.clock.now();
    let input = Arc::new((Ref::External(external_id.clone()), external_id, new));
    loop {
        let id = app.store.ids(Sequence::Entity(E::KIND), 1).await?;
        let place = Place { company, id, now };
        let input = Arc::clone(&input);
        let created = app.store.write(E::CREATE, async move |tx: &mut Tx| {
            let (own, external_id, new) = &*input;
            let (owner, linked) = lookup(tx, place, source, (E::KIND, own), E::links(new)).await?;
            if let Some(owner) = owner {
                let (kind, external_id) = (E::KIND, external_id.clone());
                let duplicate = Refusal::DuplicateExternalId { kind, source, external_id, owner };
                return Err(duplicate.into());
            }
            let Some(entity) = E::insert(tx, place, new, &linked).await? else {
                return match E::clash(tx, company, new).await? {
                    Some(refusal) => Err(refusal.into()),
                    None => Ok(None),
                };
            };
            match references::insert(tx, company, E::KIND, source, external_id, id, now).await? {
                true => Ok(Some(entity)),
                false => Err(store::Error::changed("the external id was taken meanwhile").into()),
            }
        });
        // The drawn id was taken by somebody who chose it: draw again.
        if let Some(entity) = created.await? {
            return Ok(entity);
        }
    }
}

/// Updates the entity that an external id names.
pub async fn update<E: Update>(
    app: &App,
    company: i64,
    source: Source,
    external_id: ExternalId,
    patch: E::Patch,
) -> Result<E, Stop<Refusal>> {
    let now = app.clock.now();
    let input = Arc::new((Ref::External(external_id), patch));
    app.store
        .write(E::UPDATE, async move |tx: &mut Tx| {
            let (own, patch) = &*input;
            let place = Place { company, id: 0, now };
            let wanted = (E::KIND, own);
            let (id, linked) = lookup(tx, place, source, wanted, E::patch_links(patch)).await?;
            let Some(id) = id else {
                let wanted = Wanted { kind: E::KIND, reference: own, at: None };
                return Err(references::not_found(tx, company, source, &[wanted], &[None]).await);
            };
            let place = Place { id, ..place };
            let gone = store::Error::changed("the entity was deleted meanwhile");
            E::update(tx, place, patch, &linked).await?.ok_or(Stop::Failed(gone))
        })
        .await
}

/// Resolves an entity's own external id and its links in one batch. A missing link refuses;
/// whether the own id must be there is the caller's to say.
async fn lookup(
    tx: &mut Tx,
    Place { company, .. }: Place,
    source: Source,
    (kind, own): (Kind, &Ref),
    links: Vec<Link<'_>>,
) -> Result<(Option<i64>, Vec<Option<i64>>), Stop<Refusal>> {
    let mut wanted = vec![Wanted { kind, reference: own, at: None }];
    wanted.extend(links.iter().filter_map(|&(field, kind, reference)| {
        Some(Wanted { kind, reference: reference?, at: Some(At::Field(field)) })
    }));
    let found = references::resolve(tx, company, source, &wanted).await?;
    if found[1..].contains(&None) {
        let (wanted, found) = (&wanted[1..], &found[1..]);
        return Err(references::not_found(tx, company, source, wanted, found).await);
    }
    let mut linked = found[1..].iter();
    let slots = links.iter().map(|(.., link)| link.and_then(|_| linked.next().copied().flatten()));
    Ok((found[0], slots.collect()))
}
