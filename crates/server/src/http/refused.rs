//! How refusals are told: each with what was wrong and what would be right.

use axum::http::StatusCode;
use domain::{Currency, Kind, Source};
use jiff::civil::Date;

use super::Problem;
use super::problem::{FieldError, LISTED, clip};
use crate::references::At;
use crate::refusal::{Malformed, Misfit, Missing, NotFound, Part, Refusal};
use crate::webhooks::WebhookRefusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound(not_found) => not_found.into(),
            Refusal::NoSuch { kind, ids } => no_such(kind, &ids),
            Refusal::DuplicateExternalId { kind, source, external_id, owner } => {
                let message = format!(
                    "Association already exists: {} {:?} of source {} is {} {owner}",
                    kind.name(),
                    external_id.as_str(),
                    source.name,
                    kind.name(),
                );
                Self::conflict("DuplicateExternalIdError", "ZC004", message)
            }
            Refusal::DuplicateId { kind, id } => {
                let message = format!("There is a {} {id} already", kind.name());
                Self::conflict("DuplicateIdError", "DUPLICATE_ID", message)
            }
            Refusal::DuplicateEmail { email, known } => {
                let message = format!("A user with the e-mail {} already exists", email.as_str());
                let message = known_as(message, &known);
                Self::conflict("DuplicateEmailError", "DUPLICATE_EMAIL", message)
            }
            Refusal::DuplicateWorkingTime { known } => {
                let message = known_as("The user already has a working time".to_owned(), &known);
                Self::conflict("DuplicateWorkingTimeError", "DUPLICATE_WORKING_TIME", message)
            }
            Refusal::Malformed(malformed) => malformed.into(),
            Refusal::Invalid { pointer, message } => Self::field(pointer, message),
            Refusal::DateRange { field, message } => {
                let (name, code) = ("InvalidDateRangeError", "INVALID_DATE_RANGE");
                Self::field(format!("/{field}"), message).published(name, code, message.to_owned())
            }
            Refusal::NoExchangeRate { currency, base } => no_exchange_rate(currency, &base),
            Refusal::HasDependents { kind, id, dependents } => {
                has_dependents(kind, id, &dependents)
            }
            Refusal::StillInTeams { user, teams } => still_in_teams(user, &teams),
            Refusal::TeamMisfits(misfits) => team_misfits(&misfits),
            Refusal::Stranded { early, late } => stranded(early, late),
            Refusal::NotOfContract { part, contract, id } => not_of_contract(part, contract, &id),
            Refusal::DuplicateRange { id } => {
                let message = format!("The user has this range on the contract: assignment {id}");
                Self::conflict("DuplicateRangeError", "DUPLICATE_RANGE", message)
            }
            Refusal::NotAttached(places) => not_attached(&places),
            Refusal::ReferenceTaken { kind, source, external_id, owner } => {
                let message = format!(
                    "{:?} of source {} already belongs to {} {owner}",
                    external_id.as_str(),
                    source.name,
                    kind.name(),
                );
                Self::conflict("DuplicateExternalIdError", "ZC004", message)
            }
            Refusal::Stale => {
                let message = "It is not as If-Match says; read it again";
                let status = StatusCode::PRECONDITION_FAILED;
                Self::new(status, "PreconditionFailedError", "PRECONDITION_FAILED", message)
            }
            Refusal::NoSuchItem(id) => {
                let message = format!("There is no refusal {:?}", clip(&id));
                let status = StatusCode::NOT_FOUND;
                Self::new(status, "RefusalNotFoundError", "REFUSAL_NOT_FOUND", message)
            }
            Refusal::ItemClosed(id, state) => {
                let message = format!("Refusal {id} is {} already", state.name());
                Self::conflict("RefusalClosedError", "REFUSAL_CLOSED", message)
            }
            Refusal::Webhook(refusal) => refusal.into(),
        }
    }
}

