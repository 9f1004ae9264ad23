use nalgebra::Isometry3;

use super::ArmBody;
use super::motion::Motion;
use crate::skills::{Tick, exceeds};

/// Largest distance of an arm's joint from where it was told to be with which it is there, radians.
pub(super) const JOINT_TOLERANCE_RAD: f64 = 0.02;
/// The same of a finger, metres.
pub(super) const FINGER_TOLERANCE_M: f64 = 0.003;
/// The same of the tool where a pose was asked for, metres.
pub(super) const TOOL_TOLERANCE_M: f64 = 0.01;
/// And of its rotation, radians.
const TOOL_TOLERANCE_RAD: f64 = 0.05;
/// Seconds for the fingers to close or open after their set point arrived.
const GRIP_SETTLE_S: f64 = 0.25;
/// A joint that had to move by less than this says nothing about the others, radians or metres.
const WORTH_MOVING: f64 = 0.05;

/// What has to be measured at the end of a motion.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Goal {
    /// The arm's joints at their target.
    Arm,
    /// The arm's joints at their target, and the tool at this pose in the base frame.
    Tool(Isometry3<f64>),
    /// Arm and fingers at their target.
    Fingers,
    /// The arm at its target, the fingers there or kept apart before it.
    Grip,
}

impl Goal {
    /// Seconds after the end of the motion before which nothing is judged.
    pub(super) const fn settle_s(&self) -> f64 {
        match self {
            Self::Arm | Self::Tool(_) => 0.0,
            Self::Fingers | Self::Grip => GRIP_SETTLE_S,
        }
    }

    /// What is off the goal, by what is measured; `None`: it is reached.
    ///
    /// # Real-time
    /// Does not allocate.
    pub(super) fn missed(&self, motion: &Motion, body: &ArmBody, tick: &Tick<'_>) -> Option<Miss> {
        let checked = match self {
            Self::Arm | Self::Tool(_) | Self::Grip => body.arm_joints,
            Self::Fingers => body.names.len(),
        };
        if let Some(joint) = farthest_off(motion, body, tick, checked) {
            return Some(Miss::Joint(joint));
        }
        match self {
            Self::Tool(target) => {
                let [off_m, turned_rad] = off_tool(target, body, &tick.state.position);
                (off_m > TOOL_TOLERANCE_M || turned_rad > TOOL_TOLERANCE_RAD)
                    .then_some(Miss::Tool { off_m, turned_rad })
            }
            _ => None,
        }
    }
}

/// What is off a goal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Miss {
    /// This joint.
    Joint(usize),
    /// The tool, by so much.
    Tool { off_m: f64, turned_rad: f64 },
}

impl Miss {
    /// Its values, what is allowed, and the likely cause.
    pub(super) fn text(self, motion: &Motion, body: &ArmBody, tick: &Tick<'_>) -> String {
        match self {
            Self::Joint(joint) => explain(joint, motion, body, tick),
            Self::Tool { off_m, turned_rad } => format!(
                "the tool is {off_m:.4} m (allowed {TOOL_TOLERANCE_M} m) and {turned_rad:.4} rad (allowed \
                 {TOOL_TOLERANCE_RAD} rad) off its target, by the measured joints"
            ),
        }
    }
}

/// Distance and angle of the measured tool from a pose in the base frame, metres and radians.
pub(super) fn off_tool(target: &Isometry3<f64>, body: &ArmBody, positions: &[f64]) -> [f64; 2] {
    let tool = body.chain.forward(body.arm_part(positions));
    let off_m = (tool.translation.vector - target.translation.vector).norm();
    [off_m, tool.rotation.angle_to(&target.rotation)]
}

/// Tolerance of a joint, radians or metres.
pub(super) fn tolerance(body: &ArmBody, joint: usize) -> f64 {
    if joint < body.arm_joints {
        JOINT_TOLERANCE_RAD
    } else {
        FINGER_TOLERANCE_M
    }
}

/// The joint, among the first `checked`, that is the most tolerances off its target, if one is beyond its own.
fn farthest_off(motion: &Motion, body: &ArmBody, tick: &Tick<'_>, checked: usize) -> Option<usize> {
    let [_, target] = motion.ends();
    let share = |joint: usize| {
        let at = tick.state.position.get(joint).copied().unwrap_or(f64::NAN);
        (at - target[joint]).abs() / tolerance(body, joint)
    };
    let worst = (0..checked.min(target.len())).max_by(|a, b| share(*a).total_cmp(&share(*b)))?;
    exceeds(share(worst), 1.0).then_some(worst)
}

/// Joint, where it is, how far off, and why that is likely.
fn explain(joint: usize, motion: &Motion, body: &ArmBody, tick: &Tick<'_>) -> String {
    let [start, target] = motion.ends();
    let at = &tick.state.position;
    let off = |j: usize| (at[j] - target[j]).abs();
    let moving = |j: &usize| (target[*j] - start[*j]).abs() > WORTH_MOVING;
    let stuck = |j: &usize| off(*j) > tolerance(body, *j);
    let moving: Vec<usize> = (0..target.len().min(at.len())).filter(moving).collect();
    let likely = if moving.len() > 1 && moving.iter().all(stuck) {
        "none of its joints follows: it is held or not powered"
    } else {
        "the joint is jammed or not powered, or something is in its way"
    };
    let unit = if joint < body.arm_joints { "rad" } else { "m" };
    format!(
        "{} is at {:.4} {unit}, {:.4} {unit} from its target {:.4} {unit} (allowed {} {unit}): {}",
        body.names[joint],
        at.get(joint).copied().unwrap_or(f64::NAN),
        off(joint),
        target[joint],
        tolerance(body, joint),
        likely
    )
}
