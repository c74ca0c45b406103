//! Deleting a leave. COR's page has it name the leave's user too.

use std::sync::Arc;

use domain::{Kind, Ref};

use crate::app::App;
use crate::entities::{self, Judged, table};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Tx, params};

/// Deletes a leave with all its references, if it is that user's.
pub async fn delete(app: &App, scope: Scope, leave: Ref, user: Ref) -> Judged<()> {
    let now = app.clock.now();
    let input = Arc::new((scope, leave, user));
    app.store
        .write("leaves.delete", async move |tx: &mut Tx| {
            let (scope, leave, user) = &*input;
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
            table::remove(tx, Kind::Leave, (scope.company, id), now).await
        })
        .await
}
