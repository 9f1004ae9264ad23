use physical_ai_domain::{
    ActuatorCommand, CommandMode, ErrorCode, PlaceKind, Placement, RobotModel, RobotState, Time,
};
use serde_json::{Value, json};

use super::parameters::{DURATION_S, Params, ROUNDS};
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

/// A target in the world with the heading at the end; `None`: any.
type Stop = (Placement, Option<f64>);

/// Any skill of a rover: a route, or standing still for a time.
pub struct RoverSkill {
    body: RoverBody,
    route: Vec<Stop>,
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
        let params = Params::try_new(skill, params)?;
        let wait_s = match skill {
            "wait" => params.number_in("duration_s", DURATION_S)?,
            _ => 0.0,
        };
        Ok(Self {
            body: body.clone(),
            route: route(skill, &params, body, site)?,
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
        let navigator = self.navigator.get_or_insert_with(|| {
            self.leg_length_m = distance(pose, &target);
            self.leg_start = *pose;
            Navigator::new(self.body.limits, target, yaw)
        });
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
        self.watch_blockage(blocked, scan_age_s, tick.now);
        if arrived {
            self.leg += 1;
            self.navigator = None;
            self.remaining_m = 0.0;
            self.leg_length_m = 0.0;
            if self.leg == self.route.len() {
                return self.success(distance(pose, &target), tick.now);
            }
        }
        Progress::Running(self.share())
    }

    /// Gives up once something was in the way for too long.
    fn watch_blockage(&mut self, blocked: bool, scan_age_s: f64, now: Time) {
        if !blocked {
            self.blocked_since = None;
            return;
        }
        let since = *self.blocked_since.get_or_insert(now);
        if now.seconds_since(since) <= BLOCKED_S {
            return;
        }
        self.failure = Some(if scan_age_s > OBSTACLES_MAX_AGE_S {
            (
                ErrorCode::StaleData,
                format!("the lidar is silent for {scan_age_s:.1} s"),
            )
        } else {
            let (target, _) = self.route[self.leg];
            (
                ErrorCode::Blocked,
                format!(
                    "something stands in the way to ({:.2}, {:.2}) for {BLOCKED_S} s; {:.2} m to go",
                    target.x, target.y, self.remaining_m
                ),
            )
        });
    }

    fn success(&self, final_error_m: f64, now: Time) -> Progress {
        let started = self.started.unwrap_or(now);
        Progress::Succeeded(json!({
            "duration_s": now.seconds_since(started),
            "distance_m": self.driven_m,
            "final_error_m": final_error_m,
        }))
    }
}

/// Where a skill drives, in order; nowhere for one that stands.
fn route(
    skill: &str,
    params: &Params<'_>,
    body: &RoverBody,
    site: &Site,
) -> Result<Vec<Stop>, Error> {
    let floor = |field, name| Ok::<_, Error>(site.place(field, name, PlaceKind::Floor)?.pose);
    match skill {
        "wait" => Ok(Vec::new()),
        "home" => Ok(vec![(body.start, Some(body.start.yaw))]),
        "navigate_to" if params.has("place") => {
            if let Some(also) = ["x", "y", "yaw"].into_iter().find(|f| params.has(f)) {
                return Err(Error::InvalidParams {
                    field: also.into(),
                    problem: "is given beside place: give a place, or a point".into(),
                });
            }
            let target = floor("place", params.text("place")?)?;
            Ok(vec![(target, Some(target.yaw))])
        }
        "navigate_to" => {
            let target = Placement {
                x: params.number("x")?,
                y: params.number("y")?,
                ..Default::default()
            };
            Ok(vec![(target, params.optional_number("yaw")?)])
        }
        "patrol" => {
            let rounds = params.count("rounds", ROUNDS, 1)?;
            // A patrol passes through: only positions count.
            let round: Vec<Stop> = params
                .texts("places")?
                .into_iter()
                .map(|place| Ok((floor("places", place)?, None)))
                .collect::<Result<_, Error>>()?;
            Ok(round.repeat(rounds))
        }
        other => Err(Error::InvalidParams {
            field: "skill".into(),
            problem: format!("{other:?} is no skill of a rover"),
        }),
    }
}

fn distance(from: &Placement, to: &Placement) -> f64 {
    (to.x - from.x).hypot(to.y - from.y)
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
            self.driven_m += distance(&last, &pose);
        }
        if self.canceling || self.failure.is_some() {
            return self.brake(tick, command);
        }
        if self.route.is_empty() {
            return self.wait(tick, command);
        }
        self.drive(tick, &pose, command)
    }

    fn pause(&mut self, seconds: f64) {
        for time in [&mut self.wait_until, &mut self.blocked_since] {
            *time = time.map(|t| t.plus_seconds(seconds));
        }
    }

    fn cancel(&mut self) {
        self.canceling = true;
    }

    fn set_drive_limits(&mut self, limits: DriveLimits) {
        self.body.limits = limits;
        if let Some(navigator) = &mut self.navigator {
            navigator.set_limits(limits);
        }
    }

    fn tracking_error(&self) -> f64 {
        self.cross_track_m
    }
}
