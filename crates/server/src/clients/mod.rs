//! Clients: whom contracts are with.

use domain::{Kind, Name, Text};
use jiff::Timestamp;

use crate::entities::{Entity, Link, Place};
use crate::store::{Result, Tx, params, row};

row! {
    pub struct Client {
        pub id: i64,
        pub name: String,
        pub business_name: Option<String>,
        pub email_contact: Option<String>,
        pub name_contact: Option<String>,
        pub last_name_contact: Option<String>,
        pub phone: Option<String>,
        pub website: Option<String>,
        pub description: Option<String>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// What a create sends.
#[derive(Clone, Debug)]
pub struct New {
    pub name: Name,
    pub business_name: Option<Text>,
    pub email_contact: Option<Text>,
    pub name_contact: Option<Text>,
    pub last_name_contact: Option<Text>,
    pub phone: Option<Text>,
    pub website: Option<Text>,
    pub description: Option<Text>,
}

impl Entity for Client {
    const KIND: Kind = Kind::Client;
    const CREATE: &'static str = "clients.create";
    type New = New;

    fn links(_: &New) -> Vec<Link<'_>> {
        Vec::new()
    }

    async fn insert(tx: &mut Tx, at: Place, new: &New, _: &[Option<i64>]) -> Result<Option<Self>> {
        let sql = "INSERT INTO clients (company_id, id, name, business_name, email_contact,
                name_contact, last_name_contact, phone, website, description,
                created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT DO NOTHING
            RETURNING id, name, business_name, email_contact, name_contact, last_name_contact,
                phone, website, description, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            new.name.as_str(),
            new.business_name.as_ref().map(Text::as_str),
            new.email_contact.as_ref().map(Text::as_str),
            new.name_contact.as_ref().map(Text::as_str),
            new.last_name_contact.as_ref().map(Text::as_str),
            new.phone.as_ref().map(Text::as_str),
            new.website.as_ref().map(Text::as_str),
            new.description.as_ref().map(Text::as_str),
            at.now,
        ];
        tx.query_opt(sql, values).await
    }
}
