//! Results on stdout, for people or for programs.

use clap::ValueEnum;
use serde::Serialize;
use server::store::{Startup, Stop};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

impl Output {
    pub fn print(self, text: &str, json: &impl Serialize) {
        match self {
            Output::Text => println!("{text}"),
            Output::Json => println!("{}", serde_json::to_string(json).unwrap_or_default()),
        }
    }

    /// A list: a line each, or one JSON array.
    pub fn list<T>(
        self,
        things: &[T],
        json: impl Fn(&T) -> serde_json::Value,
        line: impl Fn(&T) -> String,
    ) {
        let lines: Vec<String> = things.iter().map(line).collect();
        let json: Vec<serde_json::Value> = things.iter().map(json).collect();
        match (self, lines.is_empty()) {
            (Output::Text, true) => {}
            _ => self.print(&lines.join("\n"), &json),
        }
    }
}

/// An operation's end as an error of the command line.
pub fn stopped<R>(stop: Stop<R>, refused: impl FnOnce(R) -> String) -> Startup {
    match stop {
        Stop::Refused(refusal) => Startup(refused(refusal)),
        Stop::Failed(error) => {
            Startup(format!("the database cannot take this: {}", error.explain()))
        }
    }
}
