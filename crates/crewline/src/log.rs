//! What is logged, to stderr.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    /// One object per line.
    Json,
}

/// Logs as much as `RUST_LOG` says.
pub fn start(format: Format) {
    let wanted = std::env::var("RUST_LOG").ok().and_then(|wanted| wanted.parse::<Targets>().ok());
    let usual = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("refinery_core", LevelFilter::WARN)
        .with_target("tokio_postgres", LevelFilter::WARN);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        Format::Json => {
            // A panic is a line like any other.
            std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panicked")));
            lines.json().flatten_event(true).boxed()
        }
    };
    tracing_subscriber::registry().with(lines).with(wanted.unwrap_or(usual)).init();
}
