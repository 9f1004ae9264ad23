use nalgebra::{Isometry3, Matrix3, Rotation3, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::{GraspLayout, GripperLayout, RobotModel};

use crate::Error;
use crate::kinematics::link_poses;

/// Positions between closed and open at which the pads are computed; in between they are taken to move evenly.
const PARTS: usize = 64;
/// Pads that open by less than this across the approach do not take hold of anything, metres.
const LEAST_OPENING_M: f64 = 1e-3;

/// A joint of a gripper among all, with its positions.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Finger {
    index: usize,
    open: f64,
    closed: f64,
}

/// Where the pads are at a share of the way from closed to open.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pads {
    /// Distance between them, metres.
    gap_m: f64,
    /// The middle between them in the tip's frame, metres.
    middle: Vector3<f64>,
}

/// A hand with two pads that take hold of things between them; lengths in metres.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gripper {
    fingers: Vec<Finger>,
    opening_m: f64,
    /// From closed to as far open as it gets, at equal steps of the share of its joints' way; no distance is smaller than
    /// the one before.
    pads: Vec<Pads>,
    /// The share of the joints' way that belongs to the last of them.
    open_share: f64,
    /// Axes of a grasp in the tip's frame: x from one pad to the other, z where the hand comes to what it takes.
    axes: UnitQuaternion<f64>,
    beyond_m: f64,
    depth_m: f64,
}

impl Gripper {
    /// The gripper of a layout that was checked against the model; joints that stay where they are say nothing about
    /// its opening. `None` for one of which nobody knows how it takes hold of things.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] if its joints do not move its pads apart across its approach.
    pub(super) fn try_new(
        model: &RobotModel,
        tip: &str,
        layout: &GripperLayout,
    ) -> Result<Option<Self>, Error> {
        let Some(grasp) = &layout.grasp else {
            return Ok(None);
        };
        let finger = |joint: &physical_ai_domain::GripperJoint| {
            if joint.open == joint.closed {
                return None;
            }
            Some(Finger {
                index: model.movable_index(&joint.joint)?,
                open: joint.open,
                closed: joint.closed,
            })
        };
        let way = PadWay::new(model, tip, layout, grasp);
        let unsuitable = || Error::UnsuitableModel {
            robot: model.name.to_string(),
            problem: format!(
                "has a gripper at {tip} whose joints do not move its pads apart across its approach {:?}: correct its grasp \
                 in the robot file",
                grasp.approach
            ),
        };
        let axes = way.axes().ok_or_else(unsuitable)?;
        let pads = way.pads(&axes, layout.opening_m);
        if pads[pads.len() - 1].gap_m - pads[0].gap_m < LEAST_OPENING_M {
            return Err(unsuitable());
        }
        let turn = Rotation3::from_matrix_unchecked(axes);
        Ok(Some(Self {
            fingers: layout.joints.iter().filter_map(finger).collect(),
            opening_m: layout.opening_m,
            open_share: (pads.len() - 1) as f64 / PARTS as f64,
            pads,
            axes: UnitQuaternion::from_rotation_matrix(&turn),
            beyond_m: grasp.beyond_m,
            depth_m: grasp.depth_m,
        }))
    }

    /// Distance between the fingers when open, metres.
    pub(crate) fn opening_m(&self) -> f64 {
        self.opening_m
    }

    /// Distance between the fingers when closed, metres: below 0 where they press on each other.
    pub(crate) fn closed_m(&self) -> f64 {
        self.pads[0].gap_m
    }

    /// How far the fingers reach beyond their pads' middle along the approach, metres.
    pub(super) fn beyond_m(&self) -> f64 {
        self.beyond_m
    }

    /// Room along the approach from the palm to the pads' middle, metres.
    pub(super) fn depth_m(&self) -> f64 {
        self.depth_m
    }

    /// Places of its joints among all.
    pub(crate) fn joints(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        self.fingers.iter().map(|f| f.index)
    }

