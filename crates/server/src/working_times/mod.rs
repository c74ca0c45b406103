//! Working times: when in the week a user works. A user has at most one.

mod list;
mod set;

use domain::working_time::{Week, WorkingDay};
use domain::{Kind, Ref};
use jiff::Timestamp;

use crate::entities::table::{Refers, Then};
use crate::entities::{Delete, Entity, Judged, Link, Place, Table, fields};
use crate::references;
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Col, Result, Tx, params};

pub use list::{Day, MOST, all};
pub use set::Set;

#[derive(Clone, Debug)]
pub struct WorkingTime {
    pub id: i64,
    pub user_id: i64,
    pub week: Week,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a create sends.
#[derive(Clone, Debug)]
pub struct New {
    pub user: Ref,
    pub week: Week,
}

impl Entity for WorkingTime {
    const KIND: Kind = Kind::WorkingTime;
    const TABLE: Table = Table {
        name: "working_times",
        soft: false,
        fields: fields![
            "user_id": Int,
            // Each as `2 09:00-18:00 60`: the day of the week, from when to when, the minutes of
            // the break. 1 is Sunday. A number from 100 without its first digit has two.
            "days": Text =
                "(SELECT string_agg(d.day_of_week
                        || ' ' || substr(CAST(100 + d.start_minute / 60 AS text), 2)
                        || ':' || substr(CAST(100 + d.start_minute % 60 AS text), 2)
                        || '-' || substr(CAST(100 + d.end_minute / 60 AS text), 2)
                        || ':' || substr(CAST(100 + d.end_minute % 60 AS text), 2)
                        || ' ' || d.break_minutes, ', ' ORDER BY d.day_of_week)
                    FROM working_time_days d
                    WHERE d.company_id = t.company_id AND d.working_time_id = t.id)",
        ],
        refers: &[
            // It says nothing without the user.
            Refers {
                to: Kind::User,
                then: Then::Follow(
                    "SELECT id FROM working_times WHERE company_id = $1 AND user_id = $2",
                ),
            },
            Refers {
                to: Kind::WorkingTime,
                then: Then::Go(
                    "DELETE FROM working_time_days WHERE company_id = $1 AND working_time_id = $2",
                ),
            },
        ],
    };
    const CREATE: &'static str = "working_times.create";
    type New = New;

    fn id(&self) -> i64 {
        self.id
    }

    fn links(new: &New) -> Vec<Link<'_>> {
        vec![("userId", Kind::User, Some(&new.user))]
    }

    async fn insert(
        tx: &mut Tx,
        at: Place,
        new: &New,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "INSERT INTO working_times (company_id, id, user_id, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING
            RETURNING id, user_id, created_at, updated_at";
        let inserted = tx.query_opt(sql, params![at.company, at.id, linked[0], at.now]).await?;
        let Some((id, user_id, created_at, updated_at)) = inserted else { return Ok(None) };
        insert_days(tx, at, new.week.days()).await?;
        Ok(Some(Self { id, user_id, week: new.week.clone(), created_at, updated_at }))
    }

    async fn clash(
        tx: &mut Tx,
        scope: &Scope,
        _: &New,
        linked: &[Option<i64>],
    ) -> Result<Option<Refusal>> {
        let sql = "SELECT id FROM working_times WHERE company_id = $1 AND user_id = $2";
        let Some((owner,)) = tx.query_opt(sql, params![scope.company, linked[0]]).await? else {
            return Ok(None);
        };
        let known = references::of_entity(tx, scope, Kind::WorkingTime, owner).await?;
        Ok(Some(Refusal::DuplicateWorkingTime { known }))
    }
}

async fn insert_days(tx: &mut Tx, at: Place, days: &[WorkingDay]) -> Result<()> {
    let column = |value: fn(&WorkingDay) -> i64| days.iter().map(value).collect::<Vec<i64>>();
    let (day, start) = (column(|one| one.day.get()), column(|one| one.start.minutes()));
    let (end, pause) = (column(|one| one.end.minutes()), column(|one| one.pause.minutes()));
    let sql = "INSERT INTO working_time_days (company_id, working_time_id, day_of_week,
            start_minute, end_minute, break_minutes)
        SELECT $1, $2, e.day_of_week, e.start_minute, e.end_minute, e.break_minutes
        FROM {e(day_of_week bigint, start_minute bigint, end_minute bigint, break_minutes bigint)}";
    let batch = [Col::Int(&day), Col::Int(&start), Col::Int(&end), Col::Int(&pause)];
    tx.execute_many(sql, params![at.company, at.id], &batch).await.map(drop)
}

impl Delete for WorkingTime {
    const DELETE: &'static str = "working_times.delete";
}
