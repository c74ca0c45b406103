//! Who is on a contract, and when: written range by range.

use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::range::{DateRange, OPEN_END, Policy, RangeRefusal, Sent};
use domain::{Kind, Source};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::if_match::{IfMatch, Ranges, Seen};
use super::named::{Mode, Reference, Rejected, all, answer, nothing, source, words, writes};
use super::{NoQuery, path_reference, unknown_parameter};
use crate::app::Shared;
use crate::contracts::Standing;
use crate::contracts::assign::{self, Assign, Given, Rejection};
use crate::contracts::carve::{self, Carve, End};
use crate::faces::wire::Day;
use crate::http::check::Object;
use crate::http::field::{self, SourceName, date};
use crate::http::inbox::{Blame, Refusals};
use crate::http::language::Language;
use crate::http::log::Counts;
use crate::http::records::Named as Record;
use crate::http::{Answer, Caller, Check, JsonBody, Path, Problem, Records, Wire, body};
use crate::operation::Operation as _;
use crate::references::Named;
use crate::sources::Sources;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(assign)).routes(routes!(carve)).routes(routes!(end))
}

words! {
    Atomicity { "per_range" => PerRange, "all" => All }
}

/// What stands where a date belongs, whatever it is: a range is judged by itself.
#[derive(Debug)]
struct AnyDay(Option<String>);

impl Wire for AnyDay {
    const RULE: &'static str = "must be a real calendar date in the form YYYY-MM-DD";

    fn read(raw: &RawValue, _: &mut Check) -> Option<Self> {
        Some(Self(field::text(raw).map(|text| text.into_owned())))
    }

    fn schema() -> RefOr<Schema> {
        date().into()
    }
}

impl AnyDay {
    fn sent(&self) -> Sent<'_> {
        self.0.as_deref().map_or(Sent::Other, Sent::Text)
    }
}

body! {
    /// Ranges that users are to have on the contract.
    strict struct Assignments as "AssignUsers" = {
        "source": "GLOBANT",
        "assignments": [
            {"user": "GLOBANT:external-user-id-1", "start_date": "2026-01-01", "end_date": "2026-03-31"},
            {"user": "GLOBANT:external-user-id-1", "start_date": "2026-07-01", "end_date": null}
        ]
    } {
        /// At least one, unless there are `users`.
        assignments: optional Vec<Wished>,
        /// With `replace`: users who are declared, too, also those without a range among
        /// `assignments`.
        users: optional Vec<Reference>,
        /// The source that puts them there; the one of the path if this is missing.
        source: optional SourceName,
        /// `per_range`, if it is missing: what is rejected does not stop the rest. `all`: all are
        /// taken, or none.
        atomicity: optional Atomicity,
        /// `add`, if it is missing. `replace`: these are all the ranges that the source has for
        /// these users on the contract; its others go, but those of a user of whom a range was
        /// rejected. A user among `users` without a range has none.
        mode: optional Mode,
        /// With `replace`: only ranges that begin on this day or later go.
        from: optional Date,
    }
}

body! {
    /// A range of days, both included.
    strict struct Wished as "AssignUser" = {
        "user": "OKTA:OKTA-USER-12345", "start_date": "2026-01-01", "end_date": "2026-03-31"
    } {
        user: required Reference,
        start_date: required AnyDay,
        /// The last day; missing, `null` or 9999-12-31: it ends with the contract.
        end_date: optional AnyDay,
    }
}

impl Wished {
    fn judge(self, caller: &Caller, check: &mut Check) -> Option<(Named, Judged)> {
        let user = check.within("user", |check| self.user?.judge(caller, check));
        let end = self.end_date.as_ref().map_or(Sent::Absent, AnyDay::sent);
        Some((user?, DateRange::parse(self.start_date?.sent(), end, Policy::Native)))
    }
}

type Judged = Result<DateRange, RangeRefusal>;

