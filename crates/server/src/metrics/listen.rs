//! Where Prometheus asks: a listener of its own, so that what is told is for the operator only.

use std::sync::Weak;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::prometheus_text;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{Metrics, scrape};
use crate::app::{App, Shared};
use crate::http::listen::{self, Intake};
use crate::http::pace::Patience;

/// A few scrapers, none of which sends a body.
const INTAKE: Intake = Intake {
    connections: 32,
    patience: Patience {
        header: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        write: Duration::from_secs(10),
    },
    body: Duration::from_secs(10),
    bodies: 0,
};

/// Answers until it is dropped. It does not keep the server alive.
pub fn serve(listener: TcpListener, app: &Shared) -> impl Future<Output = ()> + use<> {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .fallback(async || (StatusCode::NOT_FOUND, "There is only /metrics here\n"))
        .with_state(Shared::downgrade(app));
    async move {
        let (_stop, stopped) = watch::channel(false);
        // What is counted is the server's, not this listener's.
        listen::serve(listener, router, INTAKE, Metrics::default(), stopped).await;
    }
}

async fn metrics(State(app): State<Weak<App>>) -> Response {
    match app.upgrade() {
        Some(app) => {
            let kind = [(CONTENT_TYPE, prometheus_text::CONTENT_TYPE)];
            (kind, scrape::text(&app).await).into_response()
        }
        None => (StatusCode::SERVICE_UNAVAILABLE, "The server is stopping\n").into_response(),
    }
}
