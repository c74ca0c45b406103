//! Projects by ids of ours (COR's Main API), and who works on them.

use axum::http::Method;
use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, Api, TestApp, both_engines};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn form(api: &Api, method: Method, path: &str, form: &str) -> Answer {
    api.send(method, path, &[FORM], form.as_bytes().to_vec()).await
}

/// A client, a brand, a product, a contract and two users: each with another id.
async fn neighbours(t: &TestApp) {
    let create = async |group: &str, id: &str, fields: Value| {
        t.api.create(group, "SAP", id, fields).await.ok();
    };
    create("clients", "c", json!({"name": "Acme"})).await;
    for id in ["ana", "ben"] {
        t.api.user("SAP", id).await;
    }
    for id in ["b0", "b1", "b"] {
        create("brands", id, json!({"name": id, "client_id": "c"})).await;
    }
    for id in ["x0", "x1", "x2", "x"] {
        create("products", id, json!({"name": id, "client_id": "c", "brand_id": "b"})).await;
    }
    for id in ["k0", "k1", "k2", "k3", "k"] {
        create("contracts", id, json!({"name": id, "client_id": "c"})).await;
    }
}

fn full() -> Value {
    json!({
        "name": "Website Redesign", "client_id": 1, "brief": "A new website",
        "start": "2025-01-15", "end": "2025-03-31", "pm_id": 2, "brand_id": 3, "product_id": 4,
        "estimated_time": 200.5, "billable": true, "status": "active", "currency_id": 7,
        "evaluation_date": "2025-02-15", "estimated": 15000, "fee_id": 8, "contract_id": 5,
        "deliverables": "The website", "work_order": "WO-1", "income_type": "one_time",
        "archived": false
    })
}

async fn create(api: &Api, fields: Value) -> i64 {
    let mut body = json!({"client_id": 1});
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    api.post("/v1/projects", body).await.ok()["id"].as_i64().expect("an id")
}

/// The names in a list, or in the data of a page.
fn names(list: &Value) -> String {
    let rows = list["data"].as_array().or(list.as_array()).expect("rows");
    let names = rows.iter().map(|row| row["name"].as_str().expect("a name"));
    names.collect::<Vec<_>>().join(" ")
}

async fn filtered(api: &Api, filters: Value) -> String {
    let filters = filters.to_string();
    let filters: String = filters.bytes().map(|byte| format!("%{byte:02X}")).collect();
    names(&api.get(&format!("/v1/projects?filters={filters}")).await.ok())
}

/// Who works on the first project.
async fn collaborators(api: &Api) -> Vec<i64> {
    let found = api.get("/v1/projects/1/collaborators").await.ok();
    let rows = found.as_array().expect("rows").iter();
    rows.map(|row| row["id"].as_i64().expect("an id")).collect()
}

