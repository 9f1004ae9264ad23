use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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

/// Simulated time as the topic `/clock` tells it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct SimulatedTime {
    /// Newest; none before the first message.
    now: Option<Time>,
    /// The first time since the clock began, or since it jumped back last.
    began: Time,
    /// Counts beginnings: 0 before the first message, one more with each jump back.
    epoch: u64,
    /// From where to where it jumped last.
    jump: Option<(Time, Time)>,
}

impl SimulatedTime {
    /// Takes a message of `/clock`. True if time went back.
    fn set(&mut self, time: Time) -> bool {
        let went_back = self.now.is_some_and(|now| time < now);
        if went_back {
            self.jump = self.now.map(|now| (now, time));
        }
        if went_back || self.now.is_none() {
            self.began = time;
            self.epoch += 1;
        }
        self.now = Some(time);
        went_back
    }
}

/// Source of ROS time.
#[derive(Debug)]
pub(crate) struct RosClock {
    simulated: Option<SimulatedTime>,
    started: Instant,
}

impl RosClock {
    pub(crate) fn new(use_sim_time: bool) -> Self {
        Self {
            simulated: use_sim_time.then(SimulatedTime::default),
            started: Instant::now(),
        }
    }

    pub(crate) fn is_simulated(&self) -> bool {
        self.simulated.is_some()
    }

    /// True unless time is simulated and nobody has told it yet.
    pub(crate) fn is_known(&self) -> bool {
        self.simulated.is_none_or(|s| s.now.is_some())
    }

    /// Takes a message of `/clock`. True if simulated time went back.
    pub(crate) fn set_simulated(&mut self, time: Time) -> bool {
        self.simulated.as_mut().is_some_and(|s| s.set(time))
    }

    /// From where to where simulated time jumped back last.
    pub(crate) fn last_jump(&self) -> Option<(Time, Time)> {
        self.simulated.and_then(|s| s.jump)
    }

    /// How often simulated time jumped back.
    pub(crate) fn jumps(&self) -> u64 {
        self.simulated.map_or(0, |s| s.epoch.saturating_sub(1))
    }

    /// Zero as long as simulated time is not known.
    pub(crate) fn now(&self) -> Time {
        match self.simulated {
            Some(simulated) => simulated.now.unwrap_or(Time::ZERO),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(Time::ZERO, Time::from),
        }
    }

    /// Seconds since this node started, on the steady clock.
    pub(crate) fn steady_s(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

/// When something that waits is due, again and again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Schedule {
    /// On the steady clock, which ROS time without simulation uses as well: it never jumps.
    Steady { period: Duration, next: Instant },
    /// In simulated time. It starts with the first message of `/clock`, and anew when that jumps back.
    Simulated {
        period_ns: i64,
        next: Time,
        epoch: u64,
    },
}

impl Schedule {
    pub(crate) fn new(period: Duration, kind: ClockKind, clock: &RosClock) -> Self {
        match (kind, clock.simulated) {
            (ClockKind::Ros, Some(time)) => Self::simulated(period, &time),
            _ => Self::Steady {
                period,
                next: Instant::now() + period,
            },
        }
    }

    fn simulated(period: Duration, time: &SimulatedTime) -> Self {
        let period_ns = i64::try_from(period.as_nanos()).unwrap_or(i64::MAX).max(1);
        let now_ns = time.now.unwrap_or(Time::ZERO).nanoseconds();
        Self::Simulated {
            period_ns,
            next: Time::from_nanoseconds(now_ns.saturating_add(period_ns)),
            epoch: time.epoch,
        }
    }

