//! Positions: what a user does, and what an hour of it costs.

pub mod seniority;
mod shown;
mod unique;

use domain::{Amount, Kind, Name, Ref, Text};
use jiff::Timestamp;

use crate::entities::table::{Refers, Then};
use crate::entities::{Delete, Entity, Judged, Link, Place, Table, Update, fields, refers, set};
use crate::store::{Tx, params, row};

pub use shown::{InCategory, MOST, Shown, in_categories};
pub use unique::Unique;

row! {
    pub struct Position {
        pub id: i64,
        pub name: String,
        /// An hour's price in 1/10,000.
        pub rate: Option<i64>,
        /// The name of the seniority that is assigned, else free text.
        pub seniority: Option<String>,
        /// What the request's source calls the category.
        pub category: Option<String>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// What a create sends.
#[derive(Clone, Debug)]
pub struct New {
    pub name: Name,
    pub category: Option<Ref>,
    pub rate: Option<Amount>,
    pub seniority: Option<Text>,
}

/// What an update sends: `None` keeps, `Some(None)` clears.
#[derive(Clone, Debug)]
pub struct Patch {
    pub name: Option<Name>,
    pub category: Option<Option<Ref>>,
    pub rate: Option<Option<Amount>>,
    /// Takes the place of a seniority that is assigned.
    pub seniority: Option<Option<Text>>,
}

/// A position as the request's source sees it.
async fn read(tx: &mut Tx, at: Place) -> Judged<Option<Position>> {
    let sql = "SELECT p.id, p.name, p.rate, coalesce(s.name, p.seniority),
            (SELECT r.external_id FROM external_refs r
                WHERE r.company_id = p.company_id AND r.kind = 'category'
                    AND r.entity_id = p.category_id AND r.source_id = $3
                ORDER BY r.created_at, r.external_id LIMIT 1),
            p.created_at, p.updated_at
        FROM positions p
        LEFT JOIN position_seniorities ps ON ps.company_id = p.company_id AND ps.position_id = p.id
        LEFT JOIN seniorities s ON s.company_id = ps.company_id AND s.id = ps.seniority_id
        WHERE p.company_id = $1 AND p.id = $2";
    Ok(tx.query_opt(sql, params![at.company, at.id, at.source.id]).await?)
}

impl Entity for Position {
    const KIND: Kind = Kind::Position;
    const TABLE: Table = Table {
        name: "positions",
        soft: false,
        fields: fields![
            "name": Text,
            "category_id": Int,
            "rate": Units,
            "seniority": Text,
            // The seniority that is assigned, in place of the text.
            "seniority_id": Int =
                "(SELECT s.seniority_id FROM position_seniorities s
                    WHERE s.company_id = t.company_id AND s.position_id = t.id)",
        ],
        refers: &[
            refers!("position", "positions"."category_id" -> Category),
            refers!("position", "position_seniorities"."seniority_id" -> Seniority),
            Refers {
                to: Kind::Position,
                then: Then::Go(
                    "DELETE FROM position_seniorities WHERE company_id = $1 AND position_id = $2",
                ),
            },
        ],
    };
    const CREATE: &'static str = "positions.create";
    type New = New;

    fn id(&self) -> i64 {
        self.id
    }

    fn links(new: &New) -> Vec<Link<'_>> {
        vec![("category_id", Kind::Category, new.category.as_ref())]
    }

    async fn insert(
        tx: &mut Tx,
        at: Place,
        new: &New,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "INSERT INTO positions (company_id, id, name, category_id, rate, seniority,
                created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING";
        let values = params![
            at.company,
            at.id,
            new.name.as_str(),
            linked[0],
            new.rate.map(|rate| rate.get().units()),
            new.seniority.as_ref().map(Text::as_str),
            at.now,
        ];
        match tx.execute(sql, values).await? {
            0 => Ok(None),
            _ => read(tx, at).await,
        }
    }
}

impl Update for Position {
    const UPDATE: &'static str = "positions.update";
    type Patch = Patch;

    fn patch_links(patch: &Patch) -> Vec<Link<'_>> {
        vec![("category_id", Kind::Category, set(&patch.category))]
    }

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "UPDATE positions SET
                name = coalesce($3, name),
                category_id = CASE WHEN $4 THEN $5 ELSE category_id END,
                rate = CASE WHEN $6 THEN $7 ELSE rate END,
                seniority = CASE WHEN $8 THEN $9 ELSE seniority END,
                updated_at = $10
            WHERE company_id = $1 AND id = $2";
        let values = params![
            at.company,
            at.id,
            patch.name.as_ref().map(Name::as_str),
            patch.category.is_some(),
            linked[0],
            patch.rate.is_some(),
            set(&patch.rate).map(|rate| rate.get().units()),
            patch.seniority.is_some(),
            set(&patch.seniority).map(Text::as_str),
            at.now,
        ];
        // First, because it holds the position against an assignment of a seniority.
        tx.execute(sql, values).await?;
        if patch.seniority.is_some() {
            let sql = "DELETE FROM position_seniorities WHERE company_id = $1 AND position_id = $2";
            tx.execute(sql, params![at.company, at.id]).await?;
        }
        read(tx, at).await
    }
}

impl Delete for Position {
    const DELETE: &'static str = "positions.delete";
}
