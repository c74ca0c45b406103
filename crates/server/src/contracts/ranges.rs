//! Changing and removing single date ranges, by the ids that they were given.

use domain::range::{DateRange, RangeRefusal};
use domain::{Kind, Period, Ref};

use super::{Assignment, period};
use crate::entities::Judged;
use crate::events::Verb;
use crate::events::data::{Data, Direction, Range};
use crate::operation::{Operation, Turn};
use crate::references::{Wanted, require};
use crate::refusal::{Part, Refusal};
use crate::scope::Scope;
use crate::store::{Tx, params};

/// A date range that a contract has.
#[derive(Clone, Debug)]
pub struct OfContract {
    pub contract_id: i64,
    pub period: Period,
    pub row: Assignment,
}

impl OfContract {
    fn range(&self) -> DateRange {
        DateRange { start: self.row.start, end: self.row.end }
    }

    fn tell(&self, turn: &mut Turn, verb: Verb, direction: Direction) {
        let range = Range { id: self.row.id, user_id: self.row.user_id, range: self.range() };
        turn.tell(Kind::Contract, verb, self.contract_id, Data::Ranges(direction, vec![range]));
    }
}

/// The range with an id, with its contract held until the commit. There is no index by id: the
/// contract's ranges are looked through.
async fn find(tx: &mut Tx, scope: &Scope, contract: &Ref, id: i64) -> Judged<OfContract> {
    let wanted = [Wanted { kind: Kind::Contract, reference: contract, at: None }];
    let contract_id = require(tx, scope, &wanted).await?[0];
    let period = period::hold(tx, scope.company, contract_id).await?;
    let sql = "SELECT id, user_id, start_date, end_date FROM assignments
        WHERE company_id = $1 AND contract_id = $2 AND id = $3";
    let row = tx.query_opt(sql, params![scope.company, contract_id, id]).await?;
    let part = Part::Assignment;
    let missing = || Refusal::NotOfContract { part, contract: contract_id, id: id.to_string() };
    Ok(OfContract { contract_id, period, row: row.ok_or_else(missing)? })
}

/// What a change asks for.
#[derive(Debug)]
pub struct Change {
    pub scope: Scope,
    pub contract: Ref,
    pub id: i64,
    pub range: DateRange,
}

/// Gives a range other bounds. It keeps its id, and the source that put it there.
impl Operation for Change {
    const NAME: &'static str = "contracts.change_range";
    type Outcome = OfContract;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<OfContract> {
        let Self { scope, contract, id, range } = self;
        let mut found = find(tx, scope, contract, *id).await?;
        found.period.admit(*range).map_err(|why| outside(found.period, *range, why))?;
        let old = found.range();
        if *range == old {
            return Ok(found);
        }
        let (company, user) = (scope.company, found.row.user_id);
        let sql = "SELECT id FROM assignments WHERE company_id = $1 AND contract_id = $2
            AND user_id = $3 AND start_date = $4 AND end_date = $5";
        let same = params![company, found.contract_id, user, range.start, range.end];
        if let Some((id,)) = tx.query_opt(sql, same).await? {
            return Err(Refusal::DuplicateRange { id }.into());
        }
        let sql = "UPDATE assignments SET start_date = $6, end_date = $7
            WHERE company_id = $1 AND contract_id = $2 AND user_id = $3 AND start_date = $4
                AND end_date = $5";
        let key =
            params![company, found.contract_id, user, old.start, old.end, range.start, range.end];
        tx.execute(sql, key).await?;
        found.tell(turn, Verb::UsersDetached, Direction::Removed);
        (found.row.start, found.row.end) = (range.start, range.end);
        found.tell(turn, Verb::UsersAttached, Direction::Added);
        Ok(found)
    }
}

/// The refusal of a range that does not lie in the contract's period, by the bound to blame.
fn outside(period: Period, range: DateRange, why: RangeRefusal) -> Refusal {
    let early = period.start.is_some_and(|start| range.start < start);
    let pointer = if early { "/start" } else { "/end" };
    Refusal::Invalid { pointer: pointer.to_owned(), message: why.to_string() }
}

/// What a removal asks for.
#[derive(Debug)]
pub struct Remove {
    pub scope: Scope,
    pub contract: Ref,
    pub id: i64,
}

/// Removes a range.
impl Operation for Remove {
    const NAME: &'static str = "contracts.remove_range";
    /// The range that there was.
    type Outcome = OfContract;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<OfContract> {
        let Self { scope, contract, id } = self;
        let found = find(tx, scope, contract, *id).await?;
        let DateRange { start, end } = found.range();
        let sql = "DELETE FROM assignments WHERE company_id = $1 AND contract_id = $2
            AND user_id = $3 AND start_date = $4 AND end_date = $5";
        let key = params![scope.company, found.contract_id, found.row.user_id, start, end];
        tx.execute(sql, key).await?;
        found.tell(turn, Verb::UsersDetached, Direction::Removed);
        Ok(found)
    }
}
