//! Assigning users to positions.

use std::sync::Arc;

use domain::{Kind, Ref};

use crate::app::App;
use crate::entities::Judged;
use crate::references::{At, Wanted, distinct, require};
use crate::scope::Scope;
use crate::store::{self, Col, Tx, params};

/// Gives each user its position, all or none; the ids, in request order.
pub async fn assign(app: &App, scope: Scope, users: Vec<(Ref, Ref)>) -> Judged<Vec<(i64, i64)>> {
    let now = app.clock.now();
    let input = Arc::new((scope, users));
    app.store
        .write("users.assign_positions", async move |tx: &mut Tx| {
            let (scope, sent) = &*input;
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
            match tx.execute_many(sql, params![scope.company, now], &batch).await? {
                changed if changed == assigned.len() as u64 => Ok(assigned),
                _ => Err(store::Error::changed("a user was deleted meanwhile").into()),
            }
        })
        .await
}
