//! Who is double-booked (`GET /api/conflicts`), and who is free (`GET /api/bench`).

use std::convert::Infallible;

use expect_test::expect;
use serde_json::{Value, json};
use server::store::{Col, Tx};
use testing::{Api, TestApp, both_engines};

/// Three contracts, of which the second ends, and people on them.
async fn furnish(t: &TestApp) {
    let api = &t.api;
    api.contract("SAP", "K1", None, None).await;
    api.contract("SAP", "K2", None, Some("2026-06-30")).await;
    api.contract("SAP", "K3", None, None).await;
    for user in ["ana", "ben", "cleo", "dan"] {
        api.user("SAP", user).await;
    }
    for (workspace, nth) in [("w1", 1), ("w2", 2)] {
        assert_eq!(api.workspace("SAP", workspace).await, nth);
    }
    // Ana is on two contracts in March; on one of them twice, which is no conflict.
    api.attach("SAP", "K1", "ana", &[("2026-01-01", "2026-03-31"), ("2026-01-15", "2026-02-15")])
        .await;
    api.attach("SAP", "K2", "ana", &[("2026-03-10", "9999-12-31")]).await;
    // Ben is away while he is on a contract.
    api.attach("SAP", "K3", "ben", &[("2026-05-01", "2026-05-20")]).await;
    api.create("leaves-types", "SAP", "holiday", json!({"name": "Holiday"})).await.ok();
    leave(api, "ben", "2026-05-18", "2026-05-29").await;
    leave(api, "ben", "2026-08-03", "2026-08-07").await;
    // Cleo is in workspaces with 110 percent.
    api.join("SAP", "cleo", &[("w1", 60.5), ("w2", 49.5)]).await.ok();
    api.join("SAP", "dan", &[("w1", 60.0), ("w2", 40.0)]).await.ok();
}

async fn leave(api: &Api, user: &str, start: &str, end: &str) {
    let fields = json!({
        "userId": user, "leaveTypeId": "holiday", "allDay": true,
        "start": format!("{start}T00:00:00Z"), "end": format!("{end}T00:00:00Z")
    });
    api.create("leaves", "SAP", &format!("{user} {start}"), fields).await.ok();
}

/// What is found: who, why and when.
fn found(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().expect("rows").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    rows.map(|row| {
        let user = text(&row["user"]["external_ids"][0]["external_id"]);
        let [kind, from, to] = [&row["kind"], &row["from"], &row["to"]].map(text);
        format!("{user}: {kind} {from}..{to}")
    })
    .collect()
}

/// Who is on the bench.
fn free(page: &Value) -> Vec<i64> {
    let rows = page["data"].as_array().expect("rows").iter();
    rows.map(|row| row["id"].as_i64().expect("an id")).collect()
}

async fn all(api: &Api, path: &str) -> Value {
    let page = api.get(path).await.ok();
    assert_eq!(page["next"], Value::Null);
    page
}

