//! What came of an attempt.

use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// One attempt, as the delivery log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub outcome: Outcome,
    /// What the receiver said, if it said anything.
    pub answer: Option<Answer>,
    pub duration: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The beginning of the body: of at most [`Answer::READ`] bytes. Whatever is no text in
    /// UTF-8, or U+0000, which PostgreSQL does not keep, is U+FFFD.
    pub body: String,
}

impl Answer {
    /// What is read of a body, in bytes.
    pub const READ: usize = 1024;

    pub(super) fn new(status: StatusCode, read: &[u8]) -> Self {
        let body = String::from_utf8_lossy(read).replace('\0', "\u{fffd}");
        Self { status: status.as_u16(), body }
    }
}

/// Status codes as Standard Webhooks reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx.
    Delivered,
    /// Any other status, redirects among them; and how long the receiver wants to be left alone.
    Refused { retry_after: Option<Duration> },
    /// 410: the receiver wants no more of these.
    Gone,
    /// There was no answer.
    NotReached(NotReached),
}

/// Why there was no answer, in words for whoever registered the webhook: they tell nothing of
/// the operator's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReached {
    #[error("time-out: there was no answer in time")]
    TimedOut,
    #[error("the host name cannot be resolved")]
    NotResolved,
    #[error("the address is not public, and the operator has not allowed it")]
    NotAllowed,
    #[error("the connection was refused")]
    ConnectionRefused,
    #[error("no connection could be made")]
    NotConnected,
    #[error("TLS: {0}")]
    Tls(&'static str),
    #[error("the connection ended without an answer in HTTP/1.1")]
    NoAnswer,
    /// A defect of ours: an id that no header can carry.
    #[error("the message cannot be sent over HTTP")]
    NotSendable,
}

impl Outcome {
    /// Reads an answer that came at `now`, in seconds since 1970.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, now: i64) -> Self {
        match status {
            StatusCode::GONE => Self::Gone,
            _ if status.is_success() => Self::Delivered,
            _ => Self::Refused { retry_after: retry_after(headers, now) },
        }
    }
}

/// The longest `Retry-After` that is honoured.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// RFC 9110: seconds, or a date. Of its three forms of a date only the one that is still in use.
fn retry_after(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let date: Timestamp = DateTimeParser::new().parse_timestamp(text).ok()?;
            // A date that is over is a wait of nothing.
            u64::try_from(date.as_second().saturating_sub(now)).unwrap_or(0)
        }
    };
    Some(Duration::from_secs(seconds).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        let of =
            |status: u16| Outcome::of(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), 0);
        assert_eq!([200, 204, 299].map(of), [Outcome::Delivered; 3]);
        assert_eq!(of(410), Outcome::Gone);
        let refused = [101, 301, 302, 304, 308, 400, 404, 429, 500, 503, 600].map(of);
        assert_eq!(refused, [Outcome::Refused { retry_after: None }; 11]);
    }

    #[test]
    fn waits() {
        let noon = 784_123_200; // Sunday, 6 November 1994
        for (value, seconds) in [
            ("0", Some(0)),
            ("120", Some(120)),
            ("86400", Some(86_400)),
            ("86401", Some(86_400)),
            ("18446744073709551615", Some(86_400)),
            ("Sun, 06 Nov 1994 12:01:00 GMT", Some(60)),
            ("Sun, 06 Nov 1994 11:59:59 GMT", Some(0)),
            ("Mon, 06 Nov 2034 12:00:00 GMT", Some(86_400)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(retry_after(&headers, noon), seconds.map(Duration::from_secs), "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), noon), None);
    }

    #[test]
    fn bodies() {
        let answer = Answer::new(StatusCode::OK, b"a\0b\xff\xc3\xa9");
        assert_eq!(answer.body, "a\u{fffd}b\u{fffd}\u{e9}");
    }
}
