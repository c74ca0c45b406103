//! External ids that SQLite's writer has found before (docs/adr/0016).
//!
//! To find a thousand of them takes it as long as to write what they are for. What was found holds
//! as long as no reference of the company is removed or changed, which the database itself counts;
//! an operation asks for the count in its own transaction.

use domain::Kind;

use crate::scope::Scope;
use crate::store::{self, Space, Tx, params};

const REMOVED: &str = "SELECT times FROM removed_references WHERE company_id = $1";

/// External ids of a kind under the scope's source, as they hold in this transaction.
#[derive(Clone, Copy, Debug)]
pub struct Remembered(Option<Space>);

impl Remembered {
    pub async fn of(tx: &mut Tx, scope: &Scope, kind: Kind) -> store::Result<Self> {
        if tx.memory().is_none() {
            return Ok(Self(None));
        }
        let removed: Option<(i64,)> = tx.query_opt(REMOVED, params![scope.company]).await?;
        let (removed,) = removed.unwrap_or_default();
        Ok(Self(Some([scope.company, scope.source.id, kind as i64, removed])))
    }

    /// The entities of those ids that were found before.
    pub fn find(self, tx: &mut Tx, ids: &[Option<&str>]) -> Vec<Option<i64>> {
        match (self.0, tx.memory()) {
            (Some(space), Some(memory)) => ids.iter().map(|id| memory.get(space, (*id)?)).collect(),
            _ => vec![None; ids.len()],
        }
    }

    /// Keeps what the database said of ids: `(place counted from 1, entity)`.
    pub fn keep(self, tx: &mut Tx, ids: &[&str], found: &[(i64, i64)]) {
        if let (Some(space), Some(memory)) = (self.0, tx.memory()) {
            for (ord, entity) in found {
                if let Some(id) = usize::try_from(ord - 1).ok().and_then(|nth| ids.get(nth)) {
                    memory.remember(space, id, *entity);
                }
            }
        }
    }
}
