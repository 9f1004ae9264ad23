use nalgebra::Isometry3;

use super::ArmBody;
use super::not_held::NotHeld;
use crate::skills::{Perception, SeenObject};

/// The centre of what is held is no further from the middle of the pads than half its largest extent and this, metres.
const OFF_CENTRE_M: f64 = 0.015;
/// Fingers that hold something are as far apart as it is wide, give or take this, metres.
const WIDTH_SLACK_M: f64 = 0.006;

impl ArmBody {
    /// Distance between the fingers, metres; 0 without a gripper. `positions` are those of all joints.
    pub(crate) fn gap_m(&self, positions: &[f64]) -> f64 {
        self.gripper().map_or(0.0, |g| g.gap_m(positions))
    }

    /// What is between the fingers, by name, with the root link here in the world; `positions` are those measured
    /// of all joints.
    pub(crate) fn held_object<'p>(
        &self,
        root: &Isometry3<f64>,
        positions: &[f64],
        perception: &'p Perception,
    ) -> Option<(&'p str, &'p SeenObject)> {
        self.gripper()?;
        let mut objects = perception.objects.iter();
        objects
            .find(|(_, seen)| self.holds(root, positions, seen).is_ok())
            .map(|(name, seen)| (name.as_str(), seen))
    }

    /// Whether the fingers hold this object, by where it was seen and how far they are apart.
    ///
    /// # Errors
    /// Says why they do not.
    /// # Real-time
    /// Does not allocate.
    pub(crate) fn holds(
        &self,
        root: &Isometry3<f64>,
        positions: &[f64],
        object: &SeenObject,
    ) -> Result<(), NotHeld> {
        let middle = self.grasp_in_world(root, positions).translation.vector;
        let off_m = (object.pose.translation.vector - middle).norm();
        let [narrowest, widest] = extent_range(object);
        if off_m > widest / 2.0 + OFF_CENTRE_M {
            return Err(NotHeld::Away { off_m });
        }
        self.check_gap(positions, [narrowest, widest])
    }

    /// Whether the fingers are as far apart as something that is between `narrowest` and `widest` wide.
    pub(crate) fn check_gap(
        &self,
        positions: &[f64],
        [narrowest, widest]: [f64; 2],
    ) -> Result<(), NotHeld> {
        let gap_m = self.gap_m(positions);
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
pub(crate) fn extent_range(object: &SeenObject) -> [f64; 2] {
    let [x, y, z] = object.size_m;
    [x.min(y).min(z), x.max(y).max(z)]
}