impl From<Malformed> for Problem {
    fn from(Malformed { name, code, message, errors }: Malformed) -> Self {
        let error = |(pointer, message)| FieldError { pointer, message };
        let errors: Vec<FieldError> = errors.into_iter().map(error).collect();
        let wrong = errors.len();
        Self::fields(errors, wrong).published(name, code, message)
    }
}

/// What was wrong with the form of one record of many, which is judged by itself.
impl From<Problem> for Malformed {
    fn from(Problem { name, code, message, errors, .. }: Problem) -> Self {
        let errors = errors.into_iter().map(|error| (error.pointer, error.message)).collect();
        Self { name, code, message, errors }
    }
}

impl From<WebhookRefusal> for Problem {
    fn from(refusal: WebhookRefusal) -> Self {
        match refusal {
            WebhookRefusal::NoSuch(id) => {
                let message = format!("There is no webhook {}", clip(&id));
                let status = StatusCode::NOT_FOUND;
                Self::new(status, "WebhookNotFoundError", "WEBHOOK_NOT_FOUND", message)
            }
            WebhookRefusal::NotActive { id, state } => {
                let message = format!("Webhook {id} is {state}: resume it first");
                Self::conflict("WebhookNotActiveError", "WEBHOOK_NOT_ACTIVE", message)
            }
            WebhookRefusal::NoEvent(number) => Self::no_event(number),
            WebhookRefusal::EventsGone { oldest } => Self::events_gone(oldest),
        }
    }
}

impl From<NotFound> for Problem {
    fn from(NotFound { kind, source, missing }: NotFound) -> Self {
        let ids = listed(missing.iter().map(named), missing.len());
        let plural = if missing.len() == 1 { "" } else { "s" };
        let message = format!(
            "Entity is not associated: {}{plural} {ids} of source {}",
            kind.name(),
            source.name
        );
        let errors = missing
            .into_iter()
            .take(LISTED)
            .filter_map(|missing| {
                let message = match known_to(&missing) {
                    Some(sources) => {
                        format!("is not associated; the same id is known to {sources}")
                    }
                    None => "is not associated".to_owned(),
                };
                Some(FieldError { pointer: missing.pointer?, message: message.into() })
            })
            .collect();
        Self::new(StatusCode::NOT_FOUND, kind.not_found(), "ZC001", message).blaming(errors)
    }
}

/// A message about something that is there, with what it is known as.
fn known_as(message: String, known: &[(Source, String)]) -> String {
    let names = known.iter().map(|(source, id)| format!("{id:?} of {}", source.name));
    match known.is_empty() {
        true => message,
        false => format!("{message}; it is known as {}", listed(names, known.len())),
    }
}

/// COR's own words.
fn no_exchange_rate(currency: Currency, base: &str) -> Problem {
    let message = format!(
        "Cannot save contract. Exchange rate not found for {} to {base}. Please sync exchange \
        rates first.",
        currency.as_str()
    );
    let problem = Problem::field("/currency", message.clone());
    problem.published("CORCustomError", "CTR006", message)
}

fn has_dependents(kind: Kind, id: i64, dependents: &[(String, i64)]) -> Problem {
    let blame = |(what, count): &(String, i64)| {
        let message = format!("{count} of kind {what} depend on it").into();
        FieldError { pointer: String::new(), message }
    };
    let counts: Vec<String> =
        dependents.iter().map(|(what, count)| format!("{what} ({count})")).collect();
    let message = format!(
        "{} {id} cannot be deleted while something depends on it: {}",
        kind.name(),
        counts.join(", ")
    );
    deletion(message).blaming(dependents.iter().map(blame).collect())
}

fn deletion(message: String) -> Problem {
    Problem::conflict("DeletionError", "HAS_DEPENDENCIES", message)
}

fn still_in_teams(user: i64, teams: &[(i64, i64)]) -> Problem {
    let blame = |&(ord, team): &(i64, i64)| match usize::try_from(ord - 1) {
        Ok(nth) => FieldError {
            pointer: At::Element("workspaces", nth, "").pointer(),
            message: format!("is the workspace of team {team}, which the user is in").into(),
        },
        Err(_) => FieldError {
            pointer: "/workspaces".to_owned(),
            message: format!("lacks the workspace of team {team}, which the user is in").into(),
        },
    };
    let ids = listed(teams.iter().map(|(_, team)| team.to_string()), teams.len());
    let message = format!("user {user} must leave these teams before their workspaces: {ids}");
    deletion(message).blaming(teams.iter().take(LISTED).map(blame).collect())
}

