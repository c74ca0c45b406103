//! What of a request goes into the inbox of refusals, and what leaves it.

use std::borrow::Cow;

use axum::http::StatusCode;
use domain::Source;
use jiff::Timestamp;
use serde::Serialize;

use super::problem::{FieldError, LISTED};
use super::records::{Records, Sent};
use super::{Caller, JsonBody, Problem};
use crate::refusals::{self, Record, Refused, Request, Target};
use crate::store::{Last, Tx};

/// What is to blame in a record.
#[derive(Clone, Debug, Serialize)]
pub struct Blame {
    /// RFC 6901: where in the record.
    pub pointer: String,
    pub code: &'static str,
    pub message: Cow<'static, str>,
}

/// The refused records of an operation that was done, by their place in the list.
pub type Refusals = Vec<(usize, Vec<Blame>)>;

/// A request whose refusals are kept.
pub struct Inbox {
    pub target: Target,
    records: Records,
    body: JsonBody,
    caller: Caller,
}

/// Characters of a message that are kept.
const MESSAGE: usize = 500;

impl Inbox {
    /// `source` is the request's, as far as it has one for all its records.
    pub fn new(
        operation: &'static str,
        source: Source,
        records: Records,
        body: &JsonBody,
        caller: &Caller,
    ) -> Self {
        let asked = &caller.asked;
        let source = records.source(source);
        let target = Target::new(caller.company_id, operation, source, &asked.path_ids);
        Self { target, records, body: body.clone(), caller: caller.clone() }
    }

    /// The request, so that its records can be sent again.
    pub fn request(&self) -> Request {
        let asked = &self.caller.asked;
        let path = asked.uri.path_and_query().map_or("/", |path| path.as_str());
        Request {
            target: self.target.clone(),
            method: asked.method.to_string(),
            path: path.to_owned(),
            path_ids: json(&asked.path_ids),
            list: self.records.list,
            key: self.caller.key.clone(),
            request_id: asked.request_id.clone(),
        }
    }

    /// Every record that can be known again of a request that was refused as a whole; none, if
    /// it was refused for what says nothing about its records.
    pub fn whole(&self, source: Source, problem: &Problem) -> Vec<Refused> {
        const KEPT: [StatusCode; 3] =
            [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND, StatusCode::CONFLICT];
        if !KEPT.contains(&problem.status) {
            return Vec::new();
        }
        let sent = self.records.sent(&self.body).into_iter();
        let known = sent.filter(|sent| sent.named.is_some()).filter_map(|sent| {
            let record = self.record(&sent, source)?;
            Some(refused(record, &sent.place, blamed(problem, &sent.place)))
        });
        known.collect()
    }

    /// What is kept and closed of a request that was carried out. `open`: whether anything of its
    /// target is open; without refusals and with nothing open this costs nothing.
    pub fn done(
        &self,
        tx: &Tx,
        source: Source,
        refusals: Refusals,
        open: bool,
        now: Timestamp,
    ) -> Vec<Last> {
        if refusals.is_empty() && !open {
            return Vec::new();
        }
        let sent = self.records.sent(&self.body);
        let record = |sent: &Sent<'_>| self.record(sent, source);
        let kept: Vec<Refused> = refusals
            .into_iter()
            .filter_map(|(nth, blame)| {
                let sent = sent.get(nth)?;
                Some(refused(record(sent)?, &sent.place, blame))
            })
            .collect();
        let mut last = Vec::new();
        if open {
            let records = sent.iter().filter_map(record).collect();
            let in_list = !self.records.list.is_empty();
            let taken = refusals::taken(records, &kept, in_list);
            if !taken.is_empty() {
                last.push(refusals::close(tx, &self.request(), &taken, now));
            }
        }
        if !kept.is_empty() {
            last.push(refusals::keep(&self.request(), kept, now));
        }
        last
    }

    /// `None`: it names a source that the caller may not use.
    fn record(&self, sent: &Sent<'_>, source: Source) -> Option<Record> {
        let named = sent.named.clone().unwrap_or_default();
        let source = self.records.source_of(named.source.as_deref(), source, &self.caller)?;
        let content = sent.raw.get().to_owned();
        let (name, external_id) = (named.name, named.external_id);
        Some(Record { name, external_id, source: source.id, content })
    }
}

fn refused(record: Record, place: &str, mut blame: Vec<Blame>) -> Refused {
    blame.truncate(LISTED);
    let errors = json(&blame);
    let first = blame.into_iter().next();
    let (pointer, code, message) = first.map_or((String::new(), "INTERNAL", "".into()), |first| {
        (first.pointer, first.code, first.message)
    });
    Refused {
        record,
        code,
        message: message.into_owned(),
        pointer: format!("{place}{pointer}"),
        errors,
    }
}

/// What a whole request was refused for, as far as it is about the record at `place`: what is
/// below it, else all that was said.
fn blamed(problem: &Problem, place: &str) -> Vec<Blame> {
    // A page may publish another code for its form; here it is what it is.
    let code = if problem.name == "ValidationError" { "VALIDATION" } else { problem.code };
    let blame = |pointer: &str, message: &str| Blame {
        pointer: pointer.to_owned(),
        code,
        message: shortened(message).into(),
    };
    let below = |error: &FieldError| {
        let rest = error.pointer.strip_prefix(place)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| blame(rest, &error.message))
    };
    let below: Vec<Blame> = problem.errors.iter().filter_map(below).collect();
    match below.is_empty() {
        true => vec![blame("", &problem.message)],
        false => below,
    }
}

/// What a record of a batch was refused for, when it was judged by itself.
pub fn blames(problem: Problem) -> Vec<Blame> {
    blamed(&problem, "")
}

fn shortened(message: &str) -> String {
    message.chars().take(MESSAGE).collect()
}

fn json(value: &impl Serialize) -> String {
    // Texts only: this cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}
