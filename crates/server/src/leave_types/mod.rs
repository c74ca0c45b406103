//! Leave types: what a leave is for, such as vacation.

pub use crate::entities::named::{New, Patch};

crate::entities::named::named! { LeaveType, "leave_types" }
