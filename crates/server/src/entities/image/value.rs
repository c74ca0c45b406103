//! A value of a field.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::entities::field::Is;
use crate::events::pack::{Pack, Unpack};
use crate::store::{self, Row};

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
    /// 1/10,000.
    Units(i64),
    Date(Date),
    Instant(Timestamp),
}

// The bytes by which packed values begin. What was packed long ago has them: none changes.
const NULL: u8 = 0;
const INT: u8 = 1;
const FALSE: u8 = 2;
const TRUE: u8 = 3;
const TEXT: u8 = 4;
const UNITS: u8 = 5;
const DATE: u8 = 6;
const INSTANT: u8 = 7;

impl Value {
    /// Reads a column.
    pub fn read(row: &Row<'_>, column: usize, is: Is) -> store::Result<Self> {
        let value = match is {
            Is::Int => row.get::<Option<_>>(column)?.map(Self::Int),
            Is::Bool => row.get::<Option<_>>(column)?.map(Self::Bool),
            Is::Text => row.get::<Option<_>>(column)?.map(Self::Text),
            Is::Units => row.get::<Option<_>>(column)?.map(Self::Units),
            Is::Date => row.get::<Option<_>>(column)?.map(Self::Date),
            Is::Instant => row.get::<Option<_>>(column)?.map(Self::Instant),
        };
        Ok(value.unwrap_or(Self::Null))
    }

    pub fn pack(&self, pack: &mut Pack) {
        match self {
            Self::Null => pack.byte(NULL),
            Self::Int(number) => {
                pack.byte(INT);
                pack.signed(*number);
            }
            Self::Bool(false) => pack.byte(FALSE),
            Self::Bool(true) => pack.byte(TRUE),
            Self::Text(text) => {
                pack.byte(TEXT);
                pack.text(text);
            }
            Self::Units(number) => {
                pack.byte(UNITS);
                pack.signed(*number);
            }
            Self::Date(date) => {
                pack.byte(DATE);
                pack.date(*date);
            }
            Self::Instant(instant) => {
                pack.byte(INSTANT);
                pack.instant(*instant);
            }
        }
    }

    pub fn unpack(unpack: &mut Unpack<'_>) -> Option<Self> {
        Some(match unpack.byte()? {
            NULL => Self::Null,
            INT => Self::Int(unpack.signed()?),
            FALSE => Self::Bool(false),
            TRUE => Self::Bool(true),
            TEXT => Self::Text(unpack.text()?.to_owned()),
            UNITS => Self::Units(unpack.signed()?),
            DATE => Self::Date(unpack.date()?),
            INSTANT => Self::Instant(unpack.instant()?),
            _ => return None,
        })
    }
}
