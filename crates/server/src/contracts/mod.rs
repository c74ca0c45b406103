//! Contracts, and who is on them when.

pub mod assign;
pub mod attach;
pub mod carve;
pub mod delete;
pub mod detach;
mod extra;
mod list;
pub mod period;
pub mod positions;
pub mod ranges;
mod standing;
mod whole;

use domain::{Amount, Currency, Kind, Label, Name, Period, Ref, Text};
use jiff::Timestamp;
use jiff::civil::Date;

pub use extra::Extra;
pub use list::{Assignment, Page, list};
pub use standing::Standing;
pub use whole::Whole;

use crate::entities::table::{Refers, Then};
use crate::entities::{
    Delete, Entity, Judged, Link, Place, Table, Update, fields, point, refers, set,
};
use crate::exchange_rates;
use crate::refusal::Refusal;
use crate::store::{Tx, params, row};

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
    /// What the value is in; `None`: the company's base currency.
    pub currency: Option<Currency>,
    pub description: Option<Text>,
    /// The company that it is meant for: the scope's.
    pub company: Option<i64>,
    pub extra: Extra,
}

/// What an update sends: `None` keeps, `Some(None)` clears.
#[derive(Clone, Debug)]
pub struct Patch {
    pub name: Option<Name>,
    pub client: Option<Ref>,
    pub kind: Option<Option<Label>>,
    pub status: Option<Option<Label>>,
    pub start_date: Option<Option<Date>>,
    pub end_date: Option<Option<Date>>,
    pub value: Option<Option<Amount>>,
    pub currency: Option<Option<Currency>>,
    pub description: Option<Option<Text>>,
    /// The company that it is meant for: the scope's.
    pub company: Option<i64>,
    pub extra: Extra,
}

/// Refuses what is meant for another company.
fn judge_company(at: Place, company: Option<i64>) -> Judged<()> {
    match company.is_none_or(|company| company == at.company) {
        true => Ok(()),
        false => {
            let message = format!("must be {}: the token is this company's", at.company);
            Err(Refusal::Invalid { pointer: "/company_id".to_owned(), message }.into())
        }
    }
}

impl Entity for Contract {
    const KIND: Kind = Kind::Contract;
    const TABLE: Table = Table {
        name: "contracts",
        soft: false,
        fields: fields![
            "name": Text,
            "client_id": Int,
            "type": Text,
            "status": Text,
            "start_date": Date,
            "end_date": Date,
            "value": Units,
            "currency": Text,
            "description": Text,
            "source": Text,
            "frequency": Text,
            "url": Text,
            "url_name": Text,
            "json_integrations": Text,
            "currency_id": Int,
            "user_positions_header_id": Int,
            // Each as `7: position 3, team 5, rate 125000, hours 400000`, both in 1/10,000.
            "positions": Text =
                "(SELECT string_agg(p.id || ': position ' || p.position_id || ', team ' || p.team_id
                        || ', rate ' || p.rate || ', hours ' || p.hours, '; ' ORDER BY p.id)
                    FROM contract_positions p
                    WHERE p.company_id = t.company_id AND p.contract_id = t.id)",
        ],
        refers: &[
            refers!("contract", "contracts"."client_id" -> Client),
            refers!("assignment", "assignments"."contract_id" -> Contract),
            // Assignments are clustered by contract: a seek in each.
            Refers {
                to: Kind::User,
                then: Then::Refuse(
                    "assignment",
                    "SELECT count(*) FROM contracts c CROSS JOIN assignments a
                        WHERE c.company_id = $1 AND a.company_id = $1
                            AND a.contract_id = c.id AND a.user_id = $2",
                ),
            },
            // What an hour of a position in a team costs on a contract goes with any of them: the
            // contract loses it.
            Refers {
                to: Kind::Contract,
                then: Then::Go(
                    "DELETE FROM contract_positions WHERE company_id = $1 AND contract_id = $2",
                ),
            },
            Refers {
                to: Kind::Position,
                then: Then::Lose(
                    "SELECT DISTINCT contract_id FROM contract_positions
                        WHERE company_id = $1 AND position_id = $2 ORDER BY contract_id",
                    "DELETE FROM contract_positions WHERE company_id = $1 AND position_id = $2",
                ),
            },
            Refers {
                to: Kind::Team,
                then: Then::Lose(
                    "SELECT DISTINCT contract_id FROM contract_positions
                        WHERE company_id = $1 AND team_id = $2 ORDER BY contract_id",
                    "DELETE FROM contract_positions WHERE company_id = $1 AND team_id = $2",
                ),
            },
        ],
    };
    const CREATE: &'static str = "contracts.create";
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
        judge_company(at, new.company)?;
        period::judge(new.period, true)?;
        exchange_rates::require(tx, at.company, new.currency.as_ref()).await?;
        let sql = "INSERT INTO contracts (company_id, id, name, client_id, type, status,
                start_date, end_date, value, currency, description, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
            ON CONFLICT DO NOTHING
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
            new.currency.as_ref().map(Currency::as_str),
            new.description.as_ref().map(Text::as_str),
            at.now,
        ];
        let created = tx.query_opt(sql, values).await?;
        if created.is_some() {
            new.extra.write(tx, at).await?;
        }
        Ok(created)
    }
}

impl Update for Contract {
    const UPDATE: &'static str = "contracts.update";
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
        judge_company(at, patch.company)?;
        exchange_rates::require(tx, at.company, set(&patch.currency)).await?;
        period::change(tx, at, patch.start_date, patch.end_date).await?;
        patch.extra.write(tx, at).await?;
        let sql = "UPDATE contracts SET
                name = coalesce($3, name),
                type = CASE WHEN $4 THEN $5 ELSE type END,
                status = CASE WHEN $6 THEN $7 ELSE status END,
                value = CASE WHEN $8 THEN $9 ELSE value END,
                currency = CASE WHEN $10 THEN $11 ELSE currency END,
                description = CASE WHEN $12 THEN $13 ELSE description END,
                client_id = coalesce($14, client_id),
                updated_at = $15
            WHERE company_id = $1 AND id = $2
            RETURNING id, name, client_id, type, status, start_date, end_date, value,
                description, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            patch.name.as_ref().map(Name::as_str),
            patch.kind.is_some(),
            set(&patch.kind).map(Label::as_str),
            patch.status.is_some(),
            set(&patch.status).map(Label::as_str),
            patch.value.is_some(),
            set(&patch.value).map(|value| value.get().units()),
            patch.currency.is_some(),
            set(&patch.currency).map(Currency::as_str),
            patch.description.is_some(),
            set(&patch.description).map(Text::as_str),
            linked[0],
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}

impl Delete for Contract {
    const DELETE: &'static str = "contracts.delete";
}
