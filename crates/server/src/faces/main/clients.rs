//! Clients.

use axum::Json;
use axum::extract::State;
use domain::{Label, Name, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::{self, Filters, beginning};
use super::operations::operation;
use super::{CreateBody, UpdateBody};
use crate::app::Shared;
use crate::clients::{Client, New, Patch};
use crate::entities::view::Filter;
use crate::http::field::OnDay;
use crate::http::{Caller, Path, Problem, body};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(search))
        .routes(routes!(get, update))
}

/// A client.
#[derive(Serialize, ToSchema)]
#[schema(as = MainClient)]
struct Shown {
    #[schema(example = 25855)]
    id: i64,
    #[schema(example = "Acme Corporation")]
    name: String,
    #[schema(required, example = "Acme Corporation LLC")]
    business_name: Option<String>,
    #[schema(required, example = "Jane")]
    name_contact: Option<String>,
    #[schema(required, example = "Smith")]
    last_name_contact: Option<String>,
    #[schema(required, example = "contact@acme.com")]
    email_contact: Option<String>,
    #[schema(required, example = "https://acme.com")]
    website: Option<String>,
    #[schema(required, example = "A client since 2020")]
    description: Option<String>,
    #[schema(example = "active")]
    condition: String,
    #[schema(required, example = "+1 555-0100")]
    phone: Option<String>,
}

fn shown(_: i64, client: Client) -> Shown {
    Shown {
        id: client.id,
        name: client.name,
        business_name: client.business_name,
        name_contact: client.name_contact,
        last_name_contact: client.last_name_contact,
        email_contact: client.email_contact,
        website: client.website,
        description: client.description,
        condition: client.condition,
        phone: client.phone,
    }
}

body! {
    strict struct Narrowed as "MainClientFilters" = {"name": "acme", "updatedAt": "2026-01-01"} {
        /// A part of the name, without regard to case.
        name: optional Name,
        /// Those that were changed on this day or later.
        "updatedAt" updated_at: optional OnDay,
    }
}

impl Filters for Narrowed {
    fn filter(self) -> Option<Filter> {
        let mut filter = Filter::default();
        if let Some(name) = self.name {
            filter = filter.with("replace(t.name_key, ?, '') <> t.name_key", name.key());
        }
        if let Some(OnDay(day)) = self.updated_at {
            filter = filter.with("t.updated_at >= ?", beginning(day));
        }
        Some(filter)
    }
}

body! {
    struct Create as "MainCreateClient" = {
        "name": "Acme Corporation", "business_name": "Acme Corporation LLC",
        "name_contact": "Jane", "last_name_contact": "Smith", "email_contact": "contact@acme.com",
        "website": "https://acme.com", "description": "A client since 2020", "condition": "active",
        "phone": "+1 555-0100"
    } {
        name: required Name,
        business_name: optional Text,
        name_contact: optional Text,
        last_name_contact: optional Text,
        email_contact: optional Text,
        website: optional Text,
        description: optional Text,
        /// `active`, unless something else is said.
        condition: optional Label,
        phone: optional Text,
    }
}

impl CreateBody for Create {
    type Entity = Client;

    fn fields(self) -> Option<New> {
        Some(New {
            name: self.name?,
            business_name: self.business_name,
            email_contact: self.email_contact,
            name_contact: self.name_contact,
            last_name_contact: self.last_name_contact,
            phone: self.phone,
            website: self.website,
            description: self.description,
            condition: self.condition,
        })
    }
}

body! {
    /// What is left out stays as it is; `null` clears all but the name and the condition.
    struct Change as "MainUpdateClient" = {"name": "Acme Corporation", "phone": "+1 555-0101"} {
        name: kept Name,
        business_name: clearable Text,
        name_contact: clearable Text,
        last_name_contact: clearable Text,
        email_contact: clearable Text,
        website: clearable Text,
        description: clearable Text,
        condition: kept Label,
        phone: clearable Text,
    }
}

impl UpdateBody for Change {
    type Entity = Client;

    fn patch(self) -> Option<Patch> {
        Some(Patch {
            name: self.name,
            business_name: self.business_name,
            email_contact: self.email_contact,
            name_contact: self.name_contact,
            last_name_contact: self.last_name_contact,
            phone: self.phone,
            website: self.website,
            description: self.description,
            condition: self.condition,
        })
    }
}

operation! {
    /// List clients
    ///
    /// `filters` may have `name`, a part of the name without regard to case, and `updatedAt`, a day:
    /// those that were changed on it or later.
    list "/v1/clients", tag "clients", filters Narrowed, rows Client,
    [Shown] |company, client| shown(company, client)
}

/// Search clients by name
///
/// The first 200 with this part in their name, without regard to case, by name.
#[utoipa::path(
    get,
    path = "/v1/clients/search-by-name/{name}",
    tag = "clients",
    params(("name" = String, Path, description = "A part of the name.", example = "acme")),
    responses((status = 200, description = "What was found.", body = Vec<Shown>))
)]
async fn search(
    State(app): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Vec<Shown>>, Problem> {
    list::search(&app, caller.company_id, &name, shown).await
}

operation! {
    /// A client
    get "/v1/clients/{client_id}", tag "clients", id "client_id" "The client's id.", row Client,
    [Shown] |company, client| shown(company, client)
}

operation! {
    /// Create a client
    ///
    /// In a form, a value that is empty is `null`.
    create "/v1/clients", tag "clients", codes [],
    body Create or "application/x-www-form-urlencoded", row Client,
    [Shown] |company, client| shown(company, client)
}

operation! {
    /// Update a client
    ///
    /// In a form, a value that is empty is `null`.
    update "/v1/clients/{client_id}", tag "clients", id "client_id" "The client's id.",
    codes ["ZC001"], body Change or "application/x-www-form-urlencoded", row Client,
    [Shown] |company, client| shown(company, client)
}
