//! Attaching workspaces to a user, each with its share of the user's time.

use domain::{Kind, Percentage, Ref, Source};
use jiff::Timestamp;

use crate::entities::Judged;
use crate::events::Verb;
use crate::events::data::{Data, Share};
use crate::operation::{Operation, Turn};
use crate::references::{At, Wanted, distinct, require};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Col, FromRow, Row, Stmt, Stop, Tx, params};

/// What a request asks for.
#[derive(Debug)]
pub struct Attach {
    pub scope: Scope,
    pub user: Ref,
    pub workspaces: Vec<(Ref, Percentage)>,
}

/// A user with all its workspaces.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub user_id: i64,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    /// By id.
    pub workspaces: Vec<Membership>,
}

/// A workspace that a user is in.
#[derive(Clone, Debug)]
pub struct Membership {
    pub id: i64,
    pub name: String,
    pub active: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Percent in 1/10,000.
    pub percentage: i64,
    /// What the request's source calls it, else its oldest reference.
    pub reference: Option<(Source, String)>,
}

impl FromRow for Membership {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let mut row = row.columns();
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            active: row.take()?,
            created_at: row.take()?,
            updated_at: row.take()?,
            percentage: row.take()?,
            reference: None,
        })
    }
}

/// Merges workspaces into those of a user: new ones are added, present ones get the new
/// percentage, others stay. All or nothing.
impl Operation for Attach {
    const NAME: &'static str = "workspaces.attach";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let company = self.scope.company;
        let user = Wanted { kind: Kind::User, reference: &self.user, at: None };
        let workspaces = self.workspaces.iter().enumerate().map(|(nth, (reference, _))| {
            let at = Some(At::Element("workspaces", nth, "workspaceId"));
            Wanted { kind: Kind::Workspace, reference, at }
        });
        let wanted: Vec<Wanted<'_>> = std::iter::once(user).chain(workspaces).collect();
        let found = require(tx, &self.scope, &wanted).await?;
        let (user, workspaces) = (found[0], &found[1..]);
        distinct("workspaces", "workspaceId", Kind::Workspace, workspaces)?;
        refuse_inactive(tx, company, workspaces).await?;
        let before = shares(tx, company, user, workspaces).await?;
        let units = self.workspaces.iter().map(|(_, share)| share.get().units());
        let after: Vec<(i64, i64)> = workspaces.iter().copied().zip(units).collect();
        let changed = changes(&before, &after);
        upsert(tx, company, user, after, turn.now).await?;
        if !changed.is_empty() {
            turn.tell(Kind::User, Verb::WorkspacesAttached, user, Data::Shares(changed));
        }
        Ok(read(tx, &self.scope, user).await?)
    }
}

/// Which of these workspaces a user is in, with what share. The user is held until the commit:
/// on PostgreSQL two at once stand in line.
pub(super) async fn shares(
    tx: &mut Tx,
    company: i64,
    user: i64,
    workspaces: &[i64],
) -> store::Result<Vec<(i64, i64)>> {
    let hold = tx.pick(
        "SELECT id FROM users WHERE company_id = $1 AND id = $2",
        "SELECT id FROM users WHERE company_id = $1 AND id = $2 FOR NO KEY UPDATE",
    );
    let sql = "SELECT m.workspace_id, m.percentage
        FROM {e(id bigint)} CROSS JOIN workspace_users m
        WHERE m.company_id = $1 AND m.user_id = $2 AND m.workspace_id = e.id";
    let (values, batch) = (params![company, user], [Col::Int(workspaces)]);
    let (_, shares): (Vec<(i64,)>, Vec<(i64, i64)>) =
        tx.query_pair(Stmt::new(hold, values), Stmt::batch(sql, values, &batch)).await?;
    Ok(shares)
}

/// The shares that become others.
pub(super) fn changes(before: &[(i64, i64)], after: &[(i64, i64)]) -> Vec<Share> {
    let share = |&(workspace_id, after): &(i64, i64)| {
        let before = before.iter().find(|(id, _)| *id == workspace_id).map(|(_, share)| *share);
        Share { workspace_id, before, after: Some(after) }
    };
    after.iter().map(share).filter(|share| share.before != share.after).collect()
}

fn invalid(nth: usize, message: String) -> Stop<Refusal> {
    let pointer = At::Element("workspaces", nth, "workspaceId").pointer();
    Refusal::Invalid { pointer, message }.into()
}

