//! What bodies may take: all together a room in memory, and each its time. Answers that are not taken
//! have as much; while they have more, no body comes in.
//!
//! The listener puts [`Bodies`] among the extensions of what it takes in. A request from within has
//! none: its body is in memory already.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Limits, Problem};

/// The room and the time for bodies.
#[derive(Clone, Debug)]
pub struct Bodies {
    room: Arc<Semaphore>,
    time: Duration,
    answers: Answers,
}

/// The bytes of answers that are not taken yet. An answer is given whatever there is of them.
#[derive(Clone, Debug)]
pub struct Answers {
    held: Arc<AtomicUsize>,
    room: usize,
}

impl Answers {
    pub fn new(room: usize) -> Self {
        Self { held: Arc::default(), room }
    }

    pub fn hold(&self, bytes: usize) {
        self.held.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn release(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether they have more than their room.
    pub fn are_many(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.room
    }
}

/// What a body holds of the room, for as long as it is in memory.
#[derive(Debug, Default)]
pub struct Room(Option<OwnedSemaphorePermit>);

/// What the room is counted in.
const UNIT: usize = 1024;
/// By how much a body's room grows. Whoever sends little and slowly holds little: as many as there
/// may be connections do not fill the room.
const STEP: usize = 16 * UNIT;

impl Bodies {
    pub fn new(bytes: usize, time: Duration) -> Self {
        let room = Arc::new(Semaphore::new(bytes.div_ceil(UNIT)));
        Self { room, time, answers: Answers::new(bytes) }
    }

    /// What answers hold that are not taken.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// Whether there is that much room just now.
    fn fits(&self, bytes: usize) -> Result<(), Problem> {
        if self.answers.are_many() {
            return Err(Problem::busy("Answers that are not taken fill the memory; try again"));
        }
        match bytes.div_ceil(UNIT) <= self.room.available_permits() {
            true => Ok(()),
            false => Err(Self::full()),
        }
    }

    fn full() -> Problem {
        Problem::busy("The bodies of other requests fill the memory; try again")
    }

    /// Makes a body's room as large as that.
    fn grow(&self, Room(held): &mut Room, bytes: usize) -> Result<(), Problem> {
        let has = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let units = bytes.div_ceil(UNIT).saturating_sub(has);
        let more = u32::try_from(units)
            .ok()
            .and_then(|units| Arc::clone(&self.room).try_acquire_many_owned(units).ok());
        match (more, held) {
            (None, _) => Err(Self::full()),
            (Some(more), Some(held)) => {
                held.merge(more);
                Ok(())
            }
            (Some(more), held) => {
                *held = Some(more);
                Ok(())
            }
        }
    }
}

/// Reads a body up to the limit, in its room and in its time.
pub async fn read(
    bodies: Option<&Bodies>,
    body: Body,
    limits: Limits,
) -> Result<(Bytes, Room), Problem> {
    let Some(bodies) = bodies else { return collect(None, body, limits).await };
    let read = tokio::time::timeout(bodies.time, collect(Some(bodies), body, limits)).await;
    read.unwrap_or_else(|_| Err(Problem::too_slow("body", bodies.time)))
}

async fn collect(
    bodies: Option<&Bodies>,
    mut body: Body,
    limits: Limits,
) -> Result<(Bytes, Room), Problem> {
    let admit = |bytes: usize| match bytes > limits.max_body_bytes {
        true => {
            let message = format!("The body is over {} bytes", limits.max_body_bytes);
            Err(Problem::too_large(limits, message))
        }
        false => Ok(()),
    };
    let mut room = Room::default();
    let mut reserve = |bytes| bodies.map_or(Ok(()), |bodies| bodies.grow(&mut room, bytes));
    // What it says of itself is refused before any of it is read; but room has only what came.
    let told = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    admit(told)?;
    bodies.map_or(Ok(()), |bodies| bodies.fits(told))?;
    let most = if told > 0 { told } else { limits.max_body_bytes };
    let mut reserved = 0;
    // Most come in one piece, which is not copied.
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let incomplete = |_| Problem::validation("The body ended before it was complete");
        let Ok(data) = frame.map_err(incomplete)?.into_data() else { continue };
        let length = first.len() + rest.len() + data.len();
        admit(length)?;
        if length > reserved {
            reserved = length.next_multiple_of(STEP).min(most.max(length));
            reserve(reserved)?;
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.reserve(reserved);
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&data);
    }
    let whole = if rest.is_empty() { first } else { rest.freeze() };
    Ok((whole, room))
}
