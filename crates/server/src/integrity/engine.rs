//! What the engine itself is to hold: sound pages and indexes, and foreign keys.

use std::collections::BTreeMap;

use super::Finding;
use super::rules::{Rule, rule};
use crate::store::{self, Tx, params};

/// What the engine says of itself.
pub async fn check(tx: &mut Tx) -> store::Result<Vec<Finding>> {
    // SQLite reads every page: tables against their indexes, types, NOT NULL, UNIQUE. PostgreSQL
    // has that only as an extension, which docs/operations.md names; by itself it knows which
    // constraints were never proven and which indexes were never finished.
    let sql = tx.pick(
        "PRAGMA integrity_check(100)",
        "SELECT format('the constraint %s of %s is not valid', conname, conrelid::regclass)
            FROM pg_constraint
            WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
        UNION ALL SELECT format('the index %s of %s is not valid', i.indexrelid::regclass,
                i.indrelid::regclass)
            FROM pg_index i CROSS JOIN pg_class c
            WHERE c.oid = i.indexrelid AND c.relnamespace = current_schema()::regnamespace
                AND NOT (i.indisvalid AND i.indisready)",
    );
    let table = tx.pick("SQLite", "PostgreSQL");
    let said: Vec<(String,)> = tx.query(sql, params![]).await?;
    let finding =
        |says| Finding { table: table.to_owned(), company: None, says, count: 1, keys: Vec::new() };
    Ok(said.into_iter().filter(|(says,)| says != "ok").map(|(says,)| finding(says)).collect())
}

/// A foreign key: its table, and of each column the one that it refers to.
#[derive(Default)]
struct Key {
    table: String,
    parent: String,
    columns: Vec<(String, String)>,
}

/// Every foreign key as a rule. SQLite's own `foreign_key_check` names no row of a table without
/// rowids, and PostgreSQL has none: rows that came around its triggers are never looked at again.
pub async fn references(tx: &mut Tx) -> store::Result<Vec<Rule>> {
    let sql = tx.pick(
        r#"SELECT m.name, CAST(f.id AS text), f."from", f."table", f."to"
            FROM sqlite_schema m CROSS JOIN pragma_foreign_key_list(m.name) f
            WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq"#,
        "SELECT c.conrelid::regclass::text, c.conname::text, a.attname::text,
                c.confrelid::regclass::text, p.attname::text
            FROM pg_constraint c
                CROSS JOIN unnest(c.conkey, c.confkey) WITH ORDINALITY k (child, parent, nth)
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.child
                JOIN pg_attribute p ON p.attrelid = c.confrelid AND p.attnum = k.parent
            WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace
            ORDER BY 1, 2, k.nth",
    );
    let mut keys: BTreeMap<(String, String), Key> = BTreeMap::new();
    for row in tx.query(sql, params![]).await? {
        let (table, name, column, parent, of_parent): (String, String, String, String, String) =
            row;
        let key = keys.entry((table.clone(), name)).or_default();
        (key.table, key.parent) = (table, parent);
        key.columns.push((column, of_parent));
    }
    // Only numbers name a row: a text may be somebody's.
    let sql = tx.pick(
        "SELECT m.name, c.name FROM sqlite_schema m CROSS JOIN pragma_table_info(m.name) c
            WHERE m.type = 'table' AND c.pk > 0 AND c.type = 'INTEGER' ORDER BY m.name, c.pk",
        "SELECT c.conrelid::regclass::text, a.attname::text
            FROM pg_constraint c CROSS JOIN unnest(c.conkey) WITH ORDINALITY k (child, nth)
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.child
            WHERE c.contype = 'p' AND c.connamespace = current_schema()::regnamespace
                AND a.atttypid = 'bigint'::regtype
            ORDER BY 1, k.nth",
    );
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in tx.query::<(String, String)>(sql, params![]).await? {
        named.entry(table).or_default().push(column);
    }
    let none = Vec::new();
    Ok(keys.values().map(|key| key.rule(named.get(&key.table).unwrap_or(&none))).collect())
}

impl Key {
    fn rule(&self, named: &[String]) -> Rule {
        let Self { table, parent, columns } = self;
        // A row of no company is found only among all.
        let by_company =
            parent != "companies" && columns.iter().any(|(column, _)| column == "company_id");
        let set: Vec<String> = columns.iter().map(|(c, _)| format!("x.{c} IS NOT NULL")).collect();
        let same: Vec<String> = columns.iter().map(|(c, p)| format!("p.{p} = x.{c}")).collect();
        let company = if by_company { "x.company_id = $1 AND " } else { "" };
        let from = format!(
            "{table} x WHERE {company}{} AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {})",
            set.join(" AND "),
            same.join(" AND ")
        );
        let by: Vec<&str> = columns.iter().map(|(column, _)| column.as_str()).collect();
        let by: Vec<&str> = match by.len() {
            1 => by,
            _ => by.into_iter().filter(|column| *column != "company_id").collect(),
        };
        let says = format!("refer by {} to {parent} that do not exist", by.join(", "));
        let named = named.iter().map(String::as_str);
        let named: Vec<&str> =
            named.filter(|column| !by_company || *column != "company_id").collect();
        rule(table, &named, says, by_company, &from)
    }
}
