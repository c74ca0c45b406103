//! Kinds that have nothing but a name.

use domain::Name;

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

/// Declares such a kind: `named! { Category, "categories" }`.
macro_rules! named {
    ($kind:ident, $table:literal) => {
        $crate::store::row! {
            pub struct $kind {
                pub id: i64,
                pub name: String,
                pub created_at: jiff::Timestamp,
                pub updated_at: jiff::Timestamp,
            }
        }

        impl $crate::entities::Entity for $kind {
            const KIND: domain::Kind = domain::Kind::$kind;
            const TABLE: $crate::entities::Table = $crate::entities::Table {
                name: $table,
                soft: false,
                fields: $crate::entities::fields!["name": Text],
                refers: &[],
            };
            const CREATE: &'static str = concat!($table, ".create");
            type New = $crate::entities::named::New;

            fn id(&self) -> i64 {
                self.id
            }

            async fn insert(
                tx: &mut $crate::store::Tx,
                at: $crate::entities::Place,
                new: &Self::New,
                _: &[Option<i64>],
            ) -> $crate::entities::Judged<Option<Self>> {
                let sql = concat!(
                    "INSERT INTO ",
                    $table,
                    " (company_id, id, name, created_at, updated_at)
                    VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING
                    RETURNING id, name, created_at, updated_at"
                );
                let values = $crate::store::params![at.company, at.id, new.name.as_str(), at.now];
                Ok(tx.query_opt(sql, values).await?)
            }
        }

        impl $crate::entities::Update for $kind {
            const UPDATE: &'static str = concat!($table, ".update");
            type Patch = $crate::entities::named::Patch;

            async fn update(
                tx: &mut $crate::store::Tx,
                at: $crate::entities::Place,
                patch: &Self::Patch,
                _: &[Option<i64>],
            ) -> $crate::entities::Judged<Option<Self>> {
                let sql = concat!(
                    "UPDATE ",
                    $table,
                    " SET name = coalesce($3, name), updated_at = $4
                    WHERE company_id = $1 AND id = $2
                    RETURNING id, name, created_at, updated_at"
                );
                let name = patch.name.as_ref().map(domain::Name::as_str);
                let values = $crate::store::params![at.company, at.id, name, at.now];
                Ok(tx.query_opt(sql, values).await?)
            }
        }

        impl $crate::entities::Delete for $kind {
            const DELETE: &'static str = concat!($table, ".delete");
        }
    };
}
pub(crate) use named;
