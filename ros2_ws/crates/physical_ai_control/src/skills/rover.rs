mod body;
mod neighbours;
mod wheel_watch;

use physical_ai_domain::{ActuatorCommand, ErrorCode, PlaceKind, Placement, RobotState, Time};
use serde_json::{Value, json};

pub use body::RoverBody;
use wheel_watch::WheelWatch;

use super::hold::HoldRecord;
use super::parameters::{DURATION_S, Params, ROUNDS};
use super::{Progress, Site, Skill, Tick, exceeds};
use crate::navigation::{POSITION_TOLERANCE_M, YAW_TOLERANCE_RAD, wrap};
use crate::{DriveLimits, Error, Navigator, Speed};

/// Seconds after which a rover gives up on something in its way.
const BLOCKED_S: f64 = 8.0;
/// Seconds for which it waits for another robot to clear the way or the goal.
const YIELD_S: f64 = 10.0;
/// Oldest lidar turn on which a rover drives, seconds.
const OBSTACLES_MAX_AGE_S: f64 = 0.5;
/// Wheels slower than this are at rest, radians per second.
const REST_RPS: f64 = 0.1;
/// Seconds that a rover has to come to rest at its goal.
const SETTLE_TIMEOUT_S: f64 = 2.0;
/// Longest time for a leg: so many times what it takes at full speed, and seconds for turns and waits.
const LEG_FACTOR: f64 = 4.0;
const LEG_EXTRA_S: f64 = 30.0;

/// Where a robot is on the floor, as its state says.
pub(crate) fn placement(state: &RobotState) -> Placement {
    let pose = &state.base.pose;
    let (_, _, yaw) = pose.rotation.euler_angles();
    Placement {
        x: pose.translation.x,
        y: pose.translation.y,
        z: 0.0,
        yaw,
    }
}

/// A target in the world.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stop {
    /// As it was called: a place, or a point.
    pub name: String,
    /// Parameter that names it.
    field: &'static str,
    /// Where.
    pub at: Placement,
    /// Heading at the end; `None`: any.
    yaw: Option<f64>,
}

/// Why a rover does not drive on.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Blockage {
    /// No lidar turn for so many seconds.
    Blind(f64),
    Obstacle,
    /// Another robot, as index into what is perceived.
    Robot,
}

/// A leg under way.
struct Leg {
    navigator: Navigator,
    from: Placement,
    length_m: f64,
    began: Time,
    /// Since when it waits for rest at its end.
    arrived: Option<Time>,
    /// Since when it does not drive on.
    blocked: Option<Time>,
}

/// Any skill of a rover: a route, or standing still for a time.
pub struct RoverSkill {
    body: RoverBody,
    route: Vec<Stop>,
    next: usize,
    leg: Option<Leg>,
    wheels: WheelWatch,
    wait_until: Option<Time>,
    wait_s: f64,
    /// The robot was held since the last tick: its speed is not the one that was told.
    held: bool,
    canceling: bool,
    failure: Option<(ErrorCode, String)>,
    holds: HoldRecord,
    started: Option<Time>,
    last: Option<Placement>,
    driven_m: f64,
    remaining_m: f64,
    cross_track_m: f64,
    /// Speed commanded last.
    speed: Speed,
}

impl RoverSkill {
    /// Plans a skill from its parameters, for a rover that is at `from`.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] or [`Error::NoWay`] naming field and value.
    pub fn try_new(
        skill: &str,
        params: &Value,
        body: &RoverBody,
        site: &Site,
        from: &Placement,
    ) -> Result<Self, Error> {
        let params = Params::try_new(skill, params)?;
        let wait_s = match skill {
            "wait" => params.number_in("duration_s", DURATION_S)?,
            _ => 0.0,
        };
        let route = route(skill, &params, body, site)?;
        let mut at = from;
        for stop in &route {
            body.check_way(stop.field, &stop.name, at, &stop.at)?;
            at = &stop.at;
        }
        Ok(Self {
            body: body.clone(),
            route,
            next: 0,
            leg: None,
            wheels: WheelWatch::default(),
            wait_until: None,
            wait_s,
            held: false,
            canceling: false,
            failure: None,
            holds: HoldRecord::default(),
            started: None,
            last: None,
            driven_m: 0.0,
            remaining_m: 0.0,
            cross_track_m: 0.0,
            speed: Speed::default(),
        })
    }

