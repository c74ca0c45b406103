//! What goes on beside requests: events get their numbers, and what was kept long enough goes.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::app::Shared;
use crate::events;
use crate::sweep::{self, Retention};

/// What runs beside requests, until this goes.
#[derive(Debug)]
pub struct Background(JoinSet<()>);

/// Starts it. There is one for each server.
pub fn start(app: &Shared, retention: Retention) -> Background {
    let mut tasks = JoinSet::new();
    let (numbers, swept) = (Arc::clone(app), Arc::clone(app));
    tasks.spawn(async move { events::number::run(&numbers).await });
    tasks.spawn(async move { sweep::run(&swept, retention).await });
    Background(tasks)
}

impl Background {
    /// Ends it, and waits until it has let go of the server.
    pub async fn stop(&mut self) {
        self.0.shutdown().await;
    }
}
