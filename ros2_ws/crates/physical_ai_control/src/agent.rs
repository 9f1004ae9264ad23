//! Several robots controlled at once: tasks in, commands out, everything through the safety filter.

mod check;
mod following;
mod robot;
mod standstill;
mod tuning;

use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::{
    ActuatorCommand, Assignment, Capability, ErrorCode, FencingToken, RobotModel, RobotName,
    RobotState, TaskReport, Time, World,
};

pub use robot::{RobotControl, RobotMetrics, TrajectoryEnd, TrajectoryFeedback};

use crate::skills::{SeenObject, Site, SkillSet};
use crate::{DriveLimits, Error, Obstacles, SafetyLimits, SafetyVerdict};

/// Controls the robots of one agent worker.
pub struct Agent {
    site: Site,
    robots: BTreeMap<RobotName, RobotControl>,
    objects: BTreeSet<String>,
}

/// Answer of a control tick.
pub struct Control<'a> {
    /// What the actuators shall do.
    pub command: &'a ActuatorCommand,
    /// What the safety filter did to it.
    pub verdict: SafetyVerdict,
    /// A task's report, if there is news.
    pub report: Option<TaskReport>,
}

impl Agent {
    /// An agent for these robots of a world.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] for a robot that is not in the world, or whose layout does not fit it; for limits, see
    /// [`Agent::set_limits`].
    pub fn try_new(
        world: World,
        models: Vec<RobotModel>,
        drive: DriveLimits,
        safety: SafetyLimits,
    ) -> Result<Self, Error> {
        let site = Site::new(world).with_geofence(safety.geofence_min_m, safety.geofence_max_m);
        let robots = models
            .into_iter()
            .map(|m| {
                Ok((
                    m.name.clone(),
                    RobotControl::try_new(m, &site, drive, safety)?,
                ))
            })
            .collect::<Result<_, Error>>()?;
        let mut agent = Self {
            site,
            robots,
            objects: BTreeSet::new(),
        };
        agent.set_limits(drive, safety)?;
        Ok(agent)
    }

    /// Names of the robots.
    pub fn robots(&self) -> impl Iterator<Item = &RobotName> {
        self.robots.keys()
    }

    /// One robot's control.
    pub fn robot_mut(&mut self, name: &RobotName) -> Option<&mut RobotControl> {
        self.robots.get_mut(name)
    }

    /// All robots' control.
    pub fn robots_mut(&mut self) -> impl Iterator<Item = &mut RobotControl> {
        self.robots.values_mut()
    }

    /// Gives one of its robots more skills than follow from its layout.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] for a robot of somebody else, or one that has a skill of the same name already.
    pub fn add_skills(&mut self, robot: &RobotName, set: Box<dyn SkillSet>) -> Result<(), Error> {
        let found = self.robots.get_mut(robot);
        let found = found.ok_or_else(|| Error::UnsuitableModel {
            robot: robot.to_string(),
            problem: "is not one of this agent".to_owned(),
        })?;
        found.add_skills(set, &self.site)
    }

    /// Skills of all robots; those of a robot without a recent state are not ready.
    pub fn capabilities(&self, now: Time) -> Vec<Capability> {
        let mut all = Vec::new();
        for robot in self.robots.values() {
            let reason = robot.not_ready(now);
            for mut offer in robot.offers(&self.site, &self.objects) {
                offer.ready = reason.is_none();
                offer.reason = reason.clone().unwrap_or_default();
                if let Some(mean_s) = robot.mean_duration_s(offer.skill.as_str()) {
                    offer.mean_duration_s = mean_s;
                }
                all.push(offer);
            }
        }
        all
    }

    /// Share of robots that execute a task.
    pub fn load(&self) -> f64 {
        let busy = self.robots.values().filter(|r| r.is_busy()).count();
        busy as f64 / self.robots.len().max(1) as f64
    }

