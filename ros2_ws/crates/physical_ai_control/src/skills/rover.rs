use physical_ai_domain::{
    ActuatorCommand, CommandMode, ErrorCode, PlaceKind, Placement, RobotModel, RobotState, Time,
};
use serde_json::{Value, json};

use super::parameters::Params;
use super::{Progress, Site, Skill, Tick};
use crate::{DifferentialDrive, DriveLimits, Error, Navigator, Speed};

/// Seconds after which a rover gives up on something in its way.
const BLOCKED_S: f64 = 8.0;
/// Oldest lidar turn on which a rover drives, seconds.
const OBSTACLES_MAX_AGE_S: f64 = 0.5;

/// What all skills of a rover share.
#[derive(Debug, Clone)]
pub struct RoverBody {
    /// Kinematics.
    pub drive: DifferentialDrive,
    /// How fast it may go.
    pub limits: DriveLimits,
    /// Where it started, in the world.
    pub start: Placement,
    left: usize,
    right: usize,
    joints: usize,
}

impl RoverBody {
    /// From a rover's model.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] for a robot without two wheels.
    pub fn try_new(
        model: &RobotModel,
        limits: DriveLimits,
        start: Placement,
    ) -> Result<Self, Error> {
        let drive = DifferentialDrive::from_model(model)?;
        let index = |name| {
            model
                .movable_index(name)
                .ok_or_else(|| Error::UnsuitableModel {
                    robot: model.name.to_string(),
                    problem: "has no movable wheel joints",
                })
        };
        Ok(Self {
            drive,
            limits,
            start,
            left: index("left_wheel_joint")?,
            right: index("right_wheel_joint")?,
            joints: model.movable().len(),
        })
    }

    /// Writes a speed as wheel velocities.
    pub fn command(&self, speed: Speed, command: &mut ActuatorCommand) {
        command.mode = CommandMode::Velocity;
        command.position.clear();
        command.effort.clear();
        command.velocity.clear();
        command.velocity.resize(self.joints, 0.0);
        let [left, right] = self.drive.wheels(speed.forward_mps, speed.yaw_rate_rps);
        command.velocity[self.left] = left;
        command.velocity[self.right] = right;
    }
}

fn placement(state: &RobotState) -> Placement {
    let pose = &state.base.pose;
    let (_, _, yaw) = pose.rotation.euler_angles();
    Placement {
        x: pose.translation.x,
        y: pose.translation.y,
        z: 0.0,
        yaw,
    }
}

/// Any skill of a rover: a route, or standing still for a time.
pub struct RoverSkill {
    body: RoverBody,
    route: Vec<(Placement, Option<f64>)>,
    leg: usize,
    navigator: Option<Navigator>,
    wait_until: Option<Time>,
    wait_s: f64,
    canceling: bool,
    failure: Option<(ErrorCode, String)>,
    blocked_since: Option<Time>,
    started: Option<Time>,
    last: Option<Placement>,
    driven_m: f64,
    leg_length_m: f64,
    remaining_m: f64,
    cross_track_m: f64,
    leg_start: Placement,
}

impl RoverSkill {
    /// Plans a skill from its parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] naming field and value.
    pub fn try_new(
        skill: &str,
        params: &Value,
        body: &RoverBody,
        site: &Site,
    ) -> Result<Self, Error> {
        let params = Params(params);
        let stop = |name: &str| {
            let place = site.place(name, PlaceKind::Floor)?;
            Ok::<_, Error>((place.pose, Some(place.pose.yaw)))
        };
        let (mut route, mut wait_s) = (Vec::new(), 0.0);
        match skill {
            "home" => route.push((body.start, Some(body.start.yaw))),
            "wait" => wait_s = params.number("duration_s")?.max(0.0),
            "navigate_to" if params.has("place") => route.push(stop(params.text("place")?)?),
            "navigate_to" => {
                let target = Placement {
                    x: params.number("x")?,
                    y: params.number("y")?,
                    ..Default::default()
                };
                route.push((target, params.optional_number("yaw")?));
            }
            "patrol" => {
                let rounds = params
                    .optional_number("rounds")?
                    .unwrap_or(1.0)
                    .clamp(1.0, 1000.0);
                let places = params.texts("places")?;
                for _ in 0..rounds as usize {
                    for place in &places {
                        // A patrol passes through: only its position counts.
                        route.push((stop(place)?.0, None));
                    }
                }
            }
            other => {
                return Err(Error::InvalidParams {
                    field: "skill".into(),
                    problem: format!("{other:?} is no skill of a rover"),
                });
            }
        }
        Ok(Self {
            body: body.clone(),
            route,
            leg: 0,
            navigator: None,
            wait_until: None,
            wait_s,
            canceling: false,
            failure: None,
            blocked_since: None,
            started: None,
            last: None,
            driven_m: 0.0,
            leg_length_m: 0.0,
            remaining_m: 0.0,
            cross_track_m: 0.0,
            leg_start: Placement::default(),
        })
    }

