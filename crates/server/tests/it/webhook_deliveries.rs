//! The log of webhooks: listed, sent again, purged; and endpoints that are tried.

use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use serde_json::{Value, json};
use server::app::{App, Settings};
use server::events::purge::purge;
use server::store::{Options, Store};
use server::webhooks::deliveries;
use standardwebhooks::Webhook;
use testing::{Answer, Api, Receiver, both_engines};

async fn endpoint(api: &Api, receiver: &Receiver, types: Value) -> (i64, String) {
    let made = api.post("/api/webhooks", json!({"url": receiver.url(), "types": types})).await.ok();
    (made["id"].as_i64().unwrap(), made["secret"].as_str().unwrap().to_owned())
}

async fn clients(api: &Api, prefix: &str, count: usize) {
    for nth in 0..count {
        let id = format!("{prefix}-{nth}");
        api.create("clients", "OKTA", &id, json!({"name": id})).await.ok();
    }
}

/// The log of a webhook, as soon as it holds so many deliveries of a state.
async fn log(api: &Api, id: i64, state: &str, count: usize) -> Vec<Value> {
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let page =
            api.get(&format!("/api/webhooks/{id}/deliveries?state={state}&limit=200")).await.ok();
        let data = page["data"].as_array().unwrap().clone();
        if data.len() == count {
            return data;
        }
        assert!(tokio::time::Instant::now() < until, "{page}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An answer without the time that it took.
fn timeless(answer: &Answer) -> String {
    let mut body = answer.json();
    body["duration_ms"].take();
    body.to_string()
}

both_engines! {
    async fn the_log(t: TestApp) {
        let receiver = Receiver::new().await;
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        receiver.answer("200 OK");
        receiver.answer("500 Oops");
        t.send_webhooks();
        clients(&t.api, "c", 3).await;
        let delivered = log(&t.api, id, "delivered", 2).await;
        let mut pending = log(&t.api, id, "pending", 1).await.remove(0);
        assert!(delivered[0]["number"].as_i64() > delivered[1]["number"].as_i64());
        assert!(pending["duration_ms"].take().is_i64());
        let number = pending["number"].take();
        assert_eq!(pending["message_id"].take(), format!("evt_1_{number}"));
        assert!(pending["next_at"].take().as_str().unwrap().starts_with("2026-01-08T19:06:2"));
        expect![[r#"{"attempts":1,"duration_ms":null,"error":null,"first_at":"2026-01-08T19:06:19Z","last_at":"2026-01-08T19:06:19Z","message_id":null,"next_at":null,"number":null,"said":"said","state":"pending","status":500,"type":"client.created"}"#]].assert_eq(&pending.to_string());
        let path = format!("/api/webhooks/{id}/deliveries");
        let page = t.api.get(&format!("{path}?limit=2")).await.ok();
        let rest = t.api.get(&format!("{path}?limit=2&cursor={}", page["next"].as_str().unwrap())).await.ok();
        assert_eq!((page["data"].as_array().unwrap().len(), rest["data"].as_array().unwrap().len()), (2, 1));
        assert_eq!((&page["data"][0], &rest["next"]), (&delivered[0], &Value::Null));
        for query in ["state=sent", "state=", "cursor=x", "limit=0", "page=1"] {
            assert_eq!(t.api.get(&format!("{path}?{query}")).await.status, 400, "{query}");
        }
    }

    /// One that cannot be reached is told so, in words that tell nothing of the network.
    async fn not_reached(t: TestApp) {
        let receiver = Receiver::new().await;
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        receiver.close().await;
        t.send_webhooks();
        clients(&t.api, "c", 1).await;
        let pending = log(&t.api, id, "pending", 1).await;
        assert_eq!((&pending[0]["error"], &pending[0]["status"]), (&json!("the connection was refused"), &Value::Null));
    }

    async fn tried(t: TestApp) {
        let receiver = Receiver::new().await;
        let (id, secret) = endpoint(&t.api, &receiver, Value::Null).await;
        let before = t.rows(&[]).await;
        let test = format!("/api/webhooks/{id}/test");
        expect![[r#"{"delivered":true,"duration_ms":null,"error":null,"said":"said","status":200}"#]].assert_eq(&timeless(&t.api.post(&test, json!({})).await));
        receiver.answer("404 Not Found");
        expect![[r#"{"delivered":false,"duration_ms":null,"error":null,"said":"said","status":404}"#]].assert_eq(&timeless(&t.api.post(&test, json!({})).await));
        let received = receiver.received();
        assert_ne!(received[0].id(), received[1].id());
        assert_eq!(received[0].json(), json!({"type": "webhook.test", "timestamp": "2026-01-08T19:06:19Z", "data": {"webhook": id}}));
        let timestamp = received[0].headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
        let signature = Webhook::new(&secret).unwrap().sign(received[0].id(), timestamp, &received[0].body).unwrap();
        assert_eq!(received[0].headers["webhook-signature"], signature);
        assert_eq!(t.rows(&[]).await, before);
        // The address was allowed when it was registered; on a server that does not allow it, it
        // is not called.
        let store = Store::open(&t.database.location, &Options::default()).await.unwrap();
        let strict = App::new(store, t.clock.clone(), Settings::default());
        let strict = t.api.at(server::faces::router(Arc::clone(&strict)));
        expect![[r#"{"delivered":false,"duration_ms":null,"error":"the address is not public, and the operator has not allowed it","said":null,"status":null}"#]].assert_eq(&timeless(&strict.post(&test, json!({})).await));
        assert_eq!(receiver.received().len(), 2);
        receiver.close().await;
        expect![[r#"{"delivered":false,"duration_ms":null,"error":"the connection was refused","said":null,"status":null}"#]].assert_eq(&timeless(&t.api.post(&test, json!({})).await));
    }

    async fn sent_again(t: TestApp) {
        clients(&t.api, "before", 1).await;
        let receiver = Receiver::new().await;
        // On PostgreSQL the event gets its number meanwhile.
        while t.api.get("/api/events").await.ok()["data"] == json!([]) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (id, _) = endpoint(&t.api, &receiver, json!(["client.created"])).await;
        t.send_webhooks();
        clients(&t.api, "c", 3).await;
        let first: Vec<i64> = receiver.wait(3).await.iter().map(testing::Received::number).collect();
        log(&t.api, id, "delivered", 3).await;
        let one = format!("/api/webhooks/{id}/deliveries/{}/resend", first[1]);
        assert_eq!(t.api.post(&one, json!({})).await.ok(), json!({"queued": 1, "next": null}));
        receiver.wait(4).await;
        assert_eq!(receiver.numbers()[3], first[1]);
        // One from before the endpoint was there.
        let before = first[0] - 1;
        assert_eq!(t.api.post(&format!("/api/webhooks/{id}/deliveries/{before}/resend"), json!({})).await.ok()["queued"], 1);
        receiver.wait(5).await;
        log(&t.api, id, "delivered", 4).await;
        // What its types do not let through is not in a range.
        t.api.user("OKTA", "u").await;
        t.clock.advance(Duration::from_secs(60));
        clients(&t.api, "d", 1).await;
        receiver.wait(6).await;
        log(&t.api, id, "delivered", 5).await;
        let resend = format!("/api/webhooks/{id}/resend");
        assert_eq!(t.api.post(&resend, json!({"from": first[1]})).await.ok(), json!({"queued": 3, "next": null}));
        receiver.wait(9).await;
        assert_eq!(t.api.post(&resend, json!({"from": first[0], "to": first[1]})).await.ok()["queued"], 2);
        receiver.wait(11).await;
        assert_eq!(t.api.post(&resend, json!({"since": "2026-01-08T19:07:00Z"})).await.ok()["queued"], 1);
        receiver.wait(12).await;
        let minute = json!({"since": "2026-01-08T20:06:19+01:00", "until": "2026-01-08T19:06:20Z"});
        assert_eq!(t.api.post(&resend, minute).await.ok()["queued"], 4);
        receiver.wait(16).await;
        assert_eq!(t.api.post(&resend, json!({"since": "2027-01-01T00:00:00Z"})).await.ok()["queued"], 0);
        receiver.stays(16).await;
        for body in [json!({}), json!({"to": 1}), json!({"from": 0}), json!({"from": 1, "since": "2026-01-08T19:07:00Z"}), json!({"since": "now"}), json!({"all": true})] {
            assert_eq!(t.api.post(&resend, body.clone()).await.status, 400, "{body}");
        }
        let unknown = t.api.post(&format!("/api/webhooks/{id}/deliveries/999999/resend"), json!({})).await;
        assert_eq!((unknown.status.as_u16(), &unknown.json()["code"]), (404, &json!("EVENT_NOT_FOUND")));
        t.api.post(&format!("/api/webhooks/{id}/pause"), json!({})).await.ok();
        for answer in [t.api.post(&one, json!({})).await, t.api.post(&resend, json!({"from": 1})).await] {
            assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (409, &json!("WEBHOOK_NOT_ACTIVE")));
        }
    }

    /// Events that are not kept any more are skipped, and the log says so.
    async fn behind_the_feed(t: TestApp) {
        let receiver = Receiver::new().await;
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        t.api.post(&format!("/api/webhooks/{id}/pause"), json!({})).await.ok();
        clients(&t.api, "a", 3).await;
        while t.api.get("/api/events").await.ok()["data"].as_array().unwrap().len() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        t.clock.advance(Duration::from_secs(60));
        purge(&t.app, t.clock.now()).await.unwrap();
        clients(&t.api, "b", 2).await;
        t.send_webhooks();
        t.api.post(&format!("/api/webhooks/{id}/resume"), json!({})).await.ok();
        receiver.wait(2).await;
        receiver.stays(2).await;
        let failed = log(&t.api, id, "failed", 1).await;
        assert_eq!(failed[0]["error"], "events up to this one were no longer kept: they were not sent");
        let number = failed[0]["number"].as_i64().unwrap();
        assert_eq!(number + 1, receiver.numbers()[0]);
        let gone = t.api.post(&format!("/api/webhooks/{id}/deliveries/{number}/resend"), json!({})).await;
        assert_eq!((gone.status.as_u16(), &gone.json()["code"]), (410, &json!("EVENTS_GONE")));
    }

    /// The log is kept for 30 days; what waits is kept.
    async fn purged(t: TestApp) {
        let receiver = Receiver::new().await;
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        receiver.answer("500 Oops");
        t.send_webhooks();
        clients(&t.api, "c", 3).await;
        log(&t.api, id, "delivered", 2).await;
        log(&t.api, id, "pending", 1).await;
        t.quiet().await;
        t.clock.advance(Duration::from_secs(30 * 24 * 60 * 60));
        assert_eq!(deliveries::purge(&t.app).await.unwrap(), 0);
        t.clock.advance(Duration::from_secs(1));
        assert_eq!(deliveries::purge(&t.app).await.unwrap(), 2);
        let api = t.again().await;
        log(&api, id, "pending", 1).await;
        api.delete(&format!("/api/webhooks/{id}"), json!({})).await.ok();
        assert_eq!(deliveries::purge(&t.app).await.unwrap(), 1);
        let rows = t.rows(&[]).await;
        assert_eq!((&rows["webhook_deliveries"], &rows["webhook_endpoints"]), (&json!([]), &json!([])));
    }
}
