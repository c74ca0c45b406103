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
use crate::store::{Col, Tx, params};

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
        let (user, workspaces) = (found[0], [Col::Int(&found[1..])]);
        let mut removed = shares(tx, company, user, &found[1..]).await?;
        let sql = "SELECT e.ord, m.team_id FROM {e(id bigint)} CROSS JOIN team_users m
            WHERE m.company_id = $1 AND m.user_id = $2 AND m.workspace_id = e.id
            ORDER BY e.ord";
        let teams: Vec<(i64, i64)> =
            tx.query_batch(sql, params![company, user], &workspaces).await?;
        if !teams.is_empty() {
            return Err(Refusal::StillInTeams { user, teams }.into());
        }
        let sql = "DELETE FROM workspace_users WHERE company_id = $1 AND user_id = $2
            AND workspace_id IN (SELECT e.id FROM {e(id bigint)})";
        tx.execute_many(sql, params![company, user], &workspaces).await?;
        if !removed.is_empty() {
            // Who names a workspace twice takes it once.
            removed.sort_unstable();
            removed.dedup();
            let gone =
                |(workspace_id, share)| Share { workspace_id, before: Some(share), after: None };
            let removed = removed.into_iter().map(gone).collect();
            turn.tell(Kind::User, Verb::WorkspacesDetached, user, Data::Shares(removed));
        }
        Ok(read(tx, &self.scope, user).await?)
    }
}
