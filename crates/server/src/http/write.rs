//! Everything that faces write goes through here: one operation, and in its transaction what is
//! kept about it.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::Source;
use jiff::Timestamp;

use super::answer::{Answer, JSON, PROBLEM};
use super::asked::{APPLIED, Asked, DRY_RUN, REPLAYED};
use super::bodies::Room;
use super::inbox::{Inbox, Refusals};
use super::problem::native;
use super::{Caller, JsonBody, Problem, Records};
use crate::app::App;
use crate::idempotency::{self, Claim, Kept, Request};
use crate::operation::{self, Keep, Operation, Turn};
use crate::refusal::Refusal;
use crate::refusals;
use crate::store::{self, Last, Stop, Tx};

/// A request that writes.
pub struct Write<'a> {
    app: &'a App,
    caller: &'a Caller,
    body: &'a JsonBody,
    refused: fn(Problem) -> Problem,
    records: Option<Records>,
}

/// Among the extensions of an answer: the request was carried out, or its refusals were kept.
#[derive(Clone, Copy, Debug)]
pub struct Noted;

impl<'a> Write<'a> {
    pub fn of(app: &'a App, caller: &'a Caller, body: &'a JsonBody) -> Self {
        Self { app, caller, body, refused: |problem| problem, records: Some(Records::BODY) }
    }

    /// How this route words a refusal.
    pub fn refusing(self, refused: fn(Problem) -> Problem) -> Self {
        Self { refused, ..self }
    }

    /// What the records of this route are, unless its body is one that the path names.
    pub fn records(self, records: Records) -> Self {
        Self { records: Some(records), ..self }
    }

    /// This route takes no records: nothing of it is kept.
    pub fn without_records(self) -> Self {
        Self { records: None, ..self }
    }

    /// Carries the operation out, and tells what came of it; or tells why there is none.
    pub async fn run<O, F>(self, prepared: Result<(O, F), Problem>) -> Response
    where
        O: Operation,
        F: Fn(&O, O::Outcome) -> Answer + Send + Sync + 'static,
    {
        self.run_each(prepared, |_, _| Vec::new()).await
    }

    /// The same for an operation that judges each record by itself: `each` tells which of them
    /// were refused.
    pub async fn run_each<O, F>(
        self,
        prepared: Result<(O, F), Problem>,
        each: fn(&O, &O::Outcome) -> Refusals,
    ) -> Response
    where
        O: Operation,
        F: Fn(&O, O::Outcome) -> Answer + Send + Sync + 'static,
    {
        let (operation, told) = match prepared {
            Ok((operation, told)) => (Arc::new(operation), told),
            Err(problem) => return self.stopped(O::NAME, problem).await,
        };
        let asked = Arc::clone(&self.caller.asked);
        let inbox = self.records.filter(|_| !asked.dry_run).map(|records| {
            let source = operation.scope().source;
            Inbox::new(O::NAME, source, records, self.body, self.caller)
        });
        let request = kept_as(self.caller, self.body);
        let (refused, dry_run) = (self.refused, asked.dry_run);
        let room = self.body.room();
        let keep = Arc::new(Keeping { asked, request, inbox, told, refused, each, _room: room });
        let ended = match operation::run(self.app, &operation, &keep).await {
            Ok(ended) => ended,
            Err(error) => return Problem::from(error).into_response(),
        };
        let replayed = matches!(ended, Ended::Replayed(_));
        let (answer, refused) = match ended {
            Ended::Done(outcome, refused) => (Ok((keep.told)(&operation, outcome)), refused),
            Ended::Told(answer, refused) => (Ok(answer), refused),
            Ended::Replayed(answer) => (Ok(answer), Vec::new()),
            Ended::Refused(problem, refused) => (Err(problem), refused),
        };
        let noted = !replayed && (answer.is_ok() || !refused.is_empty());
        self.app.metrics.refused(&refused);
        if let (false, Some(counts)) = (dry_run, answer.as_ref().ok().and_then(|ok| ok.counts)) {
            self.app.metrics.records(counts);
        }
        let mut response = answer.into_response();
        if replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        if noted && !dry_run {
            response.extensions_mut().insert(Noted);
        }
        applied(dry_run, response)
    }

    /// A request that got no further than its form. Its records are kept where they can be known
    /// again and the caller may write them.
    async fn stopped(self, operation: &'static str, problem: Problem) -> Response {
        let problem = (self.refused)(problem);
        let dry_run = self.caller.asked.dry_run;
        let known = self.records.filter(|_| !dry_run).and_then(|records| {
            let source = records.read_source(self.body, self.caller)?;
            Some((Inbox::new(operation, source, records, self.body, self.caller), source))
        });
        let Some((inbox, source)) = known else {
            return applied(dry_run, problem.into_response());
        };
        let refused = inbox.whole(source, &problem);
        if refused.is_empty() {
            return problem.into_response();
        }
        let codes = codes(&refused);
        if let Err(error) =
            refusals::keep_alone(self.app, inbox.request(), refused, self.body.room()).await
        {
            return Problem::from(error).into_response();
        }
        self.app.metrics.refused(&codes);
        let mut response = problem.into_response();
        response.extensions_mut().insert(Noted);
        response
    }
}

/// The request as it may be sent again. One that is only tried has no use for its key.
pub fn kept_as(caller: &Caller, body: &JsonBody) -> Option<Request> {
    let Asked { method, uri, key, conditions, dry_run, .. } = &*caller.asked;
    let key = key.as_ref().filter(|_| !dry_run)?;
    let says = [&*caller.key, method.as_str(), uri.path(), key];
    let mut rest = vec![uri.query().unwrap_or_default().as_bytes(), body.as_str().as_bytes()];
    rest.extend(conditions.iter().map(HeaderValue::as_bytes));
    Some(Request::new(caller.company_id, says, &rest))
}

