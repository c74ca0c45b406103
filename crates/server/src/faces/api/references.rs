//! External references: looked up both ways, and linked.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::{Email, ExternalId, Kind};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::csv::{Cell, Record, exact, text};
use super::list::{self, Page, page};
use super::{NoQuery, parameter, source_named, unknown_parameter};
use crate::app::Shared;
use crate::faces::wire::Iso;
use crate::http::check::Object;
use crate::http::field::{self, SourceName, wire};
use crate::http::inbox::{Refusals, blames};
use crate::http::log::Counts;
use crate::http::records::Named;
use crate::http::{Answer, Caller, Check, JsonBody, Limits, Problem, Records, Wire, Write, body};
use crate::references::link::{Link, LinkAll, LinkOne, Outcome, Target};
use crate::references::{self, Filter, Position};
use crate::scope::Scope;
use crate::sources::Sources;
use crate::store::sure;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, create))
}

/// Links in one request.
const LINKS: usize = 1_000;

/// What one source calls one entity.
#[derive(Serialize, ToSchema)]
pub struct Reference {
    kind: KindName,
    #[schema(example = "OKTA")]
    source: &'static str,
    #[schema(example = "OKTA-USER-12345")]
    external_id: String,
    /// The entity's internal id.
    #[schema(example = 5)]
    id: i64,
    created_at: Iso,
}

pub fn reference(sources: &Sources, reference: references::Reference) -> Option<Reference> {
    Some(Reference {
        kind: KindName(reference.kind),
        source: sources.visible(reference.source_id)?.name,
        external_id: reference.external_id,
        id: reference.entity_id,
        created_at: Iso(reference.created_at),
    })
}

impl Record for Reference {
    fn lines(&self) -> Vec<Vec<Cell>> {
        let Self { kind, source, external_id, id, created_at } = self;
        vec![vec![exact(&kind.0), exact(source), text(external_id), exact(id), exact(created_at)]]
    }
}

const COLUMNS: [&str; 5] = ["kind", "source", "external_id", "id", "created_at"];

/// All of them narrow the list. Unknown parameters are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// A kind of entity.
    #[param(value_type = Option<KindName>, example = "user")]
    kind: Option<String>,
    /// The name of a source.
    #[param(example = "OKTA")]
    source: Option<String>,
    /// What a source calls the entity.
    #[param(example = "OKTA-USER-12345", max_length = 255)]
    external_id: Option<String>,
    /// The entity's internal id; needs `kind`.
    #[param(value_type = Option<i64>, minimum = 1)]
    id: Option<String>,
    /// References on a page, at most 200.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 100)]
    pub limit: Option<String>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// The name of a kind.
#[derive(Serialize)]
pub struct KindName(pub String);

fn kind_schema() -> ObjectBuilder {
    let names = Kind::ALL.iter().map(|kind| kind.name());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("A kind of entity."))
        .enum_values(Some(names))
        .examples(["user"])
}

impl PartialSchema for KindName {
    fn schema() -> RefOr<Schema> {
        kind_schema().into()
    }
}

impl ToSchema for KindName {
    fn name() -> std::borrow::Cow<'static, str> {
        "Kind".into()
    }
}

fn kind_of(name: &str) -> Result<Kind, String> {
    Kind::from_name(name).ok_or_else(|| Kind::RULE.to_owned())
}

impl ListQuery {
    pub fn filter(&self, caller: &Caller) -> Result<Filter, Problem> {
        let kind = parameter("kind", self.kind.as_ref(), kind_of)?;
        let source = source_named(self.source.as_deref(), caller)?;
        let external_id = parameter("external_id", self.external_id.as_ref(), |text| {
            ExternalId::parse(text).map_err(str::to_owned)
        })?;
        let id = parameter("id", self.id.as_ref(), |text| {
            text.parse().ok().filter(|id| *id > 0).ok_or("must be a positive integer".to_owned())
        })?;
        let entity = match (kind, id) {
            (Some(kind), Some(id)) => Some((kind, id)),
            (None, Some(_)) => return Err(Problem::validation("id needs kind beside it")),
            (_, None) => None,
        };
        Ok(Filter { kind, source, external_id, entity })
    }
}

/// Look references up
///
/// By external id, by entity, or all of them; ordered by kind, external id and source. With
/// `Accept: text/csv` the whole list, read a page at a time.
#[utoipa::path(
    get,
    path = "/api/references",
    tag = "references",
    params(ListQuery),
    responses((status = 200, description = "A page; as CSV the whole list.", content(
        (Page<Reference> = "application/json"), (String = "text/csv")
    )))
)]
async fn list(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let of = (app.clone(), caller.reads(), query.filter(&caller)?);
    let read = move |after, limit| read(of.clone(), after, limit);
    let asked = (query.limit.as_ref(), query.cursor.as_ref());
    list::answer((&app, &caller, &headers), &COLUMNS, asked, read).await
}

