//! For whom an operation runs.

use std::sync::Arc;

use domain::Source;

use crate::sources::Sources;

/// The company, whose external ids the request speaks in, and which sources it may hear of.
#[derive(Clone, Debug)]
pub struct Scope {
    pub company: i64,
    /// [`Source::NONE`] when it speaks in ids of ours.
    pub source: Source,
    pub sources: Arc<Sources>,
    pub actor: Actor,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The API key; empty when nobody asked from outside.
    pub key: Arc<str>,
    pub request_id: Arc<str>,
}

impl Actor {
    /// The server itself.
    pub fn nobody() -> Self {
        Self { key: Arc::from(""), request_id: Arc::from("") }
    }
}
