//! What becomes of an endpoint and of a delivery after an attempt.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::outcome::Outcome;
use super::schedule;

/// Failures in a row from which on only one attempt at a time is made, until one succeeds.
pub const PROBING: i64 = 5;
/// The longest time between two of these, unless the receiver asks for more.
const PROBE: Duration = Duration::from_secs(5 * 60);
/// How long an endpoint may fail before it is disabled.
const PATIENCE: SignedDuration = SignedDuration::from_hours(5 * 24);

/// Whether anything is sent to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Active,
    /// By hand.
    Paused,
    /// By the receiver, or because it failed for days.
    Disabled,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Paused => "paused",
            State::Disabled => "disabled",
        }
    }

    /// What a row says.
    pub fn read(name: &str) -> Self {
        match name {
            "active" => State::Active,
            "paused" => State::Paused,
            _ => State::Disabled,
        }
    }
}

/// How an endpoint does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    pub disabled_why: Option<String>,
    /// In a row.
    pub failures: i64,
    pub failing_since: Option<Timestamp>,
    /// No attempt is made before.
    pub rest_until: Timestamp,
}

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Delivered,
    /// It is tried again then.
    Again(Timestamp),
    GivenUp,
}

/// How often a delivery was tried, this time included, and since when.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    pub attempts: i64,
    pub first_at: Timestamp,
}

impl Standing {
    /// Takes note of an attempt that ended `now`. `random` is for the schedule.
    pub fn note(&mut self, outcome: Outcome, tries: Tries, now: Timestamp, random: u64) -> Fate {
        if outcome == Outcome::Delivered {
            (self.failures, self.failing_since, self.rest_until) = (0, None, now);
            return Fate::Delivered;
        }
        self.failures += 1;
        let since = *self.failing_since.get_or_insert(now);
        let retry_after = match outcome {
            Outcome::Refused { retry_after } => retry_after,
            _ => None,
        };
        // Who wants to be left alone wants nothing else meanwhile either.
        self.rest(now, retry_after.unwrap_or_default());
        if let Ok(nth @ 1..) = u32::try_from(self.failures - PROBING + 1) {
            let wait = schedule::wait(nth, random, None).unwrap_or(PROBE);
            self.rest(now, wait.min(PROBE));
        }
        if outcome == Outcome::Gone {
            self.disable("the receiver answered 410: it wants no more");
            return Fate::GivenUp;
        }
        if now.duration_since(since) >= PATIENCE {
            self.disable("nothing was delivered for 5 days");
        }
        match again(tries, now, random, retry_after) {
            Some(wait) => Fate::Again(later(now, wait)),
            None => Fate::GivenUp,
        }
    }

    /// Whether only one attempt at a time is made.
    pub fn probing(&self) -> bool {
        self.failures >= PROBING
    }

    fn rest(&mut self, now: Timestamp, wait: Duration) {
        self.rest_until = self.rest_until.max(later(now, wait));
    }

    fn disable(&mut self, why: &str) {
        // One that was paused meanwhile stays so.
        if self.state == State::Active {
            (self.state, self.disabled_why) = (State::Disabled, Some(why.to_owned()));
        }
    }
}

/// How long until the next attempt. Of an endpoint that failed for long one delivery was tried
/// more often than the schedule says: it is given up by its age, not by the attempts.
fn again(
    tries: Tries,
    now: Timestamp,
    random: u64,
    retry_after: Option<Duration>,
) -> Option<Duration> {
    let attempt = u32::try_from(tries.attempts).unwrap_or(u32::MAX);
    let by_schedule = schedule::wait(attempt, random, retry_after);
    let is_young = now.duration_since(tries.first_at).unsigned_abs() < schedule::least_age();
    by_schedule.or_else(|| schedule::last(random).filter(|_| is_young))
}

/// An instant that all engines can keep.
fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.saturating_add(wait).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Outcome = Outcome::Refused { retry_after: None };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn fresh() -> Standing {
        Standing {
            state: State::Active,
            disabled_why: None,
            failures: 0,
            failing_since: None,
            rest_until: at(0),
        }
    }

    fn first(now: i64) -> Tries {
        Tries { attempts: 1, first_at: at(now) }
    }

    #[test]
    fn success_forgives() {
        let mut standing = Standing { failures: 9, failing_since: Some(at(-99)), ..fresh() };
        standing.rest_until = at(300);
        assert_eq!(standing.note(Outcome::Delivered, first(0), at(1), 0), Fate::Delivered);
        assert_eq!(standing, Standing { rest_until: at(1), ..fresh() });
    }

    #[test]
    fn probes_come_after_five_failures() {
        let mut standing = fresh();
        let half = u64::MAX / 2;
        for failure in 1..5 {
            assert_eq!(
                standing.note(REFUSED, first(failure), at(failure), half),
                Fate::Again(at(failure + 5))
            );
            assert!(!standing.probing() && standing.rest_until == at(failure));
        }
        for (failure, wait) in [(5, 5), (6, 300), (7, 300), (500, 300)] {
            standing.failures = failure - 1;
            standing.note(REFUSED, first(failure), at(failure), half);
            assert!(standing.probing());
            assert_eq!(standing.rest_until, at(failure + wait));
        }
        assert_eq!((standing.state, standing.failing_since), (State::Active, Some(at(1))));
    }

    #[test]
    fn a_receiver_is_left_alone() {
        let mut standing = fresh();
        let outcome = Outcome::Refused { retry_after: Some(Duration::from_secs(120)) };
        assert_eq!(standing.note(outcome, first(0), at(0), 0), Fate::Again(at(120)));
        assert_eq!(standing.rest_until, at(120));
        standing.failures = 8;
        let outcome = Outcome::Refused { retry_after: Some(Duration::from_secs(3_600)) };
        standing.note(outcome, first(0), at(200), 0);
        assert_eq!(standing.rest_until, at(3_800));
    }

    #[test]
    fn ends() {
        let mut standing = fresh();
        assert_eq!(standing.note(Outcome::Gone, first(0), at(0), 0), Fate::GivenUp);
        assert_eq!(standing.state, State::Disabled);
        assert!(standing.disabled_why.unwrap().contains("410"));

        let days = |days: i64| days * 24 * 60 * 60;
        let mut standing = fresh();
        standing.note(REFUSED, first(0), at(0), 0);
        standing.note(REFUSED, first(0), at(days(5) - 1), 0);
        assert_eq!(standing.state, State::Active);
        standing.note(REFUSED, first(0), at(days(5)), 0);
        assert_eq!(standing.state, State::Disabled);
        let mut paused = Standing { state: State::Paused, ..fresh() };
        paused.note(Outcome::Gone, first(0), at(0), 0);
        assert_eq!((paused.state, paused.disabled_why), (State::Paused, None));
    }

    /// By the schedule after 10 attempts; of a probe, which was tried more often, by its age.
    #[test]
    fn gives_up() {
        let hours = |hours: i64| at(hours * 60 * 60);
        let fate =
            |attempts, now| fresh().note(REFUSED, Tries { attempts, first_at: at(0) }, now, 0);
        assert!(matches!(fate(9, hours(60)), Fate::Again(_)));
        assert_eq!(fate(10, hours(69)), Fate::GivenUp);
        assert!(matches!(fate(10, hours(20)), Fate::Again(_)));
        assert!(matches!(fate(900, hours(60)), Fate::Again(_)));
        assert_eq!(fate(900, hours(69)), Fate::GivenUp);
    }
}
