use physical_ai_domain::{RobotState, Time};

/// Joints slower than this are at rest, radians or metres per second: ten times the noise of the encoders
/// that the drivers come with.
const REST_SPEED: f64 = 0.02;
/// They have to stay so for as long, seconds: a joint that swings is slow where it turns back.
const REST_S: f64 = 0.05;
/// Longest wait for a robot to come to rest, seconds.
const PATIENCE_S: f64 = 1.0;

/// Whether a robot that was told to stand still does so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Standstill {
    /// Not yet.
    Awaited,
    /// Measured.
    Reached,
    /// This joint, by its index, goes on moving, radians or metres per second.
    Missed(usize, f64),
}

impl Standstill {
    /// How it came out, in words; `None`: not yet.
    pub(super) fn text(self, joint_names: &[String]) -> Option<String> {
        match self {
            Self::Awaited => None,
            Self::Reached => Some("the robot is at rest".to_owned()),
            Self::Missed(joint, speed) => {
                let name = joint_names.get(joint).map_or("?", String::as_str);
                Some(format!(
                    "the robot was told to stand still, but {name} moves on at {speed:.3} rad/s or m/s"
                ))
            }
        }
    }
}

/// Measures it: set points that do not move any more say nothing about the joints.
#[derive(Debug, Clone, Copy)]
pub(super) struct StandstillWatch {
    told: Time,
    slow_since: Option<Time>,
}

impl StandstillWatch {
    /// For a robot that was told to stand still at `told`, in ROS time.
    pub fn new(told: Time) -> Self {
        Self {
            told,
            slow_since: None,
        }
    }

    /// Takes the next state, which is of `now`.
    pub fn observe(&mut self, state: &RobotState, now: Time) -> Standstill {
        let speeds = state.velocity.iter().map(|v| v.abs()).enumerate();
        let Some((joint, speed)) = speeds.max_by(|a, b| a.1.total_cmp(&b.1)) else {
            return Standstill::Reached;
        };
        if speed < REST_SPEED {
            let since = *self.slow_since.get_or_insert(now);
            if now.seconds_since(since) >= REST_S {
                return Standstill::Reached;
            }
        } else {
            self.slow_since = None;
        }
        if now.seconds_since(self.told) > PATIENCE_S {
            return Standstill::Missed(joint, speed);
        }
        Standstill::Awaited
    }
}
