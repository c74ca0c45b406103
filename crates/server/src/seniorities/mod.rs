//! Seniorities: how experienced a user is.

pub use crate::entities::named::{New, Patch};

crate::entities::named::named! { Seniority, "seniorities" }
