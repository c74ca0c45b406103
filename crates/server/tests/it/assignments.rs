//! `GET /api/assignments`: what a user is assigned to.

use std::convert::Infallible;

use axum::http::Method;
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

/// Both users in a workspace, the second in a team of it; a workspace and a team without anybody.
async fn people(api: &Api) {
    api.workspace("OKTA", "w1").await;
    api.workspace("OKTA", "w2").await;
    api.team("OKTA", "t1", Some("w1")).await;
    api.team("OKTA", "t2", None).await;
    api.join("OKTA", "u1", &[("w1", 50.0)]).await.ok();
    api.join("OKTA", "u2", &[("w1", 12.5), ("w2", 100.0)]).await.ok();
    // Nobody stays in the second one.
    let body = json!({"metadata": {"source": "OKTA"}, "workspaces": ["w2"]});
    api.put("/v2/integrations/users/u2/detach", body).await.ok();
    let body = json!({"metadata": {"source": "OKTA"}, "users": ["u2"]});
    api.put("/v2/integrations/teams/t1/attach", body).await.ok();
}

/// The ids on all pages.
async fn all_pages(api: &Api, path: &str) -> Vec<i64> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let start = if path.contains('?') { "&" } else { "?" };
        let page = api.get(&format!("{path}{cursor}")).await.ok();
        let rows = page["data"].as_array().unwrap();
        all.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("{start}cursor={next}"),
            None => return all,
        }
    }
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
        let values: [&(dyn Param + Send); 10] =
            [&1i64, &2i64, &first, &last, &1i64, &first, &last, &101i64, &LOOKED_INTO, &i64::MAX];
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
        let cursor = "WzEsMSwiMjAyNS0wMi0zMCIsIjIwMjUtMDItMDEiXQ"; // [1,1,"2025-02-30","2025-02-01"]
        for (query, status, said) in [
            ("", 400, "one of user, contract, team and workspace is required, and each must be a positive"),
            ("overlaps=2025-01-01..2025-02-01", 400, "one of user, contract, team and workspace"),
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
            ("user=1&brand=1", 400, "unknown field `brand`"),
            ("contract=x", 400, "contract must be a positive integer or like"),
            ("team=OKTA:", 400, "team must be a positive integer or like"),
            ("workspace=-1", 400, "workspace must be a positive integer or like"),
            ("contract=9", 404, "contract 9"),
            ("team=1", 404, "team 1"),
            ("user=1&workspace=OKTA:u1", 404, "workspace \"u1\" of source OKTA"),
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

    /// Those on a contract, and of who is in a team or a workspace; several narrow.
    async fn of_many(t: TestApp) {
        furnish(&t).await;
        people(&t.api).await;
        for (query, found) in [
            ("contract=1", &[3, 2, 6][..]),
            ("contract=OKTA:K1&overlaps=2025-06-01..2025-06-30", &[3]),
            ("contract=2", &[4]),
            ("contract=3&overlaps=2026-06-01..2026-06-30", &[5]),
            ("contract=3&user=OKTA:u1", &[1, 5]),
            ("contract=1&user=2", &[6]),
            ("team=OKTA:t1", &[6]),
            ("workspace=OKTA:w1", &[3, 2, 6, 4, 1, 5]),
            ("workspace=1&overlaps=2025-03-01..2025-05-31", &[3, 2, 6]),
            ("workspace=1&contract=1", &[3, 2, 6]),
            ("workspace=1&team=1", &[6]),
            ("workspace=1&user=1&contract=1", &[3, 2]),
            ("team=1&user=1", &[]),
            ("team=1&user=2", &[6]),
            ("team=2", &[]),
            ("workspace=2", &[]),
        ] {
            assert_eq!(ids(&t.api, query).await, found, "{query}");
            for limit in 1..4 {
                let all = all_pages(&t.api, &format!("/api/assignments?{query}&limit={limit}")).await;
                assert_eq!(all, found, "{query} {limit}");
            }
        }
        let told = t.api.get("/api/assignments?team=1").await.text;
        assert_eq!(told, t.api.get("/api/assignments?user=2").await.text);
    }

    /// A page looks at so many assignments and no further; the next one goes on there.
    async fn very_many_assignments(t: TestApp) {
        furnish(&t).await;
        people(&t.api).await;
        let count = LOOKED_INTO;
        let made = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            let more = tx.pick(
                "WITH RECURSIVE n(n) AS (
                    SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $1
                ) INSERT INTO assignments (company_id, contract_id, user_id, start_date, end_date, id, source_id)
                SELECT 1, 1, 1000 + n, 20000, 20001, 1000 + n, 0 FROM n",
                "INSERT INTO assignments (company_id, contract_id, user_id, start_date, end_date, id, source_id)
                SELECT 1, 1, 1000 + n, DATE '2025-01-01', DATE '2025-01-02', 1000 + n, 0
                FROM generate_series(1, $1) n",
            );
            Ok(tx.execute(more, &[&count]).await?)
        });
        made.await.unwrap();
        // Three are before them.
        let page = t.api.get("/api/assignments?workspace=1").await.ok();
        assert_eq!(page["data"].as_array().unwrap().len(), 3);
        let next = page["next"].as_str().expect("another page");
        assert_eq!(ids(&t.api, &format!("workspace=1&cursor={next}")).await, [4, 1, 5]);
        let page = t.api.get("/api/assignments?workspace=1&contract=1").await.ok();
        assert!(page["next"].is_string());
        assert_eq!(all_pages(&t.api, "/api/assignments?workspace=1&contract=1").await, [3, 2, 6]);
    }

    /// The contract's own list, by user.
    async fn on_a_contract(t: TestApp) {
        furnish(&t).await;
        t.api.user("OKTA", "u3").await;
        expect![[r#"
            200 OK
            {"data":[{"id":3,"user_id":1,"start_date":"2025-02-01","end_date":"2025-06-30","source":"OKTA"},{"id":2,"user_id":1,"start_date":"2025-03-01","end_date":"2025-04-01","source":"OKTA"},{"id":6,"user_id":2,"start_date":"2025-03-01","end_date":"2025-04-01","source":"OKTA"}],"next":null}"#]].assert_eq(&t.api.get("/api/contracts/OKTA:K1/assignments").await.to_string());
        for limit in 1..=4 {
            let path = format!("/api/contracts/1/assignments?limit={limit}");
            assert_eq!(all_pages(&t.api, &path).await, [3, 2, 6]);
        }
        let path = "/api/contracts/3/assignments?user=OKTA:u1";
        let answer = t.api.get(path).await;
        expect![[r#"
            200 OK
            {"data":[{"id":1,"user_id":1,"start_date":"2025-06-01","end_date":"2025-07-01","source":"OKTA"},{"id":5,"user_id":1,"start_date":"2026-01-01","end_date":null,"source":"OKTA"}],"next":null}"#]].assert_eq(&answer.to_string());
        let tag = answer.header("etag").unwrap().to_owned();
        let ask = async |tag: &str| {
            t.api.send(Method::GET, path, &[("if-none-match", tag)], Vec::new()).await
        };
        assert_eq!(ask(&tag).await.status, 304);
        attach(&t.api, "OKTA", "K1", "u1", &[("2025-04-01", "2025-04-02")]).await;
        assert_eq!(ask(&tag).await.status, 304);
        attach(&t.api, "OKTA", "K3", "u1", &[("2025-04-01", "2025-04-02")]).await;
        let answer = ask(&tag).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag") == Some(&tag)), (200, false));
        let none = t.api.get("/api/contracts/3/assignments?user=3").await;
        assert_eq!(none.text, r#"{"data":[],"next":null}"#);
        for (path, status, said) in [
            ("9/assignments", 404, "contract 9"),
            ("1/assignments?user=9", 404, "user 9"),
            ("1/assignments?user=SAP:u1", 404, "user \"u1\""),
            ("x/assignments", 400, "the id in the path must be a positive integer or like"),
            ("1/assignments?user=x", 400, "user must be a positive integer or like"),
            ("1/assignments?user=1&limit=5", 400, "limit and cursor do not go with user"),
            ("1/assignments?cursor=x", 400, "cursor must be the `next` of an earlier page"),
            ("1/assignments?team=1", 400, "unknown field `team`"),
        ] {
            let answer = t.api.get(&format!("/api/contracts/{path}")).await;
            assert_eq!(answer.status, status, "{path}: {answer}");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains(said), "{path}: {detail}");
        }
        let sap = t.key(&["SAP"], true).await;
        assert_eq!(sap.get("/api/contracts/3/assignments").await.ok()["data"][0]["source"], Value::Null);
        let other = t.other_company().await;
        assert_eq!(other.get("/api/contracts/1/assignments").await.status, 404);
    }

    /// Who is in a team and a workspace, and where a user is.
    async fn memberships(t: TestApp) {
        furnish(&t).await;
        people(&t.api).await;
        link(&t.api, "user", "SAP", "12", 2).await;
        expect![[r#"
            200 OK
            {"data":[{"id":1,"user_id":2,"external_ids":[{"source":"OKTA","external_id":"u2"},{"source":"SAP","external_id":"12"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}],"next":null}"#]].assert_eq(&t.api.get("/api/teams/OKTA:t1/users").await.to_string());
        expect![[r#"
            200 OK
            {"data":[{"user_id":1,"external_ids":[{"source":"OKTA","external_id":"u1"}],"percentage":50,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"},{"user_id":2,"external_ids":[{"source":"OKTA","external_id":"u2"},{"source":"SAP","external_id":"12"}],"percentage":12.5,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}],"next":null}"#]].assert_eq(&t.api.get("/api/workspaces/1/users").await.to_string());
        expect![[r#"
            200 OK
            {"data":[{"workspace_id":1,"external_ids":[{"source":"OKTA","external_id":"w1"}],"percentage":12.5,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}],"next":null}"#]].assert_eq(&t.api.get("/api/users/SAP:12/workspaces").await.to_string());
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/workspaces/OKTA:w1/users?limit=1{cursor}");
            let page = t.api.get(&path).await.ok();
            seen.push(page["data"][0]["user_id"].as_i64().unwrap());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, [1, 2]);
        assert_eq!(t.api.get("/api/teams/2/users").await.text, r#"{"data":[],"next":null}"#);
        let other = t.other_company().await;
        for path in ["teams/1/users", "workspaces/1/users", "users/1/workspaces"] {
            assert_eq!(other.get(&format!("/api/{path}")).await.status, 404, "{path}");
            assert_eq!(t.api.get(&format!("/api/{path}?cursor=x")).await.status, 400, "{path}");
            assert_eq!(t.api.get(&format!("/api/{path}?user=1")).await.status, 400, "{path}");
        }
        let sap = t.key(&["SAP"], true).await;
        let seen = sap.get("/api/workspaces/1/users").await.ok();
        assert_eq!(seen["data"][0]["external_ids"], json!([]));
        assert_eq!(sap.get("/api/workspaces/OKTA:w1/users").await.status, 403);
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
                SEARCH contracts USING PRIMARY KEY (company_id=? AND id>? AND id<?)\n\
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
