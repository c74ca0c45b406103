//! Records that were refused: which are kept, and what closes them.

use std::time::Duration;

use axum::http::Method;
use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, Api, Engine, both_engines, damage};
use tokio::task::JoinSet;

/// The items of a list, by query.
pub async fn items(api: &Api, query: &str) -> Vec<Value> {
    let listed = api.get(&format!("/api/refusals{query}")).await.ok();
    listed["data"].as_array().unwrap().clone()
}

/// State, own id, code and attempts of every item, in any state, by own id.
pub async fn brief(api: &Api) -> Vec<String> {
    let mut items = items(api, "?state=all").await;
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    items.sort_by_key(|item| [&item["external_id"], &item["first_at"], &item["code"]].map(text));
    let line = |item: &Value| {
        let [state, id, code] = ["state", "external_id", "code"].map(|name| text(&item[name]));
        format!("{state} {id} {code} {}", item["attempts"])
    };
    items.iter().map(line).collect()
}

pub async fn with(
    api: &Api,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    api.send(method, path, &headers, body.into_bytes()).await
}

pub fn users(entries: Value) -> Value {
    json!({"metadata": {"source": "OKTA"}, "users": entries})
}

pub type Range = (&'static str, &'static str);
pub const GOOD: Range = ("2025-02-01", "2025-03-01");
pub const BAD: Range = ("2025-03-01", "2025-02-01");

pub fn entry(id: &str, ranges: &[Range]) -> Value {
    let dates: Vec<Value> =
        ranges.iter().map(|(start, end)| json!({"start": start, "end": end})).collect();
    json!({"id": id, "dates": dates})
}

pub const ATTACH: &str = "/v2/integrations/contracts/K9/users";
pub const CLIENTS: &str = "/v2/integrations/clients";

pub fn client(id: &str) -> Value {
    json!({"metadata": {"source": "OKTA"}, "id": id, "name": "Acme"})
}

