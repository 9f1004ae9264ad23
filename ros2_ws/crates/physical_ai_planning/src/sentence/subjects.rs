use std::collections::BTreeSet;

use super::clause::{Action, Objects, Subject};
use super::grammar::Placed;
use super::tasks::{Planned, Planner, Robot, object_of};

/// The subject of an earlier clause.
pub(super) struct Carried {
    robots: Vec<String>,
    /// Said, not found as the only one that can.
    said: bool,
    sentence: usize,
}

impl Planner<'_> {
    /// Who acts.
    pub(super) fn robots(&mut self, action: &Action, placed: &Placed) -> Planned<Vec<Robot>> {
        let subject = &placed.clause.subject;
        let (robots, said) = match subject {
            Subject::Robots(robots) => (robots.clone(), true),
            Subject::OneOf(robots) => match self.only_one_of(robots, action)? {
                Some(robot) => (vec![robot], true),
                None => return Err(self.say_which(robots, action)),
            },
            Subject::AnyOf(robots) => match self.only_one_of(robots, action)? {
                Some(robot) => (vec![robot], true),
                None => return Ok(vec![None]),
            },
            Subject::It => (self.it(action)?, true),
            Subject::They => (self.they()?, true),
            Subject::Both => (self.both()?, true),
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

    fn it(&self, action: &Action) -> Planned<Vec<String>> {
        let rivals = self.rivals();
        if !rivals.is_empty() {
            return match self.able_of(&rivals, action).as_slice() {
                [only] => Ok(vec![only.clone()]),
                _ => Err(unclear(&rivals)),
            };
        }
        match &self.carried {
            Some(carried) if carried.robots.len() == 1 => Ok(carried.robots.clone()),
            _ => Err("it is not clear which robot \"it\" is: name it".into()),
        }
    }

    /// At the start of a group: the robots of the group before, if a subject carried over may be
    /// any of several.
    fn rivals(&self) -> Vec<String> {
        let robots = &self.robots_of_last_group;
        let all_carried = self.carried.as_ref().is_some_and(|c| {
            c.robots.len() == robots.len() && c.robots.iter().all(|r| robots.contains(r))
        });
        if self.group.ids.is_empty() && robots.len() > 1 && !all_carried {
            robots.iter().cloned().collect()
        } else {
            vec![]
        }
    }

    /// All robots that can do it.
    pub(super) fn all_able(&self, action: &Action) -> BTreeSet<String> {
        let all: Vec<String> = self.skills.robots().into_iter().collect();
        self.able_of(&all, action).into_iter().collect()
    }

    fn able_of(&self, robots: &[String], action: &Action) -> Vec<String> {
        let able = robots
            .iter()
            .filter(|r| self.able(Some(r.as_str()), action));
        able.cloned().collect()
    }

    fn say_which(&self, robots: &[String], action: &Action) -> String {
        format!(
            "{} can do that: say which",
            self.able_of(robots, action).join(" and ")
        )
    }

    fn both(&self) -> Planned<Vec<String>> {
        let robots = self.they()?;
        if robots.len() == 2 {
            return Ok(robots);
        }
        let names = robots.join(", ");
        Err(format!(
            "\"both\" may be {names}: name the two that are meant"
        ))
    }

    fn they(&self) -> Planned<Vec<String>> {
        if let Some(carried) = self.carried.as_ref().filter(|c| c.robots.len() > 1) {
            return Ok(carried.robots.clone());
        }
        let now: BTreeSet<String> = self.group.last_of.keys().cloned().collect();
        let so_far: BTreeSet<String> = self.last_task.keys().cloned().collect();
        let all = self.skills.robots();
        // "rover_1 …, then rover_2 …, then both …".
        for robots in [now, self.robots_of_last_group.clone(), so_far, all] {
            if robots.len() > 1 {
                return Ok(robots.into_iter().collect());
            }
        }
        Err("it is not clear which robots are meant: name them".into())
    }

    fn elided(&mut self, action: &Action, placed: &Placed) -> Planned<Option<(Vec<String>, bool)>> {
        if let Some(carried) = &self.carried {
            let same_sentence = carried.said && carried.sentence == placed.sentence;
            let rivals = self.rivals();
            if !rivals.is_empty() {
                match self.able_of(&rivals, action).as_slice() {
                    [only] => return Ok(Some((vec![only.clone()], true))),
                    _ if same_sentence => return Err(unclear(&rivals)),
                    _ => {}
                }
            } else {
                let able = self.able_of(&carried.robots, action).len() == carried.robots.len();
                if same_sentence || (able && !placed.parallel) {
                    return Ok(Some((carried.robots.clone(), carried.said)));
                }
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
        let able = self.able_of(robots, action);
        match able.as_slice() {
            [robot] => Ok(Some(robot.clone())),
            // Names what is wrong with what was said, by the word of whoever comes nearest.
            [] if robots.len() == 1 => self
                .skills
                .call(Some(&robots[0]), action, None)
                .map(|_| None),
            [] => self.skills.call(None, action, None).map(|_| None),
            _ => {
                let others = self
                    .skills
                    .robots()
                    .into_iter()
                    .any(|r| !robots.contains(&r) && self.able(Some(r.as_str()), action));
                if others || !any_robot_will_do(action) {
                    return Err(self.say_which(robots, action));
                }
                Ok(None)
            }
        }
    }
}

fn unclear(robots: &[String]) -> String {
    format!(
        "it is not clear which of {} is meant: name it",
        robots.join(" and ")
    )
}

/// True if the outcome in the world does not depend on who does it.
fn any_robot_will_do(action: &Action) -> bool {
    match action {
        Action::Transfer { objects, .. } => *objects != Objects::Pronoun,
        Action::Go { .. } | Action::Patrol { .. } | Action::Wait { .. } => true,
        Action::Own { values, .. } => values.iter().any(|v| v.role.is_name()),
        Action::GoToPoint(_) | Action::MoveJoints(_) | Action::Home | Action::Gripper(_) => false,
    }
}
