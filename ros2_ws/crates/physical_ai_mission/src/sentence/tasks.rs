use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::{
    FailurePolicy, FailurePolicyKind, Plan, Resources, RobotName, SkillName, TaskId, TaskSpec,
};
use serde_json::Value;

use super::clause::{Action, Objects, Subject};
use super::cursor::Problem;
use super::grammar::{Group, Placed};
use super::skills::{Call, Skills};
use crate::Fleet;

/// Most tasks that one text may ask for.
const MAX_TASKS: usize = 200;
/// Leaves room for a number within the 64 bytes of an id.
const MAX_ID_STEM_BYTES: usize = 58;

type Robot = Option<String>;
type Planned<T> = Result<T, String>;

/// The subject of an earlier clause.
struct Carried {
    robots: Vec<String>,
    /// Said, not found as the only one that can.
    said: bool,
    sentence: usize,
}

/// Turns clauses into tasks.
pub(super) struct Planner<'f> {
    skills: Skills<'f>,
    plan: Plan,
    ids: BTreeSet<String>,
    carried: Option<Carried>,
    /// What each robot holds because of the text so far.
    holding: BTreeMap<Robot, String>,
    /// What `it` and `them` refer to.
    spoken_of: Vec<String>,
    /// Last tasks of the group before.
    barrier: Vec<TaskId>,
    group: GroupSoFar,
    robots_of_last_group: BTreeSet<String>,
    last_task: BTreeMap<String, TaskId>,
}

#[derive(Default)]
struct GroupSoFar {
    ids: Vec<TaskId>,
    followed: BTreeSet<TaskId>,
    last_of: BTreeMap<String, TaskId>,
    mover_of: BTreeMap<String, Robot>,
}

/// Makes a plan of `groups`.
pub(super) fn plan(
    mut groups: Vec<Group>,
    fleet: &Fleet,
) -> Result<Plan, (Problem, (usize, usize))> {
    let mut planner = Planner {
        skills: Skills::new(fleet),
        plan: Plan::default(),
        ids: BTreeSet::new(),
        carried: None,
        holding: BTreeMap::new(),
        spoken_of: vec![],
        barrier: vec![],
        group: GroupSoFar::default(),
        robots_of_last_group: BTreeSet::new(),
        last_task: BTreeMap::new(),
    };
    for group in &mut groups {
        join_picks_and_places(&mut group.clauses);
        for placed in &group.clauses {
            planner.clause(placed).map_err(|text| {
                let at = placed.clause.tokens.0;
                (Problem { at, text }, placed.clause.tokens)
            })?;
        }
        planner.end_group();
    }
    Ok(planner.plan)
}

/// "picks up the red box and puts it in bin_b" is one task for a robot.
fn join_picks_and_places(clauses: &mut [Placed]) {
    for i in 1..clauses.len() {
        let (before, from) = clauses.split_at_mut(i);
        let (Some(pick), Some(put)) = (before.last_mut(), from.first_mut()) else {
            continue;
        };
        if put.clause.subject != Subject::Elided || put.parallel || !put.after_robots.is_empty() {
            continue;
        }
        let Some(Action::Transfer {
            objects: put_objects,
            place: Some(place),
        }) = put.clause.actions.first()
        else {
            continue;
        };
        let [
            Action::Transfer {
                objects: objects @ Objects::Named(_),
                place: target @ None,
            },
        ] = pick.clause.actions.as_mut_slice()
        else {
            continue;
        };
        if *put_objects == Objects::Pronoun || put_objects == objects {
            *target = Some(place.clone());
            put.clause.actions.remove(0);
        }
    }
}

