//! The one flow of everything that is created, updated and deleted, by external id or by ours.
//!
//! A kind states its fields, its SQL and its few rules ([`Entity`], [`Update`], [`Delete`]);
//! resolving references, drawing ids, duplicates, dependents and linking happen here.

pub mod field;
pub mod image;
pub mod named;
pub mod read;
mod shown;
pub mod table;
pub mod upsert;
pub mod view;

use std::marker::PhantomData;

use domain::{ExternalId, Kind, Ref, Source};
use jiff::Timestamp;

pub(crate) use field::fields;
pub use shown::Shown;
pub use table::Table;
pub(crate) use table::refers;
pub use view::View;

use crate::events::{Data, Verb};
use crate::operation::{Operation, Turn};
use crate::references::{self, At, Wanted};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Sequence, Stop, Tx};

/// A kind of entity.
pub trait Entity: Sized + Send + 'static {
    const KIND: Kind;
    const TABLE: Table;
    /// Names the operation in logs and metrics.
    const CREATE: &'static str;
    /// What a create sends, references unresolved.
    type New: Send + Sync + 'static;

    fn id(&self) -> i64;

    /// The references that a create makes; an absent one is `None`.
    fn links(_new: &Self::New) -> Vec<Link<'_>> {
        Vec::new()
    }

    /// Inserts the row. `linked` are the entities behind [`links`](Self::links), in order.
    /// `None`: the id or a unique value is taken. It refuses before it writes.
    fn insert(
        tx: &mut Tx,
        place: Place,
        new: &Self::New,
        linked: &[Option<i64>],
    ) -> impl Future<Output = Judged<Option<Self>>> + Send;

    /// After an insert that found something taken: whether it was a unique value of the kind.
    /// Else it was the id.
    fn clash(
        _tx: &mut Tx,
        _scope: &Scope,
        _new: &Self::New,
        _linked: &[Option<i64>],
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
    fn patch_links(_patch: &Self::Patch) -> Vec<Link<'_>> {
        Vec::new()
    }

    /// Points a reference elsewhere that no update of the Integrations API names, only its create;
    /// `None` clears it. `false`: the kind has none such, or it cannot be cleared.
    fn relink(_patch: &mut Self::Patch, _field: &str, _to: Option<Ref>) -> bool {
        false
    }

    /// Gives a create what only the change of the same record says.
    fn complete(_new: &mut Self::New, _patch: &Self::Patch) {}

    /// Holds what an update must hold ahead of the entity itself.
    fn hold(
        _tx: &mut Tx,
        _place: Place,
        _patch: &Self::Patch,
        _linked: &[Option<i64>],
    ) -> impl Future<Output = store::Result<()>> + Send {
        async { Ok(()) }
    }

    /// Changes the row, which is held. `linked` as for [`Entity::insert`]. `None`: it is gone.
    /// It refuses before it writes.
    fn update(
        tx: &mut Tx,
        place: Place,
        patch: &Self::Patch,
        linked: &[Option<i64>],
    ) -> impl Future<Output = Judged<Option<Self>>> + Send;
}

/// A kind that can be deleted.
pub trait Delete: Entity {
    const DELETE: &'static str;

    /// Keeps out whoever could make something depend on the entity without a foreign key.
    fn exclude(_tx: &mut Tx, _company: i64) -> impl Future<Output = store::Result<()>> + Send {
        async { Ok(()) }
    }
}

/// Which row, when, and whose external ids its answer shows.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub company: i64,
    pub id: i64,
    pub now: Timestamp,
    pub source: Source,
}

/// What a step of an operation gives, unless it refuses.
pub type Judged<T> = Result<T, Stop<Refusal>>;

/// Points a reference elsewhere that cannot be cleared: whether it has somewhere to point to.
pub fn point(link: &mut Option<Ref>, to: Option<Ref>) -> bool {
    *link = to;
    link.is_some()
}

/// The new value of a field that an update changes or clears, if it gets one.
pub fn set<T>(field: &Option<Option<T>>) -> Option<&T> {
    field.as_ref().and_then(Option::as_ref)
}

/// A reference from one entity to another: the field, the kind, and whom it names.
pub type Link<'a> = (&'static str, Kind, Option<&'a Ref>);

