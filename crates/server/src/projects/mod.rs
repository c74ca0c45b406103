//! Projects: what is done for a client, when, and what it earns.

pub mod collaborators;
mod detail;

use domain::{Amount, ExternalId, IncomeType, Kind, Label, Name, Period, Ref, Text};
use jiff::Timestamp;
use jiff::civil::Date;

pub use detail::Detail;

use crate::entities::table::{Refers, Then, existing};
use crate::entities::{Delete, Entity, Judged, Link, Place, Table, Update, fields, refers, set};
use crate::refusal::Refusal;
use crate::store::{self, Tx, params, row};

row! {
    pub struct Project {
        pub id: i64,
        pub name: String,
        pub client_id: Option<i64>,
        pub brief: Option<String>,
        pub start_date: Option<Date>,
        pub end_date: Option<Date>,
        pub pm_id: Option<i64>,
        /// Hours in 1/10,000.
        pub estimated_time: Option<i64>,
        pub billable: Option<bool>,
        pub status: Option<String>,
        /// The amount in 1/10,000.
        pub estimated: Option<i64>,
        pub contract_id: Option<i64>,
        pub work_order: Option<String>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// What a create sends.
#[derive(Clone, Debug)]
pub struct New {
    pub name: Name,
    pub client: Option<Ref>,
    pub brief: Option<Text>,
    pub period: Period,
    pub pm: Option<Ref>,
    pub brand: Option<Ref>,
    pub product: Option<Ref>,
    pub estimated_time: Option<Amount>,
    pub billable: Option<bool>,
    pub status: Option<Label>,
    /// Kept as sent: nothing here creates currencies.
    pub currency_id: Option<ExternalId>,
    pub evaluation_date: Option<Date>,
    pub estimated: Option<Amount>,
    /// Kept as sent: nothing here creates fees.
    pub fee_id: Option<ExternalId>,
    pub contract: Option<Ref>,
    pub deliverables: Option<Text>,
    pub work_order: Option<Text>,
    pub income_type: Option<IncomeType>,
    pub archived: Option<bool>,
}

/// What an update sends: `None` keeps, `Some(None)` clears.
#[derive(Clone, Debug)]
pub struct Patch {
    pub name: Option<Name>,
    pub client: Option<Option<Ref>>,
    pub brief: Option<Option<Text>>,
    pub start_date: Option<Option<Date>>,
    pub end_date: Option<Option<Date>>,
    pub pm: Option<Option<Ref>>,
    pub brand: Option<Option<Ref>>,
    pub product: Option<Option<Ref>>,
    pub estimated_time: Option<Option<Amount>>,
    pub billable: Option<bool>,
    pub status: Option<Option<Label>>,
    pub currency_id: Option<Option<ExternalId>>,
    pub evaluation_date: Option<Option<Date>>,
    pub estimated: Option<Option<Amount>>,
    pub fee_id: Option<Option<ExternalId>>,
    /// Whether `fee_id` also clears one that is no number ([`number`]).
    pub clears_text_fee: bool,
    pub contract: Option<Option<Ref>>,
    pub deliverables: Option<Option<Text>>,
    pub work_order: Option<Option<Text>>,
    pub income_type: Option<Option<IncomeType>>,
    pub archived: Option<bool>,
}

/// A kept id as a number, if it is one.
pub fn number(id: &str) -> Option<i64> {
    id.parse().ok()
}

/// Refuses a period that ends before it begins. An end that was sent is to blame.
fn judge(period: Period, end_sent: bool) -> Judged<()> {
    let (field, message) = match end_sent {
        true => ("end", "end must not be before start"),
        false => ("start", "start must not be after end"),
    };
    match period.ascends() {
        true => Ok(()),
        false => Err(Refusal::DateRange { field, message }.into()),
    }
}

/// Holds the product: a deleted one stays stored, so no foreign key keeps it from being
/// referred to.
async fn hold(tx: &mut Tx, company: i64, product: Option<i64>) -> Judged<()> {
    let Some(product) = product else { return Ok(()) };
    match existing(tx, company, Kind::Product, &[product]).await?.is_empty() {
        true => Err(store::Error::changed("the product was deleted meanwhile").into()),
        false => Ok(()),
    }
}

impl Entity for Project {
    const KIND: Kind = Kind::Project;
    const TABLE: Table = Table {
        name: "projects",
        soft: false,
        fields: fields![
            "name": Text,
            "client_id": Int,
            "brief": Text,
            "start_date": Date,
            "end_date": Date,
            "pm_id": Int,
            "brand_id": Int,
            "product_id": Int,
            "estimated_time": Units,
            "billable": Bool,
            "status": Text,
            "currency_id": Text,
            "evaluation_date": Date,
            "estimated": Units,
            "fee_id": Text,
            "contract_id": Int,
            "deliverables": Text,
            "work_order": Text,
            "income_type": Text,
            "archived": Bool,
        ],
        refers: &[
            refers!("project", "projects"."client_id" -> Client),
            refers!("project", "projects"."pm_id" -> User),
            refers!("project", "projects"."brand_id" -> Brand),
            refers!("project", "projects"."product_id" -> Product),
            refers!("project", "projects"."contract_id" -> Contract),
            // Who collaborates is no more when either is gone.
            Refers {
                to: Kind::Project,
                then: Then::Go(
                    "DELETE FROM project_users WHERE company_id = $1 AND project_id = $2",
                ),
            },
            Refers {
                to: Kind::User,
                then: Then::Go("DELETE FROM project_users WHERE company_id = $1 AND user_id = $2"),
            },
        ],
    };
    const CREATE: &'static str = "projects.create";
    type New = New;

    fn id(&self) -> i64 {
        self.id
    }

    fn links(new: &New) -> Vec<Link<'_>> {
        vec![
            ("client_id", Kind::Client, new.client.as_ref()),
            ("pm_id", Kind::User, new.pm.as_ref()),
            ("brand_id", Kind::Brand, new.brand.as_ref()),
            ("product_id", Kind::Product, new.product.as_ref()),
            ("contract_id", Kind::Contract, new.contract.as_ref()),
        ]
    }

    async fn insert(
        tx: &mut Tx,
        at: Place,
        new: &New,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        judge(new.period, true)?;
        hold(tx, at.company, linked[3]).await?;
        let sql = "INSERT INTO projects (company_id, id, name, client_id, pm_id, brand_id,
                product_id, contract_id, brief, start_date, end_date, estimated_time, billable,
                status, currency_id, evaluation_date, estimated, fee_id, deliverables, work_order,
                income_type, archived, name_key, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                $18, $19, $20, $21, $22, $23, $24, $24)
            ON CONFLICT DO NOTHING
            RETURNING id, name, client_id, brief, start_date, end_date, pm_id, estimated_time,
                billable, status, estimated, contract_id, work_order, created_at, updated_at";
        let values = params![
            at.company,
            at.id,
            new.name.as_str(),
            linked[0],
            linked[1],
            linked[2],
            linked[3],
            linked[4],
            new.brief.as_ref().map(Text::as_str),
            new.period.start,
            new.period.end,
            new.estimated_time.map(|hours| hours.get().units()),
            new.billable,
            new.status.as_ref().map(Label::as_str),
            new.currency_id.as_ref().map(ExternalId::as_str),
            new.evaluation_date,
            new.estimated.map(|amount| amount.get().units()),
            new.fee_id.as_ref().map(ExternalId::as_str),
            new.deliverables.as_ref().map(Text::as_str),
            new.work_order.as_ref().map(Text::as_str),
            new.income_type.map(IncomeType::as_str),
            new.archived,
            new.name.key(),
            at.now,
        ];
        Ok(tx.query_opt(sql, values).await?)
    }
}

