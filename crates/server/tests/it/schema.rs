//! Both engines have the same schema, and migrations are what they were.

use std::collections::{BTreeMap, BTreeSet};

use domain::Kind;
use server::entities;
use server::store::{Location, Options, Store};
use testing::{Database, Engine};
use tokio_postgres::NoTls;

/// A table, as both engines can tell it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    /// Name, type (SQLite's), whether it may be NULL; in order.
    columns: Vec<(String, String, bool)>,
    primary_key: Vec<String>,
    unique: BTreeSet<Vec<String>>,
    indexes: BTreeSet<Vec<String>>,
    foreign_keys: BTreeSet<String>,
}

type Schema = BTreeMap<String, Table>;

fn sqlite(path: &std::path::Path) -> Schema {
    let connection = rusqlite::Connection::open(path).unwrap();
    let list = |sql: &str| -> Vec<Vec<String>> {
        let mut statement = connection.prepare(sql).unwrap();
        let width = statement.column_count();
        let text = |value: rusqlite::types::Value| match value {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            _ => String::new(),
        };
        let rows =
            statement.query_map([], |row| (0..width).map(|n| row.get(n).map(text)).collect());
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    };
    let mut schema = Schema::new();
    for table in list(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'refinery%'",
    ) {
        let name = &table[0];
        let mut described = Table::default();
        let mut key = Vec::new();
        for column in list(&format!("PRAGMA table_info({name})")) {
            described.columns.push((column[1].clone(), column[2].clone(), column[3] == "0"));
            key.push((column[5].parse::<i64>().unwrap(), column[1].clone()));
        }
        key.retain(|(nth, _)| *nth > 0);
        key.sort();
        described.primary_key = key.into_iter().map(|(_, column)| column).collect();
        for index in list(&format!("PRAGMA index_list({name})")) {
            let columns = list(&format!("PRAGMA index_info({})", index[1]));
            let columns = columns.into_iter().map(|column| column[2].clone()).collect();
            match (index[2].as_str(), index[3].as_str()) {
                (_, "pk") => {}
                ("1", _) => drop(described.unique.insert(columns)),
                _ => drop(described.indexes.insert(columns)),
            }
        }
        let mut keys: BTreeMap<String, (String, Vec<String>, Vec<String>)> = BTreeMap::new();
        for part in list(&format!("PRAGMA foreign_key_list({name})")) {
            let key = keys.entry(part[0].clone()).or_default();
            key.0.clone_from(&part[2]);
            key.1.push(part[3].clone());
            key.2.push(part[4].clone());
        }
        for (to, from, at) in keys.into_values() {
            described.foreign_keys.insert(format!(
                "({}) -> {to}({})",
                from.join(", "),
                at.join(", ")
            ));
        }
        schema.insert(name.clone(), described);
    }
    schema
}

async fn postgres(url: &str) -> Schema {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let mut schema = Schema::new();
    let columns = "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name NOT LIKE 'refinery%'
        ORDER BY table_name, ordinal_position";
    for row in client.query(columns, &[]).await.unwrap() {
        let (table, column, kind, null): (String, String, String, String) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        let kind = match kind.as_str() {
            "bigint" | "boolean" | "date" | "timestamp with time zone" => "INTEGER",
            "text" => "TEXT",
            "bytea" => "BLOB",
            other => panic!("{table}.{column} is {other}"),
        };
        schema.entry(table).or_default().columns.push((column, kind.to_owned(), null == "YES"));
    }
    let keys = "SELECT c.conrelid::regclass::text, c.contype::text, c.confrelid::regclass::text,
            ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(n, o)
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.o),
            ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k(n, o)
                JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY k.o)
        FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
        WHERE n.nspname = 'public' AND c.conrelid <> 0
            AND c.conrelid::regclass::text NOT LIKE 'refinery%'";
    for row in client.query(keys, &[]).await.unwrap() {
        let (table, kind, to): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let (from, at): (Vec<String>, Vec<String>) = (row.get(3), row.get(4));
        let table = schema.get_mut(&table).unwrap();
        match kind.as_str() {
            "p" => table.primary_key = from,
            "u" => drop(table.unique.insert(from)),
            "f" => drop(table.foreign_keys.insert(format!(
                "({}) -> {to}({})",
                from.join(", "),
                at.join(", ")
            ))),
            other => panic!("a constraint of type {other}"),
        }
    }
    let indexes = "SELECT i.indrelid::regclass::text, i.indisunique,
            ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(n, o)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n ORDER BY k.o)
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = 'public' AND NOT i.indisprimary AND t.relname NOT LIKE 'refinery%'";
    for row in client.query(indexes, &[]).await.unwrap() {
        let (table, unique, columns): (String, bool, _) = (row.get(0), row.get(1), row.get(2));
        let table = schema.get_mut(&table).unwrap();
        match unique {
            true => table.unique.insert(columns),
            false => table.indexes.insert(columns),
        };
    }
    schema
}

