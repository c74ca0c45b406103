//! Taking workspaces from a user.

use domain::{Kind, Ref};

use super::attach::{Outcome, read, shares};
use crate::entities::Judged;
use crate::events::Verb;
use crate::events::data::{Data, Share};
use crate::operation::{Operation, Turn};
use crate::references::{At, Wanted, require};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Col, Tx, params};

/// What a request asks for.
#[derive(Debug)]
pub struct Detach {
    pub scope: Scope,
    pub user: Ref,
    pub workspaces: Vec<Ref>,
}

/// Takes workspaces from a user; what the user is not in is skipped. Refused as a whole when the
/// user would leave a workspace while in one of its teams.
impl Operation for Detach {
    const NAME: &'static str = "workspaces.detach";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let company = self.scope.company;
        let user = Wanted { kind: Kind::User, reference: &self.user, at: None };
        let workspaces = self.workspaces.iter().enumerate().map(|(nth, reference)| {
            let at = Some(At::Element("workspaces", nth, ""));
            Wanted { kind: Kind::Workspace, reference, at }
        });
        let wanted: Vec<Wanted<'_>> = std::iter::once(user).chain(workspaces).collect();
        let found = require(tx, &self.scope, &wanted).await?;
        let (user, workspaces) = (found[0], &found[1..]);
        let mut gone = shares(tx, company, user, workspaces).await?;
        let teams = teams(tx, (company, user), workspaces).await?;
        if !teams.is_empty() {
            return Err(Refusal::StillInTeams { user, teams }.into());
        }
        // Who names a workspace twice takes it once.
        gone.sort_unstable();
        gone.dedup();
        remove(tx, turn, (company, user), &gone).await?;
        Ok(read(tx, &self.scope, user).await?)
    }
}

/// The teams of workspaces that a user is in, each with its workspace's place, counted from 1.
pub(super) async fn teams(
    tx: &mut Tx,
    (company, user): (i64, i64),
    workspaces: &[i64],
) -> store::Result<Vec<(i64, i64)>> {
    let sql = "SELECT e.ord, m.team_id FROM {e(id bigint)} CROSS JOIN team_users m
        WHERE m.company_id = $1 AND m.user_id = $2 AND m.workspace_id = e.id
        ORDER BY e.ord, m.team_id";
    tx.query_batch(sql, params![company, user], &[Col::Int(workspaces)]).await
}

/// Takes workspaces, each with the share it has, from a user who is held; and tells it.
pub(super) async fn remove(
    tx: &mut Tx,
    turn: &mut Turn,
    (company, user): (i64, i64),
    gone: &[(i64, i64)],
) -> store::Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = gone.iter().map(|(workspace, _)| *workspace).collect();
    let sql = "DELETE FROM workspace_users WHERE company_id = $1 AND user_id = $2
        AND workspace_id IN (SELECT e.id FROM {e(id bigint)})";
    tx.execute_many(sql, params![company, user], &[Col::Int(&ids)]).await?;
    let left = |&(workspace_id, share): &(i64, i64)| Share {
        workspace_id,
        before: Some(share),
        after: None,
    };
    let left = gone.iter().map(left).collect();
    turn.tell(Kind::User, Verb::WorkspacesDetached, user, Data::Shares(left));
    Ok(())
}
