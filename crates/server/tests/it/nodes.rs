//! Several nodes on one database: what one knows of the others, and work that all could do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Method;
use domain::SourceLabel;
use serde_json::{Value, json};
use server::sweep::{self, Retention};
use server::{faces, keys, sources};
use testing::both_engines;

both_engines! {
    /// What one node changes about keys and sources is honoured by another one within 5 seconds,
    /// however much that one remembers.
    async fn keys_and_sources(t: TestApp) {
        let node = t.another_node().await;
        let key = t.key(&[], false).await.at(faces::router(Arc::clone(&node.app)));
        let id = key.get("/v1/me").await.ok()["id"].as_str().unwrap().to_owned();
        let unknown = node.api.create("clients", "WORKDAY", "c", json!({"name": "C"})).await;
        assert_eq!(unknown.json()["code"], "INVALID_SOURCE");
        keys::revoke(&t.app, id).await.unwrap();
        sources::register(&t.app, 1, SourceLabel::parse("WORKDAY").unwrap()).await.unwrap();
        let (changed, mut waits) = (Instant::now(), vec!["revoked", "registered"]);
        while !waits.is_empty() {
            let since = changed.elapsed();
            let revoked = key.get("/v1/me").await.status == 401;
            let created = node.api.create("clients", "WORKDAY", "c", json!({"name": "C"})).await;
            let registered = created.status != 400;
            waits.retain(|what| !(if *what == "revoked" { revoked } else { registered }));
            assert!(waits.is_empty() || since < Duration::from_secs(5), "{waits:?} {since:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Three nodes that clear away at the same time clear everything away once.
    async fn all_clear_away(t: TestApp) {
        let nodes = [t.another_node().await, t.another_node().await];
        for nth in 0..40 {
            let id = format!("c{nth}");
            let (kept, metadata) = (format!("key-{nth}"), json!({"source": "OKTA"}));
            let headers = [("content-type", "application/json"), ("idempotency-key", kept.as_str())];
            let body = json!({"metadata": metadata, "id": id, "name": id}).to_string();
            t.api.send(Method::POST, "/v2/integrations/clients", &headers, body.into_bytes()).await.ok();
            let nameless = json!({"metadata": metadata, "id": format!("nameless {nth}")});
            assert_eq!(t.api.post("/v2/integrations/clients", nameless).await.status, 400);
        }
        while t.api.get("/api/events?limit=200").await.ok()["data"].as_array().map(Vec::len) != Some(40) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let count = |rows: &Value| ["refusals", "idempotency_keys", "events"]
            .map(|table| rows[table].as_array().map(Vec::len).unwrap_or_default());
        assert_eq!(count(&t.rows(&[]).await), [40, 40, 40]);
        t.clock.advance(Duration::from_secs(24 * 3_600 * 100));
        let retention = Retention::default();
        let cleared = tokio::join!(
            sweep::once(&t.app, retention),
            sweep::once(&nodes[0].app, retention),
            sweep::once(&nodes[1].app, retention)
        );
        assert_eq!(cleared.0.unwrap() + cleared.1.unwrap() + cleared.2.unwrap(), 120);
        assert_eq!(count(&t.rows(&[]).await), [0, 0, 0]);
    }
}
