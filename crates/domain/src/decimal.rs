//! Exact numbers: amounts, hours and percentages with at most four decimals.

use std::fmt;

/// A number with at most 4 decimals, below 10^11 either way, kept as an integer
/// of 1/10,000 so that sums are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Decimal(i64);

/// 1 in units of 1/10,000.
const ONE: i64 = 10_000;
/// 10^11 in units of 1/10,000.
const LIMIT: i64 = 100_000_000_000 * ONE;

impl Decimal {
    pub const RULE: &'static str =
        "must be a number below 100,000,000,000 with at most 4 decimal places";

    /// All are below it, either way.
    pub const BOUND: Decimal = Decimal(LIMIT);

    /// From the integer of 1/10,000 that rows store.
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// The integer of 1/10,000 that rows store.
    pub const fn units(self) -> i64 {
        self.0
    }

    pub const fn from_whole(whole: i32) -> Self {
        Self(whole as i64 * ONE)
    }

    /// The number without its fraction, if it has none.
    pub const fn whole(self) -> Option<i64> {
        if self.0 % ONE == 0 { Some(self.0 / ONE) } else { None }
    }

    /// Reads a JSON number exactly as it was written; nothing is rounded.
    pub fn parse(number: &str) -> Result<Self, &'static str> {
        let units = exact(number, 4).filter(|units| units.abs() < LIMIT);
        units.map(Self).ok_or(Self::RULE)
    }
}

/// A JSON number in units of 1/10^`places`, if that is what it is, to the digit.
fn exact(number: &str, places: i32) -> Option<i64> {
    let (negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if whole.is_empty() || !digits().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    if digits().all(|digit| digit == b'0') {
        // Whatever the exponent.
        return Some(0);
    }
    let exponent: i32 = exponent.parse().ok()?;
    // The place of a digit, counted in units: 0 is the last decimal.
    let first = exponent.checked_add(i32::try_from(whole.len()).ok()?)?.checked_add(places - 1)?;
    let mut units = 0i64;
    for (nth, digit) in digits().enumerate() {
        let digit = i64::from(digit - b'0');
        if digit == 0 {
            continue;
        }
        let place = u32::try_from(first.checked_sub(i32::try_from(nth).ok()?)?).ok()?;
        units = units.checked_add(digit.checked_mul(10i64.checked_pow(place)?)?)?;
    }
    Some(if negative { -units } else { units })
}

/// The shortest decimal notation; whole numbers have no fraction.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, ONE, 4)
    }
}

/// The shortest notation of so many units, of which `one` with so many `places` make a whole.
fn write(f: &mut fmt::Formatter<'_>, units: i64, one: i64, places: usize) -> fmt::Result {
    let (whole, fraction) = (units.abs() / one, units.abs() % one);
    let sign = if units < 0 { "-" } else { "" };
    if fraction == 0 {
        return write!(f, "{sign}{whole}");
    }
    let fraction = format!("{fraction:0places$}");
    write!(f, "{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

/// Declares a number with bounds of its own.
macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident, $rule:expr, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(Decimal);

        impl $name {
            /// What a valid one looks like, for messages.
            pub const RULE: &'static str = $rule;

            pub fn new(number: Decimal) -> Result<Self, &'static str> {
                let valid: fn(Decimal) -> bool = $valid;
                if valid(number) { Ok(Self(number)) } else { Err(Self::RULE) }
            }

            pub fn parse(number: &str) -> Result<Self, &'static str> {
                Self::new(Decimal::parse(number).map_err(|_| Self::RULE)?)
            }

            pub const fn get(self) -> Decimal {
                self.0
            }
        }
    };
}

bounded!(
    /// An amount of money or an hourly rate.
    Amount,
    Decimal::RULE,
    |_| true
);
bounded!(
    /// A price or a number of hours: at least none.
    Quantity,
    "must be a number from 0, below 100,000,000,000, with at most 4 decimal places",
    |quantity| quantity >= Decimal::from_whole(0)
);
bounded!(
    /// Hours of a day.
    Hours,
    "must be a number from 0 to 24 with at most 4 decimal places",
    |hours| (Decimal::from_whole(0)..=Decimal::from_whole(24)).contains(&hours)
);
bounded!(
    /// Hours of a month.
    MonthlyHours,
    "must be a number from 0 to 744 with at most 4 decimal places",
    |hours| (Decimal::from_whole(0)..=Decimal::from_whole(744)).contains(&hours)
);
bounded!(
    /// The share of a user's time that a workspace has.
    Percentage,
    "must be a number above 0 and up to 100 with at most 4 decimal places",
    |share| share > Decimal::from_whole(0) && share <= Decimal::from_whole(100)
);

impl Hours {
    /// What a user works in a day unless told otherwise.
    pub const DEFAULT: Hours = Hours(Decimal::from_whole(8));
}

/// An exchange rate: above 0, with at most 10 decimals, kept as an integer of 1/10^10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(i64);

impl Rate {
    pub const RULE: &'static str =
        "must be a number above 0 and below 100,000,000 with at most 10 decimal places";

    pub const ONE: Rate = Rate(10_000_000_000);
    /// All are below it.
    pub const BOUND: Rate = Rate(Self::ONE.0 * 100_000_000);

    pub fn parse(number: &str) -> Result<Self, &'static str> {
        let units = exact(number, 10).filter(|units| (1..Self::BOUND.0).contains(units));
        units.map(Self).ok_or(Self::RULE)
    }

    /// From the integer of 1/10^10 that rows store.
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// The integer of 1/10^10 that rows store.
    pub const fn units(self) -> i64 {
        self.0
    }
}

/// As a [`Decimal`].
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, Self::ONE.0, 10)
    }
}

/// What a user may do in COR: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator,
/// 5 Freelancer, 6 Client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role(i64);

impl Role {
    pub const RULE: &'static str = "must be a role from 1 to 6: 1 C-Level, 2 Director, \
        3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client";

    /// Collaborator.
    pub const DEFAULT: Role = Role(4);

    pub fn new(number: Decimal) -> Result<Self, &'static str> {
        match number.whole() {
            Some(role @ 1..=6) => Ok(Self(role)),
            _ => Err(Self::RULE),
        }
    }

    pub const fn get(self) -> i64 {
        self.0
    }
}

/// What a user has of COR: 4 Project Management, 5 Capacity Planning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan(i64);

impl Plan {
    pub const RULE: &'static str = "must be 4 (Project Management) or 5 (Capacity Planning)";

    pub fn parse(number: &str) -> Result<Self, &'static str> {
        match Decimal::parse(number).map(Decimal::whole) {
            Ok(Some(plan @ (4 | 5))) => Ok(Self(plan)),
            _ => Err(Self::RULE),
        }
    }

    pub const fn get(self) -> i64 {
        self.0
    }
}
