//! Changes that go with the commit. They own what they need, so that they can be made long before.

use std::error::Error as StdError;
use std::sync::Arc;

use bytes::BytesMut;
use jiff::Timestamp;
use jiff::civil::Date;
use postgres_types::{IsNull, ToSql, Type, to_sql_checked};
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::tx::Stmt;
use super::value::{Col, Param};

/// A change that goes with the commit.
#[derive(Debug)]
pub struct Last {
    pub sql: &'static str,
    pub values: Vec<Bound>,
    pub batch: Vec<Column>,
}

/// A column of a batch, with what it holds.
#[derive(Debug)]
pub enum Column {
    Int(Vec<i64>),
    Text(Vec<String>),
    Bytes(Vec<Vec<u8>>),
}

/// Declares the values that a [`Last`] may own: each is the parameter that it holds.
macro_rules! bound {
    ($($name:ident($type:ty)),* $(,)?) => {
        /// A parameter, with what it holds.
        #[derive(Clone, Debug)]
        pub enum Bound {
            $($name($type),)*
            /// A text that others hold too.
            Shared(Arc<str>),
        }

        $(impl From<$type> for Bound {
            fn from(value: $type) -> Self {
                Bound::$name(value)
            }
        })*

        impl From<Arc<str>> for Bound {
            fn from(value: Arc<str>) -> Self {
                Bound::Shared(value)
            }
        }

        impl Param for Bound {
            fn sqlite(&self) -> ToSqlOutput<'_> {
                match self {
                    $(Bound::$name(value) => value.sqlite(),)*
                    Bound::Shared(text) => {
                        ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
                    }
                }
            }

            fn postgres(&self) -> Type {
                match self {
                    $(Bound::$name(value) => Param::postgres(value),)*
                    Bound::Shared(_) => Type::TEXT,
                }
            }
        }

        impl ToSql for Bound {
            fn to_sql(
                &self,
                kind: &Type,
                out: &mut BytesMut,
            ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
                match self {
                    $(Bound::$name(value) => value.to_sql(kind, out),)*
                    Bound::Shared(text) => (&**text).to_sql(kind, out),
                }
            }

            /// Statements are prepared with the types of their values.
            fn accepts(_: &Type) -> bool {
                true
            }

            to_sql_checked!();
        }
    };
}

bound!(
    Int(i64),
    Bool(bool),
    Literal(&'static str),
    Text(String),
    Bytes(Vec<u8>),
    Date(Date),
    Instant(Timestamp),
    MaybeInt(Option<i64>),
    MaybeText(Option<String>),
    MaybeInstant(Option<Timestamp>),
);

/// Makes a [`Last`]: `last!(sql, [company, now])`, or with a batch behind its values.
macro_rules! last {
    ($sql:expr, [$($value:expr),* $(,)?]) => {
        $crate::store::last!($sql, [$($value),*], [])
    };
    ($sql:expr, [$($value:expr),* $(,)?], [$($column:expr),* $(,)?]) => {
        $crate::store::Last {
            sql: $sql,
            values: vec![$($crate::store::Bound::from($value)),*],
            batch: vec![$($column),*],
        }
    };
}
pub(crate) use last;

impl Last {
    pub(super) fn params(&self) -> Vec<&(dyn Param + Send)> {
        self.values.iter().map(|value| value as &(dyn Param + Send)).collect()
    }

    /// The texts of its columns, borrowed; what is not text has none.
    pub(super) fn texts(&self) -> Vec<Vec<&str>> {
        let batch = self.batch.iter();
        batch
            .map(|column| match column {
                Column::Text(values) => values.iter().map(String::as_str).collect(),
                Column::Int(_) | Column::Bytes(_) => Vec::new(),
            })
            .collect()
    }

    /// Its columns, with [`texts`](Self::texts) for those that are text.
    pub(super) fn columns<'a>(&'a self, texts: &'a [Vec<&'a str>]) -> Vec<Col<'a>> {
        let column = |(column, texts): (&'a Column, &'a Vec<&'a str>)| match column {
            Column::Int(values) => Col::Int(values),
            Column::Text(_) => Col::Text(texts),
            Column::Bytes(values) => Col::Bytes(values),
        };
        self.batch.iter().zip(texts).map(column).collect()
    }

    /// Lends it to `then` as a statement.
    pub(super) fn lend<T>(&self, then: impl FnOnce(Stmt<'_>) -> T) -> T {
        let (params, texts) = (self.params(), self.texts());
        then(Stmt::batch(self.sql, &params, &self.columns(&texts)))
    }
}
