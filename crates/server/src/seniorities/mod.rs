//! Seniorities: how experienced a user is.

use domain::{Kind, Name};
use jiff::Timestamp;

use crate::entities::{Entity, Link, Place};
use crate::store::{Result, Tx, params, row};

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

impl Entity for Seniority {
    const KIND: Kind = Kind::Seniority;
    const CREATE: &'static str = "seniorities.create";
    type New = New;

    fn links(_: &New) -> Vec<Link<'_>> {
        Vec::new()
    }

    async fn insert(tx: &mut Tx, at: Place, new: &New, _: &[Option<i64>]) -> Result<Option<Self>> {
        let sql = "INSERT INTO seniorities (company_id, id, name, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING
            RETURNING id, name, created_at, updated_at";
        tx.query_opt(sql, params![at.company, at.id, new.name.as_str(), at.now]).await
    }
}
