//! How much `crewline serve` takes in at once, and how long it waits for whom.

use std::time::Duration;

use clap::Args;
use server::http::listen;
use server::http::pace::Patience;

#[derive(Args)]
pub struct Intake {
    /// Connections at once; further ones are answered 503
    #[arg(long, env = "CREWLINE_MAX_CONNECTIONS", default_value_t = 4_096, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,
    /// Bytes of bodies that are in memory at once; further requests are answered 503
    #[arg(long, env = "CREWLINE_BODY_MEMORY", default_value_t = 128 * 1024 * 1024, value_name = "BYTES")]
    body_memory: usize,
    /// Seconds in which a request's head must be complete
    #[arg(long, env = "CREWLINE_HEADER_TIMEOUT", default_value_t = 10, value_name = "SECONDS",
        value_parser = seconds())]
    header_timeout: u64,
    /// Seconds in which a request's body must be complete
    #[arg(long, env = "CREWLINE_BODY_TIMEOUT", default_value_t = 30, value_name = "SECONDS",
        value_parser = seconds())]
    body_timeout: u64,
    /// Seconds in which a client must take something of what is sent to it; it has ten times as
    /// long for all of an answer that is no stream
    #[arg(long, env = "CREWLINE_WRITE_TIMEOUT", default_value_t = 30, value_name = "SECONDS",
        value_parser = seconds())]
    write_timeout: u64,
    /// Seconds that a connection is kept without a request
    #[arg(long, env = "CREWLINE_IDLE_TIMEOUT", default_value_t = 75, value_name = "SECONDS",
        value_parser = seconds())]
    idle_timeout: u64,
}

/// Up to a day.
fn seconds() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=86_400)
}

impl Intake {
    /// `max_body`: what one body may have, for which there is always room.
    pub fn bounds(&self, max_body: usize) -> listen::Intake {
        let patience = Patience {
            header: Duration::from_secs(self.header_timeout),
            idle: Duration::from_secs(self.idle_timeout),
            write: Duration::from_secs(self.write_timeout),
        };
        listen::Intake {
            connections: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
            patience,
            body: Duration::from_secs(self.body_timeout),
            bodies: self.body_memory.max(max_body),
        }
    }
}
