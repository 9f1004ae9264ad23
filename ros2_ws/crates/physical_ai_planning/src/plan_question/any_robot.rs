//! Where any robot would do, a plan leaves it out: whoever places tasks chooses by load.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fleet_nouns::FleetNouns;
use super::reference_text::references_in;
use super::skill_roles::SkillRoles;
use super::words::words_of;

/// Leaves out the robots of tasks that a linked sentence says of nobody.
///
/// A small model always names one, the first that can. Only a robot with one task in the plan is left out, since what
/// is said of one robot stays with it, and only where the outcome does not depend on who does it: something goes
/// somewhere, and nothing stays in a hand.
pub fn leave_out(linked: &str, tasks: &mut [Value], skills: &SkillRoles, nouns: &FleetNouns) {
    let said: BTreeSet<&str> = references_in(linked).map(|(_, r)| r).collect();
    let words = words_of(linked);
    let robots: Vec<String> = tasks
        .iter()
        .map(|t| t["robot"].as_str().unwrap_or_default().to_owned())
        .collect();
    for (task, robot) in tasks.iter_mut().zip(&robots) {
        let is_only_task = robots.iter().filter(|r| *r == robot).count() == 1;
        let Some(name) = task["skill"].as_str() else {
            continue;
        };
        let able = skills.of_robots().iter().filter(|(_, s)| s.contains(name));
        let able: Vec<&str> = able.map(|(r, _)| r.as_str()).collect();
        // "A rover" means each of those that can.
        let mut nouns_of_it = words.iter().filter(|w| nouns.means(w.text, robot));
        let means_all = nouns_of_it.all(|w| able.iter().all(|other| nouns.means(w.text, other)));
        let is_open = skills.of_task(task).is_some_and(|skill| {
            skill.takes.is_some() == skill.releases.is_some() && !skills.names(task).is_empty()
        });
        let is_said = said.contains(robot.as_str());
        if is_only_task && able.len() > 1 && means_all && is_open && !is_said {
            task.as_object_mut()
                .map(|fields| fields.shift_remove("robot"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test_fleet::all_skills;

    #[test]
    fn robot_that_nobody_named_is_left_out_where_any_would_do() {
        let skills = all_skills(&["ref_r1", "ref_r2"]);
        let task = |id: &str, skill: &str, params: Value| json!({"id": id, "skill": skill, "robot": "ref_r1", "params": params});
        let go = task("t1", "navigate_to", json!({"place": "dock"}));
        let put = task(
            "t1",
            "pick_and_place",
            json!({"object": "cup", "place": "tray"}),
        );
        let pick = task("t1", "pick", json!({"object": "cup"}));
        let home = task("t1", "home", json!({}));
        let wait = task("t2", "wait", json!({"duration_s": 5}));
        for (linked, tasks, is_left_out) in [
            ("go to ref_f1", vec![go.clone()], true),
            ("put ref_o1 on ref_s1", vec![put], true),
            ("ref_r1 goes to ref_f1", vec![go.clone()], false),
            ("pick up ref_o1", vec![pick], false),
            ("go home", vec![home], false),
            ("go to ref_f1 and wait 5 s", vec![go.clone(), wait], false),
        ] {
            let mut tasks = tasks;
            leave_out(linked, &mut tasks, &skills, &FleetNouns::default());
            assert_eq!(tasks[0].get("robot").is_none(), is_left_out, "{linked}");
        }
        let mut alone = vec![go];
        leave_out(
            "go to ref_f1",
            &mut alone,
            &all_skills(&["ref_r1"]),
            &FleetNouns::default(),
        );
        assert_eq!(alone[0]["robot"], "ref_r1");
    }
}
