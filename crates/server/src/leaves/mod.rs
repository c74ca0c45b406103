//! Leaves: when a user is away.

pub mod delete;
mod shown;

use domain::{DateRange, Kind, Moment, Ref, leave};
use jiff::Timestamp;

use crate::entities::{Entity, Judged, Link, Place, Table, Update, fields, refers};
use crate::refusal::Refusal;
use crate::store::{Tx, params, row};

pub use shown::{Shown, list, of_users};

row! {
    pub struct Leave {
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
    }
}

/// What a create sends.
#[derive(Clone, Debug)]
pub struct New {
    pub user: Ref,
    pub leave_type: Ref,
    pub start: Moment,
    pub end: Moment,
    pub all_day: bool,
}

/// What an update sends: every field, but perhaps whether it is all day.
#[derive(Clone, Debug)]
pub struct Patch {
    pub user: Ref,
    pub leave_type: Ref,
    pub start: Moment,
    pub end: Moment,
    pub all_day: Option<bool>,
}

/// The days of a leave.
fn days(start: &Moment, end: &Moment) -> Judged<DateRange> {
    leave::days(start, end).map_err(|message| Refusal::DateRange { field: "end", message }.into())
}

impl Entity for Leave {
    const KIND: Kind = Kind::Leave;
    const TABLE: Table = Table {
        name: "leaves",
        soft: false,
        fields: fields![
            "user_id": Int,
            "leave_type_id": Int,
            "start_text": Text,
            "end_text": Text,
            "start_date": Date,
            "end_date": Date,
            "all_day": Bool,
        ],
        refers: &[
            refers!("leave", "leaves"."user_id" -> User),
            refers!("leave", "leaves"."leave_type_id" -> LeaveType),
        ],
    };
    const CREATE: &'static str = "leaves.create";
    type New = New;

    fn id(&self) -> i64 {
        self.id
    }

    fn links(new: &New) -> Vec<Link<'_>> {
        vec![
            ("userId", Kind::User, Some(&new.user)),
            ("leaveTypeId", Kind::LeaveType, Some(&new.leave_type)),
        ]
    }

    async fn insert(
        tx: &mut Tx,
        at: Place,
        new: &New,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let days = days(&new.start, &new.end)?;
        let sql =
            "INSERT INTO leaves (company_id, id, user_id, leave_type_id, start_text, end_text,
                start_date, end_date, all_day, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) ON CONFLICT DO NOTHING
            RETURNING id, user_id, leave_type_id, start_text, end_text, all_day,
                created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            linked[0],
            linked[1],
            new.start.as_str(),
            new.end.as_str(),
            days.start,
            days.end,
            new.all_day,
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}

impl Update for Leave {
    const UPDATE: &'static str = "leaves.update";
    type Patch = Patch;

    fn patch_links(patch: &Patch) -> Vec<Link<'_>> {
        vec![
            ("userId", Kind::User, Some(&patch.user)),
            ("leaveTypeId", Kind::LeaveType, Some(&patch.leave_type)),
        ]
    }

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let days = days(&patch.start, &patch.end)?;
        let sql = "UPDATE leaves SET user_id = $3, leave_type_id = $4, start_text = $5,
                end_text = $6, start_date = $7, end_date = $8, all_day = coalesce($9, all_day),
                updated_at = $10
            WHERE company_id = $1 AND id = $2
            RETURNING id, user_id, leave_type_id, start_text, end_text, all_day,
                created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            linked[0],
            linked[1],
            patch.start.as_str(),
            patch.end.as_str(),
            days.start,
            days.end,
            patch.all_day,
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}
