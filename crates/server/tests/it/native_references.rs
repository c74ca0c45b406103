//! References that are called otherwise, or taken away.

use axum::http::Method;
use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, Api, TestApp, both_engines};

const U1: &str = "/api/references/user/OKTA/u1";

async fn rekey(api: &Api, path: &str, to: &str) -> Answer {
    api.put(path, json!({"external_id": to})).await
}

async fn unlink(api: &Api, path: &str) -> Answer {
    api.send(Method::DELETE, path, &[], Vec::new()).await
}

/// The references of the first user.
async fn known(t: &TestApp) -> String {
    let found = t.api.get("/api/references?kind=user&id=1").await.ok();
    let rows = found["data"].as_array().unwrap().iter();
    let text = |row: &Value| format!("{}:{}", row["source"], row["external_id"]).replace('"', "");
    rows.map(text).collect::<Vec<_>>().join(" ")
}

/// Whether a user is attached by an external id, which SQLite's writer remembers.
async fn attaches(t: &TestApp, user: &str) -> bool {
    let dates = json!([{"start": "2025-01-01", "end": "2025-02-01"}]);
    let users = json!([{"id": user, "dates": dates}]);
    let body = json!({"metadata": {"source": "OKTA"}, "users": users});
    t.api.post("/v2/integrations/contracts/K/users", body).await.status == 200
}

