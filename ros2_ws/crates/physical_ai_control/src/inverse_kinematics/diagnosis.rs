//! Why there is no answer: asked only when there is none.

use super::solver::{Bounds, Solver};
use super::{IkOptions, Joints, NoPosture, PoseTask, Search, search};
use crate::Chain;
use crate::kinematics::MAX_DOF;

/// Effort of each question.
const OPTIONS: IkOptions = IkOptions {
    attempts: 30,
    iterations: 60,
    answers: 4,
};

/// The first that applies: postures were rejected, the point is out of reach, a limit is in the way, the orientation
/// cannot be had.
pub(super) fn explain(
    chain: &Chain,
    task: &PoseTask,
    bounds: &Bounds,
    start: &Joints,
    options: IkOptions,
    failed: &Search,
) -> NoPosture {
    if failed.rejected > 0 {
        let count = failed.rejected;
        return NoPosture::Rejected { count };
    }
    let question = Question { chain, bounds };
    let point = task.position_only();
    let at_point = question.ask(&point, bounds, start);
    if at_point.found.is_none() {
        return question.blocking_limit(&point).unwrap_or_else(|| {
            let solver = Solver::new(chain, &point, bounds);
            let missed_m = point.linear(&solver.error(&at_point.nearest));
            NoPosture::Distance { missed_m }
        });
    }
    if let Some(limit) = question.blocking_limit(task) {
        return limit;
    }
    let wish = task.rotation_as_far_as_possible();
    let solver = Solver::new(chain, task, bounds);
    let nearest = question.ask(&wish, bounds, start);
    let (nearest, is_there) = match nearest.found {
        Some((joints, _)) => (joints, true),
        None => (failed.nearest, false),
    };
    let error = solver.error(&nearest);
    let missed_rad = task.angular(&error);
    if is_there
        && missed_rad
            > 10.0
                * task.tolerance[3..]
                    .iter()
                    .fold(f64::INFINITY, |a, b| f64::min(a, *b))
    {
        return NoPosture::Orientation { missed_rad };
    }
    NoPosture::Attempts {
        attempts: options.attempts,
        missed_m: task.linear(&error),
        missed_rad,
    }
}

struct Question<'a> {
    chain: &'a Chain,
    bounds: &'a Bounds,
}

impl Question<'_> {
    fn ask(&self, task: &PoseTask, bounds: &Bounds, start: &Joints) -> Search {
        search(
            &Solver::new(self.chain, task, bounds),
            start,
            OPTIONS,
            &|_| true,
        )
    }

    /// The joint that is farthest beyond its limits where joints without limits do the task.
    fn blocking_limit(&self, task: &PoseTask) -> Option<NoPosture> {
        let (lower, upper) = (&self.bounds.lower, &self.bounds.upper);
        let mut middle = [0.0; MAX_DOF];
        for (i, joint) in middle.iter_mut().enumerate().take(self.bounds.count()) {
            let between = (lower[i] + upper[i]) / 2.0;
            *joint = if between.is_finite() { between } else { 0.0 };
        }
        let free = self.bounds.without_limits();
        let (joints, _) = self.ask(task, &free, &middle).found?;
        let beyond = |i: &usize| (lower[*i] - joints[*i]).max(joints[*i] - upper[*i]);
        let worst = (0..self.bounds.count()).max_by(|a, b| beyond(a).total_cmp(&beyond(b)))?;
        let is_upper = joints[worst] > upper[worst];
        (beyond(&worst) > 0.0).then(|| NoPosture::Limit {
            joint: self.chain.joints()[worst].name.clone(),
            position: joints[worst],
            limit: if is_upper { upper[worst] } else { lower[worst] },
            is_upper,
        })
    }
}
