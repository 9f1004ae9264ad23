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
                let drive = setup.layout.drive.as_ref();
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

/// Pairs of links, by index, that do not touch because of what they are: neighbours in the tree, links that are fixed
/// together or to neighbours, and pairs that the description says.
pub(crate) fn apart_by_structure(setup: &RobotSetup) -> Vec<(usize, usize)> {
    let model = &setup.model;
    let (bodies, parents) = bodies(model);
    let shaped: Vec<usize> = (0..model.links.len())
        .filter(|l| !model.links[*l].shapes.is_empty())
        .collect();
    let are_near = |a: usize, b: usize| a == b || parents[a] == Some(b) || parents[b] == Some(a);
    let mut apart = Vec::new();
    for (i, one) in shaped.iter().enumerate() {
        for other in &shaped[i + 1..] {
            let names = [&model.links[*one].name, &model.links[*other].name];
            let is_disabled = setup
                .disabled_collisions
                .iter()
                .any(|[a, b]| names == [a, b] || names == [b, a]);
            if is_disabled || are_near(bodies[*one], bodies[*other]) {
                apart.push((*one, *other));
            }
        }
    }
    apart
}

/// The rigid body of each link, as the first link of it, and the body that each hangs on. A link without a shape and
/// mass, as between the two slides of a planar joint, belongs to what it carries and to what carries it.
fn bodies(model: &RobotModel) -> (Vec<usize>, Vec<Option<usize>>) {
    let mut bodies: Vec<usize> = (0..model.links.len()).collect();
    let mut parents = vec![None; model.links.len()];
    for joint in &model.joints {
        let parent = bodies[joint.parent];
        if joint.kind == JointKind::Fixed {
            bodies[joint.child] = parent;
            continue;
        }
        let part = &model.links[parent];
        let is_between = part.mass_kg <= 0.0 && part.shapes.is_empty();
        parents[joint.child] = match parents[parent] {
            Some(above) if is_between => Some(above),
            _ => Some(parent),
        };
    }
    (bodies, parents)
}
