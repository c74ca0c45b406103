//! What goes on beside requests: events get their numbers, webhooks are sent, and what was kept
//! long enough goes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::Shared;
use crate::sweep::{self, Retention};
use crate::webhooks::dispatch;
use crate::{events, faces};

/// What runs beside requests, until this goes.
#[derive(Debug)]
pub struct Background {
    tasks: JoinSet<()>,
    /// What ends by itself when the feed is closed.
    sends: JoinSet<()>,
    closed: watch::Receiver<bool>,
}

/// How long a webhook that is under way has to end when the server stops.
const GRACE: Duration = Duration::from_millis(500);

/// Starts it. There is one for each server.
pub fn start(app: &Shared, retention: Retention) -> Background {
    let mut background = numbers(app);
    background.send(app);
    let swept = Arc::clone(app);
    background.tasks.spawn(async move { sweep::run(&swept, retention).await });
    background
}

/// Starts only what the server itself needs.
pub fn numbers(app: &Shared) -> Background {
    let mut tasks = JoinSet::new();
    let numbers = Arc::clone(app);
    tasks.spawn(async move { events::number::run(&numbers).await });
    Background { tasks, sends: JoinSet::new(), closed: app.feed.closed() }
}

impl Background {
    /// Starts to call others.
    pub fn send(&mut self, app: &Shared) {
        let sends = Arc::clone(app);
        self.sends.spawn(async move { dispatch::run(&sends, faces::api::message).await });
    }

    /// Ends it, and waits until it has let go of the server.
    pub async fn stop(&mut self) {
        if *self.closed.borrow() {
            // Whatever is late is cut off: another node, or the next start, sends it again.
            let ended = async { while self.sends.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(GRACE, ended).await;
        }
        self.sends.shutdown().await;
        self.tasks.shutdown().await;
    }
}
