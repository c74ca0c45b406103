//! Brands of clients.

use axum::Json;
use axum::extract::State;
use domain::{ExternalId, Name, Ref};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Deleted;
use super::{Bare, CreateBody, Created, Metadata, UpdateBody};
use crate::app::Shared;
use crate::brands::{Brand, New, Patch};
use crate::faces::wire::Iso;
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Path, Problem, body};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
}

body! {
    struct Create as "CreateBrand" = {
        "metadata": {"source": "SALESFORCE"}, "id": "SF-BRAND-12345", "name": "Acme Sports",
        "client_id": "SF-ACC-67890"
    } {
        metadata: required Metadata,
        id: required ExternalId,
        name: required Name,
        /// The client.
        client_id: required ExternalId,
    }
}

impl CreateBody for Create {
    type Entity = Brand;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let new = New { name: self.name?, client: Ref::External(self.client_id?) };
        Some((Metadata::source(self.metadata)?, (self.id?, new)))
    }
}

body! {
    /// What is left out stays as it is.
    struct Change as "UpdateBrand" = {"metadata": {"source": "SALESFORCE"}, "name": "Acme Games"} {
        metadata: required Metadata,
        name: kept Name,
    }
}

impl UpdateBody for Change {
    type Entity = Brand;

    fn patch(self) -> Option<(SourceName, Patch)> {
        Some((Metadata::source(self.metadata)?, Patch { name: self.name }))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Brand)]
struct Answer {
    #[schema(example = 3001)]
    id: i64,
    #[schema(example = "Acme Sports")]
    name: String,
    #[schema(example = 25855)]
    client_id: i64,
    #[schema(example = 1234)]
    company_id: i64,
    /// Always `null`: systems create, not users.
    #[schema(required)]
    user_id: Option<i64>,
    created_at: Iso,
    updated_at: Iso,
}

impl Answer {
    fn new(company_id: i64, brand: Brand) -> Json<Self> {
        Json(Self {
            id: brand.id,
            name: brand.name,
            client_id: brand.client_id,
            company_id,
            user_id: None,
            created_at: Iso(brand.created_at),
            updated_at: Iso(brand.updated_at),
        })
    }
}

/// Create a brand
#[utoipa::path(
    post,
    path = "/v2/integrations/brands",
    tag = "brands",
    request_body = Create,
    responses((status = 200, description = "The brand.", body = Answer)),
    extensions(("x-error-codes" = json!(["ZC001", "ZC004"])))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let Created { entity, .. } = super::create::<Create>(&app, &caller, &body).await?;
    Ok(Answer::new(caller.company_id, entity))
}

/// Update a brand
#[utoipa::path(
    put,
    path = "/v2/integrations/brands/{id}",
    tag = "brands",
    params(("id" = String, Path, description = "The brand's external id.", example = "SF-BRAND-12345")),
    request_body = Change,
    responses((status = 200, description = "The brand.", body = Answer)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn update(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let brand = super::update::<Change>(&app, &caller, &id, &body).await?;
    Ok(Answer::new(caller.company_id, brand))
}

/// Delete a brand
///
/// With all its references. Refused while something depends on it.
#[utoipa::path(
    delete,
    path = "/v2/integrations/brands/{id}",
    tag = "brands",
    params(("id" = String, Path, description = "The brand's external id.", example = "SF-BRAND-12345")),
    request_body = Bare,
    responses((status = 200, description = "What was deleted.", body = Deleted)),
    extensions(("x-error-codes" = json!(["ZC001", "HAS_DEPENDENCIES"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<Deleted>, Problem> {
    let cor_id = super::delete::<Brand>(&app, &caller, &id, &body).await?;
    Ok(Deleted::new("Brand deleted successfully", id, cor_id))
}