/// Says that a request was only tried, if it was.
fn applied(dry_run: bool, mut response: Response) -> Response {
    if dry_run {
        response.headers_mut().insert(APPLIED, HeaderValue::from_static(DRY_RUN));
    }
    response
}

/// What is kept about an operation.
struct Keeping<O: Operation, F> {
    asked: Arc<Asked>,
    request: Option<Request>,
    inbox: Option<Inbox>,
    told: F,
    refused: fn(Problem) -> Problem,
    each: fn(&O, &O::Outcome) -> Refusals,
    /// The operation lives on when the client hangs up, and what it was read from was a body.
    _room: Arc<Room>,
}

/// How an operation ended, and what for each record that was kept was refused.
enum Ended<T> {
    /// Done; it is still to be told.
    Done(T, Codes),
    /// Done, and told, because the answer was kept.
    Told(Answer, Codes),
    Refused(Problem, Codes),
    /// Done before.
    Replayed(Answer),
}

type Codes = Vec<&'static str>;

fn codes(refused: &[refusals::Refused]) -> Codes {
    refused.iter().map(|refused| refused.code).collect()
}

impl<O, F> Keep<O> for Keeping<O, F>
where
    O: Operation,
    F: Fn(&O, O::Outcome) -> Answer + Send + Sync + 'static,
{
    type Ended = Ended<O::Outcome>;

    fn tries(&self) -> bool {
        self.asked.dry_run
    }

    async fn before(&self, tx: &mut Tx, now: Timestamp) -> store::Result<Option<Self::Ended>> {
        let claim = match &self.request {
            Some(request) => idempotency::claim(tx, request, now).await?,
            None => Claim::New,
        };
        if let (Claim::New, Some(_)) = (&claim, &self.request) {
            // A refusal must not let go of the key.
            tx.savepoint();
        }
        if let (Claim::New, Some(inbox)) = (&claim, &self.inbox) {
            tx.ask(refusals::any_open(&inbox.target))?;
        }
        Ok(match claim {
            Claim::New => None,
            Claim::Answered(kept) => Some(Ended::Replayed(answer(kept))),
            Claim::Reused => Some(Ended::Refused(Problem::key_reused(), Vec::new())),
            Claim::UnderWay => Some(Ended::Refused(Problem::key_in_use(), Vec::new())),
        })
    }

    async fn after(
        &self,
        tx: &mut Tx,
        operation: &O,
        judged: Result<O::Outcome, Refusal>,
        turn: Turn,
    ) -> Result<Self::Ended, Stop<Self::Ended>> {
        let told = |refusal: Refusal| (self.refused)(refusal.into());
        let narrowed = judged.as_ref().err().map(|refusal| told(refusal.clone().narrowed()));
        let ended = match judged {
            Ok(outcome) => Ended::Done(outcome, Vec::new()),
            Err(refusal) => Ended::Refused(told(refusal), Vec::new()),
        };
        if self.asked.dry_run {
            return Err(Stop::Refused(ended));
        }
        let (now, scope) = (turn.now, operation.scope());
        let (ended, last) = match ended {
            Ended::Done(outcome, mut codes) => {
                let mut last = turn.last(tx, scope);
                if let Some(inbox) = &self.inbox {
                    let (refused, open) = ((self.each)(operation, &outcome), tx.found().await?);
                    codes.extend(refused.iter().filter_map(|(_, blame)| Some(blame.first()?.code)));
                    last.extend(inbox.done(tx, scope.source, refused, open, now));
                }
                let ended = match &self.request {
                    None => Ended::Done(outcome, codes),
                    Some(request) => {
                        let answer = (self.told)(operation, outcome);
                        last.push(idempotency::keep(request, kept(request, &answer), now));
                        Ended::Told(answer, codes)
                    }
                };
                (ended, last)
            }
            Ended::Refused(problem, _) => {
                let (last, codes) = self.last_of(scope.source, &problem, narrowed.as_ref(), now);
                let ended = Ended::Refused(problem, codes);
                if last.is_empty() {
                    return Err(Stop::Refused(ended));
                }
                tx.undo().await?;
                (ended, last)
            }
            ended => return Ok(ended),
        };
        tx.finish(&last).await?;
        Ok(ended)
    }
}

impl<O: Operation, F> Keeping<O, F> {
    /// What is kept of a request that was refused as a whole: its records and its answer; and
    /// what for each of the records was refused. `narrowed`: what others may read of the problem.
    fn last_of(
        &self,
        source: Source,
        problem: &Problem,
        narrowed: Option<&Problem>,
        now: Timestamp,
    ) -> (Vec<Last>, Codes) {
        let (mut last, mut kept_for) = (Vec::new(), Vec::new());
        if let (Some(inbox), Some(narrowed)) = (&self.inbox, narrowed) {
            let refused = inbox.whole(source, narrowed);
            if !refused.is_empty() {
                kept_for = codes(&refused);
                last.push(refusals::keep(&inbox.request(), refused, now));
            }
        }
        if let Some(request) = &self.request {
            let answer = self.answer(problem);
            last.push(idempotency::keep(request, kept(request, &answer), now));
        }
        (last, kept_for)
    }

    /// A problem as it is told.
    fn answer(&self, problem: &Problem) -> Answer {
        problem.answer(native(self.asked.uri.path()), &self.asked.request_id)
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
