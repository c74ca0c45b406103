//! Webhook endpoints: made and managed.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::Name;
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema, SchemaFormat};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cloud_events::CloudEvent;
use super::{LIMIT, LimitQuery, NoQuery, Page, cursor, limit, position, unknown_parameter};
use crate::app::{App, Shared};
use crate::events::list::Told;
use crate::events::types;
use crate::faces::wire::Iso;
use crate::http::field::{text, wire};
use crate::http::{Answer, Caller, Check, JsonBody, Path, Problem, Wire, Write, body};
use crate::operation::alone;
use crate::webhooks::WebhookRefusal;
use crate::webhooks::address::Target;
use crate::webhooks::endpoints::{
    Create, Delete, Endpoint, Pause, Resume, Rotate, Update, find, list, new_secret, types_of,
};
use crate::webhooks::signature::SigningSecret;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list_webhooks, create))
        .routes(routes!(read, update, delete))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(rotate))
}

/// What is sent: the event as the feed tells it.
#[derive(Serialize)]
struct Message {
    #[serde(rename = "type")]
    what: String,
    /// When it happened.
    timestamp: Iso,
    data: CloudEvent,
}

/// Writes the message about an event.
pub fn message(told: Told) -> Vec<u8> {
    let (what, timestamp) = (told.what.clone(), Iso(told.time));
    let message = Message { what, timestamp, data: CloudEvent::new(told) };
    // Texts and numbers only: this cannot fail.
    serde_json::to_vec(&message).unwrap_or_default()
}

/// Where events are sent to.
#[derive(Serialize, ToSchema)]
struct Webhook {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "https://hooks.example.com/crewline")]
    url: String,
    /// The types of events that are sent; `null`: all.
    #[schema(required)]
    types: Option<Vec<String>>,
    #[schema(required, example = "Payroll")]
    description: Option<String>,
    /// `active`; `paused` by hand; or `disabled`, since the receiver answered 410 or failed for
    /// days.
    #[schema(example = "active")]
    state: String,
    /// Why it was disabled.
    #[schema(required)]
    disabled_why: Option<String>,
    /// The number of the last event that was handed over.
    #[schema(example = 42)]
    position: i64,
    /// Attempts in a row that failed. From 5 on only one at a time is made.
    #[schema(example = 0)]
    failures: i64,
    /// When the first of these failed.
    #[schema(required)]
    failing_since: Option<Iso>,
    /// Until when the secret before the last rotation signs too.
    #[schema(required)]
    old_secret_until: Option<Iso>,
    created_at: Iso,
    updated_at: Iso,
    /// What signs its messages: only when it is new, and not shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        required = false,
        nullable = false,
        example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    )]
    secret: Option<String>,
}

fn webhook(endpoint: Endpoint) -> Webhook {
    let types = types_of(&endpoint.types);
    Webhook {
        id: endpoint.id,
        url: endpoint.url,
        types: (!types.is_empty()).then_some(types),
        description: (!endpoint.description.is_empty()).then_some(endpoint.description),
        state: endpoint.state,
        disabled_why: endpoint.disabled_why,
        position: endpoint.position,
        failures: endpoint.failures,
        failing_since: endpoint.failing_since.map(Iso),
        old_secret_until: endpoint.old_secret_until.map(Iso),
        created_at: Iso(endpoint.created_at),
        updated_at: Iso(endpoint.updated_at),
        secret: None,
    }
}

fn with_secret(endpoint: Endpoint, secret: &SigningSecret) -> Webhook {
    Webhook { secret: Some(secret.reveal().to_owned()), ..webhook(endpoint) }
}

/// A URL; whether it may be called is judged beside what the operator allows.
struct Url(String);

wire!(
    Url,
    "must be a URL like https://example.com/webhooks",
    |raw| text(raw).map(|text| Url(text.into_owned())),
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("uri".to_owned())))
        .max_length(Some(Target::LONGEST))
);

impl Url {
    fn judge(self, app: &App, check: &mut Check) -> Option<String> {
        check.within("url", |check| match Target::parse(&self.0, &app.webhooks.allowed) {
            Ok(_) => Some(self.0),
            Err(rule) => check.wrong(rule),
        })
    }
}

/// A type of events.
struct EventType(String);

wire!(
    EventType,
    "must be a type of events, like user.created: the API document lists them",
    |raw| text(raw).filter(|one| types().iter().any(|t| t == one)).map(|t| EventType(t.into())),
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("A type of events."))
        .enum_values(Some(types()))
);