fn read_assign(
    app: &Shared,
    caller: &Caller,
    (contract, seen): (&str, Seen),
    body: &JsonBody,
) -> Result<IfMatch<Assign, Ranges>, Problem> {
    let raw = body.object()?;
    let (said, mode, all_or_nothing, ranges, declared) = Check::all(app.limits, |check| {
        let sent = Assignments::read(raw, check)?;
        check.clean()?;
        let mode = match (sent.mode, sent.from) {
            (Some(Mode::Replace), from) => assign::Mode::Replace(from),
            (_, None) => assign::Mode::Add,
            (_, Some(_)) => {
                return check.within("from", |check| check.wrong("needs mode replace beside it"));
            }
        };
        if mode == assign::Mode::Add && sent.users.is_some() {
            return check.within("users", |check| check.wrong("needs mode replace beside it"));
        }
        if sent.users.is_none() && sent.assignments.is_none() {
            let rule = format!("is required and {}", Vec::<Wished>::RULE);
            return check.within("assignments", |check| check.wrong(rule));
        }
        let said = source(sent.source, caller, check);
        let declared = all("users", sent.users.unwrap_or_default(), check, |user, check| {
            user.judge(caller, check)
        });
        let each = sent.assignments.unwrap_or_default().into_iter().enumerate();
        let ranges: Vec<_> = check.within("assignments", |check| {
            // All are read, so that everything wrong is told.
            each.map(|(nth, one)| check.within(nth, |check| one.judge(caller, check))).collect()
        });
        let ranges: Vec<(Named, Judged)> = ranges.into_iter().collect::<Option<_>>()?;
        Some((said?, mode, sent.atomicity == Some(Atomicity::All), ranges, declared?))
    })?;
    let (path, contract) = path_reference(contract, caller)?;
    let (users, ranges): (Vec<Named>, Vec<Judged>) = ranges.into_iter().unzip();
    let named: Vec<Named> = users.iter().chain(&declared).cloned().collect();
    let scope = writes(caller, &path, said, &named)?;
    if mode != assign::Mode::Add && scope.source == Source::NONE {
        let rule = "is required with mode replace: it is the source's ranges that are declared";
        return Err(Problem::field("/source", rule));
    }
    let contract = Named { source: path.source, reference: contract };
    let user = named[0].clone();
    if matches!(seen, Seen::Tags(_)) && named.iter().any(|other| *other != user) {
        return Err(Problem::validation("If-Match is for the ranges of one user"));
    }
    let to = contract.clone();
    let assign = Assign { scope, contract: to, users, ranges, all_or_nothing, mode, declared };
    Ok(IfMatch { operation: assign, seen, about: Ranges { contract, user } })
}

/// What came of ranges. `received` is `created`, `unchanged` and `rejected` together.
#[derive(Serialize, ToSchema)]
#[schema(as = AssignedRanges)]
struct Assigned {
    /// Our id of the contract.
    #[schema(example = 30001)]
    contract_id: i64,
    received: usize,
    created: usize,
    unchanged: usize,
    rejected: usize,
    /// In the order of the request.
    results: Vec<RangeResult>,
    /// With `replace`: what the source had there besides, and is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    removed: Option<Vec<Range>>,
    /// With `replace`: what the users have there besides, and keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    kept: Option<Vec<Range>>,
}

/// What came of one range.
#[derive(Serialize, ToSchema)]
struct RangeResult {
    /// Its place in the request.
    index: usize,
    /// `created`, `unchanged` (it was there already) or `rejected`.
    #[schema(example = "created")]
    outcome: &'static str,
    /// Of the assignment, unless rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = 18)]
    id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = 5)]
    user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    start_date: Option<Day>,
    /// The last day; `null`: it ends with the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Option<Day>)]
    end_date: Option<Option<Day>>,
    /// If rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    error: Option<Rejected>,
}

/// The last day as it is told.
fn last(range: DateRange) -> Option<Day> {
    (range.end != OPEN_END).then_some(Day(range.end))
}

