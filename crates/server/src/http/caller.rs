//! Who calls: the first thing that every operation asks.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use domain::Source;

use super::asked::Asked;
use super::log::Seen;
use super::problem::clip;
use super::rate::Standing;
use super::{Problem, path};
use crate::app::Shared;
use crate::scope::{Actor, Scope};
use crate::sources::Sources;
use crate::tokens::{self, Key};

/// The API key behind a request's bearer token, its company, and how the request is to be
/// carried out.
#[derive(Clone, Debug)]
pub struct Caller {
    key: Arc<Key>,
    pub asked: Arc<Asked>,
    /// What is left of the key's requests, where they are limited.
    pub left: Option<Standing>,
}

impl Deref for Caller {
    type Target = Key;

    fn deref(&self) -> &Key {
        &self.key
    }
}

/// The bearer token of a request.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let missing = || {
            let message = "A bearer token is required: POST /v1/oauth/token gives one";
            Problem::unauthorized(message, "Bearer")
        };
        let token = bearer(&parts.headers).ok_or_else(missing)?;
        match tokens::check(app, token).await? {
            Some(key) => {
                let (mut asked, manner) = Asked::read(parts);
                if asked.method != Method::GET {
                    asked.path_ids = path::ids(parts).await;
                }
                let seen = parts.extensions.get::<Seen>();
                // What is sent again from within was counted with the request that sends it.
                let counted = !seen.is_some_and(|seen| seen.within);
                let taken = app.traffic.rate_limit.as_ref().filter(|_| counted);
                let taken = taken.map(|limit| limit.take(&key.key, app.clock.now()));
                let left = taken.map(|(_, left)| left);
                let caller = Self { key, asked: Arc::new(asked), left };
                // Known to the log also when the request is refused.
                if let Some(seen) = seen {
                    let _ = seen.caller.set(caller.clone());
                }
                match taken {
                    Some((false, left)) => Err(Problem::too_many(left)),
                    _ => manner.map(|()| caller),
                }
            }
            None => Err(Problem::unauthorized(
                "The token is unknown, revoked or expired: POST /v1/oauth/token gives a new one",
                "Bearer error=\"invalid_token\"",
            )),
        }
    }
}

impl Caller {
    /// The same request, by what is known of its key now.
    pub fn with(&self, key: Arc<Key>) -> Self {
        Self { key, asked: Arc::clone(&self.asked), left: self.left }
    }

    /// The source with this name, whether or not the key may use it, or what would be right.
    pub fn source(&self, name: &str) -> Result<Source, String> {
        self.sources.named(name).ok_or_else(|| {
            let valid = Sources::names(self.sources.usable());
            format!("{:?} is not a source; it must be one of {valid}", clip(name))
        })
    }

    /// For an operation that only reads, or that speaks in ids of ours.
    pub fn reads(&self) -> Scope {
        self.scope(Source::NONE)
    }

    /// For an operation that only reads, and is told what by an id of a source.
    pub fn reads_under(&self, source: Source) -> Result<Scope, Problem> {
        match self.sources.may_use(source) {
            true => Ok(self.scope(source)),
            false => {
                let mine = Sources::names(self.sources.usable());
                let message = format!("The key may not use the ids of {}, only of", source.name);
                Err(Problem::forbidden(format!("{message} {mine}")))
            }
        }
    }

    /// For an operation that finds out by itself under which source it writes.
    pub fn acts(&self) -> Result<Scope, Problem> {
        match self.read_only {
            true => Err(Problem::forbidden("The key may only read")),
            false => Ok(self.reads()),
        }
    }

    /// For an operation that writes under a source, or in ids of ours ([`Source::NONE`]), if the
    /// key has the right to.
    pub fn writes(&self, source: Source) -> Result<Scope, Problem> {
        let mine = || Sources::names(self.sources.usable());
        if self.read_only {
            return Err(Problem::forbidden("The key may only read"));
        }
        match self.sources.may_use(source) {
            true => Ok(self.scope(source)),
            false if source == Source::NONE => {
                let message = "The key may only write by the ids of";
                Err(Problem::forbidden(format!("{message} {}: use /v2 or /api", mine())))
            }
            false => {
                let message = format!("The key may not speak for {}, only for", source.name);
                Err(Problem::forbidden(format!("{message} {}", mine())))
            }
        }
    }

    /// For what concerns the whole company, whatever the source: the key is limited in nothing.
    pub fn manages(&self) -> Result<Scope, Problem> {
        match self.read_only || self.sources.may_use(Source::NONE) {
            true => self.writes(Source::NONE),
            false => {
                let mine = Sources::names(self.sources.usable());
                let message = format!("The key is limited to {mine}: this needs one that is not");
                Err(Problem::forbidden(message))
            }
        }
    }

    fn scope(&self, source: Source) -> Scope {
        let sources = Arc::clone(&self.sources);
        let request_id = Arc::clone(&self.asked.request_id);
        let actor = Actor { key: Arc::clone(&self.key.key), request_id };
        Scope { company: self.company_id, source, sources, actor }
    }
}