both_engines! {
    async fn called_otherwise(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        t.api.user("OKTA", "u2").await;
        t.clock.advance(std::time::Duration::from_secs(60));
        expect![[r#"
            200 OK
            {"kind":"user","source":"OKTA","external_id":"u/1","id":1,"created_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&rekey(&t.api, U1, "u/1").await.to_string());
        assert_eq!(known(&t).await, "OKTA:u/1");
        // The same changes nothing; a second time it is not there.
        assert_eq!(rekey(&t.api, "/api/references/user/OKTA/u%2F1", "u/1").await.status, 200);
        expect![[r#"
            404 Not Found
            {"type":"urn:crewline:error:ZC001","title":"UserNotFoundError","status":404,"detail":"Entity is not associated: user \"u1\" of source OKTA","code":"ZC001","request_id":"[id]"}"#]].assert_eq(&rekey(&t.api, U1, "u3").await.to_string());
        expect![[r#"
            409 Conflict
            {"type":"urn:crewline:error:ZC004","title":"DuplicateExternalIdError","status":409,"detail":"\"u/1\" of source OKTA already belongs to user 1","code":"ZC004","request_id":"[id]"}"#]].assert_eq(&rekey(&t.api, "/api/references/user/OKTA/u2", "u/1").await.to_string());
        let events = t.api.get("/api/events?types=user.linked,user.unlinked&wait=5").await.ok();
        let told = events["data"].as_array().unwrap().iter();
        let told: Vec<String> = told.map(|one| format!("{} {} {}", one["type"], one["subject"], one["data"]["changes"])).collect();
        expect![[r#"
            "user.unlinked" "user/1" [{"after":null,"before":{"external_id":"u1","source":"OKTA"}}]
            "user.linked" "user/1" [{"after":{"external_id":"u/1","source":"OKTA"},"before":null}]"#]].assert_eq(&told.join("\n"));
    }

    async fn taken_away(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        t.api.post("/api/references", json!({"kind": "user", "source": "SAP", "external_id": "7", "id": 1})).await.ok();
        expect![[r#"
            200 OK
            {"kind":"user","source":"OKTA","external_id":"u1","id":1,"created_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&unlink(&t.api, U1).await.to_string());
        assert_eq!(known(&t).await, "SAP:7");
        assert_eq!(unlink(&t.api, U1).await.status, 404);
        assert_eq!(t.api.get("/api/users/1").await.status, 200);
        // The external id may be used again.
        let other = json!({"email": "b@example.com", "first_name": "B", "last_name": "C"});
        assert_eq!(t.api.create("users", "OKTA", "u1", other).await.ok()["id"], 2);
        let events = t.api.get("/api/events?types=user.unlinked&wait=5").await.ok();
        assert_eq!(events["data"].as_array().unwrap().len(), 1);
        assert_eq!(events["data"][0]["data"]["changes"], json!([
            {"before": {"source": "OKTA", "external_id": "u1"}, "after": null}
        ]));
    }

    /// What SQLite's writer remembered of an external id does not outlive the reference.
    async fn nothing_stale_is_remembered(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        t.api.contract("OKTA", "K", None, None).await;
        assert!(attaches(&t, "u1").await);
        assert!(attaches(&t, "u1").await);
        rekey(&t.api, U1, "v1").await.ok();
        assert!(!attaches(&t, "u1").await);
        assert!(attaches(&t, "v1").await);
        unlink(&t.api, "/api/references/user/OKTA/v1").await.ok();
        assert!(!attaches(&t, "v1").await);
    }

    /// What was whose, and until when: re-keyed, unlinked, and gone with its entity.
    async fn history(t: TestApp) {
        let api = &t.api;
        t.api.user("OKTA", "u1").await;
        for (kind, id) in [("SAP", "7"), ("SAP", "8")] {
            api.post("/api/references", json!({"kind": "user", "source": kind, "external_id": id, "id": 1})).await.ok();
        }
        let minute = std::time::Duration::from_secs(60);
        t.clock.advance(minute);
        rekey(api, U1, "v1").await.ok();
        t.clock.advance(minute);
        unlink(api, "/api/references/user/SAP/7").await.ok();
        t.clock.advance(minute);
        let body = json!({"metadata": {"source": "OKTA"}});
        api.delete("/v2/integrations/users/v1", body).await.ok();
        t.api.user("OKTA", "u1").await;
        let told = async |api: &Api, query: &str| {
            let page = api.get(&format!("/api/references/history?kind=user&{query}")).await.ok();
            let rows = page["data"].as_array().unwrap().iter().map(Value::to_string);
            rows.collect::<Vec<_>>().join("\n")
        };
        expect![[r#"
            {"became":"v1","created_at":"2026-01-08T19:06:19Z","ended_at":"2026-01-08T19:07:19Z","external_id":"u1","id":1,"kind":"user","source":"OKTA"}
            {"became":null,"created_at":"2026-01-08T19:06:19Z","ended_at":"2026-01-08T19:08:19Z","external_id":"7","id":1,"kind":"user","source":"SAP"}
            {"became":null,"created_at":"2026-01-08T19:06:19Z","ended_at":"2026-01-08T19:09:19Z","external_id":"8","id":1,"kind":"user","source":"SAP"}
            {"became":null,"created_at":"2026-01-08T19:06:19Z","ended_at":"2026-01-08T19:09:19Z","external_id":"v1","id":1,"kind":"user","source":"OKTA"}"#]].assert_eq(&told(api, "id=1").await);
        // Page by page it is the same.
        let (mut paged, mut next) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("/api/references/history?kind=user&id=1&limit=1{next}")).await.ok();
            paged.extend(page["data"].as_array().unwrap().iter().map(Value::to_string));
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(paged.join("\n"), told(api, "id=1").await);
        // Whoever was called so; whoever is called so now is in the list of references.
        expect![[r#"{"became":"v1","created_at":"2026-01-08T19:06:19Z","ended_at":"2026-01-08T19:07:19Z","external_id":"u1","id":1,"kind":"user","source":"OKTA"}"#]].assert_eq(&told(api, "external_id=u1").await);
        assert_eq!(told(api, "id=1&source=SAP").await.lines().count(), 2);
        assert_eq!(told(api, "id=2").await, "");
        // A key sees its own sources; nobody sees another company's.
        assert_eq!(told(&t.key(&["SAP"], false).await, "id=1").await.lines().count(), 2);
        assert_eq!(told(&t.other_company().await, "id=1").await, "");
        assert_eq!(told(api, "").await, told(api, "id=1").await);
        assert_eq!(told(api, "id=1&external_id=u1").await, told(api, "external_id=u1").await);
        let all = async |query: &str| api.get(&format!("/api/references/history{query}")).await.ok()["data"].as_array().map(Vec::len);
        assert_eq!((all("").await, all("?kind=team").await, all("?external_id=8").await), (Some(4), Some(0), Some(1)));
        for query in ["id=1", "kind=user&id=0", "kind=house&id=1", "kind=user&id=1&cursor=x", "kind=user&id=1&limit=0", "kind=user&id=1&source=EXCEL", "kind=user&external_id="] {
            assert_eq!(api.get(&format!("/api/references/history?{query}")).await.status, 400, "{query}");
        }
    }

    async fn wrong(t: TestApp) {
        t.api.user("OKTA", "u1").await;
        let other = t.other_company().await;
        let (sap, reader) = (t.key(&["SAP"], false).await, t.key(&[], true).await);
        for (api, path, status) in [
            (&t.api, "spaceship/OKTA/u1", 400),
            (&t.api, "user/EXCEL/u1", 400),
            (&t.api, "user/OKTA/u1?colour=red", 400),
            (&t.api, "user/OKTA/u9", 404),
            (&t.api, "team/OKTA/u1", 404),
            (&t.api, "user/SAP/u1", 404),
            (&other, "user/OKTA/u1", 404),
            (&sap, "user/OKTA/u1", 403),
            (&reader, "user/OKTA/u1", 403),
        ] {
            let path = format!("/api/references/{path}");
            assert_eq!(rekey(api, &path, "x").await.status, status, "{path}");
            assert_eq!(unlink(api, &path).await.status, status, "{path}");
        }
        for body in [json!({}), json!({"external_id": ""}), json!({"external_id": 5}), json!({"external_id": "x", "id": 1}), json!([])] {
            assert_eq!(t.api.put(U1, body.clone()).await.status, 400, "{body}");
        }
        assert_eq!(known(&t).await, "OKTA:u1");
    }
}