both_engines! {
    /// Created, read, changed and deleted.
    async fn a_project(t: TestApp) {
        neighbours(&t).await;
        let api = &t.api;
        expect![[r#"
            200 OK
            {"id":1,"name":"Website Redesign","brief":"A new website","client_id":1,"health":null,"status":"active","start":"2025-01-15 00:00:00","end":"2025-03-31 00:00:00","estimated_time":200.5,"elapsed_time":null,"profitability_now":null,"estimated_profitability":null,"archived":false,"billable":true,"income_type":"one_time","pm_id":2,"created_by":null,"company_id":1,"template_id":null,"brand_id":3,"product_id":4,"total_estimated":15000,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","labels":[],"client":{"id":1,"name":"Acme","client_status_id":null},"pm":{"id":2,"first_name":"Ana","last_name":"Lee","email":"ben@example.com","role_id":4},"estimated_by_position":null,"estimation_by_categories":null,"estimated_by_hourly_rates":null,"user_positions_header_id":null,"fee_id":8,"contract_id":5,"usersPositionsProject":[],"categoriesProject":[],"ratecard":null}"#]].assert_eq(&api.post("/v1/projects", full()).await.to_string());
        let all = json!({
            "name": "Website", "client_id": 1, "brief": "Newer", "start": "2025-02-01T23:30:00-05:00",
            "end": "2025-02-01T00:00:00.000Z", "pm_id": 1, "estimated_time": 0.25, "billable": false,
            "status": "finished", "currency_id": 1, "evaluation_date": "2025-02-01 00:00:00",
            "estimated": 1.5, "fee_id": 9, "contract_id": 4, "deliverables": "Less", "work_order": "2",
            "income_type": "contract", "archived": true, "labels": [1], "users_positions": []
        });
        expect![[r#"
            200 OK
            {"id":1,"name":"Website","brief":"Newer","client_id":1,"health":null,"status":"finished","start":"2025-02-01 00:00:00","end":"2025-02-01 00:00:00","estimated_time":0.25,"elapsed_time":null,"profitability_now":null,"estimated_profitability":null,"archived":true,"billable":false,"income_type":"contract","pm_id":1,"created_by":null,"company_id":1,"template_id":null,"brand_id":3,"product_id":4,"total_estimated":1.5,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","labels":[],"client":{"id":1,"name":"Acme","client_status_id":null},"pm":{"id":1,"first_name":"Ana","last_name":"Lee","email":"ana@example.com","role_id":4},"estimated_by_position":null,"estimation_by_categories":null,"estimated_by_hourly_rates":null,"user_positions_header_id":null,"fee_id":9,"contract_id":4,"usersPositionsProject":[],"categoriesProject":[],"ratecard":null}"#]].assert_eq(&api.put("/v1/projects/1", all).await.to_string());
        let nothing = json!({
            "client_id": null, "brief": null, "start": null, "end": null, "pm_id": null,
            "estimated_time": null, "billable": null, "status": null, "currency_id": null,
            "evaluation_date": null, "estimated": null, "fee_id": null, "contract_id": null,
            "deliverables": null, "work_order": null, "income_type": null, "archived": null
        });
        expect![[r#"
            200 OK
            {"id":1,"name":"Website","brief":null,"client_id":null,"health":null,"status":null,"start":null,"end":null,"estimated_time":null,"elapsed_time":null,"profitability_now":null,"estimated_profitability":null,"archived":true,"billable":false,"income_type":null,"pm_id":null,"created_by":null,"company_id":1,"template_id":null,"brand_id":3,"product_id":4,"total_estimated":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","labels":[],"client":null,"pm":null,"estimated_by_position":null,"estimation_by_categories":null,"estimated_by_hourly_rates":null,"user_positions_header_id":null,"fee_id":null,"contract_id":null,"usersPositionsProject":[],"categoriesProject":[],"ratecard":null}"#]].assert_eq(&api.put("/v1/projects/1", nothing).await.to_string());
        let same = api.put("/v1/projects/1", json!({})).await;
        assert_eq!(same.text, api.get("/v1/projects/1").await.text);
        let deleted = api.delete("/v1/projects/1", json!({})).await;
        assert_eq!((deleted.status.as_u16(), deleted.text.as_str(), deleted.header("content-type")), (204, "", None));
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ProjectNotFoundError","code":"ZC001","message":"There is no project 1","request_id":"[id]"}"#]].assert_eq(&api.get("/v1/projects/1").await.to_string());
        // As real clients send it, and again with its key.
        create(api, json!({"name": "Two"})).await;
        let headers = [("content-type", "multipart/form-data; boundary=x"), ("idempotency-key", "k")];
        for replayed in [None, Some("true")] {
            let deleted = api.send(Method::DELETE, "/v1/projects/2", &headers, Vec::new()).await;
            assert_eq!((deleted.status.as_u16(), deleted.text.as_str()), (204, ""));
            assert_eq!((deleted.header("idempotent-replayed"), deleted.header("content-type")), (replayed, None));
        }
    }

    /// A fee that is no number is told as `null`, and whoever sends that back does not clear it.
    async fn a_fee_that_is_no_number(t: TestApp) {
        neighbours(&t).await;
        let api = &t.api;
        let is_kept = async |fee: &str| t.rows(&[]).await["projects"].to_string().contains(fee);
        let fields = json!({"name": "One", "client_id": "c", "fee_id": "SF-FEE-1"});
        api.create("projects", "SAP", "p", fields).await.ok();
        let whole = api.get("/v1/projects/1").await.ok();
        assert_eq!(whole["fee_id"], json!(null));
        assert_eq!(api.put("/v1/projects/1", whole.clone()).await.ok(), whole);
        assert!(is_kept("SF-FEE-1").await);
        for (sent, told) in [(json!(7), json!(7)), (json!(null), json!(null)), (json!(8), json!(8))] {
            assert_eq!(api.put("/v1/projects/1", json!({"fee_id": sent})).await.ok()["fee_id"], told);
        }
        // The system that chose it clears it.
        let of_system = |fee: Value| json!({"metadata": {"source": "SAP"}, "fee_id": fee});
        api.put("/v2/integrations/projects/p", of_system(json!("SF-FEE-2"))).await.ok();
        assert!(is_kept("SF-FEE-2").await);
        api.put("/v2/integrations/projects/p", of_system(json!(null))).await.ok();
        assert!(!is_kept("SF-FEE").await);
    }

    /// As JSON and as a form, with every field.
    async fn a_form(t: TestApp) {
        neighbours(&t).await;
        let api = &t.api;
        let full = full();
        let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        let fields = full.as_object().expect("an object").iter();
        let fields: Vec<String> = fields.map(|(name, value)| format!("{name}={}", text(value).replace(' ', "+"))).collect();
        let told = form(api, Method::POST, "/v1/projects", &fields.join("&")).await;
        let mut same = api.post("/v1/projects", full).await.ok();
        same["id"] = json!(1);
        assert_eq!(told.ok(), same);
        expect![[r#"
            200 OK
            {"id":1,"name":"Website Redesign","brief":"A new website","client_id":1,"health":null,"status":"done","start":"2025-01-15 00:00:00","end":null,"estimated_time":10,"elapsed_time":null,"profitability_now":null,"estimated_profitability":null,"archived":true,"billable":false,"income_type":"one_time","pm_id":null,"created_by":null,"company_id":1,"template_id":null,"brand_id":3,"product_id":4,"total_estimated":15000,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","labels":[],"client":{"id":1,"name":"Acme","client_status_id":null},"pm":null,"estimated_by_position":null,"estimation_by_categories":null,"estimated_by_hourly_rates":null,"user_positions_header_id":null,"fee_id":8,"contract_id":5,"usersPositionsProject":[],"categoriesProject":[],"ratecard":null}"#]].assert_eq(&form(api, Method::PUT, "/v1/projects/1", "end=&pm_id=&billable=0&archived=1&estimated_time=1e1&status=done").await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /start, /pm_id, /estimated_time, /billable","request_id":"[id]","errors":[{"pointer":"/start","message":"must be a real calendar date in the form YYYY-MM-DD, alone or with a time (ISO 8601)"},{"pointer":"/pm_id","message":"must be a positive integer"},{"pointer":"/estimated_time","message":"must be a number below 100,000,000,000 with at most 4 decimal places"},{"pointer":"/billable","message":"must be true or false"}]}"#]].assert_eq(&form(api, Method::PUT, "/v1/projects/1", "billable=yes&pm_id=ana&estimated_time=+5&start=today").await.to_string());
    }

    /// What is wrong, and what would be right.
    async fn refused(t: TestApp) {
        neighbours(&t).await;
        let api = &t.api;
        create(api, json!({"name": "One", "start": "2025-01-01"})).await;
        let said = [
            api.post("/v1/projects", json!({"pm_id": "ana", "income_type": "gift", "start": "2025-02-30", "end": "2025-01-01T25:00:00Z"})).await,
            api.post("/v1/projects", json!({"name": "P", "client_id": 77})).await,
            api.post("/v1/projects", json!({"name": "P", "client_id": 1, "product_id": 77})).await,
            api.post("/v1/projects", json!({"name": "P", "client_id": 1, "start": "2025-01-02", "end": "2025-01-01"})).await,
            api.put("/v1/projects/1", json!({"name": null})).await,
            api.put("/v1/projects/1", json!({"end": "2024-12-31"})).await,
            api.put("/v1/projects/1", json!({"contract_id": 77})).await,
            api.put("/v1/projects/77", json!({"name": "P"})).await,
            api.delete("/v1/projects/x", json!({})).await,
            api.get("/v1/projects?filters=%7B%22archived%22:3,%22team_id%22:1%7D").await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"6 fields are not valid: /name, /client_id, /start, /end, /pm_id, /income_type","request_id":"[id]","errors":[{"pointer":"/name","message":"is required and must be a string of 1 to 255 characters"},{"pointer":"/client_id","message":"is required and must be a positive integer"},{"pointer":"/start","message":"must be a real calendar date in the form YYYY-MM-DD, alone or with a time (ISO 8601)"},{"pointer":"/end","message":"must be a real calendar date in the form YYYY-MM-DD, alone or with a time (ISO 8601)"},{"pointer":"/pm_id","message":"must be a positive integer"},{"pointer":"/income_type","message":"must be one of: fee one_time hourly_rate contract"}]}
            404 Not Found
            {"status":404,"name":"ClientNotFoundError","code":"ZC001","message":"There is no client 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ProductNotFoundError","code":"ZC001","message":"There is no product 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"end must not be before start","request_id":"[id]","errors":[{"pointer":"/end","message":"end must not be before start"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/name cannot be cleared: it must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"}]}
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"end must not be before start","request_id":"[id]","errors":[{"pointer":"/end","message":"end must not be before start"}]}
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ProjectNotFoundError","code":"ZC001","message":"There is no project 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ProjectNotFoundError","code":"ZC001","message":"There is no project \"x\"","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /filters/team_id, /filters/archived","request_id":"[id]","errors":[{"pointer":"/filters/team_id","message":"is not a field here; the fields are dateStart, dateEnd, client_id, user_id, brand_id, product_id, contract_id, status, archived"},{"pointer":"/filters/archived","message":"must be 1 (archived) or 2 (active)"}]}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
        let other = t.other_company().await;
        assert_eq!(names(&other.get("/v1/projects").await.ok()), "");
        assert_eq!(other.get("/v1/projects/search-by-name/one").await.text, "[]");
        for answer in [
            other.get("/v1/projects/1").await, other.put("/v1/projects/1", json!({})).await,
            other.delete("/v1/projects/1", json!({})).await, other.post("/v1/projects", json!({"name": "P", "client_id": 1})).await,
        ] {
            assert_eq!(answer.status, 404, "{answer}");
        }
    }

    async fn listed(t: TestApp) {
        neighbours(&t).await;
        let api = &t.api;
        let named = |name: &str, fields: Value| {
            let mut body = json!({"name": name});
            if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
                body.extend(fields);
            }
            body
        };
        for project in [
            named("early", json!({"start": "2025-01-01", "end": "2025-01-31", "pm_id": 1, "archived": true})),
            named("day", json!({"start": "2025-02-01", "end": "2025-02-01", "pm_id": 2, "archived": false})),
            named("late", json!({"start": "2025-03-01", "status": "finished", "brand_id": 3})),
            named("past", json!({"end": "2024-12-31", "contract_id": 5, "product_id": 4})),
            named("ever", json!({"status": "in_process"})),
        ] {
            create(api, project).await;
        }
        api.post("/v1/projects/3/collaborators", json!({"usersIds": [1]})).await.ok();
        api.post("/v1/projects/1/collaborators", json!({"usersIds": [1]})).await.ok();
        for (filters, found) in [
            (json!({}), "early day late past ever"),
            (json!({"dateStart": "2025-02-01", "dateEnd": "2025-02-01"}), "day ever"),
            (json!({"dateStart": "2025-01-31", "dateEnd": "2025-01-31"}), "early ever"),
            (json!({"dateStart": "2025-02-02", "dateEnd": "2025-02-28"}), "ever"),
            (json!({"dateStart": "2024-12-31"}), "early day late past ever"),
            (json!({"dateStart": "2025-01-01"}), "early day late ever"),
            (json!({"dateEnd": "2024-12-31"}), "past ever"),
            (json!({"dateEnd": "2025-03-01"}), "early day late past ever"),
            (json!({"client_id": 1}), "early day late past ever"),
            (json!({"client_id": 2}), ""),
            (json!({"user_id": 1}), "early late"),
            (json!({"user_id": 2}), "day"),
            (json!({"user_id": 1, "archived": 2}), "late"),
            (json!({"brand_id": 3}), "late"),
            (json!({"product_id": 4}), "past"),
            (json!({"contract_id": 5}), "past"),
            (json!({"status": "finished"}), "late"),
            (json!({"status": "in_process"}), "ever"),
            (json!({"archived": 1}), "early"),
            (json!({"archived": 2}), "day late past ever"),
        ] {
            assert_eq!(filtered(api, filters.clone()).await, found, "{filters}");
        }
        let page = api.get("/v1/projects?page=2&perPage=2").await.ok();
        assert_eq!((names(&page), &page["total"], &page["lastPage"]), ("late past".to_owned(), &json!("5"), &json!(3)));
        assert_eq!(names(&api.get("/v1/projects/search-by-name/E").await.ok()), "early ever late");
        assert_eq!(names(&api.get("/v1/projects/search-by-name/collaborators").await.ok()), "");
    }

    /// Users work on projects; who does already stays, who does not is skipped.
    async fn who_works_on_it(t: TestApp) {
        neighbours(&t).await;
        let api = &t.api;
        create(api, json!({"name": "One"})).await;
        create(api, json!({"name": "Two"})).await;
        expect![[r#"
            201 Created
            {"message":"Collaborators added successfully"}"#]].assert_eq(&form(api, Method::POST, "/v1/projects/1/collaborators", "usersIds=2").await.to_string());
        for twice in ["usersIds[]=2&usersIds[]=1", "usersIds=1&usersIds=2&usersIds=1", "usersIds%5B0%5D=1"] {
            assert_eq!(form(api, Method::POST, "/v1/projects/1/collaborators", twice).await.status, 201, "{twice}");
        }
        expect![[r#"
            200 OK
            [{"id":1,"first_name":"Ana","last_name":"Lee","picture":null,"remaining_hours":null},{"id":2,"first_name":"Ana","last_name":"Lee","picture":null,"remaining_hours":null}]"#]].assert_eq(&api.get("/v1/projects/1/collaborators").await.to_string());
        assert_eq!(api.get("/v1/projects/2/collaborators").await.text, "[]");
        for _ in 0..2 {
            let removed = api.delete("/v1/projects/1/collaborators/1", json!({})).await;
            assert_eq!((removed.status.as_u16(), removed.text.as_str()), (204, ""));
        }
        assert_eq!(collaborators(api).await, [2]);
        // Only what changed is told; on PostgreSQL a moment later.
        let (mut told, mut last) = (String::new(), json!(0));
        while told.lines().count() < 3 {
            let path = format!("/api/events?types=project.users.attached,project.users.detached&after={last}&wait=10");
            let page = api.get(&path).await.ok();
            for event in page["data"].as_array().expect("events") {
                told += &format!("{} {} {}\n", event["type"], event["subject"], event["data"]["changes"]);
            }
            last = page["last"].clone();
        }
        expect![[r#"
            "project.users.attached" "project/1" [{"after":{"id":1,"user_id":2},"before":null}]
            "project.users.attached" "project/1" [{"after":{"id":2,"user_id":1},"before":null}]
            "project.users.detached" "project/1" [{"after":null,"before":{"id":2,"user_id":1}}]
        "#]].assert_eq(&told);
        // It goes with either.
        api.post("/v1/projects/2/collaborators", json!({"usersIds": [2]})).await.ok();
        let body = json!({"metadata": {"source": "SAP"}});
        api.delete("/v2/integrations/users/ben", body).await.ok();
        assert_eq!(collaborators(api).await, [0i64; 0]);
        api.post("/v1/projects/1/collaborators", json!({"usersIds": [1]})).await.ok();
        assert_eq!(api.delete("/v1/projects/1", json!({})).await.status, 204);
        assert_eq!(t.rows(&[]).await["project_users"], json!([]));
    }

    /// What is not there is told as COR tells it.
    async fn nobody_works_on_it(t: TestApp) {
        neighbours(&t).await;
        let api = &t.api;
        create(api, json!({"name": "One"})).await;
        let path = "/v1/projects/1/collaborators";
        let said = [
            api.get("/v1/projects/77/collaborators").await,
            api.get("/v1/projects/x/collaborators").await,
            api.post("/v1/projects/77/collaborators", json!({"usersIds": [1]})).await,
            api.post(path, json!({"usersIds": [1, 77, 78]})).await,
            api.post(path, json!({"usersIds": []})).await,
            form(api, Method::POST, path, "usersIds=ana").await,
            form(api, Method::POST, path, "users=1").await,
            api.delete("/v1/projects/77/collaborators/1", json!({})).await,
            api.delete("/v1/projects/1/collaborators/77", json!({})).await,
            api.delete("/v1/projects/1/collaborators/ana", json!({})).await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"PC001","message":"There is no project 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"PC001","message":"There is no project \"x\"","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"PC001","message":"There is no project 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"PC001","message":"There is no user 77, 78","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/usersIds must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/usersIds","message":"must be a non-empty list"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/usersIds/0 must be a positive integer","request_id":"[id]","errors":[{"pointer":"/usersIds/0","message":"must be a positive integer"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/usersIds is required and must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/usersIds","message":"is required and must be a non-empty list"}]}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"PC001","message":"There is no project 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"PC001","message":"There is no user 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"PC001","message":"There is no user \"ana\"","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
        assert_eq!(collaborators(api).await, [0i64; 0]);
        api.post(path, json!({"usersIds": [1]})).await.ok();
        let other = t.other_company().await;
        for answer in [
            other.get(path).await, other.post(path, json!({"usersIds": [1]})).await,
            other.delete("/v1/projects/1/collaborators/1", json!({})).await,
        ] {
            assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!("PC001")), "{answer}");
        }
        assert_eq!(collaborators(api).await, [1]);
    }

    /// A project has at most 10,000: all of them are told at once.
    async fn too_many(t: TestApp) {
        neighbours(&t).await;
        create(&t.api, json!({"name": "One"})).await;
        let insert = t.app.store.write::<_, std::convert::Infallible, _>("test", async move |tx: &mut server::store::Tx| {
            for sql in [
                "INSERT INTO users (company_id, id, email, email_key, first_name, last_name, role_id, daily_hours, created_at, updated_at)
                    WITH RECURSIVE n(id) AS (SELECT 100 UNION ALL SELECT id + 1 FROM n WHERE id < 10098)
                    SELECT u.company_id, n.id, n.id || '@x', n.id || '@x', 'A', 'B', 4, 80000, u.created_at, u.updated_at
                    FROM n CROSS JOIN users u WHERE u.id = 1",
                "INSERT INTO project_users (company_id, project_id, user_id, id, created_at)
                    SELECT company_id, 1, id, id, created_at FROM users WHERE id >= 100",
            ] {
                tx.execute(sql, &[]).await?;
            }
            Ok(())
        });
        insert.await.unwrap();
        let path = "/v1/projects/1/collaborators";
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/usersIds would be more than 10000 collaborators of the project","request_id":"[id]","errors":[{"pointer":"/usersIds","message":"would be more than 10000 collaborators of the project"}]}"#]].assert_eq(&t.api.post(path, json!({"usersIds": [1, 2]})).await.to_string());
        t.api.post(path, json!({"usersIds": [1]})).await.ok();
        assert_eq!(collaborators(&t.api).await.len(), 10_000);
    }
}
