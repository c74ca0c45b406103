//! Lists of COR's Main API: pages, everything at once, and what is no list.

use std::convert::Infallible;

use axum::http::Method;
use expect_test::expect;
use serde_json::{Value, json};
use server::store::Tx;
use testing::{Api, Operation, TestApp, both_engines, operations};

fn ids(list: &Value) -> Vec<i64> {
    let rows = list["data"].as_array().expect("a list of rows");
    rows.iter().map(|row| row["id"].as_i64().expect("an id")).collect()
}

/// One of each kind that has lists, each of them 1, and what hangs on them.
pub async fn furnish(api: &Api) {
    api.workspace("SAP", "w").await;
    api.team("SAP", "t", Some("w")).await;
    api.put("/v1/teams/1", json!({"description": "d"})).await.ok();
    api.create("categories", "SAP", "g", json!({"name": "Craft"})).await.ok();
    let position = json!({"name": "Dev", "type": "P", "rate": 10.5, "seniority": "Sr.", "user_position_category_id": 1});
    api.post("/v1/userPosition", position).await.ok();
    let user = json!({
        "first_name": "Zoë", "last_name": "Öberg", "email": "zoe@example.com", "role_id": 2, "user_position_id": 1,
        "phone": "1", "description": "d", "birthday": "1990-01-31", "work_in": "Craft", "hourly_rate": 50.25,
        "monthly_hours": 160, "daily_hours": 7.5, "plan_id": 5, "charge_hours": true
    });
    api.post("/v1/users", user).await.ok();
    let called = json!({"kind": "user", "source": "SAP", "external_id": "u", "id": 1});
    api.post("/api/references", called).await.ok();
    let client = json!({
        "name": "Öl", "business_name": "Öl GmbH", "name_contact": "J", "last_name_contact": "S",
        "email_contact": "j@example.com", "website": "w", "description": "d", "phone": "1"
    });
    api.post("/v1/clients", client).await.ok();
    let contract = json!({
        "client_id": 1, "company_id": 1, "name": "Design", "type": "fixed", "status": "active", "source": "cor",
        "start": "2026-01-01", "end": "2026-12-31", "frequency": "monthly", "currency_id": 1,
        "json_integrations": {"crm": [1.50]}, "url": "u", "url_name": "n", "user_positions_header_id": 3
    });
    api.post("/v1/contracts/1", contract).await.ok();
    let link = json!({"kind": "client", "source": "SAP", "external_id": "c", "id": 1});
    api.post("/api/references", link).await.ok();
    api.create("brands", "SAP", "b", json!({"name": "B", "client_id": "c"})).await.ok();
    let product = json!({"name": "P", "client_id": "c", "brand_id": "b"});
    api.create("products", "SAP", "p", product).await.ok();
    let project = json!({
        "name": "Über", "brand_id": 1, "product_id": 1, "client_id": 1, "brief": "b", "start": "2026-01-15", "end": "2026-03-31", "pm_id": 1,
        "estimated_time": 200.5, "billable": true, "status": "active", "estimated": 15, "fee_id": 8,
        "contract_id": 1, "income_type": "fee", "archived": false
    });
    api.post("/v1/projects", project).await.ok();
    let dates = json!([{"start": "2026-02-01", "end": "2026-03-31"}]);
    api.post("/v1/contracts/1/users", json!({"users": [{"id": 1, "dates": dates}]})).await.ok();
    let position = json!({"position_id": 1, "team_id": 1, "rate": 62.5, "hours": 120});
    api.post("/v1/contracts/1/positions", position).await.ok();
    let works = api.post("/v1/projects/1/collaborators", json!({"usersIds": [1]})).await;
    assert_eq!(works.status, 201);
    api.post("/v1/company/leaves-types", json!({"name": "Vacation"})).await.ok();
    let leave = json!({"userId": 1, "leaveTypeId": 1, "start": "2026-03-01", "end": "2026-03-05"});
    api.post("/v1/user/leaves", leave).await.ok();
    let day = json!({"dayOfWeek": "2", "start": "09:00", "end": "18:00", "breakTime": "1"});
    api.post("/v1/working-time", json!({"userId": 1, "workingTimes": [day]})).await.ok();
}

/// Every GET of `/v1` with the examples of its path, and whether it has pages.
fn reads() -> Vec<(String, bool)> {
    let reads = operations().into_iter().filter(|operation| {
        operation.method == Method::GET && operation.template.starts_with("/v1/")
    });
    let has_pages = |said: &Value| {
        said["parameters"].as_array().is_some_and(|all| all.iter().any(|p| p["name"] == "perPage"))
    };
    let read = |Operation { template, path, said, .. }: Operation| {
        let path = match template.contains("search-by-name") {
            true => template.replace("{name}", "%C3%B6").replace("{project_name}", "%C3%9CB"),
            // The examples of parameters in the query stay.
            false => {
                let mut sent = template.to_owned();
                for name in ["user_id", "team_id", "contract_id", "client_id", "project_id"] {
                    sent = sent.replace(&format!("{{{name}}}"), "1");
                }
                let query = path.split_once('?').map(|_| "?usersId=1").unwrap_or_default();
                sent + query
            }
        };
        (path, has_pages(said))
    };
    reads.map(read).collect()
}

