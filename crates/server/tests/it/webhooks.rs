//! Webhook endpoints: what is sent to them, in which order, and when again.

use std::time::Duration;

use expect_test::expect;
use serde_json::{Value, json};
use server::clock::Clock;
use standardwebhooks::Webhook;
use testing::{Api, Received, Receiver, TestApp, both_engines};

/// An endpoint for a receiver: its id and its secret.
async fn endpoint(api: &Api, receiver: &Receiver, types: Value) -> (i64, String) {
    let made = api.post("/api/webhooks", json!({"url": receiver.url(), "types": types})).await.ok();
    (made["id"].as_i64().unwrap(), made["secret"].as_str().unwrap().to_owned())
}

/// Creates clients: an event for each.
async fn clients(api: &Api, prefix: &str, count: usize) {
    for nth in 0..count {
        let id = format!("{prefix}-{nth}");
        api.create("clients", "OKTA", &id, json!({"name": id})).await.ok();
    }
}

/// The numbers of the company's events, all of which have theirs.
async fn numbers(api: &Api, count: usize) -> Vec<i64> {
    loop {
        let page = api.get("/api/events?limit=1000").await.ok();
        let events = page["data"].as_array().unwrap();
        if events.len() >= count {
            let number = |event: &Value| event["id"].as_str().unwrap().parse().unwrap();
            return events.iter().map(number).collect();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn read(api: &Api, id: i64) -> Value {
    api.get(&format!("/api/webhooks/{id}")).await.ok()
}

/// The endpoint as soon as it is as expected; it fails after a while.
async fn until(api: &Api, id: i64, expected: impl Fn(&Value) -> bool) -> Value {
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let webhook = read(api, id).await;
        if expected(&webhook) {
            return webhook;
        }
        assert!(tokio::time::Instant::now() < until, "{webhook}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Asks for something of an endpoint.
async fn ask(api: &Api, id: i64, what: &str) -> Value {
    api.post(&format!("/api/webhooks/{id}/{what}"), json!({})).await.ok()
}

/// Whether the official library signs so. It takes no message that is old, as all are here.
fn verifies(secret: &str, received: &Received) -> bool {
    let timestamp = received.headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
    let signature = Webhook::new(secret).unwrap().sign(received.id(), timestamp, &received.body);
    let sent = received.headers["webhook-signature"].to_str().unwrap();
    sent.split(' ').any(|one| one == signature.as_ref().unwrap())
}

/// Moves the clock on, once what happened before was noted.
async fn later(t: &TestApp, id: i64, failures: i64, seconds: u64) {
    until(&t.api, id, |webhook| webhook["failures"] == failures).await;
    t.clock.advance(Duration::from_secs(seconds));
}

both_engines! {
    async fn made_and_managed(t: TestApp) {
        let body = json!({"url": "https://hooks.example.com/a", "types": ["user.created", "user.created"], "description": "Payroll"});
        let made = t.api.post("/api/webhooks", body).await;
        assert_eq!(made.status, 201);
        let secret = made.ok()["secret"].as_str().unwrap().to_owned();
        assert!(secret.starts_with("whsec_"));
        expect![[r#"
            200 OK
            {"id":1,"url":"https://hooks.example.com/a","types":["user.created"],"description":"Payroll","state":"active","disabled_why":null,"position":0,"failures":0,"failing_since":null,"old_secret_until":null,"created_at":"2026-01-08T19:06:19Z","updated_at":"2026-01-08T19:06:19Z"}"#]].assert_eq(&t.api.get("/api/webhooks/1").await.to_string());
        let changed = t.api.put("/api/webhooks/1", json!({"types": null, "description": null})).await.ok();
        assert_eq!((&changed["types"], &changed["description"]), (&Value::Null, &Value::Null));
        assert_eq!(changed["url"], "https://hooks.example.com/a");
        let moved = t.api.put("/api/webhooks/1", json!({"url": "https://hooks.example.com/b"})).await.ok();
        assert_eq!(moved["url"], "https://hooks.example.com/b");
        assert_eq!(ask(&t.api, 1, "pause").await["state"], "paused");
        assert_eq!(ask(&t.api, 1, "pause").await["state"], "paused");
        assert_eq!(ask(&t.api, 1, "resume").await["state"], "active");
        for _ in 0..2 {
            endpoint(&t.api, &Receiver::new().await, Value::Null).await;
        }
        let page = t.api.get("/api/webhooks?limit=2").await.ok();
        let rest = t.api.get(&format!("/api/webhooks?limit=2&cursor={}", page["next"].as_str().unwrap())).await.ok();
        assert_eq!((page["data"].as_array().unwrap().len(), rest["data"].as_array().unwrap().len()), (2, 1));
        assert_eq!((&rest["data"][0]["id"], &rest["next"]), (&json!(3), &Value::Null));
        assert_eq!(t.api.delete("/api/webhooks/1", json!({})).await.ok(), json!({"id": 1}));
        expect![[r#"
            404 Not Found
            {"type":"urn:crewline:error:WEBHOOK_NOT_FOUND","title":"WebhookNotFoundError","status":404,"detail":"There is no webhook 1","code":"WEBHOOK_NOT_FOUND","request_id":"[id]"}"#]].assert_eq(&t.api.get("/api/webhooks/1").await.to_string());
        for what in ["pause", "resume", "rotate", "test", "deliveries/1/resend"] {
            assert_eq!(t.api.post(&format!("/api/webhooks/1/{what}"), json!({})).await.status, 404, "{what}");
        }
        assert_eq!(t.api.delete("/api/webhooks/1", json!({})).await.status, 404);
        assert_eq!(t.api.get("/api/webhooks/1/deliveries").await.status, 404);
        // What was deleted holds no secret any more.
        assert!(!t.rows(&[]).await.to_string().contains(&secret));
        server::webhooks::deliveries::purge(&t.app).await.unwrap();
        assert_eq!(t.rows(&[]).await["webhook_endpoints"].as_array().unwrap().len(), 2);
    }

    async fn what_is_refused(t: TestApp) {
        let refused = t.api.post("/api/webhooks", json!({"url": "https://10.0.0.1/", "types": ["user.sacked"], "secret": 1})).await;
        expect![[r#"
            400 Bad Request
            {"type":"urn:crewline:error:VALIDATION","title":"ValidationError","status":400,"detail":"3 fields are not valid: /secret, /types/0, /url","code":"VALIDATION","request_id":"[id]","errors":[{"pointer":"/secret","message":"is not a field here; the fields are url, types, description"},{"pointer":"/types/0","message":"must be a type of events, like user.created: the API document lists them"},{"pointer":"/url","message":"must be at a public address, or at one the operator allows"}]}"#]].assert_eq(&refused.to_string());
        for url in ["http://10.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/", "https://127.0.0.2/", "http://example.com/", "ftp://example.com/", ""] {
            for answer in [t.api.post("/api/webhooks", json!({"url": url})).await, t.api.put("/api/webhooks/1", json!({"url": url})).await] {
                assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["pointer"]), (400, &json!("/url")), "{url}: {answer}");
            }
        }
        t.api.post("/api/webhooks", json!({"url": "https://example.com/"})).await.ok();
        for body in [json!({"overlap_hours": -1}), json!({"overlap_hours": 169}), json!({"overlap_hours": "1"}), json!({"hours": 1})] {
            assert_eq!(t.api.post("/api/webhooks/1/rotate", body).await.status, 400);
        }
        assert_eq!(t.api.get("/api/webhooks?page=1").await.status, 400);
        assert_eq!(t.api.get("/api/webhooks?cursor=x").await.status, 400);
        assert_eq!(t.api.post("/api/webhooks/1/pause?now=1", json!({})).await.status, 400);
        assert_eq!(t.api.post("/api/webhooks/1/pause", json!({"now": 1})).await.status, 400);
        assert_eq!(t.api.get("/api/webhooks/x").await.status, 404);
        assert_eq!(t.api.get("/api/webhooks/+1").await.status, 404);
    }

    /// Whoever is limited reads them and changes nothing; another company has its own.
    async fn for_whom(t: TestApp) {
        let (id, secret) = endpoint(&t.api, &Receiver::new().await, Value::Null).await;
        let path = format!("/api/webhooks/{id}");
        for api in [t.key(&["OKTA"], false).await, t.key(&[], true).await] {
            let listed = api.get("/api/webhooks").await;
            assert!(listed.ok()["data"][0]["id"] == id && !listed.text.contains(&secret[6..]));
            api.get(&path).await.ok();
            api.get(&format!("{path}/deliveries")).await.ok();
            assert_eq!(api.post("/api/webhooks", json!({"url": "https://example.com/"})).await.status, 403);
            assert_eq!(api.put(&path, json!({"description": "x"})).await.status, 403);
            assert_eq!(api.delete(&path, json!({})).await.status, 403);
            for what in ["pause", "resume", "rotate", "test", "deliveries/1/resend"] {
                assert_eq!(api.post(&format!("{path}/{what}"), json!({})).await.status, 403, "{what}");
            }
            assert_eq!(api.post(&format!("{path}/resend"), json!({"from": 1})).await.status, 403);
        }
        let other = t.other_company().await;
        assert_eq!(other.get("/api/webhooks").await.ok()["data"], json!([]));
        for what in ["pause", "resume", "rotate", "test"] {
            assert_eq!(other.post(&format!("{path}/{what}"), json!({})).await.status, 404, "{what}");
        }
        assert_eq!(other.delete(&path, json!({})).await.status, 404);
        assert_eq!(read(&t.api, id).await["state"], "active");
    }

    /// The message, its signature, its order; nothing of before, and of another company nothing.
    async fn what_is_sent(t: TestApp) {
        clients(&t.api, "before", 2).await;
        numbers(&t.api, 2).await;
        let receiver = Receiver::new().await;
        let (_, secret) = endpoint(&t.api, &receiver, Value::Null).await;
        t.send_webhooks();
        clients(&t.other_company().await, "other", 3).await;
        clients(&t.api, "c", 30).await;
        let received = receiver.wait(30).await;
        let numbers = numbers(&t.api, 32).await;
        assert_eq!(receiver.numbers(), numbers[2..]);
        let told = t.api.get("/api/events?limit=1000").await.ok();
        for (message, event) in received.iter().zip(&told["data"].as_array().unwrap()[2..]) {
            assert!(verifies(&secret, message));
            assert_eq!(message.id(), format!("evt_1_{}", event["id"].as_str().unwrap()));
            assert_eq!(message.json(), json!({"type": "client.created", "timestamp": event["time"], "data": event}));
        }
        receiver.stays(30).await;
    }

    /// The official library takes what is sent now.
    async fn verified(t: TestApp) {
        let age = Clock::System.now().duration_since(t.clock.now());
        t.clock.advance(age.unsigned_abs());
        let (api, receiver) = (t.again().await, Receiver::new().await);
        let (id, old) = endpoint(&api, &receiver, Value::Null).await;
        let new = api.post(&format!("/api/webhooks/{id}/rotate"), json!({})).await.ok()["secret"].clone();
        t.send_webhooks();
        clients(&api, "c", 1).await;
        let received = receiver.wait(1).await.remove(0);
        for secret in [&*old, new.as_str().unwrap()] {
            Webhook::new(secret).unwrap().verify(&received.body, &received.headers).unwrap();
        }
        let changed = [&received.body[..], b" "].concat();
        assert!(Webhook::new(&old).unwrap().verify(&changed, &received.headers).is_err());
    }

    async fn types(t: TestApp) {
        let (some, all) = (Receiver::new().await, Receiver::new().await);
        let (id, _) = endpoint(&t.api, &some, json!(["user.created", "user.deleted"])).await;
        endpoint(&t.api, &all, Value::Null).await;
        t.send_webhooks();
        clients(&t.api, "c", 3).await;
        t.api.user("OKTA", "u").await;
        clients(&t.api, "d", 3).await;
        all.wait(7).await;
        let received = some.wait(1).await;
        assert_eq!(received[0].json()["type"], "user.created");
        let last = numbers(&t.api, 7).await[6];
        until(&t.api, id, |webhook| webhook["position"] == last).await;
        some.stays(1).await;
    }

    async fn paused(t: TestApp) {
        let receiver = Receiver::new().await;
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        t.send_webhooks();
        clients(&t.api, "a", 1).await;
        receiver.wait(1).await;
        ask(&t.api, id, "pause").await;
        clients(&t.api, "b", 2).await;
        receiver.stays(1).await;
        ask(&t.api, id, "resume").await;
        receiver.wait(3).await;
        assert_eq!(receiver.numbers(), numbers(&t.api, 3).await);
    }

    /// A failed one is tried again by the schedule while later ones go on.
    async fn by_the_schedule(t: TestApp) {
        let receiver = Receiver::new().await;
        let (id, secret) = endpoint(&t.api, &receiver, Value::Null).await;
        receiver.answer("500 Oops");
        t.send_webhooks();
        clients(&t.api, "c", 3).await;
        let numbers = numbers(&t.api, 3).await;
        receiver.wait(3).await;
        until(&t.api, id, |webhook| webhook["position"] == numbers[2]).await;
        receiver.stays(3).await;
        receiver.answer("302 Found\r\nlocation: /elsewhere");
        t.clock.advance(Duration::from_secs(6));
        let received = receiver.wait(4).await;
        assert!(received[3].id() == received[0].id() && verifies(&secret, &received[3]));
        assert_ne!(received[3].headers["webhook-timestamp"], received[0].headers["webhook-timestamp"]);
        until(&t.api, id, |webhook| webhook["failures"] == 1).await;
        t.clock.advance(Duration::from_secs(260));
        receiver.stays(4).await;
        t.clock.advance(Duration::from_secs(71));
        receiver.wait(5).await;
        assert_eq!(receiver.numbers(), [numbers[0], numbers[1], numbers[2], numbers[0], numbers[0]]);
        until(&t.api, id, |webhook| webhook["failures"] == 0).await;
    }

    /// Who asks to be left alone gets nothing at all meanwhile.
    async fn retry_after(t: TestApp) {
        let receiver = Receiver::new().await;
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        receiver.answer("429 Too Many Requests\r\nretry-after: 120");
        t.send_webhooks();
        clients(&t.api, "c", 3).await;
        receiver.wait(1).await;
        later(&t, id, 1, 110).await;
        receiver.stays(1).await;
        t.clock.advance(Duration::from_secs(11));
        receiver.wait(4).await;
        let mut numbers = receiver.numbers();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 3);
    }

    async fn gone(t: TestApp) {
        let receiver = Receiver::new().await;
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        receiver.answer("410 Gone");
        t.send_webhooks();
        clients(&t.api, "c", 3).await;
        let webhook = until(&t.api, id, |webhook| webhook["state"] == "disabled").await;
        assert_eq!(webhook["disabled_why"], "the receiver answered 410: it wants no more");
        receiver.stays(1).await;
        assert_eq!(ask(&t.api, id, "pause").await["state"], "disabled");
        let resumed = ask(&t.api, id, "resume").await;
        assert_eq!((&resumed["state"], &resumed["disabled_why"], &resumed["failures"]), (&json!("active"), &Value::Null, &json!(0)));
        receiver.wait(3).await;
        assert_eq!(receiver.numbers(), numbers(&t.api, 3).await);
    }

    /// After five failures only one attempt is made, now and then, until one succeeds.
    async fn probes(t: TestApp) {
        let receiver = Receiver::new().await;
        receiver.always("503 Busy");
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        t.send_webhooks();
        clients(&t.api, "c", 12).await;
        receiver.wait(5).await;
        receiver.stays(5).await;
        // The sixth attempt, then one each five minutes at most.
        later(&t, id, 5, 6).await;
        receiver.wait(6).await;
        for attempt in 6..10 {
            later(&t, id, attempt as i64, 100).await;
            receiver.stays(attempt).await;
            t.clock.advance(Duration::from_secs(201));
            receiver.wait(attempt + 1).await;
        }
        until(&t.api, id, |webhook| webhook["failures"] == 10).await;
        receiver.always("200 OK");
        t.clock.advance(Duration::from_secs(301));
        // Everything goes on at once: what failed, and what was not tried yet.
        receiver.wait(10 + 12).await;
        let mut delivered = receiver.numbers()[10..].to_vec();
        delivered.sort_unstable();
        assert_eq!(delivered, numbers(&t.api, 12).await);
        let webhook = until(&t.api, id, |webhook| webhook["failures"] == 0).await;
        assert_eq!(webhook["failing_since"], Value::Null);
    }

    async fn five_days(t: TestApp) {
        let receiver = Receiver::new().await;
        receiver.always("500 Oops");
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        t.send_webhooks();
        clients(&t.api, "c", 1).await;
        receiver.wait(1).await;
        later(&t, id, 1, 4 * 24 * 60 * 60).await;
        t.api = t.again().await;
        receiver.wait(2).await;
        let webhook = until(&t.api, id, |webhook| webhook["failures"] == 2).await;
        assert_eq!((&webhook["state"], &webhook["failing_since"]), (&json!("active"), &json!("2026-01-08T19:06:19Z")));
        t.clock.advance(Duration::from_secs(25 * 60 * 60));
        t.api = t.again().await;
        let webhook = until(&t.api, id, |webhook| webhook["state"] == "disabled").await;
        assert_eq!(webhook["disabled_why"], "nothing was delivered for 5 days");
        t.clock.advance(Duration::from_secs(25 * 60 * 60));
        receiver.stays(3).await;
        // By hand it goes on.
        t.api = t.again().await;
        receiver.always("200 OK");
        ask(&t.api, id, "resume").await;
        receiver.wait(4).await;
        until(&t.api, id, |webhook| webhook["failures"] == 0).await;
    }

    /// For a while two secrets sign.
    async fn rotation(t: TestApp) {
        let receiver = Receiver::new().await;
        let (id, old) = endpoint(&t.api, &receiver, Value::Null).await;
        let rotated = t.api.post(&format!("/api/webhooks/{id}/rotate"), json!({"overlap_hours": 2})).await.ok();
        let new = rotated["secret"].as_str().unwrap().to_owned();
        assert_eq!(rotated["old_secret_until"], "2026-01-08T21:06:19Z");
        t.send_webhooks();
        clients(&t.api, "a", 1).await;
        let received = receiver.wait(1).await;
        assert!(verifies(&old, &received[0]) && verifies(&new, &received[0]));
        t.clock.advance(Duration::from_secs(2 * 60 * 60));
        let api = t.again().await;
        clients(&api, "b", 1).await;
        let received = receiver.wait(2).await;
        assert!(!verifies(&old, &received[1]) && verifies(&new, &received[1]));
        // At once, when it is known to others.
        let last = api.post(&format!("/api/webhooks/{id}/rotate"), json!({"overlap_hours": 0})).await.ok();
        clients(&api, "c", 1).await;
        let received = receiver.wait(3).await;
        assert!(!verifies(&new, &received[2]) && verifies(last["secret"].as_str().unwrap(), &received[2]));
        let shown = api.get("/api/webhooks").await.text;
        assert!(!shown.contains("whsec_"));
    }

    /// One that never answers holds up nobody else.
    async fn a_dead_receiver(t: TestApp) {
        let (dead, alive) = (Receiver::new().await, Receiver::new().await);
        dead.silent();
        endpoint(&t.api, &dead, Value::Null).await;
        endpoint(&t.api, &alive, Value::Null).await;
        t.send_webhooks();
        clients(&t.api, "a", 1).await;
        dead.wait(1).await;
        let begun = std::time::Instant::now();
        clients(&t.api, "b", 10).await;
        alive.wait(11).await;
        // An attempt at the dead one takes 2 s here.
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        assert_eq!(alive.numbers(), numbers(&t.api, 11).await);
    }

    /// One that is tried again and hangs does not hold up later ones.
    async fn a_retry_that_hangs(t: TestApp) {
        let receiver = Receiver::new().await;
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        receiver.answer("500 Oops");
        receiver.answer("");
        t.send_webhooks();
        clients(&t.api, "a", 1).await;
        receiver.wait(1).await;
        later(&t, id, 1, 6).await;
        receiver.wait(2).await;
        let begun = std::time::Instant::now();
        clients(&t.api, "b", 3).await;
        receiver.wait(5).await;
        assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
        let numbers = numbers(&t.api, 4).await;
        assert_eq!(receiver.numbers(), [&numbers[..1], &numbers[..]].concat());
        until(&t.api, id, |webhook| webhook["failures"] == 1).await;
    }

    /// Writes do nothing for webhooks.
    async fn nothing_on_the_way_of_a_write(t: TestApp) {
        t.quiet().await;
        clients(&t.api, "a", 1).await;
        let before = t.app.store.statements();
        clients(&t.api, "b", 5).await;
        let without = t.app.store.statements() - before;
        for _ in 0..5 {
            endpoint(&t.api, &Receiver::new().await, Value::Null).await;
        }
        let stored = t.rows(&[]).await;
        let before = t.app.store.statements();
        clients(&t.api, "c", 5).await;
        assert_eq!(t.app.store.statements() - before, without);
        let rows = t.rows(&[]).await;
        assert_eq!(rows["webhook_endpoints"], stored["webhook_endpoints"]);
        assert_eq!(rows["webhook_deliveries"], json!([]));
    }

    /// Two nodes share the work: everything comes once, in order.
    async fn two_nodes(t: TestApp) {
        let mut node = t.another_node().await;
        let receivers = [Receiver::new().await, Receiver::new().await, Receiver::new().await];
        for receiver in &receivers {
            endpoint(&t.api, receiver, Value::Null).await;
        }
        t.send_webhooks();
        node.send_webhooks();
        for nth in 0..10 {
            clients(&t.api, &format!("a{nth}"), 3).await;
            clients(&node.api, &format!("b{nth}"), 3).await;
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        let numbers = numbers(&t.api, 60).await;
        for receiver in &receivers {
            receiver.wait(60).await;
            assert_eq!(receiver.numbers(), numbers);
        }
        receivers[0].stays(60).await;
    }

    /// A node that dies in the middle: another one sends again what was not noted.
    async fn killed(t: TestApp) {
        let receiver = Receiver::new().await;
        receiver.silent();
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        let mut node = t.another_node().await;
        match t.engine {
            testing::Engine::Sqlite => t.send_webhooks(),
            testing::Engine::Postgres => node.send_webhooks(),
        }
        clients(&t.api, "c", 1).await;
        receiver.wait(1).await;
        match t.engine {
            testing::Engine::Sqlite => t.quiet().await,
            testing::Engine::Postgres => node.kill().await,
        }
        assert_eq!(read(&t.api, id).await["position"], 0);
        t.send_webhooks();
        // The lease of the dead one is still its own.
        receiver.stays(1).await;
        t.clock.advance(Duration::from_secs(31));
        let received = receiver.wait(2).await;
        assert_eq!(received[0].id(), received[1].id());
    }

    /// A node that was silent for so long that another one took over notes nothing any more.
    async fn a_lease_that_was_lost(t: TestApp) {
        if t.engine == testing::Engine::Sqlite {
            return; // It has one server.
        }
        let receiver = Receiver::new().await;
        receiver.silent();
        let (id, _) = endpoint(&t.api, &receiver, Value::Null).await;
        t.send_webhooks();
        clients(&t.api, "c", 1).await;
        receiver.wait(1).await;
        t.clock.advance(Duration::from_secs(31));
        let mut node = t.another_node().await;
        node.send_webhooks();
        receiver.wait(2).await;
        // Both attempts end by now; that of the lease is the one that counts.
        let webhook = until(&t.api, id, |webhook| webhook["failures"] == 1).await;
        assert_eq!(webhook["failing_since"], "2026-01-08T19:06:50Z");
        receiver.stays(2).await;
        assert_eq!(read(&t.api, id).await["failures"], 1);
        let log = t.api.get(&format!("/api/webhooks/{id}/deliveries")).await.ok();
        assert_eq!((&log["data"][0]["attempts"], &log["data"][0]["error"]), (&json!(1), &json!("time-out: there was no answer in time")));
    }
}
