//! Inverse kinematics of two well-known arms: how often it is solved, and how fast, beside other solvers.

mod peer;
mod robots;

use std::time::Instant;

use nalgebra::Isometry3;
use physical_ai_control::{Chain, IkOptions, PoseTask, solve};
use serde::Serialize;

use self::peer::Peer;
use self::robots::{Arm, Random};
use super::result::Measurement;
use crate::arguments::BenchKinematicsArguments;
use crate::output;

/// Poses are reached within this along and about each axis, by all solvers.
const TOLERANCE: f64 = 1e-5;
/// A joint may be so far beyond a limit, radians: TRAC-IK keeps them in single precision.
const ROUNDING: f64 = 1e-6;
/// Half of the questions have to be answered faster, microseconds.
const TARGET_US: f64 = 50.0;
/// Share of questions that may be left without an answer, per cent.
const TARGET_UNSOLVED: f64 = 0.5;

/// Bring the tip there, starting from here.
#[derive(Debug, Clone, Serialize)]
pub struct Question {
    /// Position in the base frame, metres.
    position: [f64; 3],
    /// Quaternion x, y, z, w.
    rotation: [f64; 4],
    /// One value per joint, radians.
    start: Vec<f64>,
    #[serde(skip)]
    target: Isometry3<f64>,
}

/// What a solver made of all questions of one arm.
#[derive(Debug, Clone, PartialEq)]
struct Answers {
    solver: String,
    positions: Vec<Option<Vec<f64>>>,
    /// Time of each answer.
    microseconds: Vec<f64>,
}

/// Values of one arm and solver, one per run.
struct Column {
    name: String,
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
    unsolved_percent: Vec<f64>,
}

/// Asks all solvers in turn, in each run the same questions.
///
/// # Errors
/// When a peer cannot be run.
pub fn measure(options: &BenchKinematicsArguments) -> anyhow::Result<Vec<Measurement>> {
    let peer = options.peer.as_deref().map(Peer::new);
    let mut columns: Vec<Column> = Vec::new();
    for run in 1..=options.runs {
        for arm in robots::all()? {
            let asked = questions(&arm.chain, options.poses, run);
            let mut answers = vec![ours(&arm.chain, &asked)];
            if let Some(peer) = &peer {
                answers.extend(peer.ask(&arm, &asked)?);
            }
            for answers in answers {
                take(&mut columns, &arm, &asked, &answers);
            }
        }
        output::note(format!("bench: run {run} of {}", options.runs));
    }
    Ok(columns.iter().flat_map(measurements).collect())
}

/// What the table shows.
pub fn explanation(options: &BenchKinematicsArguments) -> String {
    let peers = if options.peer.is_some() {
        "\nPeers: pin is damped least squares in Python whose kinematics and algebra are compiled (pinocchio, NumPy), so its \
         times hold Python's own; trac_ik is TRAC-IK in C++ (SolveType Speed, 5 ms at most), called from Python."
    } else {
        ""
    };
    format!(
        "{} runs of {} random poses that can be reached, each from a random posture, within {TOLERANCE} m and rad; all \
         answers are checked here, limits included. Times are those of one answer, also where there is none.{peers}",
        options.runs, options.poses
    )
}

fn questions(chain: &Chain, count: u32, run: u32) -> Vec<Question> {
    let mut random = Random::new(u64::from(run));
    let mut posture = || {
        let within = chain.limits().map(|l| random.between(l.lower, l.upper));
        within.collect::<Vec<f64>>()
    };
    let ask = |_| {
        let target = chain.forward(&posture());
        let rotation = target.rotation.coords;
        Question {
            position: target.translation.vector.into(),
            rotation: rotation.into(),
            start: posture(),
            target,
        }
    };
    (0..count).map(ask).collect()
}

fn ours(chain: &Chain, questions: &[Question]) -> Answers {
    let mut answers = Answers {
        solver: "ours".to_owned(),
        positions: Vec::with_capacity(questions.len()),
        microseconds: Vec::with_capacity(questions.len()),
    };
    for question in questions {
        let task = PoseTask::new(question.target).within(TOLERANCE, TOLERANCE);
        let begin = Instant::now();
        let found = solve(chain, &task, &question.start, IkOptions::default(), |_| {
            true
        });
        answers
            .microseconds
            .push(begin.elapsed().as_secs_f64() * 1e6);
        answers.positions.push(found.ok().map(|s| s.positions));
    }
    answers
}

