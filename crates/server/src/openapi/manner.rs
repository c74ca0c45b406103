//! How every write may be asked for, and what its answer then says.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ComponentsBuilder, ObjectBuilder, Ref, RefOr};

use crate::http::asked::DRY_RUN;
use crate::idempotency::LENGTH;

/// Defines the headers once.
pub fn define(components: ComponentsBuilder) -> ComponentsBuilder {
    let key = ObjectBuilder::new()
        .min_length(Some(1))
        .max_length(Some(LENGTH))
        .pattern(Some("^[!-~]+$"))
        .examples(["8e03978e-40d5-43dd-bc93-6894a57f9324"]);
    // Other preferences may stand beside it, and are nobody's here.
    let dry_run = ObjectBuilder::new().examples([DRY_RUN]);
    let parameter = |name, schema: ObjectBuilder, description| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .description(Some(description))
            .schema(Some(schema.schema_type(Type::String)))
            .build()
    };
    let header = |value: &str, description| {
        let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([value]));
        HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
    };
    let about_key = "The client's own key for the request: sent again with it within 24 hours, \
        the request is carried out once and answered the same.";
    let about_dry_run = "`dry-run`: everything is judged and carried out, then undone. New ids \
        that the answer shows are never used.";
    components
        .parameter("Idempotency-Key", parameter("Idempotency-Key", key, about_key))
        .parameter("Prefer", parameter("Prefer", dry_run, about_dry_run))
        .header("Idempotent-Replayed", header("true", "The same request was answered so before."))
        .header("Preference-Applied", header(DRY_RUN, "Nothing was kept."))
}

/// Allows them to an operation.
pub fn allow(operation: &mut Operation) {
    let to = |list: &str, name: &str| Ref::new(format!("#/components/{list}/{name}"));
    let parameters = operation.parameters.get_or_insert_default();
    for name in ["Idempotency-Key", "Prefer"] {
        parameters.push(RefOr::Ref(to("parameters", name)));
    }
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        for name in ["Idempotent-Replayed", "Preference-Applied"] {
            response.headers.insert(name.to_owned(), RefOr::Ref(to("headers", name)));
        }
    }
}
