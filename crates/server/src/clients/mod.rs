//! Clients: whom contracts are with.

use domain::{Kind, Label, Name, Text};
use jiff::Timestamp;

use crate::entities::{Delete, Entity, Judged, Place, Table, Update, View, fields, set};
use crate::store::{Tx, params, row};

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
        pub condition: String,
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
    /// `active`, unless something else is said.
    pub condition: Option<Label>,
}

/// What an update sends: `None` keeps, `Some(None)` clears.
#[derive(Clone, Debug)]
pub struct Patch {
    pub name: Option<Name>,
    pub business_name: Option<Option<Text>>,
    pub email_contact: Option<Option<Text>>,
    pub name_contact: Option<Option<Text>>,
    pub last_name_contact: Option<Option<Text>>,
    pub phone: Option<Option<Text>>,
    pub website: Option<Option<Text>>,
    pub description: Option<Option<Text>>,
    pub condition: Option<Label>,
}

impl View for Client {
    const KIND: Kind = Kind::Client;
    const READ: &'static str = "clients.read";
    const COLUMNS: &'static str = "t.id, t.name, t.business_name, t.email_contact, t.name_contact,
        t.last_name_contact, t.phone, t.website, t.description, t.condition, t.created_at,
        t.updated_at";
}

impl Entity for Client {
    const KIND: Kind = Kind::Client;
    const TABLE: Table = Table {
        name: "clients",
        soft: false,
        fields: fields![
            "name": Text,
            "business_name": Text,
            "email_contact": Text,
            "name_contact": Text,
            "last_name_contact": Text,
            "phone": Text,
            "website": Text,
            "description": Text,
            "condition": Text,
        ],
        refers: &[],
    };
    const CREATE: &'static str = "clients.create";
    type New = New;

    fn id(&self) -> i64 {
        self.id
    }

    async fn insert(tx: &mut Tx, at: Place, new: &New, _: &[Option<i64>]) -> Judged<Option<Self>> {
        let sql = "INSERT INTO clients (company_id, id, name, business_name, email_contact,
                name_contact, last_name_contact, phone, website, description, condition, name_key,
                created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, coalesce($11, 'active'), $12, $13,
                $13)
            ON CONFLICT DO NOTHING
            RETURNING id, name, business_name, email_contact, name_contact, last_name_contact,
                phone, website, description, condition, created_at, updated_at";
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
            new.condition.as_ref().map(Label::as_str),
            new.name.key(),
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}

impl Update for Client {
    const UPDATE: &'static str = "clients.update";
    type Patch = Patch;

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        _: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "UPDATE clients SET
                name = coalesce($3, name),
                business_name = CASE WHEN $4 THEN $5 ELSE business_name END,
                email_contact = CASE WHEN $6 THEN $7 ELSE email_contact END,
                name_contact = CASE WHEN $8 THEN $9 ELSE name_contact END,
                last_name_contact = CASE WHEN $10 THEN $11 ELSE last_name_contact END,
                phone = CASE WHEN $12 THEN $13 ELSE phone END,
                website = CASE WHEN $14 THEN $15 ELSE website END,
                description = CASE WHEN $16 THEN $17 ELSE description END,
                condition = coalesce($18, condition),
                name_key = coalesce($19, name_key),
                updated_at = $20
            WHERE company_id = $1 AND id = $2
            RETURNING id, name, business_name, email_contact, name_contact, last_name_contact,
                phone, website, description, condition, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            patch.name.as_ref().map(Name::as_str),
            patch.business_name.is_some(),
            set(&patch.business_name).map(Text::as_str),
            patch.email_contact.is_some(),
            set(&patch.email_contact).map(Text::as_str),
            patch.name_contact.is_some(),
            set(&patch.name_contact).map(Text::as_str),
            patch.last_name_contact.is_some(),
            set(&patch.last_name_contact).map(Text::as_str),
            patch.phone.is_some(),
            set(&patch.phone).map(Text::as_str),
            patch.website.is_some(),
            set(&patch.website).map(Text::as_str),
            patch.description.is_some(),
            set(&patch.description).map(Text::as_str),
            patch.condition.as_ref().map(Label::as_str),
            patch.name.as_ref().map(Name::key),
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}

impl Delete for Client {
    const DELETE: &'static str = "clients.delete";
}
