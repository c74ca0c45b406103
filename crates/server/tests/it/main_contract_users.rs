//! Single date ranges of users on a contract, by their ids.

use axum::http::Method;
use expect_test::expect;
use serde_json::{Value, json};
use testing::{Api, TestApp, both_engines};

use crate::main_contracts::told;

/// A contract of 2026 with ranges of two users, 1 to 3.
async fn ranges(api: &Api) {
    api.contract("SAP", "K", Some("2026-01-01"), Some("2026-12-31")).await;
    let (ana, ben) = (api.user("SAP", "ana").await, api.user("SAP", "ben").await);
    let users = json!([
        {"id": ana, "dates": [
            {"start": "2026-01-01", "end": "2026-03-31"}, {"start": "2026-05-01", "end": "2026-06-30"}
        ]},
        {"id": ben, "dates": [{"start": "2026-01-01", "end": "2026-06-30"}]}
    ]);
    api.post("/v1/contracts/1/users", json!({"users": users})).await.ok();
}

async fn list(t: &TestApp) -> String {
    let page = t.api.get("/v1/contracts/1/users").await.ok();
    let line = |row: &Value| {
        let day = |name: &str| row[name].as_str().unwrap()[..10].to_owned();
        format!("{} {} {}..{}\n", row["id"], row["user_id"], day("start_date"), day("end_date"))
    };
    page["data"].as_array().unwrap().iter().map(line).collect()
}

