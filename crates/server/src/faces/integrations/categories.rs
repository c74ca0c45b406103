//! Categories of positions.

use axum::Json;
use axum::extract::State;
use domain::{ExternalId, Name};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CreateBody, Created, Metadata, Wrapped, wrapped};
use crate::app::Shared;
use crate::categories::{Category, New};
use crate::faces::wire::Spaced;
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Problem, body};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create))
}

body! {
    struct Create as "CreateCategory" = {
        "metadata": {"source": "GLOBANT"}, "id": "external-category-1", "name": "Engineering"
    } {
        metadata: required Metadata,
        id: required ExternalId,
        name: required Name,
    }
}

impl CreateBody for Create {
    type Entity = Category;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        Some((Metadata::source(self.metadata)?, (self.id?, New { name: self.name? })))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Category)]
struct Answer {
    #[schema(example = "Engineering")]
    name: String,
    #[schema(example = 2336)]
    company_id: i64,
    created_at: Spaced,
    updated_at: Spaced,
    /// The external id.
    #[schema(example = "external-category-1")]
    id: String,
}

/// Create a category
#[utoipa::path(
    post,
    path = "/v2/integrations/categories",
    tag = "categories",
    request_body = Create,
    responses((status = 200, description = "The category.", body = Wrapped<Answer>))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Json<Wrapped<Answer>>, Problem> {
    let Created { entity, external_id, .. } = super::create::<Create>(&app, &caller, &body).await?;
    Ok(wrapped(Answer {
        name: entity.name,
        company_id: caller.company_id,
        created_at: Spaced(entity.created_at),
        updated_at: Spaced(entity.updated_at),
        id: external_id.to_string(),
    }))
}
