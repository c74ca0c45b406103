//! Categories of positions.

pub use crate::entities::named::{New, Patch};

crate::entities::named::named! { Category, "categories" }
