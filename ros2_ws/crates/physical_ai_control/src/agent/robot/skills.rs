//! What a robot can do: its sets of skills, asked one after another.

use std::collections::BTreeSet;

use nalgebra::Isometry3;
use physical_ai_domain::{Assignment, Capability, RobotState, Time};
use serde_json::Value;

use super::RobotControl;
use crate::Error;
use crate::skills::{Site, Situation, Skill, SkillSet};

impl RobotControl {
    /// Gives it more skills.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] if it has a skill of the same name already.
    pub(in crate::agent) fn add_skills(
        &mut self,
        set: Box<dyn SkillSet>,
        site: &Site,
    ) -> Result<(), Error> {
        let none = BTreeSet::new();
        let known = self.offers(site, &none);
        let taken = |o: &Capability| known.iter().any(|k| k.skill == o.skill);
        if let Some(twice) = set.offers(site, &none).into_iter().find(taken) {
            return Err(Error::UnsuitableModel {
                robot: self.model.name.to_string(),
                problem: format!("has a skill {} already", twice.skill),
            });
        }
        self.skills.push(set);
        Ok(())
    }

    /// Everything that it offers at a site, with `objects` in sight.
    pub(in crate::agent) fn offers(
        &self,
        site: &Site,
        objects: &BTreeSet<String>,
    ) -> Vec<Capability> {
        let sets = self.skills.iter();
        sets.flat_map(|set| set.offers(site, objects)).collect()
    }

    pub(in crate::agent) fn skills(&self) -> impl Iterator<Item = &dyn SkillSet> {
        self.skills.iter().map(Box::as_ref)
    }

    /// Where its root link is in the world: what does not drive is where it was put.
    pub(in crate::agent) fn root(&self, state: &RobotState) -> Isometry3<f64> {
        if self.drives() {
            state.base.pose
        } else {
            self.place
        }
    }

    /// Plans the skill of an assignment from where the robot is.
    ///
    /// # Errors
    /// Those of [`RobotControl::plan`].
    pub(super) fn skill(
        &self,
        assignment: &Assignment,
        site: &Site,
        now: Time,
    ) -> Result<Box<dyn Skill>, Error> {
        let state = self.state.as_ref();
        let situation = Situation {
            site,
            perception: &self.perception,
            set_points: &self.set_points(now),
            measured: state.map_or(&[], |s| &s.position),
            root: state.map_or(self.place, |s| self.root(s)),
        };
        self.plan(assignment.skill.as_str(), &assignment.params, &situation)
    }

    /// Plans a skill from a situation.
    ///
    /// # Errors
    /// Those of [`SkillSet::start`]; [`Error::InvalidParams`] for a skill that it does not have.
    pub(in crate::agent) fn plan(
        &self,
        skill: &str,
        params: &Value,
        situation: &Situation<'_>,
    ) -> Result<Box<dyn Skill>, Error> {
        for set in &self.skills {
            if let Some(planned) = set.start(skill, params, situation)? {
                return Ok(planned);
            }
        }
        let offers = self.offers(situation.site, &BTreeSet::new());
        let known: Vec<&str> = offers.iter().map(|o| o.skill.as_str()).collect();
        Err(Error::InvalidParams {
            field: "skill".into(),
            problem: format!(
                "{skill:?} is no skill of {}: it has {}",
                self.model.name,
                known.join(", ")
            ),
        })
    }
}
