//! Reading request bodies: every field is judged by itself, and all that is wrong is told at
//! once, each with its place and what would be right.
//!
//! A body is declared with [`body!`]: one list of fields that is both the reader and the schema.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, Schema};

use super::form::Form;
use super::problem::{FieldError, LISTED, clip};
use super::{Limits, Problem};

/// A type that a JSON value can be read as.
pub trait Wire: Sized {
    /// What would be right: "must be ...".
    const RULE: &'static str;
    /// What a text of a form means.
    const FORM: Form = Form::TEXT;

    /// Its fields, if it is an object.
    const FIELDS: &'static [(&'static str, Form)] = &[];

    /// Reads the value at the check's current place; blames that place when it cannot.
    fn read(raw: &RawValue, check: &mut Check) -> Option<Self>;

    fn schema() -> RefOr<Schema>;
}

/// A name and code that COR publishes for an error of a field.
type Published = (&'static str, &'static str);

/// Where we are in a body, and what was wrong so far.
#[derive(Debug)]
pub struct Check {
    limits: Limits,
    /// A list was longer than the server takes: how long.
    too_many: Option<usize>,
    at: String,
    /// The first ones: a body can hold millions of wrong values.
    errors: Vec<FieldError>,
    /// How many were wrong in all.
    wrong: usize,
    /// COR's own name, code and sentence, instead of ours.
    published: Option<(Published, String)>,
}

impl Check {
    /// Reads something with `read`, or tells everything that is wrong with it.
    pub fn all<T>(
        limits: Limits,
        read: impl FnOnce(&mut Check) -> Option<T>,
    ) -> Result<T, Problem> {
        let (at, errors) = (String::new(), Vec::new());
        let mut check = Check { limits, too_many: None, at, errors, wrong: 0, published: None };
        let read = read(&mut check);
        if let Some(count) = check.too_many {
            limits.admit(count, "records")?;
        }
        match read {
            Some(value) if check.wrong == 0 => Ok(value),
            _ => Err(check.problem()),
        }
    }

    /// Reads what stands at `/name` below the current place.
    pub fn within<T>(&mut self, name: impl fmt::Display, read: impl FnOnce(&mut Check) -> T) -> T {
        let length = self.at.len();
        // Writing into a string cannot fail.
        let _ = write!(self.at, "/{name}");
        let value = read(self);
        self.at.truncate(length);
        value
    }

    /// Blames the current place. Always `None`, for the reader to return.
    pub fn wrong<T>(&mut self, message: impl Into<Cow<'static, str>>) -> Option<T> {
        self.wrong += 1;
        if self.errors.len() < LISTED {
            self.errors.push(FieldError { pointer: self.at.clone(), message: message.into() });
        }
        None
    }

    /// Whether nothing was wrong so far; `None` for the reader to return if something was.
    pub fn clean(&self) -> Option<()> {
        (self.wrong == 0).then_some(())
    }

    /// Blames the current place by a name, a code and in words that COR publishes.
    pub fn published<T>(&mut self, published: Published, message: String) -> Option<T> {
        self.published.get_or_insert((published, message.clone()));
        self.wrong(message)
    }

    fn problem(self) -> Problem {
        match (self.errors.as_slice(), self.published) {
            ([_], Some(((name, code), message))) => {
                Problem::fields(self.errors, 1).published(name, code, message)
            }
            _ => Problem::fields(self.errors, self.wrong),
        }
    }
}

/// The members of a JSON object, still to be read.
#[derive(Debug, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    members.push((key, map.next_value()?));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Object<'a> {
    /// The value if it is an object.
    pub fn of(raw: &'a RawValue) -> Option<Self> {
        raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok()).flatten()
    }

    /// A member; of several with one name, the last.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Must be there.
    pub fn required<T: Wire>(&self, name: &str, check: &mut Check) -> Option<T> {
        check.within(name, |check| match self.get(name) {
            Some(raw) => T::read(raw, check),
            None => check.wrong(format!("is required and {}", T::RULE)),
        })
    }

    /// May be missing; `null` is as good as missing.
    pub fn optional<T: Wire>(&self, name: &str, check: &mut Check) -> Option<T> {
        let raw = self.get(name).filter(|raw| raw.get() != "null")?;
        check.within(name, |check| T::read(raw, check))
    }

    /// May be missing, which keeps what is stored; may not be `null`.
    pub fn kept<T: Wire>(&self, name: &str, check: &mut Check) -> Option<T> {
        let raw = self.get(name)?;
        check.within(name, |check| match raw.get() {
            "null" => check.wrong(format!("cannot be cleared: it {}", T::RULE)),
            _ => T::read(raw, check),
        })
    }

    /// May be missing, which keeps what is stored; `null` clears it.
    pub fn clearable<T: Wire>(&self, name: &str, check: &mut Check) -> Option<Option<T>> {
        let raw = self.get(name)?;
        check.within(name, |check| match raw.get() {
            "null" => Some(None),
            _ => T::read(raw, check).map(Some),
        })
    }

    /// Blames every member that is not among `names`.
    pub fn only<'n>(&self, names: impl IntoIterator<Item = &'n str>, check: &mut Check) {
        let names: Vec<&str> = names.into_iter().collect();
        for (key, _) in self.0.iter().filter(|(key, _)| !names.contains(&key.as_ref())) {
            let pointer = clip(key).replace('~', "~0").replace('/', "~1");
            let known = names.join(", ");
            check.within(pointer, |check| {
                check.wrong::<()>(format!("is not a field here; the fields are {known}"))
            });
        }
    }
}

