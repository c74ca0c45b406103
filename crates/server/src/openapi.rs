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

use crate::http::problem::{Details, Envelope, no_such};
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

/// Adds to an operation what it may answer besides its own.
fn common(path: &str, method: &HttpMethod, operation: &mut Operation) {
    if operation.security.is_some() {
        return;
    }
    let native = path.starts_with("/api/");
    let (kind, schema) = match native {
        true => ("application/problem+json", "ProblemDetails"),
        false => ("application/json", "Error"),
    };
    let body = operation.request_body.is_some();
    let parameters = operation.parameters.is_some();
    let mut all = vec![TOKEN, LATER, DEFECT];
    all.extend((body || parameters).then(|| form(path, method)));
    all.extend(body.then_some([LARGE, TYPE]).into_iter().flatten());
    all.extend(missing(path, method));
    all.extend((body && !path.contains('{')).then(|| taken(path)));
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

/// An answer that many operations may give.
struct Common {
    status: &'static str,
    when: &'static str,
    example: fn() -> Problem,
}

const TOKEN: Common = Common {
    status: "401",
    when: "No token, or one that is unknown, revoked or expired: `UNAUTHORIZED`.",
    example: || {
        let message =
            "The token is unknown, revoked or expired: POST /v1/oauth/token gives a new one";
        Problem::unauthorized(message, "Bearer")
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
const DEFECT: Common = Common {
    status: "500",
    when: "A defect of the server: `INTERNAL`. Report it with the `request_id`.",
    example: Problem::internal,
};
const LATER: Common = Common {
    status: "503",
    when: "Not now: too many requests are waiting, the database is away, or the disk is full: \
        `UNAVAILABLE`. `Retry-After` says when to come back.",
    example: || store::Error::QueueFull.into(),
};

/// 400, by what an operation reads.
fn form(path: &str, method: &HttpMethod) -> Common {
    let when = match path {
        "/v2/integrations/users" | "/v2/integrations/users/{id}" => {
            "The request is not of the right form: `VALIDATION`, `INVALID_SOURCE` or \
                `INVALID_ROLE`. `errors` names the fields."
        }
        "/v2/integrations/contracts" => {
            "The request is not of the right form: `VALIDATION`, `INVALID_SOURCE` or \
                `INVALID_DATE_RANGE`. `errors` names the fields."
        }
        "/v2/integrations/seniority" => {
            "The request is not of the right form: `ZC001` or `INVALID_SOURCE`. `errors` names \
                the fields."
        }
        _ if path.starts_with("/v1/") => {
            "The request is not of the right form: `VALIDATION`. `errors` names the fields."
        }
        _ => {
            "The request is not of the right form: `VALIDATION` or `INVALID_SOURCE`. `errors` \
                names the fields."
        }
    };
    let example: fn() -> Problem = match (path.split('/').nth(1), method) {
        (_, HttpMethod::Get) if path.starts_with("/api/") => {
            || Problem::validation("id needs kind beside it")
        }
        (_, HttpMethod::Get) => || Problem::validation("perPage must be an integer from 1 to 200"),
        (Some("v1"), _) => {
            || Problem::field("/users", "must be a non-empty list of users with their dates")
        }
        (Some("api"), _) => || Problem::field("", "must have either id or of"),
        _ => || Problem::field("/metadata/source", "is required and must be the name of a source"),
    };
    Common { status: "400", when, example }
}

/// 404, by what an operation names.
fn missing(path: &str, method: &HttpMethod) -> Option<Common> {
    macro_rules! unknown {
        ($kind:ident, $pointer:expr, $id:literal) => {
            || {
                let known_to = Source::from_name("SALESFORCE").into_iter().collect();
                let (pointer, external_id) = ($pointer.map(str::to_owned), $id.to_owned());
                let missing = vec![Missing { pointer, external_id, known_to }];
                NotFound { kind: Kind::$kind, source: Source { id: 12, name: "GLOBANT" }, missing }
                    .into()
            }
        };
    }
    let example: fn() -> Problem = match path {
        "/v2/integrations/contracts" => unknown!(Client, Some("/client_id"), "C9"),
        "/v2/integrations/teams" => unknown!(Workspace, Some("/workspace_id"), "W9"),
        "/v2/integrations/user-position" => unknown!(Category, Some("/category_id"), "C9"),
        "/v2/integrations/users" => unknown!(Position, Some("/user_position_id"), "P9"),
        "/v2/integrations/contracts/{id}/users" => unknown!(Contract, None::<&str>, "K9"),
        "/v2/integrations/teams/{id}/attach" => unknown!(Team, None::<&str>, "T9"),
        "/v2/integrations/users/{id}" => unknown!(User, None::<&str>, "U9"),
        "/v2/integrations/users/{userId}/attach" => unknown!(User, None::<&str>, "U9"),
        "/v1/contracts/{contract_id}/users" => || no_such(Kind::Contract, &["77".to_owned()]),
        "/api/references" if *method == HttpMethod::Post => {
            || no_such(Kind::User, &["77".to_owned()])
        }
        _ => return None,
    };
    let when = "The path or the body names something that is not there: `ZC001`. The message says \
        which other sources know the same id.";
    Some(Common { status: "404", when, example })
}

/// 409, by what an operation makes.
fn taken(path: &str) -> Common {
    let when = match path {
        "/v2/integrations/users" => {
            "The external id or the e-mail is taken: `ZC004` or `DUPLICATE_EMAIL`. The message \
                names the owner."
        }
        "/api/references" => {
            "The reference belongs to another entity: `ZC004`. The message names the owner."
        }
        _ => "The external id is taken: `ZC004`. The message names the owner.",
    };
    let example = || {
        let message = "Association already exists: client \"c1\" of source OKTA is client 7";
        Problem::new(StatusCode::CONFLICT, "DuplicateExternalIdError", "ZC004", message)
    };
    Common { status: "409", when, example }
}
