//! Entities with all their fields, by our ids or those of sources.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::Kind;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Ref, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cloud_events::ExternalIdOf;
use super::csv::{self, Cell, Record, exact};
use super::list::{self, At, Page, not_ours, page};
use super::{NoQuery, etag, fields, parameter, path_reference, unknown_parameter};
use crate::app::{App, Shared};
use crate::entities::read::{self, After, Told};
use crate::entities::table::table;
use crate::faces::wire::Iso;
use crate::http::{Caller, Path, Problem};
use crate::scope::Scope;
use crate::store::{self, Tx};

/// An entity as it is answered: its fields between its id and what sources call it.
pub struct Entity(pub Told);

impl Serialize for Entity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Told { kind, id, image, references, created_at, updated_at } = &self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", id)?;
        for (field, value) in table(*kind).fields.iter().zip(image.values()) {
            map.serialize_entry(field.name, &fields::write(value))?;
        }
        let external_ids: Vec<ExternalIdOf> =
            references.iter().cloned().map(ExternalIdOf::from).collect();
        map.serialize_entry("external_ids", &external_ids)?;
        map.serialize_entry("created_at", &Iso(*created_at))?;
        map.serialize_entry("updated_at", &Iso(*updated_at))?;
        map.end()
    }
}

impl Record for Entity {
    fn lines(&self) -> Vec<Vec<Cell>> {
        let Told { id, image, references, created_at, updated_at, .. } = &self.0;
        let ids: Vec<ExternalIdOf> = references.iter().cloned().map(ExternalIdOf::from).collect();
        let mut cells = vec![exact(id)];
        cells.extend(image.values().iter().map(fields::cell));
        cells.extend([csv::external_ids(&ids), exact(Iso(*created_at)), exact(Iso(*updated_at))]);
        vec![cells]
    }
}

/// The columns of a kind's entities.
fn columns(kind: Kind) -> Vec<&'static str> {
    let fields = table(kind).fields.iter().map(|field| field.name);
    let behind = ["external_ids", "created_at", "updated_at"];
    ["id"].into_iter().chain(fields).chain(behind).collect()
}

/// The schema of a kind's entities.
fn schema(kind: Kind) -> RefOr<Schema> {
    let component = |name: &str| Ref::from_schema_name(name);
    let id = ObjectBuilder::new().schema_type(Type::Integer).examples([1]);
    let mut object = ObjectBuilder::new().property("id", id).required("id");
    for field in table(kind).fields {
        object = object.property(field.name, fields::schema(field)).required(field.name);
    }
    let external_ids = ArrayBuilder::new()
        .items(component("ExternalIdOf"))
        .description(Some("What sources call it, of those that the key may use."));
    object = object.property("external_ids", external_ids).required("external_ids");
    for time in ["created_at", "updated_at"] {
        object = object.property(time, component("Instant")).required(time);
    }
    object.into()
}

/// Unknown parameters are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only what was changed after this instant, by when it was changed last. What is being written
    /// while it is asked for may be missed: who must miss nothing follows the events.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-01-08T19:06:19Z")]
    updated_after: Option<String>,
    /// Rows on a page, at most 200.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl ListQuery {
    /// The instant, if only what was changed after it is wanted.
    fn since(&self) -> Result<Option<At>, Problem> {
        parameter("updated_after", self.updated_after.as_ref(), |text| {
            let at = text.parse().ok().and_then(At::new);
            at.ok_or_else(|| "must be an instant, like 2026-01-08T19:06:19Z".to_owned())
        })
    }
}

/// Where a page begins, in a cursor: behind an entity, and when it was changed, if that is the order.
type Place = (Option<At>, i64);

/// Some of a kind's entities: all by id, or those that were changed since then.
async fn read(
    (app, scope, kind, since): (Shared, Scope, Kind, Option<At>),
    after: Option<Place>,
    limit: i64,
) -> list::Rows<Entity, Place> {
    let after = match (since, after) {
        (None, None) => After::Id(0),
        (None, Some((None, id))) => After::Id(id),
        (Some(At(since)), None) => After::Change(since, i64::MAX),
        (Some(_), Some((Some(At(at)), id))) => After::Change(at, id),
        (None, Some((Some(_), _))) | (Some(_), Some((None, _))) => return Err(not_ours()),
    };
    let read = app.store.read("entities.list", async move |tx: &mut Tx| {
        // One more than the page tells whether there is another.
        Ok(read::page(tx, &scope, kind, after, limit + 1).await?)
    });
    let rows = store::sure(read.await)?.into_iter().map(Entity).collect();
    let at = |last: &Told| since.map(|_| At(last.updated_at));
    Ok(page(rows, limit, |Entity(last)| Some((at(last), last.id))))
}

async fn list(
    app: &Shared,
    caller: &Caller,
    headers: &HeaderMap,
    query: Result<Query<ListQuery>, QueryRejection>,
    kind: Kind,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(unknown_parameter)?;
    let of = (app.clone(), caller.reads(), kind, query.since()?);
    let page = (query.limit.as_ref(), query.cursor.as_ref());
    let read = move |after, limit| read(of.clone(), after, limit);
    list::answer((app, caller, headers), &columns(kind), page, read).await
}