/// A range that a user has or had on the contract, with who put it there.
#[derive(Serialize, ToSchema)]
#[schema(as = StandingRange)]
struct Range {
    #[schema(example = 18)]
    id: i64,
    #[schema(example = 5)]
    user_id: i64,
    start_date: Day,
    /// The last day; `null`: it ends with the contract.
    #[schema(required)]
    end_date: Option<Day>,
    /// Who put it there; `null` for ids of ours, and for a source that the key may not use.
    #[schema(required, example = "GLOBANT")]
    source: Option<&'static str>,
}

fn ranges(sources: &Sources, standing: Vec<Standing>) -> Vec<Range> {
    let range = |one: Standing| Range {
        id: one.id,
        user_id: one.user_id,
        start_date: Day(one.range.start),
        end_date: last(one.range),
        source: sources.visible(one.source_id).map(|source| source.name),
    };
    standing.into_iter().map(range).collect()
}

/// Why a range was rejected, by its place in the record.
fn blame(user: &Named, why: Rejection) -> Blame {
    let (pointer, code, message) = match why {
        Rejection::NotAssociated => ("/user", "CE001", nothing(Kind::User, user)),
        Rejection::UnknownUser => ("/user", "USER_UNKNOWN", nothing(Kind::User, user)),
        Rejection::Range(why) => {
            let pointer = match why {
                RangeRefusal::StartNotADate => "/start_date",
                RangeRefusal::EndNotADate | RangeRefusal::Backwards => "/end_date",
                _ => "",
            };
            (pointer, why.code(), why.to_string())
        }
        Rejection::Others => {
            ("", "OTHERS_REJECTED", "Another range of the request was rejected".to_owned())
        }
    };
    Blame { pointer: pointer.to_owned(), code, message: message.into() }
}

/// What waits in the inbox. Of ranges that are to be taken all or none, none is taken alone.
fn refused(sent: &IfMatch<Assign, Ranges>, outcome: &assign::Outcome) -> Refusals {
    if sent.operation.all_or_nothing {
        return Refusals::new();
    }
    let each = sent.operation.users.iter().zip(&outcome.results).enumerate();
    let rejected = each.filter_map(|(nth, (user, given))| match given {
        Given::Rejected(why) => Some((nth, vec![blame(user, *why)])),
        _ => None,
    });
    rejected.collect()
}

fn told_assign(sent: &Assign, outcome: assign::Outcome, language: Language) -> Answer {
    let (mut created, mut unchanged) = (0, 0);
    let each = sent.users.iter().zip(outcome.results).enumerate();
    let result = |(index, (user, given)): (usize, (&Named, Given))| {
        let (outcome, taken, error) = match given {
            Given::Created(taken) => {
                created += 1;
                ("created", Some(taken), None)
            }
            Given::Unchanged(taken) => {
                unchanged += 1;
                ("unchanged", Some(taken), None)
            }
            Given::Rejected(why) => {
                let place = format!("/assignments/{index}");
                ("rejected", None, Some(Rejected::new(&place, blame(user, why), language)))
            }
        };
        RangeResult {
            index,
            outcome,
            id: taken.map(|taken| taken.id),
            user_id: taken.map(|taken| taken.user_id),
            start_date: taken.map(|taken| Day(taken.range.start)),
            end_date: taken.map(|taken| last(taken.range)),
            error,
        }
    };
    let results: Vec<RangeResult> = each.map(result).collect();
    let (received, sources) = (results.len(), &sent.scope.sources);
    let rejected = received - created - unchanged;
    let replaces = sent.mode != assign::Mode::Add;
    let told = Assigned {
        contract_id: outcome.contract_id,
        received,
        created,
        unchanged,
        rejected,
        results,
        removed: replaces.then(|| ranges(sources, outcome.removed)),
        kept: replaces.then(|| ranges(sources, outcome.kept)),
    };
    answer(&told, Counts { received, created, rejected })
}

/// A range is called by its user and the day it begins on.
fn by_start(raw: &RawValue) -> Option<Record> {
    let range = Object::of(raw)?;
    let user = Reference::record(range.get("user"))?;
    let start = range.get("start_date").and_then(field::text).unwrap_or_default();
    let start: String = start.chars().take(10).collect();
    Some(Record { name: format!("{} {start}", user.name), ..user })
}

