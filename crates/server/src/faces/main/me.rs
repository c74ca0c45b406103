//! Who am I: the key behind the token.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Shared;
use crate::http::Caller;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(me))
}

/// The key behind the token, in the form of a COR user.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The key.
    #[schema(example = "demo")]
    id: String,
    /// The key's name.
    #[schema(example = "Demo")]
    first_name: String,
    #[schema(example = "")]
    last_name: &'static str,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    picture: Option<String>,
    #[schema(example = 1)]
    role_id: i64,
    #[schema(required)]
    user_position_id: Option<i64>,
    #[schema(required)]
    daily_hours: Option<f64>,
    #[schema(required)]
    remaining_hours: Option<f64>,
    labels: Vec<String>,
    #[schema(example = 1)]
    company_id: i64,
    company: MyCompany,
    /// The sources that the key may speak for.
    #[schema(example = json!(["SALESFORCE", "GLOBANT"]))]
    sources: Vec<&'static str>,
    read_only: bool,
}

#[derive(Serialize, ToSchema)]
struct MyCompany {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "Crewline Demo")]
    name: String,
}

/// Who am I
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "tokens",
    responses((status = 200, description = "The key behind the token.", body = Me))
)]
async fn me(caller: Caller) -> Json<Me> {
    Json(Me {
        id: caller.key.to_string(),
        first_name: caller.name.clone(),
        last_name: "",
        email: None,
        picture: None,
        role_id: 1,
        user_position_id: None,
        daily_hours: None,
        remaining_hours: None,
        labels: Vec::new(),
        company_id: caller.company_id,
        company: MyCompany { id: caller.company_id, name: caller.company.clone() },
        sources: caller.sources.usable().map(|source| source.name).collect(),
        read_only: caller.read_only,
    })
}
