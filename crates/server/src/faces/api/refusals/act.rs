//! What can be done with refused records: send them again, correct them, ignore them.

use std::collections::HashMap;

use axum::Extension;
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::{ExternalId, Label};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType};
use utoipa::{IntoParams, ToSchema};

use super::{find, item_cursor, item_position, limit, name_of, unknown_parameter};
use crate::app::Shared;
use crate::faces::api::{NoQuery, Page};
use crate::http::again::{Again, Inner};
use crate::http::asked::REPLAYED;
use crate::http::field::SourceName;
use crate::http::write::{Noted, kept_as};
use crate::http::{Answer, Caller, Check, JsonBody, Path, Problem, Wire, Write, body, records};
use crate::idempotency;
use crate::refusal::Refusal;
use crate::refusals::{self, Filter, Ignore, Item, Resent};

/// Items that one request sends again.
const LIMIT: i64 = 100;
/// Bytes of answers with which it ends before that.
const ANSWERS: usize = 2 * 1024 * 1024;

/// Refuses a body where none is taken; an empty object is as good as none.
fn nothing(body: &JsonBody) -> Result<(), Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    match body.as_str().trim().is_empty() {
        true => Ok(()),
        false => body.object::<Nothing>().map(drop),
    }
}

/// The request for an item's record alone, or for what is to stand in its place.
fn inner(caller: &Caller, item: &Item, record: Option<&str>) -> Inner {
    let record = record.or(item.content.as_deref()).unwrap_or_default();
    let source = name_of(&caller.sources, item.source_id);
    Inner {
        method: item.method.clone(),
        path: item.path.clone(),
        body: records::alone(&item.path, &item.list, source, record),
        id: item.id.clone(),
    }
}

/// Sends an item's request. One that was settled is not sent again, but for the answer that was
/// given to the same request before.
async fn send(
    app: &Shared,
    (caller, headers): (&Caller, &HeaderMap),
    again: &Again,
    item: &Item,
    record: Option<&str>,
) -> Result<Response, Problem> {
    let inner = inner(caller, item, record);
    if let Some(state) = item.state().filter(|state| state.is_closed())
        && !inner.is_kept(app, caller).await?
    {
        return Err(Refusal::ItemClosed(item.id.clone(), state).into());
    }
    again.send(caller, headers, inner).await
}

/// Send a refused record again
///
/// As it was sent, to where it was sent, with the rights of this request's key; it answers as
/// that request does. `Prefer` and `Idempotency-Key` are for that request. What comes of the
/// record comes of its item: taken, it is `resolved`; refused again, `attempts` counts.
#[utoipa::path(
    post,
    path = "/api/refusals/{id}/retry",
    tag = "refusals",
    params(("id" = String, Path, description = "The item's id.", example = "qcSmNmwPvioccLffiSAK9Q")),
    responses(
        (status = 200, description = "The answer of that request.", body = serde_json::Value),
        (status = 201, description = "The answer of that request.", body = serde_json::Value),
        (status = 400, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 400})),
        (status = 403, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 403})),
        (status = 404, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 404})),
        (status = 409, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 409})),
        (status = 413, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 413})),
        (status = 422, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": "failure"})),
        (status = 500, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 500})),
        (status = 503, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 503}))
    ),
    extensions(("x-error-codes" = json!(["REFUSAL_NOT_FOUND", "REFUSAL_CLOSED"])))
)]
pub async fn retry(
    State(app): State<Shared>,
    caller: Caller,
    Extension(again): Extension<Again>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    nothing(&body)?;
    caller.acts()?;
    let item = find(&app, &caller, &id).await?;
    send(&app, (&caller, &headers), &again, &item, None).await
}

/// Any JSON value.
#[derive(Clone, Debug)]
struct Anything(Box<RawValue>);

impl Wire for Anything {
    const RULE: &'static str = "must be there";

    fn read(raw: &RawValue, _: &mut Check) -> Option<Self> {
        Some(Self(raw.to_owned()))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::AnyValue).into()
    }
}

body! {
    /// What is to stand in a record's place.
    strict struct Edit as "EditRefusal" = {"record": {
        "metadata": {"source": "GLOBANT"}, "id": "late-team-2", "name": "Support",
        "workspace_id": "Workspaces-example-9"
    }} {
        /// The whole record, as the item shows it.
        record: required Anything,
    }
}

