//! Attaching users to a contract, as both of COR's faces write it: the same entries, ranges and
//! refusals, around ids of their own.

use std::borrow::Cow;
use std::fmt;

use axum::http::StatusCode;
use domain::attach::{Dates, Refused, Why};
use domain::range::{DateRange, Policy, RangeRefusal, Sent};
use self_cell::self_cell;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, SchemaType};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::wire::Midnight;
use crate::contracts::attach::{Attach, Outcome};
use crate::http::inbox::{Blame, Refusals};
use crate::http::log::Counts;
use crate::http::problem::LISTED;
use crate::http::records::by_id;
use crate::http::{self, Check, JsonBody, Limits, Problem, Records, field};

/// The body of an attach, its users as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Attached<'a> {
    #[serde(borrow)]
    pub metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub users: Users<'a>,
}

self_cell! {
    /// A body together with what was read in it: an answer repeats parts of it.
    pub struct Body {
        owner: JsonBody,
        #[covariant]
        dependent: Attached,
    }
}

impl Body {
    /// Reads a body with no more ranges than the server takes at once.
    pub fn open(body: &JsonBody, limits: Limits) -> Result<Self, Problem> {
        let opened = Self::try_new(body.clone(), |body| body.object())?;
        admit(limits, opened.items())?;
        Ok(opened)
    }

    pub fn sent(&self) -> &Attached<'_> {
        self.borrow_dependent()
    }

    /// The elements of `users`.
    pub fn items(&self) -> &[Item<'_>] {
        self.sent().users.items()
    }
}

/// `users`, whatever it is.
#[derive(Debug, Default)]
pub enum Users<'a> {
    #[default]
    Absent,
    NotAList,
    List(Vec<Item<'a>>),
}

/// An element of `users`, whatever it is.
#[derive(Debug)]
pub enum Item<'a> {
    Entry(Entry<'a>),
    /// A plain string: how an older version of the page named users.
    Text,
    Other,
}

/// A user with its ranges, as sent. What is `None` was not there.
#[derive(Debug, Default)]
pub struct Entry<'a> {
    pub id: Option<&'a RawValue>,
    pub dates: Option<&'a RawValue>,
    pub start: Option<&'a RawValue>,
    pub end: Option<&'a RawValue>,
    /// The elements of `dates`, when it is a list.
    pub ranges: Option<Vec<Range<'a>>>,
}

/// An element of `dates`. One that is not an object has neither end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range<'a> {
    start: Option<&'a RawValue>,
    end: Option<&'a RawValue>,
}

/// A date range, both days included. One that is not right is refused by itself.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `Range` reads")]
pub struct UserRange {
    #[schema(value_type = String, format = Date, example = "2027-10-01")]
    start: (),
    #[schema(value_type = String, format = Date, example = "2028-11-01")]
    end: (),
}

impl<'a> Users<'a> {
    /// The elements, if it is a list.
    pub fn items(&self) -> &[Item<'a>] {
        match self {
            Users::List(items) => items,
            Users::Absent | Users::NotAList => &[],
        }
    }

    /// Reads every element, so that everything wrong is told. There must be one.
    pub fn read<T>(
        &self,
        check: &mut Check,
        read: impl Fn(&mut Check, &Item<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        check.within("users", |check| {
            if self.items().is_empty() {
                return check.wrong("must be a non-empty list of users with their dates");
            }
            let items = self.items().iter().enumerate();
            let items = items.map(|(nth, item)| check.within(nth, |check| read(check, item)));
            items.collect::<Vec<_>>().into_iter().collect()
        })
    }
}

impl Entry<'_> {
    /// The entry's ranges, each judged by itself.
    pub fn judge(&self) -> Dates {
        let absent = |value: Option<&RawValue>| value.is_none_or(|value| value.get() == "null");
        match &self.ranges {
            Some(ranges) => Dates::Ranges(ranges.iter().map(Range::judge).collect()),
            None if absent(self.dates) && !(absent(self.start) && absent(self.end)) => {
                Dates::Legacy
            }
            None => Dates::Missing,
        }
    }
}

