//! What a kind's entities consist of: the list from which their images are read.

/// A field of a kind.
pub struct Field {
    /// The column's name. What is kept of changes holds it: it stays as it is.
    pub name: &'static str,
    /// An expression over the kind's table, `t`, on both engines.
    pub sql: &'static str,
    pub is: Is,
}

/// The type of a field; each may also be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    Int,
    Bool,
    Text,
    /// An integer of 1/10,000.
    Units,
    Date,
    Instant,
}

/// Lists fields: `fields!["name": Text, "client_id": Int]`. One that is not a column of the table
/// says what it is: `"days": Text = "(SELECT ..)"`.
macro_rules! fields {
    ($($name:literal: $is:ident $(= $sql:literal)?),* $(,)?) => {
        &[$($crate::entities::field::Field {
            name: $name,
            sql: $crate::entities::fields!(@sql $name $($sql)?),
            is: $crate::entities::field::Is::$is,
        }),*]
    };
    (@sql $name:literal) => { concat!("t.", $name) };
    (@sql $name:literal $sql:literal) => { $sql };
}
pub(crate) use fields;
