//! Entities that are created when their external id is new, and updated when it is known: many at
//! once, in the order in which they were sent, each judged by itself.

use std::collections::HashMap;

use domain::{ExternalId, Ref};

use super::{Called, Judged, Link, Place, Update, insert, linked, table, update};
use crate::operation::{Operation, Turn};
use crate::references::{self, At, Wanted};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Sequence, Stop, Tx};

/// An entity by its external id.
pub struct Record<E: Update> {
    pub external_id: ExternalId,
    /// What it is created from when it is not there.
    pub new: Result<E::New, Refusal>,
    /// What is changed when it is.
    pub patch: Result<E::Patch, Refusal>,
}

/// Creates or updates entities of a kind by the external ids of the scope's source.
pub struct Upsert<E: Update> {
    pub scope: Scope,
    pub records: Vec<Record<E>>,
}

/// What came of a record.
#[derive(Clone, Debug)]
pub enum Upserted {
    Created(i64),
    Updated(i64),
    /// It is as it was sent.
    Unchanged(i64),
    Refused(Refusal),
}

/// The references of a record: where they stand among all that are looked up.
struct Looked<'a> {
    own: usize,
    new: Vec<Link<'a>>,
    patch: Vec<Link<'a>>,
}

impl<E: Update> Operation for Upsert<E> {
    const NAME: &'static str = E::UPDATE;
    /// One for each record, in their order.
    type Outcome = Vec<Upserted>;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        Some((Sequence::Entity(E::KIND), self.records.len()))
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Vec<Upserted>> {
        let own: Vec<Ref> =
            self.records.iter().map(|one| Ref::External(one.external_id.clone())).collect();
        let (wanted, looked) = self.wanted(&own);
        let found = references::resolve(tx, &self.scope, &wanted).await?;
        let mut run = Run { made: HashMap::new() };
        let mut outcome = Vec::with_capacity(self.records.len());
        for (nth, (record, looked)) in self.records.iter().zip(&looked).enumerate() {
            let links = &wanted[looked.own..][..1 + count(&looked.patch) + count(&looked.new)];
            let found = &found[looked.own..][..links.len()];
            let one = run.one(tx, turn, self, (nth, record), looked, (links, found)).await;
            outcome.push(match one {
                Ok(upserted) => upserted,
                // Somebody else has just created it: then it is updated.
                Err(Stop::Refused(Refusal::DuplicateExternalId { .. })) => {
                    return Err(store::Error::changed("the external id was taken meanwhile").into());
                }
                Err(Stop::Refused(refusal)) => Upserted::Refused(refusal),
                Err(Stop::Failed(error)) => return Err(error.into()),
            });
        }
        Ok(outcome)
    }
}

impl<E: Update> Upsert<E> {
    /// All references: of each record its own one, those of the change, those of the create.
    fn wanted<'a>(&'a self, own: &'a [Ref]) -> (Vec<Wanted<'a>>, Vec<Looked<'a>>) {
        let mut wanted = Vec::with_capacity(own.len());
        let looked = self.records.iter().zip(own).map(|(record, own)| {
            let place = wanted.len();
            wanted.push(Wanted { kind: E::KIND, reference: own, at: None });
            let patch = record.patch.as_ref().map(E::patch_links).unwrap_or_default();
            let new = record.new.as_ref().map(E::links).unwrap_or_default();
            wanted.extend(patch.iter().chain(&new).filter_map(|&(field, kind, reference)| {
                Some(Wanted { kind, reference: reference?, at: Some(At::Field(field)) })
            }));
            Looked { own: place, new, patch }
        });
        let looked = looked.collect();
        (wanted, looked)
    }
}

/// How many of the links are made.
fn count(links: &[Link<'_>]) -> usize {
    links.iter().filter(|(.., reference)| reference.is_some()).count()
}

/// What is known while records are written.
struct Run<'a> {
    /// Entities that earlier records made.
    made: HashMap<&'a str, i64>,
}

impl<'a> Run<'a> {
    async fn one<E: Update>(
        &mut self,
        tx: &mut Tx,
        turn: &mut Turn,
        operation: &'a Upsert<E>,
        (nth, record): (usize, &'a Record<E>),
        looked: &Looked<'_>,
        (wanted, found): (&[Wanted<'_>], &[Option<i64>]),
    ) -> Judged<Upserted> {
        let scope = &operation.scope;
        let &Scope { company, source, .. } = scope;
        let own = found[0].or_else(|| self.made.get(record.external_id.as_str()).copied());
        let new_at = 1 + count(&looked.patch);
        let Some(id) = own else {
            let new = record.new.as_ref().map_err(Clone::clone)?;
            let links = linked(tx, scope, &looked.new, &wanted[new_at..], &found[new_at..]).await?;
            let id = turn.first_id + nth as i64;
            let place = Place { company, id, now: turn.now, source };
            let called = Called::External(record.external_id.clone());
            insert::<E>(tx, turn, (scope, place), &called, new, &links).await?;
            self.made.insert(record.external_id.as_str(), id);
            return Ok(Upserted::Created(id));
        };
        let patch = record.patch.as_ref().map_err(Clone::clone)?;
        let (wanted, found) = (&wanted[1..new_at], &found[1..new_at]);
        let links = linked(tx, scope, &looked.patch, wanted, found).await?;
        let place = Place { company, id, now: turn.now, source };
        let (_, Some(since)) = update::<E>(tx, turn, place, patch, &links).await? else {
            return Ok(Upserted::Updated(id));
        };
        // Nobody is to read it again as changed.
        table::set_stamp(tx, E::KIND, (company, id), since).await?;
        Ok(Upserted::Unchanged(id))
    }
}
