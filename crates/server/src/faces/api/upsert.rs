//! Entities by external id: created when it is new, updated when it is known.
//!
//! The fields are those of the Integrations API, as one list: what creates an entity there, and what
//! updates it. What is left out stays as it is.

use std::borrow::Cow;
use std::marker::PhantomData;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::{ExternalId, Ref};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::if_match::{IfMatch, Known, Seen};
use super::{NoQuery, source_named, unknown_parameter};
use crate::app::{App, Shared};
use crate::entities::upsert::{Record, Upsert, Upserted};
use crate::entities::{Entity as _, Update};
use crate::faces::integrations::{CreateBody, UpdateBody};
use crate::http::check::Object;
use crate::http::field::SourceName;
use crate::http::inbox::{Refusals, blames};
use crate::http::log::Counts;
use crate::http::problem::FieldError;
use crate::http::records::by_id;
use crate::http::{
    Answer, Caller, Check, JsonBody, Limits, Path, Problem, Records, Wire, Write, body,
};
use crate::refusal::{Malformed, Refusal};

/// Records in one request.
const RECORDS: usize = 1_000;

/// What a record may say: what creates an entity and what updates it, but its metadata and its id.
pub struct Fields<C, U>(PhantomData<(C, U)>);

/// What does not stand among the fields.
const ASIDE: [&str; 2] = ["metadata", "id"];

impl<C: CreateBody, U: UpdateBody> PartialSchema for Fields<C, U> {
    fn schema() -> RefOr<Schema> {
        let RefOr::T(Schema::Object(mut object)) = C::schema() else { return C::schema() };
        if let RefOr::T(Schema::Object(change)) = U::schema() {
            for (name, schema) in change.properties {
                object.properties.entry(name).or_insert(schema);
            }
        }
        object.properties.retain(|name, _| !ASIDE.contains(&name.as_str()));
        object.required.retain(|name| !ASIDE.contains(&name.as_str()));
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        for example in &mut object.examples {
            if let Some(fields) = example.as_object_mut() {
                fields.retain(|name, _| !ASIDE.contains(&name.as_str()));
            }
        }
        object.into()
    }
}

impl<C: CreateBody + ToSchema, U: UpdateBody> ToSchema for Fields<C, U> {
    fn name() -> Cow<'static, str> {
        format!("{}Fields", C::name()).into()
    }
}

/// The example of what creates an entity in the Integrations API.
fn example<C: CreateBody>() -> Value {
    let RefOr::T(Schema::Object(object)) = C::schema() else { return Value::Null };
    object.examples.into_iter().next().unwrap_or_default()
}

/// Many records of one source, each with its `id`.
pub struct Batch<C, U>(PhantomData<(C, U)>);

impl<C: CreateBody, U: UpdateBody> PartialSchema for Batch<C, U> {
    fn schema() -> RefOr<Schema> {
        let RefOr::T(Schema::Object(mut record)) = Fields::<C, U>::schema() else {
            return Fields::<C, U>::schema();
        };
        record.properties.insert("id".to_owned(), ExternalId::schema());
        record.required.insert(0, "id".to_owned());
        let whole = example::<C>();
        let (source, id) = (&whole["metadata"]["source"], &whole["id"]);
        let mut example = record.examples.first().cloned().unwrap_or_default();
        if let Some(fields) = example.as_object_mut() {
            fields.insert("id".to_owned(), id.clone());
        }
        record.examples.clear();
        let records = ArrayBuilder::new().items(RefOr::T(Schema::Object(record)));
        ObjectBuilder::new()
            .property("source", SourceName::schema())
            .property("records", records.min_items(Some(1)).max_items(Some(RECORDS)))
            .required("source")
            .required("records")
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
            .examples([json!({"source": source, "records": [example]})])
            .into()
    }
}

impl<C: CreateBody + ToSchema, U: UpdateBody> ToSchema for Batch<C, U> {
    fn name() -> Cow<'static, str> {
        format!("{}Batch", C::name()).into()
    }
}

