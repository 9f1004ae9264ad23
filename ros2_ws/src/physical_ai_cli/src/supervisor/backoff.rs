//! When a dead node comes back: pure arithmetic, no clock.

use std::time::Duration;

use anyhow::ensure;
use serde::Deserialize;

use crate::deployment::Restart;

/// Exit code of a node whose configuration cannot work: starting it again changes nothing.
pub const EXIT_BAD_CONFIGURATION: i32 = 2;

/// How dead nodes come back.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RestartPolicy {
    /// Seconds before the first restart.
    pub initial_delay_s: f64,
    /// Growth of the delay with each crash in a row.
    pub factor: f64,
    /// Largest delay in seconds.
    pub max_delay_s: f64,
    /// A node that ran this many seconds counts as healthy again.
    pub stable_after_s: f64,
    /// A node that is in a transition, or says nothing, for more than so many seconds is killed and started
    /// again; 0: never.
    pub stuck_after_s: f64,
    /// After this many crashes in a row, without a healthy run between, it is given up.
    pub max_fast_exits: u32,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            initial_delay_s: 0.1,
            factor: 2.0,
            max_delay_s: 10.0,
            stable_after_s: 10.0,
            stuck_after_s: 60.0,
            max_fast_exits: 8,
        }
    }
}

impl RestartPolicy {
    /// Checks the numbers.
    ///
    /// # Errors
    /// Names the field and its value.
    pub fn validate(&self) -> anyhow::Result<()> {
        for (name, value, least) in [
            ("initial_delay_s", self.initial_delay_s, 0.0),
            ("factor", self.factor, 1.0),
            ("max_delay_s", self.max_delay_s, 0.0),
            ("stable_after_s", self.stable_after_s, 0.0),
            ("stuck_after_s", self.stuck_after_s, 0.0),
        ] {
            ensure!(
                value.is_finite() && (least..=86_400.0).contains(&value),
                "restart: {name}: {value} must be from {least} to 86400"
            );
        }
        Ok(())
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With an exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Start it again after this delay.
    Restart(Duration),
    /// It is done; leave it.
    Finished,
    /// It cannot be kept alive, for this reason.
    GiveUp(String),
}

/// Counts the crashes of one node.
#[derive(Debug, Clone)]
pub struct Backoff {
    policy: RestartPolicy,
    restart: Restart,
    fast_exits: u32,
}

impl Backoff {
    /// Nothing crashed yet.
    pub fn new(policy: RestartPolicy, restart: Restart) -> Self {
        Self {
            policy,
            restart,
            fast_exits: 0,
        }
    }

    /// The node ended after running for `uptime`.
    pub fn on_exit(&mut self, uptime: Duration, exit: Exit) -> Verdict {
        if exit == Exit::Code(EXIT_BAD_CONFIGURATION) {
            return Verdict::GiveUp(
                "its configuration cannot work (exit code 2; see its last line): \
                 correct the deployment or parameter file and start again"
                    .to_owned(),
            );
        }
        match (self.restart, exit) {
            (Restart::Never, Exit::Code(0)) | (Restart::OnFailure, Exit::Code(0)) => {
                return Verdict::Finished;
            }
            (Restart::Never, _) => {
                return Verdict::GiveUp("it failed and its deployment says restart: never".into());
            }
            _ => {}
        }
        if uptime.as_secs_f64() >= self.policy.stable_after_s {
            self.fast_exits = 0;
        }
        self.fast_exits += 1;
        if self.fast_exits > self.policy.max_fast_exits {
            return Verdict::GiveUp(format!(
                "it ended {} times in a row, each time within {} s: see its output above",
                self.fast_exits, self.policy.stable_after_s
            ));
        }
        let growth = self
            .policy
            .factor
            .powi(i32::try_from(self.fast_exits - 1).unwrap_or(i32::MAX));
        let delay_s = (self.policy.initial_delay_s * growth).min(self.policy.max_delay_s);
        Verdict::Restart(Duration::from_secs_f64(delay_s.max(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(backoff: &mut Backoff, uptimes_s: &[u64]) -> Vec<u128> {
        uptimes_s
            .iter()
            .map(
                |s| match backoff.on_exit(Duration::from_secs(*s), Exit::Signal(9)) {
                    Verdict::Restart(delay) => delay.as_millis(),
                    other => panic!("{other:?}"),
                },
            )
            .collect()
    }

    #[test]
    fn delay_grows_with_crashes_in_a_row_and_resets_after_a_healthy_run() {
        let mut backoff = Backoff::new(RestartPolicy::default(), Restart::OnFailure);
        assert_eq!(
            delays(&mut backoff, &[0, 1, 1, 60, 1]),
            [100, 200, 400, 100, 200]
        );
    }

    #[test]
    fn delay_has_a_ceiling() {
        let policy = RestartPolicy {
            max_delay_s: 0.3,
            ..RestartPolicy::default()
        };
        let mut backoff = Backoff::new(policy, Restart::OnFailure);
        assert_eq!(delays(&mut backoff, &[0, 0, 0, 0]), [100, 200, 300, 300]);
    }

    #[test]
    fn node_that_keeps_crashing_is_given_up() {
        let policy = RestartPolicy {
            max_fast_exits: 3,
            ..RestartPolicy::default()
        };
        let mut backoff = Backoff::new(policy, Restart::Always);
        delays(&mut backoff, &[0, 0, 0]);
        let verdict = backoff.on_exit(Duration::ZERO, Exit::Code(1));
        assert!(
            matches!(&verdict, Verdict::GiveUp(r) if r.contains("4 times")),
            "{verdict:?}"
        );
    }

    #[test]
    fn restart_rule_decides_on_clean_ends_and_bad_configurations() {
        let check = |restart, exit, expected: &str| {
            let verdict =
                Backoff::new(RestartPolicy::default(), restart).on_exit(Duration::ZERO, exit);
            let name = match verdict {
                Verdict::Restart(_) => "restart",
                Verdict::Finished => "finished",
                Verdict::GiveUp(_) => "give up",
            };
            assert_eq!(name, expected, "{restart:?} {exit:?}");
        };
        check(Restart::Always, Exit::Code(0), "restart");
        check(Restart::OnFailure, Exit::Code(0), "finished");
        check(Restart::OnFailure, Exit::Code(1), "restart");
        check(Restart::OnFailure, Exit::Signal(9), "restart");
        check(Restart::Never, Exit::Code(0), "finished");
        check(Restart::Never, Exit::Signal(11), "give up");
        check(Restart::Always, Exit::Code(2), "give up");
    }
}
