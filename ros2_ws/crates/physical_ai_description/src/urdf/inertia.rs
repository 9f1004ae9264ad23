use nalgebra::{Isometry3, Matrix3};
use physical_ai_domain::{Joint, JointKind, Link};

use super::element::Element;
use super::{Notes, pose};
use crate::Error;

/// Radii of gyration below this, metres, are zero but for rounding.
const ROUNDING_M: f64 = 1e-4;
/// Share by which rounding may break the triangle inequality.
const ROUNDING: f64 = 0.01;

/// Mass and its distribution.
pub(super) struct Inertial {
    pub(super) mass_kg: f64,
    pub(super) origin: Isometry3<f64>,
    pub(super) inertia: Matrix3<f64>,
}

impl Inertial {
    /// No mass.
    pub(super) fn none() -> Self {
        Self {
            mass_kg: 0.0,
            origin: Isometry3::identity(),
            inertia: Matrix3::zeros(),
        }
    }
}

/// The `<inertial>` of a link.
pub(super) fn read(element: &Element, notes: &mut Notes) -> Result<Inertial, Error> {
    element.expect(&[], &["origin", "mass", "inertia"], &mut notes.extensions)?;
    let mass = element.required_child("mass")?;
    mass.expect(&["value"], &[], &mut notes.extensions)?;
    let mass_kg = mass.required_number("value")?;
    if mass_kg < 0.0 {
        return Err(mass.attribute_error("value", format!("is {mass_kg} kg: must be 0 or more")));
    }
    let tensor = element.required_child("inertia")?;
    let names = ["ixx", "ixy", "ixz", "iyy", "iyz", "izz"];
    tensor.expect(&names, &[], &mut notes.extensions)?;
    let mut values = [0.0; 6];
    for (value, name) in values.iter_mut().zip(names) {
        *value = tensor.required_number(name)?;
    }
    let [xx, xy, xz, yy, yz, zz] = values;
    Ok(Inertial {
        mass_kg,
        origin: pose::origin(element, notes)?,
        inertia: Matrix3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz),
    })
}

/// Warns of single links whose inertia no body has, and says what is wrong with the bodies that move: links that
/// are fixed to each other are one. Fails with the link, its field and the problem.
pub(super) fn check(
    links: &[Link],
    joints: &[Joint],
    notes: &mut Notes,
) -> Result<(), (String, String)> {
    for link in links {
        if let Some(fault) = fault(link.mass_kg, &link.inertia) {
            notes.warn(
                &format!("link {}", link.name),
                "inertia",
                &fault.text(),
                "taken as it stands, together with what the link is fixed to",
            );
        } else if link.mass_kg == 0.0 && link.inertia.norm() > 0.0 {
            notes.warn(
                &format!("link {}", link.name),
                "mass",
                "is 0 kg, and its inertia is not",
                "taken as it stands, together with what the link is fixed to",
            );
        }
    }
    let moving = joints.iter().filter(|j| j.kind != JointKind::Fixed);
    for joint in moving {
        let (link, body) = (&links[joint.child], body(links, joints, joint.child));
        let place = |field: &str| format!("link {}: {field}", link.name);
        if body.mass_kg > 0.0 {
            if let Some(fault) = fault(body.mass_kg, &body.inertia) {
                let problem = format!(
                    "with what is fixed to it, it {}: correct <inertia>",
                    fault.text()
                );
                return Err((place("inertia"), problem));
            }
            if body.inertia.norm() <= body.mass_kg * ROUNDING_M * ROUNDING_M {
                notes.warn(
                    &format!("link {}", link.name),
                    "inertia",
                    "is 0",
                    "its mass is in one point",
                );
            }
        } else if !carries_mass(links, joints, joint.child) {
            let problem = "is 0 kg, and nothing that has a mass hangs on it: a link that moves needs one, give \
                           <inertial> or fix the joint";
            return Err((place("mass"), problem.to_owned()));
        }
    }
    Ok(())
}

/// What is wrong with an inertia.
struct Fault {
    principal: [f64; 3],
    is_negative: bool,
}

impl Fault {
    fn text(&self) -> String {
        let [a, b, c] = self.principal;
        let why = if self.is_negative {
            "one is negative, which no body's is"
        } else {
            "the largest is above the sum of the others, which no body's is"
        };
        format!("has principal moments {a:.3e}, {b:.3e}, {c:.3e} kg m²: {why}")
    }
}

fn fault(mass_kg: f64, inertia: &Matrix3<f64>) -> Option<Fault> {
    let eigenvalues = inertia.symmetric_eigenvalues();
    let mut principal = [eigenvalues[0], eigenvalues[1], eigenvalues[2]];
    principal.sort_by(f64::total_cmp);
    let [low, middle, high] = principal;
    let slack = mass_kg * ROUNDING_M * ROUNDING_M;
    let is_negative = low < -slack;
    let is_flat = high > (low + middle) * (1.0 + ROUNDING) + slack;
    (is_negative || is_flat).then_some(Fault {
        principal,
        is_negative,
    })
}

/// A link and what is fixed to it, in the link's frame.
fn body(links: &[Link], joints: &[Joint], link: usize) -> Inertial {
    let mut parts = Vec::new();
    collect(links, joints, link, Isometry3::identity(), &mut parts);
    let mass_kg: f64 = parts.iter().map(|p| p.mass_kg).sum();
    let mut whole = Inertial::none();
    if mass_kg <= 0.0 {
        return whole;
    }
    let moment = parts
        .iter()
        .map(|p| p.origin.translation.vector * p.mass_kg)
        .sum::<nalgebra::Vector3<f64>>();
    let centre = moment / mass_kg;
    whole.mass_kg = mass_kg;
    for part in &parts {
        let turn = part.origin.rotation.to_rotation_matrix();
        let arm = part.origin.translation.vector - centre;
        let steiner = Matrix3::identity() * arm.norm_squared() - arm * arm.transpose();
        whole.inertia += turn * part.inertia * turn.inverse() + steiner * part.mass_kg;
    }
    whole
}

fn collect(
    links: &[Link],
    joints: &[Joint],
    link: usize,
    pose: Isometry3<f64>,
    parts: &mut Vec<Inertial>,
) {
    let part = &links[link];
    parts.push(Inertial {
        mass_kg: part.mass_kg,
        origin: pose * part.inertial_origin,
        inertia: part.inertia,
    });
    let fixed = joints
        .iter()
        .filter(|j| j.parent == link && j.kind == JointKind::Fixed);
    for joint in fixed {
        collect(links, joints, joint.child, pose * joint.origin, parts);
    }
}

fn carries_mass(links: &[Link], joints: &[Joint], link: usize) -> bool {
    links[link].mass_kg > 0.0
        || (joints.iter().filter(|j| j.parent == link))
            .any(|j| carries_mass(links, joints, j.child))
}
