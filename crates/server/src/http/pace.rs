//! What a connection is waiting for, and since when: so that nobody is waited for too long.
//!
//! Only notes are taken while requests go by; the one timer of a connection looks at them when it
//! is due.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How long a connection may take for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until a head is complete, once it has begun; the first begins with the connection.
    pub header: Duration,
    /// Until the next head begins.
    pub idle: Duration,
    /// Until something of what is being sent is taken.
    pub write: Duration,
}

impl Patience {
    /// Until all of an answer is taken, since it was ready. Streams have no end to wait for.
    fn answer(&self) -> Duration {
        self.write.saturating_mul(10)
    }
}

/// Where a connection stands with its requests.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The first byte of all has not come.
    New,
    /// The rest of a head has not.
    Head,
    /// A request is being answered.
    Busy,
    /// The next request has not come.
    Idle,
}

/// What the other side is late with.
#[derive(Clone, Copy, Debug)]
pub enum Late {
    /// The first byte of all.
    New,
    /// The rest of a head.
    Head,
    /// The next request.
    Idle,
    /// Taking what is sent.
    Stuck,
}

/// Where a connection stands.
#[derive(Debug)]
pub struct Pace(Mutex<Notes>);

#[derive(Debug)]
struct Notes {
    phase: Phase,
    since: Instant,
    /// Since when nothing of what is sent is taken.
    stuck: Option<Instant>,
    /// Since when the last answer is ready that is not a stream.
    told: Option<Instant>,
}

impl Pace {
    pub fn new() -> Arc<Self> {
        let notes = Notes { phase: Phase::New, since: Instant::now(), stuck: None, told: None };
        Arc::new(Self(Mutex::new(notes)))
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is complete but for its body.
    pub fn asked(&self) {
        self.notes().phase = Phase::Busy;
    }

    /// Its answer is ready; `whole`: it is no stream.
    pub fn told(&self, whole: bool) {
        let mut notes = self.notes();
        // A stream behind an answer that is not taken is no excuse.
        if whole || notes.stuck.is_none() {
            notes.told = whole.then(Instant::now);
        }
    }

    /// Its answer is complete.
    fn answered(&self) {
        let mut notes = self.notes();
        (notes.phase, notes.since) = (Phase::Idle, Instant::now());
    }

    /// Something came in.
    fn heard(&self) {
        let mut notes = self.notes();
        match notes.phase {
            // The time of the first head has begun.
            Phase::New => notes.phase = Phase::Head,
            Phase::Idle => (notes.phase, notes.since) = (Phase::Head, Instant::now()),
            Phase::Head | Phase::Busy => {}
        }
    }

    fn sent(&self, stuck: bool) {
        let mut notes = self.notes();
        match stuck {
            true => drop(notes.stuck.get_or_insert_with(Instant::now)),
            false => notes.stuck = None,
        }
    }

    /// What is waited for, and until when; `None`: for ourselves.
    pub fn due(&self, patience: &Patience) -> Option<(Late, Instant)> {
        let notes = self.notes();
        if let Some(stuck) = notes.stuck {
            let something = stuck + patience.write;
            let all = notes.told.map_or(something, |told| told + patience.answer());
            return Some((Late::Stuck, something.min(all)));
        }
        match notes.phase {
            Phase::Busy => None,
            Phase::Idle => Some((Late::Idle, notes.since + patience.idle)),
            Phase::New => Some((Late::New, notes.since + patience.header)),
            Phase::Head => Some((Late::Head, notes.since + patience.header)),
        }
    }
}

/// A stream that takes notes.
pub struct Paced {
    pub stream: TcpStream,
    pub pace: Arc<Pace>,
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        if into.filled().len() > before {
            self.pace.heard();
        }
        read
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write(context, data);
        self.pace.sent(sent.is_pending());
        sent
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write_vectored(context, data);
        self.pace.sent(sent.is_pending());
        sent
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The body of an answer, which notes its end.
pub struct Told {
    pub body: Body,
    pub pace: Arc<Pace>,
}

impl Drop for Told {
    fn drop(&mut self) {
        self.pace.answered();
    }
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who takes a little now and then has an end too, but of a stream.
    #[test]
    fn slow_readers() {
        let write = Duration::from_millis(20);
        let patience = Patience { header: write, idle: write, write };
        for whole in [true, false] {
            let pace = Pace::new();
            pace.asked();
            pace.told(whole);
            let told = Instant::now();
            for _ in 0..10 {
                std::thread::sleep(Duration::from_millis(25));
                pace.sent(false);
                pace.sent(true);
            }
            let (_, due) = pace.due(&patience).expect("something is waited for");
            assert_eq!(due <= told + patience.answer(), whole);
        }
    }
}
