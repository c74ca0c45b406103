//! Taking users off a contract.

use domain::range::DateRange;
use domain::{Kind, Ref};
use jiff::civil::Date;

use super::period;
use crate::entities::Judged;
use crate::events::Verb;
use crate::events::data::{Data, Direction, Range};
use crate::operation::{Operation, Turn};
use crate::references::{At, Wanted, require};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Col, Tx, params};

/// What a request asks for.
#[derive(Debug)]
pub struct Detach {
    pub scope: Scope,
    pub contract: Ref,
    pub users: Vec<Ref>,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    pub contract_id: i64,
    /// In request order, each once.
    pub users: Vec<i64>,
}

/// Takes all ranges of users off a contract: all users, or none if one has no range there.
impl Operation for Detach {
    const NAME: &'static str = "contracts.detach";
    type Outcome = Outcome;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Outcome> {
        let company = self.scope.company;
        let contract = Wanted { kind: Kind::Contract, reference: &self.contract, at: None };
        let users = self.users.iter().enumerate().map(|(nth, reference)| {
            let at = Some(At::Element("users", nth, ""));
            Wanted { kind: Kind::User, reference, at }
        });
        let wanted: Vec<Wanted<'_>> = std::iter::once(contract).chain(users).collect();
        let mut users = require(tx, &self.scope, &wanted).await?;
        let contract_id = users.remove(0);
        period::hold(tx, company, contract_id).await?;
        refuse_unattached(tx, (company, contract_id), &users).await?;
        let sql = "DELETE FROM assignments WHERE company_id = $1 AND contract_id = $2
            AND user_id IN (SELECT e.user_id FROM {e(user_id bigint)})
            RETURNING user_id, start_date, end_date, id";
        let removed: Vec<(i64, Date, Date, i64)> =
            tx.query_batch(sql, params![company, contract_id], &[Col::Int(&users)]).await?;
        turn.tell(Kind::Contract, Verb::UsersDetached, contract_id, ranges(removed));
        let mut seen = std::collections::HashSet::new();
        users.retain(|user| seen.insert(*user));
        Ok(Outcome { contract_id, users })
    }
}

/// The ranges that were removed, in the order of the key.
fn ranges(mut removed: Vec<(i64, Date, Date, i64)>) -> Data {
    removed.sort_unstable();
    let range = |(user_id, start, end, id)| Range { id, user_id, range: DateRange { start, end } };
    Data::Ranges(Direction::Removed, removed.into_iter().map(range).collect())
}

async fn refuse_unattached(
    tx: &mut Tx,
    (company, contract): (i64, i64),
    users: &[i64],
) -> Judged<()> {
    let sql = "SELECT e.ord FROM {e(user_id bigint)}
        WHERE NOT EXISTS (SELECT 1 FROM assignments a
            WHERE a.company_id = $1 AND a.contract_id = $2 AND a.user_id = e.user_id)
        ORDER BY e.ord";
    let missing: Vec<(i64,)> =
        tx.query_batch(sql, params![company, contract], &[Col::Int(users)]).await?;
    match missing.is_empty() {
        true => Ok(()),
        false => {
            Err(Refusal::NotAttached(missing.into_iter().map(|(ord,)| ord - 1).collect()).into())
        }
    }
}
