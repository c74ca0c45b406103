//! What an entity looks like: the values of its kind's fields, in their order.

mod change;
mod value;

use domain::Kind;
use jiff::Timestamp;

pub use change::{Change, Named, change};
pub use value::Value;

use super::table::{Statements, statements, table};
use crate::store::{self, Params, Row, Stmt, Tx, params};

/// The values of an entity's fields, in the order of its kind's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image(Vec<Value>);

impl Image {
    /// Reads the fields of a kind from the columns of a row, from one on.
    pub fn read(row: &Row<'_>, kind: Kind, first: usize) -> store::Result<Self> {
        let columns = table(kind).fields.iter().enumerate();
        let values = columns.map(|(nth, field)| Value::read(row, first + nth, field.is));
        values.collect::<Result<_, _>>().map(Self)
    }

    pub fn values(&self) -> &[Value] {
        &self.0
    }
}

/// An entity as it is; `None`: it is not there.
pub async fn image(tx: &mut Tx, company: i64, kind: Kind, id: i64) -> store::Result<Option<Image>> {
    let values: Params<'_> = params![company, id];
    let sql = Stmt::new(&statements(kind).image, values);
    Ok(tx.query_by(sql, reader(kind)).await?.pop().map(|(_, image)| image))
}

/// An entity as it is, held until the commit: nobody else changes it.
///
/// Two statements on PostgreSQL, in one round trip: the one that waits for the row does not see
/// what others have meanwhile committed to the relations that belong to it.
pub async fn held(tx: &mut Tx, company: i64, kind: Kind, id: i64) -> store::Result<Option<Image>> {
    Ok(held_since(tx, company, kind, id).await?.map(|(_, image)| image))
}

/// The same, and when it was changed last.
pub async fn held_since(
    tx: &mut Tx,
    company: i64,
    kind: Kind,
    id: i64,
) -> store::Result<Option<(Timestamp, Image)>> {
    let Statements { image: sql, image_hold, .. } = statements(kind);
    let values: Params<'_> = params![company, id];
    // SQLite has one writer: what it has read stays true.
    let Some(hold) = tx.pick(None, Some(image_hold)) else {
        return Ok(tx.query_by(Stmt::new(sql, values), reader(kind)).await?.pop());
    };
    let (hold, sql) = (Stmt::new(hold, values), Stmt::new(sql, values));
    let (held, mut images): (Vec<(i64,)>, _) = tx.query_pair_by(hold, sql, reader(kind)).await?;
    Ok(images.pop().filter(|_| !held.is_empty()))
}

/// Reads when an entity was changed last, and its fields, from a row.
fn reader(kind: Kind) -> impl Fn(&Row<'_>) -> store::Result<(Timestamp, Image)> + Send {
    move |row| Ok((row.get(0)?, Image::read(row, kind, 1)?))
}
