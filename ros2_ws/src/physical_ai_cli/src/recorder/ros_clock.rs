//! Which clock stamps the messages of a recording.

use std::time::{Duration, Instant};

/// How long a message may wait for the first sample of a simulated clock.
const PATIENCE: Duration = Duration::from_secs(3);

/// Stamps messages with simulated time where there is a clock topic, else with the system's time.
///
/// A latched message can arrive before the clock's first sample; messages wait until it is known
/// which clock rules, because a file that mixes both cannot be played.
#[derive(Debug, Default)]
pub struct RosClock<M> {
    waiting: Vec<(i64, M)>,
    since: Option<Instant>,
    newest_ns: Option<i64>,
}

impl<M> RosClock<M> {
    pub fn new() -> Self {
        Self {
            waiting: Vec::new(),
            since: None,
            newest_ns: None,
        }
    }

    /// Takes a message that came at `wall_ns` of the system's clock when the simulated clock, if there
    /// is one, showed `simulated_ns`; gives those whose time is known now.
    pub fn stamp(
        &mut self,
        message: M,
        wall_ns: i64,
        simulated_ns: Option<i64>,
        now: Instant,
    ) -> Vec<(i64, M)> {
        if let Some(time) = simulated_ns {
            self.newest_ns = Some(time);
        }
        self.waiting.push((wall_ns, message));
        let since = *self.since.get_or_insert(now);
        if self.newest_ns.is_none() && now.duration_since(since) < PATIENCE {
            return Vec::new();
        }
        self.release()
    }

    /// Gives what still waits, when the recording ends.
    pub fn release(&mut self) -> Vec<(i64, M)> {
        let newest_ns = self.newest_ns;
        self.waiting
            .drain(..)
            .map(|(wall_ns, message)| (newest_ns.unwrap_or(wall_ns), message))
            .collect()
    }

    /// True when the system's clock stamps.
    pub fn is_wall(&self) -> bool {
        self.newest_ns.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_messages_wait_for_the_simulated_clock() {
        let mut clock = RosClock::new();
        let now = Instant::now();
        assert_eq!(clock.stamp('a', 1_000, None, now), []);
        assert_eq!(clock.stamp('b', 1_001, Some(5), now), [(5, 'a'), (5, 'b')]);
        assert_eq!(clock.stamp('c', 1_002, Some(7), now), [(7, 'c')]);
        assert_eq!(clock.release(), []);
        assert!(!clock.is_wall());
    }

    #[test]
    fn system_time_stamps_when_no_clock_shows_up() {
        let mut clock = RosClock::new();
        let now = Instant::now();
        assert_eq!(clock.stamp('a', 1_000, None, now), []);
        let later = now + PATIENCE;
        assert_eq!(
            clock.stamp('b', 1_001, None, later),
            [(1_000, 'a'), (1_001, 'b')]
        );
        assert!(clock.is_wall());
    }
}
