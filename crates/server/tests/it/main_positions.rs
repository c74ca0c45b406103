//! Positions and categories by ids of ours (COR's Main API).

use expect_test::expect;
use serde_json::json;
use testing::both_engines;

const PATH: &str = "/v1/userPosition";

both_engines! {
    /// Both are made by one route; a position is changed by the id that it was given.
    async fn made_and_changed(t: TestApp) {
        let api = &t.api;
        let category = json!({"name": "Design", "type": "C", "rate": 3, "seniority": "Sr.", "segmentLabel": "x"});
        expect![[r#"
            200 OK
            {"id":1,"name":"Design","user_position_category_id":null,"type":"C","rate":null,"seniority":null,"company_id":1}"#]].assert_eq(&api.post(PATH, category).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Designer","user_position_category_id":1,"type":"P","rate":12.5,"seniority":"Sr.","company_id":1}"#]].assert_eq(&api.post(PATH, json!({
            "name": "Designer", "type": "P", "rate": 12.5, "seniority": "Sr.", "user_position_category_id": 1
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":2,"name":"Design","user_position_category_id":null,"type":"P","rate":null,"seniority":null,"company_id":1}"#]].assert_eq(&api.post(PATH, json!({"name": "Design", "type": "P"})).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Lead designer","user_position_category_id":1,"type":"P","rate":20,"seniority":"Lead","company_id":1}"#]].assert_eq(&api.put("/v1/userPosition/1", json!({
            "name": "Lead designer", "rate": 20, "seniority": "Lead", "segmentLabel": "x", "type": "C"
        })).await.to_string());
        expect![[r#"
            200 OK
            {"id":1,"name":"Lead designer","user_position_category_id":1,"type":"P","rate":null,"seniority":null,"company_id":1}"#]].assert_eq(&api.put("/v1/userPosition/1", json!({
            "rate": null, "seniority": null, "name": "Lead designer"
        })).await.to_string());
    }

    /// What is wrong, under COR's own codes, and what would be right.
    async fn refused(t: TestApp) {
        let api = &t.api;
        for (name, kind) in [("Design", "C"), ("Designer", "P"), ("Writer", "P")] {
            api.post(PATH, json!({"name": name, "type": kind})).await.ok();
        }
        let said = [
            api.post(PATH, json!({"name": "", "type": "X", "rate": "1"})).await,
            api.post(PATH, json!([])).await,
            api.post(PATH, json!({"name": "Design", "type": "C"})).await,
            api.post(PATH, json!({"name": "Designer", "type": "P"})).await,
            api.post(PATH, json!({"name": "Text", "type": "C", "user_position_category_id": 1})).await,
            api.post(PATH, json!({"name": "Text", "type": "P", "user_position_category_id": 77})).await,
            api.put("/v1/userPosition/2", json!({"name": "Designer"})).await,
            api.put("/v1/userPosition/2", json!({"name": null})).await,
            api.put("/v1/userPosition/77", json!({"name": "Designer"})).await,
            api.put("/v1/userPosition/x", json!({})).await,
        ];
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"F010","message":"3 fields are not valid: /name, /type, /rate","request_id":"[id]","errors":[{"pointer":"/name","message":"must be a string of 1 to 255 characters"},{"pointer":"/type","message":"must be C (a category) or P (a position)"},{"pointer":"/rate","message":"must be a number below 100,000,000,000 with at most 4 decimal places"}]}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"F010","message":"The body is not a JSON object","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"F010","message":"/name is the name of category 1 already","request_id":"[id]","errors":[{"pointer":"/name","message":"is the name of category 1 already"}]}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"F010","message":"/name is the name of position 1 already","request_id":"[id]","errors":[{"pointer":"/name","message":"is the name of position 1 already"}]}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"F010","message":"/user_position_category_id must be left out: a category is in no other","request_id":"[id]","errors":[{"pointer":"/user_position_category_id","message":"must be left out: a category is in no other"}]}
            404 Not Found
            {"status":404,"name":"CategoryNotFoundError","code":"ZC001","message":"There is no category 77","request_id":"[id]"}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"UC010","message":"/name is the name of position 1 already","request_id":"[id]","errors":[{"pointer":"/name","message":"is the name of position 1 already"}]}
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"UC010","message":"/name cannot be cleared: it must be a string of 1 to 255 characters","request_id":"[id]","errors":[{"pointer":"/name","message":"cannot be cleared: it must be a string of 1 to 255 characters"}]}
            404 Not Found
            {"status":404,"name":"PositionNotFoundError","code":"ZC001","message":"There is no position 77","request_id":"[id]"}
            404 Not Found
            {"status":404,"name":"PositionNotFoundError","code":"ZC001","message":"There is no position \"x\"","request_id":"[id]"}"#]].assert_eq(&said.map(|answer| answer.to_string()).join("\n"));
        // Another company has names of its own.
        t.other_company().await.post(PATH, json!({"name": "Designer", "type": "P"})).await.ok();
        // What was refused under an id is kept, until it is taken.
        assert_eq!(api.get("/api/refusals?state=open").await.ok()["data"].as_array().map(Vec::len), Some(4));
        api.put("/v1/userPosition/2", json!({"name": "Author"})).await.ok();
        assert_eq!(api.get("/api/refusals?state=open").await.ok()["data"].as_array().map(Vec::len), Some(2));
    }

    /// A name is given once, also when two ask at once.
    async fn two_at_once(t: TestApp) {
        let node = t.another_node().await;
        let body = json!({"name": "Designer", "type": "P"});
        let (one, other) = tokio::join!(t.api.post(PATH, body.clone()), node.api.post(PATH, body.clone()));
        let mut said = [one.status.as_u16(), other.status.as_u16()];
        said.sort_unstable();
        assert_eq!(said, [200, 400]);
    }

    /// By category and name: one list, or grouped.
    async fn lists(t: TestApp) {
        let api = &t.api;
        expect![[r#"
            200 OK
            []"#]].assert_eq(&api.get("/v1/userPosition/getPositionsOnly").await.to_string());
        for name in ["text", "Design", "Empty"] {
            api.post(PATH, json!({"name": name, "type": "C"})).await.ok();
        }
        for (name, category) in [("writer", 1), ("Zoologist", 2), ("author", 1), ("Álvaro", 2), ("Editor", 1)] {
            let body = json!({"name": name, "type": "P", "user_position_category_id": category});
            api.post(PATH, body).await.ok();
        }
        api.post(PATH, json!({"name": "Without", "type": "P"})).await.ok();
        expect![[r#"
            200 OK
            [{"id":2,"name":"Zoologist","category_id":2,"category_name":"Design"},{"id":4,"name":"Álvaro","category_id":2,"category_name":"Design"},{"id":3,"name":"author","category_id":1,"category_name":"text"},{"id":5,"name":"Editor","category_id":1,"category_name":"text"},{"id":1,"name":"writer","category_id":1,"category_name":"text"}]"#]].assert_eq(&api.get("/v1/userPosition/getPositionsOnly?lang=ES").await.to_string());
        expect![[r#"
            200 OK
            [{"categoryName":"Design","categoryId":2,"positions":[{"id":2,"name":"Zoologist"},{"id":4,"name":"Álvaro"}]},{"categoryName":"text","categoryId":1,"positions":[{"id":3,"name":"author"},{"id":5,"name":"Editor"},{"id":1,"name":"writer"}]}]"#]].assert_eq(&api.get("/v1/userPosition/getPositionsOnly?groupedByCategory=true").await.to_string());
        let flat = api.get("/v1/userPosition/getPositionsOnly").await.text;
        let grouped = api.get("/v1/userPosition/getPositionsOnly?groupedByCategory=1").await.text;
        assert_ne!(grouped, flat);
        for (sent, expected) in [("false", &flat), ("0", &flat), ("", &flat), ("true", &grouped)] {
            let told = api.get(&format!("/v1/userPosition/getPositionsOnly?groupedByCategory={sent}")).await.text;
            assert_eq!(&told, expected, "{sent}");
        }
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"groupedByCategory must be true or false","request_id":"[id]"}"#]].assert_eq(&api.get("/v1/userPosition/getPositionsOnly?groupedByCategory=yes").await.to_string());
        assert_eq!(t.other_company().await.get("/v1/userPosition/getPositionsOnly").await.text, "[]");
    }

    /// A seniority that is assigned is shown; a text takes its place.
    async fn seniorities(t: TestApp) {
        let api = &t.api;
        let metadata = json!({"metadata": {"source": "OKTA"}});
        api.create("user-position", "OKTA", "p1", json!({"name": "Dev", "seniority": "old"})).await.ok();
        api.create("seniority", "OKTA", "s1", json!({"name": "Sr."})).await.ok();
        api.post("/v2/user-position/p1/seniority/s1", metadata).await.ok();
        assert_eq!(api.put("/v1/userPosition/1", json!({"rate": 1})).await.ok()["seniority"], "Sr.");
        assert_eq!(api.put("/v1/userPosition/1", json!({"seniority": "Jr."})).await.ok()["seniority"], "Jr.");
    }
}
