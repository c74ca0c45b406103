//! Which shares of a user's time workspaces have: written one by one.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::{Kind, Percentage};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::named::{self, Mode, Reference, Rejected, nothing, source, writes};
use super::{NoQuery, path_reference, unknown_parameter};
use crate::app::Shared;
use crate::faces::wire::Number;
use crate::http::check::Object;
use crate::http::field::SourceName;
use crate::http::inbox::{Blame, Refusals};
use crate::http::language::Language;
use crate::http::log::Counts;
use crate::http::records::Named as Record;
use crate::http::{Answer, Caller, Check, JsonBody, Path, Problem, Records, Wire, Write, body};
use crate::references::Named;
use crate::workspaces::assign::{Assign, Given, Outcome, Rejection};
use crate::workspaces::unassign::{self, Taken, Unassign};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(assign, unassign))
}

body! {
    /// Workspaces that are to have a share of the user's time.
    strict struct Shares as "AssignWorkspaces" = {
        "source": "GLOBANT",
        "workspaces": [{"workspace": "GLOBANT:Workspaces-example-6", "percentage": 50}]
    } {
        /// At least one. Of one that is named twice the last share counts.
        workspaces: required Vec<Share>,
        /// The source that says it; the one of the path if this is missing.
        source: optional SourceName,
        /// `add`, if it is missing. `replace`: these are all that the user is in; others go,
        /// unless one of these is rejected.
        mode: optional Mode,
    }
}

body! {
    /// A share of the user's time.
    strict struct Share as "AssignWorkspace" = {"workspace": "OKTA:w1", "percentage": 12.5} {
        workspace: required Reference,
        percentage: required Percentage,
    }
}

body! {
    /// Workspaces that the user is to be in no more.
    strict struct Left as "UnassignWorkspaces" = {
        "source": "GLOBANT", "workspaces": ["GLOBANT:Workspaces-example-5"]
    } {
        /// At least one.
        workspaces: required Vec<Reference>,
        /// The source that takes them away; the one of the path if this is missing.
        source: optional SourceName,
    }
}

/// What came of shares. `received` is `created`, `updated`, `unchanged` and `rejected` together.
#[derive(Serialize, ToSchema)]
#[schema(as = AssignedWorkspaces)]
struct Assigned {
    /// Our id of the user.
    #[schema(example = 5)]
    user_id: i64,
    received: usize,
    created: usize,
    updated: usize,
    unchanged: usize,
    rejected: usize,
    /// In the order of the request.
    results: Vec<ShareResult>,
    /// With `replace`: what the user was in besides, and is no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    removed: Option<Vec<Removed>>,
}

/// What came of workspaces. `received` is `removed`, `unchanged` and `rejected` together.
#[derive(Serialize, ToSchema)]
#[schema(as = UnassignedWorkspaces)]
struct Unassigned {
    /// Our id of the user.
    #[schema(example = 5)]
    user_id: i64,
    received: usize,
    removed: usize,
    unchanged: usize,
    rejected: usize,
    /// In the order of the request; of what was removed the share that it had.
    results: Vec<ShareResult>,
}

/// What came of one share.
#[derive(Serialize, ToSchema)]
struct ShareResult {
    /// Its place in the request.
    index: usize,
    /// `created`, `updated`, `removed`, `unchanged` (it was so already) or `rejected`.
    #[schema(example = "created")]
    outcome: &'static str,
    /// Unless rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = 7)]
    workspace_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    percentage: Option<Number>,
    /// If rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    error: Option<Rejected>,
}

/// A share that a workspace had.
#[derive(Serialize, ToSchema)]
#[schema(as = RemovedWorkspace)]
struct Removed {
    #[schema(example = 7)]
    workspace_id: i64,
    percentage: Number,
}

/// Why a share was rejected.
fn blame(workspace: &Named, why: Rejection) -> Blame {
    let (code, message) = match why {
        Rejection::Unknown => ("ZC001", nothing(Kind::Workspace, workspace)),
        Rejection::Inactive => ("WORKSPACE_INACTIVE", "The workspace is not active".to_owned()),
    };
    Blame { pointer: "/workspace".to_owned(), code, message: message.into() }
}

fn refused(sent: &Assign, outcome: &Outcome) -> Refusals {
    let each = sent.workspaces.iter().zip(&outcome.results).enumerate();
    let rejected = each.filter_map(|(nth, (workspace, given))| match given {
        Given::Rejected(why) => Some((nth, vec![blame(workspace, *why)])),
        _ => None,
    });
    rejected.collect()
}

fn told(sent: &Assign, outcome: Outcome, language: Language) -> Answer {
    let mut counts = [0; 4];
    let mut result = |(index, (workspace, given)): (usize, (&Named, Given))| {
        let (sort, outcome, share, error) = match given {
            Given::Created(id, share) => (0, "created", Some((id, share)), None),
            Given::Updated(id, share) => (1, "updated", Some((id, share)), None),
            Given::Unchanged(id, share) => (2, "unchanged", Some((id, share)), None),
            Given::Rejected(why) => {
                let place = format!("/workspaces/{index}");
                let error = Rejected::new(&place, blame(workspace, why), language);
                (3, "rejected", None, Some(error))
            }
        };
        counts[sort] += 1;
        let (workspace_id, percentage) =
            share.map(|(id, share)| (id, Number::units(share))).unzip();
        ShareResult { index, outcome, workspace_id, percentage, error }
    };
    let each = sent.workspaces.iter().zip(outcome.results).enumerate();
    let results: Vec<ShareResult> = each.map(&mut result).collect();
    let (received, [created, updated, unchanged, rejected]) = (results.len(), counts);
    let removed = outcome.removed.into_iter();
    let removed = removed
        .map(|(workspace_id, share)| Removed { workspace_id, percentage: Number::units(share) });
    let told = Assigned {
        user_id: outcome.user_id,
        received,
        created,
        updated,
        unchanged,
        rejected,
        results,
        removed: sent.replace.then(|| removed.collect()),
    };
    Answer::from(Json(told)).counting(Counts { received, created, rejected })
}

