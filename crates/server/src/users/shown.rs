//! Users as COR's Main API shows them: with their position, and when they will be away.

use std::collections::HashMap;

use domain::Kind;
use jiff::Timestamp;
use jiff::tz::Offset;

use crate::entities::View;
use crate::leaves;
use crate::store::{self, FromRow, Row, Tx, row};

row! {
    pub struct Columns {
        pub id: i64,
        pub first_name: String,
        pub last_name: String,
        pub email: String,
        pub position_id: Option<i64>,
        pub role_id: i64,
        /// Hours a day in 1/10,000.
        pub daily_hours: i64,
        pub plan_id: Option<i64>,
        pub hidden: bool,
        pub position_name: Option<String>,
        pub category_id: Option<i64>,
        pub category_name: Option<String>,
    }
}

/// A user, and its leaves that end today or later, by their start.
#[derive(Clone, Debug)]
pub struct Shown {
    pub user: Columns,
    pub leaves: Vec<leaves::Shown>,
}

impl FromRow for Shown {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Self { user: Columns::from_row(row)?, leaves: Vec::new() })
    }
}

impl View for Shown {
    const KIND: Kind = Kind::User;
    const READ: &'static str = "users.read";
    const COLUMNS: &'static str = "t.id, t.first_name, t.last_name, t.email, t.position_id,
        t.role_id, t.daily_hours, t.plan_id, t.hidden, p.name, c.id, c.name";
    const JOINS: &'static str =
        "LEFT JOIN positions p ON p.company_id = t.company_id AND p.id = t.position_id
        LEFT JOIN categories c ON c.company_id = p.company_id AND c.id = p.category_id";

    async fn complete(
        tx: &mut Tx,
        company: i64,
        rows: &mut [Self],
        now: Timestamp,
    ) -> store::Result<()> {
        let places = rows.iter().enumerate().map(|(place, row)| (row.user.id, place));
        let places: HashMap<i64, usize> = places.collect();
        let ids: Vec<i64> = rows.iter().map(|row| row.user.id).collect();
        let today = Offset::UTC.to_datetime(now).date();
        for leave in leaves::of_users(tx, company, &ids, today).await? {
            if let Some(&place) = places.get(&leave.user_id) {
                rows[place].leaves.push(leave);
            }
        }
        Ok(())
    }
}
