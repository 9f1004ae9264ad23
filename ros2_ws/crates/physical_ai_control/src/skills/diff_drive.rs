//! Skills of a differential drive. Each is one file, and one line in [`SKILLS`].

mod body;
mod drive_home;
mod drive_skill;
mod navigate_to;
mod neighbours;
mod patrol;
mod wheel_watch;

use std::collections::BTreeSet;

use physical_ai_domain::{Capability, PlaceKind, RobotModel, RobotName, SkillSpec};
use serde_json::Value;

pub use body::DriveBody;
pub(crate) use neighbours::{goal_separation_m, occupies};

use drive_skill::DriveSkill;

use super::joint_body::JointBody;
use super::parameters::Params;
use super::values::value;
use super::{Site, Situation, Skill, SkillSet, Stop, offer};
use crate::{DriveLimits, Error, SafetyLimits};

/// A skill of a drive.
struct RouteSkill {
    spec: SkillSpec,
    is_offered: fn(&DiffDriveSkills) -> bool,
    route: fn(&DriveBody, &Params<'_>, &Site) -> Result<Vec<Stop>, Error>,
}

/// All of them.
const SKILLS: &[RouteSkill] = &[
    drive_home::HOME,
    drive_home::DRIVE_HOME,
    navigate_to::SKILL,
    patrol::SKILL,
];

/// What they are.
pub(super) fn specs() -> impl Iterator<Item = &'static SkillSpec> {
    SKILLS.iter().map(|s| &s.spec)
}

/// Skills of a robot that drives.
pub struct DiffDriveSkills {
    robot: RobotName,
    body: DriveBody,
    /// It has a posture of its own, to which `home` goes.
    has_posture: bool,
}

impl DiffDriveSkills {
    /// Those of a robot at a site.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] for a robot that does not drive, or is of another site.
    pub fn try_new(
        model: &RobotModel,
        joints: &JointBody,
        site: &Site,
        drive: DriveLimits,
        safety: SafetyLimits,
    ) -> Result<Self, Error> {
        Ok(Self {
            robot: model.name.clone(),
            body: DriveBody::try_new(model, site, drive, safety)?,
            has_posture: joints.posture().next().is_some(),
        })
    }
}

/// A place on the floor; `turns` says whether its heading counts.
fn stop_at(site: &Site, field: &'static str, name: &str, turns: bool) -> Result<Stop, Error> {
    let at = site.place(field, name, PlaceKind::Floor)?.pose;
    Ok(Stop {
        name: name.to_owned(),
        field,
        at,
        yaw: turns.then_some(at.yaw),
    })
}

impl SkillSet for DiffDriveSkills {
    fn offers(&self, site: &Site, objects: &BTreeSet<String>) -> Vec<Capability> {
        let offered = SKILLS.iter().filter(|s| (s.is_offered)(self));
        offered
            .filter_map(|s| offer(&s.spec, &self.robot, |p| value(p.role, site, objects)).ok())
            .collect()
    }

    fn start(
        &self,
        skill: &str,
        params: &Value,
        situation: &Situation<'_>,
    ) -> Result<Option<Box<dyn Skill>>, Error> {
        let mut offered = SKILLS.iter().filter(|s| (s.is_offered)(self));
        let Some(found) = offered.find(|s| s.spec.name == skill) else {
            return Ok(None);
        };
        let params = Params::try_new(&found.spec, params)?;
        let route = (found.route)(&self.body, &params, situation.site)?;
        let skill = DriveSkill::try_new(&self.body, route, &situation.root)?;
        Ok(Some(Box::new(skill)))
    }

    fn set_limits(&mut self, drive: DriveLimits, safety: SafetyLimits) {
        self.body.limits = drive;
        self.body.safety = safety;
    }
}
