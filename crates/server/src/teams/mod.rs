//! Teams, and who is in them.

pub mod assign;
pub mod attach;
pub mod detach;
mod hold;
mod relocate;

use domain::{Kind, Name, Ref, Text};
use jiff::Timestamp;

use crate::entities::table::{Refers, Then};
use crate::entities::{
    Delete, Entity, Judged, Link, Place, Table, Update, View, fields, refers, set,
};
use crate::store::{self, Tx, params, row};

row! {
    pub struct Team {
        pub id: i64,
        pub name: String,
        pub description: Option<String>,
        pub workspace_id: Option<i64>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// What a create sends.
#[derive(Clone, Debug)]
pub struct New {
    pub name: Name,
    pub workspace: Option<Ref>,
    pub description: Option<Text>,
}

/// What an update sends: `None` keeps, `Some(None)` clears.
#[derive(Clone, Debug)]
pub struct Patch {
    pub name: Option<Name>,
    pub workspace: Option<Option<Ref>>,
    pub description: Option<Option<Text>>,
}

impl View for Team {
    const KIND: Kind = Kind::Team;
    const READ: &'static str = "teams.read";
    const COLUMNS: &'static str =
        "t.id, t.name, t.description, t.workspace_id, t.created_at, t.updated_at";
}

impl Entity for Team {
    const KIND: Kind = Kind::Team;
    const TABLE: Table = Table {
        name: "teams",
        soft: false,
        fields: fields!["name": Text, "description": Text, "workspace_id": Int],
        // Who is in a team is no more when either is gone.
        refers: &[
            refers!("team", "teams"."workspace_id" -> Workspace),
            Refers {
                to: Kind::Team,
                then: Then::Go("DELETE FROM team_users WHERE company_id = $1 AND team_id = $2"),
            },
            Refers {
                to: Kind::User,
                then: Then::Go("DELETE FROM team_users WHERE company_id = $1 AND user_id = $2"),
            },
        ],
    };
    const CREATE: &'static str = "teams.create";
    type New = New;

    fn id(&self) -> i64 {
        self.id
    }

    fn links(new: &New) -> Vec<Link<'_>> {
        vec![("workspace_id", Kind::Workspace, new.workspace.as_ref())]
    }

    async fn insert(
        tx: &mut Tx,
        at: Place,
        new: &New,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "INSERT INTO teams (company_id, id, name, description, workspace_id,
                created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING
            RETURNING id, name, description, workspace_id, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            new.name.as_str(),
            new.description.as_ref().map(Text::as_str),
            linked[0],
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}

impl Update for Team {
    const UPDATE: &'static str = "teams.update";
    type Patch = Patch;

    fn patch_links(patch: &Patch) -> Vec<Link<'_>> {
        vec![("workspace_id", Kind::Workspace, set(&patch.workspace))]
    }

    /// A team that moves is held behind its workspaces, as in an attach.
    async fn hold(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        linked: &[Option<i64>],
    ) -> store::Result<()> {
        match patch.workspace {
            Some(_) => hold::hold(tx, at.company, at.id, linked[0]).await.map(drop),
            None => Ok(()),
        }
    }

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        if patch.workspace.is_some() {
            relocate::relocate(tx, at, linked[0]).await?;
        }
        let sql = "UPDATE teams SET
                name = coalesce($3, name),
                description = CASE WHEN $4 THEN $5 ELSE description END,
                updated_at = $6
            WHERE company_id = $1 AND id = $2
            RETURNING id, name, description, workspace_id, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            patch.name.as_ref().map(Name::as_str),
            patch.description.is_some(),
            set(&patch.description).map(Text::as_str),
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}

impl Delete for Team {
    const DELETE: &'static str = "teams.delete";
}
