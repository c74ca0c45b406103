//! The codes that answers may carry, each with an example.

use std::time::Duration;

use axum::http::StatusCode;
use domain::source::BUILT_IN;
use domain::team::TeamRefusal;
use domain::{Currency, Kind};
use jiff::civil::date;

use crate::http::rate::Standing;
use crate::http::{Limits, Problem};
use crate::refusal::{Misfit, Missing, NotFound, Refusal};
use crate::refusals::State;
use crate::store;
use crate::webhooks::WebhookRefusal;

/// A code that an answer may carry.
pub struct Code {
    /// The code, and perhaps in which case.
    pub key: &'static str,
    pub status: &'static str,
    pub when: &'static str,
    pub example: fn() -> Problem,
}

impl Code {
    /// As answers carry it.
    pub fn name(&self) -> &'static str {
        self.key.split(' ').next().unwrap_or_default()
    }
}

/// Declares the codes.
macro_rules! codes {
    ($($key:literal $status:literal $when:literal => $example:expr;)*) => {
        &[$(Code { key: $key, status: $status, when: $when, example: || $example.into() },)*]
    };
}

/// All of them.
pub const CODES: &[Code] = codes! {
    "VALIDATION" "400" "the request is not of the right form; `errors` names the fields" =>
        Problem::field("/metadata/source", "is required and must be the name of a source");
    "ZC001 for VALIDATION" "400" "the request is not of the right form; `errors` names the fields" =>
        Problem::field("/name", domain::Name::RULE).coded("ZC001");
    "F010 for VALIDATION" "400" "the position or the category is not of the right form, or the name \
        is taken" => position("F010");
    "UC010 for VALIDATION" "400" "the changes are not of the right form, or the name is taken" =>
        position("UC010");
    "INVALID_SOURCE" "400" "a source that the company does not have" =>
        Problem::invalid_source("/metadata/source", "\"EXCEL\" is not a source".to_owned());
    "INVALID_ROLE" "400" "`role_id` is a number, but not 1 to 6" =>
        Problem::field("/role_id", domain::Role::RULE);
    "INVALID_DATE_RANGE" "400" "it would end before it begins" =>
        Refusal::DateRange { field: "end_date", message: "end_date must not be before start_date" };
    "CTR006" "400" "there is no exchange rate from `currency` to the company's base currency" =>
        no_rate();
    "PC001" "400" "the project or a user is not there" => {
        let message = "There is no project 7";
        Problem::new(StatusCode::BAD_REQUEST, "CORCustomError", "PC001", message)
    };
    "UNAUTHORIZED" "401" "no token, or one that is unknown, revoked or expired" =>
        Problem::unauthorized(
            "The token is unknown, revoked or expired: POST /v1/oauth/token gives a new one",
            "Bearer",
        );
    "FORBIDDEN" "403" "the key may not write, or not for this source" =>
        Problem::forbidden("The key may not speak for SAP, only for OKTA");
    "ZC001" "404" "the path or the body names something that is not there; the message says \
        which other sources know the same id" =>
        NotFound { kind: Kind::User, source: BUILT_IN[11], missing: vec![Missing {
            pointer: None, external_id: "U9".to_owned(), known_to: vec![BUILT_IN[1]],
        }] };
    "ZC002" "404" "the position or the seniority is not there" =>
        Problem::from(NotFound { kind: Kind::Position, source: BUILT_IN[11], missing: vec![Missing {
            pointer: None, external_id: "P9".to_owned(), known_to: Vec::new(),
        }] }).coded("ZC002");
    "NOT_ATTACHED" "404" "a user has no date range on the contract" => Refusal::NotAttached(vec![0]);
    "EVENT_NOT_FOUND" "404" "there is no event of this number" => Problem::no_event(42);
    "WEBHOOK_NOT_FOUND" "404" "there is no webhook of this id" =>
        WebhookRefusal::NoSuch("7".to_owned());
    "WEBHOOK_NOT_ACTIVE" "409" "the webhook is paused or disabled" =>
        WebhookRefusal::NotActive { id: 7, state: "paused" };
    "EVENTS_GONE" "410" "what is asked for is no longer kept; `oldest` is" =>
        Problem::events_gone(1_001);
    "ZC004" "409" "the external id is taken; the message names the owner" =>
        Problem::conflict(
            "DuplicateExternalIdError",
            "ZC004",
            "Association already exists: client \"c1\" of source OKTA is client 7",
        );
    "DUPLICATE_ID" "409" "the company has an entity of the kind with the id that was chosen" =>
        Refusal::DuplicateId { kind: Kind::Contract, id: 7 };
    "DUPLICATE_RANGE" "409" "the user has the range on the contract; the message names its id" =>
        Refusal::DuplicateRange { id: 501 };
    "DUPLICATE_EMAIL" "409" "a user of the company has the e-mail" =>
        Problem::conflict(
            "DuplicateEmailError",
            "DUPLICATE_EMAIL",
            "A user with the e-mail ana@example.com already exists",
        );
    "DUPLICATE_WORKING_TIME" "409" "the user has a working time" =>
        Refusal::DuplicateWorkingTime { known: vec![(BUILT_IN[5], "wt1".to_owned())] };
    "HAS_DEPENDENCIES" "409" "something depends on it: `errors` says of which kind, and how many" =>
        Refusal::HasDependents {
            kind: Kind::Client, id: 7, dependents: vec![("contract".to_owned(), 2)],
        };
    "WINDOW_CONFLICT" "409" "assignments would lie outside the contract's period" =>
        Refusal::Stranded { early: (0, None), late: (2, Some(date(2027, 3, 31))) };
    "WORKSPACE_CONFLICT" "409" "members of the team do not fit into the workspace" =>
        Refusal::TeamMisfits(vec![Misfit {
            user: 5, external_id: Some("u5".to_owned()), why: TeamRefusal::NotInWorkspace,
        }]);
    "REFUSAL_NOT_FOUND" "404" "the inbox has no such item, or none that the key may see" =>
        Refusal::NoSuchItem("wZ2mvyvxR0SIeb1eKRCAiQ".to_owned());
    "REFUSAL_CLOSED" "409" "the item is `resolved` or `superseded`" =>
        Refusal::ItemClosed("wZ2mvyvxR0SIeb1eKRCAiQ".to_owned(), State::Resolved);
    "IDEMPOTENCY_KEY_IN_USE" "409" "the request with this `Idempotency-Key` is being carried out; \
        `Retry-After` says when to ask for its answer" => Problem::key_in_use();
    "IDEMPOTENCY_KEY_REUSED" "422" "the `Idempotency-Key` was sent with another body or query" =>
        Problem::key_reused();
    "REQUEST_TIMEOUT" "408" "the body did not arrive in its time" =>
        Problem::too_slow("body", Duration::from_secs(30));
    "PRECONDITION_FAILED" "412" "what is to be changed is not as the ETag in `If-Match` says" =>
        Refusal::Stale;
    "PAYLOAD_TOO_LARGE" "413" "the body or the batch is too large; `limits` says what is taken" =>
        Problem::too_large(Limits::default(), "The body is over 4194304 bytes".to_owned());
    "UNSUPPORTED_MEDIA_TYPE" "415" "the body is not JSON, nor a form where one is taken" =>
        Problem::media_type("text/plain", "application/json");
    "TOO_MANY_REQUESTS" "429" "the key sent more requests than it may; `Retry-After` says when to \
        come back" => Problem::too_many(Standing { quota: 600, remaining: 0, wait: 1 });
    "INTERNAL" "500" "a defect of the server: report it with the `request_id`" =>
        Problem::internal();
    "UNAVAILABLE" "503" "too many requests are waiting or being read, the database is away, or \
        the disk is full; `Retry-After` says when to come back" =>
        store::Error::QueueFull;
};

fn position(code: &'static str) -> Problem {
    let problem = Problem::field("/name", "is the name of position 7 already");
    let message = problem.message.clone();
    problem.published("CORCustomError", code, message)
}

fn no_rate() -> Problem {
    match Currency::parse("EUR") {
        Ok(currency) => Refusal::NoExchangeRate { currency, base: "USD".to_owned() }.into(),
        Err(_) => Problem::internal(),
    }
}