/// How a new entity is called.
#[derive(Clone, Debug)]
pub enum Called {
    /// By an id of the scope's source.
    External(ExternalId),
    /// By an id of ours that the caller chose.
    Chosen(i64),
    /// By the id of ours that it is given.
    Drawn,
}

/// Creates an entity.
#[derive(Debug)]
pub struct Create<E: Entity> {
    pub scope: Scope,
    pub called: Called,
    pub new: E::New,
}

impl<E: Entity> Operation for Create<E> {
    const NAME: &'static str = E::CREATE;
    type Outcome = E;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        match self.called {
            Called::Chosen(_) => None,
            Called::External(_) | Called::Drawn => Some((Sequence::Entity(E::KIND), 1)),
        }
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<E> {
        let Self { scope, called, new } = self;
        let &Scope { company, source, .. } = scope;
        let id = if let Called::Chosen(id) = called { *id } else { turn.first_id };
        let place = Place { company, id, now: turn.now, source };
        let own = match called {
            Called::External(external_id) => Some(Ref::External(external_id.clone())),
            Called::Chosen(_) | Called::Drawn => None,
        };
        let links = E::links(new);
        let (wanted, found) =
            lookup(tx, scope, own.as_ref().map(|own| (E::KIND, own)), &links).await?;
        let (own, others) = found.split_at(usize::from(own.is_some()));
        let linked = linked(tx, scope, &links, &wanted[own.len()..], others).await?;
        if let (Called::External(external_id), [Some(owner)]) = (called, own) {
            return Err(duplicate::<E>(source, external_id, *owner).into());
        }
        insert(tx, turn, (scope, place), called, new, &linked).await
    }
}

/// Inserts an entity whose links are known, and tells that.
pub async fn insert<E: Entity>(
    tx: &mut Tx,
    turn: &mut Turn,
    (scope, place): (&Scope, Place),
    called: &Called,
    new: &E::New,
    linked: &[Option<i64>],
) -> Judged<E> {
    let Place { company, id, now, source } = place;
    let Some(entity) = E::insert(tx, place, new, linked).await? else {
        let clash = E::clash(tx, scope, new, linked).await?;
        return Err(match (clash, called) {
            (Some(clash), Called::External(external_id)) => {
                taken::<E>(tx, scope, external_id, clash).await?.into()
            }
            (Some(clash), Called::Chosen(_) | Called::Drawn) => clash.into(),
            (None, Called::Chosen(id)) => Refusal::DuplicateId { kind: E::KIND, id: *id }.into(),
            (None, Called::External(_) | Called::Drawn) => store::Error::IdTaken.into(),
        });
    };
    if let Called::External(external_id) = called
        && !references::insert(tx, company, E::KIND, source, external_id, id, now).await?
    {
        return Err(store::Error::changed("the external id was taken meanwhile").into());
    }
    let image = image::image(tx, company, E::KIND, id).await?;
    let change = image::change(E::KIND, None, image.as_ref());
    turn.tell(E::KIND, Verb::Created, id, Data::Entity(change, Vec::new()));
    Ok(entity)
}

fn duplicate<E: Entity>(source: Source, external_id: &ExternalId, owner: i64) -> Refusal {
    let (kind, external_id) = (E::KIND, external_id.clone());
    Refusal::DuplicateExternalId { kind, source, external_id, owner }
}

/// What is taken: the external id, if the same create was there first, else the unique value.
async fn taken<E: Entity>(
    tx: &mut Tx,
    scope: &Scope,
    external_id: &ExternalId,
    clash: Refusal,
) -> store::Result<Refusal> {
    let own = Ref::External(external_id.clone());
    let (_, found) = lookup(tx, scope, Some((E::KIND, &own)), &[]).await?;
    Ok(found[0].map_or(clash, |owner| duplicate::<E>(scope.source, external_id, owner)))
}

/// Updates the entity that a reference names.
#[derive(Debug)]
pub struct Change<E: Update> {
    pub scope: Scope,
    pub own: Ref,
    pub patch: E::Patch,
}

impl<E: Update> Operation for Change<E> {
    const NAME: &'static str = E::UPDATE;
    type Outcome = E;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<E> {
        let Self { scope, own, patch } = self;
        let (id, linked) = require(tx, scope, (E::KIND, own), E::patch_links(patch)).await?;
        let &Scope { company, source, .. } = scope;
        let place = Place { company, id, now: turn.now, source };
        let (entity, _) = update(tx, turn, place, patch, &linked).await?;
        Ok(entity)
    }
}

