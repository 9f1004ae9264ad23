//! How a gripper takes hold of things: seen by looking at its fingers from between them.

use nalgebra::{Isometry3, Matrix3, Point3, Rotation3, UnitQuaternion, Vector3};
use physical_ai_domain::{GraspLayout, GraspPad, GripperLayout, RobotModel};

use super::depth_map::DepthMap;
use super::structure;
use super::surface::{Triangle, moved, triangles};
use crate::Certainty;

/// A place in the plane of both fingers, metres, and depth and link of each finger there.
type Facing = ([f64; 2], [(f64, usize); 2]);

/// Share of the way from closed to open on which the directions of the fingers are looked at.
const FIRST_SHARE: f64 = 0.1;
/// Shares at which fingers are looked at, until none is in another.
const SHARES: [f64; 6] = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8];
/// The share for a single finger, which reaches into what it closes against where it is closed.
const SINGLE_SHARE: f64 = 0.15;
/// A finger without one opposite moves against the palm: the most by which two move faster than one.
const SINGLE_RATIO: f64 = 1.3;
/// Least distance between fingers that are not in each other, metres.
const APART_M: f64 = 5e-4;
/// What is held is held by the ends of the fingers: so much of their length, metres.
const PAD_LENGTH_M: f64 = 0.03;
/// Surfaces that are so much farther apart than the nearest ones belong to the same pad, metres.
const PAD_DEPTH_M: f64 = 0.002;
/// Half of how wide things are that reach between the fingers, metres.
const HALF_WIDTH_M: f64 = 0.01;
/// Directions are taken for axes of the tip's frame that they are no further from: the cosine of 30°.
const SAME_AXIS: f64 = 0.866;
/// Positions in which the opening is looked for.
const OPENINGS: usize = 32;

/// How a gripper takes hold, and how sure that is.
pub(super) struct Grasp {
    pub(super) layout: GraspLayout,
    /// Largest distance between the pads, metres.
    pub(super) opening_m: f64,
    pub(super) certainty: Certainty,
    pub(super) why: String,
}

/// How the gripper of a chain with this tip takes hold; `None` where no shape of its fingers tells.
pub(super) fn grasp(model: &RobotModel, tip: usize, gripper: &GripperLayout) -> Option<Grasp> {
    let hand = Hand::new(model, tip, gripper);
    let sides = hand.sides()?;
    let (axes, is_usual) = hand.axes(&sides)?;
    let mut shares: Vec<f64> = SHARES.to_vec();
    if sides.is_single {
        shares = vec![SINGLE_SHARE];
    }
    let (share, pads) = shares
        .into_iter()
        .find_map(|share| Some((share, hand.pads(&sides, &axes, share)?)))?;
    let poses = hand.poses(share);
    let layout = GraspLayout {
        approach: rounded(&axes.column(2).into_owned()),
        pads: pads.on.map(|(link, at)| {
            let point = axes * Vector3::from(at);
            let local = poses[link].inverse() * Point3::from(point);
            GraspPad {
                link: model.links[link].name.clone(),
                at: rounded(&local.coords),
            }
        }),
        beyond_m: round(hand.beyond(&sides, &axes, share, &pads)),
        depth_m: round(hand.depth(&axes, &pads)),
    };
    let certainty = if is_usual && !sides.is_single {
        Certainty::Likely
    } else {
        Certainty::Guess
    };
    Some(Grasp {
        opening_m: round(hand.opening(&layout, &axes)),
        why: why(
            &layout,
            model.links[tip].name.as_str(),
            is_usual,
            sides.is_single,
        ),
        layout,
        certainty,
    })
}

fn why(layout: &GraspLayout, tip: &str, is_usual: bool, is_single: bool) -> String {
    let [one, other] = layout.pads.each_ref().map(|p| &p.link);
    let how = if is_single {
        "one side moves"
    } else {
        "both sides move"
    };
    let direction = if is_usual {
        "along an axis of"
    } else {
        "along no axis of"
    };
    format!("{one} and {other} face each other, {how}; the fingers stand {direction} {tip}")
}

fn round(value: f64) -> f64 {
    // Tenths of a millimetre. Adding 0 turns -0 into 0.
    (value * 1e4).round() / 1e4 + 0.0
}

