//! Looking for assignments: each page looks at so much and no further.

use super::{FIRST_DAY, Position, Sought, Stored};
use crate::store::{self, Tx, params};

/// What a page looks at, so that it takes its time however much there is: contracts for a user,
/// assignments for many.
pub const LOOKED_INTO: i64 = 20_000;

/// Contracts from one on, as many as a page looks into. They are counted before the window is looked
/// at: else a page would read on and on where few have a day in it.
macro_rules! in_contracts {
    ($then:literal) => {
        concat!(
            "SELECT a.id, c.id, c.name, $5, a.start_date, a.end_date, a.source_id FROM (
                SELECT id, name, start_date, end_date FROM contracts
                WHERE company_id = $1 AND id >= $2 AND id <= $10 ORDER BY id LIMIT $9
            ) c CROSS JOIN ",
            $then,
            // Assignments lie in their contract's period: others are not looked for.
            " AND (c.start_date IS NULL OR c.start_date <= $4)
                AND (c.end_date IS NULL OR c.end_date >= $3)
                AND (c.id, a.start_date, a.end_date) > ($2, $6, $7)
            ORDER BY c.id, a.start_date, a.end_date LIMIT $8"
        )
    };
}

/// Of an open end its contract says when it ended.
pub const OF_USER_ON_SQLITE: &str = in_contracts!(
    "assignments a
    WHERE a.company_id = $1 AND a.contract_id = c.id AND a.user_id = $5
        AND a.start_date <= $4 AND a.end_date >= $3"
);

/// The same. `OFFSET 0` keeps the seek in each contract: PostgreSQL would else read all assignments
/// whenever it takes that for cheaper.
pub const OF_USER_ON_POSTGRES: &str = in_contracts!(
    "LATERAL (
        SELECT id, start_date, end_date, source_id FROM assignments
        WHERE company_id = $1 AND contract_id = c.id AND user_id = $5
            AND start_date <= $4 AND end_date >= $3 OFFSET 0
    ) a
    WHERE true"
);

/// The first contract that was not looked into.
const REST: &str = "SELECT id FROM contracts WHERE company_id = $1 AND id >= $2 AND id <= $4
    ORDER BY id LIMIT 1 OFFSET $3";

/// Those of one user: a seek in each contract.
pub async fn of_user(
    tx: &mut Tx,
    sought: &Sought,
    user: i64,
) -> store::Result<(Vec<Stored>, Option<Position>)> {
    let Sought { company, days, after: (contract, _, start, end), last, limit, .. } = *sought;
    let sql = tx.pick(OF_USER_ON_SQLITE, OF_USER_ON_POSTGRES);
    // One more than the page tells whether there is another.
    let (more, from, to) = (limit + 1, days.start, days.end);
    let values = params![company, contract, from, to, user, start, end, more, LOOKED_INTO, last];
    let mut stored: Vec<Stored> = tx.query(sql, values).await?;
    if let Some(next) = cut(&mut stored, limit) {
        return Ok((stored, Some(next)));
    }
    let rest: Option<(i64,)> =
        tx.query_opt(REST, params![company, contract, LOOKED_INTO, last]).await?;
    Ok((stored, rest.map(|(contract,)| (contract, 0, FIRST_DAY, FIRST_DAY))))
}

/// Assignments behind a place, as many as a page looks at, and of them those that are wanted.
const OF_ALL: &str = "SELECT a.id, a.contract_id, c.name, a.user_id, a.start_date, a.end_date,
        a.source_id
    FROM (
        SELECT id, contract_id, user_id, start_date, end_date, source_id FROM assignments
        WHERE company_id = $1 AND (contract_id, user_id, start_date, end_date) > ($2, $3, $4, $5)
            AND contract_id <= $6
        ORDER BY contract_id, user_id, start_date, end_date LIMIT $7
    ) a CROSS JOIN contracts c
    WHERE c.company_id = $1 AND c.id = a.contract_id
        AND a.start_date <= $9 AND a.end_date >= $8
        AND (c.start_date IS NULL OR c.start_date <= $9)
        AND (c.end_date IS NULL OR c.end_date >= $8)
        AND ($10 IS NULL OR EXISTS (SELECT 1 FROM team_users m
            WHERE m.company_id = $1 AND m.team_id = $10 AND m.user_id = a.user_id))
        AND ($11 IS NULL OR EXISTS (SELECT 1 FROM workspace_users w
            WHERE w.company_id = $1 AND w.user_id = a.user_id AND w.workspace_id = $11))
    ORDER BY a.contract_id, a.user_id, a.start_date, a.end_date LIMIT $12";

/// The last one that a page looks at, if it is full.
const LAST: &str = "SELECT contract_id, user_id, start_date, end_date FROM assignments
    WHERE company_id = $1 AND (contract_id, user_id, start_date, end_date) > ($2, $3, $4, $5)
        AND contract_id <= $6
    ORDER BY contract_id, user_id, start_date, end_date LIMIT 1 OFFSET $7";

/// Those of everybody who is in the team and the workspace, on some contract or all: by going
/// through the assignments.
pub async fn of_all(
    tx: &mut Tx,
    sought: &Sought,
) -> store::Result<(Vec<Stored>, Option<Position>)> {
    let Sought { company, team, workspace, days, after, last, limit } = *sought;
    let ((contract, user, start, end), more) = (after, limit + 1);
    let (from, to) = (days.start, days.end);
    let values = params![
        company,
        contract,
        user,
        start,
        end,
        last,
        LOOKED_INTO,
        from,
        to,
        team,
        workspace,
        more
    ];
    let mut stored: Vec<Stored> = tx.query(OF_ALL, values).await?;
    if let Some(next) = cut(&mut stored, limit) {
        return Ok((stored, Some(next)));
    }
    let values = params![company, contract, user, start, end, last, LOOKED_INTO - 1];
    Ok((stored, tx.query_opt(LAST, values).await?))
}

/// Leaves so many, if there are more, and says where they end.
fn cut(stored: &mut Vec<Stored>, limit: i64) -> Option<Position> {
    if stored.len() as i64 <= limit {
        return None;
    }
    stored.pop();
    stored.last().map(|last| (last.contract_id, last.user_id, last.start, last.end))
}
