//! Attaching users to a team.
//!
//! Two attaches to teams of one workspace stand in line ([`super::hold`]). Behind that, the
//! database itself refuses a user two teams of one workspace.

use domain::team::{Candidate, TeamRefusal, judge};
use domain::{Kind, Ref};
use jiff::Timestamp;

use super::hold::hold;
use crate::entities::Judged;
use crate::events;
use crate::events::Verb;
use crate::events::data::{Data, Direction};
use crate::operation::{Operation, Turn};
use crate::references::{At, Wanted, require};
use crate::scope::Scope;
use crate::store::{self, Col, FromRow, Row, Sequence, Tx, params};

/// The users whom a request attaches, or detaches.
#[derive(Debug)]
pub struct Members {
    pub scope: Scope,
    pub team: Ref,
    pub users: Vec<Ref>,
}

/// What a request asks for.
#[derive(Debug)]
pub struct Attach(pub Members);

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    pub attached: Vec<Relation>,
    /// Users not taken, in request order: their index in the request, their id, and why.
    pub refused: Vec<(usize, i64, TeamRefusal)>,
}

/// A user in a team.
#[derive(Clone, Debug)]
pub struct Relation {
    pub id: i64,
    pub team_id: i64,
    pub user: Member,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The user of a relation.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: i64,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
}

/// Attaches users to a team, one by one in request order. Nobody is attached when the team or
/// any user is unknown.
impl Operation for Attach {
    const NAME: &'static str = "teams.attach";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.0.scope
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        Some((Sequence::TeamMember, self.0.users.len()))
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let company = self.0.scope.company;
        let (team, users) = find(tx, &self.0).await?;
        let workspace = hold(tx, company, team, None).await?;
        let standing = standing(tx, company, team, workspace, &users).await?;
        let candidates: Vec<Candidate> = standing.iter().map(|s| s.candidate).collect();
        let verdicts = judge(workspace.is_some(), &candidates);

        let mut outcome = Outcome { attached: Vec::new(), refused: Vec::new() };
        for (nth, (verdict, standing)) in verdicts.into_iter().zip(standing).enumerate() {
            match verdict {
                Err(why) => outcome.refused.push((nth, standing.member.id, why)),
                Ok(_) => outcome.attached.push(Relation {
                    id: turn.first_id + nth as i64,
                    team_id: team,
                    user: standing.member,
                    created_at: turn.now,
                    updated_at: turn.now,
                }),
            }
        }
        insert(tx, company, workspace, &outcome.attached, turn.now).await?;
        if !outcome.attached.is_empty() {
            let data = Data::Members(Direction::Added, members(&outcome.attached));
            turn.tell(Kind::Team, Verb::UsersAttached, team, data);
        }
        Ok(outcome)
    }
}

/// Relations as events tell them.
pub(super) fn members(relations: &[Relation]) -> Vec<events::data::Member> {
    let member = |r: &Relation| events::data::Member { id: r.id, user_id: r.user.id };
    relations.iter().map(member).collect()
}

/// The team and the users, who must all be there.
pub(super) async fn find(tx: &mut Tx, input: &Members) -> Judged<(i64, Vec<i64>)> {
    let team = Wanted { kind: Kind::Team, reference: &input.team, at: None };
    let users = input.users.iter().enumerate().map(|(nth, reference)| {
        let at = Some(At::Element("users", nth, ""));
        Wanted { kind: Kind::User, reference, at }
    });
    let wanted: Vec<Wanted<'_>> = std::iter::once(team).chain(users).collect();
    let mut found = require(tx, &input.scope, &wanted).await?;
    let team = found.remove(0);
    Ok((team, found))
}

/// A user, and how it stands to the team.
pub(super) struct Standing {
    ord: i64,
    pub member: Member,
    pub candidate: Candidate,
}

impl FromRow for Standing {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let mut row = row.columns();
        let (ord, user_id) = (row.take()?, row.take()?);
        let member = Member {
            id: user_id,
            first_name: row.take()?,
            last_name: row.take()?,
            email: row.take()?,
        };
        let candidate = Candidate {
            user_id,
            in_team: row.take()?,
            in_workspace: row.take()?,
            in_other_team: row.take()?,
        };
        Ok(Self { ord, member, candidate })
    }
}

/// How each user stands to the team, in request order.
pub(super) async fn standing(
    tx: &mut Tx,
    company: i64,
    team: i64,
    workspace: Option<i64>,
    users: &[i64],
) -> store::Result<Vec<Standing>> {
    let sql = "SELECT e.ord, u.id, u.first_name, u.last_name, u.email,
            EXISTS (SELECT 1 FROM team_users m
                WHERE m.company_id = $1 AND m.team_id = $2 AND m.user_id = e.user_id),
            EXISTS (SELECT 1 FROM workspace_users w
                WHERE w.company_id = $1 AND w.user_id = e.user_id AND w.workspace_id = $3),
            EXISTS (SELECT 1 FROM team_users o
                WHERE o.company_id = $1 AND o.user_id = e.user_id AND o.workspace_id = $3)
        FROM {e(user_id bigint)} CROSS JOIN users u
        WHERE u.company_id = $1 AND u.id = e.user_id";
    let batch = [Col::Int(users)];
    let mut standing: Vec<Standing> =
        tx.query_batch(sql, params![company, team, workspace], &batch).await?;
    if standing.len() != users.len() {
        return Err(store::Error::changed("a user was deleted meanwhile"));
    }
    standing.sort_by_key(|standing| standing.ord);
    Ok(standing)
}

/// Inserts relations, in key order.
pub(super) async fn insert(
    tx: &mut Tx,
    company: i64,
    workspace: Option<i64>,
    relations: &[Relation],
    now: Timestamp,
) -> store::Result<()> {
    let Some(team) = relations.first().map(|relation| relation.team_id) else { return Ok(()) };
    let mut rows: Vec<(i64, i64)> = relations.iter().map(|r| (r.user.id, r.id)).collect();
    rows.sort_unstable();
    let (users, ids): (Vec<i64>, Vec<i64>) = rows.into_iter().unzip();
    let sql = "INSERT INTO team_users
            (company_id, team_id, user_id, workspace_id, id, created_at, updated_at)
        SELECT $1, $2, e.user_id, $3, e.id, $4, $4 FROM {e(user_id bigint, id bigint)}
        WHERE true ON CONFLICT DO NOTHING";
    let batch = [Col::Int(&users), Col::Int(&ids)];
    let inserted = tx.execute_many(sql, params![company, team, workspace, now], &batch).await?;
    match inserted == relations.len() as u64 {
        true => Ok(()),
        false => Err(store::Error::changed("a user was attached meanwhile")),
    }
}
