use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::{ActuatorCommand, ErrorCode, Placement, Time};
use serde_json::json;

use super::DriveBody;
use super::neighbours::{goal_separation_m, occupies};
use super::wheel_watch::WheelWatch;
use crate::navigation::{POSITION_TOLERANCE_M, YAW_TOLERANCE_RAD, wrap};
use crate::skills::hold::HoldRecord;
use crate::skills::{Outcome, Progress, Situation, Skill, Stop, Tick, exceeds, placement};
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

/// Any skill of a drive: a route.
pub(super) struct DriveSkill {
    body: DriveBody,
    route: Vec<Stop>,
    next: usize,
    leg: Option<Leg>,
    wheels: WheelWatch,
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

impl DriveSkill {
    /// Plans a route for a robot whose root link is at `from` in the world.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] or [`Error::NoWay`] naming field and value.
    pub(super) fn try_new(
        body: &DriveBody,
        route: Vec<Stop>,
        from: &Isometry3<f64>,
    ) -> Result<Self, Error> {
        let from = placement(from);
        let mut at = &from;
        for stop in &route {
            body.check_way(stop.field, &stop.name, at, &stop.at)?;
            at = &stop.at;
        }
        Ok(Self {
            wheels: WheelWatch::new(body),
            body: body.clone(),
            route,
            next: 0,
            leg: None,
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
    fn turning_wheel(&self, tick: &Tick<'_>) -> Option<(&str, f64)> {
        let mut wheels = self.body.wheels(tick.state);
        let turning = wheels.find(|w| exceeds(w.speed_rps.abs(), REST_RPS))?;
        Some((self.body.name(turning.joint), turning.speed_rps))
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
                let reason = match &tick.perception.obstacles_refused {
                    Some(why) => format!("no scan could be believed for {age_s:.1} s: {why}"),
                    None => format!("the lidar is silent for {age_s:.1} s"),
                };
                return (ErrorCode::StaleData, reason);
            }
            (Blockage::Robot, Some(neighbour)) => {
                let other = neighbour.robot;
                let name = &other.robot;
                let needed_m = goal_separation_m(&self.body.safety);
                match occupies(&self.body.safety, other, &stop.at) {
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

impl Skill for DriveSkill {
    fn tick(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress {
        let pose = placement(&tick.state.base.pose);
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
        self.drive(tick, &pose, command)
    }

    fn pause(&mut self, seconds: f64, why: Option<&str>) {
        self.held = true;
        self.holds.add(seconds, why);
        self.postpone(seconds);
    }

    fn postpone(&mut self, seconds: f64) {
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

    fn outcome(&self, situation: &Situation<'_>) -> Outcome {
        let unchanged = Outcome::unchanged(situation);
        let Some(last) = self.route.last() else {
            return unchanged;
        };
        let yaw = last.yaw.unwrap_or(placement(&situation.root).yaw);
        let height_m = situation.root.translation.z;
        Outcome {
            root: Isometry3::from_parts(
                Translation3::new(last.at.x, last.at.y, height_m),
                UnitQuaternion::from_axis_angle(&Vector3::z_axis(), yaw),
            ),
            route: self.route.clone(),
            ..unchanged
        }
    }
}
