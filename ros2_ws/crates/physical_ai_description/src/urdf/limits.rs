use physical_ai_domain::{GivenLimits, JointKind};

use super::Notes;
use super::element::Element;
use crate::Error;

/// The limits of a joint: those of its `<limit>`, and instead of them those that were given elsewhere. A planar
/// joint need not have bounds.
pub(super) fn read(
    joint: &Element,
    (kind, is_planar): (JointKind, bool),
    over: &GivenLimits,
    notes: &mut Notes,
) -> Result<GivenLimits, Error> {
    let element = joint.child("limit")?;
    let mut given = match &element {
        Some(element) => described(element, kind, notes)?,
        None => GivenLimits::default(),
    };
    let bounded = matches!(kind, JointKind::Revolute | JointKind::Prismatic);
    let bounds_given = over.lower.is_some() && over.upper.is_some();
    let is_free = is_planar && element.is_none() && !bounds_given;
    if element.is_none() && bounded && !bounds_given && !is_planar {
        return Err(joint.error(
            "has no <limit>: give one here or in the robot file, or make the joint continuous",
        ));
    }
    take_over(joint, &mut given, over, notes)?;
    let place = element.as_ref().map_or(joint.place(), Element::place);
    for (name, value) in [("velocity", given.velocity), ("effort", given.effort)] {
        if value.is_none() {
            let assumed =
                "the joint is not moved until the robot file or the description gives one";
            notes.warn(place, name, "is not given", assumed);
        }
    }
    if is_free {
        (given.lower, given.upper) = (Some(f64::NEG_INFINITY), Some(f64::INFINITY));
    } else if bounded {
        bounds(joint, place, &mut given, notes)?;
    }
    Ok(given)
}

/// What a `<limit>` says.
fn described(element: &Element, kind: JointKind, notes: &mut Notes) -> Result<GivenLimits, Error> {
    let known = [
        "lower",
        "upper",
        "velocity",
        "effort",
        "acceleration",
        "deceleration",
        "jerk",
    ];
    element.expect(&known, &[], &mut notes.extensions)?;
    let rate = |name: &str| -> Result<Option<f64>, Error> {
        let value = element.number(name)?;
        match value {
            Some(value) if value < 0.0 => Err(element.attribute_error(
                name,
                format!("is {value}: must be above 0, or left out where it is not known"),
            )),
            // A 0 would say that the joint can never move; everyone writes it for "not known".
            _ => Ok(value.filter(|v| *v > 0.0)),
        }
    };
    let (mut lower, mut upper) = (element.number("lower")?, element.number("upper")?);
    if kind == JointKind::Continuous {
        for (name, value) in [("lower", lower), ("upper", upper)] {
            if let Some(value) = value.filter(|v| *v != 0.0) {
                let assumed = "of no account: a continuous joint has no bounds";
                notes.warn(element.place(), name, &format!("is {value}"), assumed);
            }
        }
        (lower, upper) = (None, None);
    }
    Ok(GivenLimits {
        lower,
        upper,
        velocity: rate("velocity")?,
        effort: rate("effort")?,
        acceleration: rate("acceleration")?,
        deceleration: rate("deceleration")?,
        jerk: rate("jerk")?,
    })
}

/// Limits given elsewhere count; that one is wider is said.
fn take_over(
    joint: &Element,
    given: &mut GivenLimits,
    over: &GivenLimits,
    notes: &mut Notes,
) -> Result<(), Error> {
    let mut bounds = [
        ("lower", &mut given.lower, over.lower, -1.0),
        ("upper", &mut given.upper, over.upper, 1.0),
    ];
    for (name, here, there, outward) in &mut bounds {
        let Some(value) = *there else { continue };
        if !value.is_finite() {
            let problem = format!("is {value} in the robot file: must be finite");
            return Err(joint.attribute_error(name, problem));
        }
        if let Some(described) = here.filter(|d| (value - d) * *outward > 0.0) {
            let value = format!("is {described}, and {value} in the robot file");
            notes.warn(
                joint.place(),
                name,
                &value,
                "the wider one of the robot file counts",
            );
        }
        **here = Some(value);
    }
    let rates = [
        ("velocity", &mut given.velocity, over.velocity),
        ("effort", &mut given.effort, over.effort),
        ("acceleration", &mut given.acceleration, over.acceleration),
        ("deceleration", &mut given.deceleration, over.deceleration),
        ("jerk", &mut given.jerk, over.jerk),
    ];
    for (name, here, there) in rates {
        let Some(value) = there else { continue };
        if !(value.is_finite() && value > 0.0) {
            let problem = format!("is {value} in the robot file: must be finite and above 0");
            return Err(joint.attribute_error(name, problem));
        }
        if let Some(described) = here.filter(|d| value > *d) {
            let value = format!("is {described}, and {value} in the robot file");
            notes.warn(
                joint.place(),
                name,
                &value,
                "the wider one of the robot file counts",
            );
        }
        *here = Some(value);
    }
    Ok(())
}

/// Bounds that are left out are 0, as URDF says; crossed ones are refused.
fn bounds(
    joint: &Element,
    place: &str,
    given: &mut GivenLimits,
    notes: &mut Notes,
) -> Result<(), Error> {
    let (lower, upper) = (given.lower.unwrap_or(0.0), given.upper.unwrap_or(0.0));
    for (name, value) in [("lower", given.lower), ("upper", given.upper)] {
        if value.is_none() {
            notes.warn(place, name, "is left out", "0, as URDF says");
        }
    }
    if lower > upper {
        let problem = format!("lower {lower} is above upper {upper}: exchange or correct them");
        return Err(joint.attribute_error("limit", problem));
    }
    if lower == upper {
        let value = format!("lower and upper are {lower}");
        notes.warn(place, "bounds", &value, "the joint is locked there");
    }
    Ok(())
}
