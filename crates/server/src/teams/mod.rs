//! Teams, and who is in them.

pub mod attach;

use domain::{Kind, Name, Ref, Text};
use jiff::Timestamp;

use crate::entities::{Entity, Link, Place};
use crate::store::{Result, Tx, params, row};

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

impl Entity for Team {
    const KIND: Kind = Kind::Team;
    const CREATE: &'static str = "teams.create";
    type New = New;

    fn links(new: &New) -> Vec<Link<'_>> {
        vec![("workspace_id", Kind::Workspace, new.workspace.as_ref())]
    }

    async fn insert(
        tx: &mut Tx,
        at: Place,
        new: &New,
        linked: &[Option<i64>],
    ) -> Result<Option<Self>> {
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
        tx.query_opt(sql, values).await
    }
}