/// What came of a record.
#[derive(Serialize, ToSchema)]
struct Put {
    /// `created`, `updated`, or `unchanged`: it is as it was sent.
    #[schema(example = "created")]
    outcome: &'static str,
    /// Its internal id.
    #[schema(example = 5)]
    id: i64,
}

/// What came of a batch: `received` is always `created + updated + unchanged + rejected`.
#[derive(Default, Serialize, ToSchema)]
struct PutAll {
    #[schema(example = 1)]
    received: usize,
    #[schema(example = 1)]
    created: usize,
    #[schema(example = 0)]
    updated: usize,
    #[schema(example = 0)]
    unchanged: usize,
    #[schema(example = 0)]
    rejected: usize,
    /// In request order.
    results: Vec<PutResult>,
}

/// What came of a record of a batch.
#[derive(Serialize, ToSchema)]
struct PutResult {
    /// Its place in the request.
    index: usize,
    #[schema(example = "OKTA-USER-12345")]
    external_id: String,
    /// `created`, `updated`, `unchanged` (it is as it was sent) or `rejected`.
    #[schema(example = "created")]
    outcome: &'static str,
    /// Its internal id, unless rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = 5)]
    id: Option<i64>,
    /// If rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    error: Option<PutError>,
}

/// Why a record was rejected.
#[derive(Serialize, ToSchema)]
struct PutError {
    #[schema(example = "ZC001")]
    code: &'static str,
    #[schema(example = "ClientNotFoundError")]
    title: &'static str,
    detail: String,
    /// Single fields that are to blame, by their place in the record.
    errors: Vec<PutFieldError>,
}

#[derive(Serialize, ToSchema)]
struct PutFieldError {
    /// RFC 6901.
    #[schema(example = "/client_id")]
    pointer: String,
    message: Cow<'static, str>,
}

body! {
    /// Many records of one source, as they are read: [`Batch`] is their schema.
    strict struct Many as "Records" = {"source": "SAP", "records": [{"id": "first"}]} {
        source: required SourceName,
        records: required Vec<Sent>,
    }
}

/// A record of a batch: its id, and all of it.
struct Sent(ExternalId, Box<RawValue>);

impl Wire for Sent {
    const RULE: &'static str = "must be an object with an id";

    fn read(raw: &RawValue, check: &mut Check) -> Option<Self> {
        let Some(object) = Object::of(raw) else { return check.wrong(Self::RULE) };
        Some(Self(object.required("id", check)?, raw.to_owned()))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().property("id", ExternalId::schema()).required("id").into()
    }
}

/// Reads a record: what creates the entity, and what changes it. `own`: the field that names it.
fn record<C, U>(
    raw: &RawValue,
    external_id: ExternalId,
    source: &str,
    own: &[&str],
    limits: Limits,
) -> Record<C::Entity>
where
    C: CreateBody<Entity: Update>,
    U: UpdateBody<Entity = C::Entity>,
{
    let malformed = |problem| Refusal::Malformed(Malformed::from(problem));
    let fields = C::FIELDS.iter().chain(U::FIELDS).map(|(name, _)| *name);
    let fields = fields.filter(|name| !ASIDE.contains(name));
    let mut fields: Vec<&str> = own.iter().copied().chain(fields).collect();
    fields[own.len()..].sort_unstable();
    fields.dedup();
    let only = Check::all(limits, |check| {
        Object::of(raw)?.only(fields, check);
        check.clean()
    });
    if let Err(refusal) = only.map_err(malformed) {
        return Record { external_id, new: Err(refusal.clone()), patch: Err(refusal) };
    }
    let whole = whole(raw, &external_id, source);
    let whole: &RawValue = serde_json::from_str(&whole).unwrap_or(raw);
    let new = Check::all(limits, |check| C::read(whole, check)?.fields());
    let patch = Check::all(limits, |check| {
        let (_, mut patch) = U::read(whole, check)?.patch()?;
        relink::<C, U>(whole, &mut patch, check)?;
        Some(patch)
    });
    let mut new = new.map(|(_, (_, new))| new);
    if let (Ok(new), Ok(patch)) = (&mut new, &patch) {
        C::Entity::complete(new, patch);
    }
    Record { external_id, new: new.map_err(malformed), patch: patch.map_err(malformed) }
}

