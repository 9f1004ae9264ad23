use std::collections::BTreeMap;

use physical_ai_domain::Plan;

use crate::Fleet;

/// Duration assumed for a skill that nobody has measured, seconds.
const UNKNOWN_DURATION_S: f64 = 5.0;

/// When tasks will run, seconds from the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Start of each task, in the plan's order.
    pub start_s: Vec<f64>,
    /// End of each task.
    pub end_s: Vec<f64>,
}

impl Prediction {
    /// Length of the whole mission, seconds.
    pub fn duration_s(&self) -> f64 {
        self.end_s.iter().copied().fold(0.0, f64::max)
    }
}

/// Predicts a valid plan by list scheduling: a task starts when what it waits for has ended and its
/// robot is free. A task without a robot takes the one that is free first.
pub fn predict(plan: &Plan, fleet: &Fleet) -> Prediction {
    let count = plan.tasks.len();
    let mut prediction = Prediction {
        start_s: vec![0.0; count],
        end_s: vec![0.0; count],
    };
    let mut done: BTreeMap<&str, f64> = BTreeMap::new();
    let mut free_at: BTreeMap<String, f64> = BTreeMap::new();
    let mut left: Vec<usize> = (0..count).collect();
    while let Some(at) = left.iter().position(|i| {
        plan.tasks[*i]
            .after
            .iter()
            .all(|a| done.contains_key(a.as_str()))
    }) {
        let i = left.remove(at);
        let task = &plan.tasks[i];
        let ready_s = task
            .after
            .iter()
            .filter_map(|a| done.get(a.as_str()))
            .copied()
            .fold(0.0, f64::max);
        let robot = task.robot.as_ref().map(|r| r.as_str());
        let choice = fleet
            .offers(task.skill.as_str(), robot)
            .map(|offer| {
                let name = offer
                    .robot
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let known = offer.mean_duration_s > 0.0;
                let duration_s = if known {
                    offer.mean_duration_s
                } else {
                    UNKNOWN_DURATION_S
                };
                let start_s = free_at.get(&name).copied().unwrap_or(0.0).max(ready_s);
                (start_s, duration_s, name)
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let (start_s, duration_s, name) =
            choice.unwrap_or((ready_s, UNKNOWN_DURATION_S, String::new()));
        prediction.start_s[i] = start_s;
        prediction.end_s[i] = start_s + duration_s;
        done.insert(task.id.as_str(), start_s + duration_s);
        free_at.insert(name, start_s + duration_s);
    }
    prediction
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::tests::fleet;
    use crate::parse_plan;

    #[test]
    fn tasks_of_one_robot_follow_each_other_and_robots_run_in_parallel() {
        let plan = parse_plan(
            "tasks: [{id: a, skill: home, robot: arm_1}, {id: b, skill: home, robot: arm_1}, \
             {id: c, skill: home, robot: rover_1}, {id: d, skill: home, robot: rover_1, after: [b]}]",
        )
        .unwrap();
        let prediction = predict(&plan, &fleet());
        assert_eq!(prediction.start_s, [0.0, 2.0, 0.0, 4.0]);
        assert_eq!(prediction.duration_s(), 6.0);
    }
}
