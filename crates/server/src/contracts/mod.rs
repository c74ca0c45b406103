//! Contracts, and who is on them when.

pub mod attach;
mod list;

use domain::{Amount, Kind, Label, Name, Period, Ref, Text};
use jiff::Timestamp;
use jiff::civil::Date;

pub use list::{Assignment, Page, list};

use crate::entities::{Entity, Link, Place};
use crate::store::{Result, Tx, params, row};

row! {
    pub struct Contract {
        pub id: i64,
        pub name: String,
        pub client_id: i64,
        pub kind: Option<String>,
        pub status: Option<String>,
        pub start_date: Option<Date>,
        pub end_date: Option<Date>,
        /// The amount in 1/10,000.
        pub value: Option<i64>,
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
    pub kind: Option<Label>,
    pub status: Option<Label>,
    pub period: Period,
    pub value: Option<Amount>,
    pub description: Option<Text>,
}

impl Entity for Contract {
    const KIND: Kind = Kind::Contract;
    const CREATE: &'static str = "contracts.create";
    type New = New;

    fn links(new: &New) -> Vec<Link<'_>> {
        vec![("client_id", Kind::Client, Some(&new.client))]
    }

    async fn insert(
        tx: &mut Tx,
        at: Place,
        new: &New,
        linked: &[Option<i64>],
    ) -> Result<Option<Self>> {
        let sql = "INSERT INTO contracts (company_id, id, name, client_id, type, status,
                start_date, end_date, value, description, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT DO NOTHING
            RETURNING id, name, client_id, type, status, start_date, end_date, value,
                description, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            new.name.as_str(),
            linked[0],
            new.kind.as_ref().map(Label::as_str),
            new.status.as_ref().map(Label::as_str),
            new.period.start,
            new.period.end,
            new.value.map(|value| value.get().units()),
            new.description.as_ref().map(Text::as_str),
            at.now,
        ];
        tx.query_opt(sql, values).await
    }
}
