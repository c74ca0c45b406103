//! Clients.

use axum::Json;
use domain::{ExternalId, Name, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Deleted;
use super::operations::operation;
use super::{CreateBody, Metadata, UpdateBody};
use crate::app::Shared;
use crate::clients::{Client, New, Patch};
use crate::faces::wire::Iso;
use crate::http::body;
use crate::http::field::SourceName;

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
            condition: None,
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
            condition: None,
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

operation! {
    /// Create a client
    create "/v2/integrations/clients", tag "clients",
    codes ["ZC004"], body Create,
    200 "The client." [Answer]
    |company, client, _| Answer::new(company, client)
}

operation! {
    /// Update a client
    update "/v2/integrations/clients/{id}", tag "clients",
    id "The client's external id." "SF-ACC-67890",
    codes ["ZC001"], body Change,
    200 "The client." [Answer]
    |company, client, _| Answer::new(company, client)
}

operation! {
    /// Delete a client
    ///
    /// With all its references. Refused while something depends on it.
    delete "/v2/integrations/clients/{id}", tag "clients",
    id "The client's external id." "SF-ACC-67890",
    codes ["ZC001", "HAS_DEPENDENCIES"], kind Client,
    200 "What was deleted." [Deleted]
    |_, cor_id, id| Deleted::new("Client deleted successfully", id, cor_id)
}
