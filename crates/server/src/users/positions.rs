//! Assigning users to positions.

use std::collections::HashMap;

use domain::{Kind, Ref};

use crate::entities::Judged;
use crate::entities::image::{Change, Value};
use crate::events::{Data, Event, Verb};
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
        let before = positions_of(tx, scope.company, &users).await?;
        let sql = "UPDATE users SET position_id = e.position_id, updated_at = $2
            FROM {e(user_id bigint, position_id bigint)}
            WHERE users.company_id = $1 AND users.id = e.user_id";
        let batch = [Col::Int(&users), Col::Int(&positions)];
        match tx.execute_many(sql, params![scope.company, turn.now], &batch).await? {
            changed if changed == assigned.len() as u64 => {
                let after = users.iter().copied().zip(positions);
                let after: Vec<(i64, i64)> = after.collect();
                turn.events.extend(changes(&before, &after));
                Ok(assigned)
            }
            _ => Err(store::Error::changed("a user was deleted meanwhile").into()),
        }
    }
}

/// The positions that users have, who are held until the commit, in key order.
async fn positions_of(
    tx: &mut Tx,
    company: i64,
    users: &[i64],
) -> store::Result<HashMap<i64, Option<i64>>> {
    // SQLite has one writer.
    let sql = tx.pick(
        "SELECT u.id, u.position_id FROM {e(id bigint)} CROSS JOIN users u
            WHERE u.company_id = $1 AND u.id = e.id",
        "SELECT u.id, u.position_id FROM {e(id bigint)} CROSS JOIN users u
            WHERE u.company_id = $1 AND u.id = e.id ORDER BY u.id FOR NO KEY UPDATE OF u",
    );
    let rows: Vec<(i64, Option<i64>)> =
        tx.query_batch(sql, params![company], &[Col::Int(users)]).await?;
    Ok(rows.into_iter().collect())
}

/// What changed of each user.
fn changes(before: &HashMap<i64, Option<i64>>, after: &[(i64, i64)]) -> Vec<Event> {
    let named = |position: Option<i64>| {
        let value = position.map_or(Value::Null, Value::Int);
        vec![("position_id".into(), value)]
    };
    let event = |&(user, position): &(i64, i64)| {
        let before = before.get(&user).copied().flatten();
        let change = Change { before: named(before), after: named(Some(position)) };
        let data = Data::Entity(change, Vec::new());
        (before != Some(position)).then(|| Event::of(Kind::User, Verb::Updated, user, data))
    };
    after.iter().filter_map(event).collect()
}
