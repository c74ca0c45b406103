//! What goes on beside requests: events get their numbers.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::app::Shared;
use crate::events;

/// What runs beside requests, until this goes.
#[derive(Debug)]
pub struct Background(JoinSet<()>);

/// Starts it. There is one for each server.
pub fn start(app: &Shared) -> Background {
    let mut tasks = JoinSet::new();
    let numbers = Arc::clone(app);
    tasks.spawn(async move { events::number::run(&numbers).await });
    Background(tasks)
}

impl Background {
    /// Ends it, and waits until it has let go of the server.
    pub async fn stop(&mut self) {
        self.0.shutdown().await;
    }
}
