//! `/docs`: the API document as a page where every operation can be tried.
//!
//! The page is Swagger UI, all of it in the binary. It reads `/openapi.json`.

use std::sync::{Arc, LazyLock};

use axum::http::Uri;
use axum::http::header::{
    CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, serve};

use crate::app::Shared;
use crate::http::Problem;

/// Browsers fetch nothing from elsewhere: a token that is typed in stays here.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
    frame-ancestors 'none'";

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::new(["/openapi.json"]).use_base_layout();
    // Else the page shows the document to a validator on the internet.
    Arc::new(config.validator_url("none"))
});

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        // The page's own links are relative.
        .route("/docs", get(async || Redirect::to("/docs/")))
        .route("/docs/", get(file))
        .route("/docs/{*file}", get(file))
}

async fn file(uri: Uri) -> Result<Response, Problem> {
    let name = uri.path().strip_prefix("/docs/").unwrap_or_default();
    let file = serve(name, Arc::clone(&CONFIG)).map_err(|_| Problem::internal())?;
    let file = file.ok_or_else(|| Problem::route(uri.path()))?;
    let headers = [
        (CONTENT_TYPE, file.content_type.as_str()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    // Every browser reads it.
    let packed = file.gzpipped.then_some([(CONTENT_ENCODING, "gzip")]);
    Ok((headers, packed, file.bytes).into_response())
}
