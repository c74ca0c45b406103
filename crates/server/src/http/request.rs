//! Around every request: its id, its errors' bodies, its line in the log, and panics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::again::Within;
use super::log::Line;
use super::{Problem, leftover};
use crate::metrics::Metrics;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How much later it is told that there is too much to do: who asks again at once, as some clients
/// do, would else take the time in which others are served.
const LATER: Duration = Duration::from_millis(500);

/// Among the extensions of an answer that is no [`Problem`]: there was too much to do.
#[derive(Clone, Copy, Debug)]
pub struct Busy;

/// Gives the request an id (one from within has that of the request that sent it), every problem its body, and the log its line.
pub async fn around(State(metrics): State<Metrics>, mut request: Request, next: Next) -> Response {
    let within = request.extensions_mut().remove::<Within>();
    let is_within = within.is_some();
    let id = within.map_or_else(|| request_id().into(), |Within(id)| id);
    let mut line = Line::begin(&mut request, id, is_within, &metrics);
    // Only problems need the path: a clone of a `Uri` shares its text.
    let uri = request.uri().clone();
    let (parts, body) = request.into_parts();
    let (body, leftover) = leftover::lend(&parts, body);
    let response = next.run(Request::from_parts(parts, body)).await;
    // Whoever was too slow is not waited for again.
    if response.status() != StatusCode::REQUEST_TIMEOUT {
        leftover.drain().await;
    }
    let problem = response.extensions().get::<Arc<Problem>>();
    let busy = problem.is_some_and(|problem| problem.is_busy());
    if let Some(problem) = problem {
        metrics.problem(problem.code);
    }
    if busy || response.extensions().get::<Busy>().is_some() {
        tokio::time::sleep(LATER).await;
    }
    let mut response =
        Problem::render(response, uri.path(), &line.operation, &line.seen.request_id);
    line.answered(&response);
    if let Ok(id) = HeaderValue::try_from(&*line.seen.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if let Some(left) = line.seen.caller.get().and_then(|caller| caller.left) {
        left.tell(response.headers_mut());
    }
    response
}

/// The process, and a number in it.
pub(super) fn request_id() -> String {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| getrandom::u64().unwrap_or(0) >> 16);
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{:012x}-{}", *PROCESS, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// 404 for every route that there is not.
pub async fn no_route(uri: Uri) -> Problem {
    Problem::route(uri.path())
}

/// 405 for every method that a route has not.
pub async fn no_method(method: Method) -> Problem {
    Problem::method(&method)
}

/// 500 for a handler that panicked.
pub fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(said, "a handler panicked");
    Problem::internal().into_response()
}
