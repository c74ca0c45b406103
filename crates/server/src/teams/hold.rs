//! Holding a team against others who change who is in it.
//!
//! On PostgreSQL its workspaces are locked in the order of their ids, then the team: whoever
//! attaches, detaches or moves within one workspace stands in line. SQLite has one writer: what
//! it has read stays true.

use crate::store::{self, Col, Stmt, Tx, params};

/// The team's workspace; that, the one it is to go `to`, and the team are held until the commit.
pub async fn hold(
    tx: &mut Tx,
    company: i64,
    team: i64,
    to: Option<i64>,
) -> store::Result<Option<i64>> {
    let gone = || store::Error::changed("the team was changed meanwhile");
    let sql = "SELECT workspace_id FROM teams WHERE company_id = $1 AND id = $2";
    let read: Option<(Option<i64>,)> = tx.query_opt(sql, params![company, team]).await?;
    let (workspace,) = read.ok_or_else(gone)?;
    let mut workspaces: Vec<i64> = workspace.into_iter().chain(to).collect();
    workspaces.sort_unstable();
    // The lock is the one that lets foreign keys still refer to a workspace.
    let held = tx.pick(
        "SELECT w.id FROM {e(id bigint)} CROSS JOIN workspaces w
            WHERE w.company_id = $1 AND w.id = e.id",
        "SELECT w.id FROM {e(id bigint)} CROSS JOIN workspaces w
            WHERE w.company_id = $1 AND w.id = e.id ORDER BY w.id FOR NO KEY UPDATE OF w",
    );
    let teams = tx.pick(
        "SELECT workspace_id FROM teams WHERE company_id = $1 AND id = $2",
        "SELECT workspace_id FROM teams WHERE company_id = $1 AND id = $2 FOR NO KEY UPDATE",
    );
    let batch = [Col::Int(&workspaces)];
    let (_, held): (Vec<(i64,)>, Vec<(Option<i64>,)>) = tx
        .query_pair(
            Stmt::batch(held, params![company], &batch),
            Stmt::new(teams, params![company, team]),
        )
        .await?;
    match held.first() {
        Some((held,)) if *held == workspace => Ok(workspace),
        _ => Err(gone()),
    }
}
