//! Why an operation refuses a whole request, in the words of the business.

use std::borrow::Cow;

use domain::team::TeamRefusal;
use domain::{Currency, Email, ExternalId, Kind, Source};
use jiff::civil::Date;

use crate::refusals::State;
use crate::store::Stop;
use crate::webhooks::WebhookRefusal;

/// A whole-request refusal. Nothing of the request is kept.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// References without an association, all of one kind.
    NotFound(NotFound),
    /// Internal ids that the company does not have, all of one kind.
    NoSuch { kind: Kind, ids: Vec<String> },
    /// The external id is taken in its source.
    DuplicateExternalId { kind: Kind, source: Source, external_id: ExternalId, owner: i64 },
    /// The company has an entity with the id that was chosen.
    DuplicateId { kind: Kind, id: i64 },
    /// Another user has the e-mail; `known` are that user's references.
    DuplicateEmail { email: Email, known: Vec<(Source, String)> },
    /// The user has a working time already; `known` are its references.
    DuplicateWorkingTime { known: Vec<(Source, String)> },
    /// A record that cannot be read.
    Malformed(Malformed),
    /// A field that can only be judged against what is stored.
    Invalid { pointer: String, message: String },
    /// An entity ends before it begins: the field to blame, and what to say.
    DateRange { field: &'static str, message: &'static str },
    /// There is no rate from the currency to the company's base currency.
    NoExchangeRate { currency: Currency, base: String },
    /// Something depends on what was to be deleted: of which kind, and how many.
    HasDependents { kind: Kind, id: i64, dependents: Vec<(String, i64)> },
    /// The user would leave workspaces while in their teams: place in the request, counted from
    /// 1, or 0 for one that is not in it; and team.
    StillInTeams { user: i64, teams: Vec<(i64, i64)> },
    /// Members of a team do not fit where it is to go.
    TeamMisfits(Vec<Misfit>),
    /// Assignments would lie outside the contract's new period: how many begin before it, and
    /// the first day; how many end after it, and the last day.
    Stranded { early: (i64, Option<Date>), late: (i64, Option<Date>) },
    /// The contract has no such thing.
    NotOfContract { part: Part, contract: i64, id: String },
    /// The user has the range on the contract already.
    DuplicateRange { id: i64 },
    /// Users without a range on the contract: their places in the request.
    NotAttached(Vec<i64>),
    /// The reference is another entity's.
    ReferenceTaken { kind: Kind, source: Source, external_id: ExternalId, owner: i64 },
    /// What is to be changed is not as the caller saw it.
    Stale,
    /// The inbox has no such item.
    NoSuchItem(String),
    /// The item was settled already.
    ItemClosed(String, State),
    /// It is about a webhook endpoint.
    Webhook(WebhookRefusal),
}

/// What is wrong with the form of a record.
#[derive(Clone, Debug)]
pub struct Malformed {
    pub name: &'static str,
    pub code: &'static str,
    pub message: String,
    /// Where in the record (RFC 6901), and what would be right.
    pub errors: Vec<(String, Cow<'static, str>)>,
}

/// What belongs to a contract, and has an id of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Assignment,
    Position,
}

/// A member of a team that does not fit into a workspace.
#[derive(Clone, Debug)]
pub struct Misfit {
    pub user: i64,
    /// What the request's source calls the user.
    pub external_id: Option<String>,
    pub why: TeamRefusal,
}

/// References that the request's source has no association for.
#[derive(Clone, Debug)]
pub struct NotFound {
    pub kind: Kind,
    pub source: Source,
    pub missing: Vec<Missing>,
}

/// A reference that is not there.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Where it stands in the body; `None` for the path.
    pub pointer: Option<String>,
    pub external_id: String,
    /// Other sources of the company that know this id.
    pub known_to: Vec<Source>,
}

impl Refusal {
    /// The same without what other sources know: as it is kept for whoever reads it later.
    pub fn narrowed(mut self) -> Self {
        match &mut self {
            Refusal::NotFound(not_found) => {
                not_found.missing.iter_mut().for_each(|missing| missing.known_to.clear());
            }
            Refusal::DuplicateEmail { known, .. } | Refusal::DuplicateWorkingTime { known } => {
                known.clear();
            }
            _ => {}
        }
        self
    }
}

impl From<Refusal> for Stop<Refusal> {
    fn from(refusal: Refusal) -> Self {
        Stop::Refused(refusal)
    }
}
