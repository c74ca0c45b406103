//! Attaching users to a team: one team of a workspace per user.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use domain::team::TeamRefusal::{AlreadyAssigned, NotInWorkspace, WorkspaceConflict};
use domain::team::{Candidate, TeamRefusal, judge};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

/// In the workspace, and in no team of it.
fn free(user_id: i64) -> Candidate {
    Candidate { user_id, in_team: false, in_workspace: true, in_other_team: false }
}

#[test]
fn a_user_of_the_workspace_without_a_team_there_is_taken() {
    assert_eq!(judge(true, &[free(7)]), [Ok(7)]);
}

#[test]
fn a_user_who_is_in_this_team_is_already_assigned() {
    let there = Candidate { in_team: true, ..free(7) };
    assert_eq!(judge(true, &[there]), [Err(AlreadyAssigned)]);
    assert_eq!(judge(false, &[there]), [Err(AlreadyAssigned)]);
}

#[test]
fn a_user_outside_the_teams_workspace_is_refused() {
    assert_eq!(judge(true, &[Candidate { in_workspace: false, ..free(7) }]), [Err(NotInWorkspace)]);
}

#[test]
fn a_user_in_another_team_of_the_workspace_is_refused() {
    assert_eq!(
        judge(true, &[Candidate { in_other_team: true, ..free(7) }]),
        [Err(WorkspaceConflict)]
    );
}

#[test]
fn a_user_twice_in_one_request_is_taken_once_and_then_already_assigned() {
    assert_eq!(judge(true, &[free(7), free(7)]), [Ok(7), Err(AlreadyAssigned)]);
    assert_eq!(
        judge(false, &[free(7), free(8), free(7), free(7)]),
        [Ok(7), Ok(8), Err(AlreadyAssigned), Err(AlreadyAssigned)]
    );
}

/// Who was refused is not in the team, so the second time says the same.
#[test]
fn a_refused_user_twice_in_one_request_is_refused_twice_for_the_same_reason() {
    let outside = Candidate { in_workspace: false, ..free(7) };
    assert_eq!(judge(true, &[outside, outside]), [Err(NotInWorkspace), Err(NotInWorkspace)]);
    let elsewhere = Candidate { in_other_team: true, ..free(8) };
    assert_eq!(
        judge(true, &[elsewhere, elsewhere]),
        [Err(WorkspaceConflict), Err(WorkspaceConflict)]
    );
}

#[test]
fn a_team_without_a_workspace_asks_for_none() {
    let stranger = Candidate { in_workspace: false, in_other_team: true, ..free(7) };
    assert_eq!(judge(false, &[stranger, stranger]), [Ok(7), Err(AlreadyAssigned)]);
}

/// All eight ways to stand to a team, with a workspace and without.
#[test]
fn the_first_rule_that_applies_refuses_a_user() {
    let both = [false, true];
    for (in_team, in_workspace) in both.into_iter().flat_map(|a| both.map(|b| (a, b))) {
        for in_other_team in both {
            let candidate = Candidate { user_id: 7, in_team, in_workspace, in_other_team };
            let with_workspace = match (in_team, in_workspace, in_other_team) {
                (true, _, _) => Err(AlreadyAssigned),
                (false, false, _) => Err(NotInWorkspace),
                (false, true, true) => Err(WorkspaceConflict),
                (false, true, false) => Ok(7),
            };
            assert_eq!(judge(true, &[candidate]), [with_workspace], "{candidate:?}");
            let without = if in_team { Err(AlreadyAssigned) } else { Ok(7) };
            assert_eq!(judge(false, &[candidate]), [without], "{candidate:?}");
        }
    }
}

#[test]
fn nobody_is_judged_in_an_empty_request() {
    assert_eq!(judge(true, &[]), []);
    assert_eq!(judge(false, &[]), []);
}

