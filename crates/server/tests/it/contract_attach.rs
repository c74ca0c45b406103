//! Attaching users to a contract. The rules are those of `domain::attach`; here is what goes
//! over the wire.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, Engine, TestApp, both_engines};

/// The v2 face.
async fn v2(t: &TestApp, contract: &str, users: Value) -> Answer {
    let body = json!({"metadata": {"source": "GLOBANT"}, "users": users});
    t.api.post(&format!("/v2/integrations/contracts/{contract}/users"), body).await
}

/// The v1 face.
async fn v1(t: &TestApp, contract: i64, users: Value) -> Answer {
    t.api.post(&format!("/v1/contracts/{contract}/users"), json!({"users": users})).await
}

both_engines! {
    /// The request that makes the published v1 example's `assigned` and `errors` come out. The
    /// counters count date ranges: 13 = 2 + 11.
    async fn the_published_v1_example(t: TestApp) {
        let contract = t.api.contract("GLOBANT", "K", Some("2024-01-01"), Some("2024-12-31")).await;
        for n in 1..=4 {
            t.api.user("GLOBANT", &format!("u{n}")).await;
        }
        // The example's users 88001..88004 are users 1..4 here.
        let answer = v1(&t, contract, json!([
            {"id": 1, "dates": [
                {"start": "2024-01-01", "end": "2024-12-31"},
                {"start": "2024-03-01", "end": "2024-06-30"},
                {"start": "2024-06-01", "end": "2024-04-01"},
                {"start": null, "end": null},
                {"start": "2024-02-01", "end": null},
                {"start": "not-a-date", "end": "2024-12-31"},
                {"start": "1990-01-01", "end": "1990-06-30"}
            ]},
            {"id": "hello", "dates": [{"start": "2024-01-01", "end": "2024-12-31"}]},
            {"id": 2, "start": "2024-01-01", "end": "2024-12-31"},
            {"id": 3, "dates": []},
            {"id": 4, "dates": [{"start": "2024-07-01", "end": "2024-07-01"}]},
            {"id": 999999, "dates": [{"start": "2024-01-01", "end": "2024-12-31"}]},
            {"id": 88005, "dates": [
                {"start": null, "end": null}, {"start": "2024-01-01", "end": "2024-06-30"}
            ]}
        ])).await;
        expect![[r#"
            200 OK
            {"status":"partial_success","company_id":1,"contract_id":1,"records_received":13,"records_created":2,"records_rejected":11,"user_ids":[1],"assigned":[{"id":1,"user_id":1,"start_date":"2024-01-01T00:00:00.000Z","end_date":"2024-12-31T00:00:00.000Z"},{"id":2,"user_id":1,"start_date":"2024-03-01T00:00:00.000Z","end_date":"2024-06-30T00:00:00.000Z"}],"errors":[{"id":1,"dates":[{"start":"2024-06-01","end":"2024-04-01","message":"Date malformatted. Start date must be before end date"},{"start":null,"end":null,"message":"Date malformatted"},{"start":"2024-02-01","end":null,"message":"Date malformatted. Start and end date are required"},{"start":"not-a-date","end":"2024-12-31","message":"Invalid date"},{"start":"1990-01-01","end":"1990-06-30","message":"Invalid contract periods. Range must be within contract start and end dates"}],"message":"Partial success. Some dates were rejected"},{"id":"hello","dates":[{"end":"2024-12-31","start":"2024-01-01"}],"message":"User malformatted"},{"id":2,"start":"2024-01-01","end":"2024-12-31","message":"Legacy format detected. Use \"dates\" array instead of \"start\" and \"end\" fields"},{"id":3,"dates":[],"message":"Date malformatted or empty"},{"id":4,"dates":[{"start":"2024-07-01","end":"2024-07-01","message":"Date malformatted. Start date must be before end date"}],"message":"Dates are malformatted or empty"},{"id":88005,"dates":[{"start":null,"end":null,"message":"Date malformatted"}],"message":"Partial success. Some dates were rejected"},{"id":999999,"dates":[{"start":"2024-01-01","end":"2024-12-31"}],"message":"User malformatted"},{"id":88005,"dates":[{"start":"2024-01-01","end":"2024-06-30"}],"message":"User malformatted"}]}"#]].assert_eq(&answer.to_string());
        let example: Value =
            serde_json::from_str(include_str!("../examples/contracts_attach_v1.json")).unwrap();
        let published = example["response"]["errors"].to_string();
        let published = published.replace("88001", "1").replace("88002", "2");
        let published = published.replace("88003", "3").replace("88004", "4");
        assert_eq!(answer.json()["errors"].to_string(), published);
    }

    /// A range that the user already has on the contract is not inserted twice: it comes back
    /// with its old id, and counts as created.
    async fn a_retry_is_harmless(t: TestApp) {
        t.api.contract("GLOBANT", "K", None, None).await;
        t.api.user("GLOBANT", "u1").await;
        let users = json!([{"id": "u1", "dates": [
            {"start": "2025-01-01", "end": "2025-02-01"}, {"start": "2025-03-01", "end": "2025-04-01"}
        ]}]);
        let first = v2(&t, "K", users.clone()).await;
        let again = v2(&t, "K", users).await;
        assert_eq!(first.ok(), again.ok());
        let mixed = v2(&t, "K", json!([{"id": "u1", "dates": [
            {"start": "2025-05-01", "end": "2025-06-01"}, {"start": "2025-03-01", "end": "2025-04-01"}
        ]}])).await.ok();
        assert_eq!(mixed["records_created"], 2);
        assert_eq!(mixed["assigned"][1]["id"], first.json()["assigned"][1]["id"]);
        assert_eq!(t.api.get("/v1/contracts/1/users").await.ok()["total"], "3");
    }

    /// The same range twice in one request is two elements of `assigned` with one id.
    async fn a_range_twice_in_one_request(t: TestApp) {
        t.api.contract("GLOBANT", "K", None, None).await;
        t.api.user("GLOBANT", "u1").await;
        let range = json!({"start": "2025-01-01", "end": "2025-02-01"});
        let answer = v2(&t, "K", json!([
            {"id": "u1", "dates": [range, range]}, {"id": "u1", "dates": [range]}
        ])).await;
        expect![[r#"
            200 OK
            {"status":"success","company_id":1,"contract_id":"K","records_received":3,"records_created":3,"records_rejected":0,"assigned":[{"id":1,"user_id":1,"start_date":"2025-01-01T00:00:00.000Z","end_date":"2025-02-01T00:00:00.000Z"},{"id":1,"user_id":1,"start_date":"2025-01-01T00:00:00.000Z","end_date":"2025-02-01T00:00:00.000Z"},{"id":1,"user_id":1,"start_date":"2025-01-01T00:00:00.000Z","end_date":"2025-02-01T00:00:00.000Z"}],"errors":[]}"#]].assert_eq(&answer.to_string());
        assert_eq!(t.api.get("/v1/contracts/1/users").await.ok()["total"], "1");
    }

    /// Overlapping ranges of one user are accepted.
    async fn overlaps_are_accepted(t: TestApp) {
        t.api.contract("GLOBANT", "K", None, None).await;
        t.api.user("GLOBANT", "u1").await;
        let answer = v2(&t, "K", json!([{"id": "u1", "dates": [
            {"start": "2025-01-01", "end": "2025-12-31"}, {"start": "2025-03-01", "end": "2025-04-01"}
        ]}])).await;
        assert_eq!(answer.ok()["status"], "success");
    }

    /// All users unknown: `failure`, 422, and nothing is counted.
    async fn all_unknown_is_a_failure(t: TestApp) {
        t.api.contract("GLOBANT", "K", None, None).await;
        let range = json!({"start": "2025-01-01", "end": "2025-02-01"});
        let answer = v2(&t, "K", json!([{"id": "nobody", "dates": [range]}])).await;
        expect![[r#"
            422 Unprocessable Entity
            {"status":"failure","company_id":1,"contract_id":"K","records_received":0,"records_created":0,"records_rejected":0,"assigned":[],"errors":[{"id":"nobody","error_code":"CE001","message":"User not found in associations"}]}"#]].assert_eq(&answer.to_string());
    }

    /// Every range refused: `failure`, 422 with the same body.
    async fn all_refused_is_a_failure(t: TestApp) {
        let contract = t.api.contract("GLOBANT", "K", Some("2025-01-01"), Some("2025-12-31")).await;
        t.api.user("GLOBANT", "u1").await;
        let answer = v1(&t, contract, json!([
            {"id": 1, "dates": [{"start": "2024-12-31", "end": "2025-02-01"}, {"start": "2025-12-01", "end": "2026-01-01"}]}
        ])).await;
        expect![[r#"
            422 Unprocessable Entity
            {"status":"failure","company_id":1,"contract_id":1,"records_received":2,"records_created":0,"records_rejected":2,"user_ids":[],"assigned":[],"errors":[{"id":1,"dates":[{"start":"2024-12-31","end":"2025-02-01","message":"Invalid contract periods. Range must be within contract start and end dates"},{"start":"2025-12-01","end":"2026-01-01","message":"Invalid contract periods. Range must be within contract start and end dates"}],"message":"Dates are malformatted or empty"}]}"#]].assert_eq(&answer.to_string());
    }

    /// The contract's period includes both bounds; a missing bound is open.
    async fn bounds_are_inclusive_and_may_be_open(t: TestApp) {
        t.api.contract("GLOBANT", "K", Some("2025-01-01"), Some("2025-12-31")).await;
        t.api.contract("GLOBANT", "open", None, None).await;
        t.api.user("GLOBANT", "u1").await;
        let whole = json!([{"id": "u1", "dates": [{"start": "2025-01-01", "end": "2025-12-31"}]}]);
        assert_eq!(v2(&t, "K", whole).await.ok()["status"], "success");
        let wide = json!([{"id": "u1", "dates": [{"start": "0001-01-01", "end": "9999-12-31"}]}]);
        assert_eq!(v2(&t, "open", wide).await.ok()["status"], "success");
    }

    /// What stands for a date is echoed as it was sent, whatever its type.
    async fn what_was_sent_is_echoed(t: TestApp) {
        let contract = t.api.contract("GLOBANT", "K", None, None).await;
        t.api.user("GLOBANT", "u1").await;
        let answer = v1(&t, contract, json!([
            {"id": 1, "dates": [
                {"start": 20250101, "end": true}, {"start": ["2025-01-01"], "end": {"at": "x"}},
                {"start": "2024-02-30", "end": "2025-01-01"}, {"end": "2025-01-01T00:00:00"},
                {"start": "2025-01-01T00:00:00Z", "end": "2025-02-01"}, "2025-01-01", null, 7
            ]},
            {"id": 1.0, "dates": {"start": "2025-01-01"}},
            {"id": 1e2}, {"id": -1, "dates": null}, {"dates": []},
            {"id": 1, "dates": "soon"}, {"id": 1}, {"id": 1, "end": 5}
        ])).await;
        expect![[r#"
            422 Unprocessable Entity
            {"status":"failure","company_id":1,"contract_id":1,"records_received":9,"records_created":0,"records_rejected":9,"user_ids":[],"assigned":[],"errors":[{"id":1,"dates":[{"start":20250101,"end":true,"message":"Invalid date"},{"start":["2025-01-01"],"end":{"at":"x"},"message":"Invalid date"},{"start":"2024-02-30","end":"2025-01-01","message":"Invalid date"},{"start":null,"end":"2025-01-01T00:00:00","message":"Date malformatted. Start and end date are required"},{"start":"2025-01-01T00:00:00Z","end":"2025-02-01","message":"Invalid date"},{"start":null,"end":null,"message":"Date malformatted"},{"start":null,"end":null,"message":"Date malformatted"},{"start":null,"end":null,"message":"Date malformatted"}],"message":"Dates are malformatted or empty"},{"id":1.0,"dates":{"start":"2025-01-01"},"message":"User malformatted"},{"id":100.0,"dates":[],"message":"User malformatted"},{"id":-1,"dates":[],"message":"User malformatted"},{"id":null,"dates":[],"message":"User malformatted"},{"id":1,"dates":[],"message":"Date malformatted or empty"},{"id":1,"dates":[],"message":"Date malformatted or empty"},{"id":1,"start":null,"end":5,"message":"Legacy format detected. Use \"dates\" array instead of \"start\" and \"end\" fields"}]}"#]].assert_eq(&answer.to_string());
    }

    /// An element that cannot even be read is refused by itself; the others go on.
    async fn an_unreadable_range_is_refused_alone(t: TestApp) {
        t.api.contract("GLOBANT", "K", None, None).await;
        t.api.user("GLOBANT", "u1").await;
        let body = br#"{"users": [{"id": 1, "dates": [1e999, {"start": "2025-01-01", "end": "2025-02-01"}]}]}"#;
        let answer = t.api.send(axum::http::Method::POST, "/v1/contracts/1/users", &[], body.to_vec()).await;
        expect![[r#"
            200 OK
            {"status":"partial_success","company_id":1,"contract_id":1,"records_received":2,"records_created":1,"records_rejected":1,"user_ids":[1],"assigned":[{"id":1,"user_id":1,"start_date":"2025-01-01T00:00:00.000Z","end_date":"2025-02-01T00:00:00.000Z"}],"errors":[{"id":1,"dates":[{"start":null,"end":null,"message":"Date malformatted"}],"message":"Partial success. Some dates were rejected"}]}"#]].assert_eq(&answer.to_string());
    }

    /// An end of 9999-12-31 is an open end: it fits when its start does, and ends with the
    /// contract.
    async fn an_open_end(t: TestApp) {
        t.api.contract("GLOBANT", "K", Some("2025-01-01"), Some("2028-12-31")).await;
        t.api.user("GLOBANT", "u1").await;
        let answer = v2(&t, "K", json!([{"id": "u1", "dates": [
            {"start": "2026-01-01", "end": "9999-12-31"}, {"start": "2029-01-01", "end": "9999-12-31"}
        ]}])).await;
        expect![[r#"
            200 OK
            {"status":"partial_success","company_id":1,"contract_id":"K","records_received":2,"records_created":1,"records_rejected":1,"assigned":[{"id":1,"user_id":1,"start_date":"2026-01-01T00:00:00.000Z","end_date":"2028-12-31T00:00:00.000Z"}],"errors":[{"id":"u1","dates":[{"start":"2029-01-01","end":"9999-12-31","message":"Invalid contract periods. Range must be within contract start and end dates"}],"message":"Partial success. Some dates were rejected"}]}"#]].assert_eq(&answer.to_string());
    }

    /// v2, whole-request checks: nothing is changed by any of these.
    async fn the_v2_shape_is_checked_whole(t: TestApp) {
        t.api.contract("GLOBANT", "K", None, None).await;
        let path = "/v2/integrations/contracts/K/users";
        let metadata = json!({"source": "GLOBANT"});
        let answer = t.api.post(path, json!({"metadata": metadata, "users": ["u1", "u2"]})).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /users/0, /users/1","request_id":"[id]","errors":[{"pointer":"/users/0","message":"must be an object {\"id\": \"...\", \"dates\": [...]}; a plain id, the older form, has no date ranges"},{"pointer":"/users/1","message":"must be an object {\"id\": \"...\", \"dates\": [...]}; a plain id, the older form, has no date ranges"}]}"#]].assert_eq(&answer.to_string());
        let answer = t.api.post(path, json!({"metadata": metadata, "users": [
            {"id": "u1", "dates": []}, {"id": 5, "dates": [{}]}, {"dates": "soon"}, 7, {"id": ""}
        ]})).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"7 fields are not valid: /users/0/dates, /users/1/id, /users/2/id, /users/2/dates, /users/3, /users/4/id, /users/4/dates","request_id":"[id]","errors":[{"pointer":"/users/0/dates","message":"must be a non-empty list of {\"start\", \"end\"}"},{"pointer":"/users/1/id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/users/2/id","message":"is required and must be a string of 1 to 255 bytes"},{"pointer":"/users/2/dates","message":"must be a non-empty list of {\"start\", \"end\"}"},{"pointer":"/users/3","message":"must be an object with an id and a list dates"},{"pointer":"/users/4/id","message":"must be a string of 1 to 255 bytes"},{"pointer":"/users/4/dates","message":"must be a non-empty list of {\"start\", \"end\"}"}]}"#]].assert_eq(&answer.to_string());
        let answer = t.api.post(path, json!({"users": []})).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /metadata, /users","request_id":"[id]","errors":[{"pointer":"/metadata","message":"is required and must be an object of: source"},{"pointer":"/users","message":"must be a non-empty list of users with their dates"}]}"#]].assert_eq(&answer.to_string());
        let answer = t.api.post(path, json!({"metadata": {"source": "EXCEL"}, "users": [
            {"id": "u1", "dates": [{}]}
        ]})).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"InvalidSourceError","code":"INVALID_SOURCE","message":"\"EXCEL\" is not a source; it must be one of JIRA, SALESFORCE, ADVERTMIND, QUICKBOOKS, ZAPIER, OKTA, MICROSOFT_DYNAMICS, GITHUB, MICROSOFT_TEAMS, VBS, SAP, GLOBANT","request_id":"[id]","errors":[{"pointer":"/metadata/source","message":"\"EXCEL\" is not a source; it must be one of JIRA, SALESFORCE, ADVERTMIND, QUICKBOOKS, ZAPIER, OKTA, MICROSOFT_DYNAMICS, GITHUB, MICROSOFT_TEAMS, VBS, SAP, GLOBANT"}]}"#]].assert_eq(&answer.to_string());
    }

    /// v1, whole-request checks.
    async fn the_v1_shape_is_checked_whole(t: TestApp) {
        let contract = t.api.contract("GLOBANT", "K", None, None).await;
        for users in [json!(null), json!("x"), json!([])] {
            let answer = v1(&t, contract, users).await;
            assert_eq!(answer.status, 400);
            assert_eq!(answer.json()["errors"][0]["pointer"], "/users");
        }
        let answer = v1(&t, contract, json!([{"id": 1}, "u1", 7])).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /users/1, /users/2","request_id":"[id]","errors":[{"pointer":"/users/1","message":"must be an object with an id and a list dates"},{"pointer":"/users/2","message":"must be an object with an id and a list dates"}]}"#]].assert_eq(&answer.to_string());
    }

    /// An unknown contract is named, with the sources that know the same id.
    async fn an_unknown_contract(t: TestApp) {
        t.api.contract("SALESFORCE", "K9", None, None).await;
        let users = json!([{"id": "u1", "dates": [{"start": "2025-01-01", "end": "2025-02-01"}]}]);
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"Entity is not associated: contract \"K9\" (known to SALESFORCE) of source GLOBANT","request_id":"[id]"}"#]].assert_eq(&v2(&t, "K9", users.clone()).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"Entity is not associated: contract \"K/10\" of source GLOBANT","request_id":"[id]"}"#]].assert_eq(&v2(&t, "K%2F10", users).await.to_string());
        let users = json!([{"id": 1, "dates": []}]);
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract 77","request_id":"[id]"}"#]].assert_eq(&v1(&t, 77, users.clone()).await.to_string());
        for id in ["0", "-1", "01x", "1.0", "9223372036854775808", "%20"] {
            let answer = t.api.post(&format!("/v1/contracts/{id}/users"), json!({"users": users})).await;
            assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (404, Some("ZC001")));
        }
    }

    /// POST and, as the newer page says, PUT.
    async fn put_is_post(t: TestApp) {
        t.api.contract("GLOBANT", "K", None, None).await;
        t.api.user("GLOBANT", "u1").await;
        let users = json!([{"id": "u1", "dates": [{"start": "2025-01-01", "end": "2025-02-01"}]}]);
        let body = json!({"metadata": {"source": "GLOBANT"}, "users": users});
        let put = t.api.put("/v2/integrations/contracts/K/users", body).await;
        assert_eq!(put.ok(), v2(&t, "K", users).await.ok());
    }

    /// A request costs the same number of statements for 1 and for 1,000 ranges.
    async fn statements_do_not_grow_with_ranges(t: TestApp) {
        t.quiet().await;
        t.api.contract("GLOBANT", "K", None, None).await;
        t.api.user("GLOBANT", "u0").await;
        let range = |n: i64| {
            let start = jiff::civil::date(2025, 1, 1).saturating_add(jiff::Span::new().days(n));
            json!({"start": start.to_string(), "end": "2040-01-01"})
        };
        // Draws the block of ids.
        let one = |n: i64| json!([{"id": "u0", "dates": [range(n)]}]);
        v2(&t, "K", one(2_000)).await.ok();
        let before = t.app.store.statements();
        v2(&t, "K", one(2_001)).await.ok();
        let for_one = t.app.store.statements() - before;
        let thousand: Vec<Value> = (0..1_000).map(range).collect();
        let before = t.app.store.statements();
        let answer = v2(&t, "K", json!([{"id": "u0", "dates": thousand}])).await.ok();
        let for_thousand = t.app.store.statements() - before;
        assert_eq!(answer["records_created"], 1_000);
        // The look into the inbox, contract, users, insert, and the event; on SQLite also how often
        // references were removed.
        let removed = u64::from(t.engine == Engine::Sqlite);
        assert_eq!((for_one, for_thousand), (5 + removed, 5 + removed));
    }
}
