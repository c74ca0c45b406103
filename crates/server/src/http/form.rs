//! Form bodies, as the JSON objects that they mean: what comes after that knows no forms.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRequest, Request};
use percent_encoding::percent_decode;
use serde_json::value::RawValue;

use super::problem::clip;
use super::{JsonBody, Limits, Problem, Wire};
use crate::app::Shared;

/// The content type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A body that is JSON or a form with the fields of `B`. In a form a value that is empty is `null`;
/// a list is its field as often as it has elements, also as `field[]` or `field[0]`.
pub struct FormBody<B> {
    body: JsonBody,
    of: PhantomData<fn() -> B>,
}

impl<B: Wire> FromRequest<Shared> for FormBody<B> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        let form = |bytes: &[u8], limits| object(bytes, B::FIELDS, limits);
        Ok(Self { body: JsonBody::of(request, app, Some(form)).await?, of: PhantomData })
    }
}

impl<B> Deref for FormBody<B> {
    type Target = JsonBody;

    fn deref(&self) -> &JsonBody {
        &self.body
    }
}

/// What the texts of a field mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    is: Is,
    list: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Text,
    Number,
    Truth,
}

impl Form {
    pub const TEXT: Self = Self { is: Is::Text, list: false };
    pub const NUMBER: Self = Self { is: Is::Number, list: false };
    /// `true` or `1`, `false` or `0`.
    pub const TRUTH: Self = Self { is: Is::Truth, list: false };

    pub const fn list(self) -> Self {
        Self { is: self.is, list: true }
    }

    /// A text as JSON. One that does not mean what it should is told as the text that it is.
    pub fn json(self, text: &str) -> String {
        match (self.is, text) {
            (_, "") => "null".to_owned(),
            (Is::Truth, "true" | "1") => "true".to_owned(),
            (Is::Truth, "false" | "0") => "false".to_owned(),
            (Is::Number, text) if is_number(text) => text.to_owned(),
            _ => string(text),
        }
    }
}

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && serde_json::from_str::<&RawValue>(text).is_ok()
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The JSON object that a form means. A field that comes more than once is a list.
fn object(form: &[u8], fields: &[(&'static str, Form)], limits: Limits) -> Result<String, Problem> {
    let pairs = form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    limits.admit(pairs.clone().count(), "fields of a form")?;
    let (mut places, mut members) = (HashMap::new(), Vec::<(String, Form, Vec<String>)>::new());
    for pair in pairs {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let name = decoded(name, "The name of a field of the form")?;
        let value = decoded(value, &format!("{:?} in the form", clip(&name)))?;
        let (name, in_list) = element(&name);
        let place = *places.entry(name.to_owned()).or_insert(members.len());
        if place == members.len() {
            let known = fields.iter().find(|(field, _)| *field == name);
            let form = known.map_or(Form::TEXT, |(_, form)| *form);
            members.push((name.to_owned(), form, Vec::new()));
        }
        let (_, form, values) = &mut members[place];
        form.list |= in_list;
        values.push(form.json(&value));
    }
    let members = members.into_iter().map(|(name, form, values)| {
        let value = match form.list || values.len() > 1 {
            true => format!("[{}]", values.join(",")),
            false => values.concat(),
        };
        format!("{}:{value}", string(&name))
    });
    Ok(format!("{{{}}}", members.collect::<Vec<_>>().join(",")))
}

/// The field that a name is of, and whether it is an element of it: `field[]` or `field[0]`.
fn element(name: &str) -> (&str, bool) {
    match name.strip_suffix(']').and_then(|name| name.rsplit_once('[')) {
        Some((name, place)) if place.bytes().all(|byte| byte.is_ascii_digit()) => (name, true),
        _ => (name, false),
    }
}

/// A name or a value: UTF-8 without U+0000. What is not an escape stands for itself.
fn decoded(bytes: &[u8], what: &str) -> Result<String, Problem> {
    let spaced: Vec<u8> =
        bytes.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    let text = String::from_utf8(percent_decode(&spaced).collect())
        .map_err(|_| Problem::validation(format!("{what} is not UTF-8")))?;
    match text.contains('\0') {
        true => Err(Problem::validation(format!("{what} holds U+0000, which no text may"))),
        false => Ok(text),
    }
}
