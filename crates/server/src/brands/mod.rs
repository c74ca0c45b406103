//! Brands of clients.

use domain::{Kind, Name, Ref};
use jiff::Timestamp;

use crate::entities::{Delete, Entity, Judged, Link, Place, Table, Update, fields, point, refers};
use crate::store::{Tx, params, row};

row! {
    pub struct Brand {
        pub id: i64,
        pub name: String,
        pub client_id: i64,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// What a create sends.
#[derive(Clone, Debug)]
pub struct New {
    pub name: Name,
    pub client: Ref,
}

/// What an update sends: `None` keeps.
#[derive(Clone, Debug)]
pub struct Patch {
    pub name: Option<Name>,
    pub client: Option<Ref>,
}

impl Entity for Brand {
    const KIND: Kind = Kind::Brand;
    const TABLE: Table = Table {
        name: "brands",
        soft: false,
        fields: fields!["name": Text, "client_id": Int],
        refers: &[refers!("brand", "brands"."client_id" -> Client)],
    };
    const CREATE: &'static str = "brands.create";
    type New = New;

    fn id(&self) -> i64 {
        self.id
    }

    fn links(new: &New) -> Vec<Link<'_>> {
        vec![("client_id", Kind::Client, Some(&new.client))]
    }

    async fn insert(
        tx: &mut Tx,
        at: Place,
        new: &New,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "INSERT INTO brands (company_id, id, name, client_id, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING
            RETURNING id, name, client_id, created_at, updated_at";
        let values = params![at.company, at.id, new.name.as_str(), linked[0], at.now];
        Ok(tx.query_opt(sql, values).await?)
    }
}

impl Update for Brand {
    const UPDATE: &'static str = "brands.update";
    type Patch = Patch;

    fn patch_links(patch: &Patch) -> Vec<Link<'_>> {
        vec![("client_id", Kind::Client, patch.client.as_ref())]
    }

    fn relink(patch: &mut Patch, field: &str, to: Option<Ref>) -> bool {
        field == "client_id" && point(&mut patch.client, to)
    }

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "UPDATE brands SET
                name = coalesce($3, name),
                client_id = coalesce($4, client_id),
                updated_at = $5
            WHERE company_id = $1 AND id = $2
            RETURNING id, name, client_id, created_at, updated_at";
        let name = patch.name.as_ref().map(Name::as_str);
        Ok(tx.query_opt(sql, params![at.company, at.id, name, linked[0], at.now]).await?)
    }
}

impl Delete for Brand {
    const DELETE: &'static str = "brands.delete";
}
