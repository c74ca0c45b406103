//! Leaves as COR's Main API shows them: with their type.

use domain::{Kind, Ref};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::app::App;
use crate::entities::View;
use crate::entities::view::{self, Filter};
use crate::references;
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Col, Stop, Tx, params, row};

row! {
    pub struct Shown {
        pub id: i64,
        pub user_id: i64,
        pub leave_type_id: i64,
        /// As sent.
        pub start: String,
        /// As sent.
        pub end: String,
        pub all_day: bool,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
        pub type_name: String,
        pub type_created_at: Timestamp,
        pub type_updated_at: Timestamp,
    }
}

macro_rules! columns {
    () => {
        "t.id, t.user_id, t.leave_type_id, t.start_text, t.end_text, t.all_day, t.created_at,
        t.updated_at, y.name, y.created_at, y.updated_at"
    };
}

macro_rules! joins {
    () => {
        "JOIN leave_types y ON y.company_id = t.company_id AND y.id = t.leave_type_id"
    };
}

impl View for Shown {
    const KIND: Kind = Kind::Leave;
    const READ: &'static str = "leaves.read";
    const COLUMNS: &'static str = columns!();
    const JOINS: &'static str = joins!();
}

/// The leaves of users that end on a day or later, by their start.
pub async fn of_users(
    tx: &mut Tx,
    company: i64,
    users: &[i64],
    from: Date,
) -> store::Result<Vec<Shown>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM {e(user_id bigint)} CROSS JOIN leaves t ",
        joins!(),
        " WHERE t.company_id = $1 AND t.user_id = e.user_id AND t.end_date >= $2
        ORDER BY e.ord, t.start_date, t.id"
    );
    tx.query_batch(sql, params![company, from], &[Col::Int(users)]).await
}

/// Leaves of a user, the latest first: at most `limit` behind the first `skip`.
pub async fn list(
    app: &App,
    scope: Scope,
    user: Ref,
    place: (i64, i64),
) -> Result<Vec<Shown>, Stop<Refusal>> {
    app.store
        .read(Shown::READ, async move |tx: &mut Tx| {
            let user = references::find(tx, &scope, Kind::User, &user).await?;
            let filter = Filter::default().with("t.user_id = ?", user);
            let order = "t.start_date DESC, t.id DESC";
            Ok(view::rows(tx, scope.company, &filter, order, place).await?)
        })
        .await
}
