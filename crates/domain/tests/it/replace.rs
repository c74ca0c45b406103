//! Declaring the ranges that users have on a contract.

use std::collections::{BTreeSet, HashSet};

use domain::range::DateRange;
use domain::replace::{Replaced, Standing, replace};
use jiff::civil::date;
use proptest::collection::{hash_set, vec};
use proptest::prelude::*;

fn days(start: i8, end: i8) -> DateRange {
    DateRange { start: date(2026, 1, start), end: date(2026, 1, end) }
}

fn standing(user_id: i64, (start, end): (i8, i8), own: bool) -> Standing {
    Standing { user_id, range: days(start, end), own }
}

#[test]
fn what_its_source_has_not_declared_goes() {
    let there = [
        standing(1, (1, 5), true),
        standing(1, (6, 9), true),
        standing(1, (10, 12), false),
        standing(2, (1, 5), true),
    ];
    let declared = HashSet::from([(1, days(1, 5)), (1, days(20, 25))]);
    let replaced = replace(&there, &declared, &HashSet::new(), None);
    assert_eq!(replaced, Replaced { removed: vec![1, 3], kept: vec![2] });
    // Nothing of a user of whom something was refused.
    let replaced = replace(&there, &declared, &HashSet::from([2]), None);
    assert_eq!(replaced, Replaced { removed: vec![1], kept: vec![2, 3] });
    // What begins earlier is not spoken of, also when it goes on behind the day.
    let replaced = replace(&there, &HashSet::new(), &HashSet::new(), Some(date(2026, 1, 2)));
    assert_eq!(replaced, Replaced { removed: vec![1], kept: vec![2] });
}

fn range() -> impl Strategy<Value = DateRange> {
    (1..=6i8, 0..4i8).prop_map(|(start, length)| days(start, start + length))
}

proptest! {
    #[test]
    fn a_second_time_changes_nothing(
        there in vec((1..=3i64, range(), any::<bool>()), 0..12),
        declared in hash_set((1..=3i64, range()), 0..8),
        unsure in hash_set(1..=3i64, 0..2),
        from in proptest::option::of((1..=6i8).prop_map(|day| date(2026, 1, day))),
    ) {
        let mut seen = BTreeSet::new();
        let mut there: Vec<Standing> = there.into_iter()
            .filter(|(user, range, _)| seen.insert((*user, *range)))
            .map(|(user_id, range, own)| Standing { user_id, range, own })
            .collect();
        let first = replace(&there, &declared, &unsure, from);
        let removed: HashSet<usize> = first.removed.iter().copied().collect();
        // Others' ranges and declared ones never go.
        for nth in &removed {
            prop_assert!(there[*nth].own);
            prop_assert!(!declared.contains(&(there[*nth].user_id, there[*nth].range)));
        }
        let mut nth = 0;
        there.retain(|_| { nth += 1; !removed.contains(&(nth - 1)) });
        let missing = declared.iter().filter(|one| !seen.contains(*one));
        there.extend(missing.map(|&(user_id, range)| Standing { user_id, range, own: true }));
        let second = replace(&there, &declared, &unsure, from);
        prop_assert_eq!(second.removed, Vec::<usize>::new());
        prop_assert_eq!(second.kept.len(), first.kept.len());
    }
}
