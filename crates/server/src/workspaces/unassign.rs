//! Taking workspaces from a user, each judged by itself.

use std::collections::HashMap;

use domain::Kind;

use super::attach::shares;
use super::detach::{remove, teams};
use crate::entities::Judged;
use crate::operation::{Operation, Turn};
use crate::references::Named;
use crate::references::named::{find_all, find_one};
use crate::scope::Scope;
use crate::store::Tx;

/// What a request asks for.
#[derive(Debug)]
pub struct Unassign {
    pub scope: Scope,
    pub user: Named,
    pub workspaces: Vec<Named>,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    pub user_id: i64,
    /// In the order of the request.
    pub results: Vec<Taken>,
}

/// What came of one workspace: its id.
#[derive(Clone, Copy, Debug)]
pub enum Taken {
    /// With the share that it had, in 1/10,000 percent.
    Removed(i64, i64),
    /// The user was not in it.
    Unchanged(i64),
    /// There is no such workspace.
    Unknown,
    /// The user is in this team of it.
    InTeam(i64),
}

/// Takes workspaces from a user.
impl Operation for Unassign {
    const NAME: &'static str = "workspaces.unassign";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let company = self.scope.company;
        let user_id = find_one(tx, &self.scope, Kind::User, &self.user, None).await?;
        let found = find_all(tx, company, Kind::Workspace, &self.workspaces).await?;
        let known: Vec<i64> = found.iter().flatten().copied().collect();
        let mut there: HashMap<i64, i64> =
            shares(tx, company, user_id, &known).await?.into_iter().collect();
        let teams = teams(tx, (company, user_id), &known).await?.into_iter();
        let teams: HashMap<i64, i64> =
            teams.filter_map(|(nth, team)| Some((*known.get(nth as usize - 1)?, team))).collect();
        let taken = |workspace: Option<i64>| {
            let Some(id) = workspace else { return Taken::Unknown };
            match (teams.get(&id), there.remove(&id)) {
                (Some(team), _) => Taken::InTeam(*team),
                (None, Some(share)) => Taken::Removed(id, share),
                (None, None) => Taken::Unchanged(id),
            }
        };
        let results: Vec<Taken> = found.into_iter().map(taken).collect();
        let gone = results.iter().filter_map(|taken| match taken {
            Taken::Removed(id, share) => Some((*id, *share)),
            _ => None,
        });
        remove(tx, turn, (company, user_id), &gone.collect::<Vec<_>>()).await?;
        Ok(Outcome { user_id, results })
    }
}
