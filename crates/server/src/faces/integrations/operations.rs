//! The handlers that the kinds share, each declared in a few lines: what it is called, what it
//! takes, which codes it may refuse with, and what it tells.

/// Declares the handler that creates, updates or deletes an entity of a kind.
///
/// ```text
/// operation! {
///     /// Create a client
///     create "/v2/integrations/clients", tag "clients", codes ["ZC004"], body Create,
///     200 "The client." [Answer] |company, client, _| Answer::new(company, client)
/// }
/// ```
///
/// `told` is given the company's id, the entity (of a delete: the id that it had), and the
/// external id.
macro_rules! operation {
    (
        $(#[doc = $doc:literal])*
        create $path:literal, tag $tag:literal, codes $codes:tt, body $body:ident,
        $status:literal $said:literal [$($schema:tt)+]
        |$company:tt, $entity:tt, $id:tt| $told:expr
    ) => {
        $(#[doc = $doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = $tag,
            request_body = $body,
            responses((status = $status, description = $said, body = $($schema)+)),
            extensions(("x-error-codes" = json!($codes)))
        )]
        async fn create(
            app: axum::extract::State<crate::app::Shared>,
            caller: crate::http::Caller,
            body: crate::http::JsonBody,
        ) -> Result<axum::response::Response, crate::http::Problem> {
            super::create::<$body>(&app, &caller, &body, super::as_it_is, |$company, $entity, $id| {
                $told.into()
            })
            .await
        }
    };
    (
        $(#[doc = $doc:literal])*
        update $path:literal, tag $tag:literal, id $about:literal $example:literal,
        codes $codes:tt, body $body:ident,
        $status:literal $said:literal [$($schema:tt)+]
        |$company:tt, $entity:tt, $id:tt| $told:expr
    ) => {
        $(#[doc = $doc])*
        #[utoipa::path(
            put,
            path = $path,
            tag = $tag,
            params(("id" = String, Path, description = $about, example = $example)),
            request_body = $body,
            responses((status = $status, description = $said, body = $($schema)+)),
            extensions(("x-error-codes" = json!($codes)))
        )]
        async fn update(
            app: axum::extract::State<crate::app::Shared>,
            caller: crate::http::Caller,
            crate::http::Path(id): crate::http::Path<String>,
            body: crate::http::JsonBody,
        ) -> Result<axum::response::Response, crate::http::Problem> {
            let refused = super::as_it_is;
            super::update::<$body>(&app, &caller, id, &body, refused, |$company, $entity, $id| {
                $told.into()
            })
            .await
        }
    };
    (
        $(#[doc = $doc:literal])*
        delete $path:literal, tag $tag:literal, id $about:literal $example:literal,
        codes $codes:tt, kind $kind:ident,
        $status:literal $said:literal [$($schema:tt)+]
        |$company:tt, $entity:tt, $id:tt| $told:expr
    ) => {
        $(#[doc = $doc])*
        #[utoipa::path(
            delete,
            path = $path,
            tag = $tag,
            params(("id" = String, Path, description = $about, example = $example)),
            request_body = super::Bare,
            responses((status = $status, description = $said, body = $($schema)+)),
            extensions(("x-error-codes" = json!($codes)))
        )]
        async fn delete(
            app: axum::extract::State<crate::app::Shared>,
            caller: crate::http::Caller,
            crate::http::Path(id): crate::http::Path<String>,
            body: crate::http::JsonBody,
        ) -> Result<axum::response::Response, crate::http::Problem> {
            let refused = super::as_it_is;
            super::delete::<$kind>(&app, &caller, id, &body, refused, |$company, $entity, $id| {
                $told.into()
            })
            .await
        }
    };
}
pub(crate) use operation;
