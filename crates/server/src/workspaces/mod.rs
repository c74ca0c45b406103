//! Workspaces, and which share of a user's time each has.

pub mod attach;

use domain::{Kind, Name, Text};
use jiff::Timestamp;

use crate::entities::{Entity, Exists, Link, Place, exists};
use crate::store::{FromRow, Result, Row, Tx, params};

#[derive(Clone, Debug)]
pub struct Workspace {
    pub id: i64,
    pub name: String,
    pub active: bool,
    pub description: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl FromRow for Workspace {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let mut row = row.columns();
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            active: row.take()?,
            description: row.take()?,
            created_at: row.take()?,
            updated_at: row.take()?,
        })
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
    const EXISTS: Exists = exists!("workspaces");
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
