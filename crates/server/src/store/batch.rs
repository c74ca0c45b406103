//! One statement text for both engines, batches included.
//!
//! `$n` is parameter `n`. `{e(external_id text, start_date date)}` is a table `e` with these
//! columns and `ord`, the row's place counted from 1: `unnest` on PostgreSQL, a table-valued
//! function on SQLite. Join it with `CROSS JOIN .. WHERE`: on SQLite that keeps the batch on
//! the outside.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::{CStr, c_int};
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hasher};
use std::marker::PhantomData;
use std::sync::{LazyLock, RwLock};

use rusqlite::types::ToSqlOutput;
use rusqlite::vtab::{
    Context, Filters, IndexConstraintOp, IndexInfo, Module, VTab, VTabConnection, VTabCursor,
};
use rusqlite::{Connection, ToSql, ffi};

use super::value::Col;

/// The engine that a text is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// The engine's own form of a statement that has `scalars` parameters ahead of its batch.
///
/// Texts are literals, so each is worked out once and kept.
pub fn text(sql: &'static str, scalars: usize, dialect: Dialect) -> &'static str {
    type Texts = HashMap<(*const u8, usize, Dialect), &'static str, ByAddress>;
    struct Known(RwLock<Texts>);
    // Safety: the pointers are keys and never followed.
    unsafe impl Send for Known {}
    unsafe impl Sync for Known {}
    static KNOWN: LazyLock<Known> = LazyLock::new(|| Known(RwLock::default()));

    let known = &*KNOWN;
    let key = (sql.as_ptr(), sql.len(), dialect);
    if let Some(text) = known.0.read().unwrap_or_else(|e| e.into_inner()).get(&key) {
        return text;
    }
    let text: &'static str = expand(sql, scalars, dialect).leak();
    known.0.write().unwrap_or_else(|e| e.into_inner()).insert(key, text);
    text
}

/// Hashes addresses: they are as good as random once they are mixed. Asked for at each statement.
#[derive(Clone, Copy, Debug, Default)]
struct Address(u64);
type ByAddress = BuildHasherDefault<Address>;

impl Hasher for Address {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

fn expand(sql: &str, scalars: usize, dialect: Dialect) -> String {
    let mut out = String::with_capacity(sql.len() + 64);
    let mut rest = sql;
    while let Some(at) = rest.find(['{', '$']) {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        if rest.as_bytes()[at] == b'$' {
            out.push(if dialect == Dialect::Sqlite { '?' } else { '$' });
            rest = tail;
            continue;
        }
        let (table, tail) = tail.split_once('}').unwrap_or((tail, ""));
        let (name, columns) = table.split_once('(').unwrap_or((table, ""));
        let columns = columns.trim_end_matches(')').split(',').map(|c| c.trim().split_once(' '));
        batch(&mut out, name, columns.flatten(), scalars, dialect);
        rest = tail;
    }
    out + rest
}

fn batch<'a>(
    out: &mut String,
    name: &str,
    columns: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    scalars: usize,
    dialect: Dialect,
) {
    // Writing into a string cannot fail.
    let _ = match dialect {
        Dialect::Sqlite => {
            out.push_str("(SELECT rowid AS ord");
            for (nth, (column, _)) in columns.enumerate() {
                let _ = write!(out, ", c{nth} AS {column}");
            }
            write!(out, " FROM batch(?{})) AS {name}", scalars + 1)
        }
        Dialect::Postgres => {
            out.push_str("unnest(");
            for (nth, (_, kind)) in columns.clone().enumerate() {
                let comma = if nth == 0 { "" } else { ", " };
                let _ = write!(out, "{comma}${}::{kind}[]", scalars + nth + 1);
            }
            let _ = write!(out, ") WITH ORDINALITY AS {name}(");
            for (column, _) in columns {
                let _ = write!(out, "{column}, ");
            }
            write!(out, "ord)")
        }
    };
}

/// A batch as a parameter of the table-valued function. It must outlive the statement's run.
pub struct Batch<'a>(pub &'a [Col<'a>]);

const POINTER: &CStr = c"crewline-batch";

impl ToSql for Batch<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        // `self` is borrowed by the statement's run, after which the binding is cleared.
        Ok(ToSqlOutput::Pointer((std::ptr::from_ref(self).cast(), POINTER, None)))
    }
}

