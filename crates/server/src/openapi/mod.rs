//! The API document: what every operation has in common is said once, here.
//!
//! A handler names the codes that its operation may refuse with, besides those of every
//! operation: `extensions(("x-error-codes" = json!(["ZC001", "ZC004"])))`. The answers are made
//! of [`CODES`], and the document then names all of them. With `"x-in-earnest" = json!(true)` it
//! says that the operation can be neither tried nor kept to be answered again.

mod codes;
mod manner;

use std::collections::{BTreeMap, BTreeSet};

use codes::{CODES, Code};
use serde_json::{Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi,
    OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::http::Problem;
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
        .schemas_from_iter(schemas);
    let components = manner::define(components).build();
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
                common(path, &method, operation);
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

/// COR has codes of its own for the form of some records: `ZC001 for VALIDATION`.
const INSTEAD: &str = " for VALIDATION";

/// Adds to an operation what it may answer besides its own.
fn common(path: &str, method: &HttpMethod, operation: &mut Operation) {
    if operation.security.is_some() {
        return;
    }
    let native = path.starts_with("/api/");
    let mut names = vec!["UNAUTHORIZED", "TOO_MANY_REQUESTS", "INTERNAL", "UNAVAILABLE"];
    let writes = *method != HttpMethod::Get;
    let said = |name: &str| operation.extensions.as_ref().and_then(|said| said.get(name));
    let in_earnest = said("x-in-earnest").is_some();
    if writes {
        names.extend(["FORBIDDEN", "REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE"]);
        names.push("UNSUPPORTED_MEDIA_TYPE");
    }
    if writes && !in_earnest {
        names.extend(["IDEMPOTENCY_KEY_IN_USE", "IDEMPOTENCY_KEY_REUSED"]);
    }
    if (writes && path.starts_with("/v2/")) || native {
        names.push("INVALID_SOURCE");
    }
    let own: Vec<&str> = said("x-error-codes")
        .and_then(Value::as_array)
        .map(|codes| codes.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let form = !own.iter().any(|code| code.ends_with(INSTEAD));
    if (writes || operation.parameters.is_some()) && form {
        names.push("VALIDATION");
    }
    let mut all: BTreeMap<&str, Vec<&Code>> = BTreeMap::new();
    for key in names.into_iter().chain(own) {
        let known = CODES.iter().find(|code| code.key == key);
        // A test reads the document: a code that is not listed does not get far.
        let code = known.unwrap_or_else(|| panic!("{path} names {key}, which is no code"));
        all.entry(code.status).or_default().push(code);
    }
    let shown: BTreeSet<&str> = all.values().flatten().map(|code| code.name()).collect();
    let extensions = Extensions::builder().add("x-error-codes", json!(shown)).build();
    operation.extensions = Some(extensions);
    for (status, codes) in all {
        let response = answer(&codes, native, *method == HttpMethod::Get);
        match operation.responses.responses.get_mut(status) {
            Some(RefOr::T(own)) => also(own, response),
            _ => {
                operation.responses.responses.insert(status.to_owned(), RefOr::T(response));
            }
        }
    }
    if writes && !in_earnest {
        manner::allow(operation);
    }
}

/// An operation's own answer, which may also be one of the errors with its status.
fn also(own: &mut Response, error: Response) {
    own.description = format!("{} {}", own.description, error.description);
    for (kind, content) in error.content {
        match (own.content.get_mut(&kind), content) {
            (Some(RefOr::T(Content { schema: Some(schema), .. })), RefOr::T(error)) => {
                let error = error.schema.unwrap_or_else(|| schema.clone());
                *schema = AnyOfBuilder::new().item(schema.clone()).item(error).into();
            }
            (_, content) => drop(own.content.insert(kind, content)),
        }
    }
}

/// The answer that carries one of these codes.
fn answer(codes: &[&Code], native: bool, reads: bool) -> Response {
    let (kind, schema) = match native {
        true => ("application/problem+json", "ProblemDetails"),
        false => ("application/json", "Error"),
    };
    let example = match codes[0].key {
        "VALIDATION" if native => Problem::validation("limit must be an integer from 1 to 200"),
        "VALIDATION" if reads => Problem::validation("perPage must be an integer from 1 to 200"),
        _ => (codes[0].example)(),
    };
    let said: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}.", code.name(), code.when)).collect();
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name(schema))))
        .example(serde_json::from_slice(&example.body(native, "5f0c2a7be1d3-1")).ok())
        .build();
    ResponseBuilder::new().description(said.join(" ")).content(kind, content).build()
}