async fn read(
    (app, scope, filter): (Shared, Scope, Filter),
    after: Option<Position>,
    limit: i64,
) -> list::Rows<Reference, Position> {
    if after.as_ref().is_some_and(|(kind, id, _)| kind.contains('\0') || id.contains('\0')) {
        return Err(list::not_ours());
    }
    let sources = Arc::clone(&scope.sources);
    // One more than the page tells whether there is another.
    let rows = sure(references::list(&app, scope, filter, after, limit + 1).await)?;
    let place = |row: &references::Reference| {
        Some((row.kind.clone(), row.external_id.clone(), row.source_id))
    };
    let (rows, next) = page(rows, limit, place);
    Ok((rows.into_iter().filter_map(|row| reference(&sources, row)).collect(), next))
}

body! {
    /// A reference that an entity is to get: `id` or `of` names the entity.
    strict struct LinkBody as "LinkReference" = {
        "kind": "user", "source": "SAP", "external_id": "00012345",
        "of": {"source": "OKTA", "external_id": "OKTA-USER-12345"}
    } {
        kind: required Kind,
        source: required SourceName,
        external_id: required ExternalId,
        /// The entity.
        id: optional i64,
        of: optional Of,
    }
}

body! {
    /// The entity, by a reference it has; a user also by its e-mail.
    strict struct Of as "LinkOf" = {"source": "OKTA", "external_id": "OKTA-USER-12345"} {
        source: optional SourceName,
        external_id: optional ExternalId,
        email: optional Email,
    }
}

body! {
    /// Up to 1,000 links; each is judged by itself.
    strict struct BatchBody as "LinkReferences" = {"references": [{
        "kind": "user", "source": "SAP", "external_id": "00012346", "id": 5
    }]} {
        references: required Vec<LinkBody>,
    }
}

/// One link, or many.
#[derive(ToSchema)]
#[schema(as = LinkRequest)]
#[serde(untagged)]
#[expect(dead_code, reason = "the schema of what `create` reads")]
enum LinkRequest {
    One(LinkBody),
    Many(BatchBody),
}

wire!(Kind, Kind::RULE, |raw| Kind::from_name(&field::text(raw)?), kind_schema());

impl LinkBody {
    fn link(self, caller: &Caller, check: &mut Check) -> Option<Link> {
        let source = check.within("source", |check| self.source?.judge(caller, check));
        let target = match (self.id, self.of) {
            (Some(id), None) => Target::Id(id),
            (None, Some(of)) => check.within("of", |check| of.target(self.kind, caller, check))?,
            _ => return check.wrong("must have either id or of"),
        };
        let (kind, source, external_id) = (self.kind?, source?, self.external_id?);
        Some(Link { kind, source, external_id, target })
    }
}

impl Of {
    fn target(self, kind: Option<Kind>, caller: &Caller, check: &mut Check) -> Option<Target> {
        match (self.email, self.source, self.external_id) {
            (Some(email), None, None) if kind == Some(Kind::User) => Some(Target::Email(email)),
            (Some(_), None, None) => check.wrong("names a user by e-mail, but kind is not user"),
            (None, Some(source), Some(external_id)) => {
                let source = check.within("source", |check| source.judge(caller, check))?;
                Some(Target::Known(source, external_id))
            }
            _ => check.wrong("must have source and external_id, or only email"),
        }
    }
}

/// What came of a batch of links, in request order.
#[derive(Serialize, ToSchema)]
struct Linked {
    results: Vec<LinkResult>,
}

/// What came of one link.
#[derive(Serialize, ToSchema)]
struct LinkResult {
    /// Its place in the request.
    index: usize,
    /// `created`, `unchanged` (it was there already) or `rejected`.
    #[schema(example = "created")]
    outcome: &'static str,
    /// Unless rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    reference: Option<Reference>,
    /// If rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    error: Option<LinkError>,
}

/// Why a link was rejected.
#[derive(Serialize, ToSchema)]
struct LinkError {
    #[schema(example = "ZC004")]
    code: &'static str,
    #[schema(example = "DuplicateExternalIdError")]
    title: &'static str,
    #[schema(example = "\"00012345\" of source SAP already belongs to user 7")]
    detail: String,
}

fn result(sources: &Sources, index: usize, outcome: Outcome) -> LinkResult {
    let (outcome, linked, error) = match outcome {
        Outcome::Created(linked) => ("created", reference(sources, linked), None),
        Outcome::Unchanged(linked) => ("unchanged", reference(sources, linked), None),
        Outcome::Rejected(refusal) => ("rejected", None, Some(Problem::from(refusal))),
    };
    let error = error.map(|p| LinkError { code: p.code, title: p.name, detail: p.message });
    LinkResult { index, outcome, reference: linked, error }
}

/// The key must have the right to every source that a request names.
fn admit(caller: &Caller, links: &[Link]) -> Result<Scope, Problem> {
    for link in links {
        caller.writes(link.source)?;
        if let Target::Known(source, _) = &link.target {
            caller.writes(*source)?;
        }
    }
    Ok(caller.reads())
}

