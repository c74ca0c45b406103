//! What all webhooks of this process share.

use std::sync::OnceLock;
use std::time::Duration;

use super::address::{Allowed, Target};
use super::outcome::{Attempt, NotReached, Outcome};
use super::send::{Message, Sender, send};

/// How webhooks leave this process.
pub struct Outgoing {
    /// What the operator allows besides what is public.
    pub allowed: Allowed,
    /// How long an attempt may take.
    timeout: Duration,
    /// Made when it is first needed, for it reads files; `None`: TLS cannot be set up.
    sender: OnceLock<Option<Sender>>,
}

impl Outgoing {
    pub fn new(allowed: Allowed) -> Self {
        // Standard Webhooks asks for 15 to 30 seconds.
        Self { allowed, timeout: Duration::from_secs(15), sender: OnceLock::new() }
    }

    /// The same with another time that an attempt may take. It must stay well below
    /// [`LEASE`](super::dispatch::LEASE).
    pub fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Reads the system's certificates.
    pub fn sender(&self) -> Option<&Sender> {
        let make = || match Sender::of_the_system() {
            Ok(mut sender) => {
                sender.timeout = self.timeout;
                Some(sender)
            }
            Err(error) => {
                tracing::error!(%error, "no webhook can be sent: TLS cannot be set up");
                None
            }
        };
        self.sender.get_or_init(make).as_ref()
    }

    /// Sends a message to a URL that was taken before. Every way to fail is an outcome.
    pub async fn send(&self, url: &str, message: &Message<'_>) -> Attempt {
        let not = |reason| Attempt {
            outcome: Outcome::NotReached(reason),
            answer: None,
            duration: Duration::ZERO,
        };
        let Some(sender) = self.sender() else { return not(NotReached::NotSendable) };
        match Target::parse(url, &self.allowed) {
            Ok(target) => send(sender, &target, &self.allowed, message).await,
            // It was allowed when it was registered.
            Err(_) => not(NotReached::NotAllowed),
        }
    }
}

impl Default for Outgoing {
    fn default() -> Self {
        Self::new(Allowed::default())
    }
}
