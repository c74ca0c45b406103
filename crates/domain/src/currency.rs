//! Currencies.

/// A currency by its ISO 4217 code, in upper case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// What a valid one looks like, for messages.
    pub const RULE: &'static str = "must be the ISO 4217 code of a currency, such as EUR";

    pub fn parse(code: &str) -> Result<Self, &'static str> {
        match code {
            // "No currency", and the code for tests.
            "XXX" | "XTS" => Err(Self::RULE),
            _ => iso_currency::Currency::from_code(code).map(Self).ok_or(Self::RULE),
        }
    }

    pub fn as_str(&self) -> &'static str {
        self.0.code()
    }
}
