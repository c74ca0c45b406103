//! Seniorities.

use axum::Json;
use axum::extract::State;
use domain::{ExternalId, Name};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CreateBody, Created, Metadata, Wrapped, wrapped};
use crate::app::Shared;
use crate::faces::wire::Spaced;
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Problem, body};
use crate::seniorities::{New, Seniority};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create))
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

/// Create a seniority
#[utoipa::path(
    post,
    path = "/v2/integrations/seniority",
    tag = "seniority",
    request_body = Create,
    responses((status = 200, description = "The seniority.", body = Wrapped<Answer>))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: Result<JsonBody, Problem>,
) -> Result<Json<Wrapped<Answer>>, Problem> {
    let body = body.map_err(missing_fields)?;
    let created = super::create::<Create>(&app, &caller, &body).await;
    let Created { entity, external_id, .. } = created.map_err(missing_fields)?;
    Ok(wrapped(Answer {
        name: entity.name,
        company_id: caller.company_id,
        created_at: Spaced(entity.created_at),
        updated_at: Spaced(entity.updated_at),
        id: external_id.to_string(),
    }))
}

/// COR publishes its own code for a seniority without its required fields.
fn missing_fields(problem: Problem) -> Problem {
    match problem.name {
        "ValidationError" => problem.coded("ZC001"),
        _ => problem,
    }
}