    /// Where it drives, in order.
    pub(crate) fn route(&self) -> &[Stop] {
        &self.route
    }

    fn brake(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress {
        let leg = self.leg.as_mut();
        self.speed = leg.map_or_else(Speed::default, |l| l.navigator.brake(tick.dt_s));
        self.body.command(self.speed, command);
        if self.speed.forward_mps.abs() > 1e-3 || self.speed.yaw_rate_rps.abs() > 1e-2 {
            return Progress::Running(self.share());
        }
        match self.failure.take() {
            Some((code, reason)) => Progress::Failed(code, self.holds.explain(reason)),
            None => Progress::Canceled,
        }
    }

    fn share(&self) -> f32 {
        let legs = self.route.len().max(1) as f64;
        let leg = match &self.leg {
            Some(leg) if leg.length_m > 1e-3 => {
                (1.0 - self.remaining_m / leg.length_m).clamp(0.0, 1.0)
            }
            _ => 0.0,
        };
        ((self.next as f64 + leg) / legs) as f32
    }

    /// The first wheel that turns, with its speed, radians per second.
    fn turning_wheel<'a>(&'a self, tick: &'a Tick<'_>) -> Option<(&'a str, f64)> {
        let wheels = self.body.wheels(tick.state);
        wheels
            .into_iter()
            .find(|(_, speed)| exceeds(speed.abs(), REST_RPS))
    }