/// References that the Integrations API takes when an entity is created, and not when it is updated.
fn relink<C, U>(
    raw: &RawValue,
    patch: &mut <U::Entity as Update>::Patch,
    check: &mut Check,
) -> Option<()>
where
    C: CreateBody,
    U: UpdateBody,
{
    let object = Object::of(raw)?;
    let updated = |name| U::FIELDS.iter().any(|(field, _)| *field == name) || ASIDE.contains(&name);
    for (name, _) in C::FIELDS.iter().filter(|(name, _)| !updated(name)) {
        let Some(raw) = object.get(name) else { continue };
        check.within(name, |check| {
            let to = match raw.get() {
                "null" => None,
                _ => Some(Ref::External(ExternalId::read(raw, check)?)),
            };
            let is_cleared = to.is_none();
            match U::Entity::relink(patch, name, to) {
                true => Some(()),
                false if is_cleared => check.wrong("cannot be cleared"),
                false => check.wrong("cannot be changed"),
            }
        });
    }
    check.clean()
}

/// A record as the Integrations API takes it: of two members with one name the last one counts.
fn whole(raw: &RawValue, external_id: &ExternalId, source: &str) -> String {
    let fields = raw.get().trim_ascii();
    let fields = fields.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let fields = fields.unwrap_or_default().trim_ascii();
    let comma = if fields.is_empty() { "" } else { "," };
    let aside = json!({"metadata": {"source": source}, "id": external_id.as_str()}).to_string();
    format!("{{{fields}{comma}{}", aside.trim_start_matches('{'))
}

/// Creates or updates the entity that the path names by `SOURCE:external-id`.
async fn put<C, U>(
    app: &App,
    caller: &Caller,
    (named, seen): (&str, Seen),
    body: &JsonBody,
) -> Result<Response, Problem>
where
    C: CreateBody<Entity: Update>,
    U: UpdateBody<Entity = C::Entity>,
{
    let write = seen.write(app, caller, body, Records::BODY.native());
    let prepared = one::<C, U>(app, caller, named, body).map(|operation| {
        let (kind, external_id) = (C::Entity::KIND, operation.records[0].external_id.clone());
        let operation = IfMatch { operation, seen, about: Known { kind, external_id } };
        let told = |sent: &IfMatch<_, _>, outcome| told_one(&sent.operation, outcome);
        (operation, told)
    });
    Ok(write.run_each(prepared, |sent, outcome| rejected(&sent.operation, outcome)).await)
}

fn one<C, U>(
    app: &App,
    caller: &Caller,
    named: &str,
    body: &JsonBody,
) -> Result<Upsert<C::Entity>, Problem>
where
    C: CreateBody<Entity: Update>,
    U: UpdateBody<Entity = C::Entity>,
{
    let raw: &RawValue = body.object()?;
    let wrong = || Problem::validation("the path must end like OKTA:external-id");
    let (name, external_id) = ExternalId::of_source(named).ok_or_else(wrong)?;
    let source = source_named(Some(name), caller)?.ok_or_else(wrong)?;
    let scope = caller.writes(source)?;
    let records = vec![record::<C, U>(raw, external_id, name, &[], app.limits)];
    Ok(Upsert { scope, records })
}

/// Creates or updates up to 1,000 entities of one source.
async fn put_all<C, U>(app: &App, caller: &Caller, body: &JsonBody) -> Result<Response, Problem>
where
    C: CreateBody<Entity: Update>,
    U: UpdateBody<Entity = C::Entity>,
{
    let prepared = many::<C, U>(app, caller, body).map(|operation| (operation, told_all));
    let write = Write::of(app, caller, body).records(Records::each("records", by_id).native());
    Ok(write.run_each(prepared, rejected).await)
}