async fn refuse_inactive(
    tx: &mut Tx,
    company: i64,
    workspaces: &[i64],
) -> Result<(), Stop<Refusal>> {
    match inactive(tx, company, workspaces).await?.first() {
        None => Ok(()),
        Some(nth) => Err(invalid(*nth, "names a workspace that is not active".to_owned())),
    }
}

/// Which of these workspaces are not active: their places.
pub(super) async fn inactive(
    tx: &mut Tx,
    company: i64,
    workspaces: &[i64],
) -> store::Result<Vec<usize>> {
    let sql = "SELECT e.ord FROM {e(id bigint)} CROSS JOIN workspaces w
        WHERE w.company_id = $1 AND w.id = e.id AND NOT w.active ORDER BY e.ord";
    let inactive: Vec<(i64,)> =
        tx.query_batch(sql, params![company], &[Col::Int(workspaces)]).await?;
    Ok(inactive.into_iter().filter_map(|(ord,)| usize::try_from(ord - 1).ok()).collect())
}

/// Inserts or updates memberships, in key order.
pub(super) async fn upsert(
    tx: &mut Tx,
    company: i64,
    user: i64,
    mut shares: Vec<(i64, i64)>,
    now: Timestamp,
) -> store::Result<u64> {
    shares.sort_unstable();
    let (workspaces, shares): (Vec<i64>, Vec<i64>) = shares.into_iter().unzip();
    let sql = "INSERT INTO workspace_users
            (company_id, user_id, workspace_id, percentage, created_at, updated_at)
        SELECT $1, $2, e.workspace_id, e.percentage, $3, $3
        FROM {e(workspace_id bigint, percentage bigint)} WHERE true
        ON CONFLICT (company_id, user_id, workspace_id)
            DO UPDATE SET percentage = excluded.percentage, updated_at = excluded.updated_at";
    let batch = [Col::Int(&workspaces), Col::Int(&shares)];
    tx.execute_many(sql, params![company, user, now], &batch).await
}

/// A user with all its workspaces.
pub(super) async fn read(tx: &mut Tx, scope: &Scope, user: i64) -> store::Result<Outcome> {
    let company = scope.company;
    let sql = "SELECT first_name, last_name, email FROM users WHERE company_id = $1 AND id = $2";
    let found: Option<(String, String, String)> = tx.query_opt(sql, params![company, user]).await?;
    let (first_name, last_name, email) =
        found.ok_or_else(|| store::Error::changed("the user was deleted meanwhile"))?;
    let sql = "SELECT w.id, w.name, w.active, w.created_at, w.updated_at, m.percentage
        FROM workspace_users m CROSS JOIN workspaces w
        WHERE m.company_id = $1 AND m.user_id = $2
            AND w.company_id = m.company_id AND w.id = m.workspace_id
        ORDER BY w.id";
    let mut workspaces: Vec<Membership> = tx.query(sql, params![company, user]).await?;
    name(tx, scope, &mut workspaces).await?;
    Ok(Outcome { user_id: user, first_name, last_name, email, workspaces })
}

/// Adds to each workspace what the source calls it, or its oldest reference.
async fn name(tx: &mut Tx, scope: &Scope, workspaces: &mut [Membership]) -> store::Result<()> {
    let ids: Vec<i64> = workspaces.iter().map(|workspace| workspace.id).collect();
    let sql = "SELECT e.ord, r.source_id, r.external_id
        FROM {e(id bigint)} CROSS JOIN external_refs r
        WHERE r.company_id = $1 AND r.kind = 'workspace' AND r.entity_id = e.id
        ORDER BY e.ord, r.created_at, r.source_id, r.external_id";
    let rows: Vec<(i64, i64, String)> =
        tx.query_batch(sql, params![scope.company], &[Col::Int(&ids)]).await?;
    for (ord, source_id, external_id) in rows {
        let place = usize::try_from(ord - 1).ok();
        let workspace = place.and_then(|place| workspaces.get_mut(place));
        let (Some(workspace), Some(named_by)) = (workspace, scope.sources.visible(source_id))
        else {
            continue;
        };
        let named = workspace.reference.as_ref().map(|(source, _)| *source);
        if named.is_none() || (named != Some(scope.source) && named_by == scope.source) {
            workspace.reference = Some((named_by, external_id));
        }
    }
    Ok(())
}
