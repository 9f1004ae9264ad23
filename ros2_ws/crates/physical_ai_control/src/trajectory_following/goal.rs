use physical_ai_domain::{JointKind, RobotModel, Time};

use super::spline::JointSpline;
use super::tolerance::JointTolerance;
use crate::Error;
use crate::safety::VELOCITY_TOLERANCE;

/// Most points of a trajectory: they are looked at between two control ticks.
const MOST_POINTS: usize = 10_000;
/// Encoders may see a joint this far beyond its limits, radians or metres.
const LIMIT_SLACK: f64 = 1e-3;
/// A trajectory that begins later than this, seconds, is of another clock.
const LATEST_START_S: f64 = 60.0;
/// Speeds below this are none, radians or metres per second.
const AT_REST: f64 = 1e-6;

/// Where the joints shall be at one time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrajectoryPoint {
    /// Seconds from the start of the trajectory.
    pub time_from_start_s: f64,
    /// Radians or metres, in the order of the goal's joints.
    pub positions: Vec<f64>,
    /// Per second; may be empty.
    pub velocities: Vec<f64>,
    /// Per second squared; may be empty.
    pub accelerations: Vec<f64>,
    /// Newton metres or newtons; must be empty until there is torque control.
    pub effort: Vec<f64>,
}

/// A trajectory for some or all joints of a robot, as somebody asks for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrajectoryGoal {
    /// ROS time of its start; zero: now.
    pub start: Time,
    /// Joints to be moved, in any order; the others hold still.
    pub joint_names: Vec<String>,
    /// The points, in the order of time.
    pub points: Vec<TrajectoryPoint>,
    /// While it moves.
    pub path_tolerance: Vec<JointTolerance>,
    /// At its end.
    pub goal_tolerance: Vec<JointTolerance>,
    /// Seconds after its end in which the robot must be there; 0: this side's own, −1: however long it takes.
    pub goal_time_tolerance_s: f64,
}

impl TrajectoryGoal {
    /// Indices of its joints among the robot's movable ones.
    ///
    /// # Errors
    /// [`Error::TrajectoryJoints`] for a joint that is unknown or named twice, or for none at all.
    pub(super) fn joints(&self, model: &RobotModel) -> Result<Vec<usize>, Error> {
        let error = |field: String, problem: String| Error::TrajectoryJoints { field, problem };
        let mut joints = Vec::with_capacity(self.joint_names.len());
        for (i, name) in self.joint_names.iter().enumerate() {
            let field = || format!("trajectory.joint_names[{i}]");
            let Some(joint) = model.movable_index(name) else {
                let known = model.joint_names().join(", ");
                let problem = format!(
                    "{name:?} is not a joint of {} that moves: {known}",
                    model.name
                );
                return Err(error(field(), problem));
            };
            if joints.contains(&joint) {
                return Err(error(field(), format!("{name:?} is named twice")));
            }
            joints.push(joint);
        }
        if joints.is_empty() {
            let problem = "is empty: name the joints that shall move".to_owned();
            return Err(error("trajectory.joint_names".to_owned(), problem));
        }
        Ok(joints)
    }

    /// Its points with the right number of finite values, in the order of time, at rest at the end.
    ///
    /// # Errors
    /// [`Error::InvalidTrajectory`] or [`Error::NotFinite`], with the field.
    pub(super) fn check_points(&self) -> Result<(), Error> {
        let count = self.points.len();
        if count == 0 || count > MOST_POINTS {
            let problem = format!("has {count} points: 1 to {MOST_POINTS} can be followed");
            return Err(invalid("trajectory.points", problem));
        }
        let mut before_s = f64::NEG_INFINITY;
        for (i, point) in self.points.iter().enumerate() {
            self.check_values(i, point)?;
            let at_s = point.time_from_start_s;
            if at_s < 0.0 || at_s <= before_s {
                let problem = if at_s < 0.0 {
                    format!("is {at_s} s: it must be 0 or more")
                } else {
                    format!(
                        "is {at_s} s, after {before_s} s: times must increase from point to point"
                    )
                };
                return Err(invalid(
                    &format!("trajectory.points[{i}].time_from_start"),
                    problem,
                ));
            }
            before_s = at_s;
        }
        let last = count - 1;
        let end = self.points[last].velocities.iter().zip(&self.joint_names);
        match end.into_iter().find(|(v, _)| v.abs() > AT_REST) {
            None => Ok(()),
            Some((velocity, joint)) => Err(invalid(
                &format!("trajectory.points[{last}].velocities"),
                format!("{joint} moves at {velocity} at the end: a trajectory ends at rest"),
            )),
        }
    }

