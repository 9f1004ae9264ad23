//! Skills of a chain whose tip is moved. Each is one file, and one line in [`SKILLS`].

mod body;
mod clearance;
mod grasp;
mod gripper;
mod lying;
mod move_to;
mod not_held;
mod pick;
mod pick_and_place;
mod place;
mod planner;
mod set_gripper;

use std::collections::BTreeSet;
use std::sync::Arc;

use nalgebra::Isometry3;
use physical_ai_domain::{
    Capability, ChainLayout, ParameterSpec, RobotModel, RobotName, Role, SkillName, SkillSpec,
};
use serde_json::Value;

pub use body::ArmBody;
pub(crate) use grasp::extent_range;
pub(crate) use gripper::Gripper;
pub(crate) use not_held::NotHeld;

use clearance::Clearance;
use planner::Planner;

use super::joint_body::JointBody;
use super::parameters::Params;
use super::steps::{StepBody, StepSkill};
use super::values::{number, range, value};
use super::{Outcome, Site, Situation, Skill, SkillSet, offer};
use crate::{DriveLimits, Error, SafetyLimits};

/// A skill of an arm.
struct ArmSkill {
    spec: SkillSpec,
    /// It needs a hand.
    needs_gripper: bool,
    plan: fn(&mut Planner<'_>, &Params<'_>) -> Result<(), Error>,
}

/// All of them.
const SKILLS: &[ArmSkill] = &[
    move_to::SKILL,
    set_gripper::SKILL,
    pick::SKILL,
    place::SKILL,
    pick_and_place::SKILL,
];

/// What they are.
pub(super) fn specs() -> impl Iterator<Item = &'static SkillSpec> {
    SKILLS.iter().map(|s| &s.spec)
}

/// Skills of one chain of a robot, with its hand if it has one.
pub struct ArmSkills {
    robot: RobotName,
    body: StepBody,
    arm: Arc<ArmBody>,
    clearance: Clearance,
    /// Name of the chain where its skills need it to differ from those of another.
    qualifier: Option<String>,
    /// Largest distance of the tip from the chain's base, metres.
    length_m: f64,
    /// The chain's base with all joints at zero, in the frame of the root link.
    base: Isometry3<f64>,
}

impl ArmSkills {
    /// Skills of a chain whose frames stay above `safety`'s lowest height; `is_first` says that it is the robot's first,
    /// whose skills have their plain names.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] for a chain that is not in the model, or whose name makes no skill's name.
    pub fn try_new(
        model: &RobotModel,
        joints: Arc<JointBody>,
        layout: &ChainLayout,
        is_first: bool,
        safety: &SafetyLimits,
    ) -> Result<Self, Error> {
        let arm = Arc::new(ArmBody::try_new(model, layout)?);
        let set = Self {
            robot: model.name.clone(),
            length_m: length_m(model, layout),
            base: arm.base_in_world(&Isometry3::identity(), &[]),
            clearance: Clearance::try_new(model, joints.clone(), layout, safety.min_height_m)?,
            body: StepBody {
                joints,
                arm: Some(arm.clone()),
            },
            arm,
            qualifier: (!is_first).then(|| layout.name.to_lowercase()),
        };
        for skill in set.skills() {
            let name = set.name(&skill.spec);
            SkillName::try_new(&*name).map_err(|e| Error::UnsuitableModel {
                robot: model.name.to_string(),
                problem: format!(
                    "has a chain {} that no skill can be named by: {e}",
                    layout.name
                ),
            })?;
        }
        Ok(set)
    }

