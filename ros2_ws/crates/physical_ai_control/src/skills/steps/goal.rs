use nalgebra::Isometry3;

use super::StepBody;
use super::motion::Motion;
use crate::skills::joint_body::JointBody;
use crate::skills::{Tick, exceeds};

/// Largest distance of the tip from where it was asked to be with which it is there, metres.
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
    /// Joints of the posture at their target.
    Posture,
    /// Joints of the posture at their target, and the tip at this pose in the frame of its chain's base.
    Tip(Isometry3<f64>),
    /// Posture and fingers at their target.
    Fingers,
    /// The posture at its target, the fingers there or kept apart before it.
    Grip,
}

impl Goal {
    /// Seconds after the end of the motion before which nothing is judged.
    pub(super) const fn settle_s(&self) -> f64 {
        match self {
            Self::Posture | Self::Tip(_) => 0.0,
            Self::Fingers | Self::Grip => GRIP_SETTLE_S,
        }
    }

    /// What is off the goal, by what is measured; `None`: it is reached.
    ///
    /// # Real-time
    /// Does not allocate.
    pub(super) fn missed(&self, motion: &Motion, body: &StepBody, tick: &Tick<'_>) -> Option<Miss> {
        let with_fingers = *self == Self::Fingers;
        if let Some(joint) = farthest_off(motion, &body.joints, tick, with_fingers) {
            return Some(Miss::Joint(joint));
        }
        match self {
            Self::Tip(target) => {
                let [off_m, turned_rad] = off_tip(target, body, &tick.state.position);
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
    pub(super) fn text(self, motion: &Motion, body: &StepBody, tick: &Tick<'_>) -> String {
        match self {
            Self::Joint(joint) => explain(joint, motion, &body.joints, tick),
            Self::Tool { off_m, turned_rad } => format!(
                "the tool is {off_m:.4} m (allowed {TOOL_TOLERANCE_M} m) and {turned_rad:.4} rad (allowed \
                 {TOOL_TOLERANCE_RAD} rad) off its target, by the measured joints"
            ),
        }
    }
}

/// Distance and angle of the measured tip from a pose in the frame of its chain's base, metres and radians.
pub(super) fn off_tip(target: &Isometry3<f64>, body: &StepBody, positions: &[f64]) -> [f64; 2] {
    let Some(arm) = &body.arm else {
        return [f64::NAN; 2];
    };
    let tip = arm.tip(positions);
    let off_m = (tip.translation.vector - target.translation.vector).norm();
    [off_m, tip.rotation.angle_to(&target.rotation)]
}

/// The joint that is the most tolerances off its target, if one is beyond its own.
fn farthest_off(
    motion: &Motion,
    joints: &JointBody,
    tick: &Tick<'_>,
    with_fingers: bool,
) -> Option<usize> {
    let [_, target] = motion.ends();
    let share = |joint: usize| {
        let at = tick.state.position.get(joint).copied().unwrap_or(f64::NAN);
        (at - target[joint]).abs() / joints.tolerance(joint)
    };
    let checked = |j: &usize| !joints.is_wheel(*j) && (with_fingers || !joints.is_finger(*j));
    let all = (0..joints.len().min(target.len())).filter(checked);
    let worst = all.max_by(|a, b| share(*a).total_cmp(&share(*b)))?;
    exceeds(share(worst), 1.0).then_some(worst)
}

/// Joint, where it is, how far off, and why that is likely.
fn explain(joint: usize, motion: &Motion, joints: &JointBody, tick: &Tick<'_>) -> String {
    let [start, target] = motion.ends();
    let at = |j: usize| tick.state.position.get(j).copied().unwrap_or(f64::NAN);
    let off = |j: usize| (at(j) - target[j]).abs();
    let moving = |j: &usize| (target[*j] - start[*j]).abs() > WORTH_MOVING;
    let stuck = |j: &usize| exceeds(off(*j), joints.tolerance(*j));
    let moving: Vec<usize> = (0..target.len()).filter(moving).collect();
    let likely = if moving.len() > 1 && moving.iter().all(stuck) {
        "none of its joints follows: it is held or not powered"
    } else {
        "the joint is jammed or not powered, or something is in its way"
    };
    let unit = joints.unit(joint);
    format!(
        "{} is at {:.4} {unit}, {:.4} {unit} from its target {:.4} {unit} (allowed {} {unit}): {}",
        joints.names()[joint],
        at(joint),
        off(joint),
        target[joint],
        joints.tolerance(joint),
        likely
    )
}
