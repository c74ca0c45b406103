//! How it is said: each face parses its wire form, calls one operation, renders what came of it.
//! No rule lives here.
//!
//! | path | face |
//! |---|---|
//! | `/v2/...` | [`integrations`]: external ids, scoped by `metadata.source` |
//! | `/v1/...` | [`main`]: ids of ours |
//! | `/api/...` | [`api`]: both |
//! | `/docs` | [`docs`]: the API document as a page |
//! | the rest | [`ops`]: health, the API document |

pub mod api;
pub mod assigned;
pub mod docs;
pub mod files;
pub mod integrations;
pub mod main;
pub mod ops;
pub mod team_users;
mod wire;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::Shared;
use crate::http::again::Again;
use crate::http::request;

/// All routes, and the document that describes them.
fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(crate::openapi::base())
        .merge(integrations::routes())
        .merge(main::routes())
        .merge(api::routes())
        .merge(docs::routes())
        .merge(ops::routes())
}

/// The server as one service.
pub fn router(app: Shared) -> Router {
    let (router, _) = routes().split_for_parts();
    let router = router
        .fallback(request::no_route)
        .method_not_allowed_fallback(request::no_method)
        .layer(CatchPanicLayer::custom(request::panicked))
        .layer(from_fn_with_state(app.metrics.clone(), request::around))
        .with_state(app);
    let again = Again(router.clone());
    router.layer(Extension(again))
}

/// The API document.
pub fn document() -> OpenApi {
    crate::openapi::complete(routes().into_openapi())
}
