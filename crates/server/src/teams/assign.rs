//! Putting users into a team, or declaring all that are in it; and taking them out. Each user is
//! judged by itself, as an attach judges ([`domain::team`]).

use std::collections::{HashMap, HashSet};

use domain::Kind;
use domain::team::{Candidate, TeamRefusal, judge};

use super::attach::{Relation, insert, members, standing};
use super::hold::hold;
use crate::entities::Judged;
use crate::events::Verb;
use crate::events::data::{Data, Direction, Member};
use crate::operation::{Operation, Turn};
use crate::references::Named;
use crate::references::named::{find_all, find_one};
use crate::scope::Scope;
use crate::store::{self, Col, Sequence, Tx, params};

/// What a request asks for.
#[derive(Debug)]
pub struct Assign {
    pub scope: Scope,
    pub team: Named,
    pub users: Vec<Named>,
    /// These are all: others go, unless one of these is rejected.
    pub replace: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    pub team_id: i64,
    /// In the order of the request.
    pub results: Vec<Given>,
    pub removed: Vec<Member>,
}

/// What came of one user.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    /// In the team, or out of it, from now on.
    Changed(Member),
    Unchanged {
        id: Option<i64>,
        user_id: i64,
    },
    Rejected(Rejection),
}

/// Why a user is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such user.
    Unknown,
    Team(TeamRefusal),
}

/// Puts users into a team.
impl Operation for Assign {
    const NAME: &'static str = "teams.assign";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        Some((Sequence::TeamMember, self.users.len()))
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let company = self.scope.company;
        let team_id = find_one(tx, &self.scope, Kind::Team, &self.team, None).await?;
        let found = find_all(tx, company, Kind::User, &self.users).await?;
        let workspace = hold(tx, company, team_id, None).await?;
        let known: Vec<i64> = found.iter().flatten().copied().collect();
        let standing = standing(tx, company, team_id, workspace, &known).await?;
        let candidates: Vec<Candidate> = standing.iter().map(|one| one.candidate).collect();
        let verdicts = judge(workspace.is_some(), &candidates);
        let there = of_team(tx, company, team_id).await?;

        let mut ids: HashMap<i64, i64> = there.iter().map(|one| (one.user_id, one.id)).collect();
        let mut judged = verdicts.into_iter().zip(standing);
        let (mut results, mut new) = (Vec::with_capacity(found.len()), Vec::new());
        for (nth, found) in found.iter().enumerate() {
            let Some((verdict, standing)) = found.and_then(|_| judged.next()) else {
                results.push(Given::Rejected(Rejection::Unknown));
                continue;
            };
            let user_id = standing.member.id;
            results.push(match verdict {
                Ok(_) => {
                    let (id, user) = (turn.first_id + nth as i64, standing.member);
                    let (created_at, updated_at) = (turn.now, turn.now);
                    new.push(Relation { id, team_id, user, created_at, updated_at });
                    ids.insert(user_id, id);
                    Given::Changed(Member { id, user_id })
                }
                Err(TeamRefusal::AlreadyAssigned) => {
                    Given::Unchanged { id: ids.get(&user_id).copied(), user_id }
                }
                Err(why) => Given::Rejected(Rejection::Team(why)),
            });
        }
        let mut removed = Vec::new();
        if self.replace && !results.iter().any(|given| matches!(given, Given::Rejected(_))) {
            let named: HashSet<i64> = known.into_iter().collect();
            removed = there.into_iter().filter(|one| !named.contains(&one.user_id)).collect();
            remove(tx, turn, (company, team_id), &removed).await?;
        }
        insert(tx, company, workspace, &new, turn.now).await?;
        if !new.is_empty() {
            let data = Data::Members(Direction::Added, members(&new));
            turn.tell(Kind::Team, Verb::UsersAttached, team_id, data);
        }
        Ok(Outcome { team_id, results, removed })
    }
}

/// A request to take users out of a team.
#[derive(Debug)]
pub struct Unassign {
    pub scope: Scope,
    pub team: Named,
    pub users: Vec<Named>,
}

/// Takes users out of a team; who is not in it is unchanged.
impl Operation for Unassign {
    const NAME: &'static str = "teams.unassign";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let company = self.scope.company;
        let team_id = find_one(tx, &self.scope, Kind::Team, &self.team, None).await?;
        let found = find_all(tx, company, Kind::User, &self.users).await?;
        hold(tx, company, team_id, None).await?;
        let there = of_team(tx, company, team_id).await?;
        let mut ids: HashMap<i64, i64> = there.iter().map(|one| (one.user_id, one.id)).collect();
        let given = |user: Option<i64>| match user {
            None => Given::Rejected(Rejection::Unknown),
            Some(user_id) => match ids.remove(&user_id) {
                Some(id) => Given::Changed(Member { id, user_id }),
                None => Given::Unchanged { id: None, user_id },
            },
        };
        let results: Vec<Given> = found.into_iter().map(given).collect();
        let gone: Vec<Member> =
            there.into_iter().filter(|one| !ids.contains_key(&one.user_id)).collect();
        remove(tx, turn, (company, team_id), &gone).await?;
        Ok(Outcome { team_id, results, removed: Vec::new() })
    }
}

/// Who is in a team, by user.
async fn of_team(tx: &mut Tx, company: i64, team: i64) -> store::Result<Vec<Member>> {
    let sql = "SELECT id, user_id FROM team_users WHERE company_id = $1 AND team_id = $2
        ORDER BY user_id";
    let rows: Vec<(i64, i64)> = tx.query(sql, params![company, team]).await?;
    Ok(rows.into_iter().map(|(id, user_id)| Member { id, user_id }).collect())
}

/// Takes members out of a team, and tells it.
async fn remove(
    tx: &mut Tx,
    turn: &mut Turn,
    (company, team): (i64, i64),
    gone: &[Member],
) -> store::Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    let users: Vec<i64> = gone.iter().map(|one| one.user_id).collect();
    let sql = "DELETE FROM team_users WHERE company_id = $1 AND team_id = $2
        AND user_id IN (SELECT e.user_id FROM {e(user_id bigint)})";
    let removed = tx.execute_many(sql, params![company, team], &[Col::Int(&users)]).await?;
    if removed != gone.len() as u64 {
        return Err(store::Error::changed("a user was detached meanwhile"));
    }
    let data = Data::Members(Direction::Removed, gone.to_vec());
    turn.tell(Kind::Team, Verb::UsersDetached, team, data);
    Ok(())
}
