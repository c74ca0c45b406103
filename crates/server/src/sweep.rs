//! Clears away, in the background, what was kept long enough.

use std::time::Duration;

use jiff::SignedDuration;

use crate::app::App;
use crate::store::{self, sure};
use crate::{events, idempotency, refusals, webhooks};

/// How often.
const EVERY: Duration = Duration::from_secs(60);
/// Rows of one step: each is a transaction of its own, so that others come between.
const ROWS: i64 = 1_000;

/// How long things are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Since a record was last refused.
    pub refusals: SignedDuration,
    pub events: SignedDuration,
}

impl Retention {
    /// Days that refused records are kept, if nothing else is said.
    pub const REFUSALS: u32 = 90;
    /// Days that events are kept, if nothing else is said.
    pub const EVENTS: u32 = 30;

    /// Keeps everything for so many days.
    pub fn days(refusals: u32, events: u32) -> Self {
        let days = |days: u32| SignedDuration::from_hours(24 * i64::from(days));
        Self { refusals: days(refusals), events: days(events) }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self::days(Self::REFUSALS, Self::EVENTS)
    }
}

/// Clears away for as long as the server runs. What fails is tried again the next time.
pub async fn run(app: &App, retention: Retention) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = once(app, retention).await {
            tracing::error!(error = error.told(), "clearing away failed");
        }
    }
}

/// Clears away all that was kept long enough; how many rows. One thing that fails does not keep
/// the others.
pub async fn once(app: &App, retention: Retention) -> store::Result<u64> {
    let mut cleared = 0;
    loop {
        let steps = [
            idempotency::purge(app, ROWS).await,
            refusals::purge(app, retention.refusals, ROWS).await,
            sure(events::purge::purge(app, app.clock.now() - retention.events).await),
            sure(webhooks::deliveries::purge(app).await),
        ];
        let mut step = 0;
        for done in steps {
            step += done?;
        }
        cleared += step;
        if step == 0 {
            return Ok(cleared);
        }
    }
}
