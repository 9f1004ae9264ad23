//! Attempts at tasks, pieced together from what orchestrator and workers said about them.

use std::collections::BTreeMap;

use physical_ai_ros::msg::builtin_interfaces::msg::Time as Stamp;
use physical_ai_ros::msg::physical_ai_msgs::msg::{MissionStatus, TaskAssignment, TaskUpdate};
use physical_ai_ros::time_from_msg;

use crate::output::is_terminal;

const RUNNING: u8 = 3;

/// One attempt; times in seconds of ROS time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attempt {
    pub skill: String,
    pub robot: String,
    pub worker: String,
    pub assigned_s: Option<f64>,
    pub started_s: Option<f64>,
    pub finished_s: Option<f64>,
    /// Newest state, as in physical_ai_msgs/TaskState.
    pub state: u8,
    pub error_code: u16,
    pub error_msg: String,
    /// JSON object of measurements.
    pub result: String,
}

/// Mission, task and number of the attempt.
pub type Key = (String, String, u32);

/// All attempts of a run.
#[derive(Debug, Default)]
pub struct Attempts {
    by_key: BTreeMap<Key, Attempt>,
}

impl Attempts {
    /// Attempts in order of mission, task and number.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Attempt)> {
        self.by_key.iter()
    }

    /// The last attempt at a task.
    pub fn last<'a>(&'a self, mission: &'a str, task: &'a str) -> Option<&'a Attempt> {
        self.of(mission, task).next_back()
    }

    /// The attempts at a task, first one first.
    pub fn of<'a>(
        &'a self,
        mission: &'a str,
        task: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a Attempt> {
        self.by_key
            .iter()
            .filter(move |((m, t, _), _)| m == mission && t == task)
            .map(|(_, attempt)| attempt)
    }

    /// The orchestrator's view: coarse, but there even when the rest was not recorded.
    pub fn see_mission(&mut self, time_s: f64, mission: &MissionStatus) {
        for task in &mission.tasks {
            if task.attempt == 0 {
                continue;
            }
            let attempt = self.entry(&mission.mission_id, &task.id, task.attempt);
            attempt.worker.clone_from(&task.worker);
            let state = task.state.value;
            if state >= RUNNING && !is_terminal(state) {
                attempt.started_s.get_or_insert(time_s);
            }
            if is_terminal(state) {
                attempt.finished_s.get_or_insert(time_s);
            }
            if !is_terminal(attempt.state) {
                attempt.state = state;
            }
        }
    }

    /// An attempt was sent to a worker.
    pub fn see_assignment(&mut self, time_s: f64, worker: &str, a: &TaskAssignment) {
        let attempt = self.entry(&a.mission_id, &a.task_id, a.attempt);
        attempt.assigned_s.get_or_insert(time_s);
        worker.clone_into(&mut attempt.worker);
        attempt.skill.clone_from(&a.skill);
        attempt.robot.clone_from(&a.robot);
    }

    /// The worker's view: exact.
    pub fn see_update(&mut self, worker: &str, u: &TaskUpdate) {
        let attempt = self.entry(&u.mission_id, &u.task_id, u.attempt);
        worker.clone_into(&mut attempt.worker);
        attempt.started_s = seconds(&u.started).or(attempt.started_s);
        attempt.finished_s = seconds(&u.finished).or(attempt.finished_s);
        attempt.state = u.state.value;
        attempt.error_code = u.error_code;
        attempt.error_msg.clone_from(&u.error_msg);
        attempt.result.clone_from(&u.result);
    }

    /// Fills in what only the missions tell, and ends attempts that were given up.
    pub fn name_tasks(&mut self, missions: &[MissionStatus]) {
        for mission in missions {
            for task in &mission.tasks {
                let mine = |key: &Key| key.0 == mission.mission_id && key.1 == task.id;
                let mut later_s = None;
                for (key, attempt) in self.by_key.iter_mut().rev().filter(|(k, _)| mine(k)) {
                    attempt.skill.clone_from(&task.skill);
                    if attempt.robot.is_empty() {
                        attempt.robot.clone_from(&task.robot);
                    }
                    // A worker that died did not say so: the next attempt ends its own.
                    if key.2 < task.attempt && !is_terminal(attempt.state) {
                        attempt.state = 5;
                        attempt.finished_s = attempt.finished_s.or(later_s);
                        "the worker was lost".clone_into(&mut attempt.error_msg);
                    }
                    later_s = attempt.assigned_s.or(attempt.started_s);
                }
            }
        }
    }

    fn entry(&mut self, mission: &str, task: &str, attempt: u32) -> &mut Attempt {
        self.by_key
            .entry((mission.to_owned(), task.to_owned(), attempt))
            .or_default()
    }
}

/// Seconds of a stamp; none where it is zero.
pub fn seconds(stamp: &Stamp) -> Option<f64> {
    let time = time_from_msg(stamp);
    (!time.is_zero()).then(|| time.seconds())
}

#[cfg(test)]
mod tests {
    use physical_ai_domain::Time;
    use physical_ai_ros::msg::physical_ai_msgs::msg::{TaskState, TaskStatus};
    use physical_ai_ros::time_to_msg;

    use super::*;

    fn mission(state: u8, attempt: u32) -> MissionStatus {
        MissionStatus {
            mission_id: "m".into(),
            tasks: vec![TaskStatus {
                id: "t".into(),
                skill: "pick".into(),
                robot: "arm_1".into(),
                worker: "w".into(),
                state: TaskState { value: state },
                attempt,
                progress: 0.0,
            }],
            ..Default::default()
        }
    }

    #[test]
    fn worker_times_win_over_snapshots() {
        let mut attempts = Attempts::default();
        attempts.see_mission(2.0, &mission(2, 1));
        attempts.see_mission(3.0, &mission(3, 1));
        attempts.see_mission(9.0, &mission(4, 1));
        attempts.see_update(
            "w",
            &TaskUpdate {
                mission_id: "m".into(),
                task_id: "t".into(),
                attempt: 1,
                state: TaskState { value: 4 },
                started: time_to_msg(Time::from_seconds(2.5)),
                finished: time_to_msg(Time::from_seconds(8.5)),
                result: "{}".into(),
                ..Default::default()
            },
        );
        let attempt = attempts.last("m", "t").unwrap();
        assert_eq!(attempt.started_s, Some(2.5));
        assert_eq!(attempt.finished_s, Some(8.5));
        assert_eq!(attempt.state, 4);
    }

    #[test]
    fn attempt_of_a_dead_worker_ends_where_the_next_starts() {
        let mut attempts = Attempts::default();
        attempts.see_mission(1.0, &mission(3, 1));
        attempts.see_mission(4.0, &mission(3, 2));
        attempts.name_tasks(&[mission(3, 2)]);
        let all: Vec<&Attempt> = attempts.of("m", "t").collect();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].state, all[0].finished_s), (5, Some(4.0)));
        assert_eq!((all[1].state, all[1].finished_s), (3, None));
        assert_eq!(all[0].skill, "pick");
    }
}
