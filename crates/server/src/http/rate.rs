//! How often somebody may do something: so much a minute, and as much at once.
//!
//! The generic cell rate algorithm: of each key only the time is kept at which all that it used is
//! there again. It is our own because a failure is counted after it was looked whether there may
//! be one.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

pub const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// Seconds in which the whole quota is there again.
pub const WINDOW: i64 = 60;
/// The most that anybody may have a minute.
pub const MOST: u32 = 1_000_000;
const SECOND: i64 = 1_000_000;
/// How long it takes at most until all is there again, whatever was forced.
const LONGEST: i64 = 2 * WINDOW * SECOND;
/// Keys of a generation; there are two.
const GENERATION: usize = 50_000;

/// A quota for each key, on this node.
pub struct Limiter<K> {
    quota: u32,
    times: Mutex<Times<K>>,
}

/// When all is there again, in microseconds. When the younger generation is full, what nobody asked
/// for since the one before was full is forgotten: a flood of keys costs no more memory.
struct Times<K> {
    young: HashMap<K, i64>,
    old: HashMap<K, i64>,
}

/// What is left to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub quota: u32,
    pub remaining: u32,
    /// Seconds until there is one more.
    pub wait: u64,
}

impl Standing {
    /// Tells what the policy is and what is left of it, as draft-ietf-httpapi-ratelimit-headers
    /// says.
    pub fn tell(self, headers: &mut HeaderMap) {
        let Self { quota, remaining, wait } = self;
        let policy = format!("\"key\";q={quota};w={WINDOW}");
        let left = format!("\"key\";r={remaining};t={wait}");
        for (name, value) in [(POLICY, policy), (LEFT, left)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// So much a minute: from 1 to [`MOST`].
    pub fn new(quota: u32) -> Self {
        let times = Times { young: HashMap::new(), old: HashMap::new() };
        Self { quota: quota.clamp(1, MOST), times: Mutex::new(times) }
    }

    /// Takes one if there is one left; whether there was, and what is left.
    pub fn take(&self, key: &K, now: Timestamp) -> (bool, Standing) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_microsecond();
        let used = times.used(key, now);
        if self.standing(used).remaining == 0 {
            return (false, self.standing(used));
        }
        let used = used + self.step();
        times.put(key, now + used);
        (true, self.standing(used))
    }

    /// What is left to a key.
    pub fn look(&self, key: &K, now: Timestamp) -> Standing {
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        self.standing(times.used(key, now.as_microsecond()))
    }

    /// Takes one also if there is none left: more of them at once make the wait longer.
    pub fn force(&self, key: &K, now: Timestamp) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_microsecond();
        let used = (times.used(key, now) + self.step()).min(LONGEST);
        times.put(key, now + used);
    }

    /// How long it takes until one that was used is there again.
    fn step(&self) -> i64 {
        WINDOW * SECOND / i64::from(self.quota)
    }

    fn standing(&self, used: i64) -> Standing {
        let (quota, step) = (i64::from(self.quota), self.step());
        // How many are in use: what is there again in part is not there yet.
        let count = ((used + step - 1) / step).min(quota);
        let wait = if count == 0 { 0 } else { used - (count - 1) * step };
        let remaining = u32::try_from(quota - count).unwrap_or(0);
        let wait = u64::try_from((wait + SECOND - 1) / SECOND).unwrap_or(0);
        Standing { quota: self.quota, remaining, wait }
    }
}

impl<K: Hash + Eq + Clone> Times<K> {
    /// How long from now all is there again. Nothing is ever put that far ahead that is further: the
    /// clock was set back, and all is there.
    fn used(&self, key: &K, now: i64) -> i64 {
        let time = self.young.get(key).or_else(|| self.old.get(key));
        let used = time.map_or(0, |time| time.saturating_sub(now).max(0));
        if used > LONGEST { 0 } else { used }
    }

    fn put(&mut self, key: &K, time: i64) {
        if let Some(known) = self.young.get_mut(key) {
            *known = time;
            return;
        }
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key.clone(), time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_microsecond(1_700_000_000 * SECOND + micros).unwrap()
    }

    fn standing(quota: u32, remaining: u32, wait: u64) -> Standing {
        Standing { quota, remaining, wait }
    }

    #[test]
    fn a_burst_and_then_one_after_the_other() {
        let limiter = Limiter::new(3);
        assert_eq!(limiter.look(&"a", at(0)), standing(3, 3, 0));
        for left in [2, 1, 0] {
            assert_eq!(limiter.take(&"a", at(0)), (true, standing(3, left, 20)));
        }
        assert_eq!(limiter.take(&"a", at(0)), (false, standing(3, 0, 20)));
        assert_eq!(limiter.take(&"b", at(0)), (true, standing(3, 2, 20)));
        assert_eq!(limiter.take(&"a", at(19 * SECOND + 1)), (false, standing(3, 0, 1)));
        assert_eq!(limiter.take(&"a", at(20 * SECOND)), (true, standing(3, 0, 20)));
        assert_eq!(limiter.look(&"a", at(59 * SECOND)), standing(3, 1, 1));
        assert_eq!(limiter.look(&"a", at(80 * SECOND)), standing(3, 3, 0));
    }

    #[test]
    fn the_wait_is_bounded() {
        let limiter = Limiter::new(10);
        for _ in 0..1_000 {
            limiter.force(&(), at(0));
        }
        // A minute and what one takes.
        assert_eq!(limiter.look(&(), at(0)), standing(10, 0, 66));
        assert_eq!(limiter.look(&(), at(66 * SECOND)), standing(10, 1, 6));
        // The clock was set back by an hour: nobody waits until it has caught up.
        assert_eq!(limiter.look(&(), at(-3_600 * SECOND)), standing(10, 10, 0));
        assert_eq!(limiter.take(&(), at(-3_600 * SECOND)), (true, standing(10, 9, 6)));
    }

    /// Every quota lets through what it says, and tells a wait that is enough.
    #[test]
    fn quotas() {
        for quota in [1, 2, 7, 59, 60, 61, 999, MOST] {
            let limiter = Limiter::new(quota);
            let taken = (0..quota + 2).filter(|_| limiter.take(&(), at(0)).0).count();
            assert_eq!(taken, quota as usize);
            let (_, Standing { remaining, wait, .. }) = limiter.take(&(), at(0));
            assert!(remaining == 0 && wait > 0 && wait <= WINDOW as u64);
            assert!(limiter.take(&(), at(wait as i64 * SECOND)).0, "{quota}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = Limiter::new(1);
        limiter.take(&u64::MAX, at(0));
        for key in 0..5 * GENERATION as u64 {
            assert!(limiter.take(&key, at(0)).0);
            // Who goes on asking is refused and remembered.
            if key % 1_000 == 0 {
                limiter.force(&u64::MAX, at(0));
            }
        }
        let times = limiter.times.lock().unwrap();
        assert!(times.young.len() + times.old.len() <= 2 * GENERATION);
        assert!(times.used(&u64::MAX, at(0).as_microsecond()) > 0);
    }
}
