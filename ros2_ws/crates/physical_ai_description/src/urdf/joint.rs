use std::collections::BTreeMap;

use nalgebra::{Unit, Vector3};
use physical_ai_domain::{GivenLimits, Joint, JointKind, JointLimits, Mimic};

use super::element::Element;
use super::{Notes, pose};
use crate::Error;

/// How far an axis' length may be from 1 without a word.
const ROUNDING: f64 = 1e-3;

/// Name of the leader, multiplier and offset, if a joint follows one.
pub(super) type Mimicry = Option<(String, f64, f64)>;

/// A `<joint>` before leaders have an index.
pub(super) struct ReadJoint {
    pub(super) joint: Joint,
    /// It is to slide in two directions.
    pub(super) is_planar: bool,
    pub(super) mimic: Mimicry,
}

/// A `<joint>`; `links` are the indices of links by name, `missing` what counts where its `<limit>` gives none.
pub(super) fn read(
    element: &Element,
    links: &BTreeMap<&str, usize>,
    missing: &GivenLimits,
    notes: &mut Notes,
) -> Result<ReadJoint, Error> {
    let elements = [
        "origin", "parent", "child", "axis", "dynamics", "limit", "mimic",
    ];
    element.expect(&["name", "type"], &elements, &mut notes.extensions)?;
    let name = element.required_text("name")?.to_owned();
    let (kind, is_planar) = kind(element)?;
    let (parent, child) = (
        end(element, "parent", links)?,
        end(element, "child", links)?,
    );
    let mut joint = Joint {
        name,
        kind,
        parent,
        child,
        origin: pose::origin(element, notes)?,
        axis: Vector3::x_axis(),
        limits: JointLimits::NONE,
        given: GivenLimits::default(),
        mimic: None,
        damping: 0.0,
        friction: 0.0,
    };
    let mut mimic = None;
    if matches!(kind, JointKind::Fixed | JointKind::Floating) {
        if let Some(odd) = element.child("mimic")? {
            notes.warn(odd.place(), "joint", "does not move", "it follows nothing");
        }
    } else {
        joint.given = super::limits::read(element, (kind, is_planar), missing, notes)?;
        joint.limits = JointLimits::from_given(kind, &joint.given);
        joint.axis = axis(element, notes)?;
        (joint.damping, joint.friction) = dynamics(element, notes)?;
        mimic = self::mimic(element, is_planar, notes)?;
    }
    Ok(ReadJoint {
        joint,
        is_planar,
        mimic,
    })
}

/// Index of the link that a joint hangs on, or that hangs on it.
fn end(
    element: &Element,
    role: &'static str,
    links: &BTreeMap<&str, usize>,
) -> Result<usize, Error> {
    let end = element.required_child(role)?;
    let link = end.required_text("link")?;
    links.get(link).copied().ok_or_else(|| {
        end.error(format!(
            "link {link:?} does not exist: add it or correct the name"
        ))
    })
}

fn kind(element: &Element) -> Result<(JointKind, bool), Error> {
    let name = element.required_text("type")?;
    let kind = match name {
        "revolute" => JointKind::Revolute,
        "continuous" => JointKind::Continuous,
        "prismatic" | "planar" => JointKind::Prismatic,
        "fixed" => JointKind::Fixed,
        "floating" => JointKind::Floating,
        _ => {
            return Err(element.attribute_error(
                "type",
                format!(
                    "{name:?} must be revolute, continuous, prismatic, fixed, planar or floating"
                ),
            ));
        }
    };
    Ok((kind, name == "planar"))
}

fn axis(element: &Element, notes: &mut Notes) -> Result<Unit<Vector3<f64>>, Error> {
    let Some(axis) = element.child("axis")? else {
        return Ok(Vector3::x_axis());
    };
    axis.expect(&["xyz"], &[], &mut notes.extensions)?;
    let vector = Vector3::from(axis.numbers("xyz")?.unwrap_or([1.0, 0.0, 0.0]));
    let length = vector.norm();
    if (length - 1.0).abs() > ROUNDING && length > 0.0 {
        let value = format!("has length {length}");
        notes.warn(axis.place(), "xyz", &value, "scaled to length 1");
    }
    Unit::try_new(vector, 1e-9)
        .ok_or_else(|| axis.attribute_error("xyz", "has length 0: give a direction"))
}