#[test]
fn the_refusals_have_their_published_names_codes_and_sentences() {
    let published = [
        (AlreadyAssigned, "ALREADY_ASSIGNED", "UT011", "User is already assigned to this team"),
        (
            NotInWorkspace,
            "NOT_IN_WORKSPACE",
            "UT012",
            "User does not belong to the team's workspace",
        ),
        (
            WorkspaceConflict,
            "WORKSPACE_CONFLICT",
            "UT013",
            "User already belongs to another team in the same workspace",
        ),
    ];
    for (refusal, name, code, message) in published {
        assert_eq!((refusal.name(), refusal.code()), (name, code));
        assert_eq!(refusal.to_string(), message);
    }
}

/// The team of a request.
const THIS: u8 = 0;

/// A workspace: for each of its company's users whether that user is in it, and the user's
/// teams there; or no workspace, and then the teams are any.
#[derive(Clone, Debug)]
struct World {
    has_workspace: bool,
    users: BTreeMap<i64, (bool, BTreeSet<u8>)>,
}

impl World {
    fn judge(&self, request: &[i64]) -> Vec<Result<i64, TeamRefusal>> {
        let candidates: Vec<Candidate> = request
            .iter()
            .map(|&user_id| {
                let (in_workspace, teams) = &self.users[&user_id];
                Candidate {
                    user_id,
                    in_team: teams.contains(&THIS),
                    in_workspace: self.has_workspace && *in_workspace,
                    in_other_team: self.has_workspace && teams.iter().any(|&team| team != THIS),
                }
            })
            .collect();
        judge(self.has_workspace, &candidates)
    }

    /// Puts the users taken into the team; each for the first time.
    fn admit(&mut self, verdicts: &[Result<i64, TeamRefusal>]) -> Result<(), TestCaseError> {
        for user_id in verdicts.iter().flatten() {
            let (_, teams) = self.users.get_mut(user_id).expect("a user of the company");
            prop_assert!(teams.insert(THIS), "user {} is taken twice", user_id);
        }
        Ok(())
    }
}

const USERS: RangeInclusive<i64> = 1..=6;

fn world() -> impl Strategy<Value = World> {
    any::<bool>().prop_flat_map(|has_workspace| {
        // In a workspace a user has one team at most.
        let teams = btree_set(0..3u8, if has_workspace { 0..2 } else { 0..4 });
        vec((any::<bool>(), teams), USERS.count())
            .prop_map(move |users| World { has_workspace, users: USERS.zip(users).collect() })
    })
}

proptest! {
    #[test]
    fn whoever_is_taken_is_taken_once_and_in_no_other_team_of_the_workspace(
        before in world(), request in vec(USERS, 0..12),
    ) {
        let mut after = before.clone();
        after.admit(&before.judge(&request))?;
        if after.has_workspace {
            for (user, (in_workspace, teams)) in &after.users {
                prop_assert!(teams.len() <= 1, "user {} is in {:?}", user, teams);
                let newly = *teams != before.users[user].1;
                prop_assert!(!newly || *in_workspace, "user {} came from outside", user);
            }
        }
    }

    #[test]
    fn each_candidate_is_judged_in_request_order_and_only_by_its_own_standing(
        world in world(), request in vec(USERS, 0..12),
    ) {
        let verdicts = world.judge(&request);
        prop_assert_eq!(verdicts.len(), request.len());
        for (nth, &user_id) in request.iter().enumerate() {
            let alone = world.judge(&[user_id])[0];
            let again = alone.is_ok() && request[..nth].contains(&user_id);
            prop_assert_eq!(verdicts[nth], if again { Err(AlreadyAssigned) } else { alone });
            prop_assert!(verdicts[nth].is_err() || verdicts[nth] == Ok(user_id));
        }
    }

    #[test]
    fn the_same_request_again_takes_nobody(world in world(), request in vec(USERS, 0..12)) {
        let mut after = world.clone();
        after.admit(&world.judge(&request))?;
        prop_assert!(after.judge(&request).iter().all(Result::is_err));
    }
}