impl Range<'_> {
    fn judge(&self) -> Result<DateRange, RangeRefusal> {
        let (start, end) = (text(self.start), text(self.end));
        DateRange::parse(
            sent(self.start, start.as_deref()),
            sent(self.end, end.as_deref()),
            Policy::Cor,
        )
    }
}

fn text(value: Option<&RawValue>) -> Option<Cow<'_, str>> {
    field::text(value?)
}

fn sent<'a>(value: Option<&RawValue>, text: Option<&'a str>) -> Sent<'a> {
    match (value.map(RawValue::get), text) {
        (None | Some("null"), _) => Sent::Absent,
        (_, Some(text)) => Sent::Text(text),
        _ => Sent::Other,
    }
}

/// Refuses more ranges than the server takes at once.
fn admit(limits: Limits, items: &[Item<'_>]) -> Result<(), Problem> {
    let ranges = items.iter().map(|item| match item {
        Item::Entry(Entry { ranges: Some(ranges), .. }) => ranges.len(),
        _ => 1,
    });
    limits.admit(ranges.sum(), "date ranges")
}

/// The answer: `C` is the contract's id as the face writes it.
#[derive(Serialize)]
pub struct Answer<'a, C> {
    status: Status,
    company_id: i64,
    contract_id: C,
    records_received: usize,
    records_created: usize,
    records_rejected: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_ids: Option<Vec<i64>>,
    assigned: Vec<Assigned>,
    errors: Vec<Error<'a>>,
}

/// How an attach went.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AttachStatus)]
pub enum Status {
    /// Nothing was refused.
    Success,
    /// Something was assigned, something refused.
    PartialSuccess,
    /// Nothing was assigned. The HTTP status is 422.
    Failure,
}

/// A date range that a user has on the contract.
#[derive(Serialize, ToSchema)]
pub struct Assigned {
    /// The assignment's id; one that was there already keeps its own.
    #[schema(example = 18)]
    id: i64,
    /// The user's internal id.
    #[schema(example = 48915)]
    user_id: i64,
    start_date: Midnight,
    end_date: Midnight,
}

/// An entry that was not taken whole. `id`, `start` and `end` are echoed as they were sent.
#[derive(Serialize, ToSchema)]
#[schema(as = AttachError)]
pub struct Error<'a> {
    #[schema(required, value_type = serde_json::Value, example = "external-user-id-5")]
    id: Option<&'a RawValue>,
    /// `CE001` for a user without an association.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false, nullable = false, example = "CE001")]
    error_code: Option<&'static str>,
    /// The ranges this is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    dates: Option<ErrorDates<'a>>,
    /// Only for an entry in the old form, without `dates`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = serde_json::Value, required = false)]
    start: Option<Option<&'a RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = serde_json::Value, required = false)]
    end: Option<Option<&'a RawValue>>,
    #[schema(example = "User not found in associations")]
    message: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ErrorDates<'a> {
    AsSent(&'a RawValue),
    Ranges(Vec<ErrorRange<'a>>),
}

/// Ranges, or what stood for them on an entry whose user is not an id.
impl PartialSchema for ErrorDates<'_> {
    fn schema() -> RefOr<Schema> {
        let ranges = ArrayBuilder::new().items(Ref::from_schema_name("AttachErrorRange"));
        let anything = ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("As sent, on an entry whose user is not an id."));
        AnyOfBuilder::new().item(ranges).item(anything).into()
    }
}

impl ToSchema for ErrorDates<'_> {
    fn name() -> Cow<'static, str> {
        "AttachErrorDates".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("AttachErrorRange".to_owned(), AttachErrorRange::schema()));
    }
}

#[derive(Serialize)]
struct ErrorRange<'a> {
    start: Option<&'a RawValue>,
    end: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// A range of an error, echoed as it was sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what is echoed")]
pub struct AttachErrorRange {
    #[schema(value_type = serde_json::Value, example = "2025-10-10")]
    start: (),
    #[schema(value_type = serde_json::Value)]
    end: (),
    /// Why the range was refused; absent when it was the user.
    #[schema(required = false, example = "Date malformatted. Start and end date are required")]
    message: String,
}

