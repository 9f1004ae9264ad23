use physical_ai_domain::{ActuatorCommand, CommandMode, RobotModel, RobotState, Time};

use crate::{SafetyCause, SafetyVerdict};

/// A robot that does not follow for so long will not, seconds.
const PATIENCE_S: f64 = 1.0;
/// Share of its speed by which a wheel may be off.
const SPEED_SHARE: f64 = 0.5;
/// Share of the velocity limit by which a wheel may be off at any speed.
const LIMIT_SHARE: f64 = 0.05;

/// A joint that did not follow for too long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lag {
    joint: usize,
    error: f64,
    limit: f64,
    is_speed: bool,
}

impl Lag {
    /// Joint, error and likely cause.
    pub(super) fn text(self, joint_names: &[String]) -> String {
        let name = joint_names.get(self.joint).map_or("?", String::as_str);
        let (what, unit) = if self.is_speed {
            ("its set speed", "rad/s or m/s off")
        } else {
            ("its set point", "rad or m behind")
        };
        format!(
            "{name} did not follow {what} for {PATIENCE_S} s: {:.4} {unit}, limit {:.4}; likely cause: it is \
             jammed, overloaded, or its drive has no power",
            self.error, self.limit
        )
    }
}

/// Whether a robot does what it is told.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FollowWatch {
    behind_since: Option<Time>,
}

impl FollowWatch {
    /// Takes what was commanded at `now` and what was measured before; the lag, once it lasted too long.
    pub(super) fn observe(
        &mut self,
        model: &RobotModel,
        state: &RobotState,
        command: &ActuatorCommand,
        verdict: SafetyVerdict,
        now: Time,
    ) -> Option<Lag> {
        let Some(lag) = position_lag(verdict).or_else(|| speed_lag(model, state, command)) else {
            self.behind_since = None;
            return None;
        };
        let since = *self.behind_since.get_or_insert(now);
        (now.seconds_since(since) >= PATIENCE_S).then_some(lag)
    }
}

fn position_lag(verdict: SafetyVerdict) -> Option<Lag> {
    (verdict.cause == Some(SafetyCause::Tracking)).then_some(Lag {
        joint: verdict.joint,
        error: verdict.value,
        limit: verdict.limit,
        is_speed: false,
    })
}

fn speed_lag(model: &RobotModel, state: &RobotState, command: &ActuatorCommand) -> Option<Lag> {
    if command.mode != CommandMode::Velocity {
        return None;
    }
    let speeds = command.velocity.iter().zip(&state.velocity);
    speeds
        .zip(model.movable())
        .enumerate()
        .filter(|(_, (_, j))| j.motion_block().is_none())
        .find_map(|(joint, ((told, measured), j))| {
            let error = (told - measured).abs();
            let limit = SPEED_SHARE * told.abs() + LIMIT_SHARE * j.limits.velocity;
            (error > limit).then_some(Lag {
                joint,
                error,
                limit,
                is_speed: true,
            })
        })
}