/// The statement of an update.
const CHANGE: &str = "UPDATE projects SET
        name = coalesce($3, name),
        client_id = CASE WHEN $4 THEN $5 ELSE client_id END,
        pm_id = CASE WHEN $6 THEN $7 ELSE pm_id END,
        contract_id = CASE WHEN $8 THEN $9 ELSE contract_id END,
        brief = CASE WHEN $10 THEN $11 ELSE brief END,
        start_date = CASE WHEN $12 THEN $13 ELSE start_date END,
        end_date = CASE WHEN $14 THEN $15 ELSE end_date END,
        estimated_time = CASE WHEN $16 THEN $17 ELSE estimated_time END,
        billable = coalesce($18, billable),
        status = CASE WHEN $19 THEN $20 ELSE status END,
        currency_id = CASE WHEN $21 THEN $22 ELSE currency_id END,
        evaluation_date = CASE WHEN $23 THEN $24 ELSE evaluation_date END,
        estimated = CASE WHEN $25 THEN $26 ELSE estimated END,
        fee_id = CASE WHEN $27 THEN $28 ELSE fee_id END,
        deliverables = CASE WHEN $29 THEN $30 ELSE deliverables END,
        work_order = CASE WHEN $31 THEN $32 ELSE work_order END,
        income_type = CASE WHEN $33 THEN $34 ELSE income_type END,
        archived = coalesce($35, archived),
        name_key = coalesce($36, name_key),
        brand_id = CASE WHEN $37 THEN $38 ELSE brand_id END,
        product_id = CASE WHEN $39 THEN $40 ELSE product_id END,
        updated_at = $41
    WHERE company_id = $1 AND id = $2
    RETURNING id, name, client_id, brief, start_date, end_date, pm_id, estimated_time,
        billable, status, estimated, contract_id, work_order, created_at, updated_at";

