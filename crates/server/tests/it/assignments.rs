//! `GET /api/assignments`: what a user is assigned to.

use std::convert::Infallible;

use expect_test::expect;
use serde_json::{Value, json};
use server::assignments::{LOOKED_INTO, OF_USER_ON_POSTGRES, OF_USER_ON_SQLITE};
use server::store::{Param, Row, Stmt, Tx};
use testing::{Api, Engine, TestApp, both_engines};

/// Attaches one user under a source.
async fn attach(api: &Api, source: &str, contract: &str, user: &str, ranges: &[(&str, &str)]) {
    let dates = ranges.iter().map(|(start, end)| json!({"start": start, "end": end}));
    let dates: Vec<Value> = dates.collect();
    let body = json!({"metadata": {"source": source}, "users": [{"id": user, "dates": dates}]});
    api.post(&format!("/v2/integrations/contracts/{contract}/users"), body).await.ok();
}

/// The ids of the assignments that a query finds.
async fn ids(api: &Api, query: &str) -> Vec<i64> {
    let found = api.get(&format!("/api/assignments?{query}")).await.ok();
    let rows = found["data"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_i64().unwrap()).collect()
}

/// Two users on three contracts: the second ends, the third has no period.
async fn furnish(t: &TestApp) {
    t.api.contract("OKTA", "K1", Some("2025-01-01"), Some("2026-12-31")).await;
    t.api.contract("OKTA", "K2", Some("2024-01-01"), Some("2024-12-31")).await;
    t.api.contract("OKTA", "K3", None, None).await;
    t.api.user("OKTA", "u1").await;
    t.api.user("OKTA", "u2").await;
    // 1 to 3, out of order; 4 and 5 end with their contracts.
    attach(&t.api, "OKTA", "K3", "u1", &[("2025-06-01", "2025-07-01")]).await;
    attach(
        &t.api,
        "OKTA",
        "K1",
        "u1",
        &[("2025-03-01", "2025-04-01"), ("2025-02-01", "2025-06-30")],
    )
    .await;
    attach(&t.api, "OKTA", "K2", "u1", &[("2024-02-01", "9999-12-31")]).await;
    attach(&t.api, "OKTA", "K3", "u1", &[("2026-01-01", "9999-12-31")]).await;
    attach(&t.api, "OKTA", "K1", "u2", &[("2025-03-01", "2025-04-01")]).await;
}

async fn link(api: &Api, kind: &str, source: &str, external_id: &str, id: i64) {
    let body = json!({"kind": kind, "source": source, "external_id": external_id, "id": id});
    assert_eq!(api.post("/api/references", body).await.status, 201);
}

/// What the engine says it would do for a later page.
async fn plan(t: &TestApp) -> String {
    let read = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        let explain = tx.pick("EXPLAIN QUERY PLAN ", "EXPLAIN ");
        let sql = tx.pick(OF_USER_ON_SQLITE, OF_USER_ON_POSTGRES);
        let sql: &'static str = format!("{explain}{sql}").leak();
        let [first, last] =
            ["2025-01-01", "2025-12-31"].map(|day| day.parse::<jiff::civil::Date>().unwrap());
        let values: [&(dyn Param + Send); 9] =
            [&1i64, &2i64, &first, &last, &1i64, &first, &last, &101i64, &LOOKED_INTO];
        let column = tx.pick(3, 0);
        let read = move |row: &Row<'_>| row.get::<String>(column);
        Ok(tx.query_by(Stmt::new(sql, &values), read).await?.join("\n"))
    });
    read.await.unwrap()
}

