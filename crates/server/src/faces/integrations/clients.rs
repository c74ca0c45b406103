//! Clients.

use axum::Json;
use axum::extract::State;
use domain::{ExternalId, Name, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Deleted;
use super::{Bare, CreateBody, Created, Metadata, UpdateBody};
use crate::app::Shared;
use crate::clients::{Client, New, Patch};
use crate::faces::wire::Iso;
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Path, Problem, body};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(update, delete))
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

body! {
    /// What is left out stays as it is; `null` clears all but the name.
    struct Change as "UpdateClient" = {
        "metadata": {"source": "SALESFORCE"}, "name": "Acme Corporation", "phone": "+1 555-0101"
    } {
        metadata: required Metadata,
        name: kept Name,
        business_name: clearable Text,
        email_contact: clearable Text,
        name_contact: clearable Text,
        last_name_contact: clearable Text,
        phone: clearable Text,
        website: clearable Text,
        description: clearable Text,
    }
}

impl UpdateBody for Change {
    type Entity = Client;

    fn patch(self) -> Option<(SourceName, Patch)> {
        let patch = Patch {
            name: self.name,
            business_name: self.business_name,
            email_contact: self.email_contact,
            name_contact: self.name_contact,
            last_name_contact: self.last_name_contact,
            phone: self.phone,
            website: self.website,
            description: self.description,
        };
        Some((Metadata::source(self.metadata)?, patch))
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

impl Answer {
    fn new(company_id: i64, client: Client) -> Json<Self> {
        Json(Self {
            id: client.id,
            name: client.name,
            business_name: client.business_name,
            email_contact: client.email_contact,
            name_contact: client.name_contact,
            last_name_contact: client.last_name_contact,
            phone: client.phone,
            website: client.website,
            description: client.description,
            company_id,
            created_at: Iso(client.created_at),
            updated_at: Iso(client.updated_at),
        })
    }
}

/// Create a client
#[utoipa::path(
    post,
    path = "/v2/integrations/clients",
    tag = "clients",
    request_body = Create,
    responses((status = 200, description = "The client.", body = Answer)),
    extensions(("x-error-codes" = json!(["ZC004"])))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let Created { entity, .. } = super::create::<Create>(&app, &caller, &body).await?;
    Ok(Answer::new(caller.company_id, entity))
}

/// Update a client
#[utoipa::path(
    put,
    path = "/v2/integrations/clients/{id}",
    tag = "clients",
    params(("id" = String, Path, description = "The client's external id.", example = "SF-ACC-67890")),
    request_body = Change,
    responses((status = 200, description = "The client.", body = Answer)),
    extensions(("x-error-codes" = json!(["ZC001"])))
)]
async fn update(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<Answer>, Problem> {
    let client = super::update::<Change>(&app, &caller, &id, &body).await?;
    Ok(Answer::new(caller.company_id, client))
}

/// Delete a client
///
/// With all its references. Refused while something depends on it.
#[utoipa::path(
    delete,
    path = "/v2/integrations/clients/{id}",
    tag = "clients",
    params(("id" = String, Path, description = "The client's external id.", example = "SF-ACC-67890")),
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
    let cor_id = super::delete::<Client>(&app, &caller, &id, &body).await?;
    Ok(Deleted::new("Client deleted successfully", id, cor_id))
}
