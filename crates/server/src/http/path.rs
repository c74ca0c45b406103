//! Path parameters, with a problem instead of axum's plain text.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use domain::{ExternalId, Kind, Source};
use serde::de::DeserializeOwned;

use super::Problem;
use super::problem::clip;
use super::refused::no_such;
use crate::app::Shared;
use crate::refusal::{Missing, NotFound};

/// What the path's parameters are.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Shared> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, app).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::validation("The path is not UTF-8")),
        }
    }
}

/// All ids in a path, in order; none if it is not UTF-8.
pub async fn ids(parts: &mut Parts) -> Vec<String> {
    let params = RawPathParams::from_request_parts(parts, &()).await;
    params.iter().flatten().map(|(_, id)| id.to_owned()).collect()
}

/// The external id that a path names. One that cannot be an external id has no association.
pub fn external_id(text: &str, kind: Kind, source: Source) -> Result<ExternalId, Problem> {
    ExternalId::parse(text).map_err(|_| {
        let missing = Missing { pointer: None, external_id: text.to_owned(), known_to: Vec::new() };
        NotFound { kind, source, missing: vec![missing] }.into()
    })
}

/// The id of ours that a path names. One that cannot be an id names nothing.
pub fn id(text: &str, kind: Kind) -> Result<i64, Problem> {
    number(text).ok_or_else(|| no_such(kind, &[format!("{:?}", clip(text))]))
}

/// An id of ours: digits, from 1 to 2^63 - 1.
pub fn number(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|id| digits && *id > 0)
}
