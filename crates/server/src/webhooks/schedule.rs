//! When an attempt that failed is made again.

use std::time::Duration;

/// Seconds to wait after each attempt: the schedule that the specification gives as its example.
/// The waits add up to three days and three and a half hours.
const WAITS: [u64; 9] = [
    5,
    5 * 60,
    30 * 60,
    2 * 60 * 60,
    5 * 60 * 60,
    10 * 60 * 60,
    14 * 60 * 60,
    20 * 60 * 60,
    24 * 60 * 60,
];

/// How long to wait after attempt `attempt`, the first of which is 1; `None` when that was the
/// last. `random` shifts the wait by up to a tenth either way, so that what failed together does
/// not come back together. A receiver who asked for a longer wait gets it.
pub fn wait(attempt: u32, random: u64, retry_after: Option<Duration>) -> Option<Duration> {
    let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
    let wait = shifted(*WAITS.get(index)?, random);
    Some(wait.max(retry_after.unwrap_or_default()))
}

/// The longest wait of all.
pub fn last(random: u64) -> Option<Duration> {
    WAITS.last().map(|seconds| shifted(*seconds, random))
}

/// The least time between the first attempt and the last one.
pub fn least_age() -> Duration {
    Duration::from_secs(WAITS.iter().sum::<u64>() / 10 * 9)
}

fn shifted(seconds: u64, random: u64) -> Duration {
    let milliseconds = seconds * 1000;
    let span = milliseconds / 5;
    // The random number as a fraction of all that there are, times the span.
    let shift = (u128::from(random) * u128::from(span + 1)) >> 64;
    // It is at most the span.
    Duration::from_millis(milliseconds - span / 2 + shift as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_tenth() {
        for (attempt, seconds) in (1..).zip(WAITS) {
            let tenth = Duration::from_secs(seconds) / 10;
            let wait = |random| wait(attempt, random, None).unwrap();
            assert_eq!(wait(0), Duration::from_secs(seconds) - tenth);
            assert_eq!(wait(u64::MAX / 2), Duration::from_secs(seconds));
            assert_eq!(wait(u64::MAX), Duration::from_secs(seconds) + tenth);
        }
    }

    #[test]
    fn ends() {
        assert_eq!(wait(0, 0, None), None);
        assert!(wait(9, 0, None).is_some());
        assert_eq!(wait(10, 0, None), None);
        assert_eq!(wait(10, 0, Some(Duration::from_secs(60))), None);
        assert_eq!(wait(u32::MAX, 0, None), None);
    }

    #[test]
    fn a_longer_retry_after_counts() {
        let minute = Some(Duration::from_secs(60));
        assert_eq!(wait(1, 0, minute), minute);
        assert_eq!(wait(2, 0, minute), Some(Duration::from_secs(270)));
    }
}
