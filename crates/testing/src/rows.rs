//! What is stored, around the server: all of it, for tests that nothing was, and damage to it.

use serde_json::{Value, json};
use server::store::Location;
use tokio_postgres::NoTls;

/// Every table with its rows, but for some tables.
pub async fn rows(location: &Location, but: &[&str]) -> Value {
    let tables = match location {
        Location::Sqlite(path) => sqlite(path),
        Location::Postgres(url) => postgres(url).await,
    };
    let kept = tables.into_iter().filter(|(name, _)| !but.contains(&name.as_str()));
    json!(kept.collect::<std::collections::BTreeMap<_, _>>())
}

type Tables = Vec<(String, Vec<String>)>;

fn sqlite(path: &std::path::Path) -> Tables {
    let connection = rusqlite::Connection::open(path).expect("the database");
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).expect("a statement");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("texts")
    };
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let rows = |table: &String| {
        let columns = texts(&format!("SELECT name FROM pragma_table_info('{table}')"));
        let shown: Vec<String> = columns.iter().map(|name| format!("quote({name})")).collect();
        texts(&format!("SELECT {} FROM {table} ORDER BY 1", shown.join(" || ',' || ")))
    };
    texts(tables).into_iter().map(|table| (table.clone(), rows(&table))).collect()
}

async fn postgres(url: &str) -> Tables {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the database");
    tokio::spawn(connection);
    let sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
    let mut tables = Tables::new();
    for row in client.query(sql, &[]).await.expect("tables") {
        let table: String = row.get(0);
        let rows = client.query(&format!("SELECT t::text FROM {table} t ORDER BY 1"), &[]).await;
        let rows = rows.expect("rows").iter().map(|row| row.get(0)).collect();
        tables.push((table, rows));
    }
    tables
}

/// Does to a database what no server does: without foreign keys, triggers and rules.
pub async fn damage(location: &Location, sql: &str) {
    match location {
        Location::Sqlite(path) => {
            let connection = rusqlite::Connection::open(path).expect("the database");
            connection.pragma_update(None, "foreign_keys", false).expect("a pragma");
            connection.execute_batch(sql).expect(sql);
        }
        Location::Postgres(url) => {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("one");
            tokio::spawn(connection);
            let all = format!("SET session_replication_role = replica; {sql}");
            client.batch_execute(&all).await.expect(sql);
        }
    }
}