both_engines! {
    /// A range gets other bounds, and keeps its id.
    async fn changed(t: TestApp) {
        let api = &t.api;
        ranges(api).await;
        let path = "/v1/contracts/1/users/1";
        expect![[r#"
            200 OK
            {"id":1,"contract_id":1,"user_id":1,"start_date":"2026-02-01T00:00:00.000Z","end_date":"2026-12-31T00:00:00.000Z"}"#]].assert_eq(&api.put(path, json!({"start": "2026-02-01", "end": "2026-12-31", "user_id": 2})).await.to_string());
        // Over another range of the user, to the bounds of the contract, and as it is already.
        api.put(path, json!({"start": "2026-01-01", "end": "2026-12-31"})).await.ok();
        api.put(path, json!({"start": "2026-01-01", "end": "2026-12-31"})).await.ok();
        // The range of another user is nobody's business.
        api.put(path, json!({"start": "2026-01-01", "end": "2026-06-30"})).await.ok();
        expect![[r#"
            1 1 2026-01-01..2026-06-30
            2 1 2026-05-01..2026-06-30
            3 2 2026-01-01..2026-06-30
        "#]].assert_eq(&list(&t).await);
        // An open end ends with the contract.
        expect![[r#"
            200 OK
            {"id":1,"contract_id":1,"user_id":1,"start_date":"2026-01-01T00:00:00.000Z","end_date":"2026-12-31T00:00:00.000Z"}"#]].assert_eq(&api.put(path, json!({"start": "2026-01-01", "end": "9999-12-31"})).await.to_string());
        api.put("/v1/contracts/1", json!({"end": "2026-09-30"})).await.ok();
        expect![[r#"
            1 1 2026-01-01..2026-09-30
            2 1 2026-05-01..2026-06-30
            3 2 2026-01-01..2026-06-30
        "#]].assert_eq(&list(&t).await);
    }

    /// The range that there was is answered.
    async fn removed(t: TestApp) {
        let api = &t.api;
        ranges(api).await;
        expect![[r#"
            200 OK
            {"id":2,"contract_id":1,"user_id":1,"start_date":"2026-05-01T00:00:00.000Z","end_date":"2026-06-30T00:00:00.000Z"}"#]].assert_eq(&api.delete("/v1/contracts/1/users/2", json!({})).await.to_string());
        let headers = [("content-type", "multipart/form-data; boundary=x")];
        expect![[r#"
            200 OK
            {"id":3,"contract_id":1,"user_id":2,"start_date":"2026-01-01T00:00:00.000Z","end_date":"2026-06-30T00:00:00.000Z"}"#]].assert_eq(&api.send(Method::DELETE, "/v1/contracts/1/users/3", &headers, Vec::new()).await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"AssignmentNotFoundError","code":"ZC001","message":"Contract 1 has no assignment 3","request_id":"[id]"}"#]].assert_eq(&api.delete("/v1/contracts/1/users/3", json!({})).await.to_string());
        expect![[r#"
            1 1 2026-01-01..2026-03-31
        "#]].assert_eq(&list(&t).await);
    }

    /// The rules of an attach, one field at a time.
    async fn refused(t: TestApp) {
        let api = &t.api;
        ranges(api).await;
        let other = api.contract("SAP", "L", None, None).await;
        let range = |start: &str, end: &str| json!({"start": start, "end": end});
        let path = "/v1/contracts/1/users/1";
        let said = [
            api.put(path, range("2026-05-01", "2026-06-30")).await,
            api.put(path, range("2026-05-01", "2026-05-01")).await,
            api.put(path, range("2026-05-02", "2026-05-01")).await,
            api.put(path, range("2025-12-31", "2026-05-01")).await,
            api.put(path, range("2026-05-01", "2027-01-01")).await,
            api.put(path, range("2027-01-01", "9999-12-31")).await,
            api.put(path, range("2026-02-30", "2026-05-01T00:00:00Z")).await,
            api.put(path, json!({"start": null})).await,
            api.put("/v1/contracts/1/users/77", range("2026-05-01", "2026-05-02")).await,
            api.put("/v1/contracts/1/users/x", range("2026-05-01", "2026-05-02")).await,
            api.put(&format!("/v1/contracts/{other}/users/1"), range("2026-05-01", "2026-05-02")).await,
            api.put("/v1/contracts/77/users/1", range("2026-05-01", "2026-05-02")).await,
            api.delete("/v1/contracts/1/users/0", json!({})).await,
            api.delete("/v1/contracts/x/users/1", json!({})).await,
            t.other_company().await.delete(path, json!({})).await,
        ];
        expect![[r#"
            409 Conflict
            {"status":409,"name":"DuplicateRangeError","code":"DUPLICATE_RANGE","message":"The user has this range on the contract: assignment 2","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/end Date malformatted. Start date must be before end date","request_id":"[id]","errors":[{"pointer":"/end","message":"Date malformatted. Start date must be before end date"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/end Date malformatted. Start date must be before end date","request_id":"[id]","errors":[{"pointer":"/end","message":"Date malformatted. Start date must be before end date"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/start Invalid contract periods. Range must be within contract start and end dates","request_id":"[id]","errors":[{"pointer":"/start","message":"Invalid contract periods. Range must be within contract start and end dates"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/end Invalid contract periods. Range must be within contract start and end dates","request_id":"[id]","errors":[{"pointer":"/end","message":"Invalid contract periods. Range must be within contract start and end dates"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/end Invalid contract periods. Range must be within contract start and end dates","request_id":"[id]","errors":[{"pointer":"/end","message":"Invalid contract periods. Range must be within contract start and end dates"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /start, /end","request_id":"[id]","errors":[{"pointer":"/start","message":"must be a real calendar date in the form YYYY-MM-DD"},{"pointer":"/end","message":"must be a real calendar date in the form YYYY-MM-DD"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /start, /end","request_id":"[id]","errors":[{"pointer":"/start","message":"must be a real calendar date in the form YYYY-MM-DD"},{"pointer":"/end","message":"is required and must be a real calendar date in the form YYYY-MM-DD"}]}
            404 Not Found
            {"status":404,"name":"AssignmentNotFoundError","code":"ZC001","message":"Contract 1 has no assignment 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"AssignmentNotFoundError","code":"ZC001","message":"Contract 1 has no assignment \"x\"","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"AssignmentNotFoundError","code":"ZC001","message":"Contract 2 has no assignment 1","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"AssignmentNotFoundError","code":"ZC001","message":"Contract 1 has no assignment \"0\"","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract \"x\"","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract 1","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
        expect![[r#"
            1 1 2026-01-01..2026-03-31
            2 1 2026-05-01..2026-06-30
            3 2 2026-01-01..2026-06-30
        "#]].assert_eq(&list(&t).await);
        // A contract without bounds takes any range; so does one without an end what is open.
        api.put("/v1/contracts/1", json!({"start": null, "end": null})).await.ok();
        expect![[r#"
            200 OK
            {"id":1,"contract_id":1,"user_id":1,"start_date":"0001-01-01T00:00:00.000Z","end_date":"9999-12-31T00:00:00.000Z"}"#]].assert_eq(&api.put(path, range("0001-01-01", "9999-12-31")).await.to_string());
    }

    /// A change is told as the old range that went and the new one that came; what changes
    /// nothing is not told.
    async fn events(t: TestApp) {
        let api = &t.api;
        ranges(api).await;
        api.put("/v1/contracts/1/users/1", json!({"start": "2026-02-01", "end": "2026-03-31"})).await.ok();
        api.put("/v1/contracts/1/users/1", json!({"start": "2026-02-01", "end": "2026-03-31"})).await.ok();
        api.delete("/v1/contracts/1/users/1", json!({})).await.ok();
        let told = told(api, "contract.users.attached,contract.users.detached", 4).await;
        expect![[r#"
            "contract.users.attached" {"after":null,"before":null,"changes":[{"after":{"end_date":"2026-03-31","id":1,"start_date":"2026-01-01","user_id":1},"before":null},{"after":{"end_date":"2026-06-30","id":2,"start_date":"2026-05-01","user_id":1},"before":null},{"after":{"end_date":"2026-06-30","id":3,"start_date":"2026-01-01","user_id":2},"before":null}],"count":3,"entity":{"external_ids":[{"external_id":"K","source":"SAP"}],"id":1,"kind":"contract"}}
            "contract.users.detached" {"after":null,"before":null,"changes":[{"after":null,"before":{"end_date":"2026-03-31","id":1,"start_date":"2026-01-01","user_id":1}}],"count":1,"entity":{"external_ids":[{"external_id":"K","source":"SAP"}],"id":1,"kind":"contract"}}
            "contract.users.attached" {"after":null,"before":null,"changes":[{"after":{"end_date":"2026-03-31","id":1,"start_date":"2026-02-01","user_id":1},"before":null}],"count":1,"entity":{"external_ids":[{"external_id":"K","source":"SAP"}],"id":1,"kind":"contract"}}
            "contract.users.detached" {"after":null,"before":null,"changes":[{"after":null,"before":{"end_date":"2026-03-31","id":1,"start_date":"2026-02-01","user_id":1}}],"count":1,"entity":{"external_ids":[{"external_id":"K","source":"SAP"}],"id":1,"kind":"contract"}}"#]].assert_eq(&told);
    }

    /// Of several that want one range at once, one gets it, and an attach finds it there.
    async fn at_once(t: TestApp) {
        let api = &t.api;
        ranges(api).await;
        let range = json!({"start": "2026-07-01", "end": "2026-07-31"});
        let change = async |id: i64| api.put(&format!("/v1/contracts/1/users/{id}"), range.clone()).await;
        let users = json!({"users": [{"id": 1, "dates": [range]}]});
        let attach = async || api.post("/v1/contracts/1/users", users.clone()).await;
        let (first, second, attached) = tokio::join!(change(1), change(2), attach());
        let changed = [first, second].iter().filter(|answer| answer.status == 200).count();
        attached.ok();
        let rows = list(&t).await;
        assert!(changed <= 1, "{rows}");
        assert_eq!(rows.matches("2026-07-01..2026-07-31").count(), 1, "{rows}");
        assert_eq!(rows.lines().count(), 4 - changed, "{rows}");
    }

    /// Everything at once, if that is at most 10,000 rows.
    async fn all_of_many(t: TestApp) {
        let api = &t.api;
        api.contract("SAP", "K", None, None).await;
        let user = api.user("SAP", "ana").await;
        let first = jiff::civil::date(1990, 1, 1);
        let day = |nth: i64| first.saturating_add(jiff::Span::new().days(nth)).to_string();
        let dates: Vec<Value> = (0..10_000).map(|nth| json!({"start": day(nth), "end": day(nth + 1)})).collect();
        api.post("/v1/contracts/1/users", json!({"users": [{"id": user, "dates": dates}]})).await.ok();
        let all = api.get("/v1/contracts/1/users?page=false").await.ok();
        assert_eq!((&all["total"], all["data"].as_array().unwrap().len()), (&json!("10000"), 10_000));
        let dates = [json!({"start": "1980-01-01", "end": "1981-01-01"})];
        api.post("/v1/contracts/1/users", json!({"users": [{"id": user, "dates": dates}]})).await.ok();
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"page=false lists at most 10000 rows, and there are 10001: ask for pages","request_id":"[id]"}"#]].assert_eq(&api.get("/v1/contracts/1/users?page=false").await.to_string());
        let last = api.get("/v1/contracts/1/users?page=51&perPage=200").await.ok();
        assert_eq!((&last["lastPage"], last["data"].as_array().unwrap().len()), (&json!(51), 1));
    }
}