/// A window is called by its user.
fn by_user(raw: &RawValue) -> Option<Record> {
    Reference::record(Object::of(raw)?.get("user"))
}

/// Give users ranges on a contract
///
/// Each range is judged by itself; results stand in the order of the request, and a range that is
/// there already is `unchanged`. One day is a range, and an end may be open: then it ends with the
/// contract. `mode: replace` declares all that the source has for these users on the contract.
#[utoipa::path(
    post,
    path = "/api/contracts/{ref}/assignments",
    tag = "assignments",
    params(
        ("ref" = String, Path, description = "The contract: our id, or `SOURCE:external-id`.", example = "SALESFORCE:SF-CONTRACT-12345"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the user's ranges on the contract: if they are others by now, nothing is done.")
    ),
    request_body = Assignments,
    responses(
        (status = 200, description = "What came of each range.", body = Assigned),
        (status = 422, description = "All were rejected.", body = Assigned)
    ),
    extensions(("x-error-codes" = json!(["ZC001", "PRECONDITION_FAILED"])))
)]
async fn assign(
    State(app): State<Shared>,
    caller: Caller,
    Path(contract): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let language = Language::accepted(&headers);
    let told = move |sent: &IfMatch<Assign, Ranges>, outcome| {
        told_assign(&sent.operation, outcome, language)
    };
    let asked = (&*contract, Seen::read(&headers));
    let prepared = read_assign(&app, &caller, asked, &body).map(|assign| (assign, told));
    let records = Records::each("assignments", by_start).native();
    let write = Seen::read(&headers).write(&app, &caller, &body, records);
    Ok(write.run_each(prepared, refused).await)
}

body! {
    /// Days that are to be taken out of the user's ranges.
    strict struct CarveBody as "CarveAssignments" = {
        "source": "GLOBANT", "user": "GLOBANT:external-user-id-1",
        "from": "2026-02-01", "to": "2026-02-14"
    } {
        user: required Reference,
        /// The first day.
        from: required Date,
        /// The last day; 9999-12-31 for all that come.
        to: required Date,
        /// The source that asks for it; the one of the path if this is missing.
        source: optional SourceName,
    }
}

body! {
    /// The last day of a user on the contract.
    strict struct EndBody as "EndAssignments" = {
        "source": "GLOBANT", "user": "GLOBANT:external-user-id-1", "on": "2026-12-31"
    } {
        user: required Reference,
        /// The last day.
        on: required Date,
        /// The source that asks for it; the one of the path if this is missing.
        source: optional SourceName,
    }
}

/// What became of the ranges that had a day which was taken out.
#[derive(Serialize, ToSchema)]
#[schema(as = CarvedRanges)]
struct Carved {
    /// Our id of the contract.
    #[schema(example = 30001)]
    contract_id: i64,
    #[schema(example = 5)]
    user_id: i64,
    /// What is left of them. Of two pieces the first one has the id.
    pieces: Vec<Range>,
    /// What is no more, as it was: nothing is left of it, or only what the user has already.
    removed: Vec<Range>,
    /// Ranges with such a day that stay as they are: the key may not write for their source.
    kept: Vec<Range>,
}

fn told_carve(sources: &Sources, outcome: carve::Outcome) -> Answer {
    let carve::Outcome { contract_id, user_id, pieces, removed, kept } = outcome;
    let [pieces, removed, kept] = [pieces, removed, kept].map(|all| ranges(sources, all));
    axum::Json(Carved { contract_id, user_id, pieces, removed, kept }).into()
}

/// Who is named, what days are taken out, and for which source.
type Window = (Named, DateRange, Option<Source>);