/// What was there already is neither created nor rejected.
fn counts(outcomes: &[Outcome]) -> Counts {
    let count = |of: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| of(outcome)).count();
    Counts {
        received: outcomes.len(),
        created: count(|outcome| matches!(outcome, Outcome::Created(_))),
        rejected: count(|outcome| matches!(outcome, Outcome::Rejected(_))),
    }
}

/// Link references
///
/// Gives an entity one more reference: this is where source systems meet. The same link again
/// changes nothing. `{"references": [...]}` links up to 1,000 at once, each judged by itself.
#[utoipa::path(
    post,
    path = "/api/references",
    tag = "references",
    request_body = LinkRequest,
    responses(
        (status = 200, description = "The link was there already, or what came of each link of a batch.", body = LinkAnswer),
        (status = 201, description = "The new reference.", body = Reference)
    ),
    extensions(("x-error-codes" = json!(["ZC001", "ZC004"])))
)]
async fn create(
    State(app): State<Shared>,
    caller: Caller,
    query: Result<Query<NoQuery>, QueryRejection>,
    body: JsonBody,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let raw = body.object()?;
    let write = Write::of(&app, &caller, &body);
    if Object::of(raw).is_some_and(|object| object.get("references").is_none()) {
        let prepared = read_one(raw, app.limits, &caller);
        let prepared = prepared.map(|operation| (operation, told_one));
        return Ok(write.records(Records::each("", by_source).with_sources()).run(prepared).await);
    }
    let prepared = read_all(raw, app.limits, &caller).map(|operation| (operation, told_all));
    let records = Records::each("references", by_source).with_sources();
    Ok(write.records(records).run_each(prepared, |_, outcomes| rejected(outcomes)).await)
}

fn read_one(raw: &RawValue, limits: Limits, caller: &Caller) -> Result<LinkOne, Problem> {
    let link = Check::all(limits, |check| {
        let one = LinkBody::read(raw, check)?;
        check.clean()?;
        one.link(caller, check)
    })?;
    let scope = admit(caller, std::slice::from_ref(&link))?;
    Ok(LinkOne { scope, link })
}

fn read_all(raw: &RawValue, limits: Limits, caller: &Caller) -> Result<LinkAll, Problem> {
    let limits = Limits { max_ranges: LINKS.min(limits.max_ranges), ..limits };
    let links: Vec<Link> = Check::all(limits, |check| {
        let many = BatchBody::read(raw, check)?.references?.into_iter().enumerate();
        check.clean()?;
        check.within("references", |check| {
            let links = many.map(|(nth, one)| check.within(nth, |check| one.link(caller, check)));
            // All are read, so that everything wrong is told.
            links.collect::<Vec<_>>().into_iter().collect()
        })
    })?;
    Ok(LinkAll { scope: admit(caller, &links)?, links })
}

/// A link is the one of its kind, source and external id.
fn by_source(raw: &RawValue) -> Option<Named> {
    let link = Object::of(raw)?;
    let text = |name: &str| field::text(link.get(name)?);
    let (kind, source) = (Kind::from_name(&text("kind")?)?, text("source")?.into_owned());
    let external_id = ExternalId::parse(&text("external_id")?).ok()?.to_string();
    let name = format!("{} {source} {external_id}", kind.name());
    // Who may see only one of two sources may not see the link between them.
    let of = link.get("of").and_then(Object::of).and_then(|of| of.get("source"));
    let alone = of.is_none_or(|of| field::text(of).is_some_and(|of| of == source));
    Some(Named { name, external_id, source: alone.then_some(source) })
}

/// The links that were rejected.
fn rejected(outcomes: &[Outcome]) -> Refusals {
    let rejected = outcomes.iter().enumerate().filter_map(|(nth, outcome)| match outcome {
        Outcome::Rejected(refusal) => {
            Some((nth, blames(Problem::from(refusal.clone().narrowed()))))
        }
        _ => None,
    });
    rejected.collect()
}

fn told_one(sent: &LinkOne, outcome: Outcome) -> Answer {
    let (status, linked) = match outcome {
        Outcome::Created(linked) => (StatusCode::CREATED, Some(linked)),
        Outcome::Unchanged(linked) => (StatusCode::OK, Some(linked)),
        Outcome::Rejected(_) => (StatusCode::OK, None),
    };
    Answer::json(status, &linked.and_then(|linked| reference(&sent.scope.sources, linked)))
}

fn told_all(sent: &LinkAll, outcomes: Vec<Outcome>) -> Answer {
    let counts = counts(&outcomes);
    let results = outcomes.into_iter().enumerate();
    let shown = |(nth, outcome)| result(&sent.scope.sources, nth, outcome);
    Answer::from(Json(Linked { results: results.map(shown).collect() })).counting(counts)
}

/// A reference, or the results of a batch.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the schema of what `create` writes")]
enum LinkAnswer {
    One(Reference),
    Many(Linked),
}
