//! Who has no assignment.

use domain::{DateRange, Kind, Source};

use super::{Begun, Group, Page, Person};
use crate::app::Shared;
use crate::references;
use crate::scope::Scope;
use crate::store::{self, Tx, sure};

/// A user that is on no contract.
#[derive(Clone, Debug)]
pub struct Free {
    pub user: Person,
    pub references: Vec<(Source, String)>,
}

/// Who has no assignment on any day of a window, by user, behind `after`, at most `limit`.
pub async fn list(
    app: Shared,
    scope: Scope,
    window: DateRange,
    after: i64,
    limit: usize,
) -> store::Result<Page<Free>> {
    let listed = app.store.read("bench.list", async move |tx: &mut Tx| {
        let (begun, mut after, mut free) = (Begun::now(), after, Vec::new());
        let next = loop {
            let Some(mut group) = Group::after(tx, scope.company, after, window).await? else {
                break None;
            };
            for user in std::mem::take(&mut group.people) {
                if free.len() >= limit {
                    break;
                }
                after = user.id;
                // An open range may have ended with its contract.
                let on = group.of(after).into_iter().any(|one| one.ends >= window.start);
                if !on {
                    free.push(user);
                }
            }
            if free.len() >= limit || !begun.goes_on() {
                break Some(after);
            }
        };
        let users = free.iter().map(|user| (Kind::User.name(), user.id)).collect();
        let mut known = references::of_entities(tx, &scope, users).await?;
        let called = |user: Person| {
            let references = known.remove(&(Kind::User.name(), user.id)).unwrap_or_default();
            Free { user, references }
        };
        Ok(Page { rows: free.into_iter().map(called).collect(), next })
    });
    sure(listed.await)
}
