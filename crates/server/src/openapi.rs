//! The API document: what every operation has in common is said once, here.

use axum::http::StatusCode;
use domain::{Kind, Source};
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref,
    RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::http::problem::{Details, Envelope};
use crate::http::{Limits, Problem};
use crate::refusal::{Missing, NotFound};
use crate::store;

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

/// An answer that many operations may give.
struct Common {
    status: &'static str,
    when: &'static str,
    example: fn() -> Problem,
}

const FORM: Common = Common {
    status: "400",
    when: "The request is not of the right form: `VALIDATION`, `INVALID_SOURCE`, `INVALID_ROLE` \
        or `INVALID_DATE_RANGE`. `errors` names the fields.",
    example: || Problem::field("/metadata/source", "is required and must be the name of a source"),
};
const TOKEN: Common = Common {
    status: "401",
    when: "No token, or one that is unknown, revoked or expired: `UNAUTHORIZED`.",
    example: || {
        let message =
            "The token is unknown, revoked or expired: POST /v1/oauth/token gives a new one";
        Problem::unauthorized(message, "Bearer")
    },
};
const MISSING: Common = Common {
    status: "404",
    when: "The path or the body names something that is not there: `ZC001`. The message says \
        which other sources know the same id.",
    example: || {
        let missing = Missing {
            pointer: None,
            external_id: "K9".to_owned(),
            known_to: Source::from_name("SALESFORCE").into_iter().collect(),
        };
        let source = Source { id: 12, name: "GLOBANT" };
        NotFound { kind: Kind::Contract, source, missing: vec![missing] }.into()
    },
};
const TAKEN: Common = Common {
    status: "409",
    when: "It is there already, or belongs to another: `ZC004` or `DUPLICATE_EMAIL`. The message \
        names the owner.",
    example: || {
        let message = "Association already exists: client \"c1\" of source OKTA is client 7";
        Problem::new(StatusCode::CONFLICT, "DuplicateExternalIdError", "ZC004", message)
    },
};
const LARGE: Common = Common {
    status: "413",
    when: "The body or the batch is too large: `PAYLOAD_TOO_LARGE`. `limits` says what is taken.",
    example: || Problem::too_large(Limits::default(), "The body is over 4194304 bytes".to_owned()),
};
const TYPE: Common = Common {
    status: "415",
    when: "The body is not JSON: `UNSUPPORTED_MEDIA_TYPE`.",
    example: || Problem::media_type("text/plain", "application/json"),
};
const LATER: Common = Common {
    status: "503",
    when: "Not now: too many requests are waiting, the database is away, or the disk is full: \
        `UNAVAILABLE`. `Retry-After` says when to come back.",
    example: || store::Error::QueueFull.into(),
};

/// Adds to an operation what it may answer besides its own.
fn common(path: &str, operation: &mut Operation) {
    if operation.security.is_some() {
        return;
    }
    let body = operation.request_body.is_some();
    let in_path = path.contains('{');
    let mut all = vec![TOKEN, LATER];
    if body || operation.parameters.is_some() {
        all.push(FORM);
    }
    if body {
        all.extend([LARGE, TYPE]);
    }
    if body || in_path {
        all.push(MISSING);
    }
    if body && !in_path {
        all.push(TAKEN);
    }
    let native = path.starts_with("/api/");
    let (kind, schema) = match native {
        true => ("application/problem+json", "ProblemDetails"),
        false => ("application/json", "Error"),
    };
    for Common { status, when, example } in all {
        let content = ContentBuilder::new()
            .schema(Some(RefOr::Ref(Ref::from_schema_name(schema))))
            .example(serde_json::from_slice(&example().body(native, "5f0c2a7be1d3-1")).ok())
            .build();
        let response = ResponseBuilder::new().description(when).content(kind, content).build();
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_owned()).or_insert(RefOr::T(response));
    }
}
