use nalgebra::Isometry3;

use super::look::Look;
use crate::skills::arm::Gripper;

/// Joints by their places among all, and where they shall be, radians and metres.
pub(crate) type Targets = Vec<(usize, f64)>;

/// A part of a skill that moves joints to positions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// These joints to their positions.
    Move(Targets),
    /// The same, which brings the tip to this pose in the frame of its chain's base.
    MoveTip(Targets, Isometry3<f64>),
    /// The fingers so far apart, metres, which they have to reach.
    Open(f64),
    /// The fingers towards each other, up to what is between them.
    Close,
    /// The fingers so far apart, metres, or up to what is between them.
    Grip(f64),
    /// The fingers must stand as far apart as this object is wide: smallest and largest extent in metres.
    CheckGap(String, [f64; 2]),
    /// The fingers must be where they were told to be, or kept apart by something that is seen.
    CheckOpening,
    /// Perception must see this.
    Look(Look),
    /// Stay for so long, seconds.
    Wait(f64),
    /// Stay until somebody cancels it.
    Hold,
    /// All joints where they were told to be, and at rest: with this each skill ends.
    Rest,
}

impl Step {
    /// Where all joints are after the step if they were at `from`, radians and metres; `None` for steps without
    /// motion.
    pub(crate) fn target(&self, gripper: Option<&Gripper>, from: &[f64]) -> Option<Vec<f64>> {
        let mut target = from.to_vec();
        match self {
            Self::Move(joints) | Self::MoveTip(joints, _) => {
                for (joint, position) in joints {
                    *target.get_mut(*joint)? = *position;
                }
            }
            Self::Open(gap_m) | Self::Grip(gap_m) => gripper?.open_to(*gap_m, &mut target),
            Self::Close => gripper?.open_to(0.0, &mut target),
            Self::CheckGap(..)
            | Self::CheckOpening
            | Self::Look(_)
            | Self::Wait(_)
            | Self::Hold
            | Self::Rest => return None,
        }
        Some(target)
    }
}
