use physical_ai_domain::{JointLimits, RobotModel, RobotState, Time};

use super::blend::{BLEND_SHARE, Blend};
use super::goal::{TrajectoryGoal, check_limits, invalid, too_fast};
use super::outcome::{TrajectoryProgress, TrajectoryViolation};
use super::spline::JointSpline;
use super::tolerance::{Allowed, Tolerances};
use crate::safety::VELOCITY_TOLERANCE;
use crate::{Error, JointPoint};

/// Differences that are rounding, radians or metres and per second.
const ROUNDING: f64 = 1e-9;
/// Parts of the way to a trajectory that are looked at for its speed.
const PARTS: u32 = 50;

/// Where a robot's joints are told to be when it begins to follow a trajectory.
#[derive(Debug, Clone, Copy)]
pub struct TrajectoryFrom<'a> {
    /// ROS time of these set points.
    pub time: Time,
    /// Radians or metres, one value per movable joint.
    pub position: &'a [f64],
    /// Per second.
    pub velocity: &'a [f64],
}

/// A trajectory on its way: set points for each tick, and whether the robot keeps to them.
///
/// A joint joins it from its last set point, without a jump in position or velocity: what they differ by from
/// the trajectory's is taken back by the time of the first point, or with half of the joint's acceleration where
/// that is too soon. Joints that the trajectory does not name come to rest in the same way.
#[derive(Debug, Clone)]
pub struct TrajectoryFollower {
    start: Time,
    spline: JointSpline,
    /// Of the trajectory's joints, in its order, among the robot's.
    joints: Vec<usize>,
    limits: Vec<JointLimits>,
    /// For each joint of the robot: its column in the trajectory, and what is left of where it came from.
    columns: Vec<Option<usize>>,
    blends: Vec<Blend>,
    blend_start: Time,
    /// Where the joints stay that the trajectory does not name.
    rest: Vec<f64>,
    tolerances: Tolerances,
    desired: JointPoint,
}

impl TrajectoryFollower {
    /// The number of the last posture along a trajectory that is looked at.
    pub(crate) const POSTURES: usize = 60;

    /// Checks a goal that arrived at `now` as a whole.
    ///
    /// # Errors
    /// [`Error::TrajectoryJoints`], [`Error::OldTrajectory`], [`Error::InvalidTrajectory`], [`Error::NotFinite`] or
    /// [`Error::JointLimit`], with joint, value and limit.
    pub fn try_new(
        goal: &TrajectoryGoal,
        model: &RobotModel,
        from: &TrajectoryFrom<'_>,
        now: Time,
    ) -> Result<Self, Error> {
        let joints = goal.joints(model)?;
        goal.check_points()?;
        let tolerances = Tolerances::try_new(
            &goal.path_tolerance,
            &goal.goal_tolerance,
            goal.goal_time_tolerance_s,
            &goal.joint_names,
            model,
        )?;
        let start = goal.start(now)?;
        let limits: Vec<JointLimits> = model.movable().map(|j| j.limits).collect();
        for values in [from.position, from.velocity] {
            if values.len() != limits.len() {
                return Err(Error::WrongLength {
                    field: "set points",
                    observed: values.len(),
                    expected: limits.len(),
                });
            }
        }
        let points = goal.unwound(&joints, model, from.position);
        let spline = JointSpline::new(&points, joints.len());
        check_limits(&spline, &joints, model)?;
        let count = limits.len();
        let column = |joint: usize| joints.iter().position(|j| *j == joint);
        let mut follower = Self {
            start,
            spline,
            columns: (0..count).map(column).collect(),
            joints,
            limits,
            blends: vec![Blend::default(); count],
            blend_start: now,
            rest: from.position.to_vec(),
            tolerances,
            desired: JointPoint {
                position: from.position.to_vec(),
                velocity: from.velocity.to_vec(),
            },
        };
        follower.join(from, &model.joint_names())?;
        Ok(follower)
    }

