//! Tokens that were found good a moment ago.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::secret::Hash;
use crate::sources::Sources;

/// How long a good token is not looked up again; a revocation is promised within 5 s.
const TRUSTED: Duration = Duration::from_secs(4);
/// Good tokens that are remembered at once.
const REMEMBERED: usize = 100_000;

/// The key behind a token.
#[derive(Clone, Debug)]
pub struct Key {
    pub company_id: i64,
    pub company: String,
    pub key: Arc<str>,
    pub name: String,
    pub sources: Arc<Sources>,
    pub read_only: bool,
}

/// Tokens that were found good a moment ago.
#[derive(Default)]
pub struct Callers(RwLock<HashMap<Hash, Known>>);

pub(super) struct Known {
    pub key: Arc<Key>,
    pub expires_at: Timestamp,
    pub looked_up: Instant,
}

impl Callers {
    pub(super) fn get(&self, token: &Hash, now: Timestamp) -> Option<Arc<Key>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(token)?;
        let good = known.looked_up.elapsed() < TRUSTED && now < known.expires_at;
        good.then(|| Arc::clone(&known.key))
    }

    pub(super) fn remember(&self, token: Hash, known: Known) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.retain(|_, known| known.looked_up.elapsed() < TRUSTED);
        }
        if all.len() < REMEMBERED {
            all.insert(token, known);
        }
    }
}
