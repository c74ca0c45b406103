//! Deleting a leave. COR's page has it name the leave's user too.

use domain::{Kind, Ref};

use crate::entities::{self, Judged, table};
use crate::operation::{Operation, Turn};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Tx, params};

/// What a request asks for.
#[derive(Debug)]
pub struct Delete {
    pub scope: Scope,
    pub leave: Ref,
    pub user: Ref,
}

/// Deletes a leave with all its references, if it is that user's.
impl Operation for Delete {
    const NAME: &'static str = "leaves.delete";
    type Outcome = ();

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<()> {
        let Self { scope, leave, user } = self;
        let links = vec![("userId", Kind::User, Some(user))];
        let (id, linked) = entities::require(tx, scope, (Kind::Leave, leave), links).await?;
        // On PostgreSQL an update may be about to give it to another user.
        let sql = tx.pick(
            "SELECT user_id FROM leaves WHERE company_id = $1 AND id = $2",
            "SELECT user_id FROM leaves WHERE company_id = $1 AND id = $2 FOR UPDATE",
        );
        let held: Option<(i64,)> = tx.query_opt(sql, params![scope.company, id]).await?;
        let gone = || store::Error::changed("the leave was deleted meanwhile");
        let (its,) = held.ok_or_else(gone)?;
        if linked[0] != Some(its) {
            let message = format!("is not the user of {} {leave}", Kind::Leave.name());
            return Err(Refusal::Invalid { pointer: "/userId".to_owned(), message }.into());
        }
        table::remove(tx, Kind::Leave, (scope.company, id), turn).await
    }
}