both_engines! {
    /// By contract, start and end; with what sources call the contract.
    async fn of_a_user(t: TestApp) {
        furnish(&t).await;
        link(&t.api, "contract", "SAP", "4711", 1).await;
        let answer = t.api.get("/api/assignments?user=1").await;
        expect![[r#"
            200 OK
            {"data":[{"id":3,"contract":{"id":1,"name":"K1","external_ids":[{"source":"OKTA","external_id":"K1"},{"source":"SAP","external_id":"4711"}]},"user_id":1,"start_date":"2025-02-01","end_date":"2025-06-30","source":"OKTA"},{"id":2,"contract":{"id":1,"name":"K1","external_ids":[{"source":"OKTA","external_id":"K1"},{"source":"SAP","external_id":"4711"}]},"user_id":1,"start_date":"2025-03-01","end_date":"2025-04-01","source":"OKTA"},{"id":4,"contract":{"id":2,"name":"K2","external_ids":[{"source":"OKTA","external_id":"K2"}]},"user_id":1,"start_date":"2024-02-01","end_date":null,"source":"OKTA"},{"id":1,"contract":{"id":3,"name":"K3","external_ids":[{"source":"OKTA","external_id":"K3"}]},"user_id":1,"start_date":"2025-06-01","end_date":"2025-07-01","source":"OKTA"},{"id":5,"contract":{"id":3,"name":"K3","external_ids":[{"source":"OKTA","external_id":"K3"}]},"user_id":1,"start_date":"2026-01-01","end_date":null,"source":"OKTA"}],"next":null}"#]].assert_eq(&answer.to_string());
        assert_eq!(t.api.get("/api/assignments?user=OKTA:u1").await.text, answer.text);
        assert_eq!(ids(&t.api, "user=2").await, [6]);
        t.api.user("SAP", "a:b c").await;
        assert_eq!(ids(&t.api, "user=SAP:a%3Ab%20c").await, [] as [i64; 0]);
    }

    /// Both ends of the window are in it; what has an open end ends with its contract.
    async fn in_a_window(t: TestApp) {
        furnish(&t).await;
        for (days, found) in [
            ("2025-06-30..2025-06-30", &[3, 1][..]),
            ("2025-07-01..2025-12-31", &[1]),
            ("2025-07-02..2025-12-31", &[]),
            ("2025-05-01..2025-05-31", &[3]),
            ("2024-12-31..2025-01-31", &[4]),
            ("2025-01-01..2025-01-31", &[]),
            ("2026-01-01..2026-01-01", &[5]),
            ("2090-01-01..9999-12-31", &[5]),
            ("0000-01-01..2025-02-01", &[3, 4]),
            ("0000-01-01..9999-12-31", &[3, 2, 4, 1, 5]),
        ] {
            let found_ids = ids(&t.api, &format!("user=1&overlaps={days}")).await;
            assert_eq!(found_ids, found, "{days}");
        }
    }

    /// A page goes on where the one before ended, also between ranges of one contract.
    async fn pages(t: TestApp) {
        furnish(&t).await;
        for limit in 1..=5 {
            let (mut all, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("/api/assignments?user=1&limit={limit}{cursor}");
                let page = t.api.get(&path).await.ok();
                let rows = page["data"].as_array().unwrap();
                assert!(rows.len() <= limit);
                all.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(all, [3, 2, 4, 1, 5], "{limit}");
        }
    }

    /// A page looks into so many contracts and no further; the next one goes on there.
    async fn very_many_contracts(t: TestApp) {
        furnish(&t).await;
        let (first, count) = (1_000i64, LOOKED_INTO);
        let made = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            let more = tx.pick(
                "WITH RECURSIVE n(n) AS (
                    SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < $2
                ) INSERT INTO contracts (company_id, id, name, client_id, created_at, updated_at)
                SELECT k.company_id, $1 + n, k.name, k.client_id, k.created_at, k.updated_at
                FROM n, contracts k WHERE k.id = 3",
                "INSERT INTO contracts (company_id, id, name, client_id, created_at, updated_at)
                SELECT k.company_id, $1 + n, k.name, k.client_id, k.created_at, k.updated_at
                FROM generate_series(0, $2 - 1) n, contracts k WHERE k.id = 3",
            );
            tx.execute(more, &[&first, &count]).await?;
            let last = "UPDATE assignments SET contract_id = $1 WHERE id = 5";
            tx.execute(last, &[&(first + count - 1)]).await?;
            Ok(())
        });
        made.await.unwrap();
        let page = t.api.get("/api/assignments?user=1").await.ok();
        assert_eq!(page["data"].as_array().unwrap().len(), 4);
        let next = page["next"].as_str().expect("another page");
        assert_eq!(ids(&t.api, &format!("user=1&cursor={next}")).await, [5]);
        // What misses the window counts as well: the first contract does.
        let window = "user=1&overlaps=2024-02-01..2024-03-01";
        assert_eq!(ids(&t.api, window).await, [4]);
        let page = t.api.get(&format!("/api/assignments?{window}")).await.ok();
        assert_eq!(page["next"], next);
    }

    async fn wrong(t: TestApp) {
        furnish(&t).await;
        let cursor = "WzEsIjIwMjUtMDItMzAiLCIyMDI1LTAyLTAxIl0"; // [1,"2025-02-30","2025-02-01"]
        for (query, status, said) in [
            ("", 400, "user is required, and must be a positive integer or like OKTA:external-id"),
            ("overlaps=2025-01-01..2025-02-01", 400, "user is required"),
            ("user=", 400, "user must be a positive integer or like"),
            ("user=0", 400, "user must be a positive integer or like"),
            ("user=u1", 400, "user must be a positive integer or like"),
            ("user=OKTA:", 400, "user must be a positive integer or like"),
            ("user=OKTA:%00", 400, "user must be a positive integer or like"),
            ("user=EXCEL:u1", 400, "source \"EXCEL\" is not a source; it must be one of JIRA"),
            ("user=:u1", 400, "source \"\" is not a source"),
            ("user=1&overlaps=2025-01-01", 400, "overlaps must be two dates, like 2026-01-01..2026-03-31"),
            ("user=1&overlaps=2025-01-01..", 400, "overlaps must be two dates"),
            ("user=1&overlaps=2025-02-30..2025-03-01", 400, "overlaps must be two dates"),
            ("user=1&overlaps=2025-02-02..2025-02-01", 400, "overlaps must begin with the earlier date"),
            ("user=1&limit=201", 400, "limit must be an integer from 1 to 200"),
            ("user=1&cursor=x", 400, "cursor must be the `next`"),
            (&format!("user=1&cursor={cursor}"), 400, "cursor must be the `next`"),
            ("user=1&contract=1", 400, "unknown field `contract`"),
            ("user=9", 404, "user 9"),
            ("user=SAP:u1", 404, "user \"u1\" (known to OKTA) of source SAP"),
        ] {
            let answer = t.api.get(&format!("/api/assignments?{query}")).await;
            assert_eq!(answer.status, status, "{query}: {answer}");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains(said), "{query}: {detail}");
        }
    }

    /// A key that is limited to sources sees all that is assigned, but not what other sources say.
    async fn a_limited_key(t: TestApp) {
        furnish(&t).await;
        link(&t.api, "contract", "SAP", "4711", 1).await;
        link(&t.api, "user", "SAP", "12", 1).await;
        let sap = t.key(&["SAP"], true).await;
        attach(&t.api, "SAP", "4711", "12", &[("2026-05-01", "2026-05-31")]).await;
        let answer = sap.get("/api/assignments?user=SAP:12").await;
        let rows = answer.ok()["data"].as_array().unwrap().clone();
        let said = rows.iter().map(|row| json!([row["id"], row["source"], row["contract"]["external_ids"]]));
        let named = json!([{"source": "SAP", "external_id": "4711"}]);
        let expected = json!([[3, null, named], [2, null, named], [7, "SAP", named], [4, null, []], [1, null, []], [5, null, []]]);
        assert_eq!(json!(said.collect::<Vec<_>>()), expected);
        let other = sap.get("/api/assignments?user=OKTA:u1").await;
        expect![[r#"
            403 Forbidden
            {"type":"urn:crewline:error:FORBIDDEN","title":"ForbiddenError","status":403,"detail":"The key may not use the ids of OKTA, only of SAP","code":"FORBIDDEN","request_id":"[id]"}"#]].assert_eq(&other.to_string());
    }

    /// Another company has none of it.
    async fn another_company(t: TestApp) {
        furnish(&t).await;
        let other = t.other_company().await;
        for user in ["1", "OKTA:u1"] {
            assert_eq!(other.get(&format!("/api/assignments?user={user}")).await.status, 404);
        }
        other.user("OKTA", "v").await;
        other.user("OKTA", "u1").await;
        other.contract("OKTA", "K1", None, None).await;
        attach(&other, "OKTA", "K1", "u1", &[("2025-03-01", "2025-04-01")]).await;
        for user in ["4", "OKTA:u1"] {
            assert_eq!(ids(&other, &format!("user={user}")).await.len(), 1, "{user}");
        }
        assert_eq!(ids(&t.api, "user=1").await, [3, 2, 4, 1, 5]);
    }

    /// A seek in each contract from the cursor's on, in order, and nothing else.
    async fn by_seeks(t: TestApp) {
        furnish(&t).await;
        if t.engine == Engine::Postgres {
            let filled = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
                let sql = "INSERT INTO assignments (company_id, contract_id, user_id, start_date, end_date, id, source_id)
                    SELECT 1, c, u, DATE '2025-01-01', DATE '2025-02-01', 1000 * c + u, 0
                    FROM generate_series(1, 20) c, generate_series(10, 1000) u";
                tx.execute(sql, &[]).await?;
                Ok(tx.execute("ANALYZE assignments", &[]).await?)
            });
            filled.await.unwrap();
        }
        let plan = plan(&t).await;
        println!("{plan}");
        match t.engine {
            Engine::Sqlite => assert_eq!(plan, "CO-ROUTINE c\n\
                SEARCH contracts USING PRIMARY KEY (company_id=? AND id>?)\n\
                SCAN c\n\
                SEARCH a USING PRIMARY KEY (company_id=? AND contract_id=? AND user_id=? AND start_date<?)\n\
                USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY"),
            Engine::Postgres => {
                for part in ["assignments_pkey on assignments", "(contract_id = c.id) AND (user_id = ", "(id >= "] {
                    assert!(plan.contains(part), "{plan}");
                }
                assert!(!plan.contains("Seq Scan on assignments"), "{plan}");
            }
        }
    }
}
