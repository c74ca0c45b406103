//! Positions as COR's Main API shows them.

use domain::Kind;
use domain::text::folded;

use crate::app::App;
use crate::entities::View;
use crate::store::{self, Tx, params, row};

row! {
    pub struct Shown {
        pub id: i64,
        pub name: String,
        pub category_id: Option<i64>,
        /// An hour's price in 1/10,000.
        pub rate: Option<i64>,
        /// The name of the seniority that is assigned, else free text.
        pub seniority: Option<String>,
    }
}

impl View for Shown {
    const KIND: Kind = Kind::Position;
    const READ: &'static str = "positions.read";
    const COLUMNS: &'static str = "t.id, t.name, t.category_id, t.rate,
        coalesce(s.name, t.seniority)";
    const JOINS: &'static str = "LEFT JOIN position_seniorities ps
            ON ps.company_id = t.company_id AND ps.position_id = t.id
        LEFT JOIN seniorities s ON s.company_id = ps.company_id AND s.id = ps.seniority_id";
}

row! {
    /// A position in its category.
    pub struct InCategory {
        pub id: i64,
        pub name: String,
        pub category_id: i64,
        pub category_name: String,
    }
}

/// So many are told at once.
pub const MOST: i64 = 10_000;

/// How many positions are in a category; and, unless there are too many, all of them, by name of
/// the category and of the position.
pub async fn in_categories(app: &App, company: i64) -> store::Result<(i64, Vec<InCategory>)> {
    let read = app.store.read(Shown::READ, async move |tx: &mut Tx| {
        let sql =
            "SELECT count(*) FROM positions WHERE company_id = $1 AND category_id IS NOT NULL";
        let count: Option<(i64,)> = tx.query_opt(sql, params![company]).await?;
        let count = count.map_or(0, |(count,)| count);
        if count > MOST {
            return Ok((count, Vec::new()));
        }
        let sql = "SELECT p.id, p.name, c.id, c.name FROM positions p
            JOIN categories c ON c.company_id = p.company_id AND c.id = p.category_id
            WHERE p.company_id = $1";
        let mut rows: Vec<InCategory> = tx.query(sql, params![company]).await?;
        // Here, because each engine has an order of its own for texts.
        rows.sort_by_cached_key(|row| {
            (folded(&row.category_name), row.category_id, folded(&row.name), row.id)
        });
        Ok((count, rows))
    });
    store::sure(read.await)
}
