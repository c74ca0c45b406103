//! Every change is an event, in an order that everybody sees alike.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::Method;
use domain::range::DateRange;
use expect_test::{Expect, expect};
use jiff::civil::date;
use serde_json::{Value, json};
use server::events::Data;
use server::events::data::{Direction, Range};
use server::events::purge::purge;
use server::store::{Stop, Tx};
use testing::{Api, TestApp, both_engines};

/// The next events, as many as are expected; and that no more come.
async fn next(api: &Api, after: i64, count: usize) -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    let mut last = after;
    // On PostgreSQL numbers come a moment after the commit.
    while events.len() < count {
        let page = api.get(&format!("/api/events?after={last}&wait=10")).await.ok();
        let data = page["data"].as_array().unwrap().clone();
        assert!(!data.is_empty(), "{} of {count} events: {events:#?}", events.len());
        events.extend(data);
        last = page["last"].as_i64().unwrap();
    }
    assert_eq!(events.len(), count, "{events:#?}");
    events
}

/// Events with these numbers, of so many ranges each.
async fn large(t: &TestApp, numbers: std::ops::RangeInclusive<i64>, ranges: i64) {
    let day = DateRange { start: date(2026, 1, 1), end: date(2026, 1, 2) };
    let range = |id| Range { id, user_id: id, range: day };
    let data = Data::Ranges(Direction::Added, (0..ranges).map(range).collect()).pack();
    let write = t.app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        for number in numbers.clone() {
            let sql = "INSERT INTO events
                    (company_id, number, type, entity_id, source_id, key, request_id, time, data)
                SELECT company_id, $1, 'contract.users.attached', 1, source_id, key,
                    request_id, time, $2 FROM events WHERE number = 1";
            tx.execute(sql, &[&number, &data]).await?;
        }
        Ok::<_, Stop<Infallible>>(())
    });
    write.await.unwrap();
}

/// The number of the last event so far.
async fn last(api: &Api) -> i64 {
    // Something that is certainly told last.
    let id = format!("mark-{}", getrandom());
    api.create("categories", "OKTA", &id, json!({"name": id})).await.ok();
    let mut after = 0;
    loop {
        let page = api.get(&format!("/api/events?after={after}&wait=10")).await.ok();
        after = page["last"].as_i64().unwrap();
        let marked = |event: &Value| event["data"]["after"]["name"] == json!(id);
        if page["data"].as_array().unwrap().iter().any(marked) {
            return after;
        }
    }
}

fn getrandom() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What is told of one write, without what differs between runs.
async fn tells(api: &Api, method: Method, path: &str, mut body: Value, expected: Expect) {
    let after = last(api).await;
    if body["metadata"].is_null() && path.starts_with("/v2/") {
        body["metadata"] = json!({"source": "OKTA"});
    }
    api.json(method, path, body).await.ok();
    let events = next(api, after, 1).await;
    let event = &events[0];
    assert_eq!(event["data"]["actor"]["key"], "key-1");
    let external = &event["data"]["entity"]["external_ids"];
    let ids: Vec<String> = external
        .as_array()
        .unwrap()
        .iter()
        .map(|id| {
            format!("{}:{}", id["source"].as_str().unwrap(), id["external_id"].as_str().unwrap())
        })
        .collect();
    let source = event["data"]["actor"]["source"].as_str().unwrap_or("-");
    let kind = event["subject"].as_str().unwrap().split('/').next().unwrap().to_owned();
    let mut told =
        format!("{} {kind} {} by {source}\n", event["type"].as_str().unwrap(), ids.join(" "));
    for side in ["before", "after"] {
        if !event["data"][side].is_null() {
            told += &format!("{side} {}\n", event["data"][side]);
        }
    }
    for change in event["data"]["changes"].as_array().into_iter().flatten() {
        told +=
            &format!("{} -> {}\n", without_ids(&change["before"]), without_ids(&change["after"]));
    }
    expected.assert_eq(&told);
}

/// Ids are drawn in blocks, and differ between engines.
fn without_ids(row: &Value) -> Value {
    let mut row = row.clone();
    if let Some(object) = row.as_object_mut() {
        object.retain(|name, _| !name.ends_with("id") || name == "external_id");
    }
    row
}

