use physical_ai_domain::{JointKind, RobotModel};

use crate::Error;

/// Largest distance from its goal with which a joint that turns is there, unless the goal says otherwise,
/// radians.
const GOAL_RAD: f64 = 0.02;
/// The same of a joint that slides, metres.
const GOAL_M: f64 = 0.005;
/// Speed below which a joint is at rest at its goal, radians or metres per second.
const GOAL_SPEED: f64 = 0.05;
/// Seconds after the end of a trajectory in which the robot must be there.
const GOAL_TIME_S: f64 = 1.0;

/// How far a joint may be from where it shall be, as control_msgs/msg/JointTolerance says it: 0 is this
/// side's own tolerance, −1 is none at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JointTolerance {
    /// The joint.
    pub name: String,
    /// Radians or metres.
    pub position: f64,
    /// Per second.
    pub velocity: f64,
    /// Per second squared.
    pub acceleration: f64,
}

/// What is allowed of one joint; `None`: anything.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Allowed {
    pub(super) position: Option<f64>,
    pub(super) velocity: Option<f64>,
}

/// Tolerances of a goal, for its joints in their order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tolerances {
    pub(super) path: Vec<Allowed>,
    pub(super) goal: Vec<Allowed>,
    /// Seconds; `None`: however long it takes.
    pub(super) goal_time_s: Option<f64>,
}

impl Tolerances {
    /// # Errors
    /// [`Error::TrajectoryJoints`] for a joint that the goal does not move, [`Error::InvalidTrajectory`] for a
    /// value that means nothing.
    pub(super) fn try_new(
        path: &[JointTolerance],
        goal: &[JointTolerance],
        goal_time_s: f64,
        names: &[String],
        model: &RobotModel,
    ) -> Result<Self, Error> {
        let own = |name: &String| {
            let joint = model.movable().find(|j| j.name == *name);
            let slides = joint.is_some_and(|j| j.kind == JointKind::Prismatic);
            Allowed {
                position: Some(if slides { GOAL_M } else { GOAL_RAD }),
                velocity: Some(GOAL_SPEED),
            }
        };
        let free = vec![Allowed::default(); names.len()];
        Ok(Self {
            path: resolve("path_tolerance", path, names, free)?,
            goal: resolve(
                "goal_tolerance",
                goal,
                names,
                names.iter().map(own).collect(),
            )?,
            goal_time_s: choose("goal_time_tolerance", goal_time_s, Some(GOAL_TIME_S))?,
        })
    }
}

fn resolve(
    field: &'static str,
    tolerances: &[JointTolerance],
    names: &[String],
    mut allowed: Vec<Allowed>,
) -> Result<Vec<Allowed>, Error> {
    for (i, tolerance) in tolerances.iter().enumerate() {
        let name = &tolerance.name;
        let Some(joint) = names.iter().position(|n| n == name) else {
            return Err(Error::TrajectoryJoints {
                field: format!("{field}[{i}].name"),
                problem: format!(
                    "{name:?} is not among the joints of the trajectory: {}",
                    names.join(", ")
                ),
            });
        };
        let part = |part: &str| format!("{field}[{i}] of {name}: {part}");
        let own = allowed[joint];
        allowed[joint] = Allowed {
            position: choose(&part("position"), tolerance.position, own.position)?,
            velocity: choose(&part("velocity"), tolerance.velocity, own.velocity)?,
        };
        if choose(&part("acceleration"), tolerance.acceleration, None)?.is_some() {
            return Err(Error::InvalidTrajectory {
                field: part("acceleration"),
                problem: format!(
                    "is {}, but no acceleration is measured here: leave it 0",
                    tolerance.acceleration
                ),
            });
        }
    }
    Ok(allowed)
}

/// A value of a goal: 0 is `own`, −1 is none.
fn choose(field: &str, value: f64, own: Option<f64>) -> Result<Option<f64>, Error> {
    if value == 0.0 {
        Ok(own)
    } else if value == -1.0 {
        Ok(None)
    } else if value > 0.0 && value.is_finite() {
        Ok(Some(value))
    } else {
        Err(Error::InvalidTrajectory {
            field: field.to_owned(),
            problem: format!(
                "is {value}: give a tolerance above 0, 0 for the default, or -1 for none"
            ),
        })
    }
}
