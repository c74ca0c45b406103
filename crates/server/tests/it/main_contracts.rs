//! Contracts by ids of ours (COR's Main API).

use axum::http::Method;
use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, Api, both_engines};

/// A client; its id.
async fn client(api: &Api, id: &str) -> i64 {
    let answer = api.create("clients", "SAP", id, json!({"name": "Acme"})).await;
    answer.ok()["id"].as_i64().expect("an id")
}

/// What a create must have.
fn least(client: i64) -> Value {
    json!({
        "client_id": client, "name": "Design 2026", "type": "time_and_materials", "status": "active",
        "start": "2026-01-01", "end": "2026-12-31"
    })
}

/// The same with other fields.
fn with(client: i64, fields: Value) -> Value {
    let mut body = least(client);
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    body
}

fn ids(list: &Value) -> Vec<i64> {
    let rows = list["data"].as_array().expect("a list of rows");
    rows.iter().map(|row| row["id"].as_i64().expect("an id")).collect()
}

/// A list with filters, as they are sent.
async fn filtered(api: &Api, filters: Value) -> Answer {
    let filters = filters.to_string();
    let encoded: String = filters.bytes().map(|byte| format!("%{byte:02X}")).collect();
    api.get(&format!("/v1/contracts?filters={encoded}")).await
}

/// What events of some types say, as many as are expected.
pub async fn told(api: &Api, types: &str, count: usize) -> String {
    let (mut told, mut last) = (Vec::new(), json!(0));
    // On PostgreSQL numbers come a moment after the commit.
    while told.len() < count {
        let page = api.get(&format!("/api/events?types={types}&after={last}&wait=10")).await.ok();
        let events = page["data"].as_array().expect("a list of events");
        assert!(!events.is_empty(), "{told:#?}");
        told.extend(events.iter().map(|event| {
            let mut data = event["data"].clone();
            data.as_object_mut().expect("an object").remove("actor");
            format!("{} {data}", event["type"])
        }));
        last = page["last"].clone();
    }
    assert_eq!(told.len(), count);
    told.join("\n")
}