impl Update for Project {
    const UPDATE: &'static str = "projects.update";
    type Patch = Patch;

    fn patch_links(patch: &Patch) -> Vec<Link<'_>> {
        vec![
            ("client_id", Kind::Client, set(&patch.client)),
            ("pm_id", Kind::User, set(&patch.pm)),
            ("contract_id", Kind::Contract, set(&patch.contract)),
            ("brand_id", Kind::Brand, set(&patch.brand)),
            ("product_id", Kind::Product, set(&patch.product)),
        ]
    }

    fn relink(patch: &mut Patch, field: &str, to: Option<Ref>) -> bool {
        let link = match field {
            "brand_id" => &mut patch.brand,
            "product_id" => &mut patch.product,
            _ => return false,
        };
        *link = Some(to);
        true
    }

    async fn update(
        tx: &mut Tx,
        at: Place,
        patch: &Patch,
        linked: &[Option<i64>],
    ) -> Judged<Option<Self>> {
        if patch.start_date.is_some() || patch.end_date.is_some() {
            let sql = "SELECT start_date, end_date FROM projects WHERE company_id = $1 AND id = $2";
            let stored: Option<(Option<Date>, Option<Date>)> =
                tx.query_opt(sql, params![at.company, at.id]).await?;
            let Some((start, end)) = stored else { return Ok(None) };
            let (start, end) = (patch.start_date.unwrap_or(start), patch.end_date.unwrap_or(end));
            judge(Period { start, end }, patch.end_date.is_some())?;
        }
        let changes_fee = match &patch.fee_id {
            Some(None) if !patch.clears_text_fee => {
                let sql = "SELECT fee_id FROM projects WHERE company_id = $1 AND id = $2";
                let stored: Option<(Option<String>,)> =
                    tx.query_opt(sql, params![at.company, at.id]).await?;
                stored.and_then(|(fee,)| number(&fee?)).is_some()
            }
            sent => sent.is_some(),
        };
        hold(tx, at.company, linked[4]).await?;
        let values = params![
            at.company,
            at.id,
            patch.name.as_ref().map(Name::as_str),
            patch.client.is_some(),
            linked[0],
            patch.pm.is_some(),
            linked[1],
            patch.contract.is_some(),
            linked[2],
            patch.brief.is_some(),
            set(&patch.brief).map(Text::as_str),
            patch.start_date.is_some(),
            patch.start_date.flatten(),
            patch.end_date.is_some(),
            patch.end_date.flatten(),
            patch.estimated_time.is_some(),
            set(&patch.estimated_time).map(|hours| hours.get().units()),
            patch.billable,
            patch.status.is_some(),
            set(&patch.status).map(Label::as_str),
            patch.currency_id.is_some(),
            set(&patch.currency_id).map(ExternalId::as_str),
            patch.evaluation_date.is_some(),
            patch.evaluation_date.flatten(),
            patch.estimated.is_some(),
            set(&patch.estimated).map(|amount| amount.get().units()),
            changes_fee,
            set(&patch.fee_id).map(ExternalId::as_str),
            patch.deliverables.is_some(),
            set(&patch.deliverables).map(Text::as_str),
            patch.work_order.is_some(),
            set(&patch.work_order).map(Text::as_str),
            patch.income_type.is_some(),
            patch.income_type.flatten().map(IncomeType::as_str),
            patch.archived,
            patch.name.as_ref().map(Name::key),
            patch.brand.is_some(),
            linked[3],
            patch.product.is_some(),
            linked[4],
            at.now,
        ];
        Ok(tx.query_opt(CHANGE, values).await?)
    }
}

impl Delete for Project {
    const DELETE: &'static str = "projects.delete";
}
