//! Giving an entity another external id in place of one it has, and taking one away.

use domain::{ExternalId, Kind, Ref};
use jiff::Timestamp;

use super::{Reference, Wanted, history};
use crate::entities::Judged;
use crate::entities::table::existing;
use crate::events::data::Direction;
use crate::events::{Data, Verb};
use crate::operation::{Operation, Turn};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Error, Tx, params};

/// What becomes of a reference of the scope's source.
#[derive(Debug)]
pub struct Relink {
    pub scope: Scope,
    pub kind: Kind,
    pub old: ExternalId,
    /// What the entity is called instead; `None`: nothing.
    pub new: Option<ExternalId>,
}

impl Operation for Relink {
    const NAME: &'static str = "references.relink";
    /// The new reference; of one that was taken away the one that it was.
    type Outcome = Reference;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Reference> {
        let Self { scope, kind, old, new } = self;
        let (company, source) = (scope.company, scope.source);
        let Some((id, created_at)) = self.find(tx, old).await? else {
            let reference = Ref::External(old.clone());
            let wanted = [Wanted { kind: *kind, reference: &reference, at: None }];
            return Err(super::not_found(tx, scope, &wanted, &[None]).await);
        };
        let called = |external_id: &ExternalId| Reference {
            kind: kind.name().to_owned(),
            source_id: source.id,
            external_id: external_id.as_str().to_owned(),
            entity_id: id,
            created_at,
        };
        if new.as_ref() == Some(old) {
            return Ok(called(old));
        }
        // Held as for a link, ahead of its references: a delete of it takes all that it has.
        existing(tx, company, *kind, &[id]).await?;
        if let Some(new) = new
            && let Some((owner, _)) = self.find(tx, new).await?
        {
            let (kind, external_id) = (*kind, new.clone());
            return Err(Refusal::ReferenceTaken { kind, source, external_id, owner }.into());
        }
        let only = Some((source, old));
        history::keep(tx, (company, *kind, id), only, new.as_ref(), turn.now).await?;
        let sql = "DELETE FROM external_refs WHERE company_id = $1 AND kind = $2
            AND external_id = $3 AND source_id = $4 AND entity_id = $5";
        let values = params![company, kind.name(), old.as_str(), source.id, id];
        if tx.execute(sql, values).await? == 0 {
            return Err(Error::changed("the reference was removed meanwhile").into());
        }
        let told = |id: &ExternalId| vec![(source.id, id.as_str().to_owned())];
        turn.tell(*kind, Verb::Unlinked, id, Data::Linked(Direction::Removed, told(old)));
        let Some(new) = new else { return Ok(called(old)) };
        if !super::insert(tx, company, *kind, source, new, id, created_at).await? {
            return Err(Error::changed("the external id was taken meanwhile").into());
        }
        turn.tell(*kind, Verb::Linked, id, Data::Linked(Direction::Added, told(new)));
        Ok(called(new))
    }
}

impl Relink {
    /// Whom the source calls so, and since when.
    async fn find(
        &self,
        tx: &mut Tx,
        external_id: &ExternalId,
    ) -> Result<Option<(i64, Timestamp)>, Error> {
        let sql = "SELECT entity_id, created_at FROM external_refs
            WHERE company_id = $1 AND kind = $2 AND external_id = $3 AND source_id = $4";
        let (company, source) = (self.scope.company, self.scope.source.id);
        tx.query_opt(sql, params![company, self.kind.name(), external_id.as_str(), source]).await
    }
}