    /// Goes on from these set points. `names` are those of all joints.
    ///
    /// # Errors
    /// [`Error::InvalidTrajectory`] if a joint is too far from where it shall be to get there in time.
    pub fn join(&mut self, from: &TrajectoryFrom<'_>, names: &[String]) -> Result<(), Error> {
        let to_first_s = self.start.seconds_since(from.time) + self.spline.first_s();
        self.blend_start = from.time;
        for (joint, name) in names.iter().enumerate().take(self.limits.len()) {
            let limits = self.limits[joint];
            let (position, speed) = (from.position[joint], from.velocity[joint]);
            let acceleration = BLEND_SHARE * limits.acceleration;
            let Some(column) = self.columns[joint] else {
                let (blend, distance) = Blend::to_rest(speed, acceleration);
                self.blends[joint] = blend;
                self.rest[joint] = (position + distance).clamp(limits.lower, limits.upper);
                continue;
            };
            let time_s = from.time.seconds_since(self.start);
            let [wanted, wanted_speed] = self.spline.sample(column, time_s);
            let (off, off_speed) = (position - wanted, speed - wanted_speed);
            let is_near = off.abs() <= limits.tracking_tolerance(0.0);
            // Before its first point a trajectory needs no acceleration itself.
            let in_time =
                Blend::least_duration_s(off, off_speed, limits.acceleration) <= to_first_s;
            let is_there = off.abs() < ROUNDING && off_speed.abs() < ROUNDING;
            let duration_s = match (is_there, in_time) {
                (true, _) => 0.0,
                (false, true) => to_first_s,
                (false, false) => Blend::least_duration_s(off, off_speed, acceleration),
            };
            self.blends[joint] = Blend::new(off, off_speed, duration_s);
            if !is_near {
                self.check_approach(joint, name, in_time)?;
            }
        }
        Ok(())
    }

    /// Whether a joint that is far from the trajectory comes to its first point in time.
    fn check_approach(&self, joint: usize, name: &str, in_time: bool) -> Result<(), Error> {
        let limits = &self.limits[joint];
        let (blend, begin) = (&self.blends[joint], self.blend_start);
        let at = self.place(joint, begin)[0];
        let wanted = at - blend.sample(0.0)[0];
        if !in_time {
            let reach = limits.tracking_tolerance(0.0);
            let problem = format!(
                "{name} is at {at:.4}, {:.4} from where it shall be: a trajectory begins within {reach:.4} of \
                 there, or leaves time to come to its first point (more than {:.3} s)",
                (at - wanted).abs(),
                Blend::least_duration_s(at - wanted, 0.0, limits.acceleration)
            );
            return Err(invalid("trajectory.points", problem));
        }
        let time_s = |part: u32| blend.duration_s() * f64::from(part) / f64::from(PARTS);
        let speed = |part: u32| self.place(joint, begin.plus_seconds(time_s(part)))[1].abs();
        let fastest = (0..=PARTS).max_by(|a, b| speed(*a).total_cmp(&speed(*b)));
        match fastest.map(|part| (speed(part), time_s(part))) {
            Some((speed, at_s)) if speed > limits.velocity * VELOCITY_TOLERANCE => {
                let why = format!("{name}, from {at:.4} to the first point,");
                Err(too_fast(&why, speed, at_s, limits.velocity))
            }
            _ => Ok(()),
        }
    }

    /// Position and velocity of a joint at a time.
    fn place(&self, joint: usize, at: Time) -> [f64; 2] {
        let [off, off_speed] = self.blends[joint].sample(at.seconds_since(self.blend_start));
        let [position, speed] = match self.columns[joint] {
            Some(column) => self.spline.sample(column, at.seconds_since(self.start)),
            None => [self.rest[joint], 0.0],
        };
        [position + off, speed + off_speed]
    }

    /// Writes where all joints of the robot shall be at `at`.
    ///
    /// # Shapes
    /// `out`: one value per movable joint.
    /// # Real-time
    /// Allocates only when `out` is too small.
    pub fn sample(&self, at: Time, out: &mut JointPoint) {
        out.position.resize(self.limits.len(), 0.0);
        out.velocity.resize(self.limits.len(), 0.0);
        let values = out.position.iter_mut().zip(&mut out.velocity);
        for (joint, (position, velocity)) in values.enumerate() {
            [*position, *velocity] = self.place(joint, at);
        }
    }