    fn check_values(&self, i: usize, point: &TrajectoryPoint) -> Result<(), Error> {
        let joints = self.joint_names.len();
        let field = |part: &str| format!("trajectory.points[{i}].{part}");
        if !point.effort.is_empty() {
            let problem = "is given, but there is no torque control: leave it empty";
            return Err(invalid(&field("effort"), problem.to_owned()));
        }
        for (part, values, is_needed) in [
            ("positions", &point.positions, true),
            (
                "velocities",
                &point.velocities,
                !point.accelerations.is_empty(),
            ),
            ("accelerations", &point.accelerations, false),
        ] {
            if values.len() != joints && (is_needed || !values.is_empty()) {
                let problem = format!("has {} values for {joints} joints", values.len());
                return Err(invalid(&field(part), problem));
            }
            if let Some(bad) = values.iter().position(|v| !v.is_finite()) {
                return Err(Error::NotFinite {
                    field: format!("{} of {}", field(part), self.joint_names[bad]),
                    value: values[bad],
                });
            }
        }
        Ok(())
    }

    /// When it starts, given that it arrives at `now`.
    ///
    /// # Errors
    /// [`Error::OldTrajectory`] where all of it is over, [`Error::InvalidTrajectory`] for a start that can only be
    /// of another clock.
    pub(super) fn start(&self, now: Time) -> Result<Time, Error> {
        if self.start.is_zero() {
            return Ok(now);
        }
        let end_s = self.points.last().map_or(0.0, |p| p.time_from_start_s);
        let over_s = now.seconds_since(self.start) - end_s;
        if over_s > 0.0 {
            return Err(Error::OldTrajectory { over_s });
        }
        let ahead_s = self.start.seconds_since(now);
        if ahead_s > LATEST_START_S {
            let problem = format!(
                "lies {ahead_s:.3} s ahead of {:.3} s here, at most {LATEST_START_S} s is followed: is it of another clock?",
                now.seconds()
            );
            return Err(invalid("trajectory.header.stamp", problem));
        }
        Ok(self.start)
    }

    /// Its positions moved by whole turns where a joint turns without end, so that they lie around where it is.
    pub(super) fn unwound(
        &self,
        joints: &[usize],
        model: &RobotModel,
        positions: &[f64],
    ) -> Vec<TrajectoryPoint> {
        let mut points = self.points.clone();
        let turns_freely: Vec<bool> = model
            .movable()
            .map(|j| j.kind == JointKind::Continuous)
            .collect();
        for (column, joint) in joints.iter().enumerate().filter(|(_, j)| turns_freely[**j]) {
            let first = points.first().map_or(0.0, |p| p.positions[column]);
            let turn = std::f64::consts::TAU;
            let offset = ((positions[*joint] - first) / turn).round() * turn;
            for point in &mut points {
                point.positions[column] += offset;
            }
        }
        points
    }
}

/// Positions and speeds along the whole way within the joints' limits.
///
/// # Errors
/// [`Error::JointLimit`] or [`Error::InvalidTrajectory`], with joint, value and limit.
pub(super) fn check_limits(
    spline: &JointSpline,
    joints: &[usize],
    model: &RobotModel,
) -> Result<(), Error> {
    for (column, joint) in joints.iter().enumerate() {
        let Some(joint) = model.movable().nth(*joint) else {
            continue;
        };
        let (limits, extremes) = (&joint.limits, spline.extremes(column));
        let beyond = [extremes.lowest, extremes.highest]
            .into_iter()
            .find(|p| *p < limits.lower - LIMIT_SLACK || *p > limits.upper + LIMIT_SLACK);
        if let Some(value) = beyond {
            return Err(Error::JointLimit {
                joint: joint.name.clone(),
                value,
                lower: limits.lower,
                upper: limits.upper,
            });
        }
        if extremes.fastest > limits.velocity * VELOCITY_TOLERANCE {
            return Err(too_fast(
                &joint.name,
                extremes.fastest,
                extremes.fastest_at_s,
                limits.velocity,
            ));
        }
    }
    Ok(())
}

pub(super) fn too_fast(joint: &str, speed: f64, at_s: f64, most: f64) -> Error {
    let problem = format!(
        "{joint} would move at {speed:.3} rad/s or m/s {at_s:.3} s after the start, limit {most:.3}"
    );
    invalid("trajectory.points", problem)
}

pub(super) fn invalid(field: &str, problem: String) -> Error {
    Error::InvalidTrajectory {
        field: field.to_owned(),
        problem,
    }
}