fn rounded(v: &Vector3<f64>) -> [f64; 3] {
    [v.x, v.y, v.z].map(round)
}

/// What faces what.
struct Sides {
    /// Links on the side to which the first finger opens, and those opposite.
    links: [Vec<usize>; 2],
    /// Direction in which the first side opens against the other, in the tip's frame.
    opens: Vector3<f64>,
    /// Only one side moves.
    is_single: bool,
}

/// The pads in the frame of the grasp (x: opening, z: approach), metres, with their links: those of [`Sides::links`].
struct Pads {
    on: [(usize, [f64; 3]); 2],
}

struct Hand<'a> {
    model: &'a RobotModel,
    tip: usize,
    gripper: &'a GripperLayout,
    /// Links that the gripper's joints move, and those that move with the tip, each with its triangles in its frame.
    moving: Vec<(usize, Vec<Triangle>)>,
    rigid: Vec<(usize, Vec<Triangle>)>,
}

impl<'a> Hand<'a> {
    fn new(model: &'a RobotModel, tip: usize, gripper: &'a GripperLayout) -> Self {
        let coordinates = |link: usize| -> Vec<usize> {
            let joints = model.joints_to(link).into_iter();
            let moved = joints.filter_map(|j| model.coordinates()[j].map(|c| c.index));
            moved.collect()
        };
        let fingers: Vec<usize> = gripper
            .joints
            .iter()
            .filter(|j| j.open != j.closed)
            .filter_map(|j| model.movable_index(&j.joint))
            .collect();
        let of_tip = coordinates(tip);
        let (mut moving, mut rigid) = (Vec::new(), Vec::new());
        for (link, part) in model.links.iter().enumerate() {
            let own = coordinates(link);
            if own.iter().any(|c| fingers.contains(c)) {
                moving.push((link, triangles(part)));
            } else if own == of_tip {
                rigid.push((link, triangles(part)));
            }
        }
        Self {
            model,
            tip,
            gripper,
            moving,
            rigid,
        }
    }

    /// Pose of each link in the tip's frame, with the gripper open by a share; all other joints at zero.
    fn poses(&self, share: f64) -> Vec<Isometry3<f64>> {
        let mut positions = vec![0.0; self.model.movable().len()];
        for joint in &self.gripper.joints {
            if let Some(index) = self.model.movable_index(&joint.joint) {
                positions[index] = joint.closed + share * (joint.open - joint.closed);
            }
        }
        let poses = structure::poses(self.model, &positions);
        let to_tip = poses[self.tip].inverse();
        poses.iter().map(|pose| to_tip * pose).collect()
    }

    /// The fingers that move the most against each other say what the sides are.
    fn sides(&self) -> Option<Sides> {
        let (before, after) = (self.poses(0.0), self.poses(FIRST_SHARE));
        let shaped = self.moving.iter().filter(|(_, t)| !t.is_empty());
        let moves: Vec<(usize, Vector3<f64>)> = shaped
            .map(|(link, triangles)| {
                let middle = middle(triangles);
                (*link, after[*link] * middle - before[*link] * middle)
            })
            .collect();
        let longest = |from: Vector3<f64>| {
            let ways = moves.iter().map(move |(_, way)| way - from);
            ways.max_by(|a, b| a.norm().total_cmp(&b.norm()))
        };
        let first = longest(Vector3::zeros()).filter(|way| way.norm() > 1e-6)?;
        let apart = -longest(first)?;
        let is_single = apart.norm() < SINGLE_RATIO * first.norm();
        let opens = if is_single { first } else { apart }.normalize();
        let on = |sign: f64| {
            let side = moves
                .iter()
                .filter(move |(_, way)| way.dot(&opens) * sign > 0.0);
            side.map(|(link, _)| *link).collect::<Vec<_>>()
        };
        let opposite = if is_single {
            self.rigid.iter().map(|(link, _)| *link).collect()
        } else {
            on(-1.0)
        };
        Some(Sides {
            links: [on(1.0), opposite],
            opens,
            is_single,
        })
    }

