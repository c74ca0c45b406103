//! The one kind of error: a line for whoever runs the benchmark.

use std::fmt::{self, Display};

pub type Result<T> = std::result::Result<T, Failure>;

/// What went wrong, in words.
#[derive(Debug)]
pub struct Failure(pub String);

impl Display for Failure {
    /// In one line, whatever it quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.lines().map(str::trim).filter(|line| !line.is_empty());
        f.write_str(&lines.collect::<Vec<_>>().join(" "))
    }
}

/// Says what failed, for `map_err`.
pub fn failed<E: Display>(what: impl Display) -> impl FnOnce(E) -> Failure {
    move |error| Failure(format!("{what}: {error}"))
}
