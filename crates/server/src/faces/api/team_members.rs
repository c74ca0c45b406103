//! Who is in a team: written user by user.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::{Kind, Ref};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::named::{self, Mode, Reference, Rejected, nothing, source, writes};
use super::{NoQuery, path_reference, unknown_parameter};
use crate::app::Shared;
use crate::http::field::SourceName;
use crate::http::inbox::{Blame, Refusals};
use crate::http::language::Language;
use crate::http::log::Counts;
use crate::http::records::Named as Record;
use crate::http::{Answer, Caller, Check, JsonBody, Path, Problem, Records, Wire, Write, body};
use crate::references::Named;
use crate::scope::Scope;
use crate::teams::assign::{Assign, Given, Outcome, Rejection, Unassign};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(assign, unassign))
}

body! {
    /// Users that are to be in the team.
    strict struct Members as "AssignTeamUsers" = {
        "source": "GLOBANT", "users": ["GLOBANT:external-user-id-1"]
    } {
        /// At least one.
        users: required Vec<Reference>,
        /// The source that puts them there; the one of the path if this is missing.
        source: optional SourceName,
        /// `add`, if it is missing. `replace`: these are all that are in the team; others go,
        /// unless one of these is rejected.
        mode: optional Mode,
    }
}

body! {
    /// Users that are to be in the team no more.
    strict struct Leavers as "UnassignTeamUsers" = {
        "source": "GLOBANT", "users": ["GLOBANT:external-user-id-1"]
    } {
        /// At least one.
        users: required Vec<Reference>,
        /// The source that takes them out; the one of the path if this is missing.
        source: optional SourceName,
    }
}

/// What came of users. `received` is `created`, `removed`, `unchanged` and `rejected` together.
#[derive(Serialize, ToSchema)]
#[schema(as = AssignedTeamUsers)]
struct Assigned {
    /// Our id of the team.
    #[schema(example = 4241)]
    team_id: i64,
    received: usize,
    created: usize,
    unchanged: usize,
    rejected: usize,
    /// In the order of the request.
    results: Vec<UserResult>,
    /// With `replace`: who was in the team besides, and is no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    removed: Option<Vec<Member>>,
}

/// What came of users. `received` is `removed`, `unchanged` and `rejected` together.
#[derive(Serialize, ToSchema)]
#[schema(as = UnassignedTeamUsers)]
struct Unassigned {
    /// Our id of the team.
    #[schema(example = 4241)]
    team_id: i64,
    received: usize,
    removed: usize,
    unchanged: usize,
    rejected: usize,
    /// In the order of the request.
    results: Vec<UserResult>,
}

/// What came of one user.
#[derive(Serialize, ToSchema)]
#[schema(as = TeamUserResult)]
struct UserResult {
    /// Its place in the request.
    index: usize,
    /// `created`, `removed`, `unchanged` (it was so already) or `rejected`.
    #[schema(example = "created")]
    outcome: &'static str,
    /// The relation's id, where there is or was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = 178148)]
    id: Option<i64>,
    /// Unless rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = 5)]
    user_id: Option<i64>,
    /// If rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    error: Option<Rejected>,
}

/// A user that was in the team.
#[derive(Serialize, ToSchema)]
#[schema(as = RemovedTeamUser)]
struct Member {
    /// The relation's id.
    #[schema(example = 178148)]
    id: i64,
    #[schema(example = 5)]
    user_id: i64,
}

/// Why a user was rejected.
fn blame(user: &Named, why: Rejection) -> Blame {
    let (code, message) = match (why, &user.reference) {
        (Rejection::Unknown, Ref::External(_)) => ("CE001", nothing(Kind::User, user)),
        (Rejection::Unknown, Ref::Internal(_)) => ("USER_UNKNOWN", nothing(Kind::User, user)),
        (Rejection::Team(why), _) => (why.code(), why.to_string()),
    };
    Blame { pointer: String::new(), code, message: message.into() }
}

fn refused(sent: &Assign, outcome: &Outcome) -> Refusals {
    let each = sent.users.iter().zip(&outcome.results).enumerate();
    let rejected = each.filter_map(|(nth, (user, given))| match given {
        Given::Rejected(why) => Some((nth, vec![blame(user, *why)])),
        _ => None,
    });
    rejected.collect()
}

/// Results and how many there are of each sort: changed, unchanged, rejected.
fn results(
    users: &[Named],
    given: Vec<Given>,
    changed: &'static str,
    language: Language,
) -> (Vec<UserResult>, [usize; 3]) {
    let mut counts = [0; 3];
    let mut result = |(index, (user, given)): (usize, (&Named, Given))| {
        let (sort, outcome, id, user_id, error) = match given {
            Given::Changed(one) => (0, changed, Some(one.id), Some(one.user_id), None),
            Given::Unchanged { id, user_id } => (1, "unchanged", id, Some(user_id), None),
            Given::Rejected(why) => {
                let error = Rejected::new(&format!("/users/{index}"), blame(user, why), language);
                (2, "rejected", None, None, Some(error))
            }
        };
        counts[sort] += 1;
        UserResult { index, outcome, id, user_id, error }
    };
    let results = users.iter().zip(given).enumerate().map(&mut result).collect();
    (results, counts)
}