    /// Axes of the grasp in the tip's frame (x: in which the first side opens, z: the approach), and whether the approach is
    /// an axis of that frame.
    fn axes(&self, sides: &Sides) -> Option<(Matrix3<f64>, bool)> {
        let poses = self.poses(0.0);
        let parts = self.moving.iter().filter(|(_, t)| !t.is_empty());
        let middles: Vec<Vector3<f64>> = parts
            .map(|(link, triangles)| (poses[*link] * middle(triangles)).coords)
            .collect();
        let fingers = middles.iter().sum::<Vector3<f64>>() / middles.len().max(1) as f64;
        let out = fingers - self.wrist(&poses);
        let across = |v: &Vector3<f64>, n: &Vector3<f64>| v - n * v.dot(n);
        let estimate = across(&out, &sides.opens).try_normalize(1e-6)?;
        let (approach, is_usual) = snapped(&estimate);
        let opens = across(&sides.opens, &approach).try_normalize(1e-6)?;
        let (near, _) = snapped(&opens);
        let opens = across(&near, &approach).try_normalize(0.5).unwrap_or(opens);
        let axes = Matrix3::from_columns(&[opens, approach.cross(&opens), approach]);
        Some((axes, is_usual))
    }

    /// Where the last joint before the tip is, in the tip's frame.
    fn wrist(&self, poses: &[Isometry3<f64>]) -> Vector3<f64> {
        let joints = self.model.joints_to(self.tip);
        let moves = |j: &&usize| self.model.coordinates()[**j].is_some();
        let last = joints.iter().rev().find(moves);
        let link = last.map_or(self.model.root, |j| self.model.joints[*j].child);
        poses[link].translation.vector
    }

    /// Triangles in the frame of the grasp of links, each with its own.
    fn seen(
        &self,
        links: &[usize],
        axes: &Matrix3<f64>,
        share: f64,
    ) -> Vec<(usize, Vec<Triangle>)> {
        let poses = self.poses(share);
        let turn = UnitQuaternion::from_rotation_matrix(&Rotation3::from_matrix_unchecked(*axes));
        let turned = Isometry3::from_parts(Vector3::zeros().into(), turn.inverse());
        let parts = self.moving.iter().chain(&self.rigid);
        parts
            .filter(|(link, _)| links.contains(link))
            .map(|(link, triangles)| (*link, moved(triangles.clone(), &(turned * poses[*link]))))
            .collect()
    }

    /// The pads with the gripper open by a share; `None` where the fingers are in each other or do not face each other.
    fn pads(&self, sides: &Sides, axes: &Matrix3<f64>, share: f64) -> Option<Pads> {
        let [first, other] = sides.links.each_ref().map(|l| self.seen(l, axes, share));
        // Cells are in the plane of y and z.
        let mut inner = DepthMap::new(plane(&first, [1, 2])?);
        for (link, triangles) in &first {
            inner.draw(*link, triangles, [1, 2, 0], &|_, depth, before| {
                before.is_none_or(|b| depth < b)
            });
        }
        let mut facing = DepthMap::new(plane(&first, [1, 2])?);
        for (link, triangles) in &other {
            facing.draw(*link, triangles, [1, 2, 0], &|at, depth, before| {
                // The palm is all around a single finger: only what lies before it faces it.
                let is_before = inner.at(at).is_some_and(|(d, _)| depth < d - APART_M);
                before.is_none_or(|b| depth > b) && (is_before || !sides.is_single)
            });
        }
        let both: Vec<Facing> = inner
            .cells()
            .filter_map(|(at, depth, link)| Some((at, [(depth, link), facing.at(at)?])))
            .collect();
        let end = both.iter().map(|(at, _)| at[1]).fold(f64::MIN, f64::max);
        let at_end = both.iter().filter(|(at, _)| at[1] > end - PAD_LENGTH_M);
        let gap = |on: &[(f64, usize); 2]| on[0].0 - on[1].0;
        let least = at_end
            .clone()
            .map(|(_, on)| gap(on))
            .fold(f64::MAX, f64::min);
        if least < APART_M {
            return None;
        }
        let pad: Vec<_> = at_end
            .filter(|(_, on)| gap(on) <= least + PAD_DEPTH_M)
            .collect();
        let count = pad.len().max(1) as f64;
        let mean = [0, 1].map(|i| pad.iter().map(|(at, _)| at[i]).sum::<f64>() / count);
        let off = |at: &[f64; 2]| (at[0] - mean[0]).hypot(at[1] - mean[1]);
        let nearest = pad.iter().min_by(|a, b| off(&a.0).total_cmp(&off(&b.0)))?;
        let on = nearest
            .1
            .map(|(depth, link)| (link, [depth, mean[0], mean[1]]));
        Some(Pads { on })
    }

