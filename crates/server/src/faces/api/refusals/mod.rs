//! The inbox of refused records: what was refused, why, and what to do about it.

mod act;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use domain::{ExternalId, Source};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::{At, not_ours};
use super::{
    NoQuery, Page, cursor, limit, page, parameter, position, source_named, unknown_parameter,
};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::language::Language;
use crate::http::{Caller, Path, Problem};
use crate::refusal;
use crate::refusals::remedy::remedy;
use crate::refusals::{self, Filter, Item};
use crate::sources::Sources;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(groups))
        .routes(routes!(get, act::edit))
        .routes(routes!(act::ignore))
        .routes(routes!(act::retry))
        .routes(routes!(act::retry_all))
}

/// Items or groups on a page.
const LIMIT: i64 = 200;

/// A record that was refused.
///
/// It is known by its operation, source, the ids of the path and its own id. Refused again with
/// the same content it is the same item; taken by a later request, the item is closed.
#[derive(Serialize, ToSchema)]
struct Refusal {
    #[schema(example = "aU6m3_bHGu8vQ2cTPDmS2w")]
    id: String,
    /// `open`, `resolved` (taken as it is), `superseded` (something else was taken, or put in its
    /// place) or `ignored`.
    #[schema(example = "open")]
    state: &'static str,
    /// `null`: it spoke in ids of ours.
    #[schema(required, example = "GLOBANT")]
    source: Option<&'static str>,
    #[schema(example = "contracts.attach")]
    operation: String,
    /// The ids in the path of its request.
    #[schema(value_type = Vec<String>, example = json!(["SF-CONTRACT-12345"]))]
    path_ids: Box<RawValue>,
    /// The record's own external id; `null` where nothing but the path names it.
    #[schema(required, example = "external-user-id-5")]
    external_id: Option<String>,
    /// The first error.
    #[schema(example = "CE001")]
    code: String,
    /// Where the first error is, in the request that was refused last: RFC 6901.
    #[schema(example = "/users/1/id")]
    pointer: String,
    #[schema(example = "User not found in associations")]
    message: String,
    /// At most 100.
    #[schema(value_type = Vec<RefusalError>)]
    errors: Box<RawValue>,
    /// What to do, in the language that `Accept-Language` asks for: English or Spanish.
    #[schema(required)]
    remedy: Option<&'static str>,
    /// As it was sent. Lists leave it out (`null`) when it is over 64 KiB.
    #[schema(required, value_type = serde_json::Value)]
    record: Option<Box<RawValue>>,
    /// How often it was refused.
    #[schema(example = 1)]
    attempts: i64,
    first_at: Iso,
    last_at: Iso,
    /// The request that was refused last.
    #[schema(example = "5f0c2a7be1d3-1")]
    request_id: String,
    /// The API key of that request.
    key: String,
    #[schema(example = "POST")]
    method: String,
    #[schema(example = "/v2/integrations/contracts/SF-CONTRACT-12345/users")]
    path: String,
    /// When it was closed or ignored.
    #[schema(required)]
    closed_at: Option<Iso>,
    /// The request that did it.
    #[schema(required, example = "5f0c2a7be1d3-7")]
    closed_by: Option<String>,
}

/// What is wrong with a record.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what is kept as it was written")]
struct RefusalError {
    /// Where in `record`: RFC 6901; empty for the record itself.
    #[schema(example = "/id")]
    pointer: String,
    #[schema(example = "CE001")]
    code: String,
    #[schema(example = "User not found in associations")]
    message: String,
}

/// What was kept as JSON, as it is.
fn raw(json: String) -> Box<RawValue> {
    RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn name_of(sources: &Sources, id: i64) -> Option<&'static str> {
    sources.visible(id).map(|source| source.name)
}

fn shown(sources: &Sources, language: Language, item: Item) -> Refusal {
    Refusal {
        state: item.state().map_or("open", refusals::State::name),
        source: name_of(sources, item.source_id),
        id: item.id,
        operation: item.operation,
        path_ids: raw(item.path_ids),
        external_id: Some(item.external_id).filter(|id| !id.is_empty()),
        remedy: remedy(&item.code, language),
        code: item.code,
        pointer: item.pointer,
        message: item.message,
        errors: raw(item.errors),
        record: item.content.map(raw),
        attempts: item.attempts,
        first_at: Iso(item.first_at),
        last_at: Iso(item.last_at),
        request_id: item.request_id,
        key: item.key,
        method: item.method,
        path: item.path,
        closed_at: item.closed_at.map(Iso),
        closed_by: item.closed_by,
    }
}