async fn get(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    text: &str,
    query: Result<Query<NoQuery>, QueryRejection>,
    kind: Kind,
) -> Result<Response, Problem> {
    query.map_err(unknown_parameter)?;
    let (scope, reference) = path_reference(text, caller)?;
    let read = app.store.read("entities.get", async move |tx: &mut Tx| {
        read::find(tx, &scope, kind, &reference).await
    });
    Ok(etag::answer(headers, &Entity(read.await?)))
}

/// Declares what a kind has: a list, and each entity by itself.
macro_rules! kinds {
    ($($module:ident $kind:ident $list:literal $one:literal $tag:literal $schema:literal
        $all_title:literal $one_title:literal;)*) => {
        pub fn routes() -> OpenApiRouter<Shared> {
            let router = OpenApiRouter::new();
            $(let router = router
                .routes(routes!($module::list))
                .routes(routes!($module::get));)*
            router
        }

        $(mod $module {
            use super::*;

            /// How it is answered.
            pub struct Shown;

            impl PartialSchema for Shown {
                fn schema() -> RefOr<Schema> {
                    super::schema(Kind::$kind)
                }
            }

            impl ToSchema for Shown {
                fn name() -> std::borrow::Cow<'static, str> {
                    $schema.into()
                }
            }

            #[doc = $all_title]
            #[doc = ""]
            #[doc = "By id; with `updated_after` by when they were changed last. With `Accept: text/csv` the"]
            #[doc = "whole list, read a page at a time: what changes meanwhile is told as it was or as it is."]
            #[utoipa::path(
                get,
                path = $list,
                tag = $tag,
                params(ListQuery),
                responses((status = 200, description = "A page; as CSV the whole list.", content(
                    (Page<Shown> = "application/json"), (String = "text/csv")
                ))),
            )]
            pub async fn list(
                State(app): State<Shared>,
                caller: Caller,
                headers: HeaderMap,
                query: Result<Query<ListQuery>, QueryRejection>,
            ) -> Result<Response, Problem> {
                super::list(&app, &caller, &headers, query, Kind::$kind).await
            }

            #[doc = $one_title]
            #[doc = ""]
            #[doc = "With an `ETag`: a hash of the answer."]
            #[utoipa::path(
                get,
                path = $one,
                tag = $tag,
                params(
                    ("ref" = String, Path, description = "Our id, or `SOURCE:external-id`.", example = "1"),
                    ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer.")
                ),
                responses(
                    (status = 200, description = "As it is.", body = Shown, headers(
                        ("ETag" = String, description = "A hash of the answer.")
                    )),
                    (status = 304, description = "It is as `If-None-Match` says.")
                ),
                extensions(("x-error-codes" = json!(["ZC001", "FORBIDDEN"])))
            )]
            pub async fn get(
                State(app): State<Shared>,
                caller: Caller,
                headers: HeaderMap,
                Path(text): Path<String>,
                query: Result<Query<NoQuery>, QueryRejection>,
            ) -> Result<Response, Problem> {
                super::get(&app, &caller, &headers, &text, query, Kind::$kind).await
            }
        })*
    };
}

kinds! {
    brands Brand "/api/brands" "/api/brands/{ref}" "brands" "NativeBrand"
        "Read brands" "Read a brand";
    categories Category "/api/categories" "/api/categories/{ref}" "categories" "NativeCategory"
        "Read categories" "Read a category";
    clients Client "/api/clients" "/api/clients/{ref}" "clients" "NativeClient"
        "Read clients" "Read a client";
    contracts Contract "/api/contracts" "/api/contracts/{ref}" "contracts" "NativeContract"
        "Read contracts" "Read a contract";
    leave_types LeaveType "/api/leave-types" "/api/leave-types/{ref}" "user-leaves" "NativeLeaveType"
        "Read leave types" "Read a leave type";
    leaves Leave "/api/leaves" "/api/leaves/{ref}" "user-leaves" "NativeLeave"
        "Read leaves" "Read a leave";
    positions Position "/api/positions" "/api/positions/{ref}" "positions" "NativePosition"
        "Read positions" "Read a position";
    products Product "/api/products" "/api/products/{ref}" "products" "NativeProduct"
        "Read products" "Read a product";
    projects Project "/api/projects" "/api/projects/{ref}" "projects" "NativeProject"
        "Read projects" "Read a project";
    seniorities Seniority "/api/seniorities" "/api/seniorities/{ref}" "seniority" "NativeSeniority"
        "Read seniorities" "Read a seniority";
    teams Team "/api/teams" "/api/teams/{ref}" "teams" "NativeTeam"
        "Read teams" "Read a team";
    users User "/api/users" "/api/users/{ref}" "users" "NativeUser"
        "Read users" "Read a user";
    working_times WorkingTime "/api/working-times" "/api/working-times/{ref}" "working-time" "NativeWorkingTime"
        "Read working times" "Read a working time";
    workspaces Workspace "/api/workspaces" "/api/workspaces/{ref}" "workspaces" "NativeWorkspace"
        "Read workspaces" "Read a workspace";
}
