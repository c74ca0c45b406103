//! Taking users out of a team.

use domain::Kind;
use jiff::Timestamp;

use super::attach::{self, Member, Members, Relation, find};
use super::hold::hold;
use crate::entities::Judged;
use crate::events::Verb;
use crate::events::data::{Data, Direction};
use crate::operation::{Operation, Turn};
use crate::scope::Scope;
use crate::store::{self, Col, FromRow, Row, Tx, params};

/// What a request asks for.
#[derive(Debug)]
pub struct Detach(pub Members);

/// Takes users out of a team; who is not in it is skipped. Nobody is when the team or any user
/// is unknown. The relations that there were, in request order.
impl Operation for Detach {
    const NAME: &'static str = "teams.detach";
    type Outcome = Vec<Relation>;

    fn scope(&self) -> &Scope {
        &self.0.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Vec<Relation>> {
        let company = self.0.scope.company;
        let (team, mut users) = find(tx, &self.0).await?;
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
        let removed: Vec<Relation> =
            members.into_iter().map(|found| found.relation(team)).collect();
        if !removed.is_empty() {
            let data = Data::Members(Direction::Removed, attach::members(&removed));
            turn.tell(Kind::Team, Verb::UsersDetached, team, data);
        }
        Ok(removed)
    }
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
