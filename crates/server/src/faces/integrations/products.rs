//! Products of brands.

use axum::Json;
use domain::{ExternalId, Name, Ref, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Gone;
use super::operations::operation;
use super::{CreateBody, Metadata, UpdateBody};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::body;
use crate::http::field::SourceName;
use crate::products::{New, Patch, Product};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
}

body! {
    struct Create as "CreateProduct" = {
        "metadata": {"source": "MICROSOFT_DYNAMICS"}, "id": "MD-PRODUCT-12345",
        "name": "Running shoes", "client_id": "SF-ACC-67890", "brand_id": "SF-BRAND-12345",
        "description": "The spring collection"
    } {
        metadata: required Metadata,
        id: required ExternalId,
        name: required Name,
        /// The client.
        client_id: required ExternalId,
        /// The brand.
        brand_id: required ExternalId,
        description: optional Text,
    }
}

impl CreateBody for Create {
    type Entity = Product;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let new = New {
            name: self.name?,
            client: Ref::External(self.client_id?),
            brand: Ref::External(self.brand_id?),
            description: self.description,
        };
        Some((Metadata::source(self.metadata)?, (self.id?, new)))
    }
}

body! {
    /// What is left out stays as it is; `null` clears all but the name.
    struct Change as "UpdateProduct" = {
        "metadata": {"source": "MICROSOFT_DYNAMICS"}, "name": "Trail running shoes",
        "description": "The summer collection"
    } {
        metadata: required Metadata,
        name: kept Name,
        description: clearable Text,
    }
}

impl UpdateBody for Change {
    type Entity = Product;

    fn patch(self) -> Option<(SourceName, Patch)> {
        let (name, description) = (self.name, self.description);
        let patch = Patch { name, client: None, brand: None, description };
        Some((Metadata::source(self.metadata)?, patch))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Product)]
struct Answer {
    #[schema(example = 4001)]
    id: i64,
    #[schema(example = "Running shoes")]
    name: String,
    #[schema(example = 25855)]
    client_id: i64,
    #[schema(example = 3001)]
    brand_id: i64,
    /// Only an update answers with it, as published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "The spring collection")]
    description: Option<Option<String>>,
    #[schema(example = 1234)]
    company_id: i64,
    /// Always `null`: systems create, not users.
    #[schema(required)]
    user_id: Option<i64>,
    created_at: Iso,
    updated_at: Iso,
}

impl Answer {
    fn created(company_id: i64, product: Product) -> Self {
        Self {
            id: product.id,
            name: product.name,
            client_id: product.client_id,
            brand_id: product.brand_id,
            description: None,
            company_id,
            user_id: None,
            created_at: Iso(product.created_at),
            updated_at: Iso(product.updated_at),
        }
    }

    fn updated(company_id: i64, mut product: Product) -> Self {
        let description = Some(product.description.take());
        Self { description, ..Self::created(company_id, product) }
    }
}

operation! {
    /// Create a product
    create "/v2/integrations/products", tag "products",
    codes ["ZC001", "ZC004"], body Create,
    200 "The product." [Answer]
    |company, product, _| Json(Answer::created(company, product))
}

operation! {
    /// Update a product
    update "/v2/integrations/products/{id}", tag "products",
    id "The product's external id." "MD-PRODUCT-12345",
    codes ["ZC001"], body Change,
    200 "The product." [Answer]
    |company, product, _| Json(Answer::updated(company, product))
}

operation! {
    /// Delete a product
    ///
    /// With all its references; it stays as history. Refused while something depends on it.
    delete "/v2/integrations/products/{id}", tag "products",
    id "The product's external id." "MD-PRODUCT-12345",
    codes ["ZC001", "HAS_DEPENDENCIES"], kind Product,
    200 "It was deleted." [Gone]
    |_, _, _| Gone::entity()
}
