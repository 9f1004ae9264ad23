//! Skills that any robot has, since it has joints. Each is one file, and one line in [`SKILLS`].

mod hold;
mod home;
mod move_joints;
mod stand;
mod wait;

use std::collections::BTreeSet;
use std::sync::Arc;

use physical_ai_domain::{Capability, HOME, ParameterSpec, RobotModel, RobotName, Role, SkillSpec};
use serde_json::{Map, Value, json};

use stand::StandSkill;

use super::joint_body::JointBody;
use super::parameters::Params;
use super::steps::{Step, StepBody, StepSkill};
use super::values::{number, range, value};
use super::{Site, Situation, Skill, SkillSet, offer};
use crate::{DifferentialDrive, Error};

/// A skill that is planned, or why it cannot be.
type Planned = Result<Box<dyn Skill>, Error>;

/// A skill of joints.
struct JointSkill {
    spec: SkillSpec,
    is_offered: fn(&JointSkills) -> bool,
    start: fn(&JointSkills, &Params<'_>, &Situation<'_>) -> Planned,
}

/// All of them.
const SKILLS: &[JointSkill] = &[wait::SKILL, hold::SKILL, home::SKILL, move_joints::SKILL];

/// What they are.
pub(super) fn specs() -> impl Iterator<Item = &'static SkillSpec> {
    SKILLS.iter().map(|s| &s.spec)
}

/// Skills of the joints of a robot that are neither wheels nor fingers, and standing still, which all can.
pub struct JointSkills {
    robot: RobotName,
    body: StepBody,
    drive: Option<DifferentialDrive>,
    /// It has other skills to be told to stay where it is.
    has_tip_or_drive: bool,
    /// Where `home` goes: these joints, radians or metres.
    home: Vec<(usize, f64)>,
}

impl JointSkills {
    /// Those of a robot.
    pub fn new(model: &RobotModel, joints: Arc<JointBody>) -> Self {
        let layout = &model.layout;
        Self {
            robot: model.name.clone(),
            drive: DifferentialDrive::from_model(model).ok(),
            has_tip_or_drive: layout.drive.is_some() || !layout.chains.is_empty(),
            home: home_of(&joints, model),
            body: StepBody { joints, arm: None },
        }
    }

    /// Joints that a posture is made of: neither wheels nor fingers.
    fn posture(&self) -> Vec<usize> {
        self.body.joints.posture().collect()
    }

    fn has_posture(&self) -> bool {
        self.body.joints.posture().next().is_some()
    }

    /// A skill of these steps.
    fn steps(&self, steps: Vec<Step>, situation: &Situation<'_>) -> Result<Box<dyn Skill>, Error> {
        let skill = StepSkill::try_new(self.body.clone(), steps.into(), situation)?;
        Ok(Box::new(skill))
    }

    /// Staying where it is for a time, seconds, or until somebody cancels it.
    fn stand(
        &self,
        duration_s: Option<f64>,
        situation: &Situation<'_>,
    ) -> Result<Box<dyn Skill>, Error> {
        match &self.drive {
            Some(drive) if !self.has_posture() => {
                let names = self.body.joints.names().to_vec();
                Ok(Box::new(StandSkill::new(drive.clone(), names, duration_s)))
            }
            _ => self.steps(vec![duration_s.map_or(Step::Hold, Step::Wait)], situation),
        }
    }

    fn values(&self, parameter: &ParameterSpec, site: &Site, objects: &BTreeSet<String>) -> Value {
        match (parameter.role, parameter.name) {
            (Role::JointPositions, move_joints::BY_NAME) => self.positions_by_name(),
            (Role::JointPositions, _) => self.positions_in_order(),
            (role, _) => value(role, site, objects),
        }
    }

    /// Positions in the order of the joints. Each joint's own limits stand in the schema of the positions by name
    /// and are checked when the skill starts.
    fn positions_in_order(&self) -> Value {
        let joints = self.posture();
        let bounds = joints.iter().map(|j| self.bounds(*j));
        let widest = bounds.fold([0.0f64; 2], |[low, high], [l, h]| [low.min(l), high.max(h)]);
        let slides = joints.iter().any(|j| self.body.joints.unit(*j) == "m");
        let unit = if slides { "rad or m" } else { "rad" };
        json!({"type": "array", "items": number(unit, widest), "minItems": joints.len(),
               "maxItems": joints.len()})
    }

    fn positions_by_name(&self) -> Value {
        let joints = &self.body.joints;
        let named = (0..joints.len()).filter(|j| !joints.is_wheel(*j));
        let properties: Map<String, Value> = named
            .map(|j| (joints.names()[j].clone(), range("number", self.bounds(j))))
            .collect();
        json!({"type": "object", "properties": properties, "minProperties": 1,
               "additionalProperties": false})
    }

    /// Lowest and highest position of a joint that may be asked for; what turns without end goes round once.
    fn bounds(&self, joint: usize) -> [f64; 2] {
        let limits = &self.body.joints.limits()[joint];
        let [lowest, highest] = super::values::ANGLE_RAD;
        let finite = |limit: f64, instead: f64| if limit.is_finite() { limit } else { instead };
        [finite(limits.lower, lowest), finite(limits.upper, highest)]
    }
}

/// Where `home` goes: the joints that a posture names, and where there is none all of the posture.
fn home_of(joints: &JointBody, model: &RobotModel) -> Vec<(usize, f64)> {
    let positions = model.home_positions();
    let with_position = |j: usize| Some((j, *positions.get(j)?));
    let Some(named) = model.layout.postures.get(HOME) else {
        return joints.posture().filter_map(with_position).collect();
    };
    let is_named = |j: &usize| !joints.is_wheel(*j) && named.contains_key(&joints.names()[*j]);
    let goes = (0..joints.len()).filter(is_named);
    goes.filter_map(with_position).collect()
}

impl SkillSet for JointSkills {
    fn offers(&self, site: &Site, objects: &BTreeSet<String>) -> Vec<Capability> {
        let offered = SKILLS.iter().filter(|s| (s.is_offered)(self));
        offered
            .filter_map(|s| offer(&s.spec, &self.robot, |p| self.values(p, site, objects)).ok())
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
        (found.start)(self, &params, situation).map(Some)
    }
}
