//! Entities under `/api`, with all their fields.

use std::time::Duration;

use axum::http::Method;
use expect_test::expect;
use serde_json::json;
use testing::{Answer, Api, TestApp, both_engines};

/// The kinds as their paths name them.
const KINDS: [&str; 14] = [
    "brands",
    "categories",
    "clients",
    "contracts",
    "leave-types",
    "leaves",
    "positions",
    "products",
    "projects",
    "seniorities",
    "teams",
    "users",
    "working-times",
    "workspaces",
];

/// One of each kind, with every field, called `a` by OKTA.
async fn furnish(t: &TestApp) {
    for (group, fields) in [
        ("categories", json!({"name": "Category"})),
        ("seniority", json!({"name": "Senior"})),
        ("leaves-types", json!({"name": "Holiday"})),
        ("user-position", json!({"name": "Engineer", "category_id": "a"})),
        ("workspaces", json!({"name": "North", "description": "Up there"})),
        (
            "users",
            json!({
                "email": "ana@example.com", "first_name": "Ana", "last_name": "Lee",
                "phone": "+34 600", "position": "Chief", "department": "R&D", "role_id": 2,
                "daily_hours": 7.5, "user_position_id": "a", "seniority_id": "a",
                "hourly_rate_effective_from": "2025-01-01"
            }),
        ),
        ("teams", json!({"name": "Team", "description": "Who draws", "workspace_id": "a"})),
        ("clients", json!({"name": "Acme", "business_name": "Acme S.A.", "phone": "1"})),
        (
            "contracts",
            json!({
                "name": "Support", "client_id": "a", "type": "FEE", "status": "OPEN",
                "start_date": "2025-01-01", "end_date": "2026-12-31", "value": 1000.5,
                "currency": "USD", "description": "All year"
            }),
        ),
        ("brands", json!({"name": "Brand", "client_id": "a"})),
        ("products", json!({"name": "Product", "client_id": "a", "brand_id": "a"})),
        ("projects", json!({"name": "Project", "client_id": "a", "billable": true})),
        (
            "leaves",
            json!({
                "userId": "a", "leaveTypeId": "a", "allDay": true,
                "start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"
            }),
        ),
        (
            "working-time",
            json!({"userId": "a", "workingTimes": [
                {"dayOfWeek": "2", "start": "09:00", "end": "18:00", "breakTime": "1"}
            ]}),
        ),
    ] {
        t.api.create(group, "OKTA", "a", fields).await.ok();
    }
}

async fn link(api: &Api, kind: &str, source: &str, external_id: &str, id: i64) {
    let body = json!({"kind": kind, "source": source, "external_id": external_id, "id": id});
    api.post("/api/references", body).await.ok();
}

async fn if_none_match(api: &Api, path: &str, tag: &str) -> Answer {
    api.send(Method::GET, path, &[("if-none-match", tag)], Vec::new()).await
}

/// The ids of all pages of a list.
async fn ids(api: &Api, path: &str) -> Vec<i64> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("{path}{cursor}")).await.ok();
        let rows = page["data"].as_array().unwrap();
        all.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

