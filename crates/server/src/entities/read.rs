//! Entities with all their fields and what sources call them: one, or a page of a kind's.

use domain::{Kind, Ref, Source};
use jiff::Timestamp;

use super::Judged;
use super::image::Image;
use super::table::{Statements, statements};
use crate::references;
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Row, Stmt, Tx, params};

/// An entity as it is.
#[derive(Clone, Debug)]
pub struct Told {
    pub kind: Kind,
    pub id: i64,
    pub image: Image,
    /// What sources call it, of those that the key may see; the oldest first.
    pub references: Vec<(Source, String)>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Behind an id; entities come by id.
    Id(i64),
    /// Behind what was changed at a time, up to an id; entities come by when they were changed
    /// last, then by id.
    Change(Timestamp, i64),
}

/// An entity of the company; `None`: it is not there.
pub async fn one(tx: &mut Tx, scope: &Scope, kind: Kind, id: i64) -> store::Result<Option<Told>> {
    let values = params![scope.company, id];
    let rows = tx.query_by(Stmt::new(&statements(kind).told, values), reader(kind)).await?;
    Ok(named(tx, scope, rows).await?.pop())
}

/// The entity that a reference names.
pub async fn find(tx: &mut Tx, scope: &Scope, kind: Kind, reference: &Ref) -> Judged<Told> {
    let id = references::find(tx, scope, kind, reference).await?;
    let gone = || Refusal::NoSuch { kind, ids: vec![reference.to_string()] };
    one(tx, scope, kind, id).await?.ok_or_else(|| gone().into())
}

/// The company's entities of a kind, at most `limit`.
pub async fn page(
    tx: &mut Tx,
    scope: &Scope,
    kind: Kind,
    after: After,
    limit: i64,
) -> store::Result<Vec<Told>> {
    let Statements { told_by_id, told_by_change, .. } = statements(kind);
    let (company, read) = (scope.company, reader(kind));
    let rows = match after {
        After::Id(id) => {
            tx.query_by(Stmt::new(told_by_id, params![company, id, limit]), read).await?
        }
        After::Change(time, id) => {
            tx.query_by(Stmt::new(told_by_change, params![company, time, id, limit]), read).await?
        }
    };
    named(tx, scope, rows).await
}

fn reader(kind: Kind) -> impl Fn(&Row<'_>) -> store::Result<Told> + Send {
    move |row| {
        let (id, created_at, updated_at) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let image = Image::read(row, kind, 3)?;
        Ok(Told { kind, id, image, references: Vec::new(), created_at, updated_at })
    }
}

/// Adds what sources call them.
async fn named(tx: &mut Tx, scope: &Scope, mut rows: Vec<Told>) -> store::Result<Vec<Told>> {
    let entities = rows.iter().map(|row| (row.kind.name(), row.id)).collect();
    let mut known = references::of_entities(tx, scope, entities).await?;
    for row in &mut rows {
        row.references = known.remove(&(row.kind.name(), row.id)).unwrap_or_default();
    }
    Ok(rows)
}