async fn migrated(engine: Engine) -> (Database, Schema) {
    let database = Database::new(engine).await;
    Store::open(&database.location, &Options::default()).await.unwrap();
    let schema = match &database.location {
        Location::Sqlite(path) => sqlite(path),
        Location::Postgres(url) => postgres(url).await,
    };
    (database, schema)
}

#[tokio::test]
async fn both_engines_have_the_same_schema() {
    let (_file, mut sqlite) = migrated(Engine::Sqlite).await;
    let (_, postgres) = migrated(Engine::Postgres).await;
    // The two differences: docs/adr/0016 and docs/adr/0004.
    assert!(sqlite.remove("removed_references").is_some());
    let key = "(company_id, contract_id) -> contracts(company_id, id)";
    assert!(sqlite.get_mut("assignments").unwrap().foreign_keys.remove(key));
    assert_eq!(sqlite, postgres);
}

/// Tables that know no company, or are read before it is known; and refinery's own, which no
/// schema here shows. They are small, or of one row for each token.
const GLOBAL: [(&str, &str); 6] = [
    ("companies", "its id is what all other keys begin with"),
    ("id_sequences", "ids are drawn for all companies from one line"),
    ("api_keys", "a key is presented before its company is known"),
    ("key_sources", "goes with its key"),
    ("access_tokens", "a token is presented before its company is known"),
    ("refresh_tokens", "a token is presented before its company is known"),
];

/// Every key begins with the company, on both sides of a foreign key, so that the schema can be
/// distributed by it.
#[tokio::test]
async fn every_key_begins_with_the_company() {
    let (_, mut schema) = migrated(Engine::Postgres).await;
    for (name, why) in GLOBAL {
        assert!(schema.remove(name).is_some(), "{name}: {why}");
    }
    assert!(schema.len() > 20, "{}", schema.len());
    for (name, table) in &schema {
        let keys = table.unique.iter().chain(&table.indexes).chain([&table.primary_key]);
        for key in keys {
            assert_eq!(key.first().map(String::as_str), Some("company_id"), "{name} {key:?}");
        }
        for key in &table.foreign_keys {
            let (from, to) = key.split_once(" -> ").unwrap();
            let (_, at) = to.split_once('(').unwrap();
            let whole = at.starts_with("company_id, ") || to == "companies(id)";
            assert!(from.starts_with("(company_id") && whole, "{name} {key}");
        }
    }
}

/// Every column of a kind's table is a field of its images, but those of the flow and those that
/// others follow from.
#[tokio::test]
async fn every_column_is_a_field() {
    let (_file, schema) = migrated(Engine::Sqlite).await;
    let flow = ["company_id", "id", "created_at", "updated_at"];
    for kind in Kind::ALL {
        let entities::Table { name: table, soft, fields, .. } = entities::table::table(kind);
        let mut told: BTreeSet<&str> = fields.iter().map(|field| field.name).collect();
        assert_eq!(told.len(), fields.len(), "{table} has a field twice");
        told.extend(flow);
        if *soft {
            told.insert("deleted_at");
        }
        match kind {
            Kind::User => told.extend(["email_key", "name_key"]),
            Kind::Client | Kind::Project => told.extend(["name_key"]),
            _ => {}
        }
        for (column, ..) in &schema[*table].columns {
            assert!(told.contains(column.as_str()), "no field tells {table}.{column}");
        }
    }
}

/// Eight nodes that start at once migrate an empty database once.
#[tokio::test(flavor = "multi_thread")]
async fn many_may_migrate_at_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = Database::empty(engine).await;
        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let location = database.location.clone();
            nodes.spawn(async move { Store::open(&location, &Options::default()).await.map(drop) });
        }
        for opened in nodes.join_all().await {
            opened.unwrap();
        }
    }
}

