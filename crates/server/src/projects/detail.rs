//! A project, with its client and who manages it.

use domain::Kind;
use jiff::Timestamp;
use jiff::civil::Date;

use super::Project;
use crate::entities::{Entity, View};
use crate::store::row;

row! {
    pub struct Detail {
        pub id: i64,
        pub name: String,
        pub brief: Option<String>,
        pub client_id: Option<i64>,
        pub status: Option<String>,
        pub start_date: Option<Date>,
        pub end_date: Option<Date>,
        /// Hours in 1/10,000.
        pub estimated_time: Option<i64>,
        pub archived: Option<bool>,
        pub billable: Option<bool>,
        pub income_type: Option<String>,
        pub pm_id: Option<i64>,
        pub brand_id: Option<i64>,
        pub product_id: Option<i64>,
        /// The amount in 1/10,000.
        pub estimated: Option<i64>,
        pub fee_id: Option<String>,
        pub contract_id: Option<i64>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
        pub client_name: Option<String>,
        pub pm_first_name: Option<String>,
        pub pm_last_name: Option<String>,
        pub pm_email: Option<String>,
        pub pm_role: Option<i64>,
    }
}

impl View for Detail {
    const KIND: Kind = Project::KIND;
    const READ: &'static str = "projects.read";
    const COLUMNS: &'static str = "t.id, t.name, t.brief, t.client_id, t.status, t.start_date,
        t.end_date, t.estimated_time, t.archived, t.billable, t.income_type, t.pm_id, t.brand_id,
        t.product_id, t.estimated, t.fee_id, t.contract_id, t.created_at, t.updated_at, c.name,
        u.first_name, u.last_name, u.email, u.role_id";
    const JOINS: &'static str = "LEFT JOIN clients c ON c.company_id = t.company_id
            AND c.id = t.client_id
        LEFT JOIN users u ON u.company_id = t.company_id AND u.id = t.pm_id";
}
