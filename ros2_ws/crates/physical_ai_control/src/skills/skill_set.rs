use std::collections::BTreeSet;

use nalgebra::Isometry3;
use physical_ai_domain::{Capability, ParameterSpec, Resources, RobotName, SkillName, SkillSpec};
use serde_json::Value;

use super::{Outcome, Site, Situation, Skill};
use crate::{DriveLimits, Error, SafetyLimits};

/// Skills that go together, because they need the same of a body: an arm with its hand, a drive, joints. A robot
/// has several; no two of them offer a skill of the same name.
pub trait SkillSet {
    /// What it offers at this site, with `objects` in sight.
    fn offers(&self, site: &Site, objects: &BTreeSet<String>) -> Vec<Capability>;

    /// Plans a skill as a whole, before anything moves; `None`: it is not one of this set.
    ///
    /// # Errors
    /// Why it cannot be carried out in this situation: parameters by field and value, a target that is out of
    /// reach, links that would run into each other.
    fn start(
        &self,
        skill: &str,
        params: &Value,
        situation: &Situation<'_>,
    ) -> Result<Option<Box<dyn Skill>>, Error>;

    /// The object that it has in its hand before a skill and still has after it, and where that is then in the
    /// world, metres.
    fn carries(
        &self,
        _before: &Situation<'_>,
        _after: &Outcome,
    ) -> Option<(String, Isometry3<f64>)> {
        None
    }

    /// Takes over new limits, for skills that start from now on.
    fn set_limits(&mut self, _drive: DriveLimits, _safety: SafetyLimits) {}
}

/// The offer of a skill: `values` gives the schema of one value of a parameter.
///
/// # Errors
/// [`Error::UnsuitableModel`] for a name that no skill may have.
pub fn offer(
    spec: &SkillSpec,
    robot: &RobotName,
    values: impl Fn(&ParameterSpec) -> Value,
) -> Result<Capability, Error> {
    let skill = SkillName::try_new(spec.name).map_err(|e| Error::UnsuitableModel {
        robot: robot.to_string(),
        problem: format!("cannot offer a skill: {e}"),
    })?;
    Ok(Capability {
        skill,
        robot: Some(robot.clone()),
        description: spec.description.to_owned(),
        parameters_schema: spec.schema(values),
        mean_duration_s: spec.typical_s,
        requires: Resources::new(),
        idempotent: spec.idempotent,
        ready: true,
        reason: String::new(),
    })
}
