//! Taking users out of a team.

use std::sync::Arc;

use jiff::Timestamp;

use super::attach::{Attach, Member, Relation, find};
use super::hold::hold;
use crate::app::App;
use crate::entities::Judged;
use crate::store::{self, Col, FromRow, Row, Tx, params};

/// Takes users out of a team; who is not in it is skipped. Nobody is when the team or any user
/// is unknown. The relations that there were, in request order.
pub async fn detach(app: &App, input: Attach) -> Judged<Vec<Relation>> {
    let input = Arc::new(input);
    app.store
        .write("teams.detach", async move |tx: &mut Tx| {
            let company = input.scope.company;
            let (team, mut users) = find(tx, &input).await?;
            hold(tx, company, team, None).await?;
            let mut seen = std::collections::HashSet::new();
            users.retain(|user| seen.insert(*user));
            let sql = "SELECT e.ord, m.id, u.id, u.first_name, u.last_name, u.email,
                    m.created_at, m.updated_at
                FROM {e(user_id bigint)} CROSS JOIN team_users m CROSS JOIN users u
                WHERE m.company_id = $1 AND m.team_id = $2 AND m.user_id = e.user_id
                    AND u.company_id = m.company_id AND u.id = m.user_id
                ORDER BY e.ord";
            let batch = [Col::Int(&users)];
            let members: Vec<Found> = tx.query_batch(sql, params![company, team], &batch).await?;
            let sql = "DELETE FROM team_users WHERE company_id = $1 AND team_id = $2
                AND user_id IN (SELECT e.user_id FROM {e(user_id bigint)})";
            let removed = tx.execute_many(sql, params![company, team], &batch).await?;
            if removed != members.len() as u64 {
                return Err(store::Error::changed("a user was detached meanwhile").into());
            }
            Ok(members.into_iter().map(|found| found.relation(team)).collect())
        })
        .await
}

/// A user that is in the team.
struct Found {
    id: i64,
    user: Member,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl FromRow for Found {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let mut row = row.columns();
        let _ord: i64 = row.take()?;
        Ok(Self {
            id: row.take()?,
            user: Member {
                id: row.take()?,
                first_name: row.take()?,
                last_name: row.take()?,
                email: row.take()?,
            },
            created_at: row.take()?,
            updated_at: row.take()?,
        })
    }
}

impl Found {
    fn relation(self, team_id: i64) -> Relation {
        let Self { id, user, created_at, updated_at } = self;
        Relation { id, team_id, user, created_at, updated_at }
    }
}