fn many<C, U>(app: &App, caller: &Caller, body: &JsonBody) -> Result<Upsert<C::Entity>, Problem>
where
    C: CreateBody<Entity: Update>,
    U: UpdateBody<Entity = C::Entity>,
{
    let raw = body.object()?;
    let limits = Limits { max_ranges: RECORDS.min(app.limits.max_ranges), ..app.limits };
    let (source, records) = Check::all(limits, |check| {
        let Many { source, records } = Many::read(raw, check)?;
        let source = check.within("source", |check| source?.judge(caller, check));
        Some((source?, records?))
    })?;
    let scope = caller.writes(source)?;
    let records = records.into_iter().map(|Sent(external_id, raw)| {
        record::<C, U>(&raw, external_id, source.name, &["id"], app.limits)
    });
    Ok(Upsert { scope, records: records.collect() })
}

/// The records that were rejected.
#[expect(clippy::ptr_arg, reason = "what an operation gives is a list")]
fn rejected<E: Update>(_: &Upsert<E>, outcome: &Vec<Upserted>) -> Refusals {
    let rejected = outcome.iter().enumerate().filter_map(|(nth, one)| match one {
        Upserted::Refused(refusal) => {
            Some((nth, blames(Problem::from(refusal.clone().narrowed()))))
        }
        Upserted::Created(_) | Upserted::Updated(_) | Upserted::Unchanged(_) => None,
    });
    rejected.collect()
}

fn told_one<E: Update>(sent: &Upsert<E>, outcome: Vec<Upserted>) -> Answer {
    let (status, outcome, id) = match outcome.into_iter().next() {
        Some(Upserted::Created(id)) => (StatusCode::CREATED, "created", id),
        Some(Upserted::Updated(id)) => (StatusCode::OK, "updated", id),
        Some(Upserted::Unchanged(id)) => (StatusCode::OK, "unchanged", id),
        Some(Upserted::Refused(refusal)) => {
            return Problem::from(refusal).answer(true, &sent.scope.actor.request_id);
        }
        None => return Problem::validation("").answer(true, &sent.scope.actor.request_id),
    };
    Answer::json(status, &Put { outcome, id })
}

fn told_all<E: Update>(sent: &Upsert<E>, outcome: Vec<Upserted>) -> Answer {
    let mut all = PutAll { received: outcome.len(), ..PutAll::default() };
    for (index, (record, one)) in sent.records.iter().zip(outcome).enumerate() {
        let (count, outcome, id, error) = match one {
            Upserted::Created(id) => (&mut all.created, "created", Some(id), None),
            Upserted::Updated(id) => (&mut all.updated, "updated", Some(id), None),
            Upserted::Unchanged(id) => (&mut all.unchanged, "unchanged", Some(id), None),
            Upserted::Refused(refusal) => {
                (&mut all.rejected, "rejected", None, Some(Problem::from(refusal)))
            }
        };
        *count += 1;
        let external_id = record.external_id.to_string();
        let error = error.map(put_error);
        all.results.push(PutResult { index, external_id, outcome, id, error });
    }
    let counts = Counts { received: all.received, created: all.created, rejected: all.rejected };
    Answer::from(Json(all)).counting(counts)
}

fn put_error(problem: Problem) -> PutError {
    let error =
        |error: FieldError| PutFieldError { pointer: error.pointer, message: error.message };
    let errors = problem.errors.into_iter().map(error).collect();
    PutError { code: problem.code, title: problem.name, detail: problem.message, errors }
}