fn team_misfits(misfits: &[Misfit]) -> Problem {
    let name = |misfit: &Misfit| match &misfit.external_id {
        Some(id) => format!("{:?}", clip(id)),
        None => format!("user {}", misfit.user),
    };
    let blame = |misfit: &Misfit| FieldError {
        pointer: "/workspace_id".to_owned(),
        message: format!("{}: {} ({})", name(misfit), misfit.why, misfit.why.code()).into(),
    };
    let message = format!(
        "The team cannot go there while members do not fit: {}",
        listed(misfits.iter().map(name), misfits.len())
    );
    Problem::conflict("WorkspaceConflictError", "WORKSPACE_CONFLICT", message)
        .blaming(misfits.iter().take(LISTED).map(blame).collect())
}

fn stranded(early: (i64, Option<Date>), late: (i64, Option<Date>)) -> Problem {
    let mut errors = Vec::new();
    if let (count @ 1.., Some(first)) = early {
        let message = format!("{count} assignments begin before it, the first on {first}").into();
        errors.push(FieldError { pointer: "/start_date".to_owned(), message });
    }
    if let (count @ 1.., Some(last)) = late {
        let message = format!("{count} assignments end after it, the last on {last}").into();
        errors.push(FieldError { pointer: "/end_date".to_owned(), message });
    }
    let told: Vec<String> =
        errors.iter().map(|error| format!("{} {}", error.pointer, error.message)).collect();
    let message =
        format!("Assignments would lie outside the contract's period: {}", told.join("; "));
    Problem::conflict("ContractWindowConflictError", "WINDOW_CONFLICT", message).blaming(errors)
}

fn not_of_contract(part: Part, contract: i64, id: &str) -> Problem {
    let (name, what) = match part {
        Part::Assignment => ("AssignmentNotFoundError", "assignment"),
        Part::Position => ("ContractPositionNotFoundError", "position"),
    };
    let message = format!("Contract {contract} has no {what} {id}");
    Problem::new(StatusCode::NOT_FOUND, name, "ZC001", message)
}

fn not_attached(places: &[i64]) -> Problem {
    let pointer = |place: &i64| {
        At::Element("users", usize::try_from(*place).unwrap_or_default(), "").pointer()
    };
    let message = format!(
        "Not attached to the contract: {}",
        listed(places.iter().map(pointer), places.len())
    );
    let message_of = "has no date range on the contract";
    let blame = |place| FieldError { pointer: pointer(place), message: message_of.into() };
    Problem::new(StatusCode::NOT_FOUND, "NotAttachedError", "NOT_ATTACHED", message)
        .blaming(places.iter().take(LISTED).map(blame).collect())
}

/// The first of some things, and how many more there are.
fn listed(things: impl Iterator<Item = String>, count: usize) -> String {
    let first = things.take(LISTED).collect::<Vec<_>>().join(", ");
    match count.saturating_sub(LISTED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn named(missing: &Missing) -> String {
    // A path may hold any text; an external id is at most 255 bytes.
    let id = clip(&missing.external_id);
    match known_to(missing) {
        Some(sources) => format!("{id:?} (known to {sources})"),
        None => format!("{id:?}"),
    }
}

fn known_to(missing: &Missing) -> Option<String> {
    let names: Vec<&str> = missing.known_to.iter().map(|source| source.name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// 404 for an id of ours that the company does not have.
pub fn no_such(kind: Kind, ids: &[String]) -> Problem {
    let message = format!("There is no {} {}", kind.name(), listed(ids.iter().cloned(), ids.len()));
    Problem::new(StatusCode::NOT_FOUND, kind.not_found(), "ZC001", message)
}
