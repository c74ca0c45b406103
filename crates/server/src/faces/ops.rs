//! Health, and the API document.

use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Shared;
use crate::http::Problem;
use crate::store::{Error, Tx, params, sure};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(openapi))
}

/// How long the database may take to answer who asks for health: they wait for a second, mostly.
const READY: Duration = Duration::from_millis(500);

#[derive(Serialize, ToSchema)]
struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

/// Is the process alive
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operations",
    security(()),
    responses((status = 200, description = "It is.", body = Health))
)]
async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Does the database answer
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    security(()),
    responses(
        (status = 200, description = "It does.", body = Health),
        (status = 503, description = "It does not.", body = crate::http::problem::Envelope<'static>)
    )
)]
async fn readyz(State(app): State<Shared>) -> Result<Json<Health>, Problem> {
    let before = app.store.statements();
    let asked = app.store.read::<_, Infallible, _>("ready", async move |tx: &mut Tx| {
        Ok(tx.query_opt::<(i64,)>("SELECT count(*) FROM companies WHERE id = 0", params![]).await?)
    });
    let answered = async {
        match sure(asked.await) {
            // It finds no place; whether others are answered is seen by then.
            Err(Error::QueueFull) => std::future::pending().await,
            answered => answered,
        }
    };
    match timeout(READY, answered).await {
        Ok(answered) => drop(answered?),
        // With much to do it answers others first, and can do its part.
        Err(_) if app.store.statements() > before => {}
        Err(late) => return Err(Error::Unavailable(late.into()).into()),
    }
    Ok(Json(Health { status: "ok" }))
}

/// This document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "operations",
    security(()),
    responses((status = 200, description = "The OpenAPI document.", body = serde_json::Value))
)]
async fn openapi() -> Response {
    static DOCUMENT: LazyLock<String> =
        LazyLock::new(|| super::document().to_json().unwrap_or_default());
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}
