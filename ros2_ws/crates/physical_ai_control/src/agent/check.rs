//! Whether a plan could be carried out as things stand: rehearsed task by task, nothing moves.

use std::collections::{BTreeMap, BTreeSet};

use nalgebra::{Isometry3, Vector3};
use physical_ai_domain::{Placement, Plan, RobotName, TaskId, TaskSpec, Time};

use super::Agent;
use super::robot::{Body, RobotControl};
use crate::Error;
use crate::skills::{
    ArmBody, ArmSituation, ArmSkill, OtherRobot, Perception, RoverSkill, placement,
};

/// Fingers that hold something are told to close altogether, metres.
const FINGER_CLOSED_M: f64 = 0.0;

impl Agent {
    /// What would fail of a plan that is given as JSON; see [`Agent::check`].
    ///
    /// # Errors
    /// Says why the text is no plan.
    pub fn check_json(&self, plan: &str, now: Time) -> Result<Vec<String>, String> {
        serde_json::from_str::<Plan>(plan)
            .map(|plan| self.check(&plan, now))
            .map_err(|e| format!("plan cannot be read: {e}"))
    }

    /// What would fail of a plan: for each task of a robot of this agent, in an order that the plan allows,
    /// its skill is made from the state that the tasks before it will have brought about. Tasks of other robots,
    /// and of robots of which no state is known, are passed over.
    ///
    /// # Real-time
    /// Takes up to some milliseconds per task of an arm: not for the control tick.
    pub fn check(&self, plan: &Plan, now: Time) -> Vec<String> {
        let mut rehearsal = Rehearsal::new(self, plan, now);
        for task in in_order(plan) {
            rehearsal.rehearse(task);
        }
        rehearsal.compare_ends();
        rehearsal.violations
    }
}

/// Tasks so that each comes after those that it waits for; those of a cycle are left out, which is somebody
/// else's complaint.
fn in_order(plan: &Plan) -> Vec<&TaskSpec> {
    let mut done: BTreeSet<&TaskId> = BTreeSet::new();
    let mut ordered = Vec::new();
    while ordered.len() < plan.tasks.len() {
        let ready =
            |t: &&TaskSpec| !done.contains(&t.id) && t.after.iter().all(|a| done.contains(a));
        let Some(task) = plan.tasks.iter().find(ready) else {
            break;
        };
        done.insert(&task.id);
        ordered.push(task);
    }
    ordered
}

/// An arm as a plan will have left it.
#[derive(Clone)]
struct ArmState {
    set_points: Vec<f64>,
    measured: Vec<f64>,
}

/// The world as a plan will have changed it.
struct Rehearsal<'a> {
    agent: &'a Agent,
    arms: BTreeMap<RobotName, ArmState>,
    rovers: BTreeMap<RobotName, Placement>,
    perception: Perception,
    /// Rovers that the plan gives something to do.
    busy: BTreeSet<RobotName>,
    /// Where rovers end, with the task and the goal as it was called.
    ends: BTreeMap<RobotName, (TaskId, String)>,
    /// Arms of which a task failed: what they hold then is not known.
    unsure: BTreeSet<RobotName>,
    violations: Vec<String>,
}

impl<'a> Rehearsal<'a> {
    fn new(agent: &'a Agent, plan: &Plan, now: Time) -> Self {
        let (mut arms, mut rovers) = (BTreeMap::new(), BTreeMap::new());
        let mut perception = Perception::default();
        for (name, robot) in &agent.robots {
            let Some(state) = robot.state() else { continue };
            perception.objects.clone_from(&robot.perception().objects);
            match robot.body() {
                Body::Arm(_) => {
                    let arm = ArmState {
                        set_points: robot.set_points(now),
                        measured: state.position.clone(),
                    };
                    arms.insert(name.clone(), arm);
                }
                Body::Rover(_) => {
                    rovers.insert(name.clone(), placement(state));
                }
            }
        }
        let named = plan.tasks.iter().filter_map(|t| t.robot.clone());
        Self {
            agent,
            arms,
            busy: named.collect(),
            rovers,
            perception,
            ends: BTreeMap::new(),
            unsure: BTreeSet::new(),
            violations: Vec::new(),
        }
    }

    fn rehearse(&mut self, task: &TaskSpec) {
        let Some(name) = &task.robot else { return };
        let Some(robot) = self.agent.robots.get(name) else {
            return;
        };
        let outcome = match robot.body() {
            Body::Arm(body) => self.rehearse_arm(task, name, body),
            Body::Rover(_) => self.rehearse_rover(task, name, robot),
        };
        if let Err(error) = outcome {
            let is_cascade =
                matches!(error, Error::NothingHeld { .. }) && self.unsure.contains(name);
            self.unsure.insert(name.clone());
            if !is_cascade {
                self.complain(task, name, &error.to_string());
            }
        }
    }

