//! What every request can reach.

use std::sync::Arc;

use crate::clock::Clock;
use crate::events::Feed;
use crate::http::Limits;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::tokens;
use crate::webhooks::Outgoing;

/// The server's state.
pub struct App {
    pub store: Store,
    pub clock: Clock,
    pub limits: Limits,
    pub feed: Feed,
    pub webhooks: Outgoing,
    pub metrics: Metrics,
    pub(crate) callers: tokens::Callers,
}

/// The server's state as handlers hold it.
pub type Shared = Arc<App>;

impl App {
    pub fn new(store: Store, clock: Clock, limits: Limits) -> Shared {
        Self::sending(store, clock, limits, Outgoing::default())
    }

    /// The same, with another way for webhooks to leave.
    pub fn sending(store: Store, clock: Clock, limits: Limits, webhooks: Outgoing) -> Shared {
        let (feed, callers) = (Feed::default(), tokens::Callers::default());
        let metrics = store.metrics().clone();
        Arc::new(Self { store, clock, limits, feed, webhooks, metrics, callers })
    }
}
