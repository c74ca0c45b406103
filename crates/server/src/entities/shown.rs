//! Writes that are answered with the entity as it is shown afterwards.

use std::marker::PhantomData;

use super::view::{self, View};
use super::{Entity, Judged};
use crate::operation::{Operation, Turn};
use crate::scope::Scope;
use crate::store::{Error, Sequence, Tx};

/// A write of an entity, and how it is shown.
#[derive(Debug)]
pub struct Shown<O, V> {
    pub operation: O,
    view: PhantomData<fn() -> V>,
}

impl<O, V> Shown<O, V> {
    pub fn new(operation: O) -> Self {
        Self { operation, view: PhantomData }
    }
}

impl<O: Operation, V: View> Operation for Shown<O, V>
where
    O::Outcome: Entity,
{
    const NAME: &'static str = O::NAME;
    type Outcome = V;

    fn scope(&self) -> &Scope {
        self.operation.scope()
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        self.operation.ids()
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<V> {
        let id = self.operation.run(tx, turn).await?.id();
        let shown = view::whole(tx, self.scope().company, id, turn.now).await?;
        shown.ok_or_else(|| Error::changed("the entity is not there after its write").into())
    }
}