fn read_carve(
    app: &Shared,
    caller: &Caller,
    contract: &str,
    body: &JsonBody,
    read: impl FnOnce(&RawValue, &mut Check) -> Option<Window>,
) -> Result<Carve, Problem> {
    let raw = body.object()?;
    let (user, window, said) = Check::all(app.limits, |check| read(raw, check))?;
    let (path, contract) = path_reference(contract, caller)?;
    let scope = writes(caller, &path, said, std::slice::from_ref(&user))?;
    let contract = Named { source: path.source, reference: contract };
    Ok(Carve::new(scope, contract, user, window))
}

/// The operation that is made of a carving, with what the caller saw.
fn if_seen<O>(headers: &HeaderMap, carve: Carve, operation: fn(Carve) -> O) -> IfMatch<O, Ranges> {
    let about = Ranges { contract: carve.contract.clone(), user: carve.user.clone() };
    IfMatch { operation: operation(carve), seen: Seen::read(headers), about }
}

/// Take days out of a user's ranges on a contract
///
/// Ranges within these days go, others are cut, and one that spans them becomes two. Whatever
/// source put them there, if the key may write for it. A piece that the user has already is one
/// with it.
#[utoipa::path(
    post,
    path = "/api/contracts/{ref}/assignments/carve",
    tag = "assignments",
    params(
        ("ref" = String, Path, description = "The contract: our id, or `SOURCE:external-id`.", example = "SALESFORCE:SF-CONTRACT-12345"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the user's ranges on the contract: if they are others by now, nothing is done.")
    ),
    request_body = CarveBody,
    responses((status = 200, description = "What is left, and what is gone.", body = Carved)),
    extensions(("x-error-codes" = json!(["ZC001", "PRECONDITION_FAILED"])))
)]
async fn carve(
    State(app): State<Shared>,
    caller: Caller,
    Path(contract): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let prepared = read_carve(&app, &caller, &contract, &body, |raw, check| {
        let sent = CarveBody::read(raw, check)?;
        check.clean()?;
        let user = check.within("user", |check| sent.user?.judge(&caller, check));
        let said = source(sent.source, &caller, check);
        let window = DateRange { start: sent.from?, end: sent.to? };
        if window.start > window.end {
            return check.within("to", |check| check.wrong("must not be before from"));
        }
        Some((user?, window, said?))
    });
    let told = |sent: &IfMatch<Carve, Ranges>, outcome| told_carve(&sent.scope().sources, outcome);
    let records = Records::each("", by_user).native();
    let write = Seen::read(&headers).write(&app, &caller, &body, records);
    Ok(write.run(prepared.map(|carve| (if_seen(&headers, carve, |carve| carve), told))).await)
}

/// End a user's ranges on a contract
///
/// What runs past the day ends on it, what begins behind it goes; otherwise as days that are taken
/// out.
#[utoipa::path(
    post,
    path = "/api/contracts/{ref}/assignments/end",
    tag = "assignments",
    params(
        ("ref" = String, Path, description = "The contract: our id, or `SOURCE:external-id`.", example = "SALESFORCE:SF-CONTRACT-12345"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the user's ranges on the contract: if they are others by now, nothing is done.")
    ),
    request_body = EndBody,
    responses((status = 200, description = "What is left, and what is gone.", body = Carved)),
    extensions(("x-error-codes" = json!(["ZC001", "PRECONDITION_FAILED"])))
)]
async fn end(
    State(app): State<Shared>,
    caller: Caller,
    Path(contract): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let prepared = read_carve(&app, &caller, &contract, &body, |raw, check| {
        let sent = EndBody::read(raw, check)?;
        check.clean()?;
        let user = check.within("user", |check| sent.user?.judge(&caller, check));
        let said = source(sent.source, &caller, check);
        let Some(window) = End::window(sent.on?) else {
            return check.within("on", |check| check.wrong("must be before 9999-12-31"));
        };
        Some((user?, window, said?))
    });
    let told = |sent: &IfMatch<End, Ranges>, outcome| told_carve(&sent.scope().sources, outcome);
    let records = Records::each("", by_user).native();
    let write = Seen::read(&headers).write(&app, &caller, &body, records);
    Ok(write.run(prepared.map(|carve| (if_seen(&headers, carve, End), told))).await)
}
