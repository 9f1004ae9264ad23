use physical_ai_domain::{ActuatorCommand, CommandMode, ErrorCode, Time};
use serde_json::json;

use crate::DifferentialDrive;
use crate::skills::hold::HoldRecord;
use crate::skills::{Progress, Skill, Tick, exceeds};

/// Wheels slower than this are at rest, radians per second.
const REST_RPS: f64 = 0.1;
/// Seconds that wheels have to come to rest.
const SETTLE_TIMEOUT_S: f64 = 2.0;

/// Standing still on wheels, for who has no other joints to hold.
pub(super) struct StandSkill {
    drive: DifferentialDrive,
    names: Vec<String>,
    /// Seconds; `None`: until it is cancelled.
    duration_s: Option<f64>,
    until: Option<Time>,
    canceling: bool,
    holds: HoldRecord,
}

impl StandSkill {
    /// Standing for so long, seconds, or until it is cancelled; `names` are those of all joints.
    pub(super) fn new(
        drive: DifferentialDrive,
        names: Vec<String>,
        duration_s: Option<f64>,
    ) -> Self {
        Self {
            drive,
            names,
            duration_s,
            until: None,
            canceling: false,
            holds: HoldRecord::default(),
        }
    }

    /// The first wheel that turns, with its speed, radians per second.
    fn turning_wheel(&self, tick: &Tick<'_>) -> Option<(&str, f64)> {
        let speed = |index: usize| tick.state.velocity.get(index).copied().unwrap_or(f64::NAN);
        let wheels = self.drive.joints().map(|w| (w.index, speed(w.index)));
        let mut turning = wheels.filter(|(_, speed)| exceeds(speed.abs(), REST_RPS));
        let (index, speed) = turning.next()?;
        Some((self.names[index].as_str(), speed))
    }
}

impl Skill for StandSkill {
    fn tick(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress {
        command.mode = CommandMode::Velocity;
        command.position.clear();
        command.effort.clear();
        command.velocity.clear();
        command.velocity.resize(self.names.len(), 0.0);
        if self.canceling {
            return Progress::Canceled;
        }
        let Some(duration_s) = self.duration_s else {
            return Progress::Running(0.0);
        };
        let end = tick.now.plus_seconds(duration_s);
        let until = *self.until.get_or_insert(end);
        let left_s = until.seconds_since(tick.now);
        if left_s > 0.0 {
            return Progress::Running((1.0 - left_s / duration_s.max(1e-9)) as f32);
        }
        match self.turning_wheel(tick) {
            None => Progress::Succeeded(json!({"duration_s": duration_s})),
            Some((name, speed)) if left_s < -SETTLE_TIMEOUT_S => {
                let reason = format!("{name} turns at {speed:.2} rad/s although it shall stand");
                Progress::Failed(ErrorCode::Blocked, self.holds.explain(reason))
            }
            Some(_) => Progress::Running(1.0),
        }
    }

    fn pause(&mut self, seconds: f64, why: Option<&str>) {
        self.holds.add(seconds, why);
        self.postpone(seconds);
    }

    fn postpone(&mut self, seconds: f64) {
        self.until = self.until.map(|t| t.plus_seconds(seconds));
    }

    fn cancel(&mut self) {
        self.canceling = true;
    }

    fn tracking_error(&self) -> f64 {
        0.0
    }
}