    fn skills(&self) -> impl Iterator<Item = &'static ArmSkill> {
        let has_gripper = self.arm.gripper().is_some();
        SKILLS
            .iter()
            .filter(move |s| has_gripper || !s.needs_gripper)
    }

    fn name(&self, spec: &SkillSpec) -> String {
        match &self.qualifier {
            None => spec.name.to_owned(),
            Some(chain) => format!("{chain}_{}", spec.name),
        }
    }

    /// Lowest and highest x, y and z in the world, metres, that the tip could come to with its links in one line.
    fn reach_m(&self, site: &Site) -> [[f64; 2]; 3] {
        let placed = site.world().robot(self.robot.as_str()).map(|r| r.pose);
        let base = (placed.unwrap_or_default().isometry() * self.base).translation;
        let millimetres = |v: f64| (v * 1e3).round() / 1e3;
        [base.x, base.y, base.z].map(|b| {
            [
                millimetres(b - self.length_m),
                millimetres(b + self.length_m),
            ]
        })
    }

    fn values(&self, parameter: &ParameterSpec, site: &Site, objects: &BTreeSet<String>) -> Value {
        let drives = self.body.joints.drives();
        let reach = || self.reach_m(site);
        match parameter.role {
            // What drives comes anywhere.
            Role::Z => number("m", reach()[2]),
            Role::X if !drives => number("m", reach()[0]),
            Role::Y if !drives => number("m", reach()[1]),
            Role::Opening => {
                let opening_m = self.arm.gripper().map_or(0.0, Gripper::opening_m);
                range("number", [0.0, opening_m])
            }
            role => value(role, site, objects),
        }
    }
}

/// Length of a chain with its links in one line and what slides drawn out, metres.
fn length_m(model: &RobotModel, layout: &ChainLayout) -> f64 {
    let tip = model.link_index(&layout.tip).unwrap_or(model.root);
    let base = model.link_index(&layout.base).unwrap_or(model.root);
    let way = model
        .chain_to(tip)
        .into_iter()
        .skip_while(|j| j.parent != base);
    let length = |j: &physical_ai_domain::Joint| {
        let slides = match j.kind {
            physical_ai_domain::JointKind::Prismatic => {
                j.limits.lower.abs().max(j.limits.upper.abs())
            }
            _ => 0.0,
        };
        j.origin.translation.vector.norm() + slides
    };
    way.map(length).sum()
}

impl SkillSet for ArmSkills {
    fn offers(&self, site: &Site, objects: &BTreeSet<String>) -> Vec<Capability> {
        let offers = self.skills().filter_map(|skill| {
            let offered =
                offer(&skill.spec, &self.robot, |p| self.values(p, site, objects)).ok()?;
            Some(match &self.qualifier {
                None => offered,
                Some(chain) => Capability {
                    skill: SkillName::try_new(self.name(&skill.spec)).ok()?,
                    description: format!("With {chain}: {}", offered.description),
                    ..offered
                },
            })
        });
        offers.collect()
    }

    fn start(
        &self,
        skill: &str,
        params: &Value,
        situation: &Situation<'_>,
    ) -> Result<Option<Box<dyn Skill>>, Error> {
        let Some(found) = self.skills().find(|s| self.name(&s.spec) == skill) else {
            return Ok(None);
        };
        let params = Params::try_new(&found.spec, params)?;
        let mut planner = Planner::new(&self.arm, &self.clearance, situation);
        (found.plan)(&mut planner, &params)?;
        let steps = planner.into_steps();
        let skill = StepSkill::try_new(self.body.clone(), steps, situation)?;
        Ok(Some(Box::new(skill)))
    }

    fn set_limits(&mut self, _: DriveLimits, safety: SafetyLimits) {
        self.clearance.set_lowest_m(safety.min_height_m);
    }

    fn carries(&self, before: &Situation<'_>, after: &Outcome) -> Option<(String, Isometry3<f64>)> {
        let gripper = self.arm.gripper()?;
        let held = self
            .arm
            .held_object(&before.root, before.measured, before.perception);
        let (object, _) = held?;
        // Who tells the fingers something else lets go.
        let kept = |j: usize| before.set_points.get(j) == after.set_points.get(j);
        let grasp = self.arm.grasp_in_world(&after.root, &after.measured);
        let at = Isometry3::from(grasp.translation);
        gripper.joints().all(kept).then(|| (object.to_owned(), at))
    }
}
