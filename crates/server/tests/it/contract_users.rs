//! `GET /v1/contracts/{id}/users`: who is on a contract.

use expect_test::expect;
use serde_json::json;
use testing::both_engines;

both_engines! {
    /// Rows by user, start and end; COR's page around them.
    async fn a_page_of_a_contract(t: TestApp) {
        let contract = t.api.contract("GLOBANT", "K", Some("2025-01-01"), None).await;
        t.api.user("GLOBANT", "u1").await;
        t.api.user("GLOBANT", "u2").await;
        t.api.post("/v1/contracts/1/users", json!({"users": [
            {"id": 2, "dates": [{"start": "2025-05-01", "end": "2025-06-01"}]},
            {"id": 1, "dates": [
                {"start": "2025-03-01", "end": "2025-04-01"}, {"start": "2025-01-01", "end": "2025-06-01"},
                {"start": "2025-01-01", "end": "9999-12-31"}
            ]}
        ]})).await.ok();
        assert_eq!(contract, 1);
        expect![[r#"
            200 OK
            {"total":"4","perPage":20,"page":1,"lastPage":1,"data":[{"id":3,"contract_id":1,"user_id":1,"start_date":"2025-01-01T00:00:00.000Z","end_date":"2025-06-01T00:00:00.000Z"},{"id":4,"contract_id":1,"user_id":1,"start_date":"2025-01-01T00:00:00.000Z","end_date":"9999-12-31T00:00:00.000Z"},{"id":2,"contract_id":1,"user_id":1,"start_date":"2025-03-01T00:00:00.000Z","end_date":"2025-04-01T00:00:00.000Z"},{"id":1,"contract_id":1,"user_id":2,"start_date":"2025-05-01T00:00:00.000Z","end_date":"2025-06-01T00:00:00.000Z"}]}"#]].assert_eq(&t.api.get("/v1/contracts/1/users").await.to_string());
        expect![[r#"
            200 OK
            {"total":"4","perPage":3,"page":2,"lastPage":2,"data":[{"id":1,"contract_id":1,"user_id":2,"start_date":"2025-05-01T00:00:00.000Z","end_date":"2025-06-01T00:00:00.000Z"}]}"#]].assert_eq(&t.api.get("/v1/contracts/1/users?page=2&perPage=3").await.to_string());
        expect![[r#"
            200 OK
            {"total":"4","perPage":200,"page":9,"lastPage":1,"data":[]}"#]].assert_eq(&t.api.get("/v1/contracts/1/users?page=9&perPage=200&other=x").await.to_string());
    }

    async fn a_contract_without_users(t: TestApp) {
        t.api.contract("GLOBANT", "K", None, None).await;
        expect![[r#"
            200 OK
            {"total":"0","perPage":20,"page":1,"lastPage":0,"data":[]}"#]].assert_eq(&t.api.get("/v1/contracts/1/users").await.to_string());
    }

    /// A page that cannot be is refused, never silently capped.
    async fn pages_that_cannot_be(t: TestApp) {
        t.api.contract("GLOBANT", "K", None, None).await;
        for query in ["perPage=201", "perPage=0", "perPage=x", "page=0", "page=-1", "page=1000000001", "page=9999999999999999999", "page=1&page=2"] {
            let answer = t.api.get(&format!("/v1/contracts/1/users?{query}")).await;
            assert_eq!(answer.status, 400, "{query}");
        }
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"perPage must be an integer from 1 to 200","request_id":"[id]"}"#]].assert_eq(&t.api.get("/v1/contracts/1/users?perPage=201").await.to_string());
        expect![[r#"
            404 Not Found
            {"status":404,"name":"ContractNotFoundError","code":"ZC001","message":"There is no contract 2","request_id":"[id]"}"#]].assert_eq(&t.api.get("/v1/contracts/2/users").await.to_string());
    }
}
