//! What people decide about items.

use super::State;
use crate::app::App;
use crate::entities::Judged;
use crate::operation::{Operation, Turn};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Tx, params, sure};

/// A request to see no more of an item.
#[derive(Debug)]
pub struct Ignore {
    pub scope: Scope,
    pub id: String,
}

/// Ignores an item, under the source that it is of. One that is ignored already stays so.
impl Operation for Ignore {
    const NAME: &'static str = "refusals.ignore";
    type Outcome = ();

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<()> {
        let Self { scope, id } = self;
        let sql = tx.pick(
            "SELECT source_id, state FROM refusals WHERE company_id = $1 AND id = $2",
            "SELECT source_id, state FROM refusals WHERE company_id = $1 AND id = $2 FOR UPDATE",
        );
        let found: Option<(i64, String)> =
            tx.query_opt(sql, params![scope.company, id.as_str()]).await?;
        let found = found.filter(|(source, _)| scope.sources.sees(*source));
        let Some((_, state)) = found else {
            return Err(Refusal::NoSuchItem(id.clone()).into());
        };
        match State::from_name(&state) {
            Some(state) if state.is_closed() => {
                return Err(Refusal::ItemClosed(id.clone(), state).into());
            }
            Some(State::Ignored) => return Ok(()),
            _ => {}
        }
        let sql = "UPDATE refusals SET state = 'ignored', closed_at = $3, closed_by = $4
            WHERE company_id = $1 AND id = $2";
        let by = &*scope.actor.request_id;
        tx.execute(sql, params![scope.company, id.as_str(), turn.now, by]).await?;
        Ok(())
    }
}

/// A request whose records were sent again, each in a transaction of its own: what is left is to
/// keep its answer.
#[derive(Debug)]
pub struct Resent {
    pub scope: Scope,
}

impl Operation for Resent {
    const NAME: &'static str = "refusals.retry";
    type Outcome = ();

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, _: &mut Tx, _: &mut Turn) -> Judged<()> {
        Ok(())
    }
}

/// Closes an item in whose place something else was put.
pub async fn supersede(app: &App, scope: Scope, id: &str) -> store::Result<()> {
    let (id, now) = (id.to_owned(), app.clock.now());
    let closed = app.store.write("refusals.supersede", async move |tx: &mut Tx| {
        let sql = "UPDATE refusals SET state = 'superseded', closed_at = $3, closed_by = $4
            WHERE company_id = $1 AND id = $2 AND state IN ('open', 'ignored')";
        let by = &*scope.actor.request_id;
        tx.execute(sql, params![scope.company, id, now, by]).await?;
        Ok(())
    });
    sure(closed.await)
}
