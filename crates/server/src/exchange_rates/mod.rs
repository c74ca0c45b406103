//! Exchange rates: one a day for each currency, to the company's base currency.

use domain::exchange::{Exchange, Taken, Tally, There, judge};
use domain::{Currency, Rate};
use jiff::civil::Date;

use crate::entities::Judged;
use crate::events::data::{Data, Quote, RateOfDay};
use crate::events::{Event, RATES_SYNCED};
use crate::operation::{Operation, Turn};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Col, Stop, Tx, params};

/// What a request asks for.
#[derive(Debug)]
pub struct Sync {
    pub scope: Scope,
    pub rates: Vec<Exchange>,
}

/// Takes exchange rates, each judged by itself. The same rate of a day is there once; another
/// one takes its place.
impl Operation for Sync {
    const NAME: &'static str = "exchange_rates.sync";
    type Outcome = Tally;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Tally> {
        let Self { scope, rates: sent } = self;
        let base = hold(tx, scope.company).await?;
        let there = there(tx, scope.company, sent).await?;
        let (tally, taken) = judge(&base, scope.source, sent, there.clone());
        upsert(tx, scope, &taken, turn.now).await?;
        if !taken.is_empty() {
            let data = Data::Rates(taken.iter().map(|rate| changed(&there, rate)).collect());
            turn.events.push(Event { what: RATES_SYNCED, entity_id: scope.company, data });
        }
        Ok(tally)
    }
}

/// A rate as events tell it.
fn changed(there: &There, rate: &Taken<'_>) -> RateOfDay {
    let quote = |amount: Rate, factor: Rate, rate_type: &str| Quote {
        amount: amount.units(),
        factor: factor.units(),
        rate_type: rate_type.to_owned(),
    };
    let before = there.get(&(rate.currency, rate.day));
    RateOfDay {
        currency: rate.currency.as_str().to_owned(),
        day: rate.day,
        before: before.map(|(amount, factor, rate_type)| quote(*amount, *factor, rate_type)),
        after: quote(rate.amount, rate.factor, rate.rate_type),
    }
}

/// The company's base currency, with the company held until the commit: batches stand in line.
async fn hold(tx: &mut Tx, company: i64) -> store::Result<String> {
    let sql = tx.pick(
        "SELECT base_currency FROM companies WHERE id = $1",
        "SELECT base_currency FROM companies WHERE id = $1 FOR NO KEY UPDATE",
    );
    let found: Option<(String,)> = tx.query_opt(sql, params![company]).await?;
    found.map(|(base,)| base).ok_or_else(|| store::Error::changed("the company is gone"))
}

/// The rates that are there already for the currencies and days of a batch.
async fn there(tx: &mut Tx, company: i64, sent: &[Exchange]) -> store::Result<There> {
    let known = || sent.iter().filter_map(|one| Some((one.currency.as_ref().ok()?, one.day())));
    let currencies: Vec<&str> = known().map(|(currency, _)| currency.as_str()).collect();
    let days: Vec<Date> = known().map(|(_, day)| day).collect();
    let sql = "SELECT r.currency, r.day, r.amount, r.factor, r.rate_type
        FROM {e(currency text, day date)} CROSS JOIN exchange_rates r
        WHERE r.company_id = $1 AND r.currency = e.currency AND r.day = e.day";
    let batch = [Col::Text(&currencies), Col::Date(&days)];
    type Row = (String, Date, i64, i64, String);
    let rows: Vec<Row> = tx.query_batch(sql, params![company], &batch).await?;
    let read = |(currency, day, amount, factor, rate_type): Row| {
        let rate = (Rate::from_units(amount), Rate::from_units(factor), rate_type);
        Some(((Currency::parse(&currency).ok()?, day), rate))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Inserts or replaces rates, in key order.
async fn upsert(
    tx: &mut Tx,
    scope: &Scope,
    taken: &[Taken<'_>],
    now: jiff::Timestamp,
) -> store::Result<()> {
    if taken.is_empty() {
        return Ok(());
    }
    let currencies: Vec<&str> = taken.iter().map(|rate| rate.currency.as_str()).collect();
    let days: Vec<Date> = taken.iter().map(|rate| rate.day).collect();
    let amounts: Vec<i64> = taken.iter().map(|rate| rate.amount.units()).collect();
    let factors: Vec<i64> = taken.iter().map(|rate| rate.factor.units()).collect();
    let types: Vec<&str> = taken.iter().map(|rate| rate.rate_type).collect();
    let sql = "INSERT INTO exchange_rates
            (company_id, currency, day, amount, factor, rate_type, source_id, updated_at)
        SELECT $1, e.currency, e.day, e.amount, e.factor, e.rate_type, $2, $3
        FROM {e(currency text, day date, amount bigint, factor bigint, rate_type text)}
        WHERE true
        ON CONFLICT (company_id, currency, day) DO UPDATE SET amount = excluded.amount,
            factor = excluded.factor, rate_type = excluded.rate_type,
            source_id = excluded.source_id, updated_at = excluded.updated_at";
    let batch = [
        Col::Text(&currencies),
        Col::Date(&days),
        Col::Int(&amounts),
        Col::Int(&factors),
        Col::Text(&types),
    ];
    tx.execute_many(sql, params![scope.company, scope.source.id, now], &batch).await.map(drop)
}

/// Refuses a currency without a rate to the company's base currency.
pub async fn require(tx: &mut Tx, company: i64, currency: Option<&Currency>) -> Judged<()> {
    let Some(currency) = currency else { return Ok(()) };
    let sql = "SELECT c.base_currency, EXISTS (SELECT 1 FROM exchange_rates r
            WHERE r.company_id = c.id AND r.currency = $2)
        FROM companies c WHERE c.id = $1";
    let found: Option<(String, bool)> =
        tx.query_opt(sql, params![company, currency.as_str()]).await?;
    match found {
        Some((base, false)) if base != currency.as_str() => {
            Err(Refusal::NoExchangeRate { currency: *currency, base }.into())
        }
        Some(_) => Ok(()),
        None => Err(Stop::Failed(store::Error::changed("the company is gone"))),
    }
}