/// Correct a refused record
///
/// Puts another record in its place and sends that, as a retry does. The item is then
/// `superseded`, also when the new one has another id or is refused anew, as an item of its own.
#[utoipa::path(
    put,
    path = "/api/refusals/{id}",
    tag = "refusals",
    params(("id" = String, Path, description = "The item's id.", example = "bmupkdRMfiLA3qWYGd1XGA")),
    request_body = Edit,
    responses(
        (status = 200, description = "The answer of that request.", body = serde_json::Value),
        (status = 201, description = "The answer of that request.", body = serde_json::Value),
        (status = 400, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 400})),
        (status = 403, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 403})),
        (status = 404, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 404})),
        (status = 409, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 409})),
        (status = 413, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 413})),
        (status = 422, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": "failure"})),
        (status = 500, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 500})),
        (status = 503, description = "Or the answer of that request.", body = serde_json::Value, example = json!({"status": 503}))
    ),
    extensions(("x-error-codes" = json!(["REFUSAL_NOT_FOUND", "REFUSAL_CLOSED"])))
)]
pub async fn edit(
    State(app): State<Shared>,
    caller: Caller,
    Extension(again): Extension<Again>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let raw = body.object()?;
    let Anything(record) = Check::all(app.limits, |check| Edit::read(raw, check)?.record)?;
    let scope = caller.acts()?;
    let item = find(&app, &caller, &id).await?;
    let sent = send(&app, (&caller, &headers), &again, &item, Some(record.get())).await?;
    // Also when it was answered before: then the server may have gone down in between.
    let noted = sent.extensions().get::<Noted>().is_some() || sent.headers().contains_key(REPLAYED);
    // The same record again is the same item.
    if noted && item.content.as_deref() != Some(record.get()) {
        refusals::supersede(&app, scope, &item.id).await?;
    }
    Ok(sent)
}

/// An item that is ignored.
#[derive(Serialize, ToSchema)]
struct Ignored {
    #[schema(example = "aU6m3_bHGu8vQ2cTPDmS2w")]
    id: String,
    #[schema(example = "ignored")]
    state: &'static str,
}

/// Ignore a refused record
///
/// Refused again it stays ignored; it can still be sent again or corrected.
#[utoipa::path(
    post,
    path = "/api/refusals/{id}/ignore",
    tag = "refusals",
    params(("id" = String, Path, description = "The item's id.", example = "cn31Gf6RycQKWbJ3TBm37A")),
    responses((status = 200, description = "It is ignored.", body = Ignored)),
    extensions(("x-error-codes" = json!(["REFUSAL_NOT_FOUND", "REFUSAL_CLOSED"])))
)]
pub async fn ignore(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    nothing(&body)?;
    let scope = caller.acts()?;
    // An id that cannot be one is not asked for.
    let id = find(&app, &caller, &id).await?.id;
    let told = |sent: &Ignore, ()| {
        Json(Ignored { id: sent.id.clone(), state: refusals::State::Ignored.name() }).into()
    };
    let write = Write::of(&app, &caller, &body).without_records();
    Ok(write.run(Ok((Ignore { scope, id }, told))).await)
}

body! {
    /// Which open items; what is not said narrows nothing.
    strict struct Which as "RetryRefusals" = {"source": "GLOBANT", "code": "CTR006"} {
        source: optional SourceName,
        /// The name of an operation, as items show it.
        operation: optional Label,
        code: optional Label,
        /// A record's own external id.
        external_id: optional ExternalId,
    }
}

impl Which {
    fn filter(self, caller: &Caller) -> Result<Filter, Problem> {
        let source = Check::all(Default::default(), |check| {
            Some(match &self.source {
                None => None,
                Some(name) => Some(check.within("source", |check| name.judge(caller, check))?),
            })
        })?;
        match source {
            Some(source) => caller.writes(source)?,
            None => caller.acts()?,
        };
        Ok(Filter {
            state: Some(refusals::State::Open),
            source,
            operation: self.operation.map(|label| label.as_str().to_owned()),
            code: self.code.map(|label| label.as_str().to_owned()),
            external_id: self.external_id.map(|id| id.to_string()),
        })
    }
}

