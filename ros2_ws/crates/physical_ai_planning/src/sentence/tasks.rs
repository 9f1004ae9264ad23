use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::{
    FailurePolicy, FailurePolicyKind, Plan, Resources, RobotName, Role, SkillName, TaskId, TaskSpec,
};
use physical_ai_fleet::Fleet;
use serde_json::Value;

use super::clause::{Action, Objects, Subject};
use super::cursor::Problem;
use super::fault::Fault;
use super::grammar::{Group, Placed};
use super::skills::{Call, Skills};
use super::subjects::Carried;

/// Most tasks that one text may ask for.
const MAX_TASKS: usize = 200;
/// Leaves room for a number within the 64 bytes of an id.
const MAX_ID_STEM_BYTES: usize = 58;

pub(super) type Robot = Option<String>;
pub(super) type Planned<T> = Result<T, String>;

/// Turns clauses into tasks.
pub(super) struct Planner<'f> {
    pub(super) skills: Skills<'f>,
    plan: Plan,
    ids: BTreeSet<String>,
    pub(super) carried: Option<Carried>,
    /// What each robot holds because of the text so far.
    pub(super) holding: BTreeMap<Robot, String>,
    /// What `it` and `them` refer to.
    spoken_of: Vec<String>,
    /// Last tasks of the group before.
    barrier: Vec<TaskId>,
    pub(super) group: GroupSoFar,
    pub(super) robots_of_last_group: BTreeSet<String>,
    pub(super) last_task: BTreeMap<String, TaskId>,
}

#[derive(Default)]
pub(super) struct GroupSoFar {
    pub(super) ids: Vec<TaskId>,
    followed: BTreeSet<TaskId>,
    pub(super) last_of: BTreeMap<String, TaskId>,
    mover_of: BTreeMap<String, Robot>,
    /// Tasks of robots that are not named, with those that can do them.
    open: Vec<(TaskId, BTreeSet<String>)>,
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
                (Problem::new(at, text, Fault::Meaning), placed.clause.tokens)
            })?;
        }
        planner.end_group(group.with_previous);
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
            self.add(robot, action, call, placed)?;
        }
        Ok(())
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
            if call.releases {
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
        match (call.takes, call.releases, self.holding.get(robot)) {
            (false, true, _) => {
                self.holding.remove(robot);
            }
            (true, _, Some(held)) => {
                let robot = robot.as_deref().unwrap_or("the robot");
                return Err(format!(
                    "{robot} holds {held} then: say where to put it first"
                ));
            }
            (true, false, None) => {
                self.holding.insert(robot.clone(), object.clone());
            }
            _ => {}
        }
        self.group.mover_of.insert(object, robot.clone());
        Ok(())
    }

    /// The task of the group that the same robot does before, though nobody says which robot it is.
    fn open_before(&self, able: &BTreeSet<String>, placed: &Placed) -> Option<TaskId> {
        let goes_on = placed.clause.subject == Subject::Elided && !placed.parallel;
        let same = |(_, others): &&(TaskId, BTreeSet<String>)| !others.is_disjoint(able);
        let last = self
            .group
            .open
            .iter()
            .rev()
            .find(same)
            .filter(|_| goes_on)?;
        Some(last.0.clone())
    }

    fn add(&mut self, robot: Robot, action: &Action, call: Call, placed: &Placed) -> Planned<()> {
        if self.plan.tasks.len() >= MAX_TASKS {
            return Err(format!(
                "more than {MAX_TASKS} tasks are too many for a sentence: write a plan in YAML"
            ));
        }
        let id = self.new_id(&robot, &call.skill)?;
        let chained = robot
            .as_ref()
            .and_then(|r| self.group.last_of.get(r))
            .cloned();
        let able = self.all_able(action);
        let chained = match &robot {
            Some(_) => chained,
            None => self.open_before(&able, placed),
        };
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
        let named = |name: &String| RobotName::try_new(name.as_str()).map_err(|e| e.to_string());
        self.plan.tasks.push(TaskSpec {
            id: id.clone(),
            skill: SkillName::try_new(call.skill.as_str()).map_err(|e| e.to_string())?,
            robot: robot.as_ref().map(named).transpose()?,
            params: Value::Object(call.params),
            after,
            // A failure that a worker reported may be tried again. What a lost worker left half done is
            // not: the scheduler repeats that only if the skill says that it may run twice.
            on_failure: FailurePolicy {
                kind: FailurePolicyKind::Reassign,
                ..FailurePolicy::default()
            },
            resources: Resources::new(),
            timeout_s: 0.0,
            idempotent: None,
        });
        if let Some(robot) = robot {
            self.last_task.insert(robot.clone(), id.clone());
            self.group.last_of.insert(robot, id.clone());
        } else {
            self.group.open.push((id.clone(), able));
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

    fn end_group(&mut self, with_previous: bool) {
        let group = std::mem::take(&mut self.group);
        if group.ids.is_empty() {
            return;
        }
        if !with_previous {
            self.robots_of_last_group.clear();
        }
        self.robots_of_last_group.extend(group.last_of.into_keys());
        self.barrier = group
            .ids
            .into_iter()
            .filter(|id| !group.followed.contains(id))
            .collect();
    }
}

pub(super) fn object_of(action: &Action) -> Option<&str> {
    match action {
        Action::Transfer {
            objects: Objects::Named(names),
            ..
        } => names.first().map(String::as_str),
        Action::Own { values, .. } => {
            let object = values.iter().find(|v| v.role == Role::Object)?;
            object.value.as_str()
        }
        _ => None,
    }
}
