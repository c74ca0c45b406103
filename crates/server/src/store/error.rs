//! What can go wrong in the kernel, and how an operation stops.

use std::fmt;

use deadpool_postgres::{PoolError, TimeoutType};

/// Why the database could not do its part. None of this may reach a client: it has no
/// `Display`, and only [`crate::http::Problem`] decides what is told.
#[derive(Debug)]
pub enum Error {
    /// As many wait as may, or this one has waited too long for its turn.
    QueueFull,
    /// The engine cannot work right now: away, locked by somebody, disk full, out of time.
    Unavailable(Cause),
    /// Another transaction was in the way; running the operation again may help.
    Conflict(Cause),
    /// An id that was drawn is somebody's already: draw another and run again.
    IdTaken,
    /// The operation went on after an engine error and would have committed half of its work.
    Swallowed,
    /// On SQLite an operation awaited something other than its `Tx`.
    Suspended,
    /// The operation panicked.
    Panicked(String),
    /// The engine refused a statement: a defect.
    Engine(Cause),
}

/// The engine's own words.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How an operation ends other than well.
#[derive(Debug)]
pub enum Stop<R> {
    /// The whole request is refused: an outcome in the words of the business. Nothing the
    /// operation wrote remains.
    Refused(R),
    /// The kernel failed. Nothing the operation wrote remains.
    Failed(Error),
}

/// What an operation that refuses nothing gave.
pub fn sure<T>(result: std::result::Result<T, Stop<std::convert::Infallible>>) -> Result<T> {
    result.map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Refused(never) => match never {},
    })
}

impl<R> From<Error> for Stop<R> {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

impl Error {
    /// What went wrong, for an operator's eyes.
    pub fn explain(&self) -> String {
        let cause = match self {
            Error::QueueFull => return "too many operations are waiting".to_owned(),
            Error::IdTaken => return "a drawn id was taken".to_owned(),
            Error::Swallowed => return "an operation went on after an error".to_owned(),
            Error::Suspended => return "an operation awaited something else".to_owned(),
            Error::Panicked(said) => return format!("an operation panicked: {said}"),
            Error::Unavailable(cause) | Error::Conflict(cause) | Error::Engine(cause) => cause,
        };
        let mut text = cause.to_string();
        let mut next = cause.source();
        while let Some(cause) = next {
            let said = cause.to_string();
            if !text.contains(&said) {
                text = format!("{text}: {said}");
            }
            next = cause.source();
        }
        text
    }

    /// What went wrong, for the log: without the engine's details, which may repeat what rows
    /// hold.
    pub fn told(&self) -> String {
        self.explain().lines().next().unwrap_or_default().to_owned()
    }

    /// A conflict that no engine reported: a fact that an operation relied on has changed.
    pub fn changed(what: &'static str) -> Self {
        Error::Conflict(what.into())
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(
                Code::DatabaseBusy
                | Code::DatabaseLocked
                | Code::DiskFull
                | Code::SystemIoFailure
                | Code::CannotOpen
                | Code::ReadOnly
                | Code::OutOfMemory
                | Code::OperationInterrupted,
            ) => Error::Unavailable(error.into()),
            _ => Error::Engine(error.into()),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(state) = error.code().map(|state| state.code()) else {
            return match error.is_closed() || std::error::Error::source(&error).is_some_and(io) {
                true => Error::Unavailable(error.into()),
                false => Error::Engine(error.into()),
            };
        };
        match state {
            // serialization failure, deadlock; a row somebody else has just removed or added
            "40001" | "40P01" | "23503" | "23505" => Error::Conflict(error.into()),
            // lock or statement ran out of time
            "55P03" | "57014" => Error::Unavailable(error.into()),
            // connection, resources, shutting down, read-only after a failover, system error
            _ if ["08", "53", "57P", "58"].iter().any(|class| state.starts_with(class)) => {
                Error::Unavailable(error.into())
            }
            "25006" => Error::Unavailable(error.into()),
            _ => Error::Engine(error.into()),
        }
    }
}

fn io(source: &(dyn std::error::Error + 'static)) -> bool {
    source.is::<std::io::Error>()
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => Error::QueueFull,
            error => Error::Unavailable(error.into()),
        }
    }
}

/// For an operator's eyes: start-up and the command line.
#[derive(Debug)]
pub struct Startup(pub String);

impl fmt::Display for Startup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Startup {}
