//! Seniorities: how experienced a user is.

use domain::{Kind, Name};
use jiff::Timestamp;

use crate::entities::{Delete, Entity, Judged, Place, Table, Update};
use crate::store::{Tx, params, row};

row! {
    pub struct Seniority {
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

impl Entity for Seniority {
    const KIND: Kind = Kind::Seniority;
    const TABLE: Table = Table { name: "seniorities", soft: false, refers: &[] };
    const CREATE: &'static str = "seniorities.create";
    type New = New;

    async fn insert(tx: &mut Tx, at: Place, new: &New, _: &[Option<i64>]) -> Judged<Option<Self>> {
        let sql = "INSERT INTO seniorities (company_id, id, name, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING
            RETURNING id, name, created_at, updated_at";
        Ok(tx.query_opt(sql, params![at.company, at.id, new.name.as_str(), at.now]).await?)
    }
}

impl Update for Seniority {
    const UPDATE: &'static str = "seniorities.update";
    type Patch = Patch;

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        _: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "UPDATE seniorities SET name = coalesce($3, name), updated_at = $4
            WHERE company_id = $1 AND id = $2
            RETURNING id, name, created_at, updated_at";
        let name = patch.name.as_ref().map(Name::as_str);
        Ok(tx.query_opt(sql, params![at.company, at.id, name, at.now]).await?)
    }
}

impl Delete for Seniority {
    const DELETE: &'static str = "seniorities.delete";
}
