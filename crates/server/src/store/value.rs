//! What goes into a statement and comes out of it, on both engines.
//!
//! Dates are days since 1970 on SQLite, instants microseconds; PostgreSQL has types for both.

use jiff::civil::Date;
use jiff::{Timestamp, Unit};
use postgres_types::{ToSql, Type};
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};

use super::error::{Error, Result};

/// A parameter `$n` of a statement.
pub trait Param: ToSql + Sync {
    fn sqlite(&self) -> ToSqlOutput<'_>;
    /// The PostgreSQL type that the statement is prepared with.
    fn postgres(&self) -> Type;
}

/// The parameters of a statement, `$1` first.
pub type Params<'a> = &'a [&'a (dyn Param + Send)];

/// Lists parameters: `params![company, &name, None::<i64>]`.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &(dyn $crate::store::Param + Send)),*]
    };
}
pub(crate) use params;

/// A type that is a parameter also when it may be missing.
pub trait Typed: Param {
    const TYPE: Type;
}

macro_rules! param {
    ($type:ty, $postgres:ident, |$value:ident| $sqlite:expr) => {
        impl Param for $type {
            fn sqlite(&self) -> ToSqlOutput<'_> {
                let $value = self;
                $sqlite
            }
            fn postgres(&self) -> Type {
                Type::$postgres
            }
        }
        impl Typed for $type {
            const TYPE: Type = Type::$postgres;
        }
    };
}

param!(i64, INT8, |v| ToSqlOutput::Owned(Owned::Integer(*v)));
param!(bool, BOOL, |v| ToSqlOutput::Owned(Owned::Integer(i64::from(*v))));
param!(&str, TEXT, |v| ToSqlOutput::Borrowed(ValueRef::Text(v.as_bytes())));
param!(String, TEXT, |v| ToSqlOutput::Borrowed(ValueRef::Text(v.as_bytes())));
param!(&[u8], BYTEA, |v| ToSqlOutput::Borrowed(ValueRef::Blob(v)));
param!(Vec<u8>, BYTEA, |v| ToSqlOutput::Borrowed(ValueRef::Blob(v)));
param!(Date, DATE, |v| ToSqlOutput::Owned(Owned::Integer(days(*v))));
param!(Timestamp, TIMESTAMPTZ, |v| ToSqlOutput::Owned(Owned::Integer(v.as_microsecond())));

impl<P: Typed> Param for Option<P> {
    fn sqlite(&self) -> ToSqlOutput<'_> {
        self.as_ref().map_or(ToSqlOutput::Owned(Owned::Null), Param::sqlite)
    }
    fn postgres(&self) -> Type {
        P::TYPE
    }
}

/// A column of a batch; all columns of one batch have the same length.
#[derive(Clone, Copy, Debug)]
pub enum Col<'a> {
    Int(&'a [i64]),
    Text(&'a [&'a str]),
    Date(&'a [Date]),
    Bytes(&'a [Vec<u8>]),
}

impl Col<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Col::Int(values) => values.len(),
            Col::Text(values) => values.len(),
            Col::Date(values) => values.len(),
            Col::Bytes(values) => values.len(),
        }
    }

    pub(super) fn sqlite(&self, row: usize) -> ToSqlOutput<'_> {
        match self {
            Col::Int(values) => ToSqlOutput::Owned(Owned::Integer(values[row])),
            Col::Text(values) => ToSqlOutput::Borrowed(ValueRef::Text(values[row].as_bytes())),
            Col::Date(values) => ToSqlOutput::Owned(Owned::Integer(days(values[row]))),
            Col::Bytes(values) => ToSqlOutput::Borrowed(ValueRef::Blob(&values[row])),
        }
    }

    pub(super) fn postgres(&self) -> (Type, &(dyn ToSql + Sync)) {
        match self {
            Col::Int(values) => (Type::INT8_ARRAY, values),
            Col::Text(values) => (Type::TEXT_ARRAY, values),
            Col::Date(values) => (Type::DATE_ARRAY, values),
            Col::Bytes(values) => (Type::BYTEA_ARRAY, values),
        }
    }
}

/// A row that a statement gave back.
pub enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

/// A type that a column can be read as.
pub trait Value: Sized {
    fn sqlite(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Self>;
    fn postgres(row: &tokio_postgres::Row, column: usize) -> Result<Self, tokio_postgres::Error>;
}

/// A type that a whole row can be read as.
pub trait FromRow: Sized {
    fn from_row(row: &Row<'_>) -> Result<Self>;
}

/// Declares a row: a struct whose fields are the columns, from left to right.
macro_rules! row {
    ($(#[$about:meta])* pub struct $name:ident {
        $($(#[$doc:meta])* pub $field:ident: $type:ty),* $(,)?
    }) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::store::FromRow for $name {
            fn from_row(row: &$crate::store::Row<'_>) -> $crate::store::Result<Self> {
                let mut columns = row.columns();
                Ok(Self { $($field: columns.take()?,)* })
            }
        }
    };
}
pub(crate) use row;

impl Row<'_> {
    pub fn get<T: Value>(&self, column: usize) -> Result<T> {
        match self {
            Row::Sqlite(row) => T::sqlite(row, column).map_err(Error::from),
            Row::Postgres(row) => T::postgres(row, column).map_err(Error::from),
        }
    }

    /// Reads columns from left to right.
    pub fn columns(&self) -> Columns<'_> {
        Columns { row: self, next: 0 }
    }
}

/// The columns of a row, from left to right.
pub struct Columns<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl Columns<'_> {
    pub fn take<T: Value>(&mut self) -> Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }
}

macro_rules! value {
    ($type:ty, |$column:ident| $read:expr) => {
        impl Value for $type {
            fn sqlite(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Self> {
                row.get(column).map(|$column| $read)
            }
            fn postgres(
                row: &tokio_postgres::Row,
                column: usize,
            ) -> Result<Self, tokio_postgres::Error> {
                row.try_get(column)
            }
        }
        impl Value for Option<$type> {
            fn sqlite(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Self> {
                row.get::<_, Option<_>>(column).map(|value| value.map(|$column| $read))
            }
            fn postgres(
                row: &tokio_postgres::Row,
                column: usize,
            ) -> Result<Self, tokio_postgres::Error> {
                row.try_get(column)
            }
        }
    };
}

value!(i64, |v| v);
value!(bool, |v| v);
value!(String, |v| v);
value!(Vec<u8>, |v| v);
value!(Date, |v| from_days(v));
value!(Timestamp, |v| from_micros(v));

macro_rules! tuple {
    ($($type:ident $column:tt),*) => {
        impl<$($type: Value),*> FromRow for ($($type,)*) {
            fn from_row(row: &Row<'_>) -> Result<Self> {
                Ok(($(row.get::<$type>($column)?,)*))
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// Days since 1970-01-01.
pub fn days(date: Date) -> i64 {
    // Two calendar dates always have a distance in days.
    date.since((Unit::Day, EPOCH)).map_or(0, |span| i64::from(span.get_days()))
}

/// The date so many days after 1970-01-01; what is not a date is the nearest one.
pub fn from_days(days: i64) -> Date {
    EPOCH.saturating_add(jiff::Span::new().days(days.clamp(-4_371_587, 2_932_896)))
}

fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
