//! Every answer that a test sees is held against the API document.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use axum::http::Method;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::Answer;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::to_value(server::faces::document()).expect("the document as JSON")
});

/// The document.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// Fails when the document does not allow an answer. What no operation answers (an unknown
/// route or method) is not in it.
pub fn check(method: &Method, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap_or_default();
    let Some((template, item)) = route(path) else { return };
    let operation = &item[method.as_str().to_lowercase()];
    if operation.is_null() {
        return;
    }
    let about = format!("{method} {template} answered {answer}");
    let response = &operation["responses"][answer.status.as_str()];
    assert!(!response.is_null(), "the status is not documented: {about}");
    assert!(answer.headers.contains_key("x-request-id"), "no request id: {about}");
    if response["content"].is_null() {
        let kind = answer.header("content-type");
        assert!(answer.text.is_empty() && kind.is_none(), "a body is not documented: {about}");
        return;
    }
    let kind = answer.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let schema = &response["content"][kind]["schema"];
    assert!(!schema.is_null(), "{kind} is not documented: {about}");
    let value = match kind.ends_with("json") {
        true => answer.json(),
        false => Value::from(answer.text.as_str()),
    };
    let errors = violations(schema, &value);
    assert!(errors.is_empty(), "{about}\nis not as documented: {errors:#?}");
}

/// The most literal path of the document that matches.
fn route(path: &str) -> Option<(&'static String, &'static Value)> {
    let matches = |template: &str| {
        let (mut left, mut right) = (template.split('/'), path.split('/'));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(left), Some(right)) if left == right || left.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let found = paths.iter().filter(|(template, _)| matches(template));
    found.min_by_key(|(template, _)| template.matches('{').count())
}

/// Closes every object that names its fields: one more is not as documented either.
fn close(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(object) => {
            object.values_mut().for_each(close);
            if object.get("properties").is_some_and(Value::is_object) {
                object.entry("additionalProperties").or_insert(Value::Bool(false));
            }
        }
        _ => {}
    }
}

/// What about a value does not fit a schema of the document.
fn violations(schema: &'static Value, value: &Value) -> Vec<String> {
    static VALIDATORS: LazyLock<Mutex<HashMap<String, &'static Validator>>> =
        LazyLock::new(Mutex::default);
    let validator = {
        let mut validators = VALIDATORS.lock().expect("no test panics in here");
        *validators.entry(schema.to_string()).or_insert_with(|| {
            let mut whole = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "allOf": [schema],
                "components": DOCUMENT["components"],
            });
            close(&mut whole);
            let validator = jsonschema::validator_for(&whole).expect("a schema");
            Box::leak(Box::new(validator))
        })
    };
    validator
        .iter_errors(value)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect()
}
