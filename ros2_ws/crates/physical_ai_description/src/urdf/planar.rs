use nalgebra::{Isometry3, Matrix3, Unit, Vector3};
use physical_ai_domain::{Joint, JointLimits, Link};

use super::Notes;
use super::joint::{Mimicry, ReadJoint};
use super::limits::say_what_is_missing;
use crate::DescriptionOptions;

/// Replaces planar joints by two that slide, with a link without mass between them. The first, `NAME_x`, slides
/// along what is nearest to the x of the joint's frame in the plane normal to its axis (nearest to y where the
/// axis is along x), the second, `NAME_y`, along the axis times that: with an axis along z, these are x and y.
/// Both have the limits of the planar joint, and where it gives none those that `options` give for their own names.
pub(super) fn split(
    links: &mut Vec<Link>,
    read: Vec<ReadJoint>,
    options: &DescriptionOptions,
    notes: &mut Notes,
) -> Vec<(Joint, Mimicry)> {
    let mut joints = Vec::with_capacity(read.len());
    for ReadJoint {
        joint,
        is_planar,
        mimic,
    } in read
    {
        if !is_planar {
            joints.push((joint, mimic));
            continue;
        }
        let between = links.len();
        let (first, second) = directions(&joint.axis);
        links.push(Link {
            name: format!("{}_x", joint.name),
            mass_kg: 0.0,
            inertial_origin: Isometry3::identity(),
            inertia: Matrix3::zeros(),
            shapes: Vec::new(),
            visuals: Vec::new(),
        });
        let mut slide = |direction: &str, parent, child, axis| {
            let name = format!("{}_{direction}", joint.name);
            let missing = options.limits.get(&name).copied().unwrap_or_default();
            let given = joint.given.or(&missing);
            say_what_is_missing(&format!("joint {name}: limit"), &given, notes);
            Joint {
                limits: JointLimits::from_given(joint.kind, &given),
                name,
                parent,
                child,
                axis,
                given,
                ..joint.clone()
            }
        };
        let x = slide("x", joint.parent, between, first);
        let mut y = slide("y", between, joint.child, second);
        y.origin = Isometry3::identity();
        joints.extend([(x, None), (y, None)]);
    }
    joints
}

/// Two directions normal to each other and to an axis.
fn directions(axis: &Unit<Vector3<f64>>) -> (Unit<Vector3<f64>>, Unit<Vector3<f64>>) {
    let near = if axis.x.abs() < 0.9 {
        Vector3::x()
    } else {
        Vector3::y()
    };
    let first = Unit::new_normalize(near - axis.scale(axis.dot(&near)));
    let second = Unit::new_normalize(axis.cross(&first));
    (first, second)
}
