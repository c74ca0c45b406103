//! Users.

pub mod positions;
pub mod search;
mod shown;

use domain::text::folded;
use domain::{Amount, Email, Hours, Kind, MonthlyHours, Name, Plan, Ref, Role, Text};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::entities::{Delete, Entity, Judged, Link, Place, Table, Update, fields, refers, set};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Result, Tx, params, row};
use crate::{contracts, references};

pub use shown::Shown;

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
    pub hourly_rate_effective_from: Option<Date>,
    pub profile: Profile,
}

/// What only COR's Main API says of a user.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub description: Option<Text>,
    pub birthday: Option<Date>,
    pub hourly_rate: Option<Amount>,
    pub monthly_hours: Option<MonthlyHours>,
    pub plan: Option<Plan>,
    pub hidden: bool,
    pub charge_hours: Option<bool>,
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
    pub description: Option<Option<Text>>,
    pub birthday: Option<Option<Date>>,
    pub hourly_rate: Option<Option<Amount>>,
    pub monthly_hours: Option<Option<MonthlyHours>>,
    pub plan: Option<Option<Plan>>,
    pub hidden: Option<bool>,
    pub charge_hours: Option<Option<bool>>,
}

/// The name by which users are searched.
fn name_key(first: &str, last: &str) -> String {
    folded(&format!("{first} {last}"))
}

/// The name by which a user is searched after an update, if it names one; refused when it would
/// change the e-mail.
async fn judge(tx: &mut Tx, at: Place, patch: &Patch) -> Judged<Option<String>> {
    if patch.email.is_none() && patch.first_name.is_none() && patch.last_name.is_none() {
        return Ok(None);
    }
    let sql = "SELECT email_key, first_name, last_name FROM users
        WHERE company_id = $1 AND id = $2";
    let stored = tx.query_opt(sql, params![at.company, at.id]).await?;
    let Some((email, first, last)): Option<(String, String, String)> = stored else {
        return Ok(None);
    };
    if patch.email.as_ref().is_some_and(|sent| sent.key() != email) {
        let message = "cannot be changed; leave it out or send the stored one";
        let (pointer, message) = ("/email".to_owned(), message.to_owned());
        return Err(Refusal::Invalid { pointer, message }.into());
    }
    let first = patch.first_name.as_ref().map_or(&*first, Name::as_str);
    let last = patch.last_name.as_ref().map_or(&*last, Name::as_str);
    Ok(Some(name_key(first, last)))
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
            "description": Text,
            "birthday": Date,
            "hourly_rate": Units,
            "monthly_hours": Units,
            "plan_id": Int,
            "hidden": Bool,
            "charge_hours": Bool,
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
        let profile = &new.profile;
        let sql = "INSERT INTO users (company_id, id, email, email_key, first_name, last_name,
                name_key, phone, position, department, role_id, daily_hours, position_id,
                seniority_id, description, birthday, hourly_rate, monthly_hours, plan_id, hidden,
                charge_hours, hourly_rate_effective_from, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                $18, $19, $20, $21, $22, $23, $23)
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
            name_key(new.first_name.as_str(), new.last_name.as_str()),
            new.phone.as_ref().map(Text::as_str),
            new.position.as_ref().map(Text::as_str),
            new.department.as_ref().map(Text::as_str),
            new.role.get(),
            new.daily_hours.get().units(),
            linked[0],
            linked[1],
            profile.description.as_ref().map(Text::as_str),
            profile.birthday,
            profile.hourly_rate.map(|rate| rate.get().units()),
            profile.monthly_hours.map(|hours| hours.get().units()),
            profile.plan.map(Plan::get),
            profile.hidden,
            profile.charge_hours,
            new.hourly_rate_effective_from,
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

    fn complete(new: &mut New, patch: &Patch) {
        new.hourly_rate_effective_from = patch.hourly_rate_effective_from;
    }

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        let name_key = judge(tx, at, patch).await?;
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
                updated_at = $18,
                name_key = coalesce($19, name_key),
                description = CASE WHEN $20 THEN $21 ELSE description END,
                birthday = CASE WHEN $22 THEN $23 ELSE birthday END,
                hourly_rate = CASE WHEN $24 THEN $25 ELSE hourly_rate END,
                monthly_hours = CASE WHEN $26 THEN $27 ELSE monthly_hours END,
                plan_id = CASE WHEN $28 THEN $29 ELSE plan_id END,
                hidden = coalesce($30, hidden),
                charge_hours = CASE WHEN $31 THEN $32 ELSE charge_hours END
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
            name_key,
            patch.description.is_some(),
            set(&patch.description).map(Text::as_str),
            patch.birthday.is_some(),
            patch.birthday.flatten(),
            patch.hourly_rate.is_some(),
            patch.hourly_rate.flatten().map(|rate| rate.get().units()),
            patch.monthly_hours.is_some(),
            patch.monthly_hours.flatten().map(|hours| hours.get().units()),
            patch.plan.is_some(),
            patch.plan.flatten().map(Plan::get),
            patch.hidden,
            patch.charge_hours.is_some(),
            patch.charge_hours.flatten(),
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
