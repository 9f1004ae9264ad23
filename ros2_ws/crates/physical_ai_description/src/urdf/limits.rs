use physical_ai_domain::{GivenLimits, JointKind};

use super::Notes;
use super::element::Element;
use crate::Error;

/// The limits of a joint: those of its `<limit>`, and where it gives none those of `missing`. A planar joint need not
/// have bounds; what is missing of it is said of the two that it becomes.
pub(super) fn read(
    joint: &Element,
    (kind, is_planar): (JointKind, bool),
    missing: &GivenLimits,
    notes: &mut Notes,
) -> Result<GivenLimits, Error> {
    let element = joint.child("limit")?;
    let mut given = match &element {
        Some(element) => described(element, kind, notes)?,
        None => GivenLimits::default(),
    };
    let bounded = matches!(kind, JointKind::Revolute | JointKind::Prismatic);
    if element.is_none() && is_planar {
        (given.lower, given.upper) = (Some(f64::NEG_INFINITY), Some(f64::INFINITY));
        return Ok(given);
    }
    let bounds_given = missing.lower.is_some() && missing.upper.is_some();
    if element.is_none() && bounded && !bounds_given {
        return Err(joint.error(
            "has no <limit>: give one here or in the robot file, or make the joint continuous",
        ));
    }
    let place = element.as_ref().map_or(joint.place(), Element::place);
    if is_planar {
        bounds(joint, place, &given, notes)?;
        return Ok(given);
    }
    let given = given.or(missing);
    say_what_is_missing(place, &given, notes);
    if bounded {
        bounds(joint, place, &given, notes)?;
    }
    Ok(given)
}

/// Warns of a joint that is not moved, since nobody said how fast or how strong it is.
pub(super) fn say_what_is_missing(place: &str, given: &GivenLimits, notes: &mut Notes) {
    for (name, value) in [("velocity", given.velocity), ("effort", given.effort)] {
        if value.is_none() {
            let assumed =
                "the joint is not moved until the robot file or the description gives one";
            notes.warn(place, name, "is not given", assumed);
        }
    }
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

/// Bounds that are left out are 0, as URDF says; crossed ones are refused.
fn bounds(
    joint: &Element,
    place: &str,
    given: &GivenLimits,
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
