//! Everything that faces write goes through here: one operation, and in its transaction what is
//! kept about it.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::answer::{Answer, JSON, PROBLEM};
use super::asked::{APPLIED, Asked, DRY_RUN, REPLAYED};
use super::problem::native;
use super::{Caller, JsonBody, Problem};
use crate::app::App;
use crate::idempotency::{self, Claim, Kept, Request};
use crate::operation::{self, Keep, Operation, Turn};
use crate::refusal::Refusal;
use crate::store::{self, Stop, Tx};

/// A request that writes.
pub struct Write<'a> {
    app: &'a App,
    caller: &'a Caller,
    body: &'a JsonBody,
    refused: fn(Problem) -> Problem,
}

impl<'a> Write<'a> {
    pub fn of(app: &'a App, caller: &'a Caller, body: &'a JsonBody) -> Self {
        Self { app, caller, body, refused: |problem| problem }
    }

    /// How this route words a refusal.
    pub fn refusing(self, refused: fn(Problem) -> Problem) -> Self {
        Self { refused, ..self }
    }

    /// Carries the operation out, and tells what came of it.
    pub async fn run<O, F>(self, operation: O, told: F) -> Response
    where
        O: Operation,
        F: Fn(&O, O::Outcome) -> Answer + Send + Sync + 'static,
    {
        let asked = Arc::clone(&self.caller.asked);
        let (dry_run, request, refused) = (asked.dry_run, self.request(), self.refused);
        let operation = Arc::new(operation);
        let keep = Arc::new(Keeping { asked, request, told, refused });
        let ended = match operation::run(self.app, &operation, &keep).await {
            Ok(ended) => ended,
            Err(error) => return Problem::from(error).into_response(),
        };
        let replayed = matches!(ended, Ended::Replayed(_));
        let mut response = match ended {
            Ended::Done(outcome) => (keep.told)(&operation, outcome).into_response(),
            Ended::Told(answer) | Ended::Replayed(answer) => answer.into_response(),
            Ended::Refused(problem) => problem.into_response(),
        };
        if replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        if dry_run {
            response.headers_mut().insert(APPLIED, HeaderValue::from_static(DRY_RUN));
        }
        response
    }

    /// The request as it may be sent again. One that is only tried has no use for its key.
    fn request(&self) -> Option<Request> {
        let Asked { method, uri, key, dry_run, .. } = &*self.caller.asked;
        let key = key.as_ref().filter(|_| !dry_run)?;
        let says = [&*self.caller.key, method.as_str(), uri.path(), key];
        let rest = [uri.query().unwrap_or_default(), self.body.as_str()];
        Some(Request::new(self.caller.company_id, says, rest.map(str::as_bytes)))
    }
}

/// What is kept about an operation.
struct Keeping<F> {
    asked: Arc<Asked>,
    request: Option<Request>,
    told: F,
    refused: fn(Problem) -> Problem,
}

/// How an operation ended.
enum Ended<T> {
    /// Done; it is still to be told.
    Done(T),
    /// Done, and told, because the answer was kept.
    Told(Answer),
    Refused(Problem),
    /// Done before.
    Replayed(Answer),
}

impl<O, F> Keep<O> for Keeping<F>
where
    O: Operation,
    F: Fn(&O, O::Outcome) -> Answer + Send + Sync + 'static,
{
    type Ended = Ended<O::Outcome>;

    async fn before(&self, tx: &mut Tx, now: Timestamp) -> store::Result<Option<Self::Ended>> {
        let Some(request) = &self.request else { return Ok(None) };
        Ok(match idempotency::claim(tx, request, now).await? {
            Claim::New => {
                // A refusal must not let go of the key.
                tx.savepoint();
                None
            }
            Claim::Answered(kept) => Some(Ended::Replayed(answer(kept))),
            Claim::Reused => Some(Ended::Refused(Problem::key_reused())),
            Claim::UnderWay => Some(Ended::Refused(Problem::key_in_use())),
        })
    }

    async fn after(
        &self,
        tx: &mut Tx,
        operation: &O,
        judged: Result<O::Outcome, Refusal>,
        turn: Turn,
    ) -> Result<Self::Ended, Stop<Self::Ended>> {
        let ended = match judged {
            Ok(outcome) => Ended::Done(outcome),
            Err(refusal) => Ended::Refused((self.refused)(refusal.into())),
        };
        if self.asked.dry_run {
            return Err(Stop::Refused(ended));
        }
        let now = turn.now;
        let (ended, last) = match ended {
            Ended::Done(outcome) => {
                let mut last = turn.last(tx, operation.scope());
                let ended = match &self.request {
                    None => Ended::Done(outcome),
                    Some(request) => {
                        let answer = (self.told)(operation, outcome);
                        last.push(idempotency::keep(request, kept(request, &answer), now));
                        Ended::Told(answer)
                    }
                };
                (ended, last)
            }
            Ended::Refused(problem) => {
                let Some(request) = &self.request else {
                    return Err(Stop::Refused(Ended::Refused(problem)));
                };
                tx.undo().await?;
                let answer = self.answer(&problem);
                let keep = idempotency::keep(request, kept(request, &answer), now);
                (Ended::Refused(problem), vec![keep])
            }
            ended => return Ok(ended),
        };
        tx.finish(&last).await?;
        Ok(ended)
    }
}

impl<F> Keeping<F> {
    /// A problem as it is told.
    fn answer(&self, problem: &Problem) -> Answer {
        let native = native(self.asked.uri.path());
        let content_type = if native { PROBLEM } else { JSON };
        let body = problem.body(native, &self.asked.request_id).into();
        Answer { status: problem.status, content_type, body, counts: None }
    }
}

fn kept(request: &Request, answer: &Answer) -> Kept {
    Kept {
        fingerprint: request.fingerprint.to_vec(),
        status: i64::from(answer.status.as_u16()),
        content_type: answer.content_type.to_owned(),
        body: answer.body.to_vec(),
    }
}

fn answer(kept: Kept) -> Answer {
    let status = u16::try_from(kept.status).ok().and_then(|code| StatusCode::from_u16(code).ok());
    Answer {
        status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        content_type: if kept.content_type == PROBLEM { PROBLEM } else { JSON },
        body: kept.body.into(),
        counts: None,
    }
}
