//! Who calls: the first thing that every operation asks.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use domain::Source;
use domain::source::BUILT_IN;

use super::Problem;
use super::problem::clip;
use crate::app::Shared;
use crate::tokens::{self, Key};

/// The API key behind a request's bearer token, and its company.
#[derive(Clone, Debug)]
pub struct Caller(Arc<Key>);

impl Deref for Caller {
    type Target = Key;

    fn deref(&self) -> &Key {
        &self.0
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let missing = || {
            let message = "A bearer token is required: POST /v1/oauth/token gives one";
            Problem::unauthorized(message, "Bearer")
        };
        let header = parts.headers.get(AUTHORIZATION).ok_or_else(missing)?;
        let (scheme, token) =
            header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing());
        }
        match tokens::check(app, token.trim()).await? {
            Some(key) => Ok(Self(key)),
            None => Err(Problem::unauthorized(
                "The token is unknown, revoked or expired: POST /v1/oauth/token gives a new one",
                "Bearer error=\"invalid_token\"",
            )),
        }
    }
}

impl Caller {
    /// The source that a request speaks for, or what would be right.
    pub fn source(&self, name: &str) -> Result<Source, String> {
        Source::from_name(name).ok_or_else(|| {
            let valid = BUILT_IN.map(|source| source.name).join(", ");
            format!("{:?} is not a source; it must be one of {valid}", clip(name))
        })
    }
}
