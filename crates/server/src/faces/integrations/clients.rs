//! Clients.

use axum::Json;
use axum::extract::State;
use domain::{ExternalId, Name, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CreateBody, Created, Metadata};
use crate::app::Shared;
use crate::clients::{Client, New};
use crate::faces::wire::Iso;
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Problem, body};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create))
}

body! {
    struct Create as "CreateClient" = {
        "metadata": {"source": "SALESFORCE"}, "id": "SF-ACC-67890", "name": "Acme Corporation",
        "business_name": "Acme Corporation LLC", "email_contact": "contact@acme.com",
        "name_contact": "Jane", "last_name_contact": "Smith", "phone": "+1 555-0100",
        "website": "https://acme.com", "description": "A client since 2020"
    } {
        metadata: required Metadata,
        id: required ExternalId,
        name: required Name,
        business_name: optional Text,
        email_contact: optional Text,
        name_contact: optional Text,
        last_name_contact: optional Text,
        phone: optional Text,
        website: optional Text,
        description: optional Text,
    }
}

impl CreateBody for Create {
    type Entity = Client;

    fn fields(self) -> Option<(SourceName, (ExternalId, New))> {
        let new = New {
            name: self.name?,
            business_name: self.business_name,
            email_contact: self.email_contact,
            name_contact: self.name_contact,
            last_name_contact: self.last_name_contact,
            phone: self.phone,
            website: self.website,
            description: self.description,
        };
        Some((Metadata::source(self.metadata)?, (self.id?, new)))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Client)]
struct Answer {
    #[schema(example = 25855)]
    id: i64,
    #[schema(example = "Acme Corporation")]
    name: String,
    #[schema(required, example = "Acme Corporation LLC")]
    business_name: Option<String>,
    #[schema(required, example = "contact@acme.com")]
    email_contact: Option<String>,
    #[schema(required, example = "Jane")]
    name_contact: Option<String>,
    #[schema(required, example = "Smith")]
    last_name_contact: Option<String>,
    #[schema(required, example = "+1 555-0100")]
    phone: Option<String>,
    #[schema(required, example = "https://acme.com")]
    website: Option<String>,
    #[schema(required, example = "A client since 2020")]
    description: Option<String>,
    #[schema(example = 1234)]
    company_id: i64,
    created_at: Iso,
    updated_at: Iso,
}

/// Create a client
#[utoipa::path(
    post,
    path = "/v2/integrations/clients",
    tag = "clients",
    request_body = Create,
    responses((status = 200, description = "The client.", body = Answer))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let Created { entity: client, .. } = super::create::<Create>(&app, &caller, &body).await?;
    Ok(Json(Answer {
        id: client.id,
        name: client.name,
        business_name: client.business_name,
        email_contact: client.email_contact,
        name_contact: client.name_contact,
        last_name_contact: client.last_name_contact,
        phone: client.phone,
        website: client.website,
        description: client.description,
        company_id: caller.company_id,
        created_at: Iso(client.created_at),
        updated_at: Iso(client.updated_at),
    }))
}
