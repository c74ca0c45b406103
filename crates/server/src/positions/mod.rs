//! Positions: what a user does, and what an hour of it costs.

use domain::{Amount, Kind, Name, Ref, Text};
use jiff::Timestamp;

use crate::entities::{Entity, Link, Place};
use crate::store::{Result, Tx, params, row};

row! {
    pub struct Position {
        pub id: i64,
        pub name: String,
        pub category_id: Option<i64>,
        /// An hour's price in 1/10,000.
        pub rate: Option<i64>,
        pub seniority: Option<String>,
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

impl Entity for Position {
    const KIND: Kind = Kind::Position;
    const CREATE: &'static str = "positions.create";
    type New = New;

    fn links(new: &New) -> Vec<Link<'_>> {
        vec![("category_id", Kind::Category, new.category.as_ref())]
    }

    async fn insert(
        tx: &mut Tx,
        at: Place,
        new: &New,
        linked: &[Option<i64>],
    ) -> Result<Option<Self>> {
        let sql = "INSERT INTO positions (company_id, id, name, category_id, rate, seniority,
                created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING
            RETURNING id, name, category_id, rate, seniority, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            new.name.as_str(),
            linked[0],
            new.rate.map(|rate| rate.get().units()),
            new.seniority.as_ref().map(Text::as_str),
            at.now,
        ];
        tx.query_opt(sql, values).await
    }
}
