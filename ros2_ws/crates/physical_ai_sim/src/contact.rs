//! What of a robot may touch what, and how well it grips.

use nalgebra::{Isometry3, Point3};
use physical_ai_domain::{Geometry, JointKind, RobotModel, Shape};

use crate::RobotSetup;

/// How far above the ground of its wheels a part of a robot that drives may be and still be a castor, metres.
const CASTOR_CLEARANCE_M: f64 = 0.005;

/// How well a shape grips what it touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grip {
    /// Slides in every direction: it stands for a roll that turns and swivels.
    Castor,
    /// Rubber.
    Wheel,
    /// Rubber, wide.
    Finger,
    /// Anything else.
    Body,
}

/// How well the shapes of a robot grip.
pub(crate) struct Grips {
    /// Of each link, without regard to castors.
    of_links: Vec<Grip>,
    /// Pose of each link seen from the root with all joints at zero, metres.
    poses: Vec<Isometry3<f64>>,
    /// Height below which shapes are castors, metres; robots without wheels have none.
    ground: Option<f64>,
}

impl Grips {
    pub(crate) fn of(setup: &RobotSetup) -> Self {
        let model = &setup.model;
        let mut of_links = vec![Grip::Body; model.links.len()];
        let mut poses = vec![Isometry3::identity(); model.links.len()];
        let mut ground = None;
        for (i, joint) in model.joints.iter().enumerate() {
            poses[joint.child] = poses[joint.parent] * joint.origin;
            of_links[joint.child] = if setup.is_wheel(&joint.name) {
                let drive = setup.model.layout.drive.as_ref();
                let radius = drive.map_or(0.0, |d| d.radius_m);
                let lowest = poses[joint.child].translation.z - radius;
                ground = Some(ground.unwrap_or(lowest).min(lowest));
                Grip::Wheel
            } else if setup.is_finger(i) {
                Grip::Finger
            } else {
                of_links[joint.parent]
            };
        }
        Self {
            of_links,
            poses,
            ground: ground.map(|g: f64| g + CASTOR_CLEARANCE_M),
        }
    }

    /// How well a shape of a link grips.
    pub(crate) fn of_shape(&self, link: usize, shape: &Shape) -> Grip {
        let grip = self.of_links[link];
        let is_castor = grip == Grip::Body
            && self
                .ground
                .is_some_and(|ground| lowest(&(self.poses[link] * shape.origin), shape) < ground);
        if is_castor { Grip::Castor } else { grip }
    }
}

/// Lowest point of a shape at a pose, metres.
fn lowest(pose: &Isometry3<f64>, shape: &Shape) -> f64 {
    if let Geometry::Sphere(radius) = shape.geometry {
        return pose.translation.z - radius;
    }
    let Some(corners) = shape.geometry.bounds() else {
        return f64::INFINITY;
    };
    let corner = |i: usize| Point3::from([0, 1, 2].map(|axis| corners[i >> axis & 1][axis]));
    let heights = (0..8).map(|i| (pose * corner(i)).z);
    heights.fold(f64::INFINITY, f64::min)
}

/// Pairs of links, by index, that do not touch because of what they are: one whose poses relative to each other take no
/// more than one coordinate, as of neighbours and of the links of a hand that one drive moves, and those that the
/// description names.
pub(crate) fn apart_by_structure(setup: &RobotSetup) -> Vec<(usize, usize)> {
    let model = &setup.model;
    let ways: Vec<Vec<usize>> = (0..model.links.len()).map(|l| model.joints_to(l)).collect();
    let shaped: Vec<usize> = (0..model.links.len())
        .filter(|l| !model.links[*l].shapes.is_empty())
        .collect();
    let mut apart = Vec::new();
    for (i, one) in shaped.iter().enumerate() {
        for other in &shaped[i + 1..] {
            let names = [&model.links[*one].name, &model.links[*other].name];
            let is_disabled = setup
                .disabled_collisions
                .iter()
                .any(|[a, b]| names == [a, b] || names == [b, a]);
            if is_disabled || takes_one_coordinate(model, &ways[*one], &ways[*other]) {
                apart.push((*one, *other));
            }
        }
    }
    apart
}

/// Whether the relative pose of two links, given the joints from the root to each, takes at most one coordinate. The
/// two slides of a planar joint, with nothing between them, count as one.
fn takes_one_coordinate(model: &RobotModel, one: &[usize], other: &[usize]) -> bool {
    let shared = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let between = one[shared..].iter().chain(&other[shared..]);
    let mut coordinate = None;
    for joint in between {
        let part = &model.joints[*joint];
        let Some(moves) = model.coordinates()[*joint] else {
            if part.kind == JointKind::Floating {
                return false;
            }
            continue;
        };
        let carrier = &model.links[part.parent];
        let is_second_slide = part.parent != model.root
            && carrier.mass_kg <= 0.0
            && carrier.shapes.is_empty()
            && is_carried_by_slide(model, part.parent);
        if is_second_slide {
            continue;
        }
        if coordinate.is_some_and(|c| c != moves.index) {
            return false;
        }
        coordinate = Some(moves.index);
    }
    true
}

fn is_carried_by_slide(model: &RobotModel, link: usize) -> bool {
    let carrying = model.joints.iter().find(|j| j.child == link);
    carrying.is_some_and(|j| j.kind == JointKind::Prismatic)
}