/// Whether an answer is one: the tip is there, and all joints are within their limits.
fn is_right(chain: &Chain, question: &Question, positions: &[f64]) -> bool {
    let off = chain.forward(positions).inv_mul(&question.target);
    let components = off
        .translation
        .vector
        .iter()
        .chain(off.rotation.scaled_axis().iter())
        .copied()
        .collect::<Vec<f64>>();
    // Solvers measure the same error in frames of their own.
    let near = components.iter().all(|c| c.abs() <= 2.0 * TOLERANCE);
    let within = |(p, l): (&f64, &physical_ai_domain::JointLimits)| {
        (l.lower - ROUNDING..=l.upper + ROUNDING).contains(p)
    };
    near && positions.len() == chain.degrees_of_freedom()
        && positions.iter().zip(chain.limits()).all(within)
}

fn take(columns: &mut Vec<Column>, arm: &Arm, questions: &[Question], answers: &Answers) {
    let name = format!("ik.{}.{}", arm.name, answers.solver);
    let index = columns.iter().position(|c| c.name == name);
    let index = index.unwrap_or_else(|| {
        columns.push(Column {
            name,
            p50_us: Vec::new(),
            p99_us: Vec::new(),
            unsolved_percent: Vec::new(),
        });
        columns.len() - 1
    });
    let right = |(question, positions): (&Question, &Option<Vec<f64>>)| {
        let right = positions
            .as_ref()
            .map(|p| is_right(&arm.chain, question, p));
        right.unwrap_or(false)
    };
    let solved = questions
        .iter()
        .zip(&answers.positions)
        .filter(|p| right(*p));
    let solved = solved.count();
    let mut times = answers.microseconds.clone();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let rank = (share * times.len() as f64).ceil() as usize;
        times.get(rank.clamp(1, times.len().max(1)) - 1).copied()
    };
    let column = &mut columns[index];
    column.p50_us.extend(at(0.5));
    column.p99_us.extend(at(0.99));
    let unsolved = (questions.len() - solved) as f64 / questions.len().max(1) as f64;
    column.unsolved_percent.push(unsolved * 100.0);
}

fn measurements(column: &Column) -> Vec<Measurement> {
    let is_ours = column.name.ends_with(".ours");
    let target = |most: f64| is_ours.then_some(most);
    let of = |what: &str, unit, most, values: &[f64]| {
        Measurement::of(format!("{}_{what}", column.name), unit, most, values)
    };
    let unsolved = &column.unsolved_percent;
    [
        of("p50_us", "us", target(TARGET_US), &column.p50_us),
        of("p99_us", "us", None, &column.p99_us),
        of("unsolved_percent", "%", target(TARGET_UNSOLVED), unsolved),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_arms_are_solved_as_often_as_they_have_to_be() {
        let options = BenchKinematicsArguments {
            runs: 1,
            poses: 1000,
            peer: None,
        };
        let measured = measure(&options).unwrap();
        for arm in ["ur5", "panda"] {
            let name = format!("ik.{arm}.ours_unsolved_percent");
            let unsolved = measured.iter().find(|m| m.name == name).unwrap();
            assert_eq!(unsolved.is_met(), Some(true), "{unsolved:?}");
        }
    }

    #[test]
    fn answers_that_are_none_do_not_count() {
        let arm = &robots::all().unwrap()[0];
        let asked = questions(&arm.chain, 3, 1);
        let mut answers = ours(&arm.chain, &asked);
        let mut right = answers.positions[0].clone().unwrap();
        assert!(is_right(&arm.chain, &asked[0], &right));
        right[2] += 1e-3;
        answers.positions[0] = Some(right.clone());
        answers.positions[1] = None;
        assert!(!is_right(&arm.chain, &asked[0], &right));
        right.pop();
        assert!(!is_right(&arm.chain, &asked[0], &right));
        let mut columns = Vec::new();
        take(&mut columns, arm, &asked, &answers);
        assert!((columns[0].unsolved_percent[0] - 200.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn each_run_asks_its_own_questions_and_the_same_each_time() {
        let arm = &robots::all().unwrap()[1];
        let starts = |run| questions(&arm.chain, 5, run)[4].start.clone();
        assert_eq!(starts(1), starts(1));
        assert_ne!(starts(1), starts(2));
    }
}
