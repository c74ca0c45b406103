//! Positions of users. COR's path says `user-position`.

use axum::Json;
use axum::extract::State;
use domain::{Amount, ExternalId, Name, Ref, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CreateBody, Created, Metadata, Wrapped, wrapped};
use crate::app::Shared;
use crate::faces::wire::{Number, Spaced};
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Problem, body};
use crate::positions::{New, Position};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create))
}

body! {
    struct Create as "CreatePosition" = {
        "metadata": {"source": "OKTA"}, "id": "external-user-position-1",
        "name": "Software Developer", "category_id": "external-category-1", "rate": 1,
        "seniority": "Sr."
    } {
        metadata: required Metadata,
        id: required ExternalId,
        name: required Name,
        /// The category.
        category_id: optional ExternalId,
        /// The price of an hour.
        rate: optional Amount,
        /// Free text: `Jr.`, `Sr.`, `Lead`.
        seniority: optional Text,
    }
}

impl CreateBody for Create {
    type Entity = Position;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let new = New {
            name: self.name?,
            category: self.category_id.map(Ref::External),
            rate: self.rate,
            seniority: self.seniority,
        };
        Some((Metadata::source(self.metadata)?, (self.id?, new)))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Position)]
struct Answer {
    #[schema(example = "Software Developer")]
    name: String,
    #[schema(required)]
    rate: Option<Number>,
    #[schema(required, example = "Sr.")]
    seniority: Option<String>,
    #[schema(example = 2336)]
    company_id: i64,
    created_at: Spaced,
    updated_at: Spaced,
    /// The external id.
    #[schema(example = "external-user-position-1")]
    id: String,
    /// The category's external id.
    #[schema(required, example = "external-category-1")]
    category_id: Option<String>,
}

/// Create a position
#[utoipa::path(
    post,
    path = "/v2/integrations/user-position",
    tag = "positions",
    request_body = Create,
    responses((status = 200, description = "The position.", body = Wrapped<Answer>))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Json<Wrapped<Answer>>, Problem> {
    let Created { entity, external_id, new } =
        super::create::<Create>(&app, &caller, &body).await?;
    let category_id = match &new.category {
        Some(Ref::External(id)) => Some(id.to_string()),
        _ => None,
    };
    Ok(wrapped(Answer {
        name: entity.name,
        rate: entity.rate.map(Number::units),
        seniority: entity.seniority,
        company_id: caller.company_id,
        created_at: Spaced(entity.created_at),
        updated_at: Spaced(entity.updated_at),
        id: external_id.to_string(),
        category_id,
    }))
}
