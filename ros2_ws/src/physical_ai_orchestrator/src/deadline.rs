//! Deadlines that can only be of another clock, or that passed already.

use std::time::{SystemTime, UNIX_EPOCH};

use physical_ai_domain::Time;
use physical_ai_mission::MissionError;

use crate::intake::Refusal;

/// No mission takes longer, seconds: ten years.
const LONGEST_S: f64 = 10.0 * 365.25 * 86_400.0;
/// A deadline this near is of the orchestrator's clock, whatever another clock says, seconds.
const NEAR_S: f64 = 86_400.0;

/// What clocks say when a mission comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clocks {
    /// The orchestrator's ROS time.
    pub now: Time,
    /// The system's time, where ROS time is simulated: what a client may take for it.
    pub system: Option<Time>,
}

impl Clocks {
    /// From ROS time.
    pub fn read(now: Time, is_simulated: bool) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        let system = is_simulated.then(|| since_epoch.map_or(Time::ZERO, Time::from));
        Self { now, system }
    }

    /// Refuses a deadline that passed, and one that can only be of another clock. Zero: none.
    pub fn check(self, deadline: Time) -> Result<(), Refusal> {
        let ahead_s = deadline.seconds_since(self.now);
        let is_of_system = self.system.is_some_and(|system| {
            ahead_s.abs() > NEAR_S && deadline.seconds_since(system).abs() < ahead_s.abs()
        });
        let is_of_another = is_of_system || ahead_s.abs() > LONGEST_S;
        if deadline.is_zero() || (ahead_s > 0.0 && !is_of_another) {
            return Ok(());
        }
        let which = if ahead_s > 0.0 { "after" } else { "before" };
        let mut text = format!(
            "deadline {:.3} s is {} {which} now, which is {:.3} s on the orchestrator's clock ({})",
            deadline.seconds(),
            span(ahead_s.abs()),
            self.now.seconds(),
            if self.system.is_some() {
                "simulated time, from the topic clock"
            } else {
                "the system's clock"
            }
        );
        if !is_of_another {
            text += ": give one that is to come, or none";
            return Err(Refusal::new(MissionError::DeadlineMissed, text));
        }
        text += ": it can only be of another clock";
        if let Some(system) = self.system {
            text += &format!(" (the system's clock is at {:.3} s)", system.seconds());
        }
        text += "; add what is allowed to the orchestrator's time, or give none";
        Err(Refusal::new(MissionError::InvalidGoal, text))
    }
}

/// Seconds as people read them.
fn span(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 300.0 => (s, "s"),
        s if s < 86_400.0 => (s / 3600.0, "h"),
        s if s < 730.0 * 86_400.0 => (s / 86_400.0, "days"),
        s => (s / (365.25 * 86_400.0), "years"),
    };
    format!("{value:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY_S: f64 = 1_796_000_000.0;

    fn clocks(now_s: f64, system_s: Option<f64>) -> Clocks {
        Clocks {
            now: Time::from_seconds(now_s),
            system: system_s.map(Time::from_seconds),
        }
    }

    #[test]
    fn deadlines_to_come_on_the_own_clock_are_taken() {
        for (clocks, deadline_s) in [
            (clocks(12.0, Some(TODAY_S)), 12.1),
            (clocks(12.0, Some(TODAY_S)), 30.0 * 86_400.0),
            (clocks(TODAY_S, None), TODAY_S + 60.0),
            (clocks(TODAY_S, None), TODAY_S + 300.0 * 86_400.0),
            // A simulation that takes the system's time, a little late.
            (clocks(TODAY_S - 5.0, Some(TODAY_S)), TODAY_S + 60.0),
            (clocks(12.0, Some(TODAY_S)), 0.0),
            (clocks(TODAY_S, None), 0.0),
        ] {
            let taken = clocks.check(Time::from_seconds(deadline_s));
            assert_eq!(taken, Ok(()), "{deadline_s}");
        }
    }

    #[test]
    fn deadlines_of_another_clock_and_past_ones_are_refused_with_both_times() {
        let check = |clocks: Clocks, deadline_s: f64, error, expected: &[&str]| {
            let refusal = clocks.check(Time::from_seconds(deadline_s)).unwrap_err();
            assert_eq!(refusal.error, error, "{refusal:?}");
            for expected in expected {
                assert!(refusal.error_msg.contains(expected), "{refusal:?}");
            }
        };
        let of_another = MissionError::InvalidGoal;
        check(
            clocks(12.5, Some(TODAY_S)),
            TODAY_S + 60.0,
            of_another,
            &[
                "deadline 1796000060.000 s is 56.9 years after now, which is 12.500 s",
                "simulated time",
                "another clock (the system's clock is at 1796000000.000 s)",
            ],
        );
        // A recording of last year is played.
        let last_year_s = TODAY_S - 365.0 * 86_400.0;
        check(
            clocks(last_year_s, Some(TODAY_S)),
            TODAY_S + 60.0,
            of_another,
            &["365.0 days after now", "another clock"],
        );
        check(
            clocks(TODAY_S, None),
            72.0,
            of_another,
            &[
                "deadline 72.000 s is 56.9 years before now",
                "(the system's clock)",
                "another clock",
            ],
        );
        check(
            clocks(TODAY_S, None),
            TODAY_S + 11.0 * 365.25 * 86_400.0,
            of_another,
            &["11.0 years after now"],
        );
        for (clocks, deadline_s) in [
            (clocks(72.0, Some(TODAY_S)), 71.5),
            (clocks(TODAY_S, None), TODAY_S - 0.5),
        ] {
            let expected = ["is 0.5 s before now", "give one that is to come"];
            check(clocks, deadline_s, MissionError::DeadlineMissed, &expected);
        }
    }
}