/// Unknown parameters are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RetryQuery {
    /// Items to send again, at most 100.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 100)]
    limit: Option<String>,
    /// The `next` of the answer before: what was refused again is not sent twice.
    cursor: Option<String>,
}

/// What came of an item that was sent again.
#[derive(Serialize, ToSchema)]
struct Retried {
    #[schema(example = "aU6m3_bHGu8vQ2cTPDmS2w")]
    id: String,
    /// The HTTP status of its request.
    #[schema(example = 200)]
    status: u16,
    /// What that request answered.
    #[schema(value_type = serde_json::Value)]
    answer: Box<RawValue>,
}

/// Send refused records again
///
/// All open ones that a filter finds, each as its own retry does, those first that were refused
/// first. A page ends early when its answers are large. An `Idempotency-Key` is for each of them too.
#[utoipa::path(
    post,
    path = "/api/refusals/retry",
    tag = "refusals",
    params(RetryQuery),
    request_body = Which,
    responses((status = 200, description = "What came of each.", body = Page<Retried>))
)]
pub async fn retry_all(
    State(app): State<Shared>,
    caller: Caller,
    Extension(again): Extension<Again>,
    headers: HeaderMap,
    query: Result<Query<RetryQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let limit = limit(query.limit.as_ref(), LIMIT)?;
    let after = item_position(query.cursor.as_deref())?;
    let raw = body.object()?;
    let which = Check::all(app.limits, |check| Which::read(raw, check))?;
    let (filter, scope) = (which.filter(&caller)?, caller.acts()?);
    let is_kept = match kept_as(&caller, &body) {
        Some(request) => idempotency::is_kept(&app, &request).await?,
        None => false,
    };
    let mut page = Page { data: Vec::new(), next: None };
    if !is_kept {
        let items = refusals::list(&app, caller.reads(), filter, after, limit + 1).await?;
        let (items, next) = super::page(items, limit, item_cursor);
        page.next = next;
        let mut bytes = 0;
        for item in newest(items) {
            let here = item_cursor(&item);
            if let Some(retried) = resend(&app, (&caller, &headers), &again, item).await? {
                bytes += retried.answer.get().len();
                page.data.push(retried);
            }
            if bytes > ANSWERS {
                page.next = here;
                break;
            }
        }
    }
    let answer = Answer::json(StatusCode::OK, &page);
    let told = move |_: &Resent, ()| answer.clone();
    let write = Write::of(&app, &caller, &body).without_records();
    Ok(write.run(Ok((Resent { scope }, told))).await)
}

/// Of several contents of one record the one that was sent last: when it is taken, the others are
/// superseded.
fn newest(items: Vec<Item>) -> Vec<Item> {
    let record = |item: &Item| {
        let Item { operation, path_ids, record, source_id, .. } = item;
        (operation.clone(), path_ids.clone(), record.clone(), *source_id)
    };
    let mut last = HashMap::new();
    for item in &items {
        let at = last.entry(record(item)).or_insert(item.last_at);
        *at = item.last_at.max(*at);
    }
    items.into_iter().filter(|item| last.get(&record(item)) == Some(&item.last_at)).collect()
}

/// Sends one of many, unless it is no longer open. What it is refused for is its own answer.
async fn resend(
    app: &Shared,
    (caller, headers): (&Caller, &HeaderMap),
    again: &Again,
    item: Item,
) -> Result<Option<Retried>, Problem> {
    // What was sent before it may have closed it; and a list leaves long records out.
    let item = match refusals::get(app, caller.reads(), &item.id).await? {
        Some(item) if item.state() == Some(refusals::State::Open) => item,
        _ => return Ok(None),
    };
    let response = send(app, (caller, headers), again, &item, None).await?;
    let status = response.status().as_u16();
    let body = read(response.into_body()).await;
    let answer = String::from_utf8(body).ok().and_then(|body| RawValue::from_string(body).ok());
    let answer = answer.unwrap_or_else(|| RawValue::NULL.to_owned());
    Ok(Some(Retried { id: item.id, status, answer }))
}

/// The body of an answer of ours, which is whole.
async fn read(body: Body) -> Vec<u8> {
    body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default()
}