    /// How far the fingers reach beyond the pads along the approach, metres.
    fn beyond(&self, sides: &Sides, axes: &Matrix3<f64>, share: f64, pads: &Pads) -> f64 {
        let links: Vec<usize> = sides.links.iter().flatten().copied().collect();
        let all = self.seen(&links, axes, share);
        let corners = all.iter().flat_map(|(_, t)| t).flatten().map(|p| p.z);
        let [(_, at), _] = pads.on;
        corners.map(|z| z - at[2]).fold(0.0, f64::max)
    }

    /// Room between the pads along the approach, metres: up to the first surface between the open fingers, or the wrist.
    fn depth(&self, axes: &Matrix3<f64>, pads: &Pads) -> f64 {
        let [(first, at), (other, opposite)] = &pads.on;
        let (closed, open) = (self.poses(FIRST_SHARE), self.poses(1.0));
        let turn = axes.transpose();
        let moved = |link: &usize| {
            turn * (open[*link].translation.vector - closed[*link].translation.vector)
        };
        let low = opposite[0] + moved(other).x.min(0.0) + PAD_DEPTH_M;
        let high = at[0] + moved(first).x.max(0.0) - PAD_DEPTH_M;
        let window = [
            [low, at[1] - HALF_WIDTH_M],
            [high.max(low), at[1] + HALF_WIDTH_M],
        ];
        let mut floor = DepthMap::new(window);
        let links: Vec<usize> = (0..self.model.links.len()).collect();
        for (link, triangles) in self.seen(&links, axes, 1.0) {
            floor.draw(link, &triangles, [0, 1, 2], &|_, z, before| {
                z < at[2] && before.is_none_or(|b| z > b)
            });
        }
        let wrist = (turn * self.wrist(&open)).z;
        let palm = floor.cells().map(|(_, z, _)| z).fold(wrist, f64::max);
        (at[2] - palm).max(0.0)
    }

    /// Largest distance between the pads on the way from closed to open, metres.
    fn opening(&self, layout: &GraspLayout, axes: &Matrix3<f64>) -> f64 {
        let opens = axes.column(0);
        let at = |poses: &[Isometry3<f64>], pad: &GraspPad| {
            let link = self.model.link_index(&pad.link).unwrap_or(self.tip);
            (poses[link] * Point3::from(pad.at)).coords
        };
        let gaps = (0..=OPENINGS).map(|i| {
            let poses = self.poses(i as f64 / OPENINGS as f64);
            let [first, other] = layout.pads.each_ref().map(|pad| at(&poses, pad));
            (first - other).dot(&opens)
        });
        gaps.fold(0.0, f64::max)
    }
}

/// Middle of the corners of triangles.
fn middle(triangles: &[Triangle]) -> Point3<f64> {
    let corners = triangles.iter().flatten();
    let sum: Vector3<f64> = corners.map(|c| c.coords).sum();
    Point3::from(sum / (3 * triangles.len()).max(1) as f64)
}

/// Lowest and highest coordinates along two axes.
fn plane(parts: &[(usize, Vec<Triangle>)], axes: [usize; 2]) -> Option<[[f64; 2]; 2]> {
    let mut corners = parts.iter().flat_map(|(_, t)| t).flatten().peekable();
    corners.peek()?;
    let mut plane = [[f64::MAX; 2], [f64::MIN; 2]];
    for corner in corners {
        for (i, axis) in axes.into_iter().enumerate() {
            plane[0][i] = plane[0][i].min(corner[axis]);
            plane[1][i] = plane[1][i].max(corner[axis]);
        }
    }
    Some(plane)
}

