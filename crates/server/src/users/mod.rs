//! Users.

pub mod positions;

use domain::{Email, Hours, Kind, Name, Ref, Role, Text};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::entities::{Delete, Entity, Judged, Link, Place, Table, Update, fields, refers, set};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Result, Tx, params, row};
use crate::{contracts, references};

row! {
    pub struct User {
        pub id: i64,
        pub email: String,
        pub first_name: String,
        pub last_name: String,
        pub phone: Option<String>,
        pub role_id: i64,
        /// Hours a day in 1/10,000.
        pub daily_hours: i64,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// What a create sends.
#[derive(Clone, Debug)]
pub struct New {
    pub email: Email,
    pub first_name: Name,
    pub last_name: Name,
    pub phone: Option<Text>,
    pub position: Option<Text>,
    pub department: Option<Text>,
    pub role: Role,
    pub daily_hours: Hours,
    pub user_position: Option<Ref>,
    pub seniority: Option<Ref>,
}

/// What an update sends: `None` keeps, `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// Only accepted when it is the stored one.
    pub email: Option<Email>,
    pub first_name: Option<Name>,
    pub last_name: Option<Name>,
    pub phone: Option<Option<Text>>,
    pub position: Option<Option<Text>>,
    pub department: Option<Option<Text>>,
    pub role: Option<Role>,
    pub daily_hours: Option<Hours>,
    pub user_position: Option<Option<Ref>>,
    pub seniority: Option<Option<Ref>>,
    pub hourly_rate_effective_from: Option<Date>,
}

impl Entity for User {
    const KIND: Kind = Kind::User;
    const TABLE: Table = Table {
        name: "users",
        soft: false,
        fields: fields![
            "email": Text,
            "first_name": Text,
            "last_name": Text,
            "phone": Text,
            "position": Text,
            "department": Text,
            "role_id": Int,
            "daily_hours": Units,
            "position_id": Int,
            "seniority_id": Int,
            "hourly_rate_effective_from": Date,
        ],
        refers: &[
            refers!("user", "users"."position_id" -> Position),
            refers!("user", "users"."seniority_id" -> Seniority),
        ],
    };
    const CREATE: &'static str = "users.create";
    type New = New;

    fn id(&self) -> i64 {
        self.id
    }

    fn links(new: &New) -> Vec<Link<'_>> {
        vec![
            ("user_position_id", Kind::Position, new.user_position.as_ref()),
            ("seniority_id", Kind::Seniority, new.seniority.as_ref()),
        ]
    }

    async fn insert(
        tx: &mut Tx,
        at: Place,
        new: &New,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let sql = "INSERT INTO users (company_id, id, email, email_key, first_name, last_name,
                phone, position, department, role_id, daily_hours, position_id, seniority_id,
                created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
            ON CONFLICT DO NOTHING
            RETURNING id, email, first_name, last_name, phone, role_id, daily_hours,
                created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            new.email.as_str(),
            new.email.key(),
            new.first_name.as_str(),
            new.last_name.as_str(),
            new.phone.as_ref().map(Text::as_str),
            new.position.as_ref().map(Text::as_str),
            new.department.as_ref().map(Text::as_str),
            new.role.get(),
            new.daily_hours.get().units(),
            linked[0],
            linked[1],
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }

    async fn clash(
        tx: &mut Tx,
        scope: &Scope,
        new: &New,
        _: &[Option<i64>],
    ) -> Result<Option<Refusal>> {
        let sql = "SELECT id FROM users WHERE company_id = $1 AND email_key = $2";
        let values = params![scope.company, new.email.key()];
        let Some((owner,)) = tx.query_opt(sql, values).await? else {
            return Ok(None);
        };
        let known = references::of_entity(tx, scope, Kind::User, owner).await?;
        Ok(Some(Refusal::DuplicateEmail { email: new.email.clone(), known }))
    }
}

impl Update for User {
    const UPDATE: &'static str = "users.update";
    type Patch = Patch;

    fn patch_links(patch: &Patch) -> Vec<Link<'_>> {
        vec![
            ("user_position_id", Kind::Position, set(&patch.user_position)),
            ("seniority_id", Kind::Seniority, set(&patch.seniority)),
        ]
    }

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        if let Some(email) = &patch.email {
            let sql = "SELECT email_key FROM users WHERE company_id = $1 AND id = $2";
            let stored: Option<(String,)> = tx.query_opt(sql, params![at.company, at.id]).await?;
            if stored.is_some_and(|(stored,)| stored != email.key()) {
                let message = "cannot be changed; leave it out or send the stored one";
                let (pointer, message) = ("/email".to_owned(), message.to_owned());
                return Err(Refusal::Invalid { pointer, message }.into());
            }
        }
        let sql = "UPDATE users SET
                first_name = coalesce($3, first_name),
                last_name = coalesce($4, last_name),
                phone = CASE WHEN $5 THEN $6 ELSE phone END,
                position = CASE WHEN $7 THEN $8 ELSE position END,
                department = CASE WHEN $9 THEN $10 ELSE department END,
                role_id = coalesce($11, role_id),
                daily_hours = coalesce($12, daily_hours),
                position_id = CASE WHEN $13 THEN $14 ELSE position_id END,
                seniority_id = CASE WHEN $15 THEN $16 ELSE seniority_id END,
                hourly_rate_effective_from = coalesce($17, hourly_rate_effective_from),
                updated_at = $18
            WHERE company_id = $1 AND id = $2
            RETURNING id, email, first_name, last_name, phone, role_id, daily_hours,
                created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            patch.first_name.as_ref().map(Name::as_str),
            patch.last_name.as_ref().map(Name::as_str),
            patch.phone.is_some(),
            set(&patch.phone).map(Text::as_str),
            patch.position.is_some(),
            set(&patch.position).map(Text::as_str),
            patch.department.is_some(),
            set(&patch.department).map(Text::as_str),
            patch.role.map(Role::get),
            patch.daily_hours.map(|hours| hours.get().units()),
            patch.user_position.is_some(),
            linked[0],
            patch.seniority.is_some(),
            linked[1],
            patch.hourly_rate_effective_from,
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}

impl Delete for User {
    const DELETE: &'static str = "users.delete";

    /// Assignments have no foreign key to users: docs/adr/0004.
    async fn exclude(tx: &mut Tx, company: i64) -> Result<()> {
        contracts::attach::exclude(tx, company).await
    }
}