/// The elements of a list: the first ones, and how many there are.
#[derive(Default)]
struct Elements<'a> {
    first: Vec<&'a RawValue>,
    count: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Elements<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut elements = Elements::default();
                while elements.count < Limits::MOST
                    && let Some(element) = list.next_element()?
                {
                    elements.first.push(element);
                    elements.count += 1;
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    elements.count += 1;
                }
                Ok(elements)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// A list of at least one element.
impl<T: Wire> Wire for Vec<T> {
    const RULE: &'static str = "must be a non-empty list";
    const FORM: Form = T::FORM.list();

    fn read(raw: &RawValue, check: &mut Check) -> Option<Self> {
        let elements = match raw.get().starts_with('[') {
            true => serde_json::from_str(raw.get()).unwrap_or_default(),
            false => Elements::default(),
        };
        if elements.count > check.limits.max_ranges {
            check.too_many = Some(elements.count);
            return None;
        }
        if elements.count == 0 {
            return check.wrong(Self::RULE);
        }
        // Every element is read, so that everything wrong is told.
        let read: Vec<Option<T>> = elements
            .first
            .into_iter()
            .enumerate()
            .map(|(nth, raw)| check.within(nth, |check| T::read(raw, check)))
            .collect();
        read.into_iter().collect()
    }

    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(T::schema()).min_items(Some(1)).into()
    }
}

/// Declares the body of a request: a struct, its reader and its schema.
///
/// ```text
/// body! {
///     /// What it is.
///     struct Create as "CreateClient" = {"id": "an example"} {
///         /// What it means.
///         id: required ExternalId,
///         "type" kind: optional Label,
///     }
/// }
/// ```
///
/// A field is `required`, `optional`, `kept` or `clearable` ([`Object`] says what these mean); a
/// literal in front is its name on the wire. `strict struct` refuses fields that it does not have.
macro_rules! body {
    ($(#[doc = $about:literal])* strict $($rest:tt)*) => {
        $crate::http::check::body! { @define [strict] [$($about)*] $($rest)* }
    };
    ($(#[doc = $about:literal])* struct $($rest:tt)*) => {
        $crate::http::check::body! { @define [] [$($about)*] struct $($rest)* }
    };
    (@define [$($strict:ident)?] [$($about:literal)*]
     struct $name:ident as $schema:literal = $example:tt {
        $($(#[doc = $doc:literal])* $($wire:literal)? $field:ident : $need:ident $type:ty),* $(,)?
    }) => {
        $(#[doc = $about])*
        pub struct $name {
            $($(#[doc = $doc])* $field: $crate::http::check::body!(@type $need $type),)*
        }

        impl $crate::http::check::Wire for $name {
            const RULE: &'static str = concat!(
                "must be an object of:"
                $(, " ", $crate::http::check::body!(@name $($wire)? $field))*
            );
            const FIELDS: &'static [(&'static str, $crate::http::form::Form)] = &[$((
                $crate::http::check::body!(@name $($wire)? $field),
                <$type as $crate::http::check::Wire>::FORM,
            )),*];

            fn read(
                raw: &serde_json::value::RawValue,
                check: &mut $crate::http::check::Check,
            ) -> Option<Self> {
                let Some(object) = $crate::http::check::Object::of(raw) else {
                    return check.wrong(Self::RULE);
                };
                $crate::http::check::body! {
                    @only [$($strict)?] object check [Self::FIELDS]
                }
                Some(Self {
                    $($field: object.$need($crate::http::check::body!(@name $($wire)? $field), check),)*
                })
            }

            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let object = utoipa::openapi::ObjectBuilder::new()
                    .description($crate::http::check::described(&[$($about),*]))
                    .additional_properties($crate::http::check::body!(@others [$($strict)?]))
                    .examples([serde_json::json!($example)]);
                $(let object = $crate::http::check::property(
                    object,
                    $crate::http::check::body!(@name $($wire)? $field),
                    stringify!($need),
                    <$type as $crate::http::check::Wire>::schema(),
                    &[$($doc),*],
                );)*
                object.into()
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                <Self as $crate::http::check::Wire>::schema()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $schema.into()
            }
        }
    };
    (@type clearable $type:ty) => { Option<Option<$type>> };
    (@type $need:ident $type:ty) => { Option<$type> };
    (@name $wire:literal $field:ident) => { $wire };
    (@name $field:ident) => { stringify!($field) };
    (@others []) => { None::<$crate::http::check::Others> };
    (@others [strict]) => { Some($crate::http::check::Others::FreeForm(false)) };
    (@only [] $object:ident $check:ident [$fields:expr]) => {};
    (@only [strict] $object:ident $check:ident [$fields:expr]) => {
        $object.only($fields.iter().map(|(name, _)| *name), $check);
    };
}
pub(crate) use body;

/// What a schema says of fields that it does not name.
pub type Others = AdditionalProperties<Schema>;

/// A doc comment as a description.
pub fn described(lines: &[&str]) -> Option<String> {
    let text: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    (!text.is_empty()).then(|| text.join(" "))
}

/// Adds a field to a schema.
pub fn property(
    object: utoipa::openapi::ObjectBuilder,
    name: &str,
    need: &str,
    mut schema: RefOr<Schema>,
    doc: &[&str],
) -> utoipa::openapi::ObjectBuilder {
    if let (RefOr::T(Schema::Object(field)), Some(doc)) = (&mut schema, described(doc)) {
        field.description = Some(match field.description.take() {
            Some(about) => format!("{doc} {about}"),
            None => doc,
        });
    }
    if matches!(need, "optional" | "clearable") {
        let null =
            utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::Null);
        schema = utoipa::openapi::OneOfBuilder::new().item(null).item(schema).into();
    }
    let object = object.property(name, schema);
    match need {
        "required" => object.required(name),
        _ => object,
    }
}