/// Declares the two handlers of a kind: its path, and what it is called.
macro_rules! kinds {
    ($($module:ident: $path:literal, $one:literal, $many:literal, $example:literal, codes [$($code:literal),*];)*) => {
        $(mod $module {
            use super::*;
            use crate::faces::integrations::$module::{Change, Create};

            type One = Fields<Create, Change>;
            type Many = Batch<Create, Change>;

            pub fn routes() -> OpenApiRouter<Shared> {
                OpenApiRouter::new().routes(routes!(put_one)).routes(routes!(put_many))
            }

            #[doc = $one]
            ///
            /// By external id, with the fields of the Integrations API. What is left out stays as it
            /// is. Sent again it is `unchanged`.
            #[utoipa::path(
                put,
                path = concat!($path, "/{ref}"),
                tag = "entities",
                params(
                    ("ref" = String, Path, description = "`SOURCE:external-id`.", example = $example),
                    ("If-Match" = Option<String>, Header, description = "The `ETag` of the entity: if it is another by now, nothing is done. `*`: only if it is there.")
                ),
                request_body = One,
                responses(
                    (status = 200, description = "It was there.", body = Put),
                    (status = 201, description = "It was not there.", body = Put)
                ),
                extensions(("x-error-codes" = json!([$($code,)* "PRECONDITION_FAILED"])))
            )]
            async fn put_one(
                State(app): State<Shared>,
                caller: Caller,
                Path(named): Path<String>,
                query: Result<Query<NoQuery>, QueryRejection>,
                headers: HeaderMap,
                body: JsonBody,
            ) -> Result<Response, Problem> {
                query.map_err(unknown_parameter)?;
                let named = (&*named, Seen::read(&headers));
                put::<Create, Change>(&app, &caller, named, &body).await
            }

            #[doc = $many]
            ///
            /// Up to 1,000 of one source, in request order, each judged by itself; what is taken is
            /// stored together.
            #[utoipa::path(
                post,
                path = concat!($path, "/batch"),
                tag = "entities",
                request_body = Many,
                responses((status = 200, description = "What came of each.", body = PutAll)),
            )]
            async fn put_many(
                State(app): State<Shared>,
                caller: Caller,
                query: Result<Query<NoQuery>, QueryRejection>,
                body: JsonBody,
            ) -> Result<Response, Problem> {
                query.map_err(unknown_parameter)?;
                put_all::<Create, Change>(&app, &caller, &body).await
            }
        })*

        pub fn routes() -> OpenApiRouter<Shared> {
            OpenApiRouter::new()$(.merge($module::routes()))*
        }
    };
}

kinds! {
    brands: "/api/brands", "Create or update a brand", "Create or update many brands",
        "SALESFORCE:SF-BRAND-12345", codes ["ZC001"];
    categories: "/api/categories", "Create or update a category", "Create or update many categories",
        "GLOBANT:external-category-1", codes [];
    clients: "/api/clients", "Create or update a client", "Create or update many clients",
        "SALESFORCE:SF-ACC-67890", codes [];
    contracts: "/api/contracts", "Create or update a contract", "Create or update many contracts",
        "SALESFORCE:SF-CONTRACT-12345", codes ["INVALID_DATE_RANGE", "CTR006", "ZC001", "WINDOW_CONFLICT"];
    leave_types: "/api/leave-types", "Create or update a leave type", "Create or update many leave types",
        "GLOBANT:external-leave-type-1", codes [];
    leaves: "/api/leaves", "Create or update a leave", "Create or update many leaves",
        "GLOBANT:external-id-3", codes ["INVALID_DATE_RANGE", "ZC001"];
    positions: "/api/positions", "Create or update a position", "Create or update many positions",
        "OKTA:external-user-position-1", codes ["ZC001"];
    products: "/api/products", "Create or update a product", "Create or update many products",
        "MICROSOFT_DYNAMICS:MD-PRODUCT-12345", codes ["ZC001"];
    projects: "/api/projects", "Create or update a project", "Create or update many projects",
        "SALESFORCE:SF-OPP-12345", codes ["INVALID_DATE_RANGE", "ZC001"];
    seniorities: "/api/seniorities", "Create or update a seniority", "Create or update many seniorities",
        "OKTA:external_seniority_id_10", codes [];
    teams: "/api/teams", "Create or update a team", "Create or update many teams",
        "GLOBANT:external-team-1", codes ["ZC001", "WORKSPACE_CONFLICT"];
    users: "/api/users", "Create or update a user", "Create or update many users",
        "OKTA:OKTA-USER-12345", codes ["INVALID_ROLE", "ZC001", "DUPLICATE_EMAIL"];
    workspaces: "/api/workspaces", "Create or update a workspace", "Create or update many workspaces",
        "MICROSOFT_TEAMS:Workspaces-example-5", codes [];
}