    fn wait(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress {
        self.body.command(Speed::default(), command);
        let until = *self
            .wait_until
            .get_or_insert(tick.now.plus_seconds(self.wait_s));
        let left_s = until.seconds_since(tick.now);
        if left_s > 0.0 {
            return Progress::Running((1.0 - left_s / self.wait_s.max(1e-9)) as f32);
        }
        match self.turning_wheel(tick) {
            None => Progress::Succeeded(json!({"duration_s": self.wait_s})),
            Some((name, speed)) if left_s < -SETTLE_TIMEOUT_S => {
                let reason = format!("{name} turns at {speed:.2} rad/s although it shall stand");
                self.failure = Some((ErrorCode::Blocked, reason));
                Progress::Running(1.0)
            }
            Some(_) => Progress::Running(1.0),
        }
    }

    fn drive(
        &mut self,
        tick: &Tick<'_>,
        pose: &Placement,
        command: &mut ActuatorCommand,
    ) -> Progress {
        let stop = &self.route[self.next];
        let limits = self.body.limits;
        let leg = self.leg.get_or_insert_with(|| Leg {
            navigator: Navigator::new(limits, stop.at, stop.yaw),
            from: *pose,
            length_m: distance(pose, &stop.at),
            began: tick.now,
            arrived: None,
            blocked: None,
        });
        self.cross_track_m = cross_track(&leg.from, &stop.at, pose);
        let scan_age_s = tick.now.seconds_since(tick.perception.obstacles_stamp);
        let (arrived, blockage) = if scan_age_s > OBSTACLES_MAX_AGE_S {
            // Blind: stand still until the lidar is back.
            self.speed = leg.navigator.brake(tick.dt_s);
            (false, Some(Blockage::Blind(scan_age_s)))
        } else {
            let obstacles = &tick.perception.obstacles;
            let seen_m = obstacles.free_ahead_m(limits.half_width_m) - limits.stop_distance_m;
            let neighbour = self.body.nearest_ahead(pose, tick.perception);
            let free_m = neighbour.as_ref().map_or(seen_m, |n| n.free_m.min(seen_m));
            let step = leg.navigator.step(pose, free_m, tick.dt_s);
            self.speed = step.speed;
            self.remaining_m = step.remaining_m;
            let is_robot = neighbour.is_some_and(|n| self.body.is_what_the_lidar_sees(&n));
            let blockage = if is_robot {
                Blockage::Robot
            } else {
                Blockage::Obstacle
            };
            (step.arrived, step.blocked.then_some(blockage))
        };
        self.body.command(self.speed, command);
        self.watch(tick, pose, blockage);
        if arrived {
            self.arrive(tick, pose)
        } else {
            if let Some(leg) = &mut self.leg {
                leg.arrived = None;
            }
            Progress::Running(self.share())
        }
    }

    /// The navigator is done: the next leg, or the end if the rover is measured to stand there.
    fn arrive(&mut self, tick: &Tick<'_>, pose: &Placement) -> Progress {
        let Some(leg) = &mut self.leg else {
            return Progress::Running(self.share());
        };
        let since = *leg.arrived.get_or_insert(tick.now);
        if self.next + 1 < self.route.len() {
            self.next += 1;
            self.leg = None;
            self.remaining_m = 0.0;
            return Progress::Running(self.share());
        }
        let stop = &self.route[self.next];
        let off_m = distance(pose, &stop.at);
        let off_rad = stop.yaw.map_or(0.0, |yaw| wrap(yaw - pose.yaw).abs());
        let turning = self.turning_wheel(tick);
        let there = off_m <= POSITION_TOLERANCE_M && off_rad <= YAW_TOLERANCE_RAD;
        if there && turning.is_none() {
            let started = self.started.unwrap_or(tick.now);
            return Progress::Succeeded(json!({
                "duration_s": tick.now.seconds_since(started),
                "distance_m": self.driven_m,
                "final_error_m": off_m,
                "tolerance_m": POSITION_TOLERANCE_M,
                "final_error_rad": off_rad,
                "tolerance_rad": YAW_TOLERANCE_RAD,
            }));
        }
        if tick.now.seconds_since(since) > SETTLE_TIMEOUT_S {
            let (wheel, speed) = turning.unwrap_or(("no wheel", 0.0));
            let reason = format!(
                "does not come to rest at {}: {off_m:.3} m off (allowed {POSITION_TOLERANCE_M} m), {off_rad:.3} rad off \
                 (allowed {YAW_TOLERANCE_RAD} rad), {wheel} turns at {speed:.2} rad/s: {}",
                stop.name, "something pushes it, or its drives do not brake"
            );
            self.failure = Some((ErrorCode::Blocked, reason));
        }
        Progress::Running(self.share())
    }

    /// Gives up on wheels that do not turn, on what stays in the way, and on a leg that takes for ever.
    fn watch(&mut self, tick: &Tick<'_>, pose: &Placement, blockage: Option<Blockage>) {
        if let Err(reason) = self.wheels.observe(&self.body, tick, self.speed) {
            self.failure = Some((ErrorCode::Blocked, reason));
        }
        let Some(leg) = &mut self.leg else { return };
        let most_s = LEG_EXTRA_S + LEG_FACTOR * leg.length_m / self.body.limits.max_speed_mps;
        let took_s = tick.now.seconds_since(leg.began);
        let since = blockage.map(|_| *leg.blocked.get_or_insert(tick.now));
        leg.blocked = since;
        let blocked_s = since.map_or(0.0, |t| tick.now.seconds_since(t));
        let stop = &self.route[self.next];
        if took_s > most_s {
            let reason = format!(
                "{} was not reached in {most_s:.0} s: {:.2} m to go",
                stop.name, self.remaining_m
            );
            self.failure = Some((ErrorCode::Timeout, reason));
        }
        let Some(blockage) = blockage else { return };
        let patience_s = match blockage {
            Blockage::Robot => YIELD_S,
            _ => BLOCKED_S,
        };
        if blocked_s > patience_s {
            self.failure = Some(self.give_up(tick, pose, blockage));
        }
    }

    /// What kept the rover from driving on for too long.
    fn give_up(
        &self,
        tick: &Tick<'_>,
        pose: &Placement,
        blockage: Blockage,
    ) -> (ErrorCode, String) {
        let stop = &self.route[self.next];
        let neighbour = self.body.nearest_ahead(pose, tick.perception);
        let reason = match (blockage, neighbour) {
            (Blockage::Blind(age_s), _) => {
                let reason = format!("the lidar is silent for {age_s:.1} s");
                return (ErrorCode::StaleData, reason);
            }
            (Blockage::Robot, Some(neighbour)) => {
                let other = neighbour.robot;
                let name = &other.robot;
                let needed_m = self.body.goal_separation_m();
                match self.body.occupies(other, &stop.at) {
                    Some(off_m) => format!(
                        "{} is occupied by {name}: it stands {off_m:.2} m from it, {needed_m:.2} m are needed; waited \
                         {YIELD_S} s",
                        stop.name
                    ),
                    None => format!(
                        "{name} stands in the way to {} for {YIELD_S} s; {:.2} m to go",
                        stop.name, self.remaining_m
                    ),
                }
            }
            _ => format!(
                "something stands in the way to {} for {BLOCKED_S} s; {:.2} m to go",
                stop.name, self.remaining_m
            ),
        };
        (ErrorCode::Blocked, reason)
    }
}

/// Where a skill drives, in order; nowhere for one that stands.
fn route(
    skill: &str,
    params: &Params<'_>,
    body: &RoverBody,
    site: &Site,
) -> Result<Vec<Stop>, Error> {
    let place = |field: &'static str, name: &str, turns: bool| {
        let at = site.place(field, name, PlaceKind::Floor)?.pose;
        Ok::<_, Error>(Stop {
            name: name.to_owned(),
            field,
            at,
            yaw: turns.then_some(at.yaw),
        })
    };
    match skill {
        "wait" => Ok(Vec::new()),
        "home" => Ok(vec![Stop {
            name: "its start".into(),
            field: "home",
            at: body.start,
            yaw: Some(body.start.yaw),
        }]),
        "navigate_to" if params.has("place") => {
            if let Some(also) = ["x", "y", "yaw"].into_iter().find(|f| params.has(f)) {
                return Err(Error::InvalidParams {
                    field: also.into(),
                    problem: "is given beside place: give a place, or a point".into(),
                });
            }
            Ok(vec![place("place", params.text("place")?, true)?])
        }
        "navigate_to" => {
            let at = Placement {
                x: params.number("x")?,
                y: params.number("y")?,
                ..Default::default()
            };
            Ok(vec![Stop {
                name: format!("({:.2}, {:.2})", at.x, at.y),
                field: "x",
                at,
                yaw: params.optional_angle("yaw")?,
            }])
        }
        "patrol" => {
            let rounds = params.count("rounds", ROUNDS, 1)?;
            let names = params.texts("places")?.into_iter();
            // A patrol passes through: only positions count.
            let round: Vec<Stop> = names
                .map(|name| place("places", name, false))
                .collect::<Result<_, _>>()?;
            Ok((0..rounds).flat_map(|_| round.iter().cloned()).collect())
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
        if std::mem::take(&mut self.held)
            && let Some(Leg { navigator, .. }) = &mut self.leg
        {
            let base = &tick.state.base;
            navigator.take_up(Speed {
                forward_mps: base.forward_mps,
                yaw_rate_rps: base.yaw_rate_rps,
            });
        }
        if self.canceling || self.failure.is_some() {
            return self.brake(tick, command);
        }
        if self.route.is_empty() {
            return self.wait(tick, command);
        }
        self.drive(tick, &pose, command)
    }

    fn pause(&mut self, seconds: f64, why: Option<&str>) {
        self.held = true;
        self.holds.add(seconds, why);
        self.postpone(seconds);
    }

    fn postpone(&mut self, seconds: f64) {
        self.wait_until = self.wait_until.map(|t| t.plus_seconds(seconds));
        if let Some(leg) = &mut self.leg {
            leg.began = leg.began.plus_seconds(seconds);
            for time in [&mut leg.arrived, &mut leg.blocked] {
                *time = time.map(|t| t.plus_seconds(seconds));
            }
        }
    }

    fn cancel(&mut self) {
        self.canceling = true;
    }

    fn set_drive_limits(&mut self, limits: DriveLimits) {
        self.body.limits = limits;
        if let Some(Leg { navigator, .. }) = &mut self.leg {
            navigator.set_limits(limits);
        }
    }

    fn tracking_error(&self) -> f64 {
        self.cross_track_m
    }
}
