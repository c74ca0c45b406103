//! Who works on a project.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Kind, Ref, Source};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{named, read};
use crate::app::Shared;
use crate::faces::wire::Nothing;
use crate::http::{Answer, Caller, FormBody, JsonBody, Path, Problem, Write, body};
use crate::projects::collaborators::{self, Add, Remove};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(remove))
}

/// A user who works on a project.
#[derive(Serialize, ToSchema)]
#[schema(as = MainProjectCollaborator)]
struct Collaborator {
    #[schema(example = 8546)]
    id: i64,
    #[schema(example = "Ana")]
    first_name: String,
    #[schema(example = "Lee")]
    last_name: String,
    picture: Nothing,
    remaining_hours: Nothing,
}

/// What is not there, in COR's words for this page.
fn worded(mut problem: Problem) -> Problem {
    if problem.status == StatusCode::NOT_FOUND {
        problem.status = StatusCode::BAD_REQUEST;
        (problem.name, problem.code) = ("CORCustomError", "PC001");
    }
    problem
}

/// List the collaborators of a project
///
/// By id.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/collaborators",
    tag = "projects",
    params(("project_id" = i64, Path, description = "The project's id.", example = 1)),
    responses((status = 200, description = "Who works on it.", body = Vec<Collaborator>)),
    extensions(("x-error-codes" = json!(["PC001"])))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<Collaborator>>, Problem> {
    let project = named(&id, Kind::Project).map_err(worded)?;
    let found = collaborators::of(&app, caller.reads(), project).await;
    let found = found.map_err(|stop| worded(stop.into()))?;
    let told = |collaborators::Collaborator { id, first_name, last_name }| Collaborator {
        id,
        first_name,
        last_name,
        picture: Nothing,
        remaining_hours: Nothing,
    };
    Ok(Json(found.into_iter().map(told).collect()))
}

body! {
    struct NewCollaborators as "MainNewCollaborators" = {"usersIds": [1]} {
        /// Users.
        "usersIds" users: required Vec<i64>,
    }
}

/// That it was done.
#[derive(Serialize, ToSchema)]
#[schema(as = MainMessage)]
struct Done {
    #[schema(example = "Collaborators added successfully")]
    message: &'static str,
}

/// Add collaborators to a project
///
/// Who is one already stays one, so a request can be sent again. An unknown user refuses the whole
/// request. A project has at most 10,000.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/collaborators",
    tag = "projects",
    params(("project_id" = i64, Path, description = "The project's id.", example = 1)),
    request_body(content(
        (NewCollaborators = "application/json"),
        (NewCollaborators = "application/x-www-form-urlencoded")
    )),
    responses((status = 201, description = "They are on the project.", body = Done)),
    extensions(("x-error-codes" = json!(["PC001"])))
)]
async fn add(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: FormBody<NewCollaborators>,
) -> Result<Response, Problem> {
    let sent = read(&app, &caller, &body, |sent: NewCollaborators, _| sent.users);
    let prepared = sent.and_then(|(scope, users)| {
        let project = named(&id, Kind::Project)?;
        let users = users.into_iter().map(Ref::Internal).collect();
        let told = |_: &Add, ()| {
            Answer::json(StatusCode::CREATED, &Done { message: "Collaborators added successfully" })
        };
        Ok((Add { scope, project, users }, told))
    });
    let write = Write::of(&app, &caller, &body).without_records().refusing(worded);
    Ok(write.run(prepared).await)
}

/// Take a collaborator off a project
///
/// A user who is none is skipped, so a request can be sent again.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project_id}/collaborators/{user_id}",
    tag = "projects",
    params(
        ("project_id" = i64, Path, description = "The project's id.", example = 1),
        ("user_id" = i64, Path, description = "The user's id.", example = 1)
    ),
    responses((status = 204, description = "The user is not on the project.")),
    extensions(("x-error-codes" = json!(["PC001"])))
)]
async fn remove(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, user)): Path<(String, String)>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let prepared = caller.writes(Source::NONE).and_then(|scope| {
        let (project, user) = (named(&project, Kind::Project)?, named(&user, Kind::User)?);
        Ok((Remove { scope, project, user }, |_: &Remove, ()| Answer::none()))
    });
    let write = Write::of(&app, &caller, &body).without_records().refusing(worded);
    Ok(write.run(prepared).await)
}
