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

use super::bodies::Answers;

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

/// How long somebody is waited for while there is no place or no room.
pub(super) const SHORTLY: Duration = Duration::from_secs(1);

/// Where a connection stands.
#[derive(Debug)]
pub struct Pace {
    notes: Mutex<Notes>,
    answers: Answers,
}

#[derive(Debug)]
struct Notes {
    phase: Phase,
    since: Instant,
    /// Since when nothing of what is sent is taken.
    stuck: Option<Instant>,
    /// Since when the last answer is ready that is not a stream.
    told: Option<Instant>,
    /// Bytes of answers that are not taken.
    held: usize,
}

impl Drop for Pace {
    fn drop(&mut self) {
        self.taken();
    }
}

impl Pace {
    pub fn new(answers: Answers) -> Arc<Self> {
        let (phase, since) = (Phase::New, Instant::now());
        let notes = Notes { phase, since, stuck: None, told: None, held: 0 };
        Arc::new(Self { notes: Mutex::new(notes), answers })
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is complete but for its body.
    pub fn asked(&self) {
        self.notes().phase = Phase::Busy;
    }

    /// Its answer is ready, with so many bytes; `None`: it is a stream.
    pub fn told(&self, bytes: Option<u64>) {
        let (whole, mut notes) = (bytes.is_some(), self.notes());
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
        self.answers.hold(bytes);
        notes.held += bytes;
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

    /// All that was to be sent is taken.
    fn taken(&self) {
        let held = std::mem::take(&mut self.notes().held);
        if held > 0 {
            self.answers.release(held);
        }
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
            let many = self.answers.are_many();
            let something = stuck + if many { patience.write.min(SHORTLY) } else { patience.write };
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
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        // Asked for when nothing is left to be written.
        if flushed.is_ready() {
            self.pace.taken();
        }
        flushed
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
            let pace = Pace::new(Answers::new(100));
            pace.asked();
            pace.told(whole.then_some(10));
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

    /// Who takes nothing has less time while answers fill their room; what is taken makes room again.
    #[test]
    fn answers_that_are_not_taken() {
        let minute = Duration::from_secs(60);
        let patience = Patience { header: minute, idle: minute, write: minute };
        let answers = Answers::new(100);
        let (one, other) = (Pace::new(answers.clone()), Pace::new(answers.clone()));
        for pace in [&one, &other] {
            pace.asked();
            pace.sent(true);
        }
        one.told(Some(100));
        let wait = || one.due(&patience).expect("it is stuck").1 - Instant::now();
        assert!(!answers.are_many() && wait() > 2 * SHORTLY);
        other.told(Some(1));
        assert!(answers.are_many() && wait() <= SHORTLY);
        other.taken();
        assert!(!answers.are_many() && wait() > 2 * SHORTLY);
        one.told(Some(1));
        assert!(answers.are_many());
        drop(one);
        assert!(!answers.are_many());
    }
}
