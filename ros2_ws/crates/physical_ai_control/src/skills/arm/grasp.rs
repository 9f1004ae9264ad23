use nalgebra::Isometry3;

use super::ArmBody;
use super::not_held::NotHeld;
use crate::skills::{Perception, SeenObject};

/// The centre of what is held is no further from the tool than half its largest extent and this, metres.
const OFF_CENTRE_M: f64 = 0.015;
/// Fingers that hold something are as far apart as it is wide, give or take this, metres.
const WIDTH_SLACK_M: f64 = 0.006;

impl ArmBody {
    /// Pose of the tool in the world, given all joints, radians and metres.
    pub(crate) fn tool_in_world(&self, positions: &[f64]) -> Isometry3<f64> {
        self.base * self.chain.forward(self.arm_part(positions))
    }

    /// The arm's joints among all.
    pub(super) fn arm_part<'a>(&self, positions: &'a [f64]) -> &'a [f64] {
        &positions[..self.arm_joints.min(positions.len())]
    }

    /// The fingers among all joints.
    pub(super) fn finger_part<'a>(&self, positions: &'a [f64]) -> &'a [f64] {
        &positions[self.arm_joints.min(positions.len())..]
    }

    /// Moves the fingers among all joints, each to this position, metres.
    pub(crate) fn set_fingers(&self, positions: &mut [f64], finger_m: f64) {
        let fingers = positions.iter_mut().skip(self.arm_joints);
        fingers.for_each(|f| *f = finger_m);
    }

    /// What is between the fingers, by name; `positions` are those measured of all joints.
    pub(crate) fn held_object<'p>(
        &self,
        positions: &[f64],
        perception: &'p Perception,
    ) -> Option<(&'p str, &'p SeenObject)> {
        let mut objects = perception.objects.iter();
        objects
            .find(|(_, seen)| self.holds(positions, seen).is_ok())
            .map(|(name, seen)| (name.as_str(), seen))
    }

    /// Whether the fingers hold this object, by where it was seen and how far they are apart.
    ///
    /// # Errors
    /// Says why they do not.
    /// # Real-time
    /// Does not allocate.
    pub(super) fn holds(&self, positions: &[f64], object: &SeenObject) -> Result<(), NotHeld> {
        let tool = self.tool_in_world(positions).translation.vector;
        let off_m = (object.pose.translation.vector - tool).norm();
        let [narrowest, widest] = extent_range(object);
        if off_m > widest / 2.0 + OFF_CENTRE_M {
            return Err(NotHeld::Away { off_m });
        }
        self.check_gap(positions, [narrowest, widest])
    }

    /// Whether the fingers are as far apart as something that is between `narrowest` and `widest` wide.
    pub(super) fn check_gap(
        &self,
        positions: &[f64],
        [narrowest, widest]: [f64; 2],
    ) -> Result<(), NotHeld> {
        let gap_m: f64 = self.finger_part(positions).iter().sum();
        if gap_m < narrowest - WIDTH_SLACK_M {
            return Err(NotHeld::TooNarrow { gap_m });
        }
        if gap_m > widest + WIDTH_SLACK_M {
            let widest_m = widest;
            return Err(NotHeld::TooWide { gap_m, widest_m });
        }
        Ok(())
    }
}

/// Smallest and largest extent of an object, metres.
pub(super) fn extent_range(object: &SeenObject) -> [f64; 2] {
    let [x, y, z] = object.size_m;
    [x.min(y).min(z), x.max(y).max(z)]
}
