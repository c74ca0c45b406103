//! The API document: committed, complete, and a gate for every operation.

use serde_json::{Value, json};
use testing::{Operation, both_engines, document, operations};

/// `docs/openapi.json` is the document. `UPDATE_EXPECT=1` writes it.
#[test]
fn is_committed() {
    let text = server::faces::document().to_pretty_json().unwrap() + "\n";
    let committed = include_str!("../../../../docs/openapi.json");
    let same = committed.lines().zip(text.lines()).take_while(|(one, other)| one == other).count();
    let line = same + 1;
    assert!(
        committed == text,
        "docs/openapi.json is old from line {line}: cargo run -- openapi > docs/openapi.json"
    );
}

/// The catalogue of errors knows every code that the document names.
#[test]
fn every_code_is_in_the_catalogue() {
    let catalogue = include_str!("../../../../docs/errors.md");
    for Operation { method, path, said: operation, .. } in operations() {
        let known = |code: &str| {
            let known = catalogue.contains(&format!("`{code}`"));
            assert!(known, "{method} {path}: {code}");
        };
        let listed = operation["x-error-codes"].as_array().into_iter().flatten();
        listed.for_each(|code| known(code.as_str().unwrap()));
        for response in operation["responses"].as_object().unwrap().values() {
            let said = response["description"].as_str().unwrap_or_default();
            let words =
                said.split(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_');
            words.filter(|word| word.len() > 4).for_each(known);
        }
    }
}

fn is_open(operation: &Value) -> bool {
    operation["security"] == json!([{}])
}

#[test]
fn every_operation_says_what_a_reader_needs() {
    assert_eq!(document()["openapi"], "3.1.0");
    for Operation { method, path, said: operation, bodies, .. } in operations() {
        let about = format!("{method} {path}");
        for field in ["summary", "operationId", "tags"] {
            assert!(!operation[field].is_null(), "{about} has no {field}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let at = parameter["$ref"].as_str().map(|at| at.trim_start_matches('#'));
            let parameter = at.map_or(Some(parameter), |at| document().pointer(at)).unwrap();
            assert!(!parameter["description"].is_null(), "{about}: {parameter}");
            assert!(!parameter["schema"].is_null(), "{about}: {parameter}");
        }
        if !operation["requestBody"].is_null() {
            assert!(!bodies.is_empty(), "{about} has no example of a body");
        }
        if !is_open(operation) {
            assert!(!operation["responses"]["401"].is_null(), "{about}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(!response["description"].is_null(), "{about} {status}");
            let is_error = !status.starts_with(['2', '3']) && status != "422";
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

both_engines! {
    async fn health_and_the_document_itself(t: TestApp) {
        let nobody = t.api.anonymous();
        assert_eq!(nobody.get("/healthz").await.ok(), json!({"status": "ok"}));
        assert_eq!(nobody.get("/readyz").await.ok(), json!({"status": "ok"}));
        assert_eq!(&nobody.get("/openapi.json").await.ok(), document());
    }
}
