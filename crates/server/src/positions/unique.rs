//! Names that are given once: COR's Main API wants that of positions, and of categories.

use domain::{Kind, Name};

use crate::entities::Judged;
use crate::operation::{Operation, Turn};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Sequence, Tx, params};

/// A create or an update, unless another entity of the kind has the name.
#[derive(Debug)]
pub struct Unique<O> {
    pub operation: O,
    /// Position or category.
    pub kind: Kind,
    /// The name that it is to have, if it gets one.
    pub name: Option<Name>,
    /// What is updated.
    pub own: Option<i64>,
}

impl<O: Operation> Operation for Unique<O> {
    const NAME: &'static str = O::NAME;
    type Outcome = O::Outcome;

    fn scope(&self) -> &Scope {
        self.operation.scope()
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        self.operation.ids()
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<O::Outcome> {
        if let Some(name) = &self.name
            && let Some(owner) = self.owner(tx, name.as_str()).await?
        {
            let message = format!("is the name of {} {owner} already", self.kind.name());
            return Err(Refusal::Invalid { pointer: "/name".to_owned(), message }.into());
        }
        self.operation.run(tx, turn).await
    }
}

impl<O: Operation> Unique<O> {
    /// Who else has the name. Of what is updated and not there, or has it already, nobody is asked.
    async fn owner(&self, tx: &mut Tx, name: &str) -> Judged<Option<i64>> {
        let company = self.operation.scope().company;
        // One after the other; SQLite has one writer.
        let lock = tx.pick(
            "SELECT $1",
            "SELECT 1::bigint FROM pg_advisory_xact_lock(hashtextextended('names', $1)) l",
        );
        tx.query_opt::<(i64,)>(lock, params![company]).await?;
        let sql = match self.kind {
            Kind::Category => {
                "SELECT t.id FROM categories t WHERE t.company_id = $1 AND t.name = $2
                ORDER BY t.id LIMIT 1"
            }
            _ => {
                "SELECT t.id FROM positions t
                WHERE t.company_id = $1 AND t.name = $2 AND t.id <> $3
                    AND ($3 = 0 OR EXISTS (SELECT 1 FROM positions o
                        WHERE o.company_id = $1 AND o.id = $3 AND o.name <> $2))
                ORDER BY t.id LIMIT 1"
            }
        };
        let values = params![company, name, self.own.unwrap_or(0)];
        let values = if self.kind == Kind::Category { &values[..2] } else { values };
        let owner: Option<(i64,)> = tx.query_opt(sql, values).await?;
        Ok(owner.map(|(owner,)| owner))
    }
}
