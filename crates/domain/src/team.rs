//! Attaching users to a team: one team of a workspace per user.

use std::collections::HashSet;

/// A user whom a request wants in a team, and where that user stands now.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub user_id: i64,
    /// Already in this very team.
    pub in_team: bool,
    /// In the team's workspace; not looked at when the team has none.
    pub in_workspace: bool,
    /// In another team of the same workspace.
    pub in_other_team: bool,
}

/// Why a user is not taken into a team.
///
/// The codes and names are published by COR; the sentences are Crewline's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TeamRefusal {
    #[error("User is already assigned to this team")]
    AlreadyAssigned,
    #[error("User does not belong to the team's workspace")]
    NotInWorkspace,
    #[error("User already belongs to another team in the same workspace")]
    WorkspaceConflict,
}

impl TeamRefusal {
    pub const fn name(self) -> &'static str {
        match self {
            Self::AlreadyAssigned => "ALREADY_ASSIGNED",
            Self::NotInWorkspace => "NOT_IN_WORKSPACE",
            Self::WorkspaceConflict => "WORKSPACE_CONFLICT",
        }
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::AlreadyAssigned => "UT011",
            Self::NotInWorkspace => "UT012",
            Self::WorkspaceConflict => "UT013",
        }
    }
}

/// Decides about each candidate in request order; the first rule that applies refuses.
/// A team without a workspace has only the first rule.
pub fn judge(has_workspace: bool, candidates: &[Candidate]) -> Vec<Result<i64, TeamRefusal>> {
    let mut seen = HashSet::new();
    candidates
        .iter()
        .map(|candidate| {
            if candidate.in_team || seen.contains(&candidate.user_id) {
                Err(TeamRefusal::AlreadyAssigned)
            } else if has_workspace && !candidate.in_workspace {
                Err(TeamRefusal::NotInWorkspace)
            } else if has_workspace && candidate.in_other_team {
                Err(TeamRefusal::WorkspaceConflict)
            } else {
                seen.insert(candidate.user_id);
                Ok(candidate.user_id)
            }
        })
        .collect()
}
