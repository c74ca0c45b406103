//! Brands of clients.

use axum::Json;
use domain::{ExternalId, Name, Ref};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Deleted;
use super::operations::operation;
use super::{CreateBody, Metadata, UpdateBody};
use crate::app::Shared;
use crate::brands::{Brand, New, Patch};
use crate::faces::wire::Iso;
use crate::http::body;
use crate::http::field::SourceName;

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
        Some((Metadata::source(self.metadata)?, Patch { name: self.name, client: None }))
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

operation! {
    /// Create a brand
    create "/v2/integrations/brands", tag "brands",
    codes ["ZC001", "ZC004"], body Create,
    200 "The brand." [Answer]
    |company, brand, _| Answer::new(company, brand)
}

operation! {
    /// Update a brand
    update "/v2/integrations/brands/{id}", tag "brands",
    id "The brand's external id." "SF-BRAND-12345",
    codes ["ZC001"], body Change,
    200 "The brand." [Answer]
    |company, brand, _| Answer::new(company, brand)
}

operation! {
    /// Delete a brand
    ///
    /// With all its references. Refused while something depends on it.
    delete "/v2/integrations/brands/{id}", tag "brands",
    id "The brand's external id." "SF-BRAND-12345",
    codes ["ZC001", "HAS_DEPENDENCIES"], kind Brand,
    200 "What was deleted." [Deleted]
    |_, cor_id, id| Deleted::new("Brand deleted successfully", id, cor_id)
}
