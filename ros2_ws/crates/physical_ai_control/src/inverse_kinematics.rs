//! Joint positions for a pose of a chain's tip.

mod cholesky;
mod diagnosis;
mod no_posture;
mod pose_task;
mod seeds;
mod solver;

use nalgebra::Isometry3;

pub use no_posture::NoPosture;
pub use pose_task::PoseTask;
use seeds::Seeds;
use solver::{Bounds, Solver};

use crate::kinematics::MAX_DOF;
use crate::{Chain, Error};

/// Values of a chain's joints, on the stack; those beyond its joints are 0.
type Joints = [f64; MAX_DOF];

/// Answers that are compared where something is only wished for.
const WISH_ANSWERS: usize = 8;

/// How much effort goes into an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IkOptions {
    /// Seeds that are tried at most: the start, and then points spread over the joints' ranges.
    pub attempts: usize,
    /// Steps from one seed at most.
    pub iterations: usize,
    /// Where the start itself leads nowhere, so many answers are looked for, and the one nearest to it counts.
    pub answers: usize,
}

impl Default for IkOptions {
    fn default() -> Self {
        Self {
            attempts: 200,
            iterations: 60,
            answers: 1,
        }
    }
}

/// Joint positions that were found, and what is left.
#[derive(Debug, Clone, PartialEq)]
pub struct IkSolution {
    /// One value per joint of the chain, radians or metres, within the limits.
    pub positions: Vec<f64>,
    /// Distance of the tip from the target, of what was asked for, metres.
    pub missed_m: f64,
    /// Angle of the tip from the target, of what was asked for or wished for, radians.
    pub missed_rad: f64,
    /// Seeds that were tried.
    pub attempts: usize,
}

/// Joint positions that bring the tip to `target` (base frame), from `start`: within 1e-5 m and 1e-5 rad.
///
/// # Errors
/// See [`solve`].
pub fn inverse_kinematics(
    chain: &Chain,
    target: &Isometry3<f64>,
    start: &[f64],
) -> Result<Vec<f64>, Error> {
    let options = IkOptions {
        answers: 4,
        ..IkOptions::default()
    };
    let found = solve(chain, &PoseTask::new(*target), start, options, |_| true)?;
    Ok(found.positions)
}

/// Joint positions with which `task` is done, within the limits, and such that `accepts` takes them: it is asked
/// about each answer (collisions, the table, …).
///
/// Levenberg–Marquardt with the joints' limits as bounds of each step, from `start` and then from points of a
/// low-discrepancy sequence, so that the answer is the same for the same question, and near the start where that
/// is possible. What the task leaves free is used to stay near the start and away from the limits. Joints that turn
/// without end are on the turn that is nearest to the start.
///
/// # Shapes
/// `start`: one value per joint of the chain, radians or metres; missing ones count as 0.
/// # Errors
/// [`Error::NotFinite`] for a target that is not; [`Error::Unreachable`] with the reason.
/// # Real-time
/// Microseconds as a rule, and up to some tens of milliseconds where there is no answer: not for the control tick.
/// # Source
/// Sugihara, "Solvability-unconcerned inverse kinematics by the Levenberg–Marquardt method", 2011; Beeson and Ames,
/// "TRAC-IK", 2015 (restarts where a descent makes no progress); Roberts, "The unreasonable effectiveness of
/// quasirandom sequences", 2018.
pub fn solve(
    chain: &Chain,
    task: &PoseTask,
    start: &[f64],
    options: IkOptions,
    accepts: impl Fn(&[f64]) -> bool,
) -> Result<IkSolution, Error> {
    task.check()?;
    let count = chain.degrees_of_freedom();
    let bounds = Bounds::new(chain);
    let mut from: Joints = [0.0; MAX_DOF];
    for (to, value) in from.iter_mut().zip(start).take(count) {
        *to = if value.is_finite() { *value } else { 0.0 };
    }
    bounds.clamp(&mut from);
    let solver = Solver::new(chain, task, &bounds);
    let shoulder = Isometry3::from(chain.shoulder());
    let away_m = (task.target.translation.vector - shoulder.translation.vector).norm();
    let too_far = task.weight[..3].iter().all(|w| *w > 0.0)
        && away_m > chain.reach_m() + task.tolerance[..3].iter().sum::<f64>();
    let search = if too_far {
        Search::without_result(&from)
    } else {
        search(&solver, &from, options, &accepts)
    };
    let Some((joints, attempts)) = search.found else {
        let why = diagnosis::explain(chain, task, &bounds, &from, options, &search);
        return Err(unreachable(chain, task, why));
    };
    let missed = solver.error(&joints);
    Ok(IkSolution {
        positions: joints[..count].to_vec(),
        missed_m: task.linear(&missed),
        missed_rad: task.angular(&missed),
        attempts,
    })
}

/// What came of all seeds.
struct Search {
    found: Option<(Joints, usize)>,
    /// Nearest miss, where nothing was found.
    nearest: Joints,
    /// Postures that do the task and were not accepted.
    rejected: usize,
}

impl Search {
    const fn without_result(start: &Joints) -> Self {
        Self {
            found: None,
            nearest: *start,
            rejected: 0,
        }
    }
}

fn search(
    solver: &Solver<'_>,
    start: &Joints,
    options: IkOptions,
    accepts: &impl Fn(&[f64]) -> bool,
) -> Search {
    let mut search = Search::without_result(start);
    // What is wished for is had better from one seed than from another.
    let wanted = if solver.has_wishes() {
        options.answers.max(WISH_ANSWERS)
    } else {
        options.answers
    };
    let (mut least_cost, mut best) = (f64::INFINITY, f64::INFINITY);
    let mut answers = 0;
    let seeds = Seeds::new(solver.bounds(), start);
    for (attempt, seed) in seeds.take(options.attempts.max(1)).enumerate() {
        // A search that has something does not go on for ever for more.
        if search.found.is_some() && attempt > 4 * wanted {
            break;
        }
        let (mut joints, cost) = solver.descend(&seed, options.iterations);
        if let Some(cost) = cost {
            if cost < least_cost {
                (least_cost, search.nearest) = (cost, joints);
            }
            continue;
        }
        solver.settle(&mut joints, start);
        if !accepts(&joints[..solver.count()]) {
            search.rejected += 1;
            continue;
        }
        answers += 1;
        let merit = solver.merit(&joints, start);
        if merit < best {
            best = merit;
            search.found = Some((joints, attempt + 1));
        }
        if (attempt == 0 && !solver.has_wishes()) || answers >= wanted {
            break;
        }
    }
    search
}

fn unreachable(chain: &Chain, task: &PoseTask, why: NoPosture) -> Error {
    let at = task.target.translation;
    Error::Unreachable {
        robot: chain.robot().to_owned(),
        x_m: at.x,
        y_m: at.y,
        z_m: at.z,
        why,
    }
}

#[cfg(test)]
mod tests;
