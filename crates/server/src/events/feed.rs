//! Who waits for events, and what wakes them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

/// The followers of this process.
#[derive(Debug, Default)]
pub struct Feed {
    /// By company: the last number that was seen of it.
    heads: Mutex<HashMap<i64, watch::Sender<i64>>>,
    /// By key: the places of its followers.
    places: Mutex<HashMap<Arc<str>, Arc<Semaphore>>>,
    /// The server is stopping: nobody waits any longer.
    closing: watch::Sender<bool>,
    /// Something was written here: on PostgreSQL it wants its number.
    pub(super) written: Notify,
    /// The companies of which something was.
    waiting: Mutex<BTreeSet<i64>>,
}

/// A follower's, until it is dropped.
pub type Place = OwnedSemaphorePermit;

/// Streams and long polls that a key may have at once, of each process.
pub const FOLLOWERS: usize = 64;

impl Feed {
    /// A place for one more follower with the key, if it may have one.
    pub fn place(&self, key: &Arc<str>) -> Option<Place> {
        let mut keys = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|_, places| places.available_permits() < FOLLOWERS);
        let places = keys.entry(Arc::clone(key));
        let places = places.or_insert_with(|| Arc::new(Semaphore::new(FOLLOWERS)));
        Arc::clone(places).try_acquire_owned().ok()
    }

    /// Changes when the company has a new event.
    pub fn follow(&self, company: i64) -> watch::Receiver<i64> {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.entry(company).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Ends all waiting.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Becomes `true` when nobody is to wait any longer.
    pub fn closed(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Something of the company was committed by this process.
    pub(crate) fn wrote(&self, company: i64, numbered: bool) {
        match numbered {
            // The number itself does not matter to whoever wakes.
            true => {
                let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(head) = heads.get(&company) {
                    head.send_modify(|head| *head += 1);
                }
            }
            false => self.wait(company),
        }
    }

    /// Something of the company wants its number.
    pub(super) fn wait(&self, company: i64) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(company);
        self.written.notify_one();
    }

    /// The companies of which something wants its number.
    pub(super) fn waiting(&self) -> Vec<i64> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting).into_iter().collect()
    }

    /// The companies that somebody follows; what nobody follows any more is forgotten.
    pub(super) fn followed(&self) -> Vec<i64> {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.retain(|_, head| head.receiver_count() > 0);
        heads.keys().copied().collect()
    }

    /// The last numbers of companies: wakes the followers of those that have new ones.
    pub(super) fn seen(&self, last: &[(i64, i64)]) {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        for (company, number) in last {
            if let Some(head) = heads.get(company) {
                head.send_if_modified(|head| std::mem::replace(head, *number) != *number);
            }
        }
    }
}