both_engines! {
    /// Every kind, with every field in its place.
    async fn of_every_kind(t: TestApp) {
        furnish(&t).await;
        let mut told = String::new();
        for kind in KINDS {
            let answer = t.api.get(&format!("/api/{kind}/OKTA:a")).await;
            let id = answer.ok()["id"].as_i64().unwrap();
            assert_eq!(t.api.get(&format!("/api/{kind}/{id}")).await.text, answer.text);
            let list = t.api.get(&format!("/api/{kind}")).await;
            assert_eq!(list.text, format!("{{\"data\":[{}],\"next\":null}}", answer.text));
            told += &format!("{kind} {}\n", answer.text);
        }
        expect![[r#"
            brands {"id":1,"name":"Brand","client_id":1,"external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            categories {"id":1,"name":"Category","external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            clients {"id":1,"name":"Acme","business_name":"Acme S.A.","email_contact":null,"name_contact":null,"last_name_contact":null,"phone":"1","website":null,"description":null,"condition":"active","external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            contracts {"id":1,"name":"Support","client_id":1,"type":"FEE","status":"OPEN","start_date":"2025-01-01","end_date":"2026-12-31","value":1000.5,"currency":"USD","description":"All year","source":null,"frequency":null,"url":null,"url_name":null,"json_integrations":null,"currency_id":null,"user_positions_header_id":null,"positions":null,"external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            leave-types {"id":1,"name":"Holiday","external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            leaves {"id":1,"user_id":1,"leave_type_id":1,"start_text":"2020-01-01T00:00:00Z","end_text":"2020-01-02T00:00:00Z","start_date":"2020-01-01","end_date":"2020-01-02","all_day":true,"external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            positions {"id":1,"name":"Engineer","category_id":1,"rate":null,"seniority":null,"seniority_id":null,"external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            products {"id":1,"name":"Product","client_id":1,"brand_id":1,"description":null,"external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            projects {"id":1,"name":"Project","client_id":1,"brief":null,"start_date":null,"end_date":null,"pm_id":null,"brand_id":null,"product_id":null,"estimated_time":null,"billable":true,"status":null,"currency_id":null,"evaluation_date":null,"estimated":null,"fee_id":null,"contract_id":null,"deliverables":null,"work_order":null,"income_type":null,"archived":null,"external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            seniorities {"id":1,"name":"Senior","external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            teams {"id":1,"name":"Team","description":"Who draws","workspace_id":1,"external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            users {"id":1,"email":"ana@example.com","first_name":"Ana","last_name":"Lee","phone":"+34 600","position":"Chief","department":"R&D","role_id":2,"daily_hours":7.5,"position_id":1,"seniority_id":1,"hourly_rate_effective_from":null,"description":null,"birthday":null,"hourly_rate":null,"monthly_hours":null,"plan_id":null,"hidden":false,"charge_hours":null,"external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            working-times {"id":1,"user_id":1,"days":"2 09:00-18:00 60","external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
            workspaces {"id":1,"name":"North","active":true,"description":"Up there","external_ids":[{"source":"OKTA","external_id":"a"}],"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}
        "#]].assert_eq(&told);
    }

    /// What is not there, in every way of naming it; and what is no name.
    async fn not_there(t: TestApp) {
        furnish(&t).await;
        let other = t.other_company().await;
        for kind in KINDS {
            for (api, name, status) in [
                (&t.api, "99", 404),
                (&t.api, "OKTA:b", 404),
                (&t.api, "SAP:a", 404),
                (&other, "1", 404),
                (&other, "OKTA:a", 404),
                (&t.api, "0", 400),
                (&t.api, "-1", 400),
                (&t.api, "a", 400),
                (&t.api, "OKTA:", 400),
                (&t.api, "EXCEL:a", 400),
                (&t.api, "1?colour=red", 400),
            ] {
                let answer = api.get(&format!("/api/{kind}/{name}")).await;
                assert_eq!(answer.status, status, "{kind} {name}: {answer}");
            }
            assert_eq!(ids(&other, &format!("/api/{kind}?limit=1")).await, [0i64; 0]);
        }
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"the id in the path must be a positive integer or like OKTA:external-id","code":"VALIDATION","request_id":"[id]"}"#]].assert_eq(&t.api.get("/api/users/u1").await.to_string());
        expect![[r#"
            404 Not Found
            {"type":"urn:crewline:error:ZC001","title":"UserNotFoundError","status":404,"detail":"Entity is not associated: user \"a\" (known to OKTA) of source SAP","code":"ZC001","request_id":"[id]"}"#]].assert_eq(&t.api.get("/api/users/SAP:a").await.to_string());
        t.api.user("OKTA", "x:y z/é").await;
        let found = t.api.get("/api/users/OKTA:x%3Ay%20z%2F%C3%A9").await.ok();
        assert_eq!(found["external_ids"][0]["external_id"], "x:y z/é");
    }

    /// A deleted entity is not there, also where its row stays.
    async fn deleted(t: TestApp) {
        furnish(&t).await;
        let body = json!({"metadata": {"source": "OKTA"}});
        for (group, kind) in [("products", "products"), ("brands", "brands"), ("teams", "teams")] {
            t.api.delete(&format!("/v2/integrations/{group}/a"), body.clone()).await.ok();
            assert_eq!(t.api.get(&format!("/api/{kind}/1")).await.status, 404);
            assert_eq!(ids(&t.api, &format!("/api/{kind}?limit=1")).await, [0i64; 0]);
        }
    }

    /// By id, and after an instant by when they were changed last; pages go on between those that
    /// were changed at once.
    async fn pages(t: TestApp) {
        for nth in 1..=5 {
            t.api.user("OKTA", &format!("u{nth}")).await;
        }
        let rename = async |id: &str| {
            let body = json!({"metadata": {"source": "OKTA"}, "first_name": "Eva"});
            t.api.put(&format!("/v2/integrations/users/{id}"), body).await.ok();
        };
        t.clock.advance(Duration::from_secs(1));
        rename("u4").await;
        rename("u2").await;
        t.clock.advance(Duration::from_secs(1));
        rename("u1").await;
        for limit in 1..=6 {
            assert_eq!(ids(&t.api, &format!("/api/users?limit={limit}")).await, [1, 2, 3, 4, 5]);
            for (after, found) in [
                ("2026-01-08T19:06:18Z", &[3, 5, 2, 4, 1][..]),
                ("2026-01-08T19:06:19Z", &[2, 4, 1]),
                ("2026-01-08T20:06:20%2B01:00", &[1]),
                ("2026-01-08T19:06:21Z", &[]),
            ] {
                let path = format!("/api/users?limit={limit}&updated_after={after}");
                assert_eq!(ids(&t.api, &path).await, found, "{limit} {after}");
            }
        }
    }

    async fn wrong_queries(t: TestApp) {
        for (query, said) in [
            ("limit=0", "limit must be an integer from 1 to 200"),
            ("limit=201", "limit must be an integer from 1 to 200"),
            ("cursor=x", "cursor must be the `next` of an earlier page"),
            // [1,2]: of the other order.
            ("cursor=WzEsMl0", "cursor must be the `next` of an earlier page"),
            // 1, and an instant that cannot be.
            ("updated_after=2026-01-01T00:00:00Z&cursor=MQ", "cursor must be the `next`"),
            ("updated_after=2026-01-01T00:00:00Z&cursor=WzkyMjMzNzIwMzY4NTQ3NzU4MDcsMV0", "cursor must be"),
            ("updated_after=2026-01-01", "updated_after must be an instant, like 2026-01-08T19:06:19Z"),
            ("updated_after=", "updated_after must be an instant"),
            // Before the years that PostgreSQL has.
            ("updated_after=-009000-01-01T00:00:00Z", "updated_after must be an instant"),
            ("updated_after=2026-01-01T00:00:00Z&cursor=W1stMzAwMDAwMDAwMDAwMDAwMDAwLDFdXQ", "cursor must be"),
            ("colour=red", "unknown field `colour`"),
            ("limit=1&limit=2", "duplicate field `limit`"),
        ] {
            let answer = t.api.get(&format!("/api/users?{query}")).await;
            assert_eq!(answer.status, 400, "{query}: {answer}");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains(said), "{query}: {detail}");
        }
    }

    /// A key sees its sources' external ids, and names entities by them only.
    async fn external_ids(t: TestApp) {
        furnish(&t).await;
        link(&t.api, "user", "SAP", "0007", 1).await;
        link(&t.api, "user", "JIRA", "j", 1).await;
        let all = t.api.get("/api/users/SAP:0007").await.ok();
        expect![[r#"[{"external_id":"j","source":"JIRA"},{"external_id":"a","source":"OKTA"},{"external_id":"0007","source":"SAP"}]"#]].assert_eq(&all["external_ids"].to_string());
        let sap = t.key(&["SAP"], true).await;
        let mine = json!([{"source": "SAP", "external_id": "0007"}]);
        assert_eq!(sap.get("/api/users/1").await.ok()["external_ids"], mine);
        assert_eq!(sap.get("/api/users").await.ok()["data"][0]["external_ids"], mine);
        assert_eq!(sap.get("/api/users/OKTA:a").await.status, 403);
    }

    /// The tag is the answer's: it changes with it, and with who asks.
    async fn etags(t: TestApp) {
        furnish(&t).await;
        let tag = async |api: &Api, path: &str| {
            let answer = api.get(path).await;
            answer.header("etag").unwrap().to_owned()
        };
        let first = tag(&t.api, "/api/users/1").await;
        assert_eq!((first.len(), first.starts_with('"')), (24, true));
        for sent in [first.clone(), format!("W/{first}"), format!("\"x\", {first}"), "*".to_owned()] {
            let answer = if_none_match(&t.api, "/api/users/OKTA:a", &sent).await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (304, ""), "{sent}");
            assert_eq!(answer.header("etag"), Some(&*first));
        }
        assert_eq!(if_none_match(&t.api, "/api/users/1", "\"x\"").await.status, 200);
        assert_eq!(if_none_match(&t.api, "/api/users/9", "*").await.status, 404);
        // What a source calls it is of it, for those who see it.
        let jira = t.key(&["JIRA"], true).await;
        let theirs = tag(&jira, "/api/users/1").await;
        link(&t.api, "user", "SAP", "0007", 1).await;
        let second = tag(&t.api, "/api/users/1").await;
        assert_ne!(second, first);
        assert_eq!(tag(&jira, "/api/users/1").await, theirs);
        assert_eq!(if_none_match(&t.api, "/api/users/1", &first).await.status, 200);
        let body = json!({"metadata": {"source": "OKTA"}, "phone": "2"});
        t.api.put("/v2/integrations/users/a", body).await.ok();
        assert_ne!(tag(&t.api, "/api/users/1").await, second);
    }

    /// As many statements for many rows as for one.
    async fn statements_do_not_grow_with_rows(t: TestApp) {
        t.quiet().await;
        let statements = async || {
            let before = t.app.store.statements();
            t.api.get("/api/users?limit=200").await.ok();
            t.app.store.statements() - before
        };
        t.api.user("OKTA", "u0").await;
        let one = statements().await;
        for nth in 1..50 {
            t.api.user("OKTA", &format!("u{nth}")).await;
        }
        assert_eq!(statements().await, one);
    }
}
