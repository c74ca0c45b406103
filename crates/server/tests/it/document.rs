//! The API document: committed, complete, and a gate for every operation.

use axum::http::Method;
use serde_json::{Value, json};
use testing::{both_engines, document};

/// `docs/openapi.json` is the document. `UPDATE_EXPECT=1` writes it.
#[test]
fn is_committed() {
    let text = server::faces::document().to_pretty_json().unwrap() + "\n";
    expect_test::expect_file!["../../../../docs/openapi.json"].assert_eq(&text);
}

/// Every operation: its path with examples in place of parameters, and the operation.
fn operations() -> Vec<(Method, String, &'static Value)> {
    let mut all = Vec::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let mut called = path.clone();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["in"] == "path" {
                    let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
                    let example = parameter["example"].to_string();
                    called = called.replace(&name, example.trim_matches('"'));
                }
            }
            all.push((method, called, operation));
        }
    }
    all
}

/// The catalogue of errors knows every code that the document names.
#[test]
fn every_code_is_in_the_catalogue() {
    let catalogue = include_str!("../../../../docs/errors.md");
    for (method, path, operation) in operations() {
        for response in operation["responses"].as_object().unwrap().values() {
            let said = response["description"].as_str().unwrap_or_default();
            let words =
                said.split(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_');
            for code in words.filter(|word| word.len() > 4) {
                let known = catalogue.contains(&format!("`{code}`"));
                assert!(known, "{method} {path}: {code}");
            }
        }
    }
}

fn is_open(operation: &Value) -> bool {
    operation["security"] == json!([{}])
}

#[test]
fn every_operation_says_what_a_reader_needs() {
    assert_eq!(document()["openapi"], "3.1.0");
    for (method, path, operation) in operations() {
        let about = format!("{method} {path}");
        for field in ["summary", "operationId", "tags"] {
            assert!(!operation[field].is_null(), "{about} has no {field}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(!parameter["description"].is_null(), "{about}: {parameter}");
            assert!(!parameter["schema"].is_null(), "{about}: {parameter}");
        }
        if let Some(body) = operation["requestBody"]["content"].as_object() {
            let schema = &body.values().next().unwrap()["schema"];
            assert!(!examples(schema).is_empty(), "{about} has no example of a body");
        }
        if !is_open(operation) {
            assert!(!operation["responses"]["401"].is_null(), "{about}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(!response["description"].is_null(), "{about} {status}");
            let is_error = !status.starts_with('2') && status != "422";
            let content = response["content"].as_object().and_then(|c| c.values().next());
            if is_error && !is_open(operation) && path != "/v1/oauth/token" {
                assert!(!content.unwrap()["example"].is_null(), "{about} {status} has no example");
            }
        }
    }
}

/// Where a field that is not known is refused, the document says so.
#[test]
fn strict_bodies_are_closed() {
    for (name, is_closed) in [("LinkReference", true), ("LinkOf", true), ("CreateUser", false)] {
        let schema = match name {
            // It is declared in place.
            "LinkOf" => {
                &document()["components"]["schemas"]["LinkReference"]["properties"]["of"]["oneOf"]
                    [1]
            }
            _ => &document()["components"]["schemas"][name],
        };
        let closed = schema["additionalProperties"] == json!(false);
        assert_eq!(closed, is_closed, "{name}");
    }
}

/// The examples of a schema, through references and alternatives.
fn examples(schema: &Value) -> Vec<Value> {
    if let Some(name) = schema["$ref"].as_str() {
        return examples(document().pointer(name.trim_start_matches('#')).expect("a schema"));
    }
    if let Some(one_of) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return one_of.iter().flat_map(examples).collect();
    }
    let mut examples = schema["examples"].as_array().cloned().unwrap_or_default();
    examples.extend(schema.get("example").cloned());
    examples
}

both_engines! {
    async fn health_and_the_document_itself(t: TestApp) {
        let nobody = t.api.anonymous();
        assert_eq!(nobody.get("/healthz").await.ok(), json!({"status": "ok"}));
        assert_eq!(nobody.get("/readyz").await.ok(), json!({"status": "ok"}));
        assert_eq!(&nobody.get("/openapi.json").await.ok(), document());
    }
}