/// The axis of the frame that is near a direction, and whether there is one; the z axis before all others.
fn snapped(direction: &Vector3<f64>) -> (Vector3<f64>, bool) {
    let axes = [Vector3::z(), Vector3::x(), Vector3::y()];
    let both = axes.into_iter().flat_map(|axis| [axis, -axis]);
    let near = both
        .into_iter()
        .find(|axis| axis.dot(direction) > SAME_AXIS);
    near.map_or((*direction, false), |axis| (axis, true))
}

#[cfg(test)]
mod tests {
    use physical_ai_domain::GripperJoint;

    use super::*;
    use crate::layout::fixtures::{chain, model};

    /// A finger of 0.02 x 0.01 x 0.06 m that reaches along the x of the link before it.
    fn finger(name: &str, origin: &str, joint: &str) -> String {
        format!(
            r#"<link name="{name}"><inertial><mass value="1"/>
            <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.01"/></inertial>
            <collision><origin xyz="0.03 0 0"/><geometry><box size="0.06 0.01 0.02"/></geometry></collision></link>
            <joint name="{name}_joint" {joint}<parent link="a_4"/><child link="{name}"/><origin xyz="{origin}"/></joint>"#
        )
    }

    fn check(
        fingers: &str,
        joints: &[(&str, f64, f64)],
        approach: [f64; 3],
        opening_m: f64,
    ) -> Grasp {
        let model = model(&(chain("base", "a", 4, 0.3) + fingers));
        let joint = |(name, open, closed): &(&str, f64, f64)| GripperJoint {
            joint: (*name).to_owned(),
            open: *open,
            closed: *closed,
        };
        let gripper = GripperLayout {
            joints: joints.iter().map(joint).collect(),
            opening_m: 1.0,
            grasp: None,
        };
        let found = grasp(&model, model.link_index("a_4").unwrap(), &gripper).unwrap();
        assert_eq!(found.layout.approach, approach);
        assert!(
            (found.opening_m - opening_m).abs() < 2e-3,
            "{}",
            found.opening_m
        );
        found
    }

    #[test]
    fn sliding_fingers_take_hold_between_their_ends_where_they_point() {
        let slides = r#"type="prismatic"><axis xyz="0 1 0"/><limit lower="-0.05" upper="0.05" velocity="1" effort="9"/>"#;
        let fingers =
            finger("left", "0.02 0.005 0", slides) + &finger("right", "0.02 -0.005 0", slides);
        let joints = [("left_joint", 0.04, 0.0), ("right_joint", -0.04, 0.0)];
        let found = check(&fingers, &joints, [1.0, 0.0, 0.0], 0.08);
        // Half of the length that holds lies beyond the middle of the pads.
        assert!((found.layout.beyond_m - PAD_LENGTH_M / 2.0).abs() < 1e-3);
        let [one, other] = &found.layout.pads;
        let mut links = [one, other].map(|p| p.link.as_str());
        links.sort_unstable();
        assert_eq!(links, ["left", "right"]);
        for pad in [one, other] {
            let [x, y, _] = pad.at;
            assert!((x - 0.045).abs() < 1e-3, "{pad:?}");
            // On the face that looks at the other finger.
            assert!((y.abs() - 0.005).abs() < 1e-6, "{pad:?}");
        }
        assert_eq!(found.certainty, Certainty::Likely);
    }

    #[test]
    fn single_jaw_closes_against_what_stands_still() {
        let turns = r#"type="revolute"><axis xyz="0 0 1"/><limit lower="-1" upper="1" velocity="1" effort="9"/>"#;
        let fixed = r#"type="fixed">"#;
        let fingers =
            finger("jaw", "0.02 0.005 0", turns) + &finger("anvil", "0.02 -0.006 0", fixed);
        // The middle of its pad turns about the jaw's beginning.
        let opening_m = 0.045 * 0.5_f64.sin() + 0.006 - 0.005 * 0.5_f64.cos();
        let found = check(
            &fingers,
            &[("jaw_joint", 0.5, 0.0)],
            [1.0, 0.0, 0.0],
            opening_m,
        );
        let links = found.layout.pads.each_ref().map(|p| p.link.as_str());
        assert_eq!(links, ["jaw", "anvil"]);
        assert_eq!(found.certainty, Certainty::Guess);
    }
}
