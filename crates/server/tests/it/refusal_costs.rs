//! What the inbox costs who refuses nothing, and by which index it is read.

use std::sync::Arc;

use axum::http::Method;
use domain::{ExternalId, Source};
use serde_json::{Value, json};
use server::refusals::{self, Record, Request, Target};
use server::store::{Col, Column, Last, Param, Row, Stmt, Tx, sure};
use testing::{Engine, TestApp, both_engines};

use crate::refusals::{ATTACH, GOOD, entry, items, users};

/// What the engine says it would do.
async fn plan(tx: &mut Tx, last: &Last) -> String {
    let explain = tx.pick("EXPLAIN QUERY PLAN ", "EXPLAIN ");
    let sql: &'static str = format!("{explain}{}", last.sql).leak();
    let values: Vec<&(dyn Param + Send)> = last.values.iter().map(|value| value as _).collect();
    let texts: Vec<Vec<&str>> = last.batch.iter().map(texts).collect();
    let batch: Vec<Col<'_>> = texts.iter().map(|texts| Col::Text(texts)).collect();
    let column = tx.pick(3, 0);
    let read = move |row: &Row<'_>| row.get::<String>(column);
    tx.query_by(Stmt::batch(sql, &values, &batch), read).await.unwrap().join("\n")
}

fn texts(column: &Column) -> Vec<&str> {
    match column {
        Column::Text(texts) => texts.iter().map(String::as_str).collect(),
        Column::Int(_) | Column::Bytes(_) => Vec::new(),
    }
}

/// Statements that a request needs.
async fn statements(t: &TestApp, body: &Value) -> u64 {
    t.api.get("/v1/me").await.ok();
    let before = t.app.store.statements();
    t.api.json(Method::POST, ATTACH, body.clone()).await.ok();
    t.app.store.statements() - before
}

const MANY: usize = 1_000;

both_engines! {
    /// Many records cost what one costs: one look at an index. Only where something is open is
    /// there another statement.
    async fn an_empty_inbox(t: TestApp) {
        t.quiet().await;
        t.api.contract("OKTA", "K9", None, None).await;
        t.api.user("OKTA", "u").await;
        // The ids of a sequence are drawn before.
        t.api.post(ATTACH, users(json!([entry("u", &[("2024-02-01", "2024-03-01")])]))).await.ok();
        let days = (0..MANY).map(|nth| json!({"id": "u", "dates": [{"start": format!("{}-01-01", 1000 + nth), "end": GOOD.1}]}));
        let many = users(json!(days.collect::<Vec<_>>()));
        let one = statements(&t, &users(json!([entry("u", &[("2024-05-01", "2024-06-01")])]))).await;
        let before = t.rows(&["assignments", "events", "id_sequences"]).await;
        // The look, the contract with the users, the insert, and the event; on SQLite also how often
        // references were removed.
        let removed = u64::from(t.engine == Engine::Sqlite);
        assert_eq!((one, statements(&t, &many).await), (5 + removed, 5 + removed));
        assert_eq!(t.rows(&["assignments", "events", "id_sequences"]).await, before);
        t.api.post(ATTACH, users(json!([entry("nobody", &[GOOD])]))).await;
        // All ranges are there by now: their ids are read; and what is open is closed.
        assert_eq!(statements(&t, &many).await, 6 + removed);
        assert_eq!(items(&t.api, "").await.len(), 1);
    }

    /// Both statements begin with the target in the index.
    async fn plans(t: TestApp) {
        let refused: Vec<Value> = (0..4_000).map(|nth| entry(&format!("u{nth}"), &[GOOD])).collect();
        for contract in ["K1", "K2", "K3"] {
            t.api.contract("OKTA", contract, None, None).await;
            let path = format!("/v2/integrations/contracts/{contract}/users");
            t.api.post(&path, users(json!(refused))).await;
        }
        if t.engine == Engine::Postgres {
            let analysed = t.app.store.write("test", async move |tx: &mut Tx| Ok(tx.execute("ANALYZE refusals", &[]).await?));
            sure(analysed.await).unwrap();
        }
        let okta = Source { id: 6, name: "OKTA" };
        let target = Target::new(1, "contracts.attach", okta, &["K9".to_owned()]);
        let [key, request_id] = ["key", "id"].map(Arc::from);
        let (method, path, path_ids) = (String::new(), String::new(), String::new());
        let request = Request { target, method, path, path_ids, list: "users", key, request_id };
        let record = |nth: usize| {
            let name = ExternalId::parse(&format!("u{nth}")).unwrap().to_string();
            Record { external_id: name.clone(), name, source: 6, content: String::new() }
        };
        for many in [1, MANY] {
            let (request, taken) = (request.clone(), (0..many).map(record).collect::<Vec<_>>());
            let now = t.app.clock.now();
            let plans = t.app.store.write("test", async move |tx: &mut Tx| {
                let look = plan(tx, &refusals::any_open(&request.target)).await;
                let close = refusals::close(tx, &request, &taken, now);
                Ok([look, plan(tx, &close).await])
            });
            for plan in sure(plans.await).unwrap() {
                println!("{plan}\n");
                match t.engine {
                    Engine::Sqlite => assert!(plan.contains("refusals_target (company_id=? AND target=? AND state=?"), "{plan}"),
                    Engine::Postgres => assert!(plan.contains("refusals_target"), "{plan}"),
                }
            }
        }
    }
}