fn read(app: &Shared, caller: &Caller, user: &str, body: &JsonBody) -> Result<Assign, Problem> {
    let raw = body.object()?;
    let (workspaces, shares, said, replace) = Check::all(app.limits, |check| {
        let sent = Shares::read(raw, check)?;
        check.clean()?;
        let said = source(sent.source, caller, check);
        let items = sent.workspaces?;
        let shares: Option<Vec<Percentage>> = items.iter().map(|one| one.percentage).collect();
        let workspaces = named::all("workspaces", items, check, |one, check| {
            check.within("workspace", |check| one.workspace?.judge(caller, check))
        });
        Some((workspaces?, shares?, said?, sent.mode == Some(Mode::Replace)))
    })?;
    let (path, user) = path_reference(user, caller)?;
    let scope = writes(caller, &path, said, &workspaces)?;
    let user = Named { source: path.source, reference: user };
    Ok(Assign { scope, user, workspaces, shares, replace })
}

fn told_gone(sent: &Unassign, outcome: unassign::Outcome, language: Language) -> Answer {
    let mut counts = [0; 3];
    let mut result = |(index, (workspace, taken)): (usize, (&Named, Taken))| {
        let rejected =
            |blame| Some(Rejected::new(&format!("/workspaces/{index}"), blame, language));
        let (sort, outcome, workspace_id, share, error) = match taken {
            Taken::Removed(id, share) => (0, "removed", Some(id), Some(share), None),
            Taken::Unchanged(id) => (1, "unchanged", Some(id), None, None),
            Taken::Unknown => {
                let message = nothing(Kind::Workspace, workspace).into();
                let blame = Blame { pointer: String::new(), code: "ZC001", message };
                (2, "rejected", None, None, rejected(blame))
            }
            Taken::InTeam(team) => {
                let message = format!("The user is in team {team} of the workspace").into();
                let blame = Blame { pointer: String::new(), code: "HAS_DEPENDENCIES", message };
                (2, "rejected", None, None, rejected(blame))
            }
        };
        counts[sort] += 1;
        let percentage = share.map(Number::units);
        ShareResult { index, outcome, workspace_id, percentage, error }
    };
    let each = sent.workspaces.iter().zip(outcome.results).enumerate();
    let results: Vec<ShareResult> = each.map(&mut result).collect();
    let (user_id, received, [removed, unchanged, rejected]) =
        (outcome.user_id, results.len(), counts);
    Json(Unassigned { user_id, received, removed, unchanged, rejected, results }).into()
}

/// A share is called by its workspace.
fn by_workspace(raw: &RawValue) -> Option<Record> {
    Reference::record(Object::of(raw)?.get("workspace"))
}

/// Give workspaces shares of a user's time
///
/// Each workspace is judged by itself; results stand in the order of the request, and a share that
/// is there already is `unchanged`. `mode: replace` declares all that the user is in; it is
/// refused when the user is in a team of one that would go. A sum over 100 is accepted.
#[utoipa::path(
    post,
    path = "/api/users/{ref}/workspaces",
    tag = "users",
    params(("ref" = String, Path, description = "The user: our id, or `SOURCE:external-id`.", example = "GLOBANT:external-user-id-1")),
    request_body = Shares,
    responses((status = 200, description = "What came of each workspace.", body = Assigned)),
    extensions(("x-error-codes" = json!(["ZC001", "HAS_DEPENDENCIES"])))
)]
async fn assign(
    State(app): State<Shared>,
    caller: Caller,
    Path(user): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let language = Language::accepted(&headers);
    let told = move |sent: &Assign, outcome| told(sent, outcome, language);
    let prepared = read(&app, &caller, &user, &body).map(|assign| (assign, told));
    let records = Records::each("workspaces", by_workspace).native();
    Ok(Write::of(&app, &caller, &body).records(records).run_each(prepared, refused).await)
}

/// Take workspaces from a user
///
/// Each workspace is judged by itself; one that the user is not in is `unchanged`, one of whose teams
/// the user is in is `rejected`.
#[utoipa::path(
    delete,
    path = "/api/users/{ref}/workspaces",
    tag = "users",
    params(("ref" = String, Path, description = "The user: our id, or `SOURCE:external-id`.", example = "GLOBANT:external-user-id-1")),
    request_body = Left,
    responses((status = 200, description = "What came of each workspace.", body = Unassigned)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn unassign(
    State(app): State<Shared>,
    caller: Caller,
    Path(user): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let raw = body.object()?;
    let prepared = Check::all(app.limits, |check| {
        let sent = Left::read(raw, check)?;
        check.clean()?;
        let said = source(sent.source, &caller, check);
        let each = sent.workspaces?;
        let workspaces =
            named::all("workspaces", each, check, |one, check| one.judge(&caller, check));
        Some((workspaces?, said?))
    });
    let prepared = prepared.and_then(|(workspaces, said)| {
        let (path, user) = path_reference(&user, &caller)?;
        let scope = writes(&caller, &path, said, &workspaces)?;
        let user = Named { source: path.source, reference: user };
        Ok(Unassign { scope, user, workspaces })
    });
    let language = Language::accepted(&headers);
    let told = move |sent: &Unassign, outcome| told_gone(sent, outcome, language);
    let write = Write::of(&app, &caller, &body).without_records();
    Ok(write.run(prepared.map(|unassign| (unassign, told))).await)
}