/// Each once, in the order in which they were sent.
fn names(sent: Vec<EventType>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for EventType(name) in sent {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Hours that two secrets sign.
struct Overlap(i64);

wire!(
    Overlap,
    "must be an integer from 0 to 168",
    |raw| raw.get().parse().ok().filter(|hours| (0..=168).contains(hours)).map(Overlap),
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0.0)).maximum(Some(168.0))
);

body! {
    /// A new endpoint.
    strict struct CreateBody as "CreateWebhook" = {
        "url": "https://hooks.example.com/crewline",
        "types": ["user.created", "contract.users.attached"], "description": "Payroll"
    } {
        /// Where to send to: `https`, at a public address or at one that the operator allows.
        url: required Url,
        /// Only events of these types are sent; without it all.
        types: optional Vec<EventType>,
        description: optional Name,
    }
}

body! {
    /// What is to change of an endpoint.
    strict struct UpdateBody as "UpdateWebhook" = {"types": null, "description": "All events"} {
        /// A new one is tried at once, whatever failed before.
        url: kept Url,
        /// Only events of these types are sent; `null`: all.
        types: clearable Vec<EventType>,
        description: clearable Name,
    }
}

body! {
    /// How the new secret comes in.
    strict struct RotateBody as "RotateWebhookSecret" = {"overlap_hours": 24} {
        /// Hours that the secret before it signs too; 24 unless said otherwise.
        overlap_hours: optional Overlap,
    }
}

/// The id that a path names. One that cannot be an id names nothing.
pub fn id(text: &str) -> Result<i64, Problem> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = text.parse().ok().filter(|id| digits && *id > 0);
    id.ok_or_else(|| WebhookRefusal::NoSuch(text.to_owned()).into())
}

/// List webhooks
///
/// The company's endpoints, the oldest first.
#[utoipa::path(
    get,
    path = "/api/webhooks",
    tag = "webhooks",
    params(LimitQuery),
    responses((status = 200, description = "A page.", body = Page<Webhook>))
)]
async fn list_webhooks(
    State(app): State<Shared>,
    caller: Caller,
    query: Result<Query<LimitQuery>, QueryRejection>,
) -> Result<Json<Page<Webhook>>, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let limit = limit(query.limit.as_ref(), LIMIT)?;
    let after: i64 = query.cursor.as_deref().map(position).transpose()?.unwrap_or(0);
    // One more than the page tells whether there is another.
    let mut rows = list(&app, caller.reads(), after, limit + 1).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let next = rows.last().filter(|_| more).and_then(|row| cursor(&row.id));
    Ok(Json(Page { data: rows.into_iter().map(webhook).collect(), next }))
}

/// Create a webhook
///
/// What happens from now on is sent to it, signed with the secret that this answer shows once.
/// It can be neither tried nor sent again by a key of the client's own.
#[utoipa::path(
    post,
    path = "/api/webhooks",
    tag = "webhooks",
    request_body = CreateBody,
    responses((status = 201, description = "The endpoint.", body = Webhook)),
    extensions(("x-in-earnest" = json!(true)))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    caller.asked.in_earnest()?;
    let raw = body.object()?;
    let (url, types, description) = Check::all(app.limits, |check| {
        let read = CreateBody::read(raw, check)?;
        let url = read.url?.judge(&app, check)?;
        Some((url, names(read.types.unwrap_or_default()), read.description))
    })?;
    let (scope, secret) = (caller.manages()?, new_secret()?);
    let description = description.map_or(String::new(), |name| name.as_str().to_owned());
    let operation = Create { scope, url, types, description, secret: secret.clone() };
    let endpoint = alone(&app, operation).await?;
    Ok((StatusCode::CREATED, Json(with_secret(endpoint, &secret))).into_response())
}

/// Read a webhook
#[utoipa::path(
    get,
    path = "/api/webhooks/{id}",
    tag = "webhooks",
    params(("id" = i64, Path, description = "The endpoint's id.", example = 1)),
    responses((status = 200, description = "The endpoint.", body = Webhook)),
    extensions(("x-error-codes" = json!(["WEBHOOK_NOT_FOUND"])))
)]
async fn read(
    State(app): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
) -> Result<Json<Webhook>, Problem> {
    query.map_err(unknown_parameter)?;
    Ok(Json(webhook(find(&app, caller.reads(), id(&text)?).await?)))
}