    /// What each finger leaves of the distance between them, metres, by the positions of all joints.
    ///
    /// # Real-time
    /// Does not allocate.
    pub(crate) fn fingers_m<'a>(
        &'a self,
        positions: &'a [f64],
    ) -> impl Iterator<Item = f64> + Clone + 'a {
        let count = self.fingers.len() as f64;
        self.fingers.iter().map(move |f| {
            let at = positions.get(f.index).copied().unwrap_or(f64::NAN);
            self.gap_at((at - f.closed) / (f.open - f.closed)) / count
        })
    }

    /// Distance between the fingers, metres.
    pub(crate) fn gap_m(&self, positions: &[f64]) -> f64 {
        self.fingers_m(positions).sum()
    }

    /// Writes the positions at which the fingers are so far apart, metres, to its joints among all; the nearest to it
    /// that they have.
    pub(crate) fn open_to(&self, gap_m: f64, positions: &mut [f64]) {
        let share = self.share_of(gap_m);
        for finger in &self.fingers {
            if let Some(position) = positions.get_mut(finger.index) {
                *position = finger.closed + share * (finger.open - finger.closed);
            }
        }
    }

    /// The frame of a grasp in the tip's frame, with the fingers so far apart, metres: the origin between the pads, x from
    /// one to the other, z where the hand comes to what it takes.
    ///
    /// # Real-time
    /// Does not allocate.
    pub(crate) fn grasp(&self, gap_m: f64) -> Isometry3<f64> {
        let (before, rest) = self.part(self.share_of(gap_m));
        let [a, b] = [self.pads[before].middle, self.pads[before + 1].middle];
        Isometry3::from_parts(Translation3::from(a.lerp(&b, rest)), self.axes)
    }

    /// The part of the way in which a share lies, and how far in it; what is beyond the ends lies in the outermost.
    fn part(&self, share: f64) -> (usize, f64) {
        let at = share * PARTS as f64;
        let before = at.max(0.0) as usize;
        let before = before.min(self.pads.len() - 2);
        (before, at - before as f64)
    }

    fn gap_at(&self, share: f64) -> f64 {
        let (before, rest) = self.part(share);
        let [a, b] = [self.pads[before].gap_m, self.pads[before + 1].gap_m];
        a + (b - a) * rest
    }

    fn share_of(&self, gap_m: f64) -> f64 {
        let after = self.pads.partition_point(|p| p.gap_m < gap_m);
        if after == 0 {
            return 0.0;
        }
        let Some(next) = self.pads.get(after) else {
            return self.open_share;
        };
        let before = self.pads[after - 1].gap_m;
        let rest = (gap_m - before) / (next.gap_m - before);
        ((after - 1) as f64 + rest) / PARTS as f64
    }
}

/// The way of two pads in the tip's frame, from closed to open.
struct PadWay {
    /// Both pads, metres.
    points: Vec<[Vector3<f64>; 2]>,
    approach: Vector3<f64>,
}

impl PadWay {
    fn new(model: &RobotModel, tip: &str, layout: &GripperLayout, grasp: &GraspLayout) -> Self {
        let link = |name: &str| model.link_index(name).unwrap_or(model.root);
        let points = (0..=PARTS).map(|i| {
            let share = i as f64 / PARTS as f64;
            let mut positions = vec![0.0; model.movable().len()];
            for joint in &layout.joints {
                if let Some(index) = model.movable_index(&joint.joint) {
                    positions[index] = joint.closed + share * (joint.open - joint.closed);
                }
            }
            let poses = link_poses(model, &positions);
            let to_tip = poses[link(tip)].inverse();
            grasp.pads.each_ref().map(|pad| {
                let at = nalgebra::Point3::from(pad.at);
                (to_tip * poses[link(&pad.link)] * at).coords
            })
        });
        Self {
            points: points.collect(),
            approach: Vector3::from(grasp.approach).normalize(),
        }
    }

    /// Axes of a grasp: x from one pad to the other as they come apart, z the approach.
    fn axes(&self) -> Option<Matrix3<f64>> {
        let apart = |i: usize| self.points[i][0] - self.points[i][1];
        let opens = apart(PARTS / 2) - apart(0);
        let across = opens - self.approach * opens.dot(&self.approach);
        let x = across.try_normalize(1e-4)?;
        let y = self.approach.cross(&x);
        Some(Matrix3::from_columns(&[x, y, self.approach]))
    }

