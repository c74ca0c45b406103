//! When all users of a company work.

use crate::app::App;
use crate::store::{self, Tx, params, row};

row! {
    /// A day of the week on which a user works.
    pub struct Day {
        pub user_id: i64,
        pub day_of_week: i64,
        /// Minutes of the day.
        pub start: i64,
        /// Minutes of the day.
        pub end: i64,
        /// Minutes.
        pub pause: i64,
    }
}

/// So many users are told at once.
pub const MOST: i64 = 10_000;

/// How many users have a working time; and, unless there are too many, their days, by user and
/// day.
pub async fn all(app: &App, company: i64) -> store::Result<(i64, Vec<Day>)> {
    let read = app.store.read("working_times.all", async move |tx: &mut Tx| {
        let sql = "SELECT count(*) FROM working_times WHERE company_id = $1";
        let users: Option<(i64,)> = tx.query_opt(sql, params![company]).await?;
        let users = users.map_or(0, |(users,)| users);
        if users > MOST {
            return Ok((users, Vec::new()));
        }
        let sql = "SELECT w.user_id, d.day_of_week, d.start_minute, d.end_minute, d.break_minutes
            FROM working_times w
            JOIN working_time_days d ON d.company_id = w.company_id AND d.working_time_id = w.id
            WHERE w.company_id = $1 ORDER BY w.user_id, d.day_of_week";
        Ok((users, tx.query(sql, params![company]).await?))
    });
    store::sure(read.await)
}