/// Renders what came of an attach. `list_users`: whether `user_ids` is among the keys.
pub fn answer<'a, C: Serialize>(
    company_id: i64,
    contract_id: C,
    list_users: bool,
    items: &'a [Item<'a>],
    outcome: &Outcome,
) -> http::Answer {
    let errors: Vec<Error<'a>> =
        outcome.refused.iter().filter_map(|refused| error(items, refused)).collect();
    let created = outcome.assigned.len();
    let status = match (outcome.refused.is_empty(), created) {
        (true, _) => Status::Success,
        (false, 0) => Status::Failure,
        (false, _) => Status::PartialSuccess,
    };
    let assigned = outcome.assigned.iter().map(|assigned| Assigned {
        id: assigned.id,
        user_id: assigned.user_id,
        start_date: Midnight(assigned.range.start),
        end_date: Midnight(outcome.period.shown_end(assigned.range.end)),
    });
    let received = outcome.received;
    let counts = Counts { received, created, rejected: received.saturating_sub(created) };
    let answer = Answer {
        status,
        company_id,
        contract_id,
        records_received: counts.received,
        records_created: counts.created,
        records_rejected: counts.rejected,
        user_ids: list_users.then(|| user_ids(outcome)),
        assigned: assigned.collect(),
        errors,
    };
    let http = match status {
        Status::Failure => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    http::Answer::json(http, &answer).counting(counts)
}

/// The users that something was assigned to, each once, in order.
fn user_ids(outcome: &Outcome) -> Vec<i64> {
    let mut seen = std::collections::HashSet::new();
    let users = outcome.assigned.iter().map(|assigned| assigned.user_id);
    users.filter(|user| seen.insert(*user)).collect()
}

/// The records of an attach: a user with its ranges.
pub const RECORDS: Records = Records::each("users", by_id);

/// The entries that were not taken whole, with the code of each range or of the entry.
pub fn refused(_: &Attach, outcome: &Outcome) -> Refusals {
    let blame = |pointer, code, message: String| Blame { pointer, code, message: message.into() };
    let blames = |why: &Why| match why {
        Why::AllRefused(ranges) | Why::SomeRefused(ranges) => ranges
            .iter()
            .take(LISTED)
            .map(|(nth, why)| blame(format!("/dates/{nth}"), why.code(), why.to_string()))
            .collect(),
        _ => {
            let pointer = match why {
                Why::NotAssociated | Why::MalformedUser | Why::UnknownUser(_) => "/id",
                _ => "",
            };
            let code = why.code().unwrap_or("DATES_MISSING");
            vec![blame(pointer.to_owned(), code, message(why).to_owned())]
        }
    };
    outcome.refused.iter().map(|refused| (refused.entry, blames(&refused.why))).collect()
}

/// COR's words for an entry.
fn message(why: &Why) -> &'static str {
    match why {
        Why::NotAssociated => "User not found in associations",
        Why::MalformedUser | Why::UnknownUser(_) => "User malformatted",
        Why::Legacy => {
            "Legacy format detected. Use \"dates\" array instead of \"start\" and \"end\" fields"
        }
        Why::NoDates => "Date malformatted or empty",
        Why::AllRefused(_) => "Dates are malformatted or empty",
        Why::SomeRefused(_) => "Partial success. Some dates were rejected",
    }
}

