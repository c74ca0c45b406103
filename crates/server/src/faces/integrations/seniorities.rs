//! Seniorities.

use axum::extract::State;
use axum::response::Response;
use domain::{ExternalId, Name};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{Gone, Wrapped};
use super::{Bare, CreateBody, Metadata, UpdateBody};
use crate::app::Shared;
use crate::faces::wire::Spaced;
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Path, Problem, body};
use crate::seniorities::{New, Patch, Seniority};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
}

body! {
    struct Create as "CreateSeniority" = {
        "metadata": {"source": "OKTA"}, "id": "external_seniority_id_10", "name": "Ssr."
    } {
        metadata: required Metadata,
        id: required ExternalId,
        name: required Name,
    }
}

impl CreateBody for Create {
    type Entity = Seniority;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        Some((Metadata::source(self.metadata)?, (self.id?, New { name: self.name? })))
    }
}

body! {
    /// What is left out stays as it is.
    struct Change as "UpdateSeniority" = {"metadata": {"source": "OKTA"}, "name": "Jr"} {
        metadata: required Metadata,
        name: kept Name,
    }
}

impl UpdateBody for Change {
    type Entity = Seniority;

    fn patch(self) -> Option<(SourceName, Patch)> {
        Some((Metadata::source(self.metadata)?, Patch { name: self.name }))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Seniority)]
struct Answer {
    #[schema(example = "Ssr.")]
    name: String,
    #[schema(example = 2336)]
    company_id: i64,
    created_at: Spaced,
    updated_at: Spaced,
    /// The external id.
    #[schema(example = "external_seniority_id_10")]
    id: String,
}

/// A seniority that was updated. It has no id, as published.
#[derive(Serialize, ToSchema)]
#[schema(as = UpdatedSeniority)]
struct Updated {
    #[schema(example = "Jr")]
    name: String,
    #[schema(example = 2336)]
    company_id: i64,
    created_at: Spaced,
    updated_at: Spaced,
    /// Always `null`.
    #[schema(required)]
    deleted_at: Option<Spaced>,
    #[serde(rename = "__meta__")]
    meta: OldRate,
}

/// Always `{"oldRate": 0}`.
#[derive(Serialize, ToSchema)]
struct OldRate {
    #[serde(rename = "oldRate")]
    #[schema(example = 0)]
    old_rate: i64,
}

/// Create a seniority
#[utoipa::path(
    post,
    path = "/v2/integrations/seniority",
    tag = "seniority",
    request_body = Create,
    responses((status = 200, description = "The seniority.", body = Wrapped<Answer>)),
    extensions(("x-error-codes" = json!(["ZC001 for VALIDATION", "ZC004"])))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: Result<JsonBody, Problem>,
) -> Result<Response, Problem> {
    let body = body.map_err(missing_fields)?;
    super::create::<Create>(&app, &caller, &body, missing_fields, |company_id, entity, id| {
        let seniority = Answer {
            name: entity.name,
            company_id,
            created_at: Spaced(entity.created_at),
            updated_at: Spaced(entity.updated_at),
            id,
        };
        Wrapped::ok(seniority).into()
    })
    .await
}

/// Update a seniority
#[utoipa::path(
    put,
    path = "/v2/integrations/seniority/{id}",
    tag = "seniority",
    params(("id" = String, Path, description = "The seniority's external id.", example = "external_seniority_id_10")),
    request_body = Change,
    responses((status = 200, description = "The seniority.", body = Wrapped<Updated>)),
    extensions(("x-error-codes" = json!(["ZC001 for VALIDATION", "ZC001"])))
)]
async fn update(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: Result<JsonBody, Problem>,
) -> Result<Response, Problem> {
    let body = body.map_err(missing_fields)?;
    super::update::<Change>(&app, &caller, id, &body, missing_fields, |company_id, entity, _| {
        let seniority = Updated {
            name: entity.name,
            company_id,
            created_at: Spaced(entity.created_at),
            updated_at: Spaced(entity.updated_at),
            deleted_at: None,
            meta: OldRate { old_rate: 0 },
        };
        Wrapped::ok(seniority).into()
    })
    .await
}

/// Delete a seniority
///
/// With all its references. Refused while something depends on it. COR publishes no more than
/// the title: made like the delete of a category.
#[utoipa::path(
    delete,
    path = "/v2/integrations/seniority/{id}",
    tag = "seniority",
    params(("id" = String, Path, description = "The seniority's external id.", example = "external_seniority_id_10")),
    request_body = Bare,
    responses((status = 200, description = "It was deleted.", body = Gone)),
    extensions(("x-error-codes" = json!(["ZC001 for VALIDATION", "ZC001", "HAS_DEPENDENCIES"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: Result<JsonBody, Problem>,
) -> Result<Response, Problem> {
    let body = body.map_err(missing_fields)?;
    super::delete::<Seniority>(&app, &caller, id, &body, missing_fields, |_, _, _| {
        Gone::entity().into()
    })
    .await
}

/// COR publishes its own code for a seniority without its required fields.
fn missing_fields(problem: Problem) -> Problem {
    match problem.name {
        "ValidationError" => problem.coded("ZC001"),
        _ => problem,
    }
}
