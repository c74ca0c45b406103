//! Declaring the ranges that users have on a contract: what of the old ones goes.

use std::collections::HashSet;

use jiff::civil::Date;

use crate::range::DateRange;

/// A range that a user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub user_id: i64,
    pub range: DateRange,
    /// The one who declares put it there.
    pub own: bool,
}

/// What becomes of ranges that were not declared. Numbers are indices; ranges that begin before
/// the day from which was declared are in neither.
#[derive(Debug, PartialEq, Eq)]
pub struct Replaced {
    pub removed: Vec<usize>,
    pub kept: Vec<usize>,
}

/// Decides about every range that the declared users have. It goes when its own source has not
/// declared it, unless something that was sent for its user was refused (`unsure`).
pub fn replace(
    standing: &[Standing],
    declared: &HashSet<(i64, DateRange)>,
    unsure: &HashSet<i64>,
    from: Option<Date>,
) -> Replaced {
    let mut replaced = Replaced { removed: Vec::new(), kept: Vec::new() };
    for (nth, Standing { user_id, range, own }) in standing.iter().enumerate() {
        let earlier = from.is_some_and(|from| range.start < from);
        if earlier || declared.contains(&(*user_id, *range)) {
            continue;
        }
        match *own && !unsure.contains(user_id) {
            true => replaced.removed.push(nth),
            false => replaced.kept.push(nth),
        }
    }
    replaced
}
