//! One line per request, written when its answer is ready; it is counted then, too.
//!
//! It says who asked for what and what came of it. A path may hold ids of people, so only the
//! route's template is told.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use tracing::Level;

use super::Caller;
use crate::metrics::{self, Metrics};
use crate::tokens::Owner;

/// Among the extensions of a request: its id, and where [`Caller`] says who it is. Where there is
/// none, an answer may say whose it is, by an [`Owner`] among its own.
#[derive(Clone)]
pub struct Seen {
    pub request_id: Arc<str>,
    pub caller: Arc<OnceLock<Caller>>,
    /// Another request sent it, from within.
    pub within: bool,
}

/// What came of a batch: a handler puts it among the extensions of its answer.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub received: usize,
    pub created: usize,
    pub rejected: usize,
}

/// What is asked for: the method and the route's template, or `-`.
#[derive(Clone, Debug)]
pub struct Operation(Option<(Method, MatchedPath)>);

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some((method, path)) => write!(f, "{method} {}", path.as_str()),
            None => f.write_str("-"),
        }
    }
}

/// The line of a request that is on its way. It is written when this goes, so that a client who
/// hangs up has one too.
pub struct Line {
    begun: Instant,
    pub operation: Operation,
    pub seen: Seen,
    answered: Option<Answered>,
    metrics: Metrics,
    /// As it is counted, also where there is no route.
    method: &'static str,
}

/// What is told of an answer.
struct Answered {
    status: StatusCode,
    counts: Option<Counts>,
    owner: Option<Owner>,
}

impl Line {
    pub fn begin(
        request: &mut Request,
        request_id: Arc<str>,
        within: bool,
        metrics: &Metrics,
    ) -> Self {
        metrics.arrived();
        let (metrics, method) = (metrics.clone(), metrics::method(request.method()));
        let begun = Instant::now();
        let seen = Seen { request_id, caller: Arc::default(), within };
        let path = request.extensions().get::<MatchedPath>().cloned();
        request.extensions_mut().insert(seen.clone());
        let operation = Operation(path.map(|path| (request.method().clone(), path)));
        Self { begun, operation, seen, answered: None, metrics, method }
    }

    /// Takes down what the answer is.
    pub fn answered(&mut self, response: &Response) {
        let (status, said) = (response.status(), response.extensions());
        let (counts, owner) = (said.get().copied(), said.get().cloned());
        self.answered = Some(Answered { status, counts, owner });
    }
}

/// Who asks for health asks every few seconds, and is told apart.
impl Drop for Line {
    fn drop(&mut self) {
        let path = self.operation.0.as_ref().map(|(_, path)| path.as_str());
        let (caller, answered) = (self.seen.caller.get(), self.answered.as_ref());
        let caller = caller.map(|caller| (caller.company_id, &*caller.key));
        let owner = answered.and_then(|answered| answered.owner.as_ref());
        let by = caller.or(owner.map(|owner| (owner.company, owner.key.as_str())));
        let counts = answered.and_then(|answered| answered.counts);
        let (status, took) = (answered.map(|answered| answered.status), self.begun.elapsed());
        self.metrics.answered(path, self.method, status, took);
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    target: "request",
                    $level,
                    request_id = &*self.seen.request_id,
                    company = by.map(|(company, _)| company),
                    key = by.map(|(_, key)| key),
                    operation = %self.operation,
                    status = status.map(|status| status.as_u16()),
                    duration_us = took.as_micros() as u64,
                    received = counts.map(|counts| counts.received),
                    created = counts.map(|counts| counts.created),
                    rejected = counts.map(|counts| counts.rejected),
                    "{}",
                    if answered.is_some() { "answered" } else { "the client hung up" }
                )
            };
        }
        match path {
            Some("/healthz" | "/readyz") => line!(Level::DEBUG),
            _ => line!(Level::INFO),
        }
    }
}