fn told(sent: &Assign, outcome: Outcome, language: Language) -> Answer {
    let (results, counts) = results(&sent.users, outcome.results, "created", language);
    let (received, [created, unchanged, rejected]) = (results.len(), counts);
    let removed = outcome.removed.into_iter();
    let removed = removed.map(|one| Member { id: one.id, user_id: one.user_id }).collect();
    let told = Assigned {
        team_id: outcome.team_id,
        received,
        created,
        unchanged,
        rejected,
        results,
        removed: sent.replace.then_some(removed),
    };
    Answer::from(Json(told)).counting(Counts { received, created, rejected })
}

fn told_gone(sent: &Unassign, outcome: Outcome, language: Language) -> Answer {
    let (results, counts) = results(&sent.users, outcome.results, "removed", language);
    let (received, [removed, unchanged, rejected]) = (results.len(), counts);
    let team_id = outcome.team_id;
    Json(Unassigned { team_id, received, removed, unchanged, rejected, results }).into()
}

/// The team of the path, the users, and under which source they are written.
fn judge(
    caller: &Caller,
    team: &str,
    users: Vec<Named>,
    said: Option<domain::Source>,
) -> Result<(Scope, Named, Vec<Named>), Problem> {
    let (path, team) = path_reference(team, caller)?;
    let scope = writes(caller, &path, said, &users)?;
    Ok((scope, Named { source: path.source, reference: team }, users))
}

/// A user is called by its reference.
fn by_reference(raw: &RawValue) -> Option<Record> {
    Reference::record(Some(raw))
}

/// Put users into a team
///
/// Each user is judged by itself; results stand in the order of the request, and who is in the
/// team already is `unchanged`. `mode: replace` declares all that are in it.
#[utoipa::path(
    post,
    path = "/api/teams/{ref}/users",
    tag = "teams",
    params(("ref" = String, Path, description = "The team: our id, or `SOURCE:external-id`.", example = "GLOBANT:external-team-1")),
    request_body = Members,
    responses((status = 200, description = "What came of each user.", body = Assigned)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn assign(
    State(app): State<Shared>,
    caller: Caller,
    Path(team): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let raw = body.object()?;
    let prepared = Check::all(app.limits, |check| {
        let sent = Members::read(raw, check)?;
        check.clean()?;
        let said = source(sent.source, &caller, check);
        let users = named::all("users", sent.users?, check, |one, check| one.judge(&caller, check));
        Some((users?, said?, sent.mode == Some(Mode::Replace)))
    });
    let prepared = prepared.and_then(|(users, said, replace)| {
        let (scope, team, users) = judge(&caller, &team, users, said)?;
        Ok(Assign { scope, team, users, replace })
    });
    let language = Language::accepted(&headers);
    let told = move |sent: &Assign, outcome| told(sent, outcome, language);
    let records = Records::each("users", by_reference).native();
    let write = Write::of(&app, &caller, &body).records(records);
    Ok(write.run_each(prepared.map(|assign| (assign, told)), refused).await)
}

/// Take users out of a team
///
/// Each user is judged by itself; who is not in the team is `unchanged`.
#[utoipa::path(
    delete,
    path = "/api/teams/{ref}/users",
    tag = "teams",
    params(("ref" = String, Path, description = "The team: our id, or `SOURCE:external-id`.", example = "GLOBANT:external-team-1")),
    request_body = Leavers,
    responses((status = 200, description = "What came of each user.", body = Unassigned)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn unassign(
    State(app): State<Shared>,
    caller: Caller,
    Path(team): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let raw = body.object()?;
    let prepared = Check::all(app.limits, |check| {
        let sent = Leavers::read(raw, check)?;
        check.clean()?;
        let said = source(sent.source, &caller, check);
        let users = named::all("users", sent.users?, check, |one, check| one.judge(&caller, check));
        Some((users?, said?))
    });
    let prepared = prepared.and_then(|(users, said)| {
        let (scope, team, users) = judge(&caller, &team, users, said)?;
        Ok(Unassign { scope, team, users })
    });
    let language = Language::accepted(&headers);
    let told = move |sent: &Unassign, outcome| told_gone(sent, outcome, language);
    let write = Write::of(&app, &caller, &body).without_records();
    Ok(write.run(prepared.map(|unassign| (unassign, told))).await)
}
