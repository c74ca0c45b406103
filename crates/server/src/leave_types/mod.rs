//! Leave types: what a leave is for, such as vacation.

use domain::Kind;

use crate::entities::View;
pub use crate::entities::named::{New, Patch};

crate::entities::named::named! { LeaveType, "leave_types" }

impl View for LeaveType {
    const KIND: Kind = Kind::LeaveType;
    const READ: &'static str = "leave_types.read";
    const COLUMNS: &'static str = "t.id, t.name, t.created_at, t.updated_at";
}
