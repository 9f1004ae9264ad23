use nalgebra::Vector3;

use crate::skills::SeenObject;

/// How a box lies: which of its sides stand level, and how high it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lying {
    /// Extent upwards, metres.
    pub(super) height_m: f64,
    /// Of the two sides that are level: heading in the world, radians, and extent, metres.
    pub(super) sides: [(f64, f64); 2],
}

impl Lying {
    pub(super) fn of(object: &SeenObject) -> Self {
        let axes = [0, 1, 2].map(|i| object.pose.rotation * Vector3::ith_axis(i));
        let steep = |i: &usize| axes[*i].z.abs();
        // Of axes that are as steep as each other, the last one: an object is described as it stands.
        let up = (0..3)
            .max_by(|a, b| steep(a).total_cmp(&steep(b)))
            .unwrap_or(2);
        let side = |i: usize| (axes[i].y.atan2(axes[i].x), object.size_m[i]);
        Self {
            height_m: object.size_m[up],
            sides: [side((up + 1) % 3), side((up + 2) % 3)],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use nalgebra::{Isometry3, UnitQuaternion};

    use super::*;

    #[test]
    fn box_on_its_side_is_as_high_as_it_was_wide() {
        let check = |roll: f64, yaw: f64, height_m: f64, widths: [f64; 2]| {
            let turn = UnitQuaternion::from_euler_angles(roll, 0.0, yaw);
            let lying = Lying::of(&SeenObject {
                pose: Isometry3::from_parts(Vector3::zeros().into(), turn),
                size_m: [0.01, 0.02, 0.03],
            });
            assert_eq!(lying.height_m, height_m);
            assert_eq!(lying.sides.map(|(_, width)| width), widths);
            // The side along the box's x is turned by the yaw.
            let along_x = lying.sides.iter().find(|(_, w)| *w == 0.01).unwrap();
            assert!((along_x.0 - yaw).abs() < 1e-9, "{lying:?}");
        };
        check(0.0, 0.4, 0.03, [0.01, 0.02]);
        check(FRAC_PI_2, 0.4, 0.02, [0.03, 0.01]);
    }
}
