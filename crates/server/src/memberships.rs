//! Who is in a team or a workspace, and what workspaces a user is in.

use domain::{Kind, Ref, Source};
use jiff::Timestamp;

use crate::entities::Judged;
use crate::references;
use crate::scope::Scope;
use crate::store::{Tx, params, row};

/// A list of memberships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    TeamUsers,
    WorkspaceUsers,
    UserWorkspaces,
}

row! {
    /// A membership as it is stored.
    pub struct Stored {
        /// The relation's id, of a team's; else the other's.
        pub id: i64,
        /// The one at the other end.
        pub other: i64,
        /// The share of the user's time in 1/10,000 percent; 0 for a team.
        pub share: i64,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// A membership, and what sources call the one at the other end, of those that the key may see.
#[derive(Clone, Debug)]
pub struct Membership {
    pub stored: Stored,
    pub references: Vec<(Source, String)>,
}

impl List {
    /// The kind whose list it is, and the kind that is listed.
    fn kinds(self) -> (Kind, Kind) {
        match self {
            Self::TeamUsers => (Kind::Team, Kind::User),
            Self::WorkspaceUsers => (Kind::Workspace, Kind::User),
            Self::UserWorkspaces => (Kind::User, Kind::Workspace),
        }
    }

    fn statement(self) -> &'static str {
        match self {
            Self::TeamUsers => {
                "SELECT id, user_id, CAST(0 AS bigint), created_at, updated_at FROM team_users
                WHERE company_id = $1 AND team_id = $2 AND user_id > $3
                ORDER BY user_id LIMIT $4"
            }
            Self::WorkspaceUsers => {
                "SELECT user_id, user_id, percentage, created_at, updated_at FROM workspace_users
                WHERE company_id = $1 AND workspace_id = $2 AND user_id > $3
                ORDER BY user_id LIMIT $4"
            }
            Self::UserWorkspaces => {
                "SELECT workspace_id, workspace_id, percentage, created_at, updated_at
                FROM workspace_users
                WHERE company_id = $1 AND user_id = $2 AND workspace_id > $3
                ORDER BY workspace_id LIMIT $4"
            }
        }
    }
}

/// The memberships of what a reference names, behind one in the order of ids, at most `limit`.
pub async fn page(
    tx: &mut Tx,
    scope: &Scope,
    list: List,
    of: &Ref,
    after: i64,
    limit: i64,
) -> Judged<Vec<Membership>> {
    let (own, other) = list.kinds();
    let of = references::find(tx, scope, own, of).await?;
    let rows: Vec<Stored> =
        tx.query(list.statement(), params![scope.company, of, after, limit]).await?;
    let others = rows.iter().map(|row| (other.name(), row.other)).collect();
    let mut known = references::of_entities(tx, scope, others).await?;
    let named = |stored: Stored| {
        let references = known.remove(&(other.name(), stored.other)).unwrap_or_default();
        Membership { stored, references }
    };
    Ok(rows.into_iter().map(named).collect())
}
