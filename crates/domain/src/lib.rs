//! The rules of Crewline: who may be on what, and when.
//!
//! Nothing here does I/O, reads a clock or awaits. What comes in is plain data,
//! what goes out is a decision with its reason.

pub mod attach;
pub mod booking;
pub mod carve;
pub mod currency;
pub mod decimal;
pub mod exchange;
pub mod income;
pub mod kind;
pub mod leave;
pub mod moment;
pub mod range;
pub mod reference;
pub mod replace;
pub mod source;
pub mod team;
pub mod text;
pub mod working_time;

pub use currency::Currency;
pub use decimal::{Amount, Decimal, Hours, MonthlyHours, Percentage, Plan, Quantity, Rate, Role};
pub use income::IncomeType;
pub use kind::Kind;
pub use moment::Moment;
pub use range::{DateRange, Period, RangeRefusal};
pub use reference::{ExternalId, Ref};
pub use source::Source;
pub use text::{Email, Label, Name, SourceLabel, Text};
