//! Workspaces, and which share of a user's time each has.

pub mod assign;
pub mod attach;
pub mod detach;
pub mod unassign;

use domain::{Kind, Name, Text};
use jiff::Timestamp;

use crate::entities::table::{Refers, Then};
use crate::entities::{Entity, Judged, Place, Table, Update, fields, set};
use crate::store::{Tx, params, row};

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

/// What an update sends: `None` keeps, `Some(None)` clears.
#[derive(Clone, Debug)]
pub struct Patch {
    pub name: Option<Name>,
    pub active: Option<bool>,
    pub description: Option<Option<Text>>,
}

impl Entity for Workspace {
    const KIND: Kind = Kind::Workspace;
    const TABLE: Table = Table {
        name: "workspaces",
        soft: false,
        fields: fields!["name": Text, "active": Bool, "description": Text],
        // A share of a user's time goes with the user.
        refers: &[Refers {
            to: Kind::User,
            then: Then::Go("DELETE FROM workspace_users WHERE company_id = $1 AND user_id = $2"),
        }],
    };
    const CREATE: &'static str = "workspaces.create";
    type New = New;

    fn id(&self) -> i64 {
        self.id
    }

    async fn insert(tx: &mut Tx, at: Place, new: &New, _: &[Option<i64>]) -> Judged<Option<Self>> {
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
        Ok(tx.query_opt(sql, values).await?)
    }
}

impl Update for Workspace {
    const UPDATE: &'static str = "workspaces.update";
    type Patch = Patch;

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        _: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "UPDATE workspaces SET
                name = coalesce($3, name),
                active = coalesce($4, active),
                description = CASE WHEN $5 THEN $6 ELSE description END,
                updated_at = $7
            WHERE company_id = $1 AND id = $2
            RETURNING id, name, active, description, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            patch.name.as_ref().map(Name::as_str),
            patch.active,
            patch.description.is_some(),
            set(&patch.description).map(Text::as_str),
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}