/// Change a webhook
///
/// What is left out stays as it is.
#[utoipa::path(
    put,
    path = "/api/webhooks/{id}",
    tag = "webhooks",
    params(("id" = i64, Path, description = "The endpoint's id.", example = 1)),
    request_body = UpdateBody,
    responses((status = 200, description = "The endpoint.", body = Webhook)),
    extensions(("x-error-codes" = json!(["WEBHOOK_NOT_FOUND"])))
)]
async fn update(
    State(app): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let raw = body.object()?;
    let (url, types, description) = Check::all(app.limits, |check| {
        let read = UpdateBody::read(raw, check)?;
        let url = read.url.map(|url| url.judge(&app, check));
        check.clean()?;
        let types = read.types.map(|types| names(types.unwrap_or_default()));
        let described = |name: Option<Name>| name.map_or(String::new(), |n| n.as_str().to_owned());
        Some((url.flatten(), types, read.description.map(described)))
    })?;
    let (scope, id) = (caller.manages()?, id(&text)?);
    let operation = Update { scope, id, url, types, description };
    Ok(Write::of(&app, &caller, &body)
        .without_records()
        .run(Ok((operation, |_: &_, endpoint| told(endpoint))))
        .await)
}

fn told(endpoint: Endpoint) -> Answer {
    Answer::from(Json(webhook(endpoint)))
}

/// Pause a webhook
///
/// Nothing more is sent to it; where it was is kept.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/pause",
    tag = "webhooks",
    params(("id" = i64, Path, description = "The endpoint's id.", example = 1)),
    responses((status = 200, description = "The endpoint.", body = Webhook)),
    extensions(("x-error-codes" = json!(["WEBHOOK_NOT_FOUND"])))
)]
async fn pause(
    State(app): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    body.none()?;
    let operation = Pause { scope: caller.manages()?, id: id(&text)? };
    Ok(Write::of(&app, &caller, &body)
        .without_records()
        .run(Ok((operation, |_: &_, endpoint| told(endpoint))))
        .await)
}

/// Resume a webhook
///
/// One that was paused or disabled goes on from where it was.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/resume",
    tag = "webhooks",
    params(("id" = i64, Path, description = "The endpoint's id.", example = 1)),
    responses((status = 200, description = "The endpoint.", body = Webhook)),
    extensions(("x-error-codes" = json!(["WEBHOOK_NOT_FOUND"])))
)]
async fn resume(
    State(app): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    body.none()?;
    let operation = Resume { scope: caller.manages()?, id: id(&text)? };
    Ok(Write::of(&app, &caller, &body)
        .without_records()
        .run(Ok((operation, |_: &_, endpoint| told(endpoint))))
        .await)
}

/// Give a webhook a new secret
///
/// For a while both sign, so that the receiver can change over. It can be neither tried nor sent
/// again by a key of the client's own.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/rotate",
    tag = "webhooks",
    params(("id" = i64, Path, description = "The endpoint's id.", example = 1)),
    request_body = RotateBody,
    responses((status = 200, description = "The endpoint, with its new secret.", body = Webhook)),
    extensions(("x-error-codes" = json!(["WEBHOOK_NOT_FOUND"])), ("x-in-earnest" = json!(true)))
)]
async fn rotate(
    State(app): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Json<Webhook>, Problem> {
    query.map_err(unknown_parameter)?;
    caller.asked.in_earnest()?;
    let raw = body.object()?;
    let overlap = Check::all(app.limits, |check| RotateBody::read(raw, check))?.overlap_hours;
    let overlap = SignedDuration::from_hours(overlap.map_or(24, |Overlap(hours)| hours));
    let (scope, id, secret) = (caller.manages()?, id(&text)?, new_secret()?);
    let operation = Rotate { scope, id, secret: secret.clone(), overlap };
    Ok(Json(with_secret(alone(&app, operation).await?, &secret)))
}

/// What was deleted.
#[derive(Serialize, ToSchema)]
struct DeletedWebhook {
    #[schema(example = 1)]
    id: i64,
}

/// Delete a webhook
///
/// With its secret and its log.
#[utoipa::path(
    delete,
    path = "/api/webhooks/{id}",
    tag = "webhooks",
    params(("id" = i64, Path, description = "The endpoint's id.", example = 1)),
    responses((status = 200, description = "It is gone.", body = DeletedWebhook)),
    extensions(("x-error-codes" = json!(["WEBHOOK_NOT_FOUND"])))
)]
async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    body.none()?;
    let operation = Delete { scope: caller.manages()?, id: id(&text)? };
    let told = |_: &Delete, id| Answer::from(Json(DeletedWebhook { id }));
    Ok(Write::of(&app, &caller, &body).without_records().run(Ok((operation, told))).await)
}
