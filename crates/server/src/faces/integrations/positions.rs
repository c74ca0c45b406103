//! Positions of users. COR's path says `user-position`.

use axum::extract::State;
use axum::response::Response;
use domain::{Amount, ExternalId, Kind, Name, Ref, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{Gone, Wrapped};
use super::operations::operation;
use super::{Bare, CreateBody, Metadata, UpdateBody, named, read};
use crate::app::Shared;
use crate::faces::wire::{Number, Spaced};
use crate::http::field::SourceName;
use crate::http::{Caller, JsonBody, Path, Problem, Write, body};
use crate::positions::seniority::Assign;
use crate::positions::{New, Patch, Position};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(update, delete))
        .routes(routes!(assign_seniority))
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

body! {
    /// What is left out stays as it is; `null` clears all but the name.
    struct Change as "UpdatePosition" = {
        "metadata": {"source": "OKTA"}, "name": "Software Developer", "rate": 2.5,
        "category_id": "external-category-1"
    } {
        metadata: required Metadata,
        name: kept Name,
        /// The category.
        category_id: clearable ExternalId,
        /// The price of an hour.
        rate: clearable Amount,
        /// Free text; takes the place of a seniority that was assigned.
        seniority: clearable Text,
    }
}

impl UpdateBody for Change {
    type Entity = Position;

    fn patch(self) -> Option<(SourceName, Patch)> {
        let Self { name, category_id, rate, seniority, .. } = self;
        let category = category_id.map(|id| id.map(Ref::External));
        Some((Metadata::source(self.metadata)?, Patch { name, category, rate, seniority }))
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
    /// What the request's source calls the category; `null` when it does not know it.
    #[schema(required, example = "external-category-1")]
    category_id: Option<String>,
}

impl Answer {
    fn new(company_id: i64, position: Position, id: String) -> Wrapped<Self> {
        Wrapped::ok(Self {
            name: position.name,
            rate: position.rate.map(Number::units),
            seniority: position.seniority,
            company_id,
            created_at: Spaced(position.created_at),
            updated_at: Spaced(position.updated_at),
            id,
            category_id: position.category,
        })
    }
}

/// A position with the seniority that was assigned to it.
#[derive(Serialize, ToSchema)]
#[schema(as = PositionSeniority)]
struct Assigned {
    #[schema(example = "Software Developer")]
    name: String,
    #[schema(required, example = "Ssr.")]
    seniority: Option<String>,
    #[schema(example = 2336)]
    company_id: i64,
    created_at: Spaced,
    updated_at: Spaced,
}

operation! {
    /// Create a position
    create "/v2/integrations/user-position", tag "positions",
    codes ["ZC001", "ZC004"], body Create,
    200 "The position." [Wrapped<Answer>]
    |company, position, id| Answer::new(company, position, id)
}

operation! {
    /// Update a position
    ///
    /// COR publishes no answer: made like its create.
    update "/v2/integrations/user-position/{id}", tag "positions",
    id "The position's external id." "external-user-position-1",
    codes ["ZC001"], body Change,
    200 "The position." [Wrapped<Answer>]
    |company, position, id| Answer::new(company, position, id)
}

operation! {
    /// Delete a position
    ///
    /// With all its references. Refused while something depends on it.
    delete "/v2/integrations/user-position/{id}", tag "positions",
    id "The position's external id." "external-user-position-1",
    codes ["ZC001", "HAS_DEPENDENCIES"], kind Position,
    200 "It was deleted." [Gone]
    |_, _, _| Gone::entity()
}

/// Assign a seniority to a position
///
/// In place of the one it had. The path has no `/integrations`, as published.
#[utoipa::path(
    post,
    path = "/v2/user-position/{position_id}/seniority/{seniority_id}",
    tag = "positions",
    params(
        ("position_id" = String, Path, description = "The position's external id.", example = "external-user-position-1"),
        ("seniority_id" = String, Path, description = "The seniority's external id.", example = "external_seniority_id_10")
    ),
    request_body = Bare,
    responses((status = 200, description = "The position.", body = Wrapped<Assigned>)),
    extensions(("x-error-codes" = json!(["ZC002"])))
)]
async fn assign_seniority(
    State(app): State<Shared>,
    caller: Caller,
    Path((position, seniority)): Path<(String, String)>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let told = |sent: &Assign, position: Position| {
        let assigned = Assigned {
            name: position.name,
            seniority: position.seniority,
            company_id: sent.scope.company,
            created_at: Spaced(position.created_at),
            updated_at: Spaced(position.updated_at),
        };
        Wrapped::ok(assigned).into()
    };
    let prepared = read(&app, &caller, &body, Bare::source).and_then(|(scope, ())| {
        let position = named(&position, Kind::Position, &scope)?;
        let seniority = named(&seniority, Kind::Seniority, &scope)?;
        Ok((Assign { scope, position, seniority }, told))
    });
    Ok(Write::of(&app, &caller, &body).refusing(not_found).run(prepared).await)
}

/// COR publishes its own code here.
fn not_found(problem: Problem) -> Problem {
    match problem.code {
        "ZC001" => problem.coded("ZC002"),
        _ => problem,
    }
}
