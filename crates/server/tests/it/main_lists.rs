//! Lists of COR's Main API: pages, everything at once, and what is no list.

use expect_test::expect;
use serde_json::Value;
use testing::both_engines;

fn ids(list: &Value) -> Vec<i64> {
    let rows = list["data"].as_array().expect("a list of rows");
    rows.iter().map(|row| row["id"].as_i64().expect("an id")).collect()
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

    /// 32 reads at once on one token.
    async fn in_parallel(t: TestApp) {
        t.api.team("OKTA", "t1", None).await;
        let reads = (0..32).map(|_| async { ids(&t.api.get("/v1/teams").await.ok()) });
        let all = futures_util::future::join_all(reads).await;
        assert_eq!(all, vec![vec![1]; 32]);
    }
}
