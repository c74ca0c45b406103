//! Entities created or updated by external id: `PUT /api/{kinds}/{source}:{id}`, and in batches.

use std::time::Duration;

use expect_test::expect;
use serde_json::{Value, json};
use testing::both_engines;

fn ana() -> Value {
    json!({"email": "ana@example.com", "first_name": "Ana", "last_name": "Lee", "position": "Developer"})
}

/// What came of each record of a batch.
fn outcomes(answer: &Value) -> Vec<&str> {
    let results = answer["results"].as_array().expect("results").iter();
    results.map(|result| result["outcome"].as_str().expect("a text")).collect()
}

both_engines! {
    /// Created when it is not there, updated when it is, and nothing when it is as it was sent.
    async fn one(t: TestApp) {
        let api = &t.api;
        let path = "/api/users/OKTA:ana";
        expect![[r#"
            201 Created
            {"outcome":"created","id":1}"#]].assert_eq(&api.put(path, ana()).await.to_string());
        let stored = t.rows(&[]).await["users"].clone();
        t.clock.advance(Duration::from_secs(600));
        expect![[r#"
            200 OK
            {"outcome":"unchanged","id":1}"#]].assert_eq(&api.put(path, ana()).await.to_string());
        // What has not changed does not look as if it had.
        assert_eq!(t.rows(&[]).await["users"], stored);
        // What is left out stays.
        expect![[r#"
            200 OK
            {"outcome":"updated","id":1}"#]].assert_eq(&api.put(path, json!({"last_name": "Ray"})).await.to_string());
        let mut events = Vec::new();
        while events.len() < 2 {
            let page = api.get(&format!("/api/events?after={}&wait=10", events.len())).await.ok();
            events.extend(page["data"].as_array().unwrap().clone());
        }
        let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
        assert_eq!(types, ["user.created", "user.updated"]);
        assert_eq!(events[1]["data"]["after"], json!({"last_name": "Ray"}));
    }

    /// An external id may hold any sign, also a colon.
    async fn any_external_id(t: TestApp) {
        let api = &t.api;
        assert_eq!(api.put("/api/workspaces/OKTA:a:b%2Fc%20%C3%A9", json!({"name": "W"})).await.status, 201);
        let found = api.get("/api/references?kind=workspace").await.ok();
        assert_eq!(found["data"][0]["external_id"], "a:b/c é");
    }

    /// What is wrong, and what would be right; a record that is refused is in the inbox until it is taken.
    async fn refused(t: TestApp) {
        let api = &t.api;
        let said = [
            api.put("/api/users/OKTA:ana", json!({"last_name": "Ray", "role_id": 9})).await,
            api.put("/api/users/OKTA:ana", json!({"first_name": "Ana"})).await,
            api.put("/api/users/OKTA:ana", json!({"name": "Ana", "metadata": {"source": "SAP"}})).await,
            api.put("/api/contracts/SAP:k1", json!({"name": "K", "client_id": "nobody"})).await,
            api.put("/api/contracts/SAP:k1", json!({"name": "K", "start_date": "2026-02-30"})).await,
            api.put("/api/teams/12", json!({"name": "T"})).await,
            api.put("/api/teams/NOBODY:t", json!({"name": "T"})).await,
            api.put("/api/teams/OKTA:", json!({"name": "T"})).await,
        ];
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"3 fields are not valid: /email, /first_name, /role_id","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/email","message":"is required and must be an e-mail address of at most 254 characters"},{"pointer":"/first_name","message":"is required and must be a string of 1 to 255 characters"},{"pointer":"/role_id","message":"role_id must be a role from 1 to 6: 1 C-Level, 2 Director, 3 Project Manager, 4 Collaborator, 5 Freelancer, 6 Client"}]}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"2 fields are not valid: /email, /last_name","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/email","message":"is required and must be an e-mail address of at most 254 characters"},{"pointer":"/last_name","message":"is required and must be a string of 1 to 255 characters"}]}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"2 fields are not valid: /metadata, /name","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is not a field here; the fields are daily_hours, department, email, first_name, hourly_rate_effective_from, last_name, phone, position, role_id, seniority_id, user_position_id"},{"pointer":"/name","message":"is not a field here; the fields are daily_hours, department, email, first_name, hourly_rate_effective_from, last_name, phone, position, role_id, seniority_id, user_position_id"}]}
            404 Not Found
            {"type":"urn:crewline:error:ZC001","title":"ClientNotFoundError","status":404,"detail":"Entity is not associated: client \"nobody\" of source SAP","code":"ZC001","request_id":"[id]","errors":[{"pointer":"/client_id","message":"is not associated"}]}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"2 fields are not valid: /client_id, /start_date","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/client_id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/start_date","message":"Invalid start date format: 2026-02-30"}]}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"the path must end like OKTA:external-id","code":"VALIDATION","request_id":"[id]"}
            400 Bad Request
            {"type":"urn:crewline:error:INVALID_SOURCE","title":"InvalidSourceError","status":400,"detail":"source \"NOBODY\" is not a source; it must be one of JIRA, SALESFORCE, ADVERTMIND, QUICKBOOKS, ZAPIER, OKTA, MICROSOFT_DYNAMICS, GITHUB, MICROSOFT_TEAMS, VBS, SAP, GLOBANT","code":"INVALID_SOURCE","request_id":"[id]"}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"the path must end like OKTA:external-id","code":"VALIDATION","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
        let inbox = api.get("/api/refusals?state=open").await.ok();
        assert_eq!(inbox["data"].as_array().unwrap().len(), 7, "{inbox}");
        api.put("/api/clients/SAP:nobody", json!({"name": "Somebody"})).await;
        let retried = api.post("/api/refusals/retry", json!({"operation": "contracts.update"})).await.ok();
        let outcomes: Vec<&Value> =
            retried["data"].as_array().unwrap().iter().map(|item| &item["answer"]["outcome"]).collect();
        assert!(outcomes.contains(&&json!("created")), "{retried}");
    }

    /// Of what is refused nothing is stored, whatever the kind.
    async fn refused_is_not_stored(t: TestApp) {
        let api = &t.api;
        let one = json!({"name": "P", "start": "2026-02-01", "end": "2026-06-30"});
        api.put("/api/projects/SAP:p1", one).await.ok();
        let before = t.rows(&[]).await["projects"].clone();
        let backwards = json!({"name": "Q", "start": "2026-12-01", "end": "2026-01-01"});
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:INVALID_DATE_RANGE","title":"InvalidDateRangeError","status":400,"detail":"end must not be before start","code":"INVALID_DATE_RANGE","request_id":"[id]","errors":[{"pointer":"/end","message":"end must not be before start"}]}"#]].assert_eq(&api.put("/api/projects/SAP:p2", backwards.clone()).await.to_string());
        assert_eq!(api.put("/api/projects/SAP:p1", backwards).await.status, 400);
        let late = json!({"source": "SAP", "records": [{"id": "p1", "name": "Q", "start": "2026-12-01"}]});
        let told = api.post("/api/projects/batch", late).await.ok();
        assert_eq!(outcomes(&told), ["rejected"]);
        assert_eq!(told["results"][0]["error"]["detail"], "start must not be after end");
        assert_eq!(t.rows(&[]).await["projects"], before);
    }

    /// References that the Integrations API takes only when it creates: sent again they point elsewhere.
    async fn pointed_elsewhere(t: TestApp) {
        let api = &t.api;
        for (kind, id, fields) in [
            ("clients", "c1", json!({"name": "One"})),
            ("clients", "c2", json!({"name": "Two"})),
            ("brands", "b1", json!({"name": "B", "client_id": "c1"})),
            ("brands", "b2", json!({"name": "C", "client_id": "c1"})),
            ("products", "p1", json!({"name": "P", "client_id": "c1", "brand_id": "b1"})),
            ("products", "p2", json!({"name": "Q", "client_id": "c1", "brand_id": "b1"})),
            ("contracts", "k1", json!({"name": "K", "client_id": "c1"})),
            ("projects", "j1", json!({"name": "J", "brand_id": "b1", "product_id": "p1"})),
        ] {
            api.create(kind, "SAP", id, fields).await.ok();
        }
        for (path, fields) in [
            ("/api/brands/SAP:b1", json!({"client_id": "c2"})),
            ("/api/products/SAP:p1", json!({"client_id": "c2", "brand_id": "b2"})),
            ("/api/contracts/SAP:k1", json!({"client_id": "c2"})),
            ("/api/projects/SAP:j1", json!({"brand_id": "b2", "product_id": "p2"})),
        ] {
            assert_eq!(api.put(path, fields.clone()).await.ok()["outcome"], "updated", "{path}");
            assert_eq!(api.put(path, fields.clone()).await.ok()["outcome"], "unchanged", "{path}");
            let stored = api.get(path).await.ok();
            for field in fields.as_object().unwrap().keys() {
                assert_eq!(stored[field], json!(2), "{path} {stored}");
            }
        }
        // One that cannot be missing cannot be cleared.
        let said = [
            api.put("/api/brands/SAP:b1", json!({"client_id": null})).await,
            api.put("/api/products/SAP:p1", json!({"client_id": "nobody", "brand_id": "b2"})).await,
            api.put("/api/contracts/SAP:k1", json!({"client_id": 7, "value": -1})).await,
            api.put("/api/projects/SAP:j1", json!({"brand_id": null, "product_id": null})).await,
        ];
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"/client_id cannot be cleared","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/client_id","message":"cannot be cleared"}]}
            404 Not Found
            {"type":"urn:crewline:error:ZC001","title":"ClientNotFoundError","status":404,"detail":"Entity is not associated: client \"nobody\" of source SAP","code":"ZC001","request_id":"[id]","errors":[{"pointer":"/client_id","message":"is not associated"}]}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"/client_id must be a string of 1 to 255 bytes","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/client_id","message":"must be a string of 1 to 255 bytes"}]}
            200 OK
            {"outcome":"updated","id":1}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
        assert_eq!(api.get("/api/projects/SAP:j1").await.ok()["product_id"], Value::Null);
    }

    /// What the Integrations API takes only when it updates stands in a new user, too.
    async fn from_the_start(t: TestApp) {
        let mut sent = ana();
        sent["hourly_rate_effective_from"] = json!("2026-02-01");
        let path = "/api/users/OKTA:ana";
        assert_eq!(t.api.put(path, sent.clone()).await.ok()["outcome"], "created");
        assert_eq!(t.api.put(path, sent).await.ok()["outcome"], "unchanged");
        assert_eq!(t.api.get(path).await.ok()["hourly_rate_effective_from"], "2026-02-01");
    }

    /// Only as it was seen: by its ETag, or that it is there at all.
    async fn only_if_unchanged(t: TestApp) {
        let api = &t.api;
        let path = "/api/users/OKTA:ana";
        let send = async |tag: &str, body: Value| {
            let headers = [("content-type", "application/json"), ("if-match", tag)];
            api.send(axum::http::Method::PUT, path, &headers, body.to_string().into_bytes()).await
        };
        assert_eq!(send("*", ana()).await.status, 412);
        assert_eq!(send("\"old\"", ana()).await.status, 412);
        api.put(path, ana()).await.ok();
        let first = api.get(path).await.header("etag").unwrap().to_owned();
        assert_eq!(send(&first, json!({"last_name": "Ray"})).await.status, 200);
        expect![[r#"
            412 Precondition Failed
            {"type":"urn:crewline:error:PRECONDITION_FAILED","title":"PreconditionFailedError","status":412,"detail":"It is not as If-Match says; read it again","code":"PRECONDITION_FAILED","request_id":"[id]"}"#]].assert_eq(&send(&first, json!({"last_name": "Roy"})).await.to_string());
        let second = api.get(path).await.header("etag").unwrap().to_owned();
        assert_eq!(send(&format!("{first}, {second}"), json!({"last_name": "Roy"})).await.status, 200);
        assert_eq!(send("*", json!({"last_name": "Ryu"})).await.status, 200);
        assert_eq!(api.get(path).await.ok()["last_name"], "Ryu");
        // Later it may hold no more: nothing of it waits to be sent again.
        assert_eq!(api.get("/api/refusals").await.ok()["data"], json!([]));
    }

    /// Of many at once that put the same new one, one creates it and all are taken.
    async fn at_once(t: TestApp) {
        let puts = (0..16).map(|_| {
            let api = t.api.clone();
            tokio::spawn(async move { api.put("/api/users/OKTA:ana", ana()).await.ok() })
        });
        let mut created = 0;
        for put in puts.collect::<Vec<_>>() {
            let told = put.await.expect("no panic");
            assert!(told["id"].is_i64(), "{told}");
            created += usize::from(told["outcome"] == "created");
        }
        assert_eq!(created, 1);
    }

    /// In request order, each judged by itself; the counts add up.
    async fn many(t: TestApp) {
        let api = &t.api;
        api.create("clients", "SAP", "c1", json!({"name": "Acme"})).await.ok();
        api.create("contracts", "SAP", "k2", json!({"name": "Two", "client_id": "c1"})).await.ok();
        api.create("contracts", "SAP", "k4", json!({"name": "Four", "client_id": "c1"})).await.ok();
        let batch = json!({"source": "SAP", "records": [
            {"id": "k1", "name": "One", "client_id": "c1", "start_date": "2026-01-01"},
            {"id": "k2", "name": "Second"},
            {"id": "k3", "name": "Three", "client_id": "nobody"},
            {"id": "k4", "name": "Four"},
            {"id": "k5", "name": "Five"},
            // The same again: by now it is there.
            {"id": "k1", "name": "First"},
            {"id": "k6", "name": "Six", "client_id": "c1", "end": "2026-01-01"},
        ]});
        expect![[r#"
            200 OK
            {"received":7,"created":1,"updated":2,"unchanged":1,"rejected":3,"results":[{"index":0,"external_id":"k1","outcome":"created","id":3},{"index":1,"external_id":"k2","outcome":"updated","id":1},{"index":2,"external_id":"k3","outcome":"rejected","error":{"code":"ZC001","title":"ClientNotFoundError","detail":"Entity is not associated: client \"nobody\" of source SAP","errors":[{"pointer":"/client_id","message":"is not associated"}]}},{"index":3,"external_id":"k4","outcome":"unchanged","id":2},{"index":4,"external_id":"k5","outcome":"rejected","error":{"code":"VALIDATION","title":"ValidationError","detail":"/client_id is required and must be a string of 1 to 255 bytes","errors":[{"pointer":"/client_id","message":"is required and must be a string of 1 to 255 bytes"}]}},{"index":5,"external_id":"k1","outcome":"updated","id":3},{"index":6,"external_id":"k6","outcome":"rejected","error":{"code":"VALIDATION","title":"ValidationError","detail":"/end is not a field here; the fields are id, client_id, currency, description, end_date, name, start_date, status, type, value","errors":[{"pointer":"/end","message":"is not a field here; the fields are id, client_id, currency, description, end_date, name, start_date, status, type, value"}]}}]}"#]].assert_eq(&api.post("/api/contracts/batch", batch.clone()).await.to_string());
        // Sent again: what was taken is as it was sent, and a user's first name changes back and forth.
        let again = api.post("/api/contracts/batch", batch).await.ok();
        assert_eq!(outcomes(&again), ["updated", "unchanged", "rejected", "unchanged", "rejected", "updated", "rejected"]);
        assert_eq!(again["received"], 7);
        let inbox = api.get("/api/refusals?state=open").await.ok();
        let items = inbox["data"].as_array().unwrap().iter();
        let mut ids: Vec<&str> = items.map(|item| item["external_id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["k3", "k5", "k6"]);
        // Sent from the inbox it is a batch of one.
        api.put("/api/clients/SAP:nobody", json!({"name": "Somebody"})).await;
        let retried = api.post("/api/refusals/retry", json!({"external_id": "k3"})).await.ok();
        assert_eq!(retried["data"][0]["answer"]["created"], 1, "{retried}");
    }

    /// All kinds of refusals of a batch as a whole.
    async fn no_batch(t: TestApp) {
        let mut said = String::new();
        for body in [
            json!({}),
            json!({"source": "SAP", "records": []}),
            json!({"source": "EXCEL", "records": [{"id": "c1", "name": "C"}]}),
            json!({"source": "SAP", "records": [{"name": "C"}, 7, {"id": ""}], "mode": "add"}),
        ] {
            said += &format!("{}\n", t.api.post("/api/clients/batch", body).await);
        }
        let many: Vec<Value> = (0..1_001).map(|n| json!({"id": format!("c{n}"), "name": "C"})).collect();
        said += &t.api.post("/api/clients/batch", json!({"source": "SAP", "records": many})).await.to_string();
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"2 fields are not valid: /source, /records","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/source","message":"is required and must be the name of a source"},{"pointer":"/records","message":"is required and must be a non-empty list"}]}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"/records must be a non-empty list","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/records","message":"must be a non-empty list"}]}
            400 Bad Request
            {"type":"urn:crewline:error:INVALID_SOURCE","title":"InvalidSourceError","status":400,"detail":"\"EXCEL\" is not a source; it must be one of JIRA, SALESFORCE, ADVERTMIND, QUICKBOOKS, ZAPIER, OKTA, MICROSOFT_DYNAMICS, GITHUB, MICROSOFT_TEAMS, VBS, SAP, GLOBANT","code":"INVALID_SOURCE","request_id":"[id]","errors":[{"pointer":"/source","message":"\"EXCEL\" is not a source; it must be one of JIRA, SALESFORCE, ADVERTMIND, QUICKBOOKS, ZAPIER, OKTA, MICROSOFT_DYNAMICS, GITHUB, MICROSOFT_TEAMS, VBS, SAP, GLOBANT"}]}
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"4 fields are not valid: /mode, /records/0/id, /records/1, /records/2/id","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/mode","message":"is not a field here; the fields are source, records"},{"pointer":"/records/0/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/records/1","message":"must be an object with an id"},{"pointer":"/records/2/id","message":"must be a string of 1 to 255 bytes"}]}
            413 Payload Too Large
            {"type":"urn:crewline:error:PAYLOAD_TOO_LARGE","title":"PayloadTooLargeError","status":413,"detail":"1001 records are more than 1000","code":"PAYLOAD_TOO_LARGE","request_id":"[id]","limits":{"max_body_bytes":4194304,"max_ranges":1000}}"#]].assert_eq(&said);
    }

    /// A thousand at once, and again.
    async fn a_thousand(t: TestApp) {
        let records: Vec<Value> = (0..1_000).map(|n| json!({"id": format!("c{n}"), "name": format!("Client {n}")})).collect();
        let body = json!({"source": "SAP", "records": records});
        assert_eq!(t.api.post("/api/clients/batch", body.clone()).await.ok()["created"], 1_000);
        assert_eq!(t.api.post("/api/clients/batch", body).await.ok()["unchanged"], 1_000);
    }

    /// Who may not write, or not under this source.
    async fn rights(t: TestApp) {
        let body = json!({"name": "C"});
        let batch = json!({"source": "SAP", "records": [{"id": "c1", "name": "C"}]});
        for key in [t.key(&["OKTA"], false).await, t.key(&[], true).await] {
            assert_eq!(key.put("/api/clients/SAP:c1", body.clone()).await.status, 403);
            assert_eq!(key.post("/api/clients/batch", batch.clone()).await.status, 403);
        }
    }
}
