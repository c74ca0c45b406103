//! The API document: what every operation has in common is said once, here.

use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref,
    RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::http::problem::{Details, Envelope};

/// The document before any operation.
pub fn base() -> OpenApi {
    let description = "The server where a company's systems meet: each pushes people and their \
        assignments by its own ids. `/v2` and `/v1` speak COR's published API, `/api` is our own.";
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Crewline")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description))
        .license(Some(license))
        .build();
    let http = |scheme| SecurityScheme::Http(HttpBuilder::new().scheme(scheme).build());
    let mut schemas = Vec::new();
    <Envelope<'static> as ToSchema>::schemas(&mut schemas);
    <Details<'static> as ToSchema>::schemas(&mut schemas);
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", http(HttpAuthScheme::Bearer))
        .security_scheme("basic", http(HttpAuthScheme::Basic))
        .schema("Error", <Envelope<'static> as PartialSchema>::schema())
        .schema("ProblemDetails", <Details<'static> as PartialSchema>::schema())
        .schemas_from_iter(schemas)
        .build();
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([SecurityRequirement::new("bearer", [] as [&str; 0])]))
        .build()
}

/// The document with the answers that every operation of a face may give.
pub fn complete(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (HttpMethod::Get, item.get.as_mut()),
            (HttpMethod::Put, item.put.as_mut()),
            (HttpMethod::Post, item.post.as_mut()),
            (HttpMethod::Delete, item.delete.as_mut()),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(operation_id(&method, path));
                common(path, operation);
            }
        }
    }
    document
}

/// `PUT /v2/integrations/teams/{id}/attach` is `put_v2_integrations_teams_id_attach`.
fn operation_id(method: &HttpMethod, path: &str) -> String {
    let method = match method {
        HttpMethod::Get => "get",
        HttpMethod::Put => "put",
        HttpMethod::Post => "post",
        _ => "delete",
    };
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |id, word| format!("{id}_{word}"))
}

/// Statuses, and when they come.
const COMMON: &[(&str, &str)] = &[
    ("400", "The request is not of the right form; `errors` names the fields."),
    ("401", "No good bearer token."),
    ("503", "Not now: the queue is full, or the database is away. `Retry-After` says when."),
];
const WITH_BODY: &[(&str, &str)] = &[
    ("413", "The body or the batch is too large; `limits` says what is taken."),
    ("415", "The body is not JSON."),
];
const NAMES_OTHERS: &[(&str, &str)] =
    &[("404", "The path or the body names something that is not there.")];
const CREATES: &[(&str, &str)] =
    &[("409", "It is there already, or belongs to another; the message names the owner.")];

fn common(path: &str, operation: &mut Operation) {
    if operation.security.is_some() {
        return;
    }
    let body = operation.request_body.is_some();
    let in_path = path.contains('{');
    let mut common: Vec<_> = COMMON
        .iter()
        .filter(|(status, _)| {
            // Without a body or parameters there is nothing to be wrong.
            *status != "400" || body || operation.parameters.is_some()
        })
        .collect();
    if body {
        common.extend(WITH_BODY);
    }
    if body || in_path {
        common.extend(NAMES_OTHERS);
    }
    if body && !in_path {
        common.extend(CREATES);
    }
    let (kind, schema) = match path.starts_with("/api/") {
        true => ("application/problem+json", "ProblemDetails"),
        false => ("application/json", "Error"),
    };
    for (status, description) in common {
        let content =
            ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name(schema)))).build();
        let response =
            ResponseBuilder::new().description(*description).content(kind, content).build();
        let responses = &mut operation.responses.responses;
        responses.entry((*status).to_owned()).or_insert(RefOr::T(response));
    }
}
