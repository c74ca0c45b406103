//! Positions of a contract (COR's Main API).

use std::time::Duration;

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Api, both_engines};

use crate::main_contracts::told;

/// A contract, a position with a seniority, and a team in a workspace: all 1.
async fn furnish(api: &Api) {
    api.contract("SAP", "K", None, None).await;
    api.put("/v1/contracts/1", json!({"currency_id": 4, "user_positions_header_id": 9})).await.ok();
    api.create("user-position", "SAP", "p", json!({"name": "Dev", "seniority": "Sr."})).await.ok();
    api.workspace("SAP", "w").await;
    api.team("SAP", "t", Some("w")).await;
}

fn new() -> Value {
    json!({"position_id": 1, "team_id": 1, "rate": 62.5, "hours": 120})
}

async fn delete(api: &Api, path: &str) {
    api.delete(&format!("/v2/integrations/{path}"), json!({"metadata": {"source": "SAP"}}))
        .await
        .ok();
}

both_engines! {
    /// Added, listed and changed; what the contract says of all of them stands beside it.
    async fn a_position(t: TestApp) {
        let api = &t.api;
        furnish(api).await;
        expect![[r#"
            200 OK
            {"id":1,"user_positions_header_id":9,"contract_id":1,"position_id":1,"team_id":1,"rate":62.5,"hours":120,"currency_id":4,"currency":{"id":4,"name":null},"team":{"id":1,"name":"t","workspace_id":1},"position":{"id":1,"name":"Dev","seniority":"Sr."}}"#]].assert_eq(&api.post("/v1/contracts/1/positions", new()).await.to_string());
        let more = json!({"position_id": 1, "team_id": 1, "rate": 0.0001, "hours": 0, "currency_id": 7});
        api.post("/v1/contracts/1/positions", more).await.ok();
        expect![[r#"
            200 OK
            {"id":1,"user_positions_header_id":9,"contract_id":1,"position_id":1,"team_id":1,"rate":62.5,"hours":80.25,"currency_id":4,"currency":{"id":4,"name":null},"team":{"id":1,"name":"t","workspace_id":1},"position":{"id":1,"name":"Dev","seniority":"Sr."}}"#]].assert_eq(&api.put("/v1/contracts/1/positions/1", json!({"hours": 80.25})).await.to_string());
        api.put("/v1/contracts/1/positions/1", json!({"rate": 70})).await.ok();
        api.put("/v1/contracts/1/positions/1", json!({})).await.ok();
        api.create("seniority", "SAP", "s", json!({"name": "Lead"})).await.ok();
        api.post("/v2/user-position/p/seniority/s", json!({"metadata": {"source": "SAP"}})).await.ok();
        expect![[r#"
            200 OK
            {"total":"2","perPage":20,"page":1,"lastPage":1,"data":[{"id":1,"user_positions_header_id":9,"contract_id":1,"position_id":1,"team_id":1,"rate":70,"hours":80.25,"currency_id":4,"currency":{"id":4,"name":null},"team":{"id":1,"name":"t","workspace_id":1},"position":{"id":1,"name":"Dev","seniority":"Lead"}},{"id":2,"user_positions_header_id":9,"contract_id":1,"position_id":1,"team_id":1,"rate":0.0001,"hours":0,"currency_id":4,"currency":{"id":4,"name":null},"team":{"id":1,"name":"t","workspace_id":1},"position":{"id":1,"name":"Dev","seniority":"Lead"}}]}"#]].assert_eq(&api.get("/v1/contracts/1/positions").await.to_string());
        expect![[r#"
            200 OK
            {"total":"2","perPage":1,"page":3,"lastPage":2,"data":[]}"#]].assert_eq(&api.get("/v1/contracts/1/positions?page=3&perPage=1").await.to_string());
        let all = api.get("/v1/contracts/1/positions?page=false").await.ok();
        assert_eq!(all["data"].as_array().unwrap().len(), 2);
    }

    async fn refused(t: TestApp) {
        let api = &t.api;
        furnish(api).await;
        api.post("/v1/contracts/1/positions", new()).await.ok();
        let other = api.contract("SAP", "L", None, None).await;
        let said = [
            api.post("/v1/contracts/1/positions", json!({"position_id": "p", "team_id": 0, "rate": "1"})).await,
            api.post("/v1/contracts/1/positions", json!({"position_id": 7, "team_id": 1, "rate": 1, "hours": 1})).await,
            api.post("/v1/contracts/1/positions", json!({"position_id": 1, "team_id": 7, "rate": 1, "hours": 1})).await,
            api.post("/v1/contracts/77/positions", new()).await,
            api.put("/v1/contracts/1/positions/1", json!({"rate": null, "hours": 0.00001})).await,
            api.post("/v1/contracts/1/positions", json!({"position_id": 1, "team_id": 1, "rate": -0.0001, "hours": 1})).await,
            api.put("/v1/contracts/1/positions/1", json!({"hours": -1})).await,
            api.put("/v1/contracts/1/positions/77", json!({"rate": 1})).await,
            api.put("/v1/contracts/1/positions/x", json!({"rate": 1})).await,
            api.put(&format!("/v1/contracts/{other}/positions/1"), json!({"rate": 1})).await,
            api.get("/v1/contracts/77/positions").await,
            api.get("/v1/contracts/1/positions?perPage=201").await,
            t.other_company().await.put("/v1/contracts/1/positions/1", json!({"rate": 1})).await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"4 fields are not valid: /position_id, /team_id, /rate, /hours","request_id":"[id]","errors":[{"pointer":"/position_id","message":"must be a positive integer"},{"pointer":"/team_id","message":"must be a positive integer"},{"pointer":"/rate","message":"must be a number from 0, below 100,000,000,000, with at most 4 decimal places"},{"pointer":"/hours","message":"is required and must be a number from 0, below 100,000,000,000, with at most 4 decimal places"}]}
            404 Not Found
            {"status":404,"name":"PositionNotFoundError","code":"ZC001","message":"There is no position 7","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"TeamNotFoundError","code":"ZC001","message":"There is no team 7","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"2 fields are not valid: /rate, /hours","request_id":"[id]","errors":[{"pointer":"/rate","message":"cannot be cleared: it must be a number from 0, below 100,000,000,000, with at most 4 decimal places"},{"pointer":"/hours","message":"must be a number from 0, below 100,000,000,000, with at most 4 decimal places"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/rate must be a number from 0, below 100,000,000,000, with at most 4 decimal places","request_id":"[id]","errors":[{"pointer":"/rate","message":"must be a number from 0, below 100,000,000,000, with at most 4 decimal places"}]}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/hours must be a number from 0, below 100,000,000,000, with at most 4 decimal places","request_id":"[id]","errors":[{"pointer":"/hours","message":"must be a number from 0, below 100,000,000,000, with at most 4 decimal places"}]}
            404 Not Found
            {"status":404,"name":"ContractPositionNotFoundError","code":"ZC001","message":"Contract 1 has no position 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ContractPositionNotFoundError","code":"ZC001","message":"Contract 1 has no position \"x\"","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ContractPositionNotFoundError","code":"ZC001","message":"Contract 2 has no position 1","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"perPage must be an integer from 1 to 200","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract 1","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
    }

    /// They go with the contract, the position and the team.
    async fn goes_along(t: TestApp) {
        let api = &t.api;
        furnish(api).await;
        let count = async || api.get("/v1/contracts/1/positions").await.ok()["total"].clone();
        api.post("/v1/contracts/1/positions", new()).await.ok();
        delete(api, "teams/t").await;
        assert_eq!(count().await, "0");
        let team = api.team("SAP", "t", None).await;
        let again = json!({"position_id": 1, "team_id": team, "rate": 1, "hours": 1});
        api.post("/v1/contracts/1/positions", again.clone()).await.ok();
        delete(api, "user-position/p").await;
        assert_eq!(count().await, "0");
        api.create("user-position", "SAP", "p", json!({"name": "Dev"})).await.ok();
        let again = json!({"position_id": 2, "team_id": team, "rate": 1, "hours": 1});
        api.post("/v1/contracts/1/positions", again).await.ok();
        api.delete("/v1/contracts/1", json!({})).await.ok();
        delete(api, "teams/t").await;
    }

    /// A contract has changed when one of its positions has.
    async fn events(t: TestApp) {
        let api = &t.api;
        furnish(api).await;
        api.post("/v1/contracts/1/positions", new()).await.ok();
        api.put("/v1/contracts/1/positions/1", json!({"rate": 70})).await.ok();
        api.put("/v1/contracts/1/positions/1", json!({"rate": 70})).await.ok();
        let before = api.get("/v1/contracts/1").await.ok()["updated_at"].clone();
        t.clock.advance(Duration::from_secs(60));
        delete(api, "teams/t").await;
        assert_ne!(api.get("/v1/contracts/1").await.ok()["updated_at"], before);
        api.delete("/v1/contracts/1", json!({})).await.ok();
        let told = told(api, "contract.updated,contract.deleted", 5).await;
        expect![[r#"
            "contract.updated" {"after":{"currency_id":4,"user_positions_header_id":9},"before":{"currency_id":null,"user_positions_header_id":null},"changes":null,"count":1,"entity":{"external_ids":[],"id":1,"kind":"contract"}}
            "contract.updated" {"after":{"positions":"1: position 1, team 1, rate 625000, hours 1200000"},"before":{"positions":null},"changes":null,"count":1,"entity":{"external_ids":[],"id":1,"kind":"contract"}}
            "contract.updated" {"after":{"positions":"1: position 1, team 1, rate 700000, hours 1200000"},"before":{"positions":"1: position 1, team 1, rate 625000, hours 1200000"},"changes":null,"count":1,"entity":{"external_ids":[],"id":1,"kind":"contract"}}
            "contract.updated" {"after":{"positions":null},"before":{"positions":"1: position 1, team 1, rate 700000, hours 1200000"},"changes":null,"count":1,"entity":{"external_ids":[],"id":1,"kind":"contract"}}
            "contract.deleted" {"after":null,"before":{"client_id":1,"currency_id":4,"name":"K","user_positions_header_id":9},"changes":null,"count":1,"entity":{"external_ids":[{"external_id":"K","source":"SAP"}],"id":1,"kind":"contract"}}"#]].assert_eq(&told);
    }
}
