//! Requests for tokens that failed: how many there may be.
//!
//! Of an address with one key, so that nobody tries secrets, and nobody shuts out another
//! address's good client; and of an address with whatever keys, so that nobody tries keys. A
//! success does not count.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::http::rate::{Limiter, Standing};
use crate::secret::{Hash, hash};

/// Failures a minute of one address with one key, or with one refresh token.
const OF_A_KEY: u32 = 10;
/// Failures a minute of one address.
const OF_AN_ADDRESS: u32 = 100;

/// Who failed how often, on this node.
pub struct Failures {
    keys: Limiter<(IpAddr, Hash)>,
    addresses: Limiter<IpAddr>,
}

/// Somebody asks for a token.
pub struct Attempt<'a> {
    failures: &'a Failures,
    from: IpAddr,
    key: Hash,
    now: Timestamp,
}

impl Default for Failures {
    fn default() -> Self {
        Self { keys: Limiter::new(OF_A_KEY), addresses: Limiter::new(OF_AN_ADDRESS) }
    }
}

impl Failures {
    /// Lets an address try with a key or a refresh token; else how many seconds it has to wait.
    pub fn admit(&self, from: IpAddr, key: &str, now: Timestamp) -> Result<Attempt<'_>, u64> {
        let attempt = Attempt { failures: self, from, key: hash(key), now };
        attempt.admit()?;
        Ok(attempt)
    }
}

impl Attempt<'_> {
    /// Looks again: others that were let in at the same time may have failed since. What comes of
    /// this one is then not told.
    pub fn admit(&self) -> Result<(), u64> {
        let Self { failures, from, key, now } = self;
        let of_key = failures.keys.look(&(*from, *key), *now);
        let over = [of_key, failures.addresses.look(from, *now)].into_iter();
        match over.filter(|left| left.remaining == 0).map(|Standing { wait, .. }| wait).max() {
            None => Ok(()),
            Some(wait) => Err(wait),
        }
    }

    /// It came to nothing.
    pub fn failed(self) {
        self.failures.keys.force(&(self.from, self.key), self.now);
        self.failures.addresses.force(&self.from, self.now);
    }
}
