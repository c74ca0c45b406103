//! Bodies that an answer came ahead of.
//!
//! An answer that is given before the body was read (a bad token, a body over the limit) would
//! close the connection under a client that is still sending: it would see a broken pipe instead
//! of the answer. So what is left of the body is read, within bounds, before the answer goes out.
//! A client that waits for `100 Continue` has sent none of it, and then never does.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::EXPECT;
use axum::http::request::Parts;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;

/// Bytes that are read and thrown away.
const BYTES: usize = 32 * 1024 * 1024;
/// How long that may take.
const TIME: Duration = Duration::from_secs(5);

/// A body that comes back when it is dropped before its end.
struct Lent {
    body: Body,
    /// It is not sent before it is asked for, and nobody has asked.
    unsent: bool,
    back: Option<oneshot::Sender<Body>>,
}

/// Where a body comes back to.
pub struct Leftover(Option<oneshot::Receiver<Body>>);

/// Lends the body of a request to whoever answers.
pub fn lend(parts: &Parts, body: Body) -> (Body, Leftover) {
    if body.is_end_stream() {
        return (body, Leftover(None));
    }
    let unsent = parts.headers.contains_key(EXPECT);
    let (back, leftover) = oneshot::channel();
    (Body::new(Lent { body, unsent, back: Some(back) }), Leftover(Some(leftover)))
}

impl Leftover {
    /// Reads what is left, once there is an answer.
    pub async fn drain(self) {
        let Some(mut body) = self.0.and_then(|mut back| back.try_recv().ok()) else { return };
        let drained = async {
            let mut read = 0;
            while read < BYTES
                && let Some(Ok(frame)) = body.frame().await
            {
                read += frame.data_ref().map_or(0, Bytes::len);
            }
        };
        // Who sends too much or too slowly may lose the answer.
        let _ = tokio::time::timeout(TIME, drained).await;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(back) = self.back.take()
            && !self.unsent
            && !self.body.is_end_stream()
        {
            // Nobody waits for it when the request itself was dropped.
            let _ = back.send(std::mem::take(&mut self.body));
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.unsent = false;
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