    /// Takes objects as perception saw them at `stamp`. True if their names changed.
    pub fn see_objects(&mut self, stamp: Time, objects: &BTreeMap<String, SeenObject>) -> bool {
        for robot in self.robots.values_mut() {
            let perception = robot.perception_mut();
            perception.objects.clone_from(objects);
            perception.objects_stamp = stamp;
        }
        let names: BTreeSet<String> = objects.keys().cloned().collect();
        let changed = names != self.objects;
        self.objects = names;
        changed
    }

    /// Takes a lidar turn of one robot.
    pub fn see_obstacles(&mut self, robot: &RobotName, stamp: Time, obstacles: Obstacles) {
        if let Some(robot) = self.robots.get_mut(robot) {
            let perception = robot.perception_mut();
            perception.obstacles = obstacles;
            perception.obstacles_stamp = stamp;
            perception.obstacles_refused = None;
        }
    }

    /// Takes note of why a lidar turn of one robot is not believed.
    pub fn refuse_obstacles(&mut self, robot: &RobotName, problem: &str) {
        if let Some(robot) = self.robots.get_mut(robot) {
            robot.perception_mut().obstacles_refused = Some(problem.to_owned());
        }
    }

    /// Engages or resets a robot's emergency stop.
    pub fn set_emergency_stop(&mut self, robot: &RobotName, engaged: bool) {
        if let Some(robot) = self.robots.get_mut(robot) {
            robot.set_emergency_stop(engaged);
        }
    }

    /// Says why a robot's commands do not reach its joints now, at `steady_s`; `None`: they do.
    pub fn set_held(&mut self, robot: &RobotName, reason: Option<String>, steady_s: f64) {
        if let Some(robot) = self.robots.get_mut(robot) {
            robot.set_held(reason, steady_s);
        }
    }

    /// Starts a task.
    ///
    /// # Errors
    /// Code and reason for which it was not started; nothing moves then.
    pub fn assign(
        &mut self,
        assignment: Assignment,
        now: Time,
    ) -> Result<TaskReport, (ErrorCode, String)> {
        let known = || {
            self.robots
                .keys()
                .map(RobotName::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let name = match &assignment.robot {
            Some(name) => name.clone(),
            None => {
                let able = |r: &&RobotControl| {
                    !r.is_busy()
                        && r.offers(&self.site, &self.objects)
                            .iter()
                            .any(|o| o.skill == assignment.skill)
                };
                match self.robots.values().find(able) {
                    Some(robot) => robot.model().name.clone(),
                    None => {
                        return Err((
                            ErrorCode::Busy,
                            "no free robot here offers the skill".into(),
                        ));
                    }
                }
            }
        };
        if !self.robots.contains_key(&name) {
            return Err((
                ErrorCode::InvalidParams,
                format!("robot {name} is not one of {}", known()),
            ));
        }
        let site = self.site.clone();
        match self.robots.get_mut(&name) {
            Some(robot) => robot.assign(assignment, &site, now),
            None => Err((ErrorCode::Internal, format!("robot {name} vanished"))),
        }
    }

    /// Begins to stop a task.
    pub fn cancel(&mut self, token: FencingToken) {
        for robot in self.robots.values_mut() {
            robot.cancel(token);
        }
    }

    /// One control tick: a new state in, a command out. `None` for a robot of somebody else.
    ///
    /// # Real-time
    /// The hot path: no blocking. Allocates only when a task begins a step, goes on after it was held, or ends.
    pub fn tick(&mut self, state: RobotState, now: Time, steady_s: f64) -> Option<Control<'_>> {
        if self.robots.get(&state.robot)?.drives() {
            for (name, other) in &mut self.robots {
                if *name != state.robot {
                    other.perception_mut().see_robot(&state);
                }
            }
        }
        self.robots
            .get_mut(&state.robot)
            .map(|r| r.tick(state, now, steady_s))
    }

    /// Reports of tasks whose robots fell silent: called by a timer.
    pub fn watch(&mut self, now: Time, steady_s: f64) -> Vec<TaskReport> {
        self.robots
            .values_mut()
            .filter_map(|r| r.watch(now, steady_s))
            .collect()
    }
}

#[cfg(test)]
mod body_tests;
#[cfg(test)]
mod held_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trajectory_tests;
