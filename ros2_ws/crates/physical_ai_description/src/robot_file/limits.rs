use physical_ai_domain::{GivenLimits, JointKind, JointLimits, RobotModel};

use super::{FileLimits, RobotFile};
use crate::Error;
use crate::nearest::does_not_exist;

/// A limit of a file may be looser than the description's by this much: both were rounded.
const ROUNDING: f64 = 1e-6;

impl FileLimits {
    pub(super) fn given(&self) -> GivenLimits {
        GivenLimits {
            lower: self.lower,
            upper: self.upper,
            velocity: self.velocity,
            effort: self.effort,
            acceleration: self.acceleration,
            deceleration: self.deceleration,
            jerk: self.jerk,
        }
    }

    /// Limits that have to be above 0, with their names.
    fn rates(&self) -> [(&'static str, Option<f64>); 5] {
        [
            ("velocity", self.velocity),
            ("effort", self.effort),
            ("acceleration", self.acceleration),
            ("deceleration", self.deceleration),
            ("jerk", self.jerk),
        ]
    }
}

/// Refuses numbers that are not finite, rates that are not above 0, and ranges that are upside down.
pub(super) fn check_numbers(file: &RobotFile) -> Result<(), Error> {
    let finite = |field: String, value: f64| {
        if value.is_finite() {
            Ok(())
        } else {
            Err(file.error(field, format!("is {value}: must be finite")))
        }
    };
    for (joint, limits) in &file.limits {
        for (name, value) in [("lower", limits.lower), ("upper", limits.upper)] {
            finite(format!("limits.{joint}.{name}"), value.unwrap_or(0.0))?;
        }
        for (name, value) in limits.rates() {
            let Some(value) = value else { continue };
            finite(format!("limits.{joint}.{name}"), value)?;
            if value <= 0.0 {
                let problem = format!("is {value}: must be above 0");
                return Err(file.error(format!("limits.{joint}.{name}"), problem));
            }
        }
        if let (Some(lower), Some(upper)) = (limits.lower, limits.upper)
            && lower > upper
        {
            let problem = format!("lower {lower} is above upper {upper}: swap them");
            return Err(file.error(format!("limits.{joint}"), problem));
        }
    }
    for (name, posture) in file.postures.iter().flatten() {
        for (joint, value) in posture {
            finite(format!("postures.{name}.{joint}"), *value)?;
        }
    }
    Ok(())
}

impl RobotFile {
    /// Tightens a model's limits to those of the file.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming joint, value and what to do: a joint that does not exist or does not move by itself, a
    /// limit that is looser than the description's.
    pub(crate) fn limit(&self, model: &mut RobotModel) -> Result<(), Error> {
        for (name, limits) in &self.limits {
            let field = format!("limits.{name}");
            let index = model.joint_index(name).ok_or_else(|| {
                let names = model.movable().map(|j| j.name.as_str());
                self.error(&field, does_not_exist("joint", name, names))
            })?;
            let joint = &model.joints[index];
            if matches!(joint.kind, JointKind::Fixed | JointKind::Floating) {
                let problem = "that joint is not moved by a drive: take it out".to_owned();
                return Err(self.error(field, problem));
            }
            if let Some(mimic) = joint.mimic {
                let leader = &model.joints[mimic.leader].name;
                let problem = format!("that joint follows {leader:?}: limit that one");
                return Err(self.error(field, problem));
            }
            if joint.kind == JointKind::Continuous && (limits.lower.or(limits.upper)).is_some() {
                let problem =
                    "that joint is continuous and has no lower and upper: make it revolute in the \
                               description if it has stops"
                        .to_owned();
                return Err(self.error(field, problem));
            }
            let given = tightened(&joint.given, limits)
                .map_err(|(limit, problem)| self.error(format!("{field}.{limit}"), problem))?;
            let (lower, upper) = (given.lower, given.upper);
            if lower > upper && lower.is_some() && upper.is_some() {
                let problem = format!(
                    "leaves no position: lower {}, upper {}",
                    lower.unwrap_or_default(),
                    upper.unwrap_or_default()
                );
                return Err(self.error(field, problem));
            }
            let joint = &mut model.joints[index];
            joint.given = given;
            joint.limits = JointLimits::from_given(joint.kind, &given);
        }
        Ok(())
    }
}

/// What was given with what a file says; fails with the name of the limit that is looser.
fn tightened(
    given: &GivenLimits,
    file: &FileLimits,
) -> Result<GivenLimits, (&'static str, String)> {
    let looser = |value: f64, limit: f64| {
        format!(
            "is {value}, looser than the description's {limit}: give a tighter one or take it out"
        )
    };
    let highest = |name: &'static str, given: Option<f64>, file: Option<f64>| match (given, file) {
        (Some(limit), Some(value)) if value > limit + ROUNDING => Err((name, looser(value, limit))),
        (given, file) => Ok(file.or(given)),
    };
    let lowest = match (given.lower, file.lower) {
        (Some(limit), Some(value)) if value < limit - ROUNDING => {
            Err(("lower", looser(value, limit)))
        }
        (given, file) => Ok(file.or(given)),
    };
    Ok(GivenLimits {
        lower: lowest?,
        upper: highest("upper", given.upper, file.upper)?,
        velocity: highest("velocity", given.velocity, file.velocity)?,
        effort: highest("effort", given.effort, file.effort)?,
        acceleration: highest("acceleration", given.acceleration, file.acceleration)?,
        deceleration: highest("deceleration", given.deceleration, file.deceleration)?,
        jerk: highest("jerk", given.jerk, file.jerk)?,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::layout::fixtures::{chain, frame, model};

    fn limited(limits: &str) -> Result<RobotModel, Error> {
        let text = format!("description: a.urdf\nlimits: {limits}");
        let file = RobotFile::from_yaml(Path::new("r.yaml"), &text)?;
        let mut model = model(&(chain("base", "a", 3, 0.2) + &frame("a_3", "tool0", "0 0 0")));
        file.limit(&mut model).map(|()| model)
    }

    #[test]
    fn tighter_limits_hold_and_those_not_given_are_filled_in() {
        let model =
            limited("{a_j2: {upper: 1.5, velocity: 0.5, jerk: 9, acceleration: 3}}").unwrap();
        let limits = model.joints[1].limits;
        assert_eq!((limits.lower, limits.upper), (-2.0, 1.5));
        assert_eq!(
            (limits.velocity, limits.acceleration, limits.jerk),
            (0.5, 3.0, 9.0)
        );
        assert_eq!(model.joints[0].limits.upper, 2.0);
    }

    #[test]
    fn wrong_joints_and_looser_limits_are_refused() {
        let check = |limits: &str, expected: &str| {
            let error = limited(limits).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            "{a_j9: {upper: 1}}",
            r#"r.yaml: limits.a_j9: there is no joint "a_j9": the nearest are "a_j1""#,
        );
        check(
            "{tool0_fixed: {upper: 1}}",
            "limits.tool0_fixed: that joint is not moved by a drive",
        );
        check(
            "{a_j1: {upper: 2.5}}",
            "limits.a_j1.upper: is 2.5, looser than the description's 2",
        );
        check(
            "{a_j1: {lower: -2.5}}",
            "limits.a_j1.lower: is -2.5, looser",
        );
        check(
            "{a_j1: {effort: 11}}",
            "limits.a_j1.effort: is 11, looser than the description's 10",
        );
        check(
            "{a_j1: {lower: 3}}",
            "limits.a_j1: leaves no position: lower 3, upper 2",
        );
    }
}
