//! Which ids of ours there are.

use domain::Kind;

use crate::store::{self, Col, Tx, params};

/// The statement for a table. On PostgreSQL the rows are held until the commit, so that nobody
/// deletes what is about to be referred to.
macro_rules! exists {
    ($table:literal) => {
        (
            concat!(
                "SELECT e.ord, t.id FROM {e(id bigint)} CROSS JOIN ",
                $table,
                " t WHERE t.company_id = $1 AND t.id = e.id"
            ),
            concat!(
                "SELECT e.ord, t.id FROM {e(id bigint)} CROSS JOIN ",
                $table,
                " t WHERE t.company_id = $1 AND t.id = e.id ORDER BY t.id FOR KEY SHARE OF t"
            ),
        )
    };
}

/// Which of these ids the company has: `(place counted from 1, id)`. The registration list of
/// the kinds' tables.
pub async fn existing(
    tx: &mut Tx,
    company: i64,
    kind: Kind,
    ids: &[i64],
) -> store::Result<Vec<(i64, i64)>> {
    let (sqlite, postgres) = match kind {
        Kind::Category => exists!("categories"),
        Kind::Client => exists!("clients"),
        Kind::Contract => exists!("contracts"),
        Kind::Position => exists!("positions"),
        Kind::Seniority => exists!("seniorities"),
        Kind::Team => exists!("teams"),
        Kind::User => exists!("users"),
        Kind::Workspace => exists!("workspaces"),
    };
    let sql = tx.pick(sqlite, postgres);
    tx.query_batch(sql, params![company], &[Col::Int(ids)]).await
}