    /// Time until it is due; simulated time cannot be predicted.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        match self {
            Self::Steady { next, .. } => Some(next.saturating_duration_since(now)),
            Self::Simulated { .. } => None,
        }
    }

    /// True if the clock jumped back since it was started.
    pub(crate) fn is_interrupted(&self, clock: &RosClock) -> bool {
        match (self, clock.simulated) {
            (Self::Simulated { epoch, .. }, Some(time)) => *epoch != 0 && *epoch != time.epoch,
            _ => false,
        }
    }

    /// True if due; moves on to the next time.
    pub(crate) fn take_due(&mut self, steady: Instant, clock: &RosClock) -> bool {
        match (self, clock.simulated) {
            (Self::Steady { period, next }, _) => {
                if steady < *next {
                    return false;
                }
                // Keeping the phase avoids drift; a timer that is a whole period late starts a new phase.
                *next += *period;
                if *next <= steady {
                    *next = steady + *period;
                }
                true
            }
            (simulated, Some(time)) => simulated.take_due_simulated(&time),
            // Time stopped being simulated: that does not happen.
            (Self::Simulated { .. }, None) => false,
        }
    }

    fn take_due_simulated(&mut self, time: &SimulatedTime) -> bool {
        let (
            Self::Simulated {
                period_ns,
                next,
                epoch,
            },
            Some(now),
        ) = (self, time.now)
        else {
            return false;
        };
        if *epoch != time.epoch {
            *epoch = time.epoch;
            *next = Time::from_nanoseconds(time.began.nanoseconds().saturating_add(*period_ns));
        }
        if now < *next {
            return false;
        }
        // However far time jumped ahead, it is due once, and then in its old phase.
        let late_ns = now.nanoseconds().saturating_sub(next.nanoseconds());
        let periods = late_ns / *period_ns + 1;
        let step_ns = period_ns.saturating_mul(periods);
        *next = Time::from_nanoseconds(next.nanoseconds().saturating_add(step_ns));
        true
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> Time {
        Time::from_nanoseconds(seconds * 1_000_000_000)
    }

    /// Tells the clock these times and returns those at which a timer of 60 s was called.
    fn calls(clock: &mut RosClock, schedule: &mut Schedule, times_s: &[i64]) -> Vec<i64> {
        let mut calls = Vec::new();
        for time in times_s {
            clock.set_simulated(seconds(*time));
            // Far ahead on the steady clock: only /clock counts.
            if schedule.take_due(Instant::now() + Duration::from_secs(3600), clock) {
                calls.push(*time);
            }
        }
        calls
    }

    #[test]
    fn timer_in_simulated_time_starts_with_the_first_clock_and_anew_after_a_jump_back() {
        let mut clock = RosClock::new(true);
        let mut timer = Schedule::new(Duration::from_secs(60), ClockKind::Ros, &clock);
        assert!(!clock.is_known() && !timer.take_due(Instant::now(), &clock));
        let all: Vec<i64> = (500..=625).collect();
        assert_eq!(calls(&mut clock, &mut timer, &all), [560, 620]);
        let all: Vec<i64> = (400..=530).collect();
        assert_eq!(calls(&mut clock, &mut timer, &all), [460, 520]);
        // A small jump back is one, too.
        assert_eq!(calls(&mut clock, &mut timer, &[529, 580, 588, 589]), [589]);
        assert_eq!(clock.jumps(), 2);
    }

    #[test]
    fn timer_that_is_made_later_counts_from_then() {
        let mut clock = RosClock::new(true);
        clock.set_simulated(seconds(500));
        clock.set_simulated(seconds(510));
        let mut timer = Schedule::new(Duration::from_secs(60), ClockKind::Ros, &clock);
        assert_eq!(
            calls(&mut clock, &mut timer, &[560, 569, 570, 630]),
            [570, 630]
        );
    }

    #[test]
    fn jump_ahead_is_one_call_and_keeps_the_phase() {
        let mut clock = RosClock::new(true);
        let mut timer = Schedule::new(Duration::from_secs(60), ClockKind::Ros, &clock);
        assert_eq!(
            calls(&mut clock, &mut timer, &[500, 700, 701, 739, 740, 741]),
            [700, 740]
        );
    }

    #[test]
    fn clock_that_starts_at_zero_is_known() {
        let mut clock = RosClock::new(true);
        let mut timer = Schedule::new(Duration::from_secs(60), ClockKind::Ros, &clock);
        assert_eq!(calls(&mut clock, &mut timer, &[0, 59, 60]), [60]);
        assert!(clock.is_known());
    }

    #[test]
    fn what_waits_is_interrupted_by_a_jump_back_but_not_by_the_first_clock() {
        let mut clock = RosClock::new(true);
        let mut sleep = Schedule::new(Duration::from_secs(60), ClockKind::Ros, &clock);
        assert_eq!(calls(&mut clock, &mut sleep, &[500, 550]), [0i64; 0]);
        assert!(!sleep.is_interrupted(&clock));
        assert!(clock.set_simulated(seconds(400)));
        assert!(sleep.is_interrupted(&clock));
        assert_eq!(clock.last_jump(), Some((seconds(550), seconds(400))));
        let steady = Schedule::new(Duration::from_secs(60), ClockKind::Steady, &clock);
        assert!(!steady.is_interrupted(&clock));
    }
}
