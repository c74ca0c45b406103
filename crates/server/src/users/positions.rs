//! Assigning users to positions.

use domain::{Kind, Ref};

use crate::entities::Judged;
use crate::operation::{Operation, Turn};
use crate::references::{At, Wanted, distinct, require};
use crate::scope::Scope;
use crate::store::{self, Col, Tx, params};

/// What a request asks for: each user, and its position.
#[derive(Debug)]
pub struct AssignPositions {
    pub scope: Scope,
    pub users: Vec<(Ref, Ref)>,
}

/// Gives each user its position, all or none; the ids, in request order.
impl Operation for AssignPositions {
    const NAME: &'static str = "users.assign_positions";
    type Outcome = Vec<(i64, i64)>;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Vec<(i64, i64)>> {
        let Self { scope, users: sent } = self;
        let wanted = |kind, field, nth, reference| Wanted {
            kind,
            reference,
            at: Some(At::Element("users", nth, field)),
        };
        let users = sent.iter().enumerate();
        let users = users.map(|(nth, (user, _))| wanted(Kind::User, "id", nth, user));
        let positions = sent.iter().enumerate();
        let positions = positions
            .map(|(nth, (_, position))| wanted(Kind::Position, "position_id", nth, position));
        let all: Vec<Wanted<'_>> = users.chain(positions).collect();
        let found = require(tx, scope, &all).await?;
        let (users, positions) = found.split_at(sent.len());
        distinct("users", "id", Kind::User, users)?;
        let mut pairs: Vec<(i64, i64)> =
            users.iter().copied().zip(positions.iter().copied()).collect();
        let assigned = pairs.clone();
        // In key order.
        pairs.sort_unstable();
        let (users, positions): (Vec<i64>, Vec<i64>) = pairs.into_iter().unzip();
        let sql = "UPDATE users SET position_id = e.position_id, updated_at = $2
            FROM {e(user_id bigint, position_id bigint)}
            WHERE users.company_id = $1 AND users.id = e.user_id";
        let batch = [Col::Int(&users), Col::Int(&positions)];
        match tx.execute_many(sql, params![scope.company, turn.now], &batch).await? {
            changed if changed == assigned.len() as u64 => Ok(assigned),
            _ => Err(store::Error::changed("a user was deleted meanwhile").into()),
        }
    }
}
