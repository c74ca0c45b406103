//! A contract with all that is kept of it.

use domain::Kind;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::entities::View;
use crate::store::row;

row! {
    pub struct Whole {
        pub id: i64,
        pub client_id: i64,
        pub name: String,
        pub kind: Option<String>,
        pub status: Option<String>,
        pub source: Option<String>,
        pub start_date: Option<Date>,
        pub end_date: Option<Date>,
        pub frequency: Option<String>,
        /// An id of COR's.
        pub currency_id: Option<i64>,
        /// ISO 4217; `None`: the company's base currency.
        pub currency: Option<String>,
        /// JSON.
        pub json_integrations: Option<String>,
        pub url: Option<String>,
        pub url_name: Option<String>,
        /// An id of COR's.
        pub user_positions_header_id: Option<i64>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

impl View for Whole {
    const KIND: Kind = Kind::Contract;
    const READ: &'static str = "contracts.read";
    const COLUMNS: &'static str = "t.id, t.client_id, t.name, t.type, t.status, t.source,
        t.start_date, t.end_date, t.frequency, t.currency_id, t.currency, t.json_integrations,
        t.url, t.url_name, t.user_positions_header_id, t.created_at, t.updated_at";
}
