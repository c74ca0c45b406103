//! Workspaces, and which share of a user's time each has.

pub mod attach;

use domain::{Kind, Name, Text};
use jiff::Timestamp;

use crate::entities::{Entity, Link, Place};
use crate::store::{Result, Tx, params, row};

row! {
    pub struct Workspace {
        pub id: i64,
        pub name: String,
        pub active: bool,
        pub description: Option<String>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// What a create sends.
#[derive(Clone, Debug)]
pub struct New {
    pub name: Name,
    pub active: bool,
    pub description: Option<Text>,
}

impl Entity for Workspace {
    const KIND: Kind = Kind::Workspace;
    const CREATE: &'static str = "workspaces.create";
    type New = New;

    fn links(_: &New) -> Vec<Link<'_>> {
        Vec::new()
    }

    async fn insert(tx: &mut Tx, at: Place, new: &New, _: &[Option<i64>]) -> Result<Option<Self>> {
        let sql = "INSERT INTO workspaces (company_id, id, name, active, description,
                created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING
            RETURNING id, name, active, description, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            new.name.as_str(),
            new.active,
            new.description.as_ref().map(Text::as_str),
            at.now,
        ];
        tx.query_opt(sql, values).await
    }
}