/// In which language people are spoken to.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "what `Language` reads")]
struct Languages {
    /// `en` or `es`, with weights: in which language `remedy` is.
    #[param(rename = "Accept-Language", example = "es-MX, en;q=0.5")]
    accept_language: Option<String>,
}

/// All of them narrow the list. Unknown parameters are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `open` (as it is without), `resolved`, `superseded`, `ignored` or `all`.
    #[param(example = "open")]
    state: Option<String>,
    /// The name of a source.
    #[param(example = "GLOBANT")]
    source: Option<String>,
    /// The name of an operation, as items show it.
    #[param(example = "contracts.attach", max_length = 64)]
    operation: Option<String>,
    /// A code.
    #[param(example = "CE001", max_length = 64)]
    code: Option<String>,
    /// A record's own external id.
    #[param(example = "external-user-id-5", max_length = 255)]
    external_id: Option<String>,
    /// Items on a page, at most 200.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

const STATES: &str = "must be open, resolved, superseded, ignored or all";

/// The state that a parameter names; `None` is all of them.
fn state(text: Option<&String>) -> Result<Option<refusals::State>, Problem> {
    let read = |text: &str| match text {
        "all" => Ok(None),
        text => refusals::State::from_name(text).map(Some).ok_or_else(|| STATES.to_owned()),
    };
    Ok(parameter("state", text, read)?.unwrap_or(Some(refusals::State::Open)))
}

/// A name in a query.
fn label(name: &str, text: Option<&String>) -> Result<Option<String>, Problem> {
    let read = |text: &str| domain::Label::parse(text).map_err(str::to_owned);
    Ok(parameter(name, text, read)?.map(|label| label.as_str().to_owned()))
}

impl ListQuery {
    fn filter(&self, caller: &Caller) -> Result<Filter, Problem> {
        let external_id = parameter("external_id", self.external_id.as_ref(), |text| {
            ExternalId::parse(text).map_err(str::to_owned)
        })?;
        Ok(Filter {
            state: state(self.state.as_ref())?,
            source: source_named(self.source.as_deref(), caller)?,
            operation: label("operation", self.operation.as_ref())?,
            code: label("code", self.code.as_ref())?,
            external_id: external_id.map(|id| id.to_string()),
        })
    }
}

fn item_position(cursor: Option<&str>) -> Result<Option<refusals::Position>, Problem> {
    let Some((state, At(at), id)) = cursor.map(position::<(String, At, String)>).transpose()?
    else {
        return Ok(None);
    };
    let ours = at >= Timestamp::UNIX_EPOCH && !state.contains('\0') && !id.contains('\0');
    match ours {
        true => Ok(Some((state, at, id))),
        false => Err(not_ours()),
    }
}

fn item_cursor(item: &Item) -> Option<String> {
    cursor(&(&item.state, At(item.first_at), &item.id))
}

/// List refused records
///
/// By state, and then the one that was refused first. A record of any face is in here, until it
/// was kept long enough.
#[utoipa::path(
    get,
    path = "/api/refusals",
    tag = "refusals",
    params(ListQuery, Languages),
    responses((status = 200, description = "A page.", body = Page<Refusal>))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page<Refusal>>, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let (filter, limit) = (query.filter(&caller)?, limit(query.limit.as_ref(), LIMIT)?);
    let after = item_position(query.cursor.as_deref())?;
    let items = refusals::list(&app, caller.reads(), filter, after, limit + 1).await?;
    let (items, next) = page(items, limit, item_cursor);
    let language = Language::accepted(&headers);
    let shown = |item| shown(&caller.sources, language, item);
    Ok(Json(Page { data: items.into_iter().map(shown).collect(), next }))
}