    /// Holds a measured state against the trajectory at the time at which it was measured.
    ///
    /// # Real-time
    /// Does not allocate.
    pub fn judge(&mut self, state: &RobotState) -> TrajectoryProgress {
        let mut desired = std::mem::take(&mut self.desired);
        self.sample(state.stamp, &mut desired);
        self.desired = desired;
        if state.stamp < self.blend_start {
            // It was measured before the robot was told anything of this.
            return TrajectoryProgress::Following;
        }
        let over_s = state.stamp.seconds_since(self.start) - self.spline.end_s();
        if over_s < 0.0 {
            return match self.violation(&self.tolerances.path, state) {
                Some(violation) => TrajectoryProgress::PathViolated(violation),
                None => TrajectoryProgress::Following,
            };
        }
        let joins =
            |blend: &Blend| state.stamp.seconds_since(self.blend_start) < blend.duration_s();
        match self.violation(&self.tolerances.goal, state) {
            None if self.blends.iter().any(joins) => TrajectoryProgress::Following,
            None => self.reached(state),
            Some(violation)
                if self
                    .tolerances
                    .goal_time_s
                    .is_some_and(|most_s| over_s > most_s) =>
            {
                TrajectoryProgress::GoalViolated(violation)
            }
            Some(_) => TrajectoryProgress::Following,
        }
    }

    fn reached(&self, state: &RobotState) -> TrajectoryProgress {
        let measured = |joint: usize| state.position.get(joint).copied().unwrap_or(f64::NAN);
        let off = |joint: usize| (measured(joint) - self.desired.position[joint]).abs();
        let worst = self
            .joints
            .iter()
            .copied()
            .max_by(|a, b| off(*a).total_cmp(&off(*b)));
        let joint = worst.unwrap_or(0);
        TrajectoryProgress::Reached(joint, off(joint))
    }

    fn violation(&self, allowed: &[Allowed], state: &RobotState) -> Option<TrajectoryViolation> {
        self.joints
            .iter()
            .zip(allowed)
            .find_map(|(joint, allowed)| {
                let judge =
                    |tolerance: Option<f64>, desired: &[f64], actual: &[f64], is_velocity: bool| {
                        let (tolerance, desired) = (tolerance?, desired[*joint]);
                        let actual = actual.get(*joint).copied().unwrap_or(f64::NAN);
                        let is_within = (actual - desired).abs() <= tolerance;
                        (!is_within).then_some(TrajectoryViolation {
                            joint: *joint,
                            is_velocity,
                            desired,
                            actual,
                            tolerance,
                        })
                    };
                judge(
                    allowed.position,
                    &self.desired.position,
                    &state.position,
                    false,
                )
                .or_else(|| {
                    judge(
                        allowed.velocity,
                        &self.desired.velocity,
                        &state.velocity,
                        true,
                    )
                })
            })
    }

    /// Where all joints shall have been at the last call of [`TrajectoryFollower::judge`]; before the first, where they
    /// begin.
    pub fn desired(&self) -> &JointPoint {
        &self.desired
    }

    /// Its joints among the robot's, in the order in which the goal names them.
    pub fn joints(&self) -> &[usize] {
        &self.joints
    }

    /// When it starts.
    pub fn start(&self) -> Time {
        self.start
    }

    /// Postures of all joints from where they are to its end, in order.
    ///
    /// # Real-time
    /// Allocates; not for the control tick.
    pub(crate) fn postures(&self) -> impl Iterator<Item = Vec<f64>> + '_ {
        let end = self.start.plus_seconds(self.spline.end_s());
        let length_s = end.seconds_since(self.blend_start).max(0.0);
        (0..=Self::POSTURES).map(move |i| {
            let time_s = length_s * i as f64 / Self::POSTURES as f64;
            let at = self.blend_start.plus_seconds(time_s);
            (0..self.limits.len())
                .map(|j| self.place(j, at)[0])
                .collect()
        })
    }
}