    /// Distances and middles up to where the pads are `opening_m` apart, and as far as they can be.
    fn pads(&self, axes: &Matrix3<f64>, opening_m: f64) -> Vec<Pads> {
        let gap = |[a, b]: &[Vector3<f64>; 2]| (a - b).dot(&axes.column(0));
        let gaps: Vec<f64> = self.points.iter().map(gap).collect();
        let widest = (1..gaps.len()).fold(1, |best, i| if gaps[i] > gaps[best] { i } else { best });
        // Pads need not lie on the very surface: what the gripper opens to is known better.
        let offset = opening_m - gaps[widest];
        let mut least = f64::MIN;
        let pads = self.points.iter().zip(&gaps).take(widest + 1);
        pads.map(|([a, b], gap)| {
            least = least.max(gap + offset);
            Pads {
                gap_m: least,
                middle: (a + b) / 2.0,
            }
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use physical_ai_domain::RobotModel;

    use super::*;
    use crate::fixtures::robot;

    /// Three joints in a row and a jaw that turns about x, with a pad at its end, against one on the last link.
    fn jaw() -> RobotModel {
        let link = |name: &str| {
            format!(
                "<link name='{name}'><inertial><mass value='1'/><inertia ixx='1' iyy='1' izz='1' ixy='0' ixz='0' iyz='0'/>\
                 </inertial></link>"
            )
        };
        let joint = |name: &str, parent: &str, child: &str| {
            format!(
                "{}<joint name='{name}' type='revolute'><parent link='{parent}'/><child link='{child}'/><axis xyz='1 0 0'/>\
                 <limit lower='-2' upper='2' velocity='1' effort='1'/></joint>",
                link(child)
            )
        };
        let urdf = format!(
            "<robot name='r'>{}{}{}{}{}</robot>",
            link("base"),
            joint("j1", "base", "a"),
            joint("j2", "a", "b"),
            joint("j3", "b", "tip"),
            joint("jaw", "tip", "finger"),
        );
        let layout = "chains: [{name: arm, base: base, tip: tip, gripper: {joints: [{joint: jaw, open: -1.0, closed: 0.0}], \
                      opening_m: 0.0842, grasp: {approach: [0, 0, 2], pads: [{link: finger, at: [0, 0, 0.1]}, {link: tip, at: \
                      [0, 0, 0.1]}], beyond_m: 0.01, depth_m: 0.05}}}]";
        robot("r", &urdf, layout)
    }

    #[test]
    fn width_of_a_turning_jaw_is_that_of_its_geometry() {
        let model = jaw();
        let layout = model.layout.chains[0].gripper.clone().unwrap();
        let gripper = Gripper::try_new(&model, "tip", &layout).unwrap().unwrap();
        for angle in [0.0_f64, 0.25, 0.5, 0.75, 1.0] {
            let positions = [0.3, 0.2, 0.1, -angle];
            let expected_m = 0.1 * angle.sin();
            let gap_m = gripper.gap_m(&positions);
            assert!((gap_m - expected_m).abs() < 1e-4, "{angle}: {gap_m}");
            let mut told = [0.3, 0.2, 0.1, 9.0];
            gripper.open_to(expected_m, &mut told);
            assert!((told[3] + angle).abs() < 2e-3, "{angle}: {told:?}");
            // The middle goes with the jaw, by half of its way.
            let middle = gripper.grasp(gap_m).translation;
            assert!((middle.y - expected_m / 2.0).abs() < 1e-4, "{middle}");
            assert!(
                (middle.z - 0.05 * (1.0 + angle.cos())).abs() < 1e-4,
                "{middle}"
            );
        }
        assert_eq!(gripper.grasp(0.0).rotation * Vector3::z(), Vector3::z());
    }

    #[test]
    fn pads_that_do_not_come_apart_across_the_approach_are_refused() {
        let model = jaw();
        let mut layout = model.layout.chains[0].gripper.clone().unwrap();
        let grasp = layout.grasp.as_mut().unwrap();
        grasp.pads[0].link = "tip".into();
        let error = Gripper::try_new(&model, "tip", &layout)
            .unwrap_err()
            .to_string();
        assert!(error.contains("do not move its pads apart"), "{error}");
    }
}
