use nalgebra::{Isometry3, Quaternion, Translation3, UnitQuaternion};

use super::Notes;
use super::element::Element;
use crate::Error;

/// How far a quaternion's length may be from 1 without a word.
const ROUNDING: f64 = 1e-6;

/// The `<origin>` of an element; the identity if it has none.
pub(super) fn origin(parent: &Element, notes: &mut Notes) -> Result<Isometry3<f64>, Error> {
    match parent.child("origin")? {
        Some(element) => pose(&element, notes),
        None => Ok(Isometry3::identity()),
    }
}

/// Position and orientation that an element gives.
fn pose(element: &Element, notes: &mut Notes) -> Result<Isometry3<f64>, Error> {
    element.expect(&["xyz", "rpy", "quat_xyzw"], &[], &mut notes.extensions)?;
    let [x, y, z] = element.numbers("xyz")?.unwrap_or_default();
    let rotation = match (element.numbers("rpy")?, element.numbers("quat_xyzw")?) {
        (Some(_), Some(_)) => {
            return Err(element.error("has rpy and quat_xyzw: take one of them away"));
        }
        (_, Some(quaternion)) => unit(element, quaternion, notes)?,
        (rpy, None) => {
            let [roll, pitch, yaw] = rpy.unwrap_or_default();
            UnitQuaternion::from_euler_angles(roll, pitch, yaw)
        }
    };
    Ok(Isometry3::from_parts(Translation3::new(x, y, z), rotation))
}

fn unit(
    element: &Element,
    [x, y, z, w]: [f64; 4],
    notes: &mut Notes,
) -> Result<UnitQuaternion<f64>, Error> {
    let quaternion = Quaternion::new(w, x, y, z);
    let length = quaternion.norm();
    if (length - 1.0).abs() > ROUNDING {
        let value = format!("has length {length}");
        notes.warn(element.place(), "quat_xyzw", &value, "scaled to length 1");
    }
    UnitQuaternion::try_new(quaternion, 1e-9)
        .ok_or_else(|| element.attribute_error("quat_xyzw", "has length 0: no rotation has that"))
}
