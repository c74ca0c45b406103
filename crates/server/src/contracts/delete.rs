//! Deleting a contract, which is answered with what it was.

use domain::{Kind, Ref};
use jiff::Timestamp;

use super::{Contract, Whole};
use crate::entities::{self, Delete as _, Judged, table, view};
use crate::operation::{Operation, Turn};
use crate::scope::Scope;
use crate::store::{self, Tx};

/// What a request asks for.
#[derive(Debug)]
pub struct Delete {
    pub scope: Scope,
    pub contract: Ref,
}

/// Deletes a contract with all its references, unless something depends on it.
impl Operation for Delete {
    const NAME: &'static str = Contract::DELETE;
    /// The contract as it was, and when that ended.
    type Outcome = (Whole, Timestamp);

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<(Whole, Timestamp)> {
        let Self { scope, contract } = self;
        let own = (Kind::Contract, contract);
        let (id, _) = entities::require(tx, scope, own, Vec::new()).await?;
        let was = view::one(tx, scope.company, id).await?;
        let gone = || store::Error::changed("the contract was deleted meanwhile");
        let was = was.ok_or_else(gone)?;
        table::remove(tx, Kind::Contract, (scope.company, id), turn).await?;
        Ok((was, turn.now))
    }
}
