//! Requests that are sent again from within: through all that a request from outside goes through.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tower::ServiceExt as _;

use super::asked::{IDEMPOTENCY_KEY, PREFER};
use super::{Caller, Problem};
use crate::app::App;
use crate::idempotency;
use crate::secret::digest;
use crate::store;

/// Among the extensions of a request: where it can send another one. That one finds none.
#[derive(Clone)]
pub struct Again(pub Router);

/// Among the extensions of a request from within: the id of the one that sent it.
#[derive(Clone)]
pub struct Within(pub Arc<str>);

/// A request from within, on behalf of another one.
#[derive(Clone, Debug)]
pub struct Inner {
    pub method: String,
    /// With the query.
    pub path: String,
    pub body: String,
    /// What parts it from others that the same request sends.
    pub id: String,
}

impl Again {
    /// Sends a request with the rights of the caller, as the caller wants it carried out: the
    /// preferences are the same, and the key for it is made of the caller's own.
    pub async fn send(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
        inner: Inner,
    ) -> Result<Response, Problem> {
        let key = inner.key(caller).and_then(|key| HeaderValue::try_from(key).ok());
        let request = Request::builder().method(inner.method.as_str()).uri(&inner.path);
        let mut request = request
            .header(CONTENT_TYPE, "application/json")
            .extension(Within(Arc::clone(&caller.asked.request_id)))
            .body(Body::from(inner.body))
            .map_err(|_| Problem::internal())?;
        let sent = request.headers_mut();
        for name in [AUTHORIZATION, PREFER] {
            for value in headers.get_all(&name) {
                sent.append(name.clone(), value.clone());
            }
        }
        if let Some(key) = key {
            sent.insert(IDEMPOTENCY_KEY, key);
        }
        let Ok(response) = self.0.clone().oneshot(request).await;
        Ok(response)
    }
}

impl Inner {
    /// The key for it, if the caller's own request has one.
    fn key(&self, caller: &Caller) -> Option<String> {
        let asked = &caller.asked;
        let key = asked.key.as_ref()?;
        let parts = [asked.method.as_str(), asked.uri.path(), key, &self.id];
        Some(URL_SAFE_NO_PAD.encode(digest(&parts.map(str::as_bytes))))
    }

    /// Whether its answer is kept: then it is given again, whatever has happened since.
    pub async fn is_kept(&self, app: &App, caller: &Caller) -> store::Result<bool> {
        let Some(key) = self.key(caller).filter(|_| !caller.asked.dry_run) else {
            return Ok(false);
        };
        let path = self.path.split('?').next().unwrap_or_default();
        let says = [&*caller.key, &self.method, path, &key];
        let request = idempotency::Request::new(caller.company_id, says, &[&[], &[]]);
        idempotency::is_kept(app, &request).await
    }
}
