use std::time::{Instant, SystemTime, UNIX_EPOCH};

use physical_ai_domain::Time;
use r2r::builtin_interfaces;

/// Which clock a timer follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockKind {
    /// ROS time: the system clock, or `/clock` when `use_sim_time` is set. For logic.
    Ros,
    /// A clock that never jumps. For watchdogs.
    Steady,
}

/// Source of ROS time.
#[derive(Debug)]
pub(crate) struct RosClock {
    simulated: Option<Time>,
    started: Instant,
}

impl RosClock {
    pub(crate) fn new(use_sim_time: bool) -> Self {
        Self {
            simulated: use_sim_time.then_some(Time::ZERO),
            started: Instant::now(),
        }
    }

    pub(crate) fn is_simulated(&self) -> bool {
        self.simulated.is_some()
    }

    pub(crate) fn set_simulated(&mut self, time: Time) {
        if self.simulated.is_some() {
            self.simulated = Some(time);
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.simulated.unwrap_or_else(|| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(Time::ZERO, Time::from)
        })
    }

    /// Seconds since this node started, on the steady clock.
    pub(crate) fn steady_s(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

/// From the message type.
pub fn time_from_msg(time: &builtin_interfaces::msg::Time) -> Time {
    Time::from_nanoseconds(i64::from(time.sec) * 1_000_000_000 + i64::from(time.nanosec))
}

/// To the message type.
pub fn time_to_msg(time: Time) -> builtin_interfaces::msg::Time {
    builtin_interfaces::msg::Time {
        sec: time.nanoseconds().div_euclid(1_000_000_000) as i32,
        nanosec: time.nanoseconds().rem_euclid(1_000_000_000) as u32,
    }
}
