//! Why an operation refuses a whole request, in the words of the business.

use domain::{Email, ExternalId, Kind, Source};

use crate::store::Stop;

/// A whole-request refusal. Nothing of the request is kept.
#[derive(Debug)]
pub enum Refusal {
    /// References without an association, all of one kind.
    NotFound(NotFound),
    /// Internal ids that the company does not have, all of one kind.
    NoSuch { kind: Kind, ids: Vec<String> },
    /// The external id is taken in its source.
    DuplicateExternalId { kind: Kind, source: Source, external_id: ExternalId, owner: i64 },
    /// Another user has the e-mail; `known` are that user's references.
    DuplicateEmail { email: Email, known: Vec<(Source, String)> },
    /// A field that can only be judged against what is stored.
    Invalid { pointer: String, message: String },
    /// The reference is another entity's.
    ReferenceTaken { kind: Kind, source: Source, external_id: ExternalId, owner: i64 },
}

/// References that the request's source has no association for.
#[derive(Debug)]
pub struct NotFound {
    pub kind: Kind,
    pub source: Source,
    pub missing: Vec<Missing>,
}

/// A reference that is not there.
#[derive(Debug)]
pub struct Missing {
    /// Where it stands in the body; `None` for the path.
    pub pointer: Option<String>,
    pub external_id: String,
    /// Other sources of the company that know this id.
    pub known_to: Vec<Source>,
}

impl From<Refusal> for Stop<Refusal> {
    fn from(refusal: Refusal) -> Self {
        Stop::Refused(refusal)
    }
}