fn error<'a>(items: &'a [Item<'a>], refused: &Refused) -> Option<Error<'a>> {
    let Item::Entry(entry) = items.get(refused.entry)? else { return None };
    let ranges = entry.ranges.as_deref().unwrap_or_default();
    let with_message = |refused: &[(usize, RangeRefusal)]| {
        let ranges = refused.iter().filter_map(|(nth, why)| {
            let Range { start, end } = *ranges.get(*nth)?;
            Some(ErrorRange { start, end, message: Some(why.to_string()) })
        });
        Some(ErrorDates::Ranges(ranges.collect()))
    };
    let mut error = Error {
        id: entry.id,
        error_code: None,
        dates: None,
        start: None,
        end: None,
        message: message(&refused.why),
    };
    match &refused.why {
        Why::NotAssociated => error.error_code = Some("CE001"),
        Why::MalformedUser => {
            error.dates = Some(match entry.dates.filter(|dates| dates.get() != "null") {
                Some(dates) => ErrorDates::AsSent(dates),
                None => ErrorDates::Ranges(Vec::new()),
            });
        }
        Why::Legacy => (error.start, error.end) = (Some(entry.start), Some(entry.end)),
        Why::NoDates => error.dates = Some(ErrorDates::Ranges(Vec::new())),
        Why::AllRefused(refused) | Why::SomeRefused(refused) => {
            error.dates = with_message(refused);
        }
        Why::UnknownUser(good) => {
            let good = good.iter().filter_map(|nth| {
                let Range { start, end } = *ranges.get(*nth)?;
                Some(ErrorRange { start, end, message: None })
            });
            error.dates = Some(ErrorDates::Ranges(good.collect()));
        }
    }
    Some(error)
}

/// The elements of a list of ranges. One that cannot even be read, such as a number that no
/// double holds, has no ends; the others are as they are.
fn ranges(dates: &RawValue) -> Option<Vec<Range<'_>>> {
    serde_json::from_str(dates.get()).ok().or_else(|| {
        let elements: Vec<&RawValue> = serde_json::from_str(dates.get()).ok()?;
        let read = elements.into_iter();
        Some(read.map(|raw| serde_json::from_str(raw.get()).unwrap_or_default()).collect())
    })
}

/// Reads any JSON value: a list or an object by its own function, everything else as `other`.
macro_rules! lenient {
    ($type:ident, $expecting:literal, text: $text:expr, other: $other:expr,
     list: |$seq:ident| $list:expr, object: |$map:ident| $object:expr) => {
        impl<'de: 'a, 'a> Deserialize<'de> for $type<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Any;
                impl<'de> Visitor<'de> for Any {
                    type Value = $type<'de>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_unit<E>(self) -> Result<Self::Value, E> {
                        Ok($other)
                    }
                    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                        Ok($other)
                    }
                    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                        Ok($other)
                    }
                    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                        Ok($other)
                    }
                    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                        Ok($other)
                    }
                    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                        Ok($text)
                    }
                    fn visit_seq<A: SeqAccess<'de>>(
                        self,
                        #[allow(unused_mut)] mut $seq: A,
                    ) -> Result<Self::Value, A::Error> {
                        $list
                    }
                    fn visit_map<A: MapAccess<'de>>(
                        self,
                        #[allow(unused_mut)] mut $map: A,
                    ) -> Result<Self::Value, A::Error> {
                        $object
                    }
                }
                deserializer.deserialize_any(Any)
            }
        }
    };
}

fn skip_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<(), A::Error> {
    while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

lenient!(Users, "users", text: Users::NotAList, other: Users::NotAList,
    list: |seq| {
        let mut items = Vec::new();
        // One more than any limit is enough to be refused.
        while items.len() <= Limits::MOST && let Some(item) = seq.next_element()? {
            items.push(item);
        }
        skip_list(seq)?;
        Ok(Users::List(items))
    },
    object: |map| skip_object(map).map(|()| Users::NotAList));

lenient!(Item, "a user", text: Item::Text, other: Item::Other,
list: |seq| skip_list(seq).map(|()| Item::Other),
object: |map| {
    let mut entry = Entry::default();
    while let Some(key) = map.next_key()? {
        match key {
            EntryKey::Id => entry.id = Some(map.next_value()?),
            EntryKey::Dates => entry.dates = Some(map.next_value()?),
            EntryKey::Start => entry.start = Some(map.next_value()?),
            EntryKey::End => entry.end = Some(map.next_value()?),
            EntryKey::Other => drop(map.next_value::<IgnoredAny>()?),
        }
    }
    entry.ranges = entry.dates.and_then(ranges);
    Ok(Item::Entry(entry))
});

lenient!(Range, "a date range", text: Range::default(), other: Range::default(),
list: |seq| skip_list(seq).map(|()| Range::default()),
object: |map| {
    let mut range = Range::default();
    while let Some(key) = map.next_key()? {
        match key {
            RangeKey::Start => range.start = Some(map.next_value()?),
            RangeKey::End => range.end = Some(map.next_value()?),
            RangeKey::Other => drop(map.next_value::<IgnoredAny>()?),
        }
    }
    Ok(range)
});

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum EntryKey {
    Id,
    Dates,
    Start,
    End,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum RangeKey {
    Start,
    End,
    #[serde(other)]
    Other,
}
