//! Categories of positions.

use domain::{ExternalId, Name};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{Gone, Wrapped};
use super::operations::operation;
use super::{CreateBody, Metadata, UpdateBody};
use crate::app::Shared;
use crate::categories::{Category, New, Patch};
use crate::faces::wire::Spaced;
use crate::http::body;
use crate::http::field::SourceName;

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

operation! {
    /// Create a category
    create "/v2/integrations/categories", tag "categories",
    codes ["ZC004"], body Create,
    200 "The category." [Wrapped<Answer>]
    |company, category, id| Answer::new(company, category, id)
}

operation! {
    /// Update a category
    ///
    /// COR publishes no more than the title: made like its create.
    update "/v2/integrations/categories/{id}", tag "categories",
    id "The category's external id." "external-category-1",
    codes ["ZC001"], body Change,
    200 "The category." [Wrapped<Answer>]
    |company, category, id| Answer::new(company, category, id)
}

operation! {
    /// Delete a category
    ///
    /// With all its references. Refused while something depends on it.
    delete "/v2/integrations/categories/{id}", tag "categories",
    id "The category's external id." "external-category-1",
    codes ["ZC001", "HAS_DEPENDENCIES"], kind Category,
    200 "It was deleted." [Gone]
    |_, _, _| Gone::entity()
}
