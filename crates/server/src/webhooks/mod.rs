//! Outgoing webhooks, as Standard Webhooks 1.0.0 says (<https://www.standardwebhooks.com>): a push
//! view of the feed.
//!
//! Nothing of it is written on the way of a write. An endpoint ([`endpoints`]) has a position in
//! the feed; whoever has its lease ([`dispatch`]) sends it what comes behind, one event after the
//! other ([`turn`]), and what failed again by the [`schedule`]. What becomes of an endpoint and
//! of a delivery after an attempt is said in [`standing`], and kept in the log ([`deliveries`]).

pub mod address;
pub mod deliveries;
pub mod dispatch;
pub mod endpoints;
pub mod outcome;
pub mod outgoing;
pub mod resend;
pub mod schedule;
pub mod send;
pub mod signature;
pub mod standing;
mod turn;

pub use outgoing::Outgoing;

use crate::events::list::Told;

/// Writes the message about an event: a face knows how.
pub type Render = fn(Told) -> Vec<u8>;

/// Why an operation on an endpoint is refused.
#[derive(Clone, Debug)]
pub enum WebhookRefusal {
    NoSuch(String),
    /// It is paused or disabled: nothing is sent to it.
    NotActive {
        id: i64,
        state: &'static str,
    },
    NoEvent(i64),
    /// The event is not kept any more: the number from which they are.
    EventsGone {
        oldest: i64,
    },
}