both_engines! {
    /// Every field there is, under the caller's id and under a drawn one.
    async fn every_field(t: TestApp) {
        let (api, client) = (&t.api, client(&t.api, "c").await);
        let all = with(client, json!({
            "company_id": 1, "source": "cor", "frequency": "monthly", "currency_id": 1,
            "start": "2026-01-01T23:30:00-05:00", "end": "2026-12-31T00:00:00.000Z",
            "json_integrations": {"crm": [42, 1.50, "é"]}, "url": "https://example.com/777",
            "url_name": "CRM", "user_positions_header_id": 3, "milestones": []
        }));
        expect![[r#"
            200 OK
            {"id":777,"client_id":1,"company_id":1,"name":"Design 2026","type":"time_and_materials","status":"active","source":"cor","start":"2026-01-01T00:00:00Z","end":"2026-12-31T00:00:00Z","frequency":"monthly","currency_id":1,"currency":{"id":1,"name":null},"json_integrations":{"crm":[42,1.5,"é"]},"url":"https://example.com/777","url_name":"CRM","user_positions_header_id":3,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","deleted_at":null}"#]].assert_eq(&api.post("/v1/contracts/777", all).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"client_id":1,"company_id":1,"name":"Design 2026","type":"time_and_materials","status":"active","source":null,"start":"2026-01-01T00:00:00Z","end":"2026-12-31T00:00:00Z","frequency":null,"currency_id":null,"currency":{"id":null,"name":null},"json_integrations":null,"url":null,"url_name":null,"user_positions_header_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","deleted_at":null}"#]].assert_eq(&api.post("/v1/contracts", least(client)).await.to_string());
        let changed = json!({
            "name": "Design", "type": "retainer", "status": "expired", "start": null, "end": "2027-06-30",
            "company_id": 1, "source": "crm", "frequency": null, "currency_id": 2, "json_integrations": [],
            "url": null, "url_name": "", "user_positions_header_id": null
        });
        expect![[r#"
            200 OK
            {"id":777,"client_id":1,"company_id":1,"name":"Design","type":"retainer","status":"expired","source":"crm","start":null,"end":"2027-06-30T00:00:00Z","frequency":null,"currency_id":2,"currency":{"id":2,"name":null},"json_integrations":[],"url":null,"url_name":"","user_positions_header_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","deleted_at":null}"#]].assert_eq(&api.put("/v1/contracts/777", changed).await.to_string());
        // Nothing that is left out changes.
        expect![[r#"
            200 OK
            {"id":777,"client_id":1,"company_id":1,"name":"Design","type":null,"status":null,"source":"crm","start":null,"end":"2027-06-30T00:00:00Z","frequency":null,"currency_id":2,"currency":{"id":2,"name":null},"json_integrations":[],"url":null,"url_name":"","user_positions_header_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","deleted_at":null}"#]].assert_eq(&api.put("/v1/contracts/777", json!({"type": null, "status": null})).await.to_string());
        expect![[r#"
            200 OK
            {"id":777,"client_id":1,"company_id":1,"name":"Design","type":null,"status":null,"source":"crm","start":null,"end":"2027-06-30T00:00:00Z","frequency":null,"currency_id":2,"currency":{"id":2,"name":null},"json_integrations":[],"url":null,"url_name":"","user_positions_header_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","deleted_at":null}"#]].assert_eq(&api.get("/v1/contracts/777").await.to_string());
        expect![[r#"
            200 OK
            {"id":777,"client_id":1,"company_id":1,"name":"Design","type":null,"status":null,"source":"crm","start":null,"end":"2027-06-30T00:00:00Z","frequency":null,"currency_id":2,"currency":{"id":2,"name":null},"json_integrations":[],"url":null,"url_name":"","user_positions_header_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","deleted_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&api.delete("/v1/contracts/777", json!({})).await.to_string());
        assert_eq!(api.get("/v1/contracts/777").await.status, 404);
        // The id may be used again.
        api.post("/v1/contracts/777", least(client)).await.ok();
    }

    /// Another client, and one that is not there.
    async fn another_client(t: TestApp) {
        let api = &t.api;
        let (first, second) = (client(api, "c").await, client(api, "d").await);
        let id = api.post("/v1/contracts", least(first)).await.ok()["id"].clone();
        let path = format!("/v1/contracts/{id}");
        assert_eq!(api.put(&path, json!({"client_id": second})).await.ok()["client_id"], second);
        api.delete("/v2/integrations/clients/c", json!({"metadata": {"source": "SAP"}})).await.ok();
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ClientNotFoundError","code":"ZC001","message":"There is no client 1","request_id":"[id]"}"#]].assert_eq(&api.put(&path, json!({"client_id": first})).await.to_string());
    }

    /// What `/v2` keeps of a contract is there, and what only `/v1` keeps stays.
    async fn both_faces(t: TestApp) {
        let (api, client) = (&t.api, client(&t.api, "c").await);
        let fields = json!({"name": "K", "client_id": "c", "value": 5, "currency": "USD"});
        let id = api.create("contracts", "SAP", "k", fields).await.ok()["id"].clone();
        expect![[r#"
            200 OK
            {"id":1,"client_id":1,"company_id":1,"name":"K","type":null,"status":null,"source":null,"start":null,"end":null,"frequency":null,"currency_id":null,"currency":{"id":null,"name":"USD"},"json_integrations":null,"url":null,"url_name":null,"user_positions_header_id":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z","deleted_at":null}"#]].assert_eq(&api.get(&format!("/v1/contracts/{id}")).await.to_string());
        api.put(&format!("/v1/contracts/{id}"), json!({"url": "https://example.com"})).await.ok();
        let change = json!({"metadata": {"source": "SAP"}, "name": "L", "currency": null});
        api.put("/v2/integrations/contracts/k", change).await.ok();
        let now = api.get(&format!("/v1/contracts/{id}")).await.ok();
        assert_eq!((&now["name"], &now["url"], &now["currency"]["name"]), (&json!("L"), &json!("https://example.com"), &Value::Null));
        assert_eq!(now["client_id"], client);
    }

    /// Ids that are chosen: free in the company, and exact for every client.
    async fn chosen_ids(t: TestApp) {
        let (api, client) = (&t.api, client(&t.api, "c").await);
        api.post("/v1/contracts/9007199254740991", least(client)).await.ok();
        let said = [
            api.post("/v1/contracts/9007199254740991", least(client)).await,
            api.post("/v1/contracts/9007199254740992", least(client)).await,
            api.post("/v1/contracts/0", least(client)).await,
            api.post("/v1/contracts/design", least(client)).await,
        ];
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateIdError","code":"DUPLICATE_ID","message":"There is a contract 9007199254740991 already","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The id in the path must be an integer from 1 to 9007199254740991","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The id in the path must be an integer from 1 to 9007199254740991","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The id in the path must be an integer from 1 to 9007199254740991","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
        // Another company chooses for itself.
        let other = t.other_company().await;
        let others = other.create("clients", "SAP", "c", json!({"name": "Acme"})).await.ok()["id"].as_i64().unwrap();
        other.post("/v1/contracts/9007199254740991", with(others, json!({"name": "Theirs"}))).await.ok();
        assert_eq!(api.get("/v1/contracts/9007199254740991").await.ok()["name"], "Design 2026");
        // One that is drawn is drawn again when somebody chose it.
        let drawn = api.post("/v1/contracts", least(client)).await.ok()["id"].as_i64().unwrap();
        for id in drawn + 1..drawn + 3 {
            api.post(&format!("/v1/contracts/{id}"), least(client)).await.ok();
        }
        assert_eq!(api.post("/v1/contracts", least(client)).await.ok()["id"], drawn + 3);
    }

    /// What is wrong, each field by its name here, and what would be right.
    async fn refused(t: TestApp) {
        let (api, client) = (&t.api, client(&t.api, "c").await);
        api.post("/v1/contracts/1", least(client)).await.ok();
        let wrong = json!({
            "client_id": "c", "name": "", "type": 5, "status": null, "start": "2026-02-30", "company_id": "1",
            "currency_id": 0, "json_integrations": "x".repeat(9_999), "url": 1
        });
        let said = [
            api.post("/v1/contracts", wrong).await,
            api.post("/v1/contracts", with(client, json!({"company_id": 2}))).await,
            api.post("/v1/contracts", with(77, json!({}))).await,
            api.post("/v1/contracts/2", with(client, json!({"end": "2025-12-31"}))).await,
            api.put("/v1/contracts/1", json!({"start": "2027-01-01"})).await,
            api.put("/v1/contracts/1", json!({"start": "2026-01-01T00:00:00", "name": null, "client_id": null})).await,
            api.put("/v1/contracts/1", json!({"company_id": 2})).await,
            api.put("/v1/contracts/77", json!({"name": "X"})).await,
            api.get("/v1/contracts/77").await,
            api.get("/v1/contracts/x").await,
            api.delete("/v1/contracts/77", json!({})).await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"10 fields are not valid: /client_id, /name, /type, /status, /start, /end, /company_id, /currency_id, /json_integrations, /url","request_id":"[id]","errors":[{"pointer":"/client_id","message":"must be a positive integer"},{"pointer":"/name","message":"must be a string of 1 to 255 characters"},{"pointer":"/type","message":"must be a string of 1 to 64 characters"},{"pointer":"/status","message":"must be a string of 1 to 64 characters"},{"pointer":"/start","message":"must be a real calendar date in the form YYYY-MM-DD, alone or with a time (ISO 8601)"},{"pointer":"/end","message":"is required and must be a real calendar date in the form YYYY-MM-DD, alone or with a time (ISO 8601)"},{"pointer":"/company_id","message":"must be a positive integer"},{"pointer":"/currency_id","message":"must be a positive integer"},{"pointer":"/json_integrations","message":"must be JSON of at most 10,000 characters"},{"pointer":"/url","message":"must be a string of at most 10,000 characters"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/company_id must be 1: the token is this company's","request_id":"[id]","errors":[{"pointer":"/company_id","message":"must be 1: the token is this company's"}]}
            404 Not Found
            {"status":404,"name":"ClientNotFoundError","code":"ZC001","message":"There is no client 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"end must not be before start","request_id":"[id]","errors":[{"pointer":"/end","message":"end must not be before start"}]}
            400 Bad Request
            {"status":400,"name":"InvalidDateRangeError","code":"INVALID_DATE_RANGE","message":"start must not be after end","request_id":"[id]","errors":[{"pointer":"/start","message":"start must not be after end"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /client_id, /name","request_id":"[id]","errors":[{"pointer":"/client_id","message":"cannot be cleared: it must be a positive integer"},{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/company_id must be 1: the token is this company's","request_id":"[id]","errors":[{"pointer":"/company_id","message":"must be 1: the token is this company's"}]}
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract \"x\"","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract 77","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
        // As long as it may be.
        api.put("/v1/contracts/1", json!({"json_integrations": "x".repeat(9_998)})).await.ok();
        // One day is a period.
        api.put("/v1/contracts/1", json!({"start": "2026-05-01", "end": "2026-05-01T23:59:59Z"})).await.ok();
    }

    /// A period that is too short for who is on the contract, and a contract that somebody is on.
    async fn with_users(t: TestApp) {
        let (api, client) = (&t.api, client(&t.api, "c").await);
        api.post("/v1/contracts/5", least(client)).await.ok();
        let user = api.user("SAP", "u").await;
        let dates = json!([{"start": "2026-02-01", "end": "2026-03-31"}]);
        api.post("/v1/contracts/5/users", json!({"users": [{"id": user, "dates": dates}]})).await.ok();
        let said = [
            api.put("/v1/contracts/5", json!({"start": "2026-02-02", "end": "2026-03-30", "name": "X"})).await,
            api.delete("/v1/contracts/5", json!({})).await,
        ];
        expect![[r#"
            409 Conflict
            {"status":409,"name":"ContractWindowConflictError","code":"WINDOW_CONFLICT","message":"Assignments would lie outside the contract's period: /start 1 assignments begin before it, the first on 2026-02-01; /end 1 assignments end after it, the last on 2026-03-31","request_id":"[id]","errors":[{"pointer":"/start","message":"1 assignments begin before it, the first on 2026-02-01"},{"pointer":"/end","message":"1 assignments end after it, the last on 2026-03-31"}]}
            409 Conflict
            {"status":409,"name":"DeletionError","code":"HAS_DEPENDENCIES","message":"contract 5 cannot be deleted while something depends on it: assignment (1)","request_id":"[id]","errors":[{"pointer":"","message":"1 of kind assignment depend on it"}]}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
        assert_eq!(api.get("/v1/contracts/5").await.ok()["name"], "Design 2026");
        api.put("/v1/contracts/5", json!({"start": "2026-02-01", "end": "2026-03-31"})).await.ok();
    }

    /// Filters in the query and in the body narrow the same list.
    async fn filters(t: TestApp) {
        let api = &t.api;
        let (first, second) = (client(api, "c").await, client(api, "d").await);
        for (id, client, status, kind) in [
            (1, first, "active", "retainer"), (2, first, "expired", "retainer"),
            (3, second, "active", "fixed"), (4, second, "expired", "fixed"),
        ] {
            let fields = with(client, json!({"status": status, "type": kind}));
            api.post(&format!("/v1/contracts/{id}"), fields).await.ok();
        }
        let list = async |filters: Value| ids(&filtered(api, filters).await.ok());
        assert_eq!(list(json!({})).await, [1, 2, 3, 4]);
        assert_eq!(list(json!({"status": "active"})).await, [1, 3]);
        assert_eq!(list(json!({"type": "fixed", "status": "expired"})).await, [4]);
        assert_eq!(list(json!({"client_id": first, "status": null})).await, [1, 2]);
        assert_eq!(list(json!({"client_id": 77})).await, [0; 0]);
        for (day, found) in [("2026-01-08", 4), ("2026-01-08T23:00:00Z", 4), ("2026-01-09", 0), ("9999-12-31", 0), ("0001-01-01", 4)] {
            assert_eq!(list(json!({"updatedAt": day})).await.len(), found, "{day}");
        }
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /filters/name, /filters/status, /filters/client_id, /filters/updatedAt","request_id":"[id]","errors":[{"pointer":"/filters/name","message":"is not a field here; the fields are status, type, client_id, updatedAt"},{"pointer":"/filters/status","message":"must be a string of 1 to 64 characters"},{"pointer":"/filters/client_id","message":"must be a positive integer"},{"pointer":"/filters/updatedAt","message":"must be a real calendar date in the form YYYY-MM-DD, alone or with a time (ISO 8601)"}]}"#]].assert_eq(&filtered(api, json!({"name": "x", "status": 5, "client_id": "c", "updatedAt": "today"})).await.to_string());
        let page = filtered(api, json!({"status": "active"})).await.ok();
        assert_eq!((&page["total"], &page["lastPage"]), (&json!("2"), &json!(1)));
        assert_eq!(page["data"][0], api.get("/v1/contracts/1").await.ok());
        let all = api.get("/v1/contracts?page=false").await.ok();
        assert_eq!((&all["total"], &all["perPage"]), (&json!("4"), &json!(4)));

        let body = async |body: Value| ids(&api.json(Method::GET, "/v1/contracts", body).await.ok());
        assert_eq!(body(json!({"status": "expired", "type": "fixed", "with_milestones": true, "with_positions": "yes"})).await, [4]);
        assert_eq!(body(json!({"with_ratecards": false})).await, [1, 2, 3, 4]);
        let path = "/v1/contracts?filters=%7B%22status%22%3A%22active%22%7D";
        let both = api.json(Method::GET, path, json!({"type": "fixed", "status": null})).await;
        assert_eq!(ids(&both.ok()), [3]);
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/status must be a string of 1 to 64 characters","request_id":"[id]","errors":[{"pointer":"/status","message":"must be a string of 1 to 64 characters"}]}"#]].assert_eq(&api.json(Method::GET, "/v1/contracts", json!({"status": 5})).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"The body is not a JSON object","request_id":"[id]"}"#]].assert_eq(&api.json(Method::GET, "/v1/contracts", json!([])).await.to_string());
        assert_eq!(ids(&t.other_company().await.get("/v1/contracts").await.ok()), [0; 0]);
    }

    /// Clients name a type also where they send nothing.
    async fn bodies_that_are_not_there(t: TestApp) {
        let (api, client) = (&t.api, client(&t.api, "c").await);
        api.post("/v1/contracts/1", least(client)).await.ok();
        let send = async |method: Method, path: &str, kind: &str| {
            api.send(method, path, &[("content-type", kind)], Vec::new()).await
        };
        for path in ["/v1/contracts", "/v1/contracts/1", "/v1/contracts/1/users", "/v1/contracts/1/positions"] {
            send(Method::GET, path, "application/json").await.ok();
        }
        let boundary = "multipart/form-data; boundary=----x";
        send(Method::GET, "/v1/contracts", boundary).await.ok();
        send(Method::DELETE, "/v1/contracts/1", boundary).await.ok();
        expect![[r#"
            415 Unsupported Media Type
            {"status":415,"name":"UnsupportedMediaTypeError","code":"UNSUPPORTED_MEDIA_TYPE","message":"The content type multipart/form-data; boundary=----x is not taken here; send application/json","request_id":"[id]"}"#]].assert_eq(&api.send(Method::GET, "/v1/contracts", &[("content-type", boundary)], b"------x".to_vec()).await.to_string());
    }

    /// What changes is told.
    async fn events(t: TestApp) {
        let (api, client) = (&t.api, client(&t.api, "c").await);
        api.post("/v1/contracts/7", with(client, json!({"currency_id": 1, "json_integrations": {"a": 1}}))).await.ok();
        api.put("/v1/contracts/7", json!({"currency_id": null, "url": "u"})).await.ok();
        api.delete("/v1/contracts/7", json!({})).await.ok();
        let told = told(api, "contract.created,contract.updated,contract.deleted", 3).await;
        expect![[r#"
            "contract.created" {"after":{"client_id":1,"currency_id":1,"end_date":"2026-12-31","json_integrations":"{\"a\":1}","name":"Design 2026","start_date":"2026-01-01","status":"active","type":"time_and_materials"},"before":null,"changes":null,"count":1,"entity":{"external_ids":[],"id":7,"kind":"contract"}}
            "contract.updated" {"after":{"currency_id":null,"url":"u"},"before":{"currency_id":1,"url":null},"changes":null,"count":1,"entity":{"external_ids":[],"id":7,"kind":"contract"}}
            "contract.deleted" {"after":null,"before":{"client_id":1,"end_date":"2026-12-31","json_integrations":"{\"a\":1}","name":"Design 2026","start_date":"2026-01-01","status":"active","type":"time_and_materials","url":"u"},"changes":null,"count":1,"entity":{"external_ids":[],"id":7,"kind":"contract"}}"#]].assert_eq(&told);
    }
}