fn dynamics(element: &Element, notes: &mut Notes) -> Result<(f64, f64), Error> {
    let Some(dynamics) = element.child("dynamics")? else {
        return Ok((0.0, 0.0));
    };
    dynamics.expect(&["damping", "friction"], &[], &mut notes.extensions)?;
    let of = |name: &str| -> Result<f64, Error> {
        let value = dynamics.number(name)?.unwrap_or(0.0);
        if value < 0.0 {
            let problem = format!("is {value}: must be 0 or more");
            return Err(dynamics.attribute_error(name, problem));
        }
        Ok(value)
    };
    Ok((of("damping")?, of("friction")?))
}

fn mimic(element: &Element, is_planar: bool, notes: &mut Notes) -> Result<Mimicry, Error> {
    let Some(mimic) = element.child("mimic")? else {
        return Ok(None);
    };
    mimic.expect(
        &["joint", "multiplier", "offset"],
        &[],
        &mut notes.extensions,
    )?;
    if is_planar {
        return Err(mimic.error("a planar joint has two coordinates and cannot follow one"));
    }
    let leader = mimic.required_text("joint")?;
    if Some(leader) == element.text("name") {
        let problem = format!("{leader:?} is the joint itself: name another leader");
        return Err(mimic.attribute_error("joint", problem));
    }
    let multiplier = mimic.number("multiplier")?.unwrap_or(1.0);
    if multiplier == 0.0 {
        let assumed = "the joint stays at the offset";
        notes.warn(mimic.place(), "multiplier", "is 0", assumed);
    }
    let offset = mimic.number("offset")?.unwrap_or(0.0);
    Ok(Some((leader.to_owned(), multiplier, offset)))
}

/// Gives leaders their index, and says where a follower's bounds are of no account.
pub(super) fn resolve_leaders(
    mut read: Vec<(Joint, Mimicry)>,
    notes: &mut Notes,
) -> Result<Vec<Joint>, (String, String)> {
    let by_name: BTreeMap<String, usize> = (read.iter().enumerate())
        .map(|(i, (joint, _))| (joint.name.clone(), i))
        .collect();
    for i in 0..read.len() {
        let Some((leader, multiplier, offset)) = read[i].1.take() else {
            continue;
        };
        let Some(&index) = by_name.get(&leader) else {
            return Err((
                format!("joint {}: mimic", read[i].0.name),
                format!("joint {leader:?} does not exist: add it or correct the name"),
            ));
        };
        read[i].0.mimic = Some(Mimic {
            leader: index,
            multiplier,
            offset,
        });
        say_where_bounds_differ(&read[i].0, &read[index].0, multiplier, offset, notes);
    }
    Ok(read.into_iter().map(|(joint, _)| joint).collect())
}

fn say_where_bounds_differ(
    follower: &Joint,
    leader: &Joint,
    multiplier: f64,
    offset: f64,
    notes: &mut Notes,
) {
    let ends = [leader.limits.lower, leader.limits.upper].map(|end| multiplier * end + offset);
    let [low, high] = [ends[0].min(ends[1]), ends[0].max(ends[1])];
    let slack = 1e-6 + 1e-3 * (high - low).abs();
    if low < follower.limits.lower - slack || high > follower.limits.upper + slack {
        let value = format!(
            "is {low:.4} to {high:.4} where its leader is within bounds, and its own bounds are {:.4} to {:.4}",
            follower.limits.lower, follower.limits.upper
        );
        notes.warn(
            &format!("joint {}", follower.name),
            "position",
            &value,
            "the leader's bounds count",
        );
    }
}
