//! What every request can reach.

use std::sync::Arc;

use crate::clock::Clock;
use crate::events::Feed;
use crate::http::Limits;
use crate::http::client::Proxies;
use crate::http::rate::Limiter;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::tokens;
use crate::webhooks::Outgoing;

/// How the server is to be, where it can be chosen.
#[derive(Default)]
pub struct Settings {
    pub limits: Limits,
    pub webhooks: Outgoing,
    pub traffic: Traffic,
}

/// What is asked of who calls.
#[derive(Default)]
pub struct Traffic {
    /// Requests a minute of an API key.
    pub rate_limit: Option<Limiter<Arc<str>>>,
    pub proxies: Proxies,
}

/// The server's state.
pub struct App {
    pub store: Store,
    pub clock: Clock,
    pub limits: Limits,
    pub feed: Feed,
    pub webhooks: Outgoing,
    pub metrics: Metrics,
    pub traffic: Traffic,
    pub(crate) callers: tokens::Callers,
    pub(crate) failures: tokens::Failures,
}

/// The server's state as handlers hold it.
pub type Shared = Arc<App>;

impl App {
    pub fn new(store: Store, clock: Clock, settings: Settings) -> Shared {
        let Settings { limits, webhooks, traffic } = settings;
        let (feed, callers) = (Feed::default(), tokens::Callers::default());
        let failures = tokens::Failures::default();
        let metrics = store.metrics().clone();
        Arc::new(Self { store, clock, limits, feed, webhooks, traffic, metrics, callers, failures })
    }
}
