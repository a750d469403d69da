//! The clock that both simulators read: real time plus an offset that tests move.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use time::{Duration, OffsetDateTime};

/// Real time plus an offset; clones share the offset. It never stands still: only delays of faults use real time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_millis: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that shows real time.
    pub fn new() -> Self {
        Self::default()
    }

    /// The simulated time, UTC.
    pub fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc().checked_add(self.offset()).unwrap_or_else(OffsetDateTime::now_utc)
    }

    /// How far the simulated time is from real time.
    pub fn offset(&self) -> Duration {
        Duration::milliseconds(self.offset_millis.load(Ordering::SeqCst))
    }

    /// Moves the clock; a negative duration moves it back.
    pub fn advance(&self, by: Duration) {
        self.offset_millis.fetch_add(saturating_millis(by), Ordering::SeqCst);
    }

    /// Makes the clock show `now`, from where it runs on.
    pub fn set(&self, now: OffsetDateTime) {
        self.set_offset(now - OffsetDateTime::now_utc());
    }

    /// Sets the distance from real time; zero is real time again.
    pub fn set_offset(&self, offset: Duration) {
        self.offset_millis.store(saturating_millis(offset), Ordering::SeqCst);
    }
}

fn saturating_millis(duration: Duration) -> i64 {
    i64::try_from(duration.whole_milliseconds()).unwrap_or(if duration.is_negative() {
        i64::MIN
    } else {
        i64::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_offset() {
        let clock = Clock::new();
        let other = clock.clone();
        clock.advance(Duration::hours(3));
        let ahead = other.now() - OffsetDateTime::now_utc();
        assert!((ahead - Duration::hours(3)).abs() < Duration::seconds(5), "{ahead}");
        other.set_offset(Duration::ZERO);
        assert_eq!(clock.offset(), Duration::ZERO);
    }
}
