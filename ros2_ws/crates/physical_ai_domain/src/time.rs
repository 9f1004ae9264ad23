use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in ROS time: nanoseconds since the Unix epoch, or since the start of a simulation.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time {
    nanoseconds: i64,
}

impl Time {
    /// Time zero, which on the wire means "none".
    pub const ZERO: Self = Self { nanoseconds: 0 };

    /// From nanoseconds.
    pub const fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self { nanoseconds }
    }

    /// From seconds; sub-nanosecond parts are dropped.
    pub fn from_seconds(seconds: f64) -> Self {
        Self {
            nanoseconds: (seconds * 1e9) as i64,
        }
    }

    /// Nanoseconds since zero.
    pub const fn nanoseconds(self) -> i64 {
        self.nanoseconds
    }

    /// Seconds since zero.
    pub fn seconds(self) -> f64 {
        self.nanoseconds as f64 * 1e-9
    }

    /// Seconds from `earlier` to `self`; negative if `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.nanoseconds.saturating_sub(earlier.nanoseconds) as f64 * 1e-9
    }

    /// `self` moved forward by `seconds` (backward if negative).
    pub fn plus_seconds(self, seconds: f64) -> Self {
        Self {
            nanoseconds: self.nanoseconds.saturating_add((seconds * 1e9) as i64),
        }
    }

    /// True for time zero.
    pub const fn is_zero(self) -> bool {
        self.nanoseconds == 0
    }
}

impl From<Duration> for Time {
    fn from(since_zero: Duration) -> Self {
        Self {
            nanoseconds: i64::try_from(since_zero.as_nanos()).unwrap_or(i64::MAX),
        }
    }
}

/// Port: where logic gets ROS time from.
///
/// # Implementation
/// Implementers must never go backwards except when a simulation is reset.
pub trait Clock {
    /// Current ROS time.
    fn now(&self) -> Time;
}

/// A clock that tests move by hand.
#[derive(Debug, Default)]
pub struct ManualClock {
    nanoseconds: AtomicI64,
}

impl ManualClock {
    /// Sets the time.
    pub fn set(&self, time: Time) {
        self.nanoseconds.store(time.nanoseconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time::from_nanoseconds(self.nanoseconds.load(Ordering::SeqCst))
    }
}
