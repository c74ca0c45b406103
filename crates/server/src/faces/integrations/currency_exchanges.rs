//! Exchange rates to the company's base currency.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::exchange::{Exchange, Tally};
use domain::{Currency, Label, Moment, Rate};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, Schema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Metadata, read};
use crate::app::Shared;
use crate::exchange_rates::Sync;
use crate::http::check::Object;
use crate::http::inbox::{Blame, Refusals};
use crate::http::log::Counts;
use crate::http::records::Named;
use crate::http::{self, Caller, Check, JsonBody, Problem, Records, Wire, Write, body, field};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create))
}

/// Records in one request (COR: at most 20).
const RECORDS: usize = 20;

body! {
    struct Create as "CreateCurrencyExchanges" = {
        "metadata": {"source": "GLOBANT"},
        "currency_exchanges": [{
            "foreign_currency": "EUR", "base_currency": "USD", "amount": 110.5, "factor": 1,
            "effective_date": "2025-03-20T02:00:00Z",
            "metadata": {"last_updated_datetime": "2025-03-20T04:00:00Z", "rate_type": "EURX"}
        }]
    } {
        metadata: required Metadata,
        /// At most 20.
        currency_exchanges: required Rates,
    }
}

/// A list of records that is not too long.
struct Rates(Vec<Record>);

impl Wire for Rates {
    const RULE: &'static str = <Vec<Record> as Wire>::RULE;

    fn read(raw: &RawValue, check: &mut Check) -> Option<Self> {
        let records = Vec::read(raw, check)?;
        match records.len() {
            ..=RECORDS => Some(Self(records)),
            more => check.wrong(format!("must be a list of at most {RECORDS} records, not {more}")),
        }
    }

    fn schema() -> RefOr<Schema> {
        let records = ArrayBuilder::new().items(Record::schema()).min_items(Some(1));
        records.max_items(Some(RECORDS)).into()
    }
}

body! {
    /// One rate of one day.
    struct Record as "CurrencyExchange" = {
        "foreign_currency": "EUR", "base_currency": "USD", "amount": 110.5,
        "effective_date": "2025-03-20T02:00:00Z"
    } {
        /// The currency: ISO 4217.
        foreign_currency: required Label,
        /// The company's base currency: ISO 4217.
        base_currency: required Label,
        amount: required Rate,
        /// 1 unless said otherwise.
        factor: optional Rate,
        /// From when it holds. There is one rate a day, by its date in UTC.
        effective_date: required Moment,
        metadata: optional RecordMetadata,
    }
}

body! {
    /// What a record says about itself.
    struct RecordMetadata as "CurrencyExchangeMetadata" = {"rate_type": "EURX"} {
        /// For GLOBANT on the same day as `effective_date`.
        last_updated_datetime: optional Moment,
        rate_type: optional Label,
    }
}

impl Record {
    fn exchange(self) -> Option<Exchange> {
        let sent = self.foreign_currency?;
        let metadata = self.metadata;
        let (last_updated, rate_type) =
            metadata.map_or((None, None), |told| (told.last_updated_datetime, told.rate_type));
        Some(Exchange {
            currency: Currency::parse(sent.as_str()).map_err(|_| sent.as_str().to_owned()),
            base: self.base_currency?.as_str().to_owned(),
            amount: self.amount?,
            factor: self.factor.unwrap_or(Rate::ONE),
            effective: self.effective_date?,
            last_updated,
            rate_type: rate_type.map(|label| label.as_str().to_owned()),
        })
    }
}

/// What came of a batch of exchange rates. Every record is counted once.
#[derive(Serialize, ToSchema)]
#[schema(as = CurrencyExchanged)]
struct Answer {
    /// `success`, `partial` (some were rejected) or `failed` (all were).
    #[schema(example = "success")]
    status: &'static str,
    #[schema(example = 2336)]
    company_id: i64,
    #[schema(example = 2)]
    records_received: usize,
    /// The same rate was there.
    #[schema(example = 1)]
    records_deduplicated: usize,
    #[schema(example = 1)]
    records_created: usize,
    /// Another rate of the same day was there.
    #[schema(example = 0)]
    records_replaced: usize,
    #[schema(example = 0)]
    records_rejected: usize,
    errors: Vec<Rejected>,
}

/// A record that was rejected.
#[derive(Serialize, ToSchema)]
#[schema(as = CurrencyExchangeError)]
struct Rejected {
    #[schema(example = "EUR")]
    from_currency: String,
    #[schema(example = "USD")]
    to_currency: String,
    #[schema(example = "effective_date and last_updated_datetime must be on the same day")]
    message: String,
}

/// Sync exchange rates
///
/// Record by record, in order. The same rate sent again changes nothing; another rate of the
/// same currency and day takes its place.
#[utoipa::path(
    post,
    path = "/v2/integrations/currency-exchanges",
    tag = "currency-exchanges",
    request_body = Create,
    responses(
        (status = 200, description = "What was taken, and what was rejected.", body = Answer),
        (status = 422, description = "Every record was rejected.", body = Answer)
    )
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, Problem> {
    let read = read(&app, &caller, &body, |sent: Create| {
        let records = sent.currency_exchanges?.0.into_iter().map(Record::exchange);
        Some((Metadata::source(sent.metadata)?, records.collect::<Option<Vec<_>>>()?))
    });
    let prepared = read.map(|(scope, rates)| (Sync { scope, rates }, told));
    let records = Records::each("currency_exchanges", by_currency_and_day);
    Ok(Write::of(&app, &caller, &body).records(records).run_each(prepared, refused).await)
}

/// A rate has no id: it is the one of its currency and day.
fn by_currency_and_day(raw: &RawValue) -> Option<Named> {
    let rate = Object::of(raw)?;
    let currency = Label::parse(&field::text(rate.get("foreign_currency")?)?).ok()?;
    let day = Moment::parse(&field::text(rate.get("effective_date")?)?).ok()?.utc().date();
    let name = format!("{} {day}", currency.as_str());
    Some(Named { external_id: name.clone(), name, source: None })
}

/// The records that were rejected.
fn refused(_: &Sync, tally: &Tally) -> Refusals {
    let blame = |why: &domain::exchange::ExchangeRefusal| Blame {
        pointer: String::new(),
        code: why.code(),
        message: why.to_string().into(),
    };
    tally.refused.iter().map(|(nth, why)| (*nth, vec![blame(why)])).collect()
}

fn told(sent: &Sync, tally: Tally) -> http::Answer {
    let answer = Answer::new(sent.scope.company, &sent.rates, tally);
    let status = match answer.status {
        "failed" => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let (received, rejected) = (sent.rates.len(), answer.records_rejected);
    let counts = Counts { received, created: answer.records_created, rejected };
    http::Answer::json(status, &answer).counting(counts)
}

impl Answer {
    fn new(company_id: i64, sent: &[Exchange], tally: Tally) -> Self {
        let rejected = |(nth, why): (usize, domain::exchange::ExchangeRefusal)| Rejected {
            from_currency: sent[nth].from().to_owned(),
            to_currency: sent[nth].base.clone(),
            message: why.to_string(),
        };
        Self {
            status: match tally.refused.len() {
                0 => "success",
                all if all == sent.len() => "failed",
                _ => "partial",
            },
            company_id,
            records_received: sent.len(),
            records_deduplicated: tally.deduplicated,
            records_created: tally.created,
            records_replaced: tally.replaced,
            records_rejected: tally.refused.len(),
            errors: tally.refused.into_iter().map(rejected).collect(),
        }
    }
}