both_engines! {
    /// Each with its window, the records that make it, and where they come from.
    async fn conflicts(t: TestApp) {
        furnish(&t).await;
        expect![[r#"
            200 OK
            {"data":[{"kind":"contracts","user":{"id":1,"name":"Ana Lee","external_ids":[{"source":"SAP","external_id":"ana"}]},"from":"2026-03-10","to":"2026-03-31","assignments":[{"id":1,"contract":{"id":1,"name":"K1","external_ids":[{"source":"SAP","external_id":"K1"}]},"start_date":"2026-01-01","end_date":"2026-03-31","source":"SAP"},{"id":3,"contract":{"id":2,"name":"K2","external_ids":[{"source":"SAP","external_id":"K2"}]},"start_date":"2026-03-10","end_date":null,"source":"SAP"}],"leave":null,"workspaces":[],"percentage":null},{"kind":"leave","user":{"id":2,"name":"Ana Lee","external_ids":[{"source":"SAP","external_id":"ben"}]},"from":"2026-05-18","to":"2026-05-20","assignments":[{"id":4,"contract":{"id":3,"name":"K3","external_ids":[{"source":"SAP","external_id":"K3"}]},"start_date":"2026-05-01","end_date":"2026-05-20","source":"SAP"}],"leave":{"id":1,"start_date":"2026-05-18","end_date":"2026-05-29","external_ids":[{"source":"SAP","external_id":"ben 2026-05-18"}]},"workspaces":[],"percentage":null},{"kind":"workspaces","user":{"id":3,"name":"Ana Lee","external_ids":[{"source":"SAP","external_id":"cleo"}]},"from":"2026-01-01","to":"2026-12-31","assignments":[],"leave":null,"workspaces":[{"id":1,"name":"w1","percentage":60.5},{"id":2,"name":"w2","percentage":49.5}],"percentage":110}],"next":null}"#]].assert_eq(&t.api.get("/api/conflicts?from=2026-01-01&to=2026-12-31").await.to_string());
    }

    /// Only days of the window count. An open range ends with its contract.
    async fn the_window(t: TestApp) {
        furnish(&t).await;
        let found = async |from: &str, to: &str| {
            found(&all(&t.api, &format!("/api/conflicts?from={from}&to={to}")).await)
        };
        let cleo = |from, to| format!("cleo: workspaces {from}..{to}");
        assert_eq!(found("2026-03-31", "2026-03-31").await, [
            "ana: contracts 2026-03-31..2026-03-31", &cleo("2026-03-31", "2026-03-31")
        ]);
        assert_eq!(found("2026-04-01", "2026-05-17").await, [cleo("2026-04-01", "2026-05-17")]);
        assert_eq!(found("2026-05-20", "2026-05-31").await, [
            "ben: leave 2026-05-20..2026-05-20", &cleo("2026-05-20", "2026-05-31")
        ]);
        // K2 has ended, so Ana is on K3 alone.
        t.api.attach("SAP", "K3", "ana", &[("2026-06-30", "2026-07-31")]).await;
        assert_eq!(found("2026-06-01", "2026-07-31").await, [
            "ana: contracts 2026-06-30..2026-06-30", &cleo("2026-06-01", "2026-07-31")
        ]);
    }

    /// Who is on no contract on any day of the window.
    async fn bench(t: TestApp) {
        furnish(&t).await;
        expect![[r#"
            200 OK
            {"data":[{"id":3,"first_name":"Ana","last_name":"Lee","email":"cleo@example.com","external_ids":[{"source":"SAP","external_id":"cleo"}]},{"id":4,"first_name":"Ana","last_name":"Lee","email":"dan@example.com","external_ids":[{"source":"SAP","external_id":"dan"}]}],"next":null}"#]].assert_eq(&t.api.get("/api/bench?from=2026-01-01&to=2026-12-31").await.to_string());
        let free = async |from: &str, to: &str| {
            free(&all(&t.api, &format!("/api/bench?from={from}&to={to}")).await)
        };
        assert_eq!(free("2026-05-01", "2026-05-01").await, [3, 4]);
        assert_eq!(free("2026-06-30", "2026-07-31").await, [2, 3, 4]);
        // Ana's open range has ended with its contract.
        assert_eq!(free("2026-07-01", "2026-07-31").await, [1, 2, 3, 4]);
    }

    /// In a spreadsheet each record that takes part has a line.
    async fn as_csv(t: TestApp) {
        furnish(&t).await;
        let csv = async |path: &str| {
            let headers = [("accept", "text/csv")];
            let answer = t.api.send(axum::http::Method::GET, path, &headers, Vec::new()).await;
            assert_eq!(answer.status, 200, "{answer}");
            answer.text.replace("\r\n", "\n")
        };
        expect![[r#"
            kind,user_id,user_name,user_external_ids,from,to,assignment_id,contract_id,contract_name,contract_external_ids,start_date,end_date,source,leave_id,leave_start_date,leave_end_date,leave_external_ids,workspace_id,workspace_name,workspace_percentage,percentage
            contracts,1,Ana Lee,SAP:ana,2026-03-10,2026-03-31,1,1,K1,SAP:K1,2026-01-01,2026-03-31,SAP,,,,,,,,
            contracts,1,Ana Lee,SAP:ana,2026-03-10,2026-03-31,3,2,K2,SAP:K2,2026-03-10,,SAP,,,,,,,,
            leave,2,Ana Lee,SAP:ben,2026-05-18,2026-05-20,4,3,K3,SAP:K3,2026-05-01,2026-05-20,SAP,1,2026-05-18,2026-05-29,SAP:ben 2026-05-18,,,,
            workspaces,3,Ana Lee,SAP:cleo,2026-01-01,2026-12-31,,,,,,,,,,,,1,w1,60.5,110
            workspaces,3,Ana Lee,SAP:cleo,2026-01-01,2026-12-31,,,,,,,,,,,,2,w2,49.5,110
        "#]].assert_eq(&csv("/api/conflicts?from=2026-01-01&to=2026-12-31").await);
        expect![[r#"
            id,first_name,last_name,email,external_ids
            3,Ana,Lee,cleo@example.com,SAP:cleo
            4,Ana,Lee,dan@example.com,SAP:dan
        "#]].assert_eq(&csv("/api/bench?from=2026-01-01&to=2026-12-31").await);
    }

    /// A page ends behind a user, however many conflicts that one has.
    async fn pages(t: TestApp) {
        furnish(&t).await;
        leave(&t.api, "ana", "2026-03-12", "2026-03-12").await;
        let mut path = "/api/conflicts?from=2026-01-01&to=2026-12-31&limit=1".to_owned();
        let mut pages = Vec::new();
        loop {
            let page = t.api.get(&path).await.ok();
            pages.push(found(&page).len());
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/conflicts?from=2026-01-01&to=2026-12-31&limit=1&cursor={next}");
        }
        assert_eq!(pages, [2, 1, 1, 0]);
        let bench = t.api.get("/api/bench?from=2026-01-01&to=2026-12-31&limit=1").await.ok();
        assert_eq!(free(&bench), [3]);
        let next = bench["next"].as_str().expect("another page");
        let path = format!("/api/bench?from=2026-01-01&to=2026-12-31&limit=1&cursor={next}");
        assert_eq!(free(&t.api.get(&path).await.ok()), [4]);
    }

    /// More people than are looked at together.
    async fn many(t: TestApp) {
        furnish(&t).await;
        t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
            let ids: Vec<i64> = (1_001..=2_200).collect();
            let emails: Vec<String> = ids.iter().map(|id| format!("{id}@example.com")).collect();
            let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
            let sql = "INSERT INTO users (company_id, id, email, email_key, first_name, last_name,
                    role_id, daily_hours, created_at, updated_at)
                SELECT u.company_id, e.id, e.email, e.email, 'Eva', 'Many', 4, 80000, u.created_at, u.updated_at
                FROM {e(id bigint, email text)} CROSS JOIN users u WHERE u.id = 1";
            Ok(tx.execute_many(sql, &[], &[Col::Int(&ids), Col::Text(&emails)]).await?)
        }).await.unwrap();
        let mut all = Vec::new();
        let mut path = "/api/bench?from=2026-01-01&to=2026-12-31&limit=200".to_owned();
        loop {
            let page = t.api.get(&path).await.ok();
            all.extend(free(&page));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/bench?from=2026-01-01&to=2026-12-31&limit=200&cursor={next}");
        }
        assert!(all.into_iter().eq([3, 4].into_iter().chain(1_001..=2_200)));
    }

    /// What sources say is only for those who may use them.
    async fn another_source(t: TestApp) {
        furnish(&t).await;
        let jira = t.key(&["JIRA"], true).await;
        let text = jira.get("/api/conflicts?from=2026-01-01&to=2026-12-31").await;
        assert_eq!(text.ok()["data"].as_array().unwrap().len(), 3);
        assert!(!text.text.contains("SAP"), "{text}");
        assert!(!jira.get("/api/bench?from=2026-01-01&to=2026-12-31").await.text.contains("SAP"));
    }

    /// What is wrong, and what would be right.
    async fn refused(t: TestApp) {
        let mut said = String::new();
        for query in [
            "", "?from=2026-01-01", "?from=2026-01-01&to=2026-02-30", "?from=2026-02-01&to=2026-01-31",
            "?from=2026-01-01&to=2026-01-31&limit=201", "?from=2026-01-01&to=2026-01-31&cursor=x",
            "?from=2026-01-01&to=2026-01-31&user=5"
        ] {
            said += &format!("{}\n", t.api.get(&format!("/api/conflicts{query}")).await);
        }
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"from is required, and must be a date like 2026-01-31","code":"VALIDATION","request_id":"[id]"}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"to is required, and must be a date like 2026-01-31","code":"VALIDATION","request_id":"[id]"}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"to is required, and must be a date like 2026-01-31","code":"VALIDATION","request_id":"[id]"}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"to must not be before from","code":"VALIDATION","request_id":"[id]"}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"limit must be an integer from 1 to 200","code":"VALIDATION","request_id":"[id]"}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"cursor must be the `next` of an earlier page","code":"VALIDATION","request_id":"[id]"}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"Failed to deserialize query string: user: unknown field `user`, expected one of `from`, `to`, `limit`, `cursor`","code":"VALIDATION","request_id":"[id]"}
        "#]].assert_eq(&said);
    }
}