/// Shipped migrations are never edited: their checksums stand here. A new one adds a line.
#[test]
fn shipped_migrations_stay_as_they_are() {
    let mut sums = String::new();
    for engine in ["sqlite", "postgres"] {
        let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort_by_key(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name[1..].split("__").next().unwrap().parse::<u32>().unwrap()
        });
        for path in files {
            let hash = server::secret::hash(&std::fs::read_to_string(&path).unwrap());
            let hash: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
            sums += &format!("{engine}/{} {hash}\n", path.file_name().unwrap().to_string_lossy());
        }
    }
    expect_test::expect![[r#"
        sqlite/V1__companies.sql ce2be33eef18
        sqlite/V2__keys_and_tokens.sql de0d3dfe4d84
        sqlite/V3__external_refs.sql 9c5335426a49
        sqlite/V4__clients.sql 30d4c8b816a4
        sqlite/V5__categories.sql 064646932ee2
        sqlite/V6__seniorities.sql f6e7a3826f6c
        sqlite/V7__positions.sql 45a2f9dbb4b9
        sqlite/V8__workspaces.sql 1a257e693c16
        sqlite/V9__users.sql 20383c409ba4
        sqlite/V10__teams.sql c4ccf38f7ebb
        sqlite/V11__contracts.sql 077d78d9a394
        sqlite/V12__sources.sql 78b587c168f0
        sqlite/V13__what_deletes_look_up.sql c691a1713a54
        sqlite/V14__exchange_rates.sql 8b3dbfbaa1d7
        sqlite/V15__brands.sql 22e5151a7a80
        sqlite/V16__products.sql 52df8a9f5421
        sqlite/V17__projects.sql 4d11500cfbce
        sqlite/V18__leave_types.sql 95e69ce3ea31
        sqlite/V19__leaves.sql bc1900db6f06
        sqlite/V20__refresh.sql e2fc29881f3c
        sqlite/V21__working_times.sql 19ddc80c85b9
        sqlite/V22__idempotency_keys.sql 2057b7c81f6b
        sqlite/V23__refusals.sql 1aa0c0c0378b
        sqlite/V24__events.sql 80e96daab295
        sqlite/V25__webhooks.sql 216de64fdbbc
        sqlite/V26__references_of_an_entity.sql 2f016eae1f07
        sqlite/V27__removed_references.sql 18492ecebf00
        sqlite/V28__lists.sql f8fc2f62715e
        sqlite/V29__people.sql 3236aa80361e
        sqlite/V30__contracts_of_the_main_api.sql 7f1b4ddce7cb
        sqlite/V31__clients_and_projects.sql 668bd0463bc9
        sqlite/V32__native_reads.sql 0f902541258c
        sqlite/V33__past_references.sql 208b3a93eab2
        postgres/V1__companies.sql 72392e56d1a0
        postgres/V2__keys_and_tokens.sql d9f97dfc1f79
        postgres/V3__external_refs.sql 61df8bf7e4ff
        postgres/V4__clients.sql 4f798f38ba93
        postgres/V5__categories.sql dbde66f42a71
        postgres/V6__seniorities.sql a489231ed3f2
        postgres/V7__positions.sql 6fe3ffe3bbe4
        postgres/V8__workspaces.sql d11b98f5d30e
        postgres/V9__users.sql 82035b2c46c8
        postgres/V10__teams.sql 71f86031c058
        postgres/V11__contracts.sql a51a9e10c0ac
        postgres/V12__sources.sql e8abac8da265
        postgres/V13__what_deletes_look_up.sql b995ee5aef4b
        postgres/V14__exchange_rates.sql 2587e51dea5c
        postgres/V15__brands.sql 1577dbe3ac71
        postgres/V16__products.sql e8a86fc055d6
        postgres/V17__projects.sql 81d71a71b10d
        postgres/V18__leave_types.sql e899ccc5e026
        postgres/V19__leaves.sql 88fc68767773
        postgres/V20__refresh.sql b1160e79cc60
        postgres/V21__working_times.sql 9b30b895cb7d
        postgres/V22__idempotency_keys.sql 8dc6778170d1
        postgres/V23__refusals.sql 31ff9d353224
        postgres/V24__events.sql 00431855995b
        postgres/V25__webhooks.sql 933ce9dc04d8
        postgres/V26__references_of_an_entity.sql 2f016eae1f07
        postgres/V27__removed_references.sql c71ab1d07a22
        postgres/V28__lists.sql f8fc2f62715e
        postgres/V29__people.sql 09823608106d
        postgres/V30__contracts_of_the_main_api.sql 8949df8f00ca
        postgres/V31__clients_and_projects.sql 2e819126fe83
        postgres/V32__native_reads.sql 0f902541258c
        postgres/V33__past_references.sql 020d2737a111
    "#]]
    .assert_eq(&sums);
}
