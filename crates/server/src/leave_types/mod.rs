//! Leave types: what a leave is for, such as vacation.

use domain::{Kind, Name};
use jiff::Timestamp;

use crate::entities::{Delete, Entity, Judged, Place, Table, Update};
use crate::store::{Tx, params, row};

row! {
    pub struct LeaveType {
        pub id: i64,
        pub name: String,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// What a create sends.
#[derive(Clone, Debug)]
pub struct New {
    pub name: Name,
}

/// What an update sends: `None` keeps.
#[derive(Clone, Debug)]
pub struct Patch {
    pub name: Option<Name>,
}

impl Entity for LeaveType {
    const KIND: Kind = Kind::LeaveType;
    const TABLE: Table = Table { name: "leave_types", soft: false, refers: &[] };
    const CREATE: &'static str = "leave_types.create";
    type New = New;

    async fn insert(tx: &mut Tx, at: Place, new: &New, _: &[Option<i64>]) -> Judged<Option<Self>> {
        let sql = "INSERT INTO leave_types (company_id, id, name, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING
            RETURNING id, name, created_at, updated_at";
        Ok(tx.query_opt(sql, params![at.company, at.id, new.name.as_str(), at.now]).await?)
    }
}

impl Update for LeaveType {
    const UPDATE: &'static str = "leave_types.update";
    type Patch = Patch;

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        _: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "UPDATE leave_types SET name = coalesce($3, name), updated_at = $4
            WHERE company_id = $1 AND id = $2
            RETURNING id, name, created_at, updated_at";
        let name = patch.name.as_ref().map(Name::as_str);
        Ok(tx.query_opt(sql, params![at.company, at.id, name, at.now]).await?)
    }
}

impl Delete for LeaveType {
    const DELETE: &'static str = "leave_types.delete";
}
