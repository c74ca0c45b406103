//! Products of brands. One that is deleted stays as history, and no longer shows.

use domain::{Kind, Name, Ref, Text};
use jiff::Timestamp;

use crate::entities::table::{Refers, Then};
use crate::entities::{
    Delete, Entity, Judged, Link, Place, Table, Update, fields, point, refers, set,
};
use crate::store::{Tx, params, row};

row! {
    pub struct Product {
        pub id: i64,
        pub name: String,
        pub client_id: i64,
        pub brand_id: i64,
        pub description: Option<String>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// What a create sends.
#[derive(Clone, Debug)]
pub struct New {
    pub name: Name,
    pub client: Ref,
    pub brand: Ref,
    pub description: Option<Text>,
}

/// What an update sends: `None` keeps, `Some(None)` clears.
#[derive(Clone, Debug)]
pub struct Patch {
    pub name: Option<Name>,
    pub client: Option<Ref>,
    pub brand: Option<Ref>,
    pub description: Option<Option<Text>>,
}

impl Entity for Product {
    const KIND: Kind = Kind::Product;
    const TABLE: Table = Table {
        name: "products",
        soft: true,
        fields: fields![
            "name": Text,
            "client_id": Int,
            "brand_id": Int,
            "description": Text,
        ],
        // Deleted ones hold nobody: they let go of their client and their brand.
        refers: &[
            refers!("product", live "products"."client_id" -> Client),
            refers!("product", live "products"."brand_id" -> Brand),
            Refers {
                to: Kind::Client,
                then: Then::Go(
                    "UPDATE products SET client_id = NULL
                        WHERE company_id = $1 AND client_id = $2 AND deleted_at IS NOT NULL",
                ),
            },
            Refers {
                to: Kind::Brand,
                then: Then::Go(
                    "UPDATE products SET brand_id = NULL
                        WHERE company_id = $1 AND brand_id = $2 AND deleted_at IS NOT NULL",
                ),
            },
        ],
    };
    const CREATE: &'static str = "products.create";
    type New = New;

    fn id(&self) -> i64 {
        self.id
    }

    fn links(new: &New) -> Vec<Link<'_>> {
        vec![
            ("client_id", Kind::Client, Some(&new.client)),
            ("brand_id", Kind::Brand, Some(&new.brand)),
        ]
    }

    async fn insert(
        tx: &mut Tx,
        at: Place,
        new: &New,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "INSERT INTO products (company_id, id, name, client_id, brand_id, description,
                created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING
            RETURNING id, name, client_id, brand_id, description, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            new.name.as_str(),
            linked[0],
            linked[1],
            new.description.as_ref().map(Text::as_str),
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}

impl Update for Product {
    const UPDATE: &'static str = "products.update";
    type Patch = Patch;

    fn patch_links(patch: &Patch) -> Vec<Link<'_>> {
        vec![
            ("client_id", Kind::Client, patch.client.as_ref()),
            ("brand_id", Kind::Brand, patch.brand.as_ref()),
        ]
    }

    fn relink(patch: &mut Patch, field: &str, to: Option<Ref>) -> bool {
        match field {
            "client_id" => point(&mut patch.client, to),
            "brand_id" => point(&mut patch.brand, to),
            _ => false,
        }
    }

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "UPDATE products SET
                name = coalesce($3, name),
                description = CASE WHEN $4 THEN $5 ELSE description END,
                client_id = coalesce($6, client_id),
                brand_id = coalesce($7, brand_id),
                updated_at = $8
            WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL
            RETURNING id, name, client_id, brand_id, description, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            patch.name.as_ref().map(Name::as_str),
            patch.description.is_some(),
            set(&patch.description).map(Text::as_str),
            linked[0],
            linked[1],
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}

impl Delete for Product {
    const DELETE: &'static str = "products.delete";
}