/// Nothing is told of a write.
async fn tells_nothing(
    api: &Api,
    method: Method,
    path: &str,
    mut body: Value,
    headers: &[(&str, &str)],
) {
    let after = last(api).await;
    body["metadata"] = json!({"source": "OKTA"});
    let headers = [&[("content-type", "application/json")], headers].concat();
    api.send(method, path, &headers, body.to_string().into_bytes()).await;
    let then = last(api).await;
    let page = api.get(&format!("/api/events?after={after}")).await.ok();
    assert_eq!(page["data"].as_array().unwrap().len(), 1, "{page}");
    assert_eq!(page["last"], then);
}

const CLIENTS: &str = "/v2/integrations/clients";

both_engines! {
    /// A page holds a bounded amount, also of the largest events, and at least one.
    async fn large_pages(t: TestApp) {
        t.api.create("clients", "OKTA", "c", json!({"name": "C"})).await.ok();
        next(&t.api, 0, 1).await;
        large(&t, 2..=9, 20_000).await;
        large(&t, 10..=10, 100_000).await;
        for types in ["", "&types=client.created,contract.users.attached"] {
            let (mut seen, mut path, mut pages) = (Vec::new(), format!("limit=1000{types}"), 0);
            loop {
                let page = t.api.get(&format!("/api/events?{path}")).await.ok();
                let data = page["data"].as_array().unwrap();
                assert!(data.len() < 8);
                pages += 1;
                seen.extend(data.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
                match page["next"].as_str() {
                    Some(next) => path = format!("limit=1000{types}&cursor={next}"),
                    None => break,
                }
            }
            let all: Vec<String> = (1..=10).map(|number| number.to_string()).collect();
            assert_eq!(seen, all);
            assert!(pages >= 3, "{pages}");
        }
    }

    /// The whole of an event.
    async fn an_event(t: TestApp) {
        t.api.create("clients", "OKTA", "c", json!({"name": "Acme", "phone": "1"})).await.ok();
        let mut event = next(&t.api, 0, 1).await.remove(0);
        let request = event["data"]["actor"]["request_id"].take();
        assert!(request.as_str().unwrap().contains('-'), "{request}");
        expect![[r#"
            {
              "data": {
                "actor": {
                  "key": "key-1",
                  "request_id": null,
                  "source": "OKTA"
                },
                "after": {
                  "condition": "active",
                  "name": "Acme",
                  "phone": "1"
                },
                "before": null,
                "changes": null,
                "count": 1,
                "entity": {
                  "external_ids": [
                    {
                      "external_id": "c",
                      "source": "OKTA"
                    }
                  ],
                  "id": 1,
                  "kind": "client"
                }
              },
              "datacontenttype": "application/json",
              "id": "1",
              "source": "/companies/1",
              "specversion": "1.0",
              "subject": "client/1",
              "time": "2026-01-08T19:06:19Z",
              "type": "client.created"
            }"#]].assert_eq(&serde_json::to_string_pretty(&event).unwrap());
    }

    /// Created, updated, deleted: what differs, and what it was called.
    async fn entities(t: TestApp) {
        tells(&t.api, Method::POST, CLIENTS, json!({"id": "c", "name": "Acme", "phone": "1"}), expect![[r#"
            client.created client OKTA:c by OKTA
            after {"condition":"active","name":"Acme","phone":"1"}
        "#]]).await;
        tells(&t.api, Method::PUT, "/v2/integrations/clients/c", json!({"name": "Acme", "phone": null, "website": "w"}), expect![[r#"
            client.updated client OKTA:c by OKTA
            before {"phone":"1","website":null}
            after {"phone":null,"website":"w"}
        "#]]).await;
        tells(&t.api, Method::POST, "/api/references", json!({"kind": "client", "source": "SAP", "external_id": "77", "id": 1}), expect![[r#"
            client.linked client OKTA:c SAP:77 by -
            null -> {"external_id":"77","source":"SAP"}
        "#]]).await;
        tells(&t.api, Method::DELETE, "/v2/integrations/clients/c", json!({}), expect![[r#"
            client.deleted client OKTA:c SAP:77 by OKTA
            before {"condition":"active","name":"Acme","website":"w"}
        "#]]).await;
    }

    /// Who is on a contract, in a team, in workspaces.
    async fn relations(t: TestApp) {
        t.api.contract("OKTA", "k", None, None).await;
        t.api.team("OKTA", "t", None).await;
        t.api.workspace("OKTA", "w").await;
        t.api.workspace("OKTA", "x").await;
        t.api.user("OKTA", "u").await;
        t.api.user("OKTA", "v").await;
        let dates = json!([{"start": "2025-01-01", "end": "2025-02-01"}, {"start": "2025-01-01"}, {"start": "2025-03-01", "end": "9999-12-31"}]);
        let attach = json!({"users": [{"id": "v", "dates": dates}, {"id": "u", "dates": dates}]});
        tells(&t.api, Method::POST, "/v2/integrations/contracts/k/users", attach, expect![[r#"
            contract.users.attached contract OKTA:k by OKTA
            null -> {"end_date":"2025-02-01","start_date":"2025-01-01"}
            null -> {"end_date":null,"start_date":"2025-03-01"}
            null -> {"end_date":"2025-02-01","start_date":"2025-01-01"}
            null -> {"end_date":null,"start_date":"2025-03-01"}
        "#]]).await;
        tells(&t.api, Method::POST, "/v1/contracts/1/users", json!({"users": [{"id": 1, "dates": [{"start": "2025-01-01", "end": "2025-02-01"}, {"start": "2026-01-01", "end": "2026-02-01"}]}]}), expect![[r#"
            contract.users.attached contract OKTA:k by -
            null -> {"end_date":"2026-02-01","start_date":"2026-01-01"}
        "#]]).await;
        tells(&t.api, Method::DELETE, "/v2/integrations/contracts/k/users", json!({"users": ["u"]}), expect![[r#"
            contract.users.detached contract OKTA:k by OKTA
            {"end_date":"2025-02-01","start_date":"2025-01-01"} -> null
            {"end_date":null,"start_date":"2025-03-01"} -> null
            {"end_date":"2026-02-01","start_date":"2026-01-01"} -> null
        "#]]).await;
        tells(&t.api, Method::PUT, "/v2/integrations/teams/t/attach", json!({"users": ["u", "u"]}), expect![[r#"
            team.users.attached team OKTA:t by OKTA
            null -> {}
        "#]]).await;
        tells(&t.api, Method::PUT, "/v2/integrations/teams/t/detach", json!({"users": ["v", "u"]}), expect![[r#"
            team.users.detached team OKTA:t by OKTA
            {} -> null
        "#]]).await;
        tells(&t.api, Method::PUT, "/v2/integrations/users/u/attach", json!({"workspaces": [{"workspaceId": "w", "percentage": 10}]}), expect![[r#"
            user.workspaces.attached user OKTA:u by OKTA
            null -> {"percentage":10}
        "#]]).await;
        tells(&t.api, Method::PUT, "/v2/integrations/users/u/attach", json!({"workspaces": [{"workspaceId": "x", "percentage": 0.5}, {"workspaceId": "w", "percentage": 20}]}), expect![[r#"
            user.workspaces.attached user OKTA:u by OKTA
            null -> {"percentage":0.5}
            {"percentage":10} -> {"percentage":20}
        "#]]).await;
        tells(&t.api, Method::PUT, "/v2/integrations/users/u/detach", json!({"workspaces": ["x", "x"]}), expect![[r#"
            user.workspaces.detached user OKTA:u by OKTA
            {"percentage":0.5} -> null
        "#]]).await;
    }

    /// What is neither an entity's own update nor a relation.
    async fn others(t: TestApp) {
        t.api.user("OKTA", "u").await;
        t.api.create("user-position", "OKTA", "p", json!({"name": "P", "seniority": "Jr."})).await.ok();
        t.api.create("seniority", "OKTA", "s", json!({"name": "Sr."})).await.ok();
        tells(&t.api, Method::PUT, "/v2/user/user-position", json!({"users": [{"id": "u", "position_id": "p"}]}), expect![[r#"
            user.updated user OKTA:u by OKTA
            before {"position_id":null}
            after {"position_id":1}
        "#]]).await;
        tells(&t.api, Method::POST, "/v2/user-position/p/seniority/s", json!({}), expect![[r#"
            position.updated position OKTA:p by OKTA
            before {"seniority":"Jr.","seniority_id":null}
            after {"seniority":null,"seniority_id":1}
        "#]]).await;
        let rate = |amount: f64| json!({"currency_exchanges": [{"foreign_currency": "EUR", "base_currency": "USD", "amount": amount, "effective_date": "2025-03-20T02:00:00Z"}]});
        tells(&t.api, Method::POST, "/v2/integrations/currency-exchanges", rate(110.5), expect![[r#"
            exchange_rates.synced company  by OKTA
            null -> {"amount":110.5,"currency":"EUR","day":"2025-03-20","factor":1,"rate_type":""}
        "#]]).await;
        tells(&t.api, Method::POST, "/v2/integrations/currency-exchanges", rate(0.25), expect![[r#"
            exchange_rates.synced company  by OKTA
            {"amount":110.5,"currency":"EUR","day":"2025-03-20","factor":1,"rate_type":""} -> {"amount":0.25,"currency":"EUR","day":"2025-03-20","factor":1,"rate_type":""}
        "#]]).await;
    }

    /// What changes nothing is no event: a repeat, a refusal, a try, a replay.
    async fn nothing(t: TestApp) {
        t.api.contract("OKTA", "k", None, None).await;
        t.api.user("OKTA", "u").await;
        let attach = json!({"metadata": {"source": "OKTA"}, "users": [{"id": "u", "dates": [{"start": "2025-01-01", "end": "2025-02-01"}]}]});
        let path = "/v2/integrations/contracts/k/users";
        let key = [("idempotency-key", "k1")];
        let headers = [("content-type", "application/json"), key[0]];
        t.api.send(Method::POST, path, &headers, attach.to_string().into_bytes()).await.ok();
        tells_nothing(&t.api, Method::POST, path, attach.clone(), &[]).await;
        tells_nothing(&t.api, Method::POST, path, attach, &key).await;
        tells_nothing(&t.api, Method::POST, path, json!({"users": [{"id": "nobody", "dates": [{}]}]}), &[]).await;
        tells_nothing(&t.api, Method::PUT, "/v2/integrations/contracts/k", json!({"name": "k"}), &[]).await;
        tells_nothing(&t.api, Method::DELETE, "/v2/integrations/clients/client%20of%20k", json!({}), &[]).await;
        tells_nothing(&t.api, Method::PUT, "/v2/integrations/contracts/k", json!({"name": "new"}), &[("prefer", "dry-run")]).await;
    }

    /// More than 100 changes are counted; pages of the event have them.
    async fn many_changes(t: TestApp) {
        t.api.contract("OKTA", "k", None, None).await;
        t.api.user("OKTA", "u").await;
        let after = last(&t.api).await;
        let dates: Vec<Value> = (0..250).map(|nth| {
            let day = jiff::civil::date(2025, 1, 1).saturating_add(jiff::Span::new().days(nth));
            json!({"start": day.to_string(), "end": "2027-01-01"})
        }).collect();
        let body = json!({"metadata": {"source": "OKTA"}, "users": [{"id": "u", "dates": dates}]});
        t.api.post("/v2/integrations/contracts/k/users", body).await.ok();
        let event = next(&t.api, after, 1).await.remove(0);
        assert_eq!((&event["data"]["count"], &event["data"]["changes"]), (&json!(250), &Value::Null));
        let path = format!("/api/events/{}/changes", event["id"].as_str().unwrap());
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = t.api.get(&format!("{path}?limit=100{cursor}")).await.ok();
            seen.extend(page["data"].as_array().unwrap().iter().map(|change| change["after"]["start_date"].clone()));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let sent: Vec<Value> = dates.iter().map(|range| range["start"].clone()).collect();
        assert_eq!(seen, sent);
        for wrong in ["/api/events/0/changes", "/api/events/x/changes", "/api/events/999999/changes"] {
            assert_eq!(t.api.get(wrong).await.json()["code"], "EVENT_NOT_FOUND", "{wrong}");
        }
        assert_eq!(t.api.get(&format!("{path}?cursor=x")).await.status, 400);
    }

    /// Pages, types, and what cannot be asked for.
    async fn pages(t: TestApp) {
        for nth in 0..5 {
            t.api.create("clients", "OKTA", &format!("c{nth}"), json!({"name": "C"})).await.ok();
            t.api.create("categories", "OKTA", &format!("g{nth}"), json!({"name": "G"})).await.ok();
        }
        let all = next(&t.api, 0, 10).await;
        let (mut seen, mut path) = (Vec::new(), "/api/events?limit=3".to_owned());
        loop {
            let page = t.api.get(&path).await.ok();
            seen.extend(page["data"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => path = format!("/api/events?limit=3&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, all);
        let clients = t.api.get("/api/events?types=client.created,client.deleted&limit=4").await.ok();
        assert_eq!(clients["data"].as_array().unwrap().len(), 4);
        let rest = t.api.get(&format!("/api/events?types=client.created&after={}", clients["last"])).await.ok();
        assert_eq!(rest["data"].as_array().unwrap().len(), 1);
        // Up to where was looked, not up to what was found.
        assert_eq!(rest["last"].to_string(), all[9]["id"].as_str().unwrap());
        for wrong in ["types=client.made", "after=-1", "after=x", "limit=0", "limit=1001", "wait=61", "wait=x", "after=1&cursor=1", "page=2"] {
            assert_eq!(t.api.get(&format!("/api/events?{wrong}")).await.status, 400, "{wrong}");
        }
    }

    /// A company's events are its own.
    async fn of_one_company(t: TestApp) {
        t.api.create("clients", "OKTA", "c", json!({"name": "C"})).await.ok();
        let event = next(&t.api, 0, 1).await.remove(0);
        let other = t.other_company().await;
        assert_eq!(other.get("/api/events").await.ok()["data"], json!([]));
        let path = format!("/api/events/{}/changes", event["id"].as_str().unwrap());
        assert_eq!(other.get(&path).await.status, 404);
        t.api.get(&path).await.ok();
    }

    /// A key of some sources is told every change, but nothing that other sources say.
    async fn limited_keys(t: TestApp) {
        t.api.create("clients", "OKTA", "secret-1", json!({"name": "C"})).await.ok();
        for (source, id) in [("SAP", "secret-2"), ("JIRA", "open")] {
            t.api.post("/api/references", json!({"kind": "client", "source": source, "external_id": id, "id": 1})).await.ok();
        }
        t.api.delete("/v2/integrations/clients/secret-1", json!({"metadata": {"source": "OKTA"}})).await.ok();
        next(&t.api, 0, 4).await;
        let jira = t.key(&["JIRA"], false).await;
        let page = jira.get("/api/events").await.ok();
        assert_eq!(page["data"].as_array().unwrap().len(), 4);
        assert!(!page.to_string().contains("secret"), "{page}");
        assert!(!page.to_string().contains("OKTA"), "{page}");
        assert!(page["data"][3]["data"]["entity"]["external_ids"][0]["external_id"] == "open", "{page}");
    }

    /// Who waits is told at once; who waits in vain gets an empty page.
    async fn waiting(t: TestApp) {
        let after = last(&t.api).await;
        let api = t.api.clone();
        let waiting = tokio::spawn(async move { next(&api, after, 1).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!waiting.is_finished());
        let began = std::time::Instant::now();
        t.api.create("clients", "OKTA", "c", json!({"name": "C"})).await.ok();
        waiting.await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(5));
        let then = last(&t.api).await;
        let page = t.api.get(&format!("/api/events?after={then}&wait=1")).await.ok();
        assert_eq!(page, json!({"data": [], "next": null, "last": then}));
        // Another company's change wakes nobody for nothing, and a stop lets everybody go.
        let (api, feed) = (t.api.clone(), t.app.clone());
        let waiting = tokio::spawn(async move { api.get(&format!("/api/events?after={then}&wait=60")).await });
        t.other_company().await.create("clients", "OKTA", "c", json!({"name": "C"})).await.ok();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!waiting.is_finished());
        feed.feed.close();
        assert_eq!(waiting.await.unwrap().ok()["data"], json!([]));
    }

    /// What is no longer kept is told so, with where the feed begins; numbers go on.
    async fn purged(t: TestApp) {
        for nth in 0..3 {
            t.api.create("clients", "OKTA", &format!("c{nth}"), json!({"name": "C"})).await.ok();
        }
        let old = next(&t.api, 0, 3).await;
        let number = |event: &Value| event["id"].as_str().unwrap().parse::<i64>().unwrap();
        t.clock.advance(Duration::from_secs(60));
        assert_eq!(purge(&t.app, t.clock.now()).await.unwrap(), 3);
        assert_eq!(purge(&t.app, t.clock.now()).await.unwrap(), 0);
        let gone = t.api.get("/api/events?after=0").await;
        assert_eq!((gone.status.as_u16(), &gone.json()["code"]), (410, &json!("EVENTS_GONE")));
        assert_eq!(gone.json()["oldest"], json!(number(&old[2]) + 1));
        assert_eq!(t.api.get(&format!("/api/events/{}/changes", number(&old[0]))).await.status, 410);
        // Who is up to date, and who says nothing, is not.
        t.api.get(&format!("/api/events?after={}", number(&old[2]))).await.ok();
        assert_eq!(t.api.get("/api/events").await.ok()["data"], json!([]));
        t.api.create("clients", "OKTA", "new", json!({"name": "C"})).await.ok();
        let new = next(&t.api, number(&old[2]), 1).await;
        assert!(number(&new[0]) > number(&old[2]));
        // Younger ones stay.
        assert_eq!(purge(&t.app, t.clock.now()).await.unwrap(), 0);
    }
}
