//! An event as CloudEvents 1.0 writes it.

use domain::range::OPEN_END;
use domain::{Rate, Source};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::fields::write;
use crate::entities::image::Named;
use crate::events::data::{Data, Direction, Member, Quote, Range, Share};
use crate::events::list::Told;
use crate::faces::wire::{Day, Iso, Number};
use crate::sources::Sources;

/// Changes that an event tells itself.
pub const TOLD: usize = 100;

/// An event (CloudEvents 1.0).
#[derive(Serialize, ToSchema)]
pub struct CloudEvent {
    #[schema(example = "1.0")]
    specversion: &'static str,
    /// The event's number: increasing in a company.
    #[schema(example = "42")]
    id: String,
    /// The company.
    #[schema(example = "/companies/1")]
    source: String,
    #[serde(rename = "type")]
    #[schema(example = "contract.users.attached")]
    what: String,
    /// The entity, by its internal id.
    #[schema(example = "contract/30001")]
    subject: String,
    time: Iso,
    #[schema(example = "application/json")]
    datacontenttype: &'static str,
    data: EventData,
}

/// What an event says.
#[derive(Serialize, ToSchema)]
struct EventData {
    entity: Entity,
    actor: Actor,
    /// How many things changed.
    #[schema(example = 1)]
    count: usize,
    /// Of an entity that was updated or deleted: its fields, of an update those that changed.
    #[schema(required)]
    before: Option<Map<String, Json>>,
    /// Of an entity that was created or updated.
    #[schema(required)]
    after: Option<Map<String, Json>>,
    /// Of what an entity has many of: each as it was and as it is. `null` when there are more
    /// than 100: `GET /api/events/{number}/changes` has them.
    #[schema(required)]
    changes: Option<Vec<Change>>,
}

/// What an event is about.
#[derive(Serialize, ToSchema)]
struct Entity {
    /// A kind of entity; `company` for what no entity has.
    #[schema(example = "contract")]
    kind: &'static str,
    #[schema(example = 30001)]
    id: i64,
    /// What sources call it, of those that the key may use.
    external_ids: Vec<ExternalIdOf>,
}

/// What a source calls an entity.
#[derive(Serialize, ToSchema)]
pub struct ExternalIdOf {
    #[schema(example = "SALESFORCE")]
    pub source: &'static str,
    #[schema(example = "SF-CONTRACT-12345")]
    pub external_id: String,
}

impl From<(Source, String)> for ExternalIdOf {
    fn from((source, external_id): (Source, String)) -> Self {
        Self { source: source.name, external_id }
    }
}

/// Who made the change.
#[derive(Serialize, ToSchema)]
struct Actor {
    /// The API key; empty for the server itself.
    #[schema(example = "cwk_0aX4")]
    key: String,
    /// The source in whose ids it was asked for; `null` for ids of ours.
    #[schema(required, example = "GLOBANT")]
    source: Option<&'static str>,
    #[schema(example = "5f0c2a7be1d3-1")]
    request_id: String,
}

/// One thing that changed. What was not there before has no `before`, what is gone no `after`.
#[derive(Serialize, ToSchema)]
pub struct Change {
    #[schema(required)]
    before: Option<Map<String, Json>>,
    #[schema(required)]
    after: Option<Map<String, Json>>,
}

impl CloudEvent {
    /// Writes an event.
    pub fn new(told: Told) -> Self {
        let kind = told.kind.map_or("company", |kind| kind.name());
        let (before, after, changes, count) = match &told.data {
            Data::Entity(change, _) => (fields(&change.before), fields(&change.after), None, 1),
            data => {
                let count = data.count();
                let few = count <= TOLD;
                let listed = few.then(|| changes(data, &told.sources).collect());
                (None, None, listed, count)
            }
        };
        let external_ids = told.references.into_iter().map(ExternalIdOf::from).collect();
        let source = told.source.map(|source| source.name);
        Self {
            specversion: "1.0",
            id: told.number.to_string(),
            source: format!("/companies/{}", told.company),
            what: told.what,
            subject: format!("{kind}/{}", told.entity_id),
            time: Iso(told.time),
            datacontenttype: "application/json",
            data: EventData {
                entity: Entity { kind, id: told.entity_id, external_ids },
                actor: Actor { key: told.key, source, request_id: told.request_id },
                count,
                before,
                after,
                changes,
            },
        }
    }
}

/// The fields of an entity; `None` when there are none.
fn fields(named: &Named) -> Option<Map<String, Json>> {
    let written = named.iter().map(|(name, value)| (name.to_string(), write(value)));
    (!named.is_empty()).then(|| written.collect())
}

/// What changed, one by one; of references those that the key may see.
pub fn changes<'a>(data: &'a Data, sources: &'a Sources) -> Box<dyn Iterator<Item = Change> + 'a> {
    match data {
        Data::Entity(change, _) => {
            let (before, after) = (fields(&change.before), fields(&change.after));
            Box::new(std::iter::once(Change { before, after }))
        }
        Data::Ranges(way, rows) => Box::new(rows.iter().map(|row| went(*way, range(row)))),
        Data::Members(way, rows) => Box::new(rows.iter().map(|row| went(*way, member(row)))),
        Data::Shares(rows) => Box::new(rows.iter().map(share)),
        Data::Linked(way, rows) => Box::new(rows.iter().filter_map(|(source, id)| {
            let source = sources.visible(*source)?.name;
            let linked = json!({"source": source, "external_id": id});
            Some(went(*way, object(linked)))
        })),
        Data::Rates(rows) => Box::new(rows.iter().map(|row| {
            let quote = |quote: &Quote| rate(&row.currency, Day(row.day), quote);
            Change { before: row.before.as_ref().map(quote), after: Some(quote(&row.after)) }
        })),
    }
}

fn went(way: Direction, what: Map<String, Json>) -> Change {
    match way {
        Direction::Added => Change { before: None, after: Some(what) },
        Direction::Removed => Change { before: Some(what), after: None },
    }
}

fn object(value: Json) -> Map<String, Json> {
    match value {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

/// An open end is `null`.
fn range(Range { id, user_id, range }: &Range) -> Map<String, Json> {
    let (start, end) = (Day(range.start), (range.end != OPEN_END).then_some(Day(range.end)));
    object(json!({"id": id, "user_id": user_id, "start_date": start, "end_date": end}))
}

fn member(Member { id, user_id }: &Member) -> Map<String, Json> {
    object(json!({"id": id, "user_id": user_id}))
}

fn share(Share { workspace_id, before, after }: &Share) -> Change {
    let share = |units: Option<i64>| {
        let percentage = Number::units(units?);
        Some(object(json!({"workspace_id": workspace_id, "percentage": percentage})))
    };
    Change { before: share(*before), after: share(*after) }
}

fn rate(
    currency: &str,
    day: Day,
    Quote { amount, factor, rate_type }: &Quote,
) -> Map<String, Json> {
    let number = |units: i64| -> Json {
        let text = Rate::from_units(units).to_string();
        // At most 10 decimals of a number that was sent as one.
        serde_json::from_str(&text).unwrap_or(Json::Null)
    };
    object(json!({
        "currency": currency, "day": day, "amount": number(*amount), "factor": number(*factor),
        "rate_type": rate_type
    }))
}
