//! Whether a plan could be carried out as things stand: rehearsed task by task, nothing moves.

use std::collections::{BTreeMap, BTreeSet};

use nalgebra::{Isometry3, Vector3};
use physical_ai_domain::{Plan, RobotName, TaskId, TaskSpec, Time};

use super::Agent;
use super::robot::RobotControl;
use crate::Error;
use crate::skills::{
    OtherRobot, Outcome, Perception, Situation, goal_separation_m, occupies, placement,
};

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
    /// Takes up to some milliseconds per task that moves a tip: not for the control tick.
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

/// A robot as a plan will have left it.
#[derive(Clone)]
struct Rehearsed {
    set_points: Vec<f64>,
    measured: Vec<f64>,
    root: Isometry3<f64>,
}

/// The world as a plan will have changed it.
struct Rehearsal<'a> {
    agent: &'a Agent,
    robots: BTreeMap<RobotName, Rehearsed>,
    perception: Perception,
    /// Robots that the plan gives something to do.
    busy: BTreeSet<RobotName>,
    /// Where those end that drive, with the task and the goal as it was called.
    ends: BTreeMap<RobotName, (TaskId, String)>,
    /// Robots of which a task failed: what they hold then is not known.
    unsure: BTreeSet<RobotName>,
    violations: Vec<String>,
}

impl<'a> Rehearsal<'a> {
    fn new(agent: &'a Agent, plan: &Plan, now: Time) -> Self {
        let mut robots = BTreeMap::new();
        let mut perception = Perception::default();
        for (name, robot) in &agent.robots {
            let Some(state) = robot.state() else { continue };
            perception.objects.clone_from(&robot.perception().objects);
            let rehearsed = Rehearsed {
                set_points: robot.set_points(now),
                measured: state.position.clone(),
                root: robot.root(state),
            };
            robots.insert(name.clone(), rehearsed);
        }
        let named = plan.tasks.iter().filter_map(|t| t.robot.clone());
        Self {
            agent,
            robots,
            busy: named.collect(),
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
        let Some(before) = self.robots.get(name).cloned() else {
            return;
        };
        match self.outcome(task, robot, &before) {
            Ok(outcome) => self.take(task, name, robot, outcome),
            Err(error) => {
                let is_cascade =
                    matches!(error, Error::NothingHeld { .. }) && self.unsure.contains(name);
                self.unsure.insert(name.clone());
                if !is_cascade {
                    self.complain(task, name, &error.to_string());
                }
            }
        }
    }

    fn complain(&mut self, task: &TaskSpec, robot: &RobotName, problem: &str) {
        let (id, skill) = (&task.id, &task.skill);
        let complaint = format!("task {id}: {robot} {skill}: {problem}");
        self.violations.push(complaint);
    }

    /// What a task will have brought about, with what the robot carries along.
    fn outcome(
        &self,
        task: &TaskSpec,
        robot: &RobotControl,
        before: &Rehearsed,
    ) -> Result<Outcome, Error> {
        let situation = Situation {
            site: &self.agent.site,
            perception: &self.perception,
            set_points: &before.set_points,
            measured: &before.measured,
            root: before.root,
        };
        let skill = robot.plan(task.skill.as_str(), &task.params, &situation)?;
        let mut outcome = skill.outcome(&situation);
        for set in robot.skills() {
            let carried = set.carries(&situation, &outcome);
            let moved_itself = |o: &String| outcome.moved.iter().any(|(moved, _)| moved == o);
            if let Some(carried) = carried.filter(|(object, _)| !moved_itself(object)) {
                outcome.moved.push(carried);
            }
        }
        Ok(outcome)
    }

    fn take(&mut self, task: &TaskSpec, name: &RobotName, robot: &RobotControl, outcome: Outcome) {
        for stop in &outcome.route {
            let taken = self.others_than(name).find_map(|other| {
                let off_m = occupies(robot.safety(), &other, &stop.at)?;
                Some((other.robot, off_m))
            });
            if let Some((other, off_m)) = taken {
                let problem = format!(
                    "{} is occupied by {other}, which has nothing to do in this plan: it stands {off_m:.2} m from it, \
                     {:.2} m are needed",
                    stop.name,
                    goal_separation_m(robot.safety())
                );
                return self.complain(task, name, &problem);
            }
        }
        if let Some(last) = outcome.route.last() {
            let end = (task.id.clone(), last.name.clone());
            self.ends.insert(name.clone(), end);
        }
        for (object, pose) in &outcome.moved {
            if let Some(seen) = self.perception.objects.get_mut(object) {
                seen.pose = *pose;
            }
        }
        let after = Rehearsed {
            set_points: outcome.set_points,
            measured: outcome.measured,
            root: outcome.root,
        };
        self.robots.insert(name.clone(), after);
    }

    /// Other robots that could drive and have nothing to do.
    fn others_than<'b>(&'b self, name: &'b RobotName) -> impl Iterator<Item = OtherRobot> + 'b {
        let drives = |n: &RobotName| self.agent.robots.get(n).is_some_and(RobotControl::drives);
        let idle = move |(n, _): &(&RobotName, &Rehearsed)| {
            *n != name && drives(n) && !self.busy.contains(*n)
        };
        let idle = self.robots.iter().filter(idle);
        idle.map(|(n, at)| standing(n, &at.root))
    }

    /// Two robots cannot end in one place.
    fn compare_ends(&mut self) {
        let mut found = Vec::new();
        for (i, (first, (first_task, goal))) in self.ends.iter().enumerate() {
            let Some(robot) = self.agent.robots.get(first) else {
                continue;
            };
            let at = placement(&self.robots[first].root);
            for (second, (second_task, other_goal)) in self.ends.iter().skip(i + 1) {
                let other = standing(second, &self.robots[second].root);
                if let Some(off_m) = occupies(robot.safety(), &other, &at) {
                    found.push(format!(
                        "tasks {first_task} and {second_task}: {first} ends at {goal} and {second} at {other_goal}, \
                         {off_m:.2} m apart: {:.2} m are needed; send one of them elsewhere",
                        goal_separation_m(robot.safety())
                    ));
                }
            }
        }
        self.violations.extend(found);
    }
}

fn standing(robot: &RobotName, at: &Isometry3<f64>) -> OtherRobot {
    OtherRobot {
        robot: robot.clone(),
        position: Vector3::new(at.translation.x, at.translation.y, 0.0),
        speed_mps: 0.0,
    }
}

#[cfg(test)]
mod tests;
