//! The handlers that the kinds share, each declared in a few lines. See
//! [`super::super::integrations`] for the same by external ids.

/// Declares the handler that lists, reads, creates, updates or deletes entities of a kind.
///
/// ```text
/// operation! {
///     /// List teams
///     list "/v1/teams", tag "teams", filters Unfiltered, rows Team,
///     [Shown] |company, team| Shown::new(company, team)
/// }
/// ```
///
/// What tells is given the company's id, and the row; of a delete the id that it had. A body that
/// may also be a form is `body Create or "application/x-www-form-urlencoded"`.
macro_rules! operation {
    (
        $(#[doc = $doc:literal])*
        list $path:literal, tag $tag:literal, filters $filters:ty, rows $view:ty,
        [$($schema:tt)+] |$company:tt, $row:tt| $told:expr
    ) => {
        $(#[doc = $doc])*
        #[utoipa::path(
            get,
            path = $path,
            tag = $tag,
            params(super::list::PageQuery),
            responses((status = 200, description = "A page.", body = super::list::Page<$($schema)+>)),
        )]
        async fn list(
            axum::extract::State(app): axum::extract::State<crate::app::Shared>,
            caller: crate::http::Caller,
            asked: super::list::Asked,
        ) -> Result<axum::Json<super::list::Page<$($schema)+>>, crate::http::Problem> {
            let told = |$company: i64, $row: $view| $told;
            super::list::list::<$view, $filters, _>(&app, caller.company_id, asked, told).await
        }
    };
    (
        $(#[doc = $doc:literal])*
        get $path:literal, tag $tag:literal, id $id:literal $about:literal, row $view:ty,
        [$($schema:tt)+] |$company:tt, $row:tt| $told:expr
    ) => {
        $(#[doc = $doc])*
        #[utoipa::path(
            get,
            path = $path,
            tag = $tag,
            params(($id = i64, Path, description = $about, example = 1)),
            responses((status = 200, description = "What was asked for.", body = $($schema)+)),
            extensions(("x-error-codes" = json!(["ZC001"])))
        )]
        async fn get(
            axum::extract::State(app): axum::extract::State<crate::app::Shared>,
            caller: crate::http::Caller,
            crate::http::Path(id): crate::http::Path<String>,
        ) -> Result<axum::Json<$($schema)+>, crate::http::Problem> {
            let $row = super::get::<$view>(&app, &caller, &id).await?;
            let $company = caller.company_id;
            Ok(axum::Json($told))
        }
    };
    (
        $(#[doc = $doc:literal])*
        create $path:literal, tag $tag:literal, codes $codes:tt,
        body $body:ident $(or $form:literal)?, row $view:ty,
        [$($schema:tt)+] |$company:tt, $row:tt| $told:expr
    ) => {
        $(#[doc = $doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = $tag,
            request_body(content(($body = "application/json") $(, ($body = $form))?)),
            responses((status = 200, description = "What was created.", body = $($schema)+)),
            extensions(("x-error-codes" = json!($codes)))
        )]
        async fn create(
            axum::extract::State(app): axum::extract::State<crate::app::Shared>,
            caller: crate::http::Caller,
            body: super::operations::extractor!($body $(, $form)?),
        ) -> Result<axum::response::Response, crate::http::Problem> {
            let called = Ok(crate::entities::Called::Drawn);
            super::create::<$body, $view>(&app, &caller, &body, called, |$company, $row| {
                axum::Json($told).into()
            })
            .await
        }
    };
    (
        $(#[doc = $doc:literal])*
        update $path:literal, tag $tag:literal, id $id:literal $about:literal, codes $codes:tt,
        body $body:ident $(or $form:literal)?, row $view:ty,
        [$($schema:tt)+] |$company:tt, $row:tt| $told:expr
    ) => {
        $(#[doc = $doc])*
        #[utoipa::path(
            put,
            path = $path,
            tag = $tag,
            params(($id = i64, Path, description = $about, example = 1)),
            request_body(content(($body = "application/json") $(, ($body = $form))?)),
            responses((status = 200, description = "As it is now.", body = $($schema)+)),
            extensions(("x-error-codes" = json!($codes)))
        )]
        async fn update(
            axum::extract::State(app): axum::extract::State<crate::app::Shared>,
            caller: crate::http::Caller,
            crate::http::Path(id): crate::http::Path<String>,
            body: super::operations::extractor!($body $(, $form)?),
        ) -> Result<axum::response::Response, crate::http::Problem> {
            super::update::<$body, $view>(&app, &caller, &id, &body, |$company, $row| {
                axum::Json($told).into()
            })
            .await
        }
    };
    (
        $(#[doc = $doc:literal])*
        delete $path:literal, tag $tag:literal, id $id:literal $about:literal, codes $codes:tt,
        kind $kind:ty,
        [$($schema:tt)+] |$company:tt, $was:tt| $told:expr
    ) => {
        $(#[doc = $doc])*
        #[utoipa::path(
            delete,
            path = $path,
            tag = $tag,
            params(($id = i64, Path, description = $about, example = 1)),
            responses((
                status = 200, description = "It was deleted.", body = $($schema)+,
                content_type = "application/json"
            )),
            extensions(("x-error-codes" = json!($codes)))
        )]
        async fn delete(
            axum::extract::State(app): axum::extract::State<crate::app::Shared>,
            caller: crate::http::Caller,
            crate::http::Path(id): crate::http::Path<String>,
            body: crate::http::JsonBody,
        ) -> Result<axum::response::Response, crate::http::Problem> {
            super::delete::<$kind>(&app, &caller, &id, &body, |$company, $was| {
                axum::Json($told).into()
            })
            .await
        }
    };
}
pub(super) use operation;

/// What takes a body in.
macro_rules! extractor {
    ($body:ident) => { crate::http::JsonBody };
    ($body:ident, $form:literal) => { crate::http::FormBody<$body> };
}
pub(super) use extractor;
