//! External ids, and references that an operation still has to resolve.

use std::fmt;

/// An id that a source system chose: 1 to 255 bytes of UTF-8 without U+0000,
/// compared byte for byte and never trimmed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExternalId(Box<str>);

impl ExternalId {
    /// What a valid one looks like, for messages.
    pub const RULE: &'static str = "must be a string of 1 to 255 bytes";

    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.len() {
            1..=255 if !text.contains('\0') => Ok(Self(text.into())),
            _ => Err(Self::RULE),
        }
    }

    /// Reads `SOURCE:external-id`: the source's name, known or not, and the id.
    pub fn of_source(text: &str) -> Option<(&str, Self)> {
        let (source, id) = text.split_once(':')?;
        Some((source, Self::parse(id).ok()?))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An entity as a caller names it. Faces hand it over unresolved; the operation
/// resolves it inside its own transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ref {
    /// Crewline's own id, as `/v1` sends it.
    Internal(i64),
    /// The id of the request's source system.
    External(ExternalId),
}

impl Ref {
    /// As it was sent.
    pub fn text(&self) -> String {
        match self {
            Ref::Internal(id) => id.to_string(),
            Ref::External(id) => id.as_str().to_owned(),
        }
    }

    pub fn internal(&self) -> Option<i64> {
        match self {
            Ref::Internal(id) => Some(*id),
            Ref::External(_) => None,
        }
    }

    pub fn external(&self) -> Option<&str> {
        match self {
            Ref::Internal(_) => None,
            Ref::External(id) => Some(id.as_str()),
        }
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ref::Internal(id) => write!(f, "{id}"),
            Ref::External(id) => write!(f, "{:?}", id.as_str()),
        }
    }
}
