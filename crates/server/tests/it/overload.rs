//! More than the store can take: refused before it is looked at; and who asks for health is told.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Method;
use server::http::Limits;
use server::metrics::Metrics;
use server::store::{Options, Stop, Tx};
use testing::{Database, Engine, TestApp};
use tokio::task::JoinSet;

/// Writes that take a while each, as many as may wait.
async fn crowd(t: &TestApp) -> JoinSet<()> {
    let (mut crowd, engine) = (JoinSet::new(), t.engine);
    while t.app.store.admit().is_ok() {
        let app = Arc::clone(&t.app);
        crowd.spawn(async move {
            let write = app.store.write::<_, Infallible, _>("test", async move |tx: &mut Tx| {
                let sql = match engine {
                    Engine::Sqlite => {
                        std::thread::sleep(Duration::from_millis(200));
                        "SELECT true"
                    }
                    Engine::Postgres => "SELECT pg_sleep(0.2) IS NULL",
                };
                Ok(tx.query::<(bool,)>(sql, &[]).await?)
            });
            match write.await {
                Ok(_) | Err(Stop::Failed(_)) => {}
                Err(Stop::Refused(never)) => match never {},
            }
        });
        tokio::task::yield_now().await;
    }
    crowd
}

async fn refused_unread(engine: Engine) {
    let database = Database::new(engine).await;
    let metrics = Metrics::on(&database.location);
    let options = Options { queue: 20, connections: 1, metrics, ..Options::default() };
    let t = TestApp::with(engine, options, Limits::default()).await;
    let wrong = async || {
        let headers = [("content-type", "application/json")];
        let path = "/v2/integrations/clients";
        t.api.send(Method::POST, path, &headers, b"{\"no JSON".to_vec()).await
    };
    assert_eq!(wrong().await.status, 400);
    let crowd = crowd(&t).await;
    let asked = Instant::now();
    let answer = wrong().await;
    // Not at once: who asks again at once is to leave time for others.
    assert!(asked.elapsed() >= Duration::from_millis(500));
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    assert!(answer.text.contains("Too many requests are waiting; try again"), "{answer}");
    let nobody = t.api.anonymous();
    assert_eq!(nobody.get("/healthz").await.status, 200);
    assert_eq!(nobody.get("/readyz").await.status, 200);
    let metrics = server::metrics::text(&t.app).await;
    assert!(metrics.contains("\ncrewline_database_up 1\n"), "{metrics}");
    crowd.join_all().await;
    assert_eq!(wrong().await.status, 400);
    assert_eq!(nobody.get("/readyz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_unread_on_sqlite() {
    refused_unread(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_unread_on_postgres() {
    refused_unread(Engine::Postgres).await;
}
