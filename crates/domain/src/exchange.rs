//! Exchange rates of a batch: which are taken, which are there already, which are refused.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use crate::{Currency, Moment, Rate, Source};

/// One record of a batch.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The currency, or what was sent instead of one.
    pub currency: Result<Currency, String>,
    /// What it is exchanged to, as sent.
    pub base: String,
    pub amount: Rate,
    pub factor: Rate,
    pub effective: Moment,
    pub last_updated: Option<Moment>,
    pub rate_type: Option<String>,
}

impl Exchange {
    /// The day from which it holds, in UTC.
    pub fn day(&self) -> Date {
        self.effective.utc().date()
    }

    /// The currency, as sent.
    pub fn from(&self) -> &str {
        match &self.currency {
            Ok(currency) => currency.as_str(),
            Err(sent) => sent,
        }
    }
}

/// Why a record is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeRefusal {
    #[error("Currency not found: {0}")]
    UnknownCurrency(String),
    #[error("base_currency must be the company's base currency, {0}")]
    OtherBase(String),
    /// COR's words, to the letter.
    #[error("effective_date and last_updated_datetime must be on the same day")]
    OtherDay,
}

impl ExchangeRefusal {
    /// Names it for who handles refusals; COR publishes no code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownCurrency(_) => "CURRENCY_NOT_FOUND",
            Self::OtherBase(_) => "OTHER_BASE_CURRENCY",
            Self::OtherDay => "DAYS_DIFFER",
        }
    }
}

/// A rate that a batch brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken<'a> {
    pub currency: Currency,
    pub day: Date,
    pub amount: Rate,
    pub factor: Rate,
    /// Empty when none was sent.
    pub rate_type: &'a str,
}

/// Rates that are there: amount, factor and type, by currency and day.
pub type There = HashMap<(Currency, Date), (Rate, Rate, String)>;

/// What came of a batch. Every record is counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub deduplicated: usize,
    pub created: usize,
    pub replaced: usize,
    /// By place in the batch.
    pub refused: Vec<(usize, ExchangeRefusal)>,
}

/// The source whose rates must be updated on the day from which they hold.
const SAME_DAY: &str = "GLOBANT";

/// Judges a batch in its order, given the rates that were there before it. The rates to keep
/// are by currency and day, each once: of several in the batch the last.
pub fn judge<'a>(
    base: &str,
    source: Source,
    batch: &'a [Exchange],
    mut there: There,
) -> (Tally, Vec<Taken<'a>>) {
    let mut tally = Tally::default();
    let mut taken = BTreeMap::new();
    for (nth, one) in batch.iter().enumerate() {
        let currency = match admit(base, source, one) {
            Ok(currency) => currency,
            Err(why) => {
                tally.refused.push((nth, why));
                continue;
            }
        };
        let rate_type = one.rate_type.clone().unwrap_or_default();
        let (day, rate) = (one.day(), (one.amount, one.factor, rate_type));
        match there.insert((currency, day), rate.clone()) {
            Some(same) if same == rate => tally.deduplicated += 1,
            before => {
                match before {
                    Some(_) => tally.replaced += 1,
                    None => tally.created += 1,
                }
                let &Exchange { amount, factor, .. } = one;
                let rate_type = one.rate_type.as_deref().unwrap_or_default();
                let kept = Taken { currency, day, amount, factor, rate_type };
                taken.insert((currency.as_str(), day), kept);
            }
        }
    }
    (tally, taken.into_values().collect())
}

/// The first rule that applies refuses.
fn admit(base: &str, source: Source, one: &Exchange) -> Result<Currency, ExchangeRefusal> {
    let unknown = |sent: &str| ExchangeRefusal::UnknownCurrency(sent.to_owned());
    let currency = one.currency.as_ref().map_err(|sent| unknown(sent))?;
    if Currency::parse(&one.base).is_err() {
        return Err(unknown(&one.base));
    }
    if one.base != base {
        return Err(ExchangeRefusal::OtherBase(base.to_owned()));
    }
    let updated = one.last_updated.as_ref().map(|moment| moment.utc().date());
    if source.name == SAME_DAY && updated.is_some_and(|day| day != one.day()) {
        return Err(ExchangeRefusal::OtherDay);
    }
    Ok(*currency)
}
