//! An operation on its way to SQLite's threads, and back with its result.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;

use super::Op;
use super::error::{Error, Result, Stop};
use super::tx::Tx;

/// An operation on its way, without its types.
pub(super) trait Job: Send {
    /// Whether it will most likely undo what it does.
    fn is_tried(&self) -> bool;
    /// Whether the caller has gone away.
    fn abandoned(&self) -> bool;
    /// Runs it; may be called again, when what it did was lost. `true`: keep its work.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Replaces whatever came out.
    fn fail(&mut self, error: Error);
    /// Tells the caller.
    fn answer(self: Box<Self>);
}

pub(super) struct Task<T, R, F> {
    pub op: F,
    pub tried: bool,
    pub result: Option<Result<T, Stop<R>>>,
    pub reply: oneshot::Sender<Result<T, Stop<R>>>,
    pub statements: Arc<AtomicU64>,
}

impl<T, R, F> Job for Task<T, R, F>
where
    F: for<'a> Op<'a, T, R> + Clone + Send + 'static,
    T: Send + 'static,
    R: Send + 'static,
{
    fn is_tried(&self) -> bool {
        self.tried
    }

    fn abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(&mut self, tx: &mut Tx) -> bool {
        let op = self.op.clone();
        let ran = catch_unwind(AssertUnwindSafe(|| drive(op(tx))));
        let mut result = ran.unwrap_or_else(|panic| Err(Error::Panicked(words(&*panic)).into()));
        if let Tx::Sqlite(lite) = tx {
            self.statements.fetch_add(lite.progress().statements, Ordering::Relaxed);
            if lite.progress().failed && result.is_ok() {
                result = Err(Error::Swallowed.into());
            }
        }
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // A caller that has gone away does not hear it.
            let _ = self.reply.send(result);
        }
    }
}

/// Polls a future whose awaits are all ready at once.
fn drive<T, R>(future: impl Future<Output = Result<T, Stop<R>>>) -> Result<T, Stop<R>> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::Suspended.into()),
    }
}

/// What a panic said.
pub(super) fn words(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "no words".to_owned(),
    }
}
