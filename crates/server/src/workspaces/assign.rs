//! Giving workspaces shares of a user's time, or declaring all that there are. Each workspace is
//! judged by itself.

use std::collections::{BTreeMap, HashSet};

use domain::{Kind, Percentage};

use super::attach::{changes, inactive, shares, upsert};
use super::detach::{remove, teams};
use crate::entities::Judged;
use crate::events::Verb;
use crate::events::data::Data;
use crate::operation::{Operation, Turn};
use crate::references::Named;
use crate::references::named::{find_all, find_one};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Tx, params};

/// What a request asks for.
#[derive(Debug)]
pub struct Assign {
    pub scope: Scope,
    pub user: Named,
    pub workspaces: Vec<Named>,
    /// The share of each.
    pub shares: Vec<Percentage>,
    /// These are all: others go, unless one of these is rejected.
    pub replace: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    pub user_id: i64,
    /// In the order of the request.
    pub results: Vec<Given>,
    /// Workspaces that the user has left, each with the share it had.
    pub removed: Vec<(i64, i64)>,
}

/// What came of one workspace: its id and its share, in 1/10,000 percent.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    Created(i64, i64),
    /// It had another share.
    Updated(i64, i64),
    Unchanged(i64, i64),
    Rejected(Rejection),
}

/// Why a workspace is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such workspace.
    Unknown,
    Inactive,
}

/// Gives workspaces shares of a user's time. Of a workspace that is named twice the last share
/// counts.
impl Operation for Assign {
    const NAME: &'static str = "workspaces.assign";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let company = self.scope.company;
        let user_id = find_one(tx, &self.scope, Kind::User, &self.user, None).await?;
        let found = find_all(tx, company, Kind::Workspace, &self.workspaces).await?;
        let known: Vec<i64> = found.iter().flatten().copied().collect();
        let inactive: HashSet<i64> =
            inactive(tx, company, &known).await?.into_iter().map(|nth| known[nth]).collect();
        let before = shares(tx, company, user_id, &known).await?;

        let mut now: BTreeMap<i64, i64> = before.iter().copied().collect();
        let given = |(found, share): (Option<i64>, &Percentage)| {
            let Some(workspace) = found else { return Given::Rejected(Rejection::Unknown) };
            if inactive.contains(&workspace) {
                return Given::Rejected(Rejection::Inactive);
            }
            let share = share.get().units();
            match now.insert(workspace, share) {
                None => Given::Created(workspace, share),
                Some(old) if old == share => Given::Unchanged(workspace, share),
                Some(_) => Given::Updated(workspace, share),
            }
        };
        let results: Vec<Given> = found.into_iter().zip(&self.shares).map(given).collect();
        let after: Vec<(i64, i64)> = now.into_iter().collect();
        let changed = changes(&before, &after);
        let rows = changed.iter().filter_map(|one| Some((one.workspace_id, one.after?))).collect();
        let mut removed = Vec::new();
        if self.replace && !results.iter().any(|given| matches!(given, Given::Rejected(_))) {
            removed = self.remove_others(tx, turn, user_id, &known).await?;
        }
        if !changed.is_empty() {
            upsert(tx, company, user_id, rows, turn.now).await?;
            turn.tell(Kind::User, Verb::WorkspacesAttached, user_id, Data::Shares(changed));
        }
        Ok(Outcome { user_id, results, removed })
    }
}

impl Assign {
    /// Takes all other workspaces from the user, who is held; refused when the user is in a team
    /// of one.
    async fn remove_others(
        &self,
        tx: &mut Tx,
        turn: &mut Turn,
        user: i64,
        named: &[i64],
    ) -> Judged<Vec<(i64, i64)>> {
        let company = self.scope.company;
        let sql = "SELECT workspace_id, percentage FROM workspace_users
            WHERE company_id = $1 AND user_id = $2 ORDER BY workspace_id";
        let mut others: Vec<(i64, i64)> = tx.query(sql, params![company, user]).await?;
        others.retain(|(workspace, _)| !named.contains(workspace));
        let ids: Vec<i64> = others.iter().map(|(workspace, _)| *workspace).collect();
        let mut teams = teams(tx, (company, user), &ids).await?;
        if !teams.is_empty() {
            // None of these workspaces has a place in the request.
            teams.iter_mut().for_each(|(place, _)| *place = 0);
            return Err(Refusal::StillInTeams { user, teams }.into());
        }
        remove(tx, turn, (company, user), &others).await?;
        Ok(others)
    }
}
