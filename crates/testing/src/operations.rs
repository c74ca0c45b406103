//! The operations of the API document, with the examples that it gives.

use axum::http::Method;
use serde_json::Value;

use crate::document;

/// An operation of the document.
pub struct Operation {
    pub method: Method,
    /// With the examples in place of the parameters.
    pub path: String,
    /// With the parameters: `/v2/integrations/teams/{id}`.
    pub template: &'static str,
    /// What the document says about it.
    pub said: &'static Value,
    /// The examples of its body; none if it takes none.
    pub bodies: Vec<Value>,
}

/// Every operation of the document.
pub fn operations() -> Vec<Operation> {
    let paths = document()["paths"].as_object().expect("paths");
    let items = paths.iter().flat_map(|(template, item)| {
        let methods = item.as_object().expect("methods").iter();
        methods.map(move |(method, said)| operation(template, method, said))
    });
    items.collect()
}

fn operation(template: &'static str, method: &str, said: &'static Value) -> Operation {
    let mut path = template.to_owned();
    for parameter in said["parameters"].as_array().into_iter().flatten() {
        // What every write may say stands among the components; it has no place in the path.
        let Some(name) = parameter["name"].as_str() else { continue };
        let example = parameter["example"].to_string();
        let example = example.trim_matches('"');
        path = path.replace(&format!("{{{name}}}"), example);
        // Of some that may narrow the list of assignments it needs at least one.
        let first = template == "/api/assignments" && name == "user";
        let needed = parameter["required"] == true || first;
        if parameter["in"] == "query" && needed {
            let sign = if path.contains('?') { '&' } else { '?' };
            path = format!("{path}{sign}{name}={example}");
        }
    }
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
    let content = said["requestBody"]["content"].as_object();
    let contents = content.into_iter().flat_map(|content| content.values());
    let mut bodies: Vec<Value> =
        contents.flat_map(|content| examples(&content["schema"])).collect();
    // A body that may be a form, too, is shown twice.
    bodies.dedup();
    Operation { method, path, template, said, bodies }
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
