//! Moving a team, with its members, to another workspace.

use domain::team::TeamRefusal;

use super::hold::hold;
use crate::entities::{Judged, Place};
use crate::refusal::{Misfit, Refusal};
use crate::store::{Tx, params};

/// Moves a team to a workspace, or out of any. Refused as long as a member does not fit there.
pub async fn relocate(tx: &mut Tx, at: Place, to: Option<i64>) -> Judged<()> {
    let from = hold(tx, at.company, at.id, to).await?;
    if from == to {
        return Ok(());
    }
    let misfits = misfits(tx, at, to).await?;
    if !misfits.is_empty() {
        return Err(Refusal::TeamMisfits(misfits).into());
    }
    let values = params![at.company, at.id, to];
    let sql = "UPDATE team_users SET workspace_id = $3 WHERE company_id = $1 AND team_id = $2";
    tx.execute(sql, values).await?;
    let sql = "UPDATE teams SET workspace_id = $3 WHERE company_id = $1 AND id = $2";
    tx.execute(sql, values).await?;
    Ok(())
}

/// The members who are not in the workspace, or in another of its teams.
async fn misfits(tx: &mut Tx, at: Place, to: Option<i64>) -> Judged<Vec<Misfit>> {
    if to.is_none() {
        return Ok(Vec::new());
    }
    let sql = "SELECT f.user_id, f.in_workspace,
            (SELECT r.external_id FROM external_refs r
                WHERE r.company_id = $1 AND r.kind = 'user' AND r.entity_id = f.user_id
                    AND r.source_id = $4
                ORDER BY r.created_at, r.external_id LIMIT 1)
        FROM (SELECT m.user_id,
                EXISTS (SELECT 1 FROM workspace_users w
                    WHERE w.company_id = $1 AND w.user_id = m.user_id AND w.workspace_id = $3)
                    AS in_workspace,
                EXISTS (SELECT 1 FROM team_users o
                    WHERE o.company_id = $1 AND o.user_id = m.user_id AND o.workspace_id = $3)
                    AS in_other_team
            FROM team_users m WHERE m.company_id = $1 AND m.team_id = $2) f
        WHERE NOT f.in_workspace OR f.in_other_team
        ORDER BY f.user_id";
    let values = params![at.company, at.id, to, at.source.id];
    let rows: Vec<(i64, bool, Option<String>)> = tx.query(sql, values).await?;
    let misfit = |(user, in_workspace, external_id)| Misfit {
        user,
        external_id,
        why: match in_workspace {
            true => TeamRefusal::WorkspaceConflict,
            false => TeamRefusal::NotInWorkspace,
        },
    };
    Ok(rows.into_iter().map(misfit).collect())
}