impl Planner<'_> {
    fn clause(&mut self, placed: &Placed) -> Planned<()> {
        for action in &placed.clause.actions {
            for action in self.one_object_each(action) {
                self.action(&action, placed)?;
            }
        }
        Ok(())
    }

    /// Splits a transfer of several objects; resolves `it` and `them` where the text says what they are.
    fn one_object_each(&mut self, action: &Action) -> Vec<Action> {
        let Action::Transfer { objects, place } = action else {
            return vec![action.clone()];
        };
        let objects = match objects {
            Objects::Named(names) => names.clone(),
            Objects::Pronoun => self.spoken_of.clone(),
        };
        if objects.is_empty() {
            return vec![action.clone()];
        }
        self.spoken_of.clone_from(&objects);
        let single = |object: &String| Action::Transfer {
            objects: Objects::Named(vec![object.clone()]),
            place: place.clone(),
        };
        objects.iter().map(single).collect()
    }

    fn action(&mut self, action: &Action, placed: &Placed) -> Planned<()> {
        let robots = self.robots(action, placed)?;
        if let (Some(object), true) = (object_of(action), robots.len() > 1) {
            let names: Vec<&str> = robots.iter().flatten().map(String::as_str).collect();
            return Err(format!(
                "{object} can be moved by one robot only, not by {}: say which",
                names.join(" and ")
            ));
        }
        for robot in robots {
            self.not_at_the_same_time(&robot, action, placed)?;
            let call = self.call(&robot, action)?;
            self.hold(&robot, action, &call)?;
            self.add(robot, call, placed)?;
        }
        Ok(())
    }

    /// Who acts.
    fn robots(&mut self, action: &Action, placed: &Placed) -> Planned<Vec<Robot>> {
        let subject = &placed.clause.subject;
        let (robots, said) = match subject {
            Subject::Robots(robots) => (robots.clone(), true),
            Subject::OneOf(robots) => match self.only_one_of(robots, action)? {
                Some(robot) => (vec![robot], true),
                None => return Ok(vec![None]),
            },
            Subject::It => match &self.carried {
                Some(carried) if carried.robots.len() == 1 => (carried.robots.clone(), true),
                _ => return Err("it is not clear which robot \"it\" is: name it".into()),
            },
            Subject::They => (self.they()?, true),
            Subject::Elided => match self.elided(action, placed)? {
                Some(found) => found,
                None => return Ok(vec![None]),
            },
        };
        self.carried = Some(Carried {
            robots: robots.clone(),
            said,
            sentence: placed.sentence,
        });
        Ok(robots.into_iter().map(Some).collect())
    }

    fn they(&self) -> Planned<Vec<String>> {
        if let Some(carried) = self.carried.as_ref().filter(|c| c.robots.len() > 1) {
            return Ok(carried.robots.clone());
        }
        let now: BTreeSet<String> = self.group.last_of.keys().cloned().collect();
        let all = self.skills.robots();
        for robots in [now, self.robots_of_last_group.clone(), all] {
            if robots.len() > 1 {
                return Ok(robots.into_iter().collect());
            }
        }
        Err("it is not clear which robots are meant: name them".into())
    }

    fn elided(&mut self, action: &Action, placed: &Placed) -> Planned<Option<(Vec<String>, bool)>> {
        if let Some(carried) = &self.carried {
            let same_sentence = carried.said && carried.sentence == placed.sentence;
            let able = carried
                .robots
                .iter()
                .all(|r| self.able(Some(r.as_str()), action));
            if same_sentence || (able && !placed.parallel) {
                return Ok(Some((carried.robots.clone(), carried.said)));
            }
        }
        if let Some(holder) = self.holder(action) {
            return match holder {
                Some(robot) => Ok(Some((vec![robot], false))),
                None => Err("say which robot: it must be the one that picked it up".into()),
            };
        }
        let everyone: Vec<String> = self.skills.robots().into_iter().collect();
        Ok(self
            .only_one_of(&everyone, action)?
            .map(|robot| (vec![robot], false)))
    }

    /// Who holds the object of `action` because of the text so far.
    fn holder(&self, action: &Action) -> Option<Robot> {
        let object = object_of(action)?;
        self.holding
            .iter()
            .find(|(_, held)| *held == object)
            .map(|(robot, _)| robot.clone())
    }

    fn able(&self, robot: Option<&str>, action: &Action) -> bool {
        let held = robot.and_then(|r| self.holding.get(&Some(r.to_owned())));
        self.skills
            .call(robot, action, held.map(String::as_str))
            .is_ok()
    }

    /// The only one of `robots` that can; none if several can and it makes no difference which.
    fn only_one_of(&self, robots: &[String], action: &Action) -> Planned<Option<String>> {
        let able: Vec<&String> = robots
            .iter()
            .filter(|r| self.able(Some(r.as_str()), action))
            .collect();
        match able.as_slice() {
            [robot] => Ok(Some((*robot).clone())),
            // Names what is wrong with what was said, by the word of whoever comes nearest.
            [] if robots.len() == 1 => self
                .skills
                .call(Some(&robots[0]), action, None)
                .map(|_| None),
            [] => self.skills.call(None, action, None).map(|_| None),
            several => {
                let names: Vec<&str> = several.iter().map(|r| r.as_str()).collect();
                let others = self
                    .skills
                    .robots()
                    .into_iter()
                    .any(|r| !robots.contains(&r) && self.able(Some(r.as_str()), action));
                if others || !any_robot_will_do(action) {
                    return Err(format!("{} can do that: say which", names.join(" and ")));
                }
                Ok(None)
            }
        }
    }

    fn call(&self, robot: &Robot, action: &Action) -> Planned<Call> {
        let held = self.holding.get(robot).map(String::as_str);
        self.skills.call(robot.as_deref(), action, held)
    }

    fn not_at_the_same_time(&self, robot: &Robot, action: &Action, placed: &Placed) -> Planned<()> {
        if let Some(robot) = robot
            && placed.parallel
            && let Some(last) = self.group.last_of.get(robot)
            && !self.belongs_to(last, placed)
        {
            return Err(format!(
                "{robot} does one thing at a time: say \"then\", or name another robot"
            ));
        }
        if let Some(object) = object_of(action)
            && let Some(mover) = self.group.mover_of.get(object)
            && (mover != robot || robot.is_none())
        {
            return Err(format!(
                "{object} is moved twice at the same time: say \"then\""
            ));
        }
        Ok(())
    }

    /// True if `id` is a task of the same clause, which may have several.
    fn belongs_to(&self, id: &TaskId, placed: &Placed) -> bool {
        placed.clause.actions.len() > 1 && self.plan.tasks.last().is_some_and(|t| t.id == *id)
    }

    /// Keeps track of what is held, so that "puts it in bin_b" later is understood.
    fn hold(&mut self, robot: &Robot, action: &Action, call: &Call) -> Planned<()> {
        let Some(object) = object_of(action).map(str::to_owned) else {
            if call.skill == "place" {
                self.holding.remove(robot);
            }
            return Ok(());
        };
        if let Some((Some(other), _)) = self
            .holding
            .iter()
            .find(|(r, held)| **held == object && *r != robot)
        {
            return Err(format!(
                "{object} is held by {other} then: let {other} put it down first"
            ));
        }
        match (call.skill, self.holding.get(robot)) {
            ("place", _) => {
                self.holding.remove(robot);
            }
            (_, Some(held)) => {
                let robot = robot.as_deref().unwrap_or("the robot");
                return Err(format!(
                    "{robot} holds {held} then: say where to put it first"
                ));
            }
            ("pick", None) => {
                self.holding.insert(robot.clone(), object.clone());
            }
            _ => {}
        }
        self.group.mover_of.insert(object, robot.clone());
        Ok(())
    }

    fn add(&mut self, robot: Robot, call: Call, placed: &Placed) -> Planned<()> {
        if self.plan.tasks.len() >= MAX_TASKS {
            return Err(format!(
                "more than {MAX_TASKS} tasks are too many for a sentence: write a plan in YAML"
            ));
        }
        let id = self.new_id(&robot, call.skill)?;
        let chained = robot
            .as_ref()
            .and_then(|r| self.group.last_of.get(r))
            .cloned();
        let mut after = match chained {
            Some(last) => {
                self.group.followed.insert(last.clone());
                vec![last]
            }
            None => self.barrier.clone(),
        };
        for other in &placed.after_robots {
            let last = self
                .last_task
                .get(other)
                .ok_or_else(|| format!("{other} has no task before this that could be done"))?;
            if !after.contains(last) {
                after.push(last.clone());
            }
            self.group.followed.insert(last.clone());
        }
        let idempotent = self.skills.idempotent(call.skill, robot.as_deref());
        let kind = if idempotent {
            FailurePolicyKind::Reassign
        } else {
            FailurePolicyKind::FailMission
        };
        let named = |name: &String| RobotName::try_new(name.as_str()).map_err(|e| e.to_string());
        self.plan.tasks.push(TaskSpec {
            id: id.clone(),
            skill: SkillName::try_new(call.skill).map_err(|e| e.to_string())?,
            robot: robot.as_ref().map(named).transpose()?,
            params: Value::Object(call.params),
            after,
            on_failure: FailurePolicy {
                kind,
                ..FailurePolicy::default()
            },
            resources: Resources::new(),
            timeout_s: 0.0,
            idempotent: None,
        });
        if let Some(robot) = robot {
            self.last_task.insert(robot.clone(), id.clone());
            self.group.last_of.insert(robot, id.clone());
        }
        self.group.ids.push(id);
        Ok(())
    }

    /// `arm_1_home`, then `arm_1_home_2`.
    fn new_id(&mut self, robot: &Robot, skill: &str) -> Planned<TaskId> {
        let mut stem = robot
            .as_ref()
            .map_or_else(|| skill.to_owned(), |r| format!("{r}_{skill}"));
        stem.truncate(MAX_ID_STEM_BYTES);
        let numbered = (2..).map(|n| format!("{stem}_{n}"));
        let mut candidates = std::iter::once(stem.clone()).chain(numbered);
        let id = candidates.find(|id| !self.ids.contains(id)).unwrap_or(stem);
        self.ids.insert(id.clone());
        TaskId::try_new(id).map_err(|e| e.to_string())
    }

    fn end_group(&mut self) {
        let group = std::mem::take(&mut self.group);
        if group.ids.is_empty() {
            return;
        }
        self.robots_of_last_group = group.last_of.into_keys().collect();
        self.barrier = group
            .ids
            .into_iter()
            .filter(|id| !group.followed.contains(id))
            .collect();
    }
}

fn object_of(action: &Action) -> Option<&str> {
    match action {
        Action::Transfer {
            objects: Objects::Named(names),
            ..
        } => names.first().map(String::as_str),
        _ => None,
    }
}

/// True if the outcome in the world does not depend on who does it.
fn any_robot_will_do(action: &Action) -> bool {
    match action {
        Action::Transfer { objects, .. } => *objects != Objects::Pronoun,
        Action::Go { .. } | Action::Patrol { .. } | Action::Wait { .. } => true,
        Action::GoToPoint(_) | Action::MoveJoints(_) | Action::Home | Action::Gripper(_) => false,
    }
}