/// Updates an entity whose links are known, and tells what changed; if nothing did, when it was
/// changed last.
async fn update<E: Update>(
    tx: &mut Tx,
    turn: &mut Turn,
    place: Place,
    patch: &E::Patch,
    linked: &[Option<i64>],
) -> Judged<(E, Option<Timestamp>)> {
    let Place { company, id, .. } = place;
    let gone = || store::Error::changed("the entity was deleted meanwhile");
    E::hold(tx, place, patch, linked).await?;
    let (since, before) = image::held_since(tx, company, E::KIND, id).await?.ok_or_else(gone)?;
    let entity = E::update(tx, place, patch, linked).await?.ok_or_else(gone)?;
    let changed = turn.updated(tx, (company, E::KIND, id), &before).await?;
    Ok((entity, (!changed).then_some(since)))
}

/// Deletes the entity that a reference names, with all its references, unless something depends
/// on it.
#[derive(Debug)]
pub struct Remove<E: Delete> {
    pub scope: Scope,
    own: Ref,
    /// A field that must name the entity's id too.
    expected: Option<(&'static str, i64)>,
    kind: PhantomData<fn() -> E>,
}

impl<E: Delete> Remove<E> {
    pub fn new(scope: Scope, own: Ref, expected: Option<(&'static str, i64)>) -> Self {
        Self { scope, own, expected, kind: PhantomData }
    }
}

impl<E: Delete> Operation for Remove<E> {
    const NAME: &'static str = E::DELETE;
    /// The entity's id.
    type Outcome = i64;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<i64> {
        let Self { scope, own, expected, .. } = self;
        let (id, _) = require(tx, scope, (E::KIND, own), Vec::new()).await?;
        if let Some((field, _)) = expected.filter(|(_, expected)| *expected != id) {
            let message = format!("is not the id of {} {own}", E::KIND.name());
            return Err(Refusal::Invalid { pointer: format!("/{field}"), message }.into());
        }
        E::exclude(tx, scope.company).await?;
        table::remove(tx, E::KIND, (scope.company, id), turn).await?;
        Ok(id)
    }
}

/// Resolves an entity's own external id and its links; all must be there, the own one first.
pub async fn require(
    tx: &mut Tx,
    scope: &Scope,
    own: (Kind, &Ref),
    links: Vec<Link<'_>>,
) -> Judged<(i64, Vec<Option<i64>>)> {
    let (wanted, found) = lookup(tx, scope, Some(own), &links).await?;
    let Some(id) = found[0] else {
        return Err(references::not_found(tx, scope, &wanted[..1], &found[..1]).await);
    };
    Ok((id, linked(tx, scope, &links, &wanted[1..], &found[1..]).await?))
}

/// Looks an entity itself, if it has to be there, and its links up in one batch: itself first.
async fn lookup<'a>(
    tx: &mut Tx,
    scope: &Scope,
    own: Option<(Kind, &'a Ref)>,
    links: &[Link<'a>],
) -> store::Result<(Vec<Wanted<'a>>, Vec<Option<i64>>)> {
    let own = own.map(|(kind, reference)| Wanted { kind, reference, at: None });
    let mut wanted: Vec<_> = own.into_iter().collect();
    wanted.extend(links.iter().filter_map(|&(field, kind, reference)| {
        Some(Wanted { kind, reference: reference?, at: Some(At::Field(field)) })
    }));
    let found = references::resolve(tx, scope, &wanted).await?;
    Ok((wanted, found))
}

/// The entity behind each link; one that is not there refuses.
pub async fn linked(
    tx: &mut Tx,
    scope: &Scope,
    links: &[Link<'_>],
    wanted: &[Wanted<'_>],
    found: &[Option<i64>],
) -> Judged<Vec<Option<i64>>> {
    if found.contains(&None) {
        return Err(references::not_found(tx, scope, wanted, found).await);
    }
    let mut found = found.iter();
    let slots = links.iter().map(|(.., link)| link.and_then(|_| found.next().copied().flatten()));
    Ok(slots.collect())
}
