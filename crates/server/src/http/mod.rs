//! The ground that all faces share: bodies, callers, problems, limits.

pub mod again;
pub mod answer;
pub mod asked;
mod bodies;
pub mod caller;
pub mod check;
pub mod client;
pub mod cors;
pub mod field;
pub mod form;
pub mod inbox;
pub mod language;
mod leftover;
pub mod listen;
pub mod log;
pub mod pace;
pub mod path;
pub mod problem;
pub mod rate;
pub mod records;
pub mod refused;
pub mod request;
pub mod request_body;
pub mod write;

use serde::Serialize;
use utoipa::ToSchema;

pub use answer::Answer;
pub use caller::Caller;
pub(crate) use check::body;
pub use check::{Check, Wire};
pub use form::FormBody;
pub use path::Path;
pub use problem::Problem;
pub use records::Records;
pub use request_body::JsonBody;
pub use write::Write;

/// What one request may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Limits {
    /// Bytes of a body.
    pub max_body_bytes: usize,
    /// Date ranges of an attach, or records of any other batch.
    pub max_ranges: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_body_bytes: 4 * 1024 * 1024, max_ranges: 10_000 }
    }
}

impl Limits {
    /// No limit of records may be set higher: longer lists are only counted, not kept.
    pub const MOST: usize = 100_000;

    /// Refuses a batch of more records than the server takes at once.
    pub fn admit(self, records: usize, what: &str) -> Result<(), Problem> {
        match records > self.max_ranges {
            false => Ok(()),
            true => {
                let message = format!("{records} {what} are more than {}", self.max_ranges);
                Err(Problem::too_large(self, message))
            }
        }
    }
}