    fn brake(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress {
        let speed = self
            .navigator
            .as_mut()
            .map_or_else(Speed::default, |n| n.brake(tick.dt_s));
        self.body.command(speed, command);
        if speed.forward_mps.abs() > 1e-3 || speed.yaw_rate_rps.abs() > 1e-2 {
            return Progress::Running(self.share());
        }
        match self.failure.take() {
            Some((code, reason)) => Progress::Failed(code, reason),
            None => Progress::Canceled,
        }
    }

    fn share(&self) -> f32 {
        let legs = self.route.len().max(1) as f64;
        let leg = if self.leg_length_m > 1e-3 {
            (1.0 - self.remaining_m / self.leg_length_m).clamp(0.0, 1.0)
        } else {
            0.0
        };
        ((self.leg as f64 + leg) / legs) as f32
    }

    fn wait(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress {
        self.body.command(Speed::default(), command);
        let until = *self
            .wait_until
            .get_or_insert(tick.now.plus_seconds(self.wait_s));
        let left_s = until.seconds_since(tick.now);
        if left_s <= 0.0 {
            return Progress::Succeeded(json!({"duration_s": self.wait_s}));
        }
        Progress::Running((1.0 - left_s / self.wait_s.max(1e-9)) as f32)
    }

    fn drive(
        &mut self,
        tick: &Tick<'_>,
        pose: &Placement,
        command: &mut ActuatorCommand,
    ) -> Progress {
        let (target, yaw) = self.route[self.leg];
        if self.navigator.is_none() {
            self.leg_length_m = (target.x - pose.x).hypot(target.y - pose.y);
            self.leg_start = *pose;
            self.navigator = Some(Navigator::new(self.body.limits, target, yaw));
        }
        let Some(navigator) = self.navigator.as_mut() else {
            return Progress::Running(0.0);
        };
        let scan_age_s = tick.now.seconds_since(tick.perception.obstacles_stamp);
        let (speed, arrived, blocked) = if scan_age_s > OBSTACLES_MAX_AGE_S {
            // Blind: stand still until the lidar is back.
            (navigator.brake(tick.dt_s), false, true)
        } else {
            let step = navigator.step(pose, &tick.perception.obstacles, tick.dt_s);
            self.remaining_m = step.remaining_m;
            (step.speed, step.arrived, step.blocked)
        };
        self.body.command(speed, command);
        self.cross_track_m = cross_track(&self.leg_start, &target, pose);
        let since = if blocked {
            *self.blocked_since.get_or_insert(tick.now)
        } else {
            self.blocked_since = None;
            tick.now
        };
        if tick.now.seconds_since(since) > BLOCKED_S {
            let reason = if scan_age_s > OBSTACLES_MAX_AGE_S {
                (
                    ErrorCode::StaleData,
                    format!("the lidar is silent for {scan_age_s:.1} s"),
                )
            } else {
                (
                    ErrorCode::Blocked,
                    format!(
                        "something stands in the way to ({:.2}, {:.2}) for {BLOCKED_S} s; {:.2} m to go",
                        target.x, target.y, self.remaining_m
                    ),
                )
            };
            self.failure = Some(reason);
        }
        if arrived {
            self.leg += 1;
            self.navigator = None;
            self.remaining_m = 0.0;
            self.leg_length_m = 0.0;
            if self.leg == self.route.len() {
                let started = self.started.unwrap_or(tick.now);
                let error = (target.x - pose.x).hypot(target.y - pose.y);
                return Progress::Succeeded(json!({
                    "duration_s": tick.now.seconds_since(started),
                    "distance_m": self.driven_m,
                    "final_error_m": error,
                }));
            }
        }
        Progress::Running(self.share())
    }
}

/// Distance of `at` from the line between two points, metres.
fn cross_track(from: &Placement, to: &Placement, at: &Placement) -> f64 {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = dx.hypot(dy);
    if length < 1e-6 {
        return 0.0;
    }
    ((at.x - from.x) * dy - (at.y - from.y) * dx).abs() / length
}

impl Skill for RoverSkill {
    fn tick(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress {
        let pose = placement(tick.state);
        self.started.get_or_insert(tick.now);
        if let Some(last) = self.last.replace(pose) {
            self.driven_m += (pose.x - last.x).hypot(pose.y - last.y);
        }
        if self.canceling || self.failure.is_some() {
            return self.brake(tick, command);
        }
        if self.route.is_empty() {
            return self.wait(tick, command);
        }
        self.drive(tick, &pose, command)
    }

    fn cancel(&mut self) {
        self.canceling = true;
    }

    fn tracking_error(&self) -> f64 {
        self.cross_track_m
    }
}
