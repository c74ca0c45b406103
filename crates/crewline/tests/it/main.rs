//! The real binary: its commands, its demo, and its death.

mod cli;
mod demo;
mod disk;
mod durability;
mod failover;
mod import;
mod log;
mod metrics;
mod nodes;
mod operations;
mod overload;
mod rate_limits;
mod raw;
mod retries;
mod rules;
mod slow;
mod storm;
mod webhooks;

use std::path::Path;
use std::process::{Command, Output};

const BINARY: &str = env!("CARGO_BIN_EXE_crewline");

fn binary() -> &'static Path {
    Path::new(BINARY)
}

/// Runs a command to its end.
fn crewline(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).env_remove("CREWLINE_DATABASE").output().expect("a run")
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Basic credentials.
fn basic(key: &str, secret: &str) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{key}:{secret}"));
    format!("Basic {encoded}")
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&stdout(output)).expect("JSON")
}
