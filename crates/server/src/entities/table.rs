//! What the database has of each kind, and what follows from it: which ids there are, and what
//! depends on an entity.
//!
//! A kind declares what it refers to; nobody lists by whom it is referred to. A delete collects
//! that from all declarations.

use std::sync::LazyLock;

use domain::Kind;
use jiff::Timestamp;

use super::Entity;
use super::field::Field;
use super::image;
use crate::events::{Data, Verb};
use crate::operation::Turn;
use crate::references::history;
use crate::refusal::Refusal;
use crate::store::{self, Col, Params, Stop, Tx, params};

/// The table of a kind, and what its rows refer to.
pub struct Table {
    pub name: &'static str,
    /// Deleted rows stay, with their `deleted_at`.
    pub soft: bool,
    /// What its entities consist of: every column that is theirs, and what belongs to them.
    pub fields: &'static [Field],
    /// References from this kind, and from relations that belong to it.
    pub refers: &'static [Refers],
}

/// A reference to entities of a kind.
pub struct Refers {
    pub to: Kind,
    /// What happens when one of these is deleted.
    pub then: Then,
}

/// What happens to what refers to an entity that is deleted. `$1` is the company, `$2` the
/// entity.
pub enum Then {
    /// The delete is refused while the statement counts any of these.
    Refuse(&'static str, &'static str),
    /// The statement removes it.
    Go(&'static str),
    /// The statement selects entities of the kind itself, which are deleted too.
    Follow(&'static str),
    /// The first statement selects entities of the kind itself, by id; the second one takes away
    /// from each what refers to what is deleted.
    Lose(&'static str, &'static str),
}

/// A reference in a column: `refers!("contract", "contracts"."client_id" -> Client)`. Behind a
/// table whose deleted rows stay stands `live`.
macro_rules! refers {
    ($what:literal, $table:literal . $column:literal -> $kind:ident) => {
        $crate::entities::table::refers!(@count $what, $table, $column, "", $kind)
    };
    ($what:literal, live $table:literal . $column:literal -> $kind:ident) => {
        $crate::entities::table::refers!(
            @count $what, $table, $column, " AND deleted_at IS NULL", $kind
        )
    };
    (@count $what:literal, $table:literal, $column:literal, $live:literal, $kind:ident) => {
        $crate::entities::table::Refers {
            to: domain::Kind::$kind,
            then: $crate::entities::table::Then::Refuse(
                $what,
                concat!(
                    "SELECT count(*) FROM ", $table, " WHERE company_id = $1 AND ", $column,
                    " = $2", $live
                ),
            ),
        }
    };
}
pub(crate) use refers;

/// The kinds' tables: the registration list.
pub fn table(kind: Kind) -> &'static Table {
    match kind {
        Kind::Brand => &crate::brands::Brand::TABLE,
        Kind::Category => &crate::categories::Category::TABLE,
        Kind::Client => &crate::clients::Client::TABLE,
        Kind::Contract => &crate::contracts::Contract::TABLE,
        Kind::Leave => &crate::leaves::Leave::TABLE,
        Kind::LeaveType => &crate::leave_types::LeaveType::TABLE,
        Kind::Position => &crate::positions::Position::TABLE,
        Kind::Product => &crate::products::Product::TABLE,
        Kind::Project => &crate::projects::Project::TABLE,
        Kind::Seniority => &crate::seniorities::Seniority::TABLE,
        Kind::Team => &crate::teams::Team::TABLE,
        Kind::User => &crate::users::User::TABLE,
        Kind::WorkingTime => &crate::working_times::WorkingTime::TABLE,
        Kind::Workspace => &crate::workspaces::Workspace::TABLE,
    }
}

/// The statements of a kind. Those with a lock are PostgreSQL's.
pub(super) struct Statements {
    existing: String,
    existing_held: String,
    found: String,
    found_held: String,
    /// When an entity was changed last, and its fields, in their order.
    pub(super) image: String,
    /// Id, times and fields of an entity, of those behind an id, and of those behind a time of
    /// change and an id.
    pub(super) told: String,
    pub(super) told_by_id: String,
    pub(super) told_by_change: String,
    /// Holds an entity as an update of it does.
    pub(super) image_hold: String,
    /// Counts what depends on an entity; empty when nothing may.
    dependents: String,
    /// What goes with it, and of which kind. Relations that lean on others come first:
    /// [`Kind::ALL`] has teams before workspaces.
    goes: Vec<(Kind, &'static Then)>,
    delete: String,
    /// Sets when an entity was changed last.
    stamp: String,
}

pub(super) fn statements(kind: Kind) -> &'static Statements {
    static ALL: LazyLock<Vec<Statements>> =
        LazyLock::new(|| Kind::ALL.into_iter().map(Statements::of).collect());
    &ALL[kind as usize]
}

impl Statements {
    fn of(kind: Kind) -> Self {
        let Table { name, soft, fields, .. } = table(kind);
        let live = if *soft { " AND t.deleted_at IS NULL" } else { "" };
        let existing = format!(
            "SELECT e.ord, t.id FROM {{e(id bigint)}} CROSS JOIN {name} t
            WHERE t.company_id = $1 AND t.id = e.id{live}"
        );
        let from = format!("FROM {name} t WHERE t.company_id = $1 AND t.id = $2{live}");
        let found = format!("SELECT t.id {from}");
        let columns: Vec<&str> = fields.iter().map(|field| field.sql).collect();
        let columns = columns.join(", ");
        let told = format!("SELECT t.id, t.created_at, t.updated_at, {columns}");
        let page = format!("{told} FROM {name} t WHERE t.company_id = $1{live}");
        let mut counts = Vec::new();
        let mut goes = Vec::new();
        let declared = Kind::ALL
            .into_iter()
            .flat_map(|from| table(from).refers.iter().map(move |refers| (from, refers)));
        for (from, Refers { then, .. }) in declared.filter(|(_, refers)| refers.to == kind) {
            match then {
                Then::Refuse(what, count) => counts.push(format!("SELECT '{what}', ({count})")),
                Then::Go(_) | Then::Follow(_) | Then::Lose(..) => goes.push((from, then)),
            }
        }
        Self {
            existing_held: format!("{existing} ORDER BY t.id FOR KEY SHARE OF t"),
            existing,
            found_held: format!("{found} FOR UPDATE"),
            image: format!("SELECT t.updated_at, {columns} {from}"),
            told: format!("{told} {from}"),
            told_by_id: format!("{page} AND t.id > $2 ORDER BY t.id LIMIT $3"),
            told_by_change: format!(
                "{page} AND (t.updated_at, t.id) > ($2, $3) ORDER BY t.updated_at, t.id LIMIT $4"
            ),
            image_hold: format!("{found} FOR NO KEY UPDATE"),
            found,
            dependents: counts.join(" UNION ALL "),
            goes,
            stamp: format!("UPDATE {name} SET updated_at = $3 WHERE company_id = $1 AND id = $2"),
            delete: match soft {
                true => {
                    format!("UPDATE {name} SET deleted_at = $3 WHERE company_id = $1 AND id = $2")
                }
                false => format!("DELETE FROM {name} WHERE company_id = $1 AND id = $2"),
            },
        }
    }
}

/// Which of these ids the company has: `(place counted from 1, id)`. On PostgreSQL the rows are
/// held until the commit, so that nobody deletes what is about to be referred to.
pub async fn existing(
    tx: &mut Tx,
    company: i64,
    kind: Kind,
    ids: &[i64],
) -> store::Result<Vec<(i64, i64)>> {
    let Statements { existing, existing_held, .. } = statements(kind);
    let sql = tx.pick(existing, existing_held);
    tx.query_batch(sql, params![company], &[Col::Int(ids)]).await
}

/// The entity with this id, if the company has it. It is not held.
pub async fn found(tx: &mut Tx, company: i64, kind: Kind, id: i64) -> store::Result<Option<i64>> {
    let found = tx.query_opt(&statements(kind).found, params![company, id]).await?;
    Ok(found.map(|(id,)| id))
}

/// Sets when an entity was changed last.
pub async fn set_stamp(
    tx: &mut Tx,
    kind: Kind,
    (company, id): (i64, i64),
    stamp: Timestamp,
) -> store::Result<()> {
    let sql = &statements(kind).stamp;
    tx.execute(sql, params![company, id, stamp]).await.map(drop)
}

/// Deletes an entity with its references, or says what depends on it.
pub async fn remove(
    tx: &mut Tx,
    kind: Kind,
    (company, id): (i64, i64),
    turn: &mut Turn,
) -> Result<(), Stop<Refusal>> {
    let statements = statements(kind);
    let gone = || store::Error::changed("the entity was deleted meanwhile");
    // Held before anything is counted: who is about to refer to it is waited for.
    let held = tx.pick(&statements.found, &statements.found_held);
    tx.query_opt::<(i64,)>(held, params![company, id]).await?.ok_or_else(gone)?;
    if !statements.dependents.is_empty() {
        let counts: Vec<(String, i64)> =
            tx.query(&statements.dependents, params![company, id]).await?;
        let dependents: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        if !dependents.is_empty() {
            return Err(Refusal::HasDependents { kind, id, dependents }.into());
        }
    }
    let image = image::image(tx, company, kind, id).await?;
    for &(from, then) in &statements.goes {
        go(tx, (from, then), (company, id), turn).await?;
    }
    history::keep(tx, (company, kind, id), None, None, turn.now).await?;
    let sql = "DELETE FROM external_refs
        WHERE company_id = $1 AND kind = $2 AND entity_id = $3
        RETURNING source_id, external_id";
    let mut references: Vec<(i64, String)> =
        tx.query(sql, params![company, kind.name(), id]).await?;
    references.sort_unstable();
    let change = image::change(kind, image.as_ref(), None);
    turn.tell(kind, Verb::Deleted, id, Data::Entity(change, references));
    let all: Params<'_> = params![company, id, turn.now];
    let values = if table(kind).soft { all } else { &all[..2] };
    match tx.execute(&statements.delete, values).await? {
        0 => Err(gone().into()),
        _ => Ok(()),
    }
}

/// What happens to what refers to an entity that is deleted.
async fn go(
    tx: &mut Tx,
    (kind, then): (Kind, &Then),
    (company, id): (i64, i64),
    turn: &mut Turn,
) -> Result<(), Stop<Refusal>> {
    match then {
        // Counted before.
        Then::Refuse(..) => {}
        Then::Go(sql) => {
            tx.execute(sql, params![company, id]).await?;
        }
        Then::Follow(sql) => {
            for (follower,) in tx.query::<(i64,)>(sql, params![company, id]).await? {
                Box::pin(remove(tx, kind, (company, follower), turn)).await?;
            }
        }
        Then::Lose(which, sql) => {
            let gone = || store::Error::changed("an entity was deleted meanwhile");
            let mut losers = Vec::new();
            for (loser,) in tx.query::<(i64,)>(which, params![company, id]).await? {
                let before = image::held(tx, company, kind, loser).await?.ok_or_else(gone)?;
                losers.push((loser, before));
            }
            tx.execute(sql, params![company, id]).await?;
            for (loser, before) in losers {
                set_stamp(tx, kind, (company, loser), turn.now).await?;
                turn.updated(tx, (company, kind, loser), &before).await?;
            }
        }
    }
    Ok(())
}
