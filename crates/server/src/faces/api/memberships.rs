//! Who is in a team or a workspace, and what workspaces a user is in.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cloud_events::ExternalIdOf;
use super::csv::{self, Cell, Record, exact};
use super::list::{self, LimitQuery, Page, page};
use super::{path_reference, unknown_parameter};
use crate::app::Shared;
use crate::faces::wire::{Iso, Number};
use crate::http::{Caller, Path, Problem};
use crate::memberships::{self, List, Membership};
use crate::store::Tx;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(team_users))
        .routes(routes!(workspace_users))
        .routes(routes!(user_workspaces))
}

/// A user in a team.
#[derive(Serialize, ToSchema)]
struct TeamMember {
    /// The relation's id.
    #[schema(example = 1)]
    id: i64,
    #[schema(example = 5)]
    user_id: i64,
    /// What sources call the user, of those that the key may use.
    external_ids: Vec<ExternalIdOf>,
    created_at: Iso,
    updated_at: Iso,
}

/// A user in a workspace.
#[derive(Serialize, ToSchema)]
struct WorkspaceMember {
    #[schema(example = 5)]
    user_id: i64,
    /// What sources call the user, of those that the key may use.
    external_ids: Vec<ExternalIdOf>,
    /// Of the user's time.
    percentage: Number,
    created_at: Iso,
    updated_at: Iso,
}

/// A workspace that a user is in.
#[derive(Serialize, ToSchema)]
struct WorkspaceOfUser {
    #[schema(example = 7)]
    workspace_id: i64,
    /// What sources call the workspace, of those that the key may use.
    external_ids: Vec<ExternalIdOf>,
    /// Of the user's time.
    percentage: Number,
    created_at: Iso,
    updated_at: Iso,
}

fn external_ids(membership: &Membership) -> Vec<ExternalIdOf> {
    membership.references.iter().cloned().map(ExternalIdOf::from).collect()
}

fn team_member(told: &Membership) -> TeamMember {
    let stored = &told.stored;
    TeamMember {
        id: stored.id,
        user_id: stored.other,
        external_ids: external_ids(told),
        created_at: Iso(stored.created_at),
        updated_at: Iso(stored.updated_at),
    }
}

fn workspace_member(told: &Membership) -> WorkspaceMember {
    let stored = &told.stored;
    WorkspaceMember {
        user_id: stored.other,
        external_ids: external_ids(told),
        percentage: Number::units(stored.share),
        created_at: Iso(stored.created_at),
        updated_at: Iso(stored.updated_at),
    }
}

fn workspace_of_user(told: &Membership) -> WorkspaceOfUser {
    let stored = &told.stored;
    WorkspaceOfUser {
        workspace_id: stored.other,
        external_ids: external_ids(told),
        percentage: Number::units(stored.share),
        created_at: Iso(stored.created_at),
        updated_at: Iso(stored.updated_at),
    }
}

async fn answer<T: Serialize + Record>(
    (app, caller, headers): (&Shared, &Caller, &HeaderMap),
    text: &str,
    query: Result<Query<LimitQuery>, QueryRejection>,
    (list, columns): (List, &[&str]),
    told: fn(&Membership) -> T,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let of = (app.clone(), path_reference(text, caller)?);
    let read = move |after: Option<i64>, limit| {
        let (app, (scope, of)) = of.clone();
        async move {
            let read = app.store.read("memberships.list", async move |tx: &mut Tx| {
                // One more than the page tells whether there is another.
                memberships::page(tx, &scope, list, &of, after.unwrap_or(0), limit + 1).await
            });
            let (rows, next) = page(read.await?, limit, |last| Some(last.stored.other));
            Ok((rows.iter().map(told).collect(), next))
        }
    };
    let page = (query.limit.as_ref(), query.cursor.as_ref());
    list::answer((app, caller, headers), columns, page, read).await
}

impl Record for TeamMember {
    fn lines(&self) -> Vec<Vec<Cell>> {
        let Self { id, user_id, external_ids, created_at, updated_at } = self;
        let external_ids = csv::external_ids(external_ids);
        vec![vec![exact(id), exact(user_id), external_ids, exact(created_at), exact(updated_at)]]
    }
}

