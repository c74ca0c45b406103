//! Writes that are refused when what the caller saw is no more.

use axum::http::HeaderMap;
use axum::http::header::IF_MATCH;
use domain::Kind;

use super::etag;
use crate::contracts::attach::include;
use crate::contracts::period;
use crate::entities::Judged;
use crate::operation::{Operation, Turn};
use crate::references::named::find_one;
use crate::references::{At, Named};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Sequence, Tx};

/// The ETags that a request names, if it asks to be compared; `*` is any.
#[derive(Debug)]
pub struct Seen(Option<Vec<String>>);

impl Seen {
    pub fn read(headers: &HeaderMap) -> Self {
        let sent = headers.get_all(IF_MATCH).iter().map(|value| value.to_str().unwrap_or_default());
        let tags: Vec<String> =
            sent.flat_map(|text| text.split(',')).map(|tag| tag.trim().to_owned()).collect();
        let any = tags.is_empty() || tags.iter().any(|tag| tag == "*");
        Self((!any).then_some(tags))
    }

    pub fn compares(&self) -> bool {
        self.0.is_some()
    }
}

/// An operation on the ranges of one user on one contract, done only if these are as the caller
/// saw them.
#[derive(Debug)]
pub struct IfMatch<O> {
    pub operation: O,
    pub seen: Seen,
    pub contract: Named,
    pub user: Named,
}

impl<O: Operation> Operation for IfMatch<O> {
    const NAME: &'static str = O::NAME;
    type Outcome = O::Outcome;

    fn scope(&self) -> &Scope {
        self.operation.scope()
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        self.operation.ids()
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<O::Outcome> {
        if let Seen(Some(tags)) = &self.seen {
            let scope = self.scope();
            // The locks of the operations, in their order.
            include(tx, scope.company).await?;
            let contract = find_one(tx, scope, Kind::Contract, &self.contract, None).await?;
            period::hold(tx, scope.company, contract).await?;
            let at = Some(At::Field("user"));
            let user = find_one(tx, scope, Kind::User, &self.user, at).await?;
            if !tags.contains(&etag::of_ranges(tx, scope, contract, user).await?) {
                return Err(Refusal::Stale.into());
            }
        }
        self.operation.run(tx, turn).await
    }
}