    fn complain(&mut self, task: &TaskSpec, robot: &RobotName, problem: &str) {
        let (id, skill) = (&task.id, &task.skill);
        let complaint = format!("task {id}: {robot} {skill}: {problem}");
        self.violations.push(complaint);
    }

    fn rehearse_arm(
        &mut self,
        task: &TaskSpec,
        name: &RobotName,
        body: &ArmBody,
    ) -> Result<(), Error> {
        let Some(before) = self.arms.get(name).cloned() else {
            return Ok(());
        };
        let situation = ArmSituation {
            body,
            site: &self.agent.site,
            perception: &self.perception,
            set_points: &before.set_points,
            measured: &before.measured,
        };
        let held = body.held_object(&before.measured, &self.perception);
        let held = held.map(|(object, _)| object.to_owned());
        let skill = ArmSkill::try_new(task.skill.as_str(), &task.params, &situation)?;
        let end = skill.planned_end();
        let mut after = ArmState {
            set_points: end.clone(),
            measured: end,
        };
        let opens = task.skill.as_str() == "set_gripper";
        if let Some((object, at_m)) = skill.puts_down() {
            self.put(object, Isometry3::translation(at_m[0], at_m[1], at_m[2]));
        } else if let Some(object) = skill
            .picks_up()
            .map(str::to_owned)
            .or(held)
            .filter(|_| !opens)
        {
            self.put(&object, body.tool_in_world(&after.measured));
            let width_m = self.perception.objects.get(&object);
            let width_m = width_m.map_or(0.0, |o| o.size_m[0].min(o.size_m[1]).min(o.size_m[2]));
            body.set_fingers(&mut after.measured, width_m / 2.0);
            body.set_fingers(&mut after.set_points, FINGER_CLOSED_M);
        }
        self.arms.insert(name.clone(), after);
        Ok(())
    }

    fn put(&mut self, object: &str, pose: Isometry3<f64>) {
        if let Some(seen) = self.perception.objects.get_mut(object) {
            seen.pose = pose;
        }
    }

    fn rehearse_rover(
        &mut self,
        task: &TaskSpec,
        name: &RobotName,
        robot: &RobotControl,
    ) -> Result<(), Error> {
        let (Some(at), Body::Rover(body)) = (self.rovers.get(name), robot.body()) else {
            return Ok(());
        };
        let site = &self.agent.site;
        let skill = RoverSkill::try_new(task.skill.as_str(), &task.params, body, site, at)?;
        for stop in skill.route() {
            for (other, position) in &self.rovers {
                let other = standing(other, position);
                if other.robot == *name || self.busy.contains(&other.robot) {
                    continue;
                }
                if let Some(off_m) = body.occupies(&other, &stop.at) {
                    let problem = format!(
                        "{} is occupied by {}, which has nothing to do in this plan: it stands {off_m:.2} m from it, \
                         {:.2} m are needed",
                        stop.name,
                        other.robot,
                        body.goal_separation_m()
                    );
                    self.complain(task, name, &problem);
                    return Ok(());
                }
            }
        }
        if let Some(last) = skill.route().last() {
            self.rovers.insert(name.clone(), last.at);
            let end = (task.id.clone(), last.name.clone());
            self.ends.insert(name.clone(), end);
        }
        Ok(())
    }

    /// Two rovers cannot end in one place.
    fn compare_ends(&mut self) {
        let mut found = Vec::new();
        for (i, (first, (first_task, goal))) in self.ends.iter().enumerate() {
            let Some(Body::Rover(body)) = self.agent.robots.get(first).map(RobotControl::body)
            else {
                continue;
            };
            let at = &self.rovers[first];
            for (second, (second_task, other_goal)) in self.ends.iter().skip(i + 1) {
                let other = standing(second, &self.rovers[second]);
                if let Some(off_m) = body.occupies(&other, at) {
                    found.push(format!(
                        "tasks {first_task} and {second_task}: {first} ends at {goal} and {second} at {other_goal}, \
                         {off_m:.2} m apart: {:.2} m are needed; send one of them elsewhere",
                        body.goal_separation_m()
                    ));
                }
            }
        }
        self.violations.extend(found);
    }
}

fn standing(robot: &RobotName, at: &Placement) -> OtherRobot {
    OtherRobot {
        robot: robot.clone(),
        position: Vector3::new(at.x, at.y, 0.0),
        speed_mps: 0.0,
    }
}

#[cfg(test)]
mod tests;