impl Record for WorkspaceMember {
    fn lines(&self) -> Vec<Vec<Cell>> {
        let Self { user_id, external_ids, percentage, created_at, updated_at } = self;
        let external_ids = csv::external_ids(external_ids);
        vec![vec![
            exact(user_id),
            external_ids,
            exact(percentage),
            exact(created_at),
            exact(updated_at),
        ]]
    }
}

impl Record for WorkspaceOfUser {
    fn lines(&self) -> Vec<Vec<Cell>> {
        let Self { workspace_id, external_ids, percentage, created_at, updated_at } = self;
        let external_ids = csv::external_ids(external_ids);
        let (created_at, updated_at) = (exact(created_at), exact(updated_at));
        vec![vec![exact(workspace_id), external_ids, exact(percentage), created_at, updated_at]]
    }
}

const TEAM: [&str; 5] = ["id", "user_id", "external_ids", "created_at", "updated_at"];
const WORKSPACE: [&str; 5] = ["user_id", "external_ids", "percentage", "created_at", "updated_at"];
const USER: [&str; 5] = ["workspace_id", "external_ids", "percentage", "created_at", "updated_at"];

/// Read who is in a team
///
/// By the users' ids. With `Accept: text/csv` the whole list, read a page at a time: what changes meanwhile is told as
/// it was or as it is.
#[utoipa::path(
    get,
    path = "/api/teams/{ref}/users",
    tag = "teams",
    params(
        ("ref" = String, Path, description = "The team: our id, or `SOURCE:external-id`.", example = "1"),
        LimitQuery
    ),
    responses((status = 200, description = "A page; as CSV the whole list.", content(
        (Page<TeamMember> = "application/json"), (String = "text/csv")
    ))),
    extensions(("x-error-codes" = json!(["ZC001", "FORBIDDEN"])))
)]
async fn team_users(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Path(text): Path<String>,
    query: Result<Query<LimitQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    answer((&app, &caller, &headers), &text, query, (List::TeamUsers, &TEAM), team_member).await
}

/// Read who is in a workspace
///
/// By the users' ids. With `Accept: text/csv` the whole list, read a page at a time: what changes meanwhile is told as
/// it was or as it is.
#[utoipa::path(
    get,
    path = "/api/workspaces/{ref}/users",
    tag = "workspaces",
    params(
        ("ref" = String, Path, description = "The workspace: our id, or `SOURCE:external-id`.", example = "1"),
        LimitQuery
    ),
    responses((status = 200, description = "A page; as CSV the whole list.", content(
        (Page<WorkspaceMember> = "application/json"), (String = "text/csv")
    ))),
    extensions(("x-error-codes" = json!(["ZC001", "FORBIDDEN"])))
)]
async fn workspace_users(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Path(text): Path<String>,
    query: Result<Query<LimitQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    answer(
        (&app, &caller, &headers),
        &text,
        query,
        (List::WorkspaceUsers, &WORKSPACE),
        workspace_member,
    )
    .await
}

/// Read what workspaces a user is in
///
/// By the workspaces' ids. With `Accept: text/csv` the whole list, read a page at a time: what changes meanwhile is told as
/// it was or as it is.
#[utoipa::path(
    get,
    path = "/api/users/{ref}/workspaces",
    tag = "users",
    params(
        ("ref" = String, Path, description = "The user: our id, or `SOURCE:external-id`.", example = "1"),
        LimitQuery
    ),
    responses((status = 200, description = "A page; as CSV the whole list.", content(
        (Page<WorkspaceOfUser> = "application/json"), (String = "text/csv")
    ))),
    extensions(("x-error-codes" = json!(["ZC001", "FORBIDDEN"])))
)]
async fn user_workspaces(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Path(text): Path<String>,
    query: Result<Query<LimitQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    answer(
        (&app, &caller, &headers),
        &text,
        query,
        (List::UserWorkspaces, &USER),
        workspace_of_user,
    )
    .await
}
