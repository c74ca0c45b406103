//! Categories of positions.

use axum::Json;
use axum::extract::State;
use domain::{ExternalId, Name};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{Gone, Wrapped};
use super::{Bare, CreateBody, Created, Metadata, UpdateBody};
use crate::app::Shared;
use crate::categories::{Category, New, Patch};
use crate::faces::wire::Spaced;
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Path, Problem, body};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
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

body! {
    /// What is left out stays as it is.
    struct Change as "UpdateCategory" = {
        "metadata": {"source": "GLOBANT"}, "name": "Engineering"
    } {
        metadata: required Metadata,
        name: kept Name,
    }
}

impl UpdateBody for Change {
    type Entity = Category;

    fn patch(self) -> Option<(SourceName, Patch)> {
        Some((Metadata::source(self.metadata)?, Patch { name: self.name }))
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

impl Answer {
    fn new(company_id: i64, category: Category, id: String) -> Wrapped<Self> {
        Wrapped::ok(Self {
            name: category.name,
            company_id,
            created_at: Spaced(category.created_at),
            updated_at: Spaced(category.updated_at),
            id,
        })
    }
}

/// Create a category
#[utoipa::path(
    post,
    path = "/v2/integrations/categories",
    tag = "categories",
    request_body = Create,
    responses((status = 200, description = "The category.", body = Wrapped<Answer>)),
    extensions(("x-error-codes" = json!(["ZC004"])))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Wrapped<Answer>, Problem> {
    let Created { entity, external_id, .. } = super::create::<Create>(&app, &caller, &body).await?;
    Ok(Answer::new(caller.company_id, entity, external_id.to_string()))
}

/// Update a category
///
/// COR publishes no more than the title: made like its create.
#[utoipa::path(
    put,
    path = "/v2/integrations/categories/{id}",
    tag = "categories",
    params(("id" = String, Path, description = "The category's external id.", example = "external-category-1")),
    request_body = Change,
    responses((status = 200, description = "The category.", body = Wrapped<Answer>)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn update(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Wrapped<Answer>, Problem> {
    let category = super::update::<Change>(&app, &caller, &id, &body).await?;
    Ok(Answer::new(caller.company_id, category, id))
}

/// Delete a category
///
/// With all its references. Refused while something depends on it.
#[utoipa::path(
    delete,
    path = "/v2/integrations/categories/{id}",
    tag = "categories",
    params(("id" = String, Path, description = "The category's external id.", example = "external-category-1")),
    request_body = Bare,
    responses((status = 200, description = "It was deleted.", body = Gone)),
    extensions(("x-error-codes" = json!(["ZC001", "HAS_DEPENDENCIES"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<Gone>, Problem> {
    super::delete::<Category>(&app, &caller, &id, &body).await.map(Gone::entity)
}