/// Equal refusals: of one operation and source, with one code.
#[derive(Serialize, ToSchema)]
#[schema(as = RefusalGroup)]
struct Group {
    #[schema(example = "contracts.attach")]
    operation: String,
    /// `null`: in ids of ours.
    #[schema(required, example = "GLOBANT")]
    source: Option<&'static str>,
    #[schema(example = "CE001")]
    code: String,
    /// How many records.
    #[schema(example = 900)]
    count: i64,
    first_at: Iso,
    last_at: Iso,
    /// The id of one of them, and what that says.
    #[schema(example = "aU6m3_bHGu8vQ2cTPDmS2w")]
    example: String,
    #[schema(example = "User not found in associations")]
    message: String,
    /// What to do, in the language that `Accept-Language` asks for: English or Spanish.
    #[schema(required)]
    remedy: Option<&'static str>,
}

/// Unknown parameters are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct GroupsQuery {
    /// `open` (as it is without), `resolved`, `superseded` or `ignored`.
    #[param(example = "open")]
    state: Option<String>,
    /// The name of a source.
    #[param(example = "GLOBANT")]
    source: Option<String>,
    /// Groups on a page, at most 200.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl GroupsQuery {
    fn read(&self, caller: &Caller) -> Result<(refusals::State, Option<Source>), Problem> {
        let state = state(self.state.as_ref())?.ok_or_else(|| {
            Problem::validation("state must be open, resolved, superseded or ignored")
        })?;
        Ok((state, source_named(self.source.as_deref(), caller)?))
    }
}

/// Count equal refusals
///
/// By operation, source and code: many records that were refused for one reason are one line.
#[utoipa::path(
    get,
    path = "/api/refusals/groups",
    tag = "refusals",
    params(GroupsQuery, Languages),
    responses((status = 200, description = "A page.", body = Page<Group>))
)]
async fn groups(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<GroupsQuery>, QueryRejection>,
) -> Result<Json<Page<Group>>, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let ((state, source), limit) = (query.read(&caller)?, limit(query.limit.as_ref(), LIMIT)?);
    let after: Option<refusals::GroupKey> = query.cursor.as_deref().map(position).transpose()?;
    if after.as_ref().is_some_and(|(name, _, code)| name.contains('\0') || code.contains('\0')) {
        return Err(Problem::validation("cursor must be the `next` of an earlier page"));
    }
    let rows = refusals::groups(&app, caller.reads(), state, source, after, limit + 1).await?;
    let (rows, next) = page(rows, limit, |row| cursor(&(&row.operation, row.source_id, &row.code)));
    let language = Language::accepted(&headers);
    let shown = |row: refusals::Group| Group {
        source: name_of(&caller.sources, row.source_id),
        operation: row.operation,
        remedy: remedy(&row.code, language),
        code: row.code,
        count: row.count,
        first_at: Iso(row.first_at),
        last_at: Iso(row.last_at),
        example: row.example,
        message: row.message,
    };
    Ok(Json(Page { data: rows.into_iter().map(shown).collect(), next }))
}

/// An item that the caller may see.
async fn find(app: &Shared, caller: &Caller, id: &str) -> Result<Item, Problem> {
    // What cannot be an id is not looked up.
    let is_one = id.len() == 22
        && id
            .bytes()
            .all(|byte| matches!(byte, b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'));
    let found = match is_one {
        true => refusals::get(app, caller.reads(), id).await?,
        false => None,
    };
    found.ok_or_else(|| refusal::Refusal::NoSuchItem(id.to_owned()).into())
}

/// Get a refused record
#[utoipa::path(
    get,
    path = "/api/refusals/{id}",
    tag = "refusals",
    params(("id" = String, Path, description = "The item's id.", example = "cn31Gf6RycQKWbJ3TBm37A"), Languages),
    responses((status = 200, description = "The item, with the whole record.", body = Refusal)),
    extensions(("x-error-codes" = json!(["REFUSAL_NOT_FOUND"])))
)]
async fn get(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Result<Query<NoQuery>, QueryRejection>,
) -> Result<Json<Refusal>, Problem> {
    query.map_err(unknown_parameter)?;
    let item = find(&app, &caller, &id).await?;
    Ok(Json(shown(&caller.sources, Language::accepted(&headers), item)))
}
