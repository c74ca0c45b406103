//! External references: linked, and looked up both ways.

use std::convert::Infallible;

use expect_test::expect;
use serde_json::{Value, json};
use server::references::OF_ENTITIES;
use server::store::{Col, Param, Row, Stmt, Tx};
use testing::{Engine, TestApp, both_engines};

/// However many references of a kind there are, those of an entity are found by a seek: SQLite once
/// went through all of the kind.
#[tokio::test(flavor = "multi_thread")]
async fn of_entities_by_seeks() {
    let t = TestApp::new(Engine::Sqlite).await;
    let read = t.app.store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        let sql: &'static str = format!("EXPLAIN QUERY PLAN {OF_ENTITIES}").leak();
        let (values, batch): ([&(dyn Param + Send); 1], _) =
            ([&1i64], [Col::Text(&["user"]), Col::Int(&[1])]);
        let read = move |row: &Row<'_>| row.get::<String>(3);
        Ok(tx.query_by(Stmt::batch(sql, &values, &batch), read).await?.join("\n"))
    });
    expect![[r#"
        SCAN batch VIRTUAL TABLE INDEX 0:
        SEARCH r USING COVERING INDEX external_refs_entity (company_id=? AND kind=? AND entity_id=?)
        USE TEMP B-TREE FOR ORDER BY"#]]
    .assert_eq(&read.await.unwrap());
}

both_engines! {
    /// A link by our id, by a reference, by e-mail; the same link again is 200.
    async fn linking(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        let link = async |body: Value| t.api.post("/api/references", body).await;
        let first = json!({"kind": "user", "source": "SAP", "external_id": "007", "id": 1});
        expect![[r#"
            201 Created
            {"kind":"user","source":"SAP","external_id":"007","id":1,"created_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&link(first.clone()).await.to_string());
        expect![[r#"
            200 OK
            {"kind":"user","source":"SAP","external_id":"007","id":1,"created_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&link(first).await.to_string());
        let by_reference = json!({"kind": "user", "source": "JIRA", "external_id": "ana", "of": {"source": "SAP", "external_id": "007"}});
        assert_eq!(link(by_reference).await.ok()["id"], 1);
        let by_email = json!({"kind": "user", "source": "GITHUB", "external_id": "ana-lee", "of": {"email": "U1@example.com"}});
        assert_eq!(link(by_email).await.ok()["id"], 1);
        // What was linked is known from then on.
        let body = json!({"metadata": {"source": "JIRA"}, "last_name": "Li"});
        assert_eq!(t.api.put("/v2/integrations/users/ana", body).await.ok()["id"], 1);
    }

    /// Another's reference is a conflict that names the owner; who is not there is named too.
    async fn refused_links(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        t.api.user("OKTA", "u2").await;
        t.api.workspace("OKTA", "w1").await;
        let link = async |of: Value| {
            let mut body = json!({"kind": "user", "source": "OKTA", "external_id": "u1"});
            body.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
            t.api.post("/api/references", body).await.to_string()
        };
        expect![[r#"
            409 Conflict
            {"type":"urn:crewline:error:ZC004","title":"DuplicateExternalIdError","status":409,"detail":"\"u1\" of source OKTA already belongs to user 1","code":"ZC004","request_id":"[id]"}"#]].assert_eq(&link(json!({"id": 2})).await);
        expect![[r#"
            404 Not Found
            {"type":"urn:crewline:error:ZC001","title":"UserNotFoundError","status":404,"detail":"There is no user 99","code":"ZC001","request_id":"[id]"}"#]].assert_eq(&link(json!({"id": 99})).await);
        expect![[r#"
            404 Not Found
            {"type":"urn:crewline:error:ZC001","title":"UserNotFoundError","status":404,"detail":"Entity is not associated: user \"u2\" (known to OKTA) of source SAP","code":"ZC001","request_id":"[id]","errors":[{"pointer":"/of/external_id","message":"is not associated; the same id is known to OKTA"}]}"#]].assert_eq(&link(json!({"of": {"source": "SAP", "external_id": "u2"}})).await);
        expect![[r#"
            404 Not Found
            {"type":"urn:crewline:error:ZC001","title":"UserNotFoundError","status":404,"detail":"There is no user \"nobody@example.com\"","code":"ZC001","request_id":"[id]"}"#]].assert_eq(&link(json!({"of": {"email": "nobody@example.com"}})).await);
    }

    /// Many at once: each is judged by itself, in order; a later one may build on an earlier.
    async fn a_batch(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        t.api.user("OKTA", "u2").await;
        t.api.workspace("OKTA", "w1").await;
        expect![[r#"
            200 OK
            {"results":[{"index":0,"outcome":"created","reference":{"kind":"user","source":"SAP","external_id":"1","id":1,"created_at":"2026-01-08T19:06:19Z"}},{"index":1,"outcome":"unchanged","reference":{"kind":"user","source":"SAP","external_id":"1","id":1,"created_at":"2026-01-08T19:06:19Z"}},{"index":2,"outcome":"rejected","error":{"code":"ZC004","title":"DuplicateExternalIdError","detail":"\"1\" of source SAP already belongs to user 1"}},{"index":3,"outcome":"created","reference":{"kind":"workspace","source":"SAP","external_id":"1","id":1,"created_at":"2026-01-08T19:06:19Z"}},{"index":4,"outcome":"unchanged","reference":{"kind":"user","source":"OKTA","external_id":"u2","id":2,"created_at":"2026-01-08T19:06:19Z"}},{"index":5,"outcome":"rejected","error":{"code":"ZC001","title":"UserNotFoundError","detail":"There is no user 9"}},{"index":6,"outcome":"created","reference":{"kind":"user","source":"JIRA","external_id":"2","id":2,"created_at":"2026-01-08T19:06:19Z"}}]}"#]].assert_eq(&t.api.post("/api/references", json!({"references": [
            {"kind": "user", "source": "SAP", "external_id": "1", "id": 1},
            {"kind": "user", "source": "SAP", "external_id": "1", "id": 1},
            {"kind": "user", "source": "SAP", "external_id": "1", "id": 2},
            {"kind": "workspace", "source": "SAP", "external_id": "1", "id": 1},
            {"kind": "user", "source": "OKTA", "external_id": "u2", "id": 2},
            {"kind": "user", "source": "SAP", "external_id": "9", "id": 9},
            {"kind": "user", "source": "JIRA", "external_id": "2", "of": {"email": "u2@example.com"}}
        ]})).await.to_string());
        let listed = t.api.get("/api/references?source=SAP").await.ok();
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));
    }

    /// Both ways, and a page at a time.
    async fn looking_up(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        t.api.workspace("OKTA", "u1").await;
        t.api.user("OKTA", "u2").await;
        t.api.post("/api/references", json!({"kind": "user", "source": "SAP", "external_id": "u1", "id": 1})).await.ok();
        expect![[r#"
            200 OK
            {"data":[{"kind":"user","source":"OKTA","external_id":"u1","id":1,"created_at":"2026-01-08T19:06:19Z"},{"kind":"user","source":"SAP","external_id":"u1","id":1,"created_at":"2026-01-08T19:06:19Z"}],"next":null}"#]].assert_eq(&t.api.get("/api/references?kind=user&external_id=u1").await.to_string());
        let found = async |query: &str| {
            let answer = t.api.get(&format!("/api/references?{query}")).await.ok();
            let data = answer["data"].as_array().unwrap().clone();
            let short = |r: &Value| format!("{} {} {}", r["kind"], r["external_id"], r["source"]).replace('"', "");
            data.iter().map(short).collect::<Vec<_>>().join(", ")
        };
        expect!["user u1 OKTA, user u1 SAP, user u2 OKTA, workspace u1 OKTA"].assert_eq(&found("").await);
        expect!["user u1 OKTA, user u1 SAP, workspace u1 OKTA"].assert_eq(&found("external_id=u1").await);
        expect!["user u1 OKTA, user u1 SAP"].assert_eq(&found("kind=user&id=1").await);
        expect!["user u1 SAP"].assert_eq(&found("kind=user&id=1&source=SAP").await);
        expect!["workspace u1 OKTA"].assert_eq(&found("kind=workspace").await);
        expect!["user u1 SAP"].assert_eq(&found("source=SAP").await);
        assert_eq!(found("kind=team").await, "");

        let (mut next, mut seen) = (String::new(), Vec::new());
        loop {
            let page = t.api.get(&format!("/api/references?limit=1{next}")).await.ok();
            assert_eq!(page["data"].as_array().map(Vec::len), Some(1));
            seen.push(page["data"][0]["external_id"].as_str().unwrap().to_owned());
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, ["u1", "u1", "u2", "u1"]);
    }

    /// A batch costs the same number of statements, however many of its links are refused.
    async fn statements_do_not_grow_with_links(t: TestApp) {
        t.quiet().await;
        t.api.user("OKTA", "u1").await;
        let link = |n: usize| json!({"kind": "user", "source": "SAP", "external_id": format!("s{n}"),
            "of": {"source": "JIRA", "external_id": format!("nobody-{n}")}});
        let statements = async |links: Vec<Value>| {
            let before = t.app.store.statements();
            t.api.post("/api/references", json!({"references": links})).await.ok();
            t.app.store.statements() - before
        };
        let (one, many) = (statements(vec![link(0)]).await, statements((0..1_000).map(link).collect()).await);
        assert_eq!(one, many);
    }

    /// `/api` ignores nothing that it does not know.
    async fn unknown_things_are_refused(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        for query in ["colour=red", "kind=spaceship", "source=EXCEL", "id=1", "kind=user&id=x", "limit=0", "limit=201", "cursor=x", "external_id="] {
            let answer = t.api.get(&format!("/api/references?{query}")).await;
            assert_eq!(answer.status, 400, "{query}");
        }
        assert_eq!(t.api.post("/api/references?colour=red", json!({})).await.status, 400);
        let answer = t.api.get("/api/references?kind=spaceship").await.json();
        assert_eq!(answer["detail"], format!("kind {}", domain::Kind::RULE));
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"3 fields are not valid: /colour, /external_id, /id","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/colour","message":"is not a field here; the fields are kind, source, external_id, id, of"},{"pointer":"/external_id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/id","message":"must be a positive integer"}]}"#]].assert_eq(&t.api.post("/api/references", json!({
            "kind": "user", "source": "EXCEL", "external_id": "", "colour": "red", "id": 0
        })).await.to_string());
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"/of names a user by e-mail, but kind is not user","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/of","message":"names a user by e-mail, but kind is not user"}]}"#]].assert_eq(&t.api.post("/api/references", json!({
            "kind": "team", "source": "SAP", "external_id": "x", "of": {"email": "a@b.c"}
        })).await.to_string());
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"must have either id or of","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"","message":"must have either id or of"}]}"#]].assert_eq(&t.api.post("/api/references", json!({
            "kind": "user", "source": "SAP", "external_id": "x"
        })).await.to_string());
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"/references must be a non-empty list","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/references","message":"must be a non-empty list"}]}"#]].assert_eq(&t.api.post("/api/references", json!({"references": []})).await.to_string());
        let link = json!({"kind": "user", "source": "SAP", "external_id": "x", "id": 1});
        let many: Vec<Value> = std::iter::repeat_n(link, 1_001).collect();
        expect![[r#"
            413 Payload Too Large
            {"type":"urn:crewline:error:PAYLOAD_TOO_LARGE","title":"PayloadTooLargeError","status":413,"detail":"1001 records are more than 1000","code":"PAYLOAD_TOO_LARGE","request_id":"[id]","limits":{"max_body_bytes":4194304,"max_ranges":1000}}"#]].assert_eq(&t.api.post("/api/references", json!({"references": many})).await.to_string());
    }
}