/// Makes `batch(..)` known to a connection.
pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    const MODULE: Module<Table> = Module::eponymous_only_module();
    connection.create_module(c"batch", &MODULE, None)
}

/// Columns a batch may have.
const WIDTH: c_int = 12;

#[repr(C)]
struct Table {
    base: ffi::sqlite3_vtab,
}

// Safety: `repr(C)` with the base first, as SQLite casts between the two.
unsafe impl<'vtab> VTab<'vtab> for Table {
    type Aux = ();
    type Cursor = Cursor<'vtab>;

    fn connect(
        _: &mut VTabConnection,
        _: Option<&()>,
        _: &[u8],
        _: &[u8],
        _: &[u8],
        _: &[&[u8]],
    ) -> rusqlite::Result<(Cow<'static, CStr>, Self)> {
        let schema =
            c"CREATE TABLE x(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, batch hidden)";
        Ok((Cow::Borrowed(schema), Table { base: ffi::sqlite3_vtab::default() }))
    }

    fn best_index(&self, info: &mut IndexInfo) -> rusqlite::Result<bool> {
        for (constraint, mut usage) in info.constraints_and_usages() {
            if constraint.column() == WIDTH
                && constraint.is_usable()
                && constraint.operator() == IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ
            {
                usage.set_argv_index(1);
                usage.set_omit(true);
                info.set_estimated_cost(100.0);
                info.set_estimated_rows(100);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn open(&mut self) -> rusqlite::Result<Cursor<'_>> {
        Ok(Cursor {
            base: ffi::sqlite3_vtab_cursor::default(),
            row: 0,
            columns: &[],
            table: PhantomData,
        })
    }
}

#[repr(C)]
struct Cursor<'vtab> {
    base: ffi::sqlite3_vtab_cursor,
    row: usize,
    columns: &'vtab [Col<'vtab>],
    table: PhantomData<&'vtab Table>,
}

// Safety: `repr(C)` with the base first, as SQLite casts between the two.
unsafe impl VTabCursor for Cursor<'_> {
    fn filter(&mut self, _: c_int, _: Option<&str>, args: &Filters<'_>) -> rusqlite::Result<()> {
        // Safety: only `Batch::to_sql` makes pointers of this type, and the batch outlives
        // the statement's run.
        let batch: Option<&Batch<'static>> = unsafe { args.get_pointer(0, POINTER) };
        self.columns = batch.map_or(&[], |batch| batch.0);
        self.row = 0;
        Ok(())
    }

    fn next(&mut self) -> rusqlite::Result<()> {
        self.row += 1;
        Ok(())
    }

    fn eof(&self) -> bool {
        self.columns.first().is_none_or(|column| self.row >= column.len())
    }

    fn column(&self, context: &mut Context, column: c_int) -> rusqlite::Result<()> {
        match usize::try_from(column).ok().and_then(|column| self.columns.get(column)) {
            Some(column) => context.set_result(column.sqlite(self.row)),
            None => Ok(()),
        }
    }

    fn rowid(&self) -> rusqlite::Result<i64> {
        // A batch has at most some ten thousand rows.
        Ok(self.row as i64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_a_table_on_both_engines() {
        let sql = "SELECT e.ord FROM {e(external_id text, on_day date)} CROSS JOIN t WHERE t.c=$1";
        assert_eq!(
            expand(sql, 1, Dialect::Sqlite),
            "SELECT e.ord FROM (SELECT rowid AS ord, c0 AS external_id, c1 AS on_day \
             FROM batch(?2)) AS e CROSS JOIN t WHERE t.c=?1"
        );
        assert_eq!(
            expand(sql, 1, Dialect::Postgres),
            "SELECT e.ord FROM unnest($2::text[], $3::date[]) WITH ORDINALITY \
             AS e(external_id, on_day, ord) CROSS JOIN t WHERE t.c=$1"
        );
    }
}