both_engines! {
    /// A record is a user with its ranges. All that was refused of it is one item, which says
    /// what is needed to handle it.
    async fn a_partial_attach(t: TestApp) {
        t.api.contract("OKTA", "K9", None, None).await;
        t.api.user("OKTA", "u1").await;
        t.api.user("OKTA", "u2").await;
        let body = users(json!([entry("u1", &[GOOD]), entry("u2", &[GOOD, BAD, ("x", "2025-01-01")]), entry("u3", &[GOOD])]));
        let answer = t.api.post(ATTACH, body).await;
        assert_eq!(answer.ok()["records_created"], 2);
        assert_eq!(brief(&t.api).await, ["open u2 START_NOT_BEFORE_END 1", "open u3 CE001 1"]);
        let mut item = items(&t.api, "?external_id=u2").await.remove(0);
        assert_eq!(item["request_id"].as_str(), answer.header("x-request-id"));
        item["request_id"] = json!("[id]");
        expect![[r#"{"attempts":1,"closed_at":null,"closed_by":null,"code":"START_NOT_BEFORE_END","errors":[{"code":"START_NOT_BEFORE_END","message":"Date malformatted. Start date must be before end date","pointer":"/dates/1"},{"code":"INVALID_DATE","message":"Invalid date","pointer":"/dates/2"}],"external_id":"u2","first_at":"2026-01-08T19:06:19Z","id":"QXM8NyRxrnAHXGywUhJK3w","key":"key-1","last_at":"2026-01-08T19:06:19Z","message":"Date malformatted. Start date must be before end date","method":"POST","operation":"contracts.attach","path":"/v2/integrations/contracts/K9/users","path_ids":["K9"],"pointer":"/users/1/dates/1","record":{"dates":[{"end":"2025-03-01","start":"2025-02-01"},{"end":"2025-02-01","start":"2025-03-01"},{"end":"2025-01-01","start":"x"}],"id":"u2"},"remedy":"Make the start earlier than the end.","request_id":"[id]","source":"OKTA","state":"open"}"#]].assert_eq(&item.to_string());
    }

    /// Refused again with the same content it is the same item; taken, it is closed, and says by
    /// which request.
    async fn the_same_record(t: TestApp) {
        t.api.contract("OKTA", "K9", None, None).await;
        t.api.user("OKTA", "u1").await;
        let bad = users(json!([entry("u1", &[BAD]), entry("u2", &[GOOD])]));
        t.api.post(ATTACH, bad.clone()).await;
        t.clock.advance(Duration::from_secs(60));
        t.api.post(ATTACH, bad.clone()).await;
        assert_eq!(brief(&t.api).await, ["open u1 START_NOT_BEFORE_END 2", "open u2 CE001 2"]);
        let item = &items(&t.api, "?external_id=u2").await[0];
        assert_eq!((&item["first_at"], &item["last_at"]), (&json!("2026-01-08T19:06:19Z"), &json!("2026-01-08T19:07:19Z")));
        // Another content of the one, the same of the other.
        t.api.user("OKTA", "u2").await;
        let taken = t.api.post(ATTACH, users(json!([entry("u1", &[GOOD]), entry("u2", &[GOOD])]))).await;
        assert_eq!(brief(&t.api).await, ["superseded u1 START_NOT_BEFORE_END 2", "resolved u2 CE001 2"]);
        assert!(items(&t.api, "").await.is_empty());
        for item in items(&t.api, "?state=all").await {
            assert_eq!(item["closed_by"].as_str(), taken.header("x-request-id"));
            assert_eq!(item["closed_at"], "2026-01-08T19:07:19Z");
        }
        // Refused once more it is open again.
        t.api.post(ATTACH, bad).await;
        assert_eq!(brief(&t.api).await, ["open u1 START_NOT_BEFORE_END 3", "resolved u2 CE001 2"]);
        assert_eq!(items(&t.api, "").await[0]["closed_by"], Value::Null);
    }

    /// A node whose clock is behind refuses it again: the later time stays.
    async fn a_clock_behind(t: TestApp) {
        t.api.contract("OKTA", "K9", None, None).await;
        let bad = users(json!([entry("u2", &[GOOD])]));
        t.api.post(ATTACH, bad.clone()).await;
        let later = match t.engine {
            Engine::Sqlite => "UPDATE refusals SET first_at = first_at + 60000000, last_at = last_at + 60000000",
            Engine::Postgres => "UPDATE refusals SET first_at = first_at + interval '1 minute', last_at = last_at + interval '1 minute'",
        };
        damage(&t.database.location, later).await;
        t.api.post(ATTACH, bad).await;
        let item = &items(&t.api, "").await[0];
        assert_eq!((&item["attempts"], &item["last_at"]), (&json!(2), &json!("2026-01-08T19:07:19Z")));
        assert!(server::integrity::check(&t.database.location).await.unwrap().findings.is_empty());
    }

    /// What is refused again, with other content, is another item; the first one stays open, and
    /// one success closes both. Another contract, or another source, is another record.
    async fn what_a_record_is(t: TestApp) {
        for contract in ["K9", "K8"] {
            t.api.contract("OKTA", contract, None, None).await;
        }
        t.api.user("OKTA", "u1").await;
        t.api.post(ATTACH, users(json!([entry("u1", &[BAD])]))).await;
        t.api.post(ATTACH, users(json!([entry("u1", &[GOOD, BAD])]))).await;
        assert_eq!(items(&t.api, "").await.len(), 2);
        t.api.post("/v2/integrations/contracts/K8/users", users(json!([entry("u1", &[GOOD])]))).await.ok();
        assert_eq!(items(&t.api, "").await.len(), 2);
        t.api.post(ATTACH, users(json!([entry("u1", &[GOOD])]))).await.ok();
        assert_eq!(brief(&t.api).await, ["superseded u1 START_NOT_BEFORE_END 1"; 2]);
        // An entry that is refused and one that is taken, of one user: it was not taken.
        t.api.post(ATTACH, users(json!([entry("u1", &[BAD]), entry("u1", &[GOOD])]))).await.ok();
        assert_eq!(items(&t.api, "").await.len(), 1);
        // Both methods of the page are one operation.
        t.api.put(ATTACH, users(json!([entry("u1", &[GOOD])]))).await.ok();
        assert!(items(&t.api, "").await.is_empty());
    }

    /// Whole requests that name a record are kept: by the operation (404, 409), or where none was
    /// opened (400 with an id that can be read, 404 for a path that names nothing).
    async fn whole_requests(t: TestApp) {
        t.api.post(CLIENTS, client("c1")).await.ok();
        assert_eq!(t.api.post(CLIENTS, client("c1")).await.status, 409);
        assert_eq!(t.api.post(CLIENTS, json!({"metadata": {"source": "OKTA"}, "id": "c2", "name": 7})).await.status, 400);
        assert_eq!(t.api.put(&format!("{CLIENTS}/none"), json!({"metadata": {"source": "OKTA"}})).await.status, 404);
        let long = "x".repeat(300);
        assert_eq!(t.api.put(&format!("{CLIENTS}/{long}"), json!({"metadata": {"source": "OKTA"}})).await.status, 404);
        assert_eq!(brief(&t.api).await, ["open - ZC001 1", "open - ZC001 1", "open c1 ZC004 1", "open c2 VALIDATION 1"]);
        let item = &items(&t.api, "?code=VALIDATION").await[0];
        assert_eq!((&item["pointer"], &item["operation"]), (&json!("/name"), &json!("clients.create")));
        assert_eq!(item["record"], json!({"metadata": {"source": "OKTA"}, "id": "c2", "name": 7}));
        let item = &items(&t.api, "?operation=clients.update").await[1];
        assert!(item["path_ids"] == json!(["none"]) || item["path_ids"] == json!([long]), "{item}");
        // No text that a path may hold is in the way.
        assert_eq!(t.api.put(&format!("{CLIENTS}/a%00%F0%9F%98%80%22b?x=%00"), json!({"metadata": {"source": "OKTA"}})).await.status, 404);
        let item = &items(&t.api, "?operation=clients.update").await.into_iter().find(|item| item["path_ids"][0] == "a\0😀\"b").unwrap();
        let again = with(&t.api, Method::POST, &format!("/api/refusals/{}/retry", item["id"].as_str().unwrap()), &[], &Value::Null).await;
        assert_eq!(again.status, 404);
        // Taken, they are closed.
        t.api.post(CLIENTS, client("c2")).await.ok();
        t.api.post(CLIENTS, client("none")).await.ok();
        t.api.put(&format!("{CLIENTS}/none"), json!({"metadata": {"source": "OKTA"}})).await.ok();
        let mut left = brief(&t.api).await;
        left.sort();
        assert_eq!(left, ["open - ZC001 1", "open - ZC001 2", "open c1 ZC004 1", "resolved - ZC001 1", "superseded c2 VALIDATION 1"]);
    }

    /// Every entry of a batch that is refused as a whole is an item, each with what is said of it.
    async fn a_whole_batch(t: TestApp) {
        assert_eq!(t.api.post(ATTACH, users(json!([entry("u1", &[GOOD]), entry("u2", &[GOOD])]))).await.status, 404);
        assert_eq!(brief(&t.api).await, ["open u1 ZC001 1", "open u2 ZC001 1"]);
        t.api.contract("OKTA", "K9", None, None).await;
        t.api.team("OKTA", "t1", None).await;
        t.api.user("OKTA", "u1").await;
        // Of a form that is wrong, what can be read is kept.
        let body = users(json!([entry("u5", &[GOOD]), {"id": "u6", "dates": []}, {"id": 7}, "u8"]));
        assert_eq!(t.api.post(ATTACH, body).await.status, 400);
        let body = json!({"metadata": {"source": "OKTA"}, "users": ["u1", "u3"]});
        assert_eq!(t.api.put("/v2/integrations/teams/t1/attach", body).await.status, 404);
        let item = &items(&t.api, "?external_id=u6").await[0];
        assert_eq!((&item["pointer"], &item["errors"][0]["pointer"]), (&json!("/users/1/dates"), &json!("/dates")));
        let item = &items(&t.api, "?external_id=u5").await[0];
        assert_eq!((&item["pointer"], &item["errors"][0]["pointer"]), (&json!("/users/0"), &json!("")));
        let team = items(&t.api, "?operation=teams.attach").await;
        assert_eq!(team.len(), 2);
        let u3 = team.iter().find(|item| item["external_id"] == "u3").unwrap();
        assert_eq!((&u3["message"], &u3["record"]), (&json!("is not associated"), &json!("u3")));
    }

    /// The other batches: users of a team, exchange rates, links, positions of users, and `/v1`.
    async fn every_batch(t: TestApp) {
        t.api.workspace("OKTA", "w1").await;
        t.api.team("OKTA", "t1", Some("w1")).await;
        let user = t.api.user("OKTA", "u1").await;
        let members = json!({"metadata": {"source": "OKTA"}, "users": ["u1"]});
        t.api.put("/v2/integrations/teams/t1/attach", members.clone()).await.ok();
        let rate = |currency: &str, base: &str| json!({"foreign_currency": currency, "base_currency": base, "amount": 1, "effective_date": "2025-03-20T02:00:00Z"});
        let rates = |rates: Value| json!({"metadata": {"source": "OKTA"}, "currency_exchanges": rates});
        t.api.post("/v2/integrations/currency-exchanges", rates(json!([rate("XYZ", "USD"), rate("EUR", "GBP"), rate("GBP", "USD")]))).await.ok();
        let link = |id: &str, to: i64| json!({"kind": "user", "source": "SAP", "external_id": id, "id": to});
        t.api.post("/api/references", json!({"references": [link("a", user), link("b", 99)]})).await.ok();
        assert_eq!(t.api.post("/api/references", link("c", 98)).await.status, 404);
        let positions = users(json!([{"id": "u1", "position_id": "p1"}]));
        assert_eq!(t.api.put("/v2/user/user-position", positions.clone()).await.status, 404);
        let contract = t.api.contract("OKTA", "K9", None, None).await;
        let by_id = format!("/v1/contracts/{contract}/users");
        t.api.post(&by_id, json!({"users": [{"id": user, "dates": [{"start": "2025-03-01"}]}, {"id": "hello"}, {"id": 999, "dates": [{"start": "2025-02-01", "end": "2025-03-01"}]}]})).await;
        assert_eq!(brief(&t.api).await, [
            "open 1 START_OR_END_MISSING 1", "open 999 USER_UNKNOWN 1", "open EUR 2025-03-20 OTHER_BASE_CURRENCY 1",
            "open XYZ 2025-03-20 CURRENCY_NOT_FOUND 1", "open b ZC001 1", "open c ZC001 1", "open hello USER_MALFORMATTED 1",
            "open u1 UT012 1", "open u1 ZC001 1",
        ]);
        // Who speaks in ids of ours has no source.
        assert_eq!(items(&t.api, "?external_id=999").await[0]["source"], Value::Null);
        assert_eq!(items(&t.api, "?external_id=c").await[0]["source"], "SAP");
        // All of them can be taken.
        t.api.join("OKTA", "u1", &[("w1", 10.0)]).await.ok();
        t.api.put("/v2/integrations/teams/t1/attach", members).await.ok();
        t.api.post("/v2/integrations/currency-exchanges", rates(json!([rate("EUR", "USD")]))).await.ok();
        t.api.post("/api/references", json!({"references": [link("c", user), link("b", user)]})).await.ok();
        t.api.create("user-position", "OKTA", "p1", json!({"name": "p"})).await.ok();
        t.api.put("/v2/user/user-position", positions).await.ok();
        t.api.post(&by_id, json!({"users": [{"id": user, "dates": [{"start": "2025-02-01", "end": "2025-03-01"}]}]})).await.ok();
        assert_eq!(brief(&t.api).await, [
            "superseded 1 START_OR_END_MISSING 1", "open 999 USER_UNKNOWN 1", "superseded EUR 2025-03-20 OTHER_BASE_CURRENCY 1",
            "open XYZ 2025-03-20 CURRENCY_NOT_FOUND 1", "superseded b ZC001 1", "superseded c ZC001 1", "open hello USER_MALFORMATTED 1",
            "resolved u1 UT012 1", "resolved u1 ZC001 1",
        ]);
    }

    /// What says nothing about a record, or was not the caller's to say, is not kept.
    async fn what_is_not_kept(t: TestApp) {
        let limited = t.key(&["SAP"], false).await;
        let reader = t.key(&[], true).await;
        for (expected, answer) in [
            (401, t.api.anonymous().post(CLIENTS, client("c")).await),
            (403, limited.post(CLIENTS, client("c")).await),
            (403, reader.post(CLIENTS, client("c")).await),
            (403, limited.post("/v1/contracts/x/users", json!({"users": [{"id": 1, "dates": []}]})).await),
            (400, limited.post(CLIENTS, json!({"metadata": {"source": "OKTA"}, "id": "c"})).await),
            (400, reader.post(CLIENTS, json!({"metadata": {"source": "OKTA"}, "id": "c"})).await),
            (400, t.api.post(CLIENTS, json!({"metadata": {"source": "EXCEL"}, "id": "c", "name": "n"})).await),
            (400, t.api.post(CLIENTS, json!({"id": "c", "name": "n"})).await),
            (400, t.api.post(CLIENTS, json!({"metadata": {"source": "OKTA"}, "name": "n"})).await),
            (400, t.api.send(Method::POST, CLIENTS, &[], b"{\"id\": \"c\"".to_vec()).await),
            (404, t.api.post("/v2/integrations/nothing", client("c")).await),
            (405, t.api.send(Method::PATCH, CLIENTS, &[], client("c").to_string().into_bytes()).await),
            (413, t.api.post("/v2/integrations/currency-exchanges", json!({"metadata": {"source": "OKTA"}, "currency_exchanges": vec![json!(1); 10_001]})).await),
            (415, t.api.send(Method::POST, CLIENTS, &[("content-type", "text/plain")], client("c").to_string().into_bytes()).await),
            (404, t.api.get("/v1/contracts/99/users").await),
        ] {
            assert_eq!(answer.status, expected, "{answer}");
        }
        assert!(brief(&t.api).await.is_empty());
    }

    /// A request that is only tried, and one that was answered before, leave the inbox alone.
    async fn tries_and_replays(t: TestApp) {
        t.api.contract("OKTA", "K9", None, None).await;
        let (dry, key) = ([("prefer", "dry-run")], [("idempotency-key", "k1")]);
        let bad = users(json!([entry("u1", &[GOOD])]));
        let wrong = json!({"metadata": {"source": "OKTA"}, "id": "c", "name": 7});
        for (path, body) in [(ATTACH, &bad), (CLIENTS, &wrong), ("/v2/integrations/contracts/none/users", &bad)] {
            let tried = with(&t.api, Method::POST, path, &dry, body).await;
            assert_eq!(tried.header("preference-applied"), Some("dry-run"), "{tried}");
        }
        assert!(brief(&t.api).await.is_empty());
        for _ in 0..3 {
            with(&t.api, Method::POST, ATTACH, &key, &bad).await;
            with(&t.api, Method::POST, "/v2/integrations/contracts/none/users", &key, &bad).await;
        }
        assert_eq!(brief(&t.api).await, ["open u1 CE001 1", "open u1 ZC001 1"]);
        t.api.user("OKTA", "u1").await;
        with(&t.api, Method::POST, ATTACH, &dry, &bad).await.ok();
        assert_eq!(brief(&t.api).await, ["open u1 CE001 1", "open u1 ZC001 1"]);
        let good = [("idempotency-key", "k2")];
        with(&t.api, Method::POST, ATTACH, &good, &bad).await.ok();
        t.api.delete(ATTACH, json!({"metadata": {"source": "OKTA"}, "users": ["u1"]})).await.ok();
        with(&t.api, Method::POST, ATTACH, &[("idempotency-key", "k1")], &bad).await;
        assert_eq!(brief(&t.api).await, ["resolved u1 CE001 1", "open u1 ZC001 1"]);
    }

    /// Many at once, some refused and some taken: nobody waits in vain, and what was taken last
    /// leaves nothing open.
    async fn at_the_same_time(t: TestApp) {
        t.api.contract("OKTA", "K9", None, None).await;
        for nth in 0..20 {
            t.api.user("OKTA", &format!("u{nth}")).await;
        }
        let all = |range: Range, nth: usize| {
            // Each in an order of its own.
            let order = (0..20).map(|user| (user * 7 + nth) % 20);
            users(json!(order.map(|user| entry(&format!("u{user}"), &[range])).collect::<Vec<_>>()))
        };
        let mut many = JoinSet::new();
        for nth in 0..24 {
            let (api, body) = (t.api.clone(), all(if nth % 3 == 0 { GOOD } else { BAD }, nth));
            many.spawn(async move { api.post(ATTACH, body).await.status.as_u16() });
        }
        let statuses = many.join_all().await;
        assert!(statuses.iter().all(|status| matches!(status, 200 | 422)), "{statuses:?}");
        let items = items(&t.api, "?state=all").await;
        assert_eq!(items.len(), 20);
        assert!(items.iter().all(|item| item["attempts"] == 16), "{items:?}");
        t.api.post(ATTACH, all(GOOD, 0)).await.ok();
        assert_eq!(t.api.get("/api/refusals").await.ok()["data"], json!([]));
    }

    /// A key that is limited to sources sees what was refused under these, and no count of
    /// others. Another company sees nothing.
    async fn who_sees_what(t: TestApp) {
        for source in ["OKTA", "SAP"] {
            t.api.put(&format!("{CLIENTS}/none"), json!({"metadata": {"source": source}})).await;
        }
        t.api.post("/v1/contracts/7/users", json!({"users": [{"id": 1, "dates": []}]})).await;
        let okta = t.key(&["OKTA"], false).await;
        let all = items(&t.api, "").await;
        assert_eq!(all.len(), 3);
        let seen = items(&okta, "").await;
        assert_eq!((seen.len(), &seen[0]["source"]), (1, &json!("OKTA")));
        assert_eq!(okta.get("/api/refusals/groups").await.ok()["data"].as_array().unwrap().len(), 1);
        assert!(items(&okta, "?source=SAP").await.is_empty());
        let other = t.other_company().await;
        for item in &all {
            let id = item["id"].as_str().unwrap();
            let path = format!("/api/refusals/{id}");
            assert_eq!(t.api.get(&path).await.ok()["id"], *id);
            let mine = item["source"] == "OKTA";
            assert_eq!(okta.get(&path).await.status.is_success(), mine);
            assert_eq!(other.get(&path).await.status, 404);
            for action in ["retry", "ignore"] {
                let path = format!("{path}/{action}");
                assert_eq!(other.post(&path, json!({})).await.status, 404);
                if !mine {
                    assert_eq!(okta.post(&path, json!({})).await.status, 404);
                }
            }
        }
        assert!(items(&other, "?state=all").await.is_empty());
        assert_eq!(other.get("/api/refusals/groups").await.ok()["data"], json!([]));
    }
}