/// 10,001 users, of whom the first was there already.
async fn many_users(t: &TestApp) {
    let insert = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        let sql =
            "INSERT INTO users (company_id, id, email, email_key, first_name, last_name, name_key,
                role_id, daily_hours, created_at, updated_at)
            WITH RECURSIVE n(id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < 10001)
            SELECT u.company_id, n.id, n.id || '@x', n.id || '@x', 'A', 'B', u.name_key, 4, 80000,
                u.created_at, u.updated_at
            FROM n CROSS JOIN users u WHERE u.id = 1";
        tx.execute(sql, &[]).await?;
        Ok(())
    });
    insert.await.expect("users");
}

both_engines! {
    /// The envelope, whatever part is asked for.
    async fn pages(t: TestApp) {
        let api = &t.api;
        expect![[r#"
            200 OK
            {"total":"0","perPage":20,"page":1,"lastPage":0,"data":[]}"#]].assert_eq(&api.get("/v1/teams").await.to_string());
        for n in 1..=5 {
            api.team("OKTA", &format!("t{n}"), None).await;
        }
        let first = api.get("/v1/teams?page=1&perPage=2").await.ok();
        expect![[r#""5" 2 1 3"#]].assert_eq(&format!("{} {} {} {}", first["total"], first["perPage"], first["page"], first["lastPage"]));
        assert_eq!(ids(&first), [1, 2]);
        assert_eq!(ids(&api.get("/v1/teams?page=3&perPage=2").await.ok()), [5]);
        expect![[r#"
            200 OK
            {"total":"5","perPage":2,"page":4,"lastPage":3,"data":[]}"#]].assert_eq(&api.get("/v1/teams?page=4&perPage=2").await.to_string());
        // The most, and what nobody knows is ignored.
        assert_eq!(ids(&api.get("/v1/teams?perPage=200&archived=1").await.ok()), [1, 2, 3, 4, 5]);
        let all = api.get("/v1/teams?page=false&perPage=2").await.ok();
        expect![[r#""5" 5 1 1"#]].assert_eq(&format!("{} {} {} {}", all["total"], all["perPage"], all["page"], all["lastPage"]));
        assert_eq!(ids(&all), [1, 2, 3, 4, 5]);
    }

    /// Never silently another page than was asked for.
    async fn refused(t: TestApp) {
        let mut said = String::new();
        for query in [
            "page=0", "page=x", "page=99999999999", "perPage=201", "perPage=0", "page=1&page=2",
            "filters={", "filters=%5B%5D", "filters=%7B%22a%22:1%7D", "filters=%7B%22a%22:%22%5Cu0000%22%7D"
        ] {
            said += &format!("{}\n", t.api.get(&format!("/v1/teams?{query}")).await);
        }
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"page must be an integer from 1 to 1000000000, or false","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"page must be an integer from 1 to 1000000000, or false","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"page must be an integer from 1 to 1000000000, or false","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"perPage must be an integer from 1 to 200","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"perPage must be an integer from 1 to 200","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The query is not readable","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"filters must be a JSON object, URL-encoded: EOF while parsing an object at line 1 column 1","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/filters must be an empty object: nothing narrows this list","request_id":"[id]","errors":[{"pointer":"/filters","message":"must be an empty object: nothing narrows this list"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/filters must be an empty object: nothing narrows this list","request_id":"[id]","errors":[{"pointer":"/filters","message":"must be an empty object: nothing narrows this list"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The string at byte 6 holds U+0000, which no text may","request_id":"[id]"}
        "#]].assert_eq(&said);
        // Nothing narrows this list, which an empty object does not want.
        t.api.get("/v1/teams?filters=%7B%7D").await.ok();
        t.api.get("/v1/teams?filters=").await.ok();
        t.api.contract("SAP", "K1", None, None).await;
        for list in ["contracts/1/users", "contracts/1/positions", "company/leaves-types"] {
            t.api.get(&format!("/v1/{list}?filters=%7B%7D")).await.ok();
            for filters in ["%7B", "%7B%22user_id%22:1%7D"] {
                let answer = t.api.get(&format!("/v1/{list}?filters={filters}")).await;
                assert_eq!(answer.status, 400, "{list} {filters}: {answer}");
            }
        }
    }

    /// Every read takes what real clients send: a content type without a body, queries that nobody
    /// knows, names in UTF-8; and no list gives another page than was asked for.
    async fn every_read(t: TestApp) {
        furnish(&t.api).await;
        let json = [("content-type", "application/json")];
        let mut pages = 0;
        for (path, has_pages) in reads() {
            let sign = if path.contains('?') { '&' } else { '?' };
            let plain = t.api.get(&path).await;
            assert_eq!(plain.status, 200, "{path}: {plain}");
            assert!(!matches!(plain.text.as_str(), "[]" | "{}"), "{path} found nothing");
            let typed = t.api.send(Method::GET, &path, &json, Vec::new()).await;
            assert_eq!(typed.text, plain.text, "{path}");
            let unknown = t.api.get(&format!("{path}{sign}archived=1&foo=&per_page=x&bare")).await;
            assert_eq!(unknown.text, plain.text, "{path}");
            if !has_pages {
                continue;
            }
            pages += 1;
            assert_ne!(plain.json()["total"], "0", "{path}");
            let past = t.api.get(&format!("{path}{sign}page=99&perPage=200")).await.ok();
            assert_eq!((&past["data"], &past["page"], &past["total"]), (&json!([]), &json!(99), &plain.json()["total"]), "{path}");
            let long = t.api.get(&format!("{path}{sign}perPage=201")).await;
            assert_eq!((long.status.as_u16(), &long.json()["name"]), (400, &json!("ValidationError")), "{path}");
        }
        assert_eq!(pages, 9);
    }

    /// A record that was read can be sent back whole: nothing changes, nothing is told.
    async fn whole_records(t: TestApp) {
        furnish(&t.api).await;
        for path in ["users/1", "teams/1", "contracts/1", "clients/1", "projects/1"] {
            let path = format!("/v1/{path}");
            let whole = t.api.get(&path).await;
            let put = t.api.put(&path, whole.ok()).await;
            assert_eq!((put.status.as_u16(), &put.text), (200, &whole.text), "{path}");
            assert_eq!(t.api.get(&path).await.text, whole.text, "{path}");
        }
        // What has no read of its own: what a write answered.
        for (path, fields) in [
            ("/v1/userPosition/1", json!({})),
            ("/v1/contracts/1/positions/1", json!({})),
            ("/v1/company/leaves-types/1", json!({"name": "Vacation"})),
        ] {
            let whole = t.api.put(path, fields).await.ok();
            assert_eq!(t.api.put(path, whole.clone()).await.ok(), whole, "{path}");
        }
    }

    /// Times as COR's lists have them.
    async fn spaced_times(t: TestApp) {
        furnish(&t.api).await;
        let first = async |list: &str| t.api.get(list).await.ok()["data"][0].clone();
        let (team, project) = (first("/v1/teams").await, first("/v1/projects").await);
        assert_eq!((&team["created_at"], &team["updated_at"]), (&json!("2026-01-08 19:06:19"), &json!("2026-01-08 19:06:19")));
        assert_eq!((&project["start"], &project["end"]), (&json!("2026-01-15 00:00:00"), &json!("2026-03-31 00:00:00")));
    }

    /// Clients that send forms also do so where they send nothing.
    async fn deletes_without_a_body(t: TestApp) {
        furnish(&t.api).await;
        let form = [("content-type", "multipart/form-data; boundary=x")];
        for path in ["projects/1/collaborators/1", "projects/1", "teams/1"] {
            let gone = t.api.send(Method::DELETE, &format!("/v1/{path}"), &form, Vec::new()).await;
            assert!(gone.status.is_success(), "{path}: {gone}");
        }
        // Where the body says what is to go, it is missed, and the type is not to blame.
        for path in ["teams/1/users", "user/leaves", "company/leaves-types"] {
            let missed = t.api.send(Method::DELETE, &format!("/v1/{path}"), &form, Vec::new()).await;
            assert_eq!(missed.status, 400, "{path}: {missed}");
        }
    }

    /// Everything at once is at most 10,000 rows, on lists and on the search.
    async fn too_many_at_once(t: TestApp) {
        furnish(&t.api).await;
        many_users(&t).await;
        for path in ["/v1/users", "/v1/users/search-by-name/zo%C3%AB"] {
            let answer = t.api.get(&format!("{path}?page=false")).await;
            assert_eq!(answer.status, 400, "{path}");
            assert_eq!(answer.json()["message"], "page=false lists at most 10000 rows, and there are 10001: ask for pages");
            assert_eq!(t.api.get(&format!("{path}?page=51&perPage=200")).await.ok()["data"].as_array().map(Vec::len), Some(1));
        }
        t.api.put("/v1/users/10001", json!({"hidden": true})).await.ok();
        for path in ["/v1/users", "/v1/users/search-by-name/zo%C3%AB"] {
            let all = t.api.get(&format!("{path}?page=false")).await.ok();
            assert_eq!((ids(&all).len(), &all["total"], &all["lastPage"]), (10_000, &json!("10000"), &json!(1)), "{path}");
        }
    }

    /// 32 reads at once on one token.
    async fn in_parallel(t: TestApp) {
        t.api.team("OKTA", "t1", None).await;
        let reads = (0..32).map(|_| async { ids(&t.api.get("/v1/teams").await.ok()) });
        let all = futures_util::future::join_all(reads).await;
        assert_eq!(all, vec![vec![1]; 32]);
    }
}
