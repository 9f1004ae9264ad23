use std::f64::consts::{PI, TAU};

use nalgebra::{Matrix3, Vector3, Vector6};
use physical_ai_domain::JointKind;

use super::{Joints, PoseTask, cholesky};
use crate::kinematics::{Frame, MAX_DOF};
use crate::{Chain, Jacobian};

/// Damping per squared error at the start of a descent, and its bounds.
const DAMPING: f64 = 0.05;
const LEAST_DAMPING: f64 = 1e-4;
const MOST_DAMPING: f64 = 1e4;
/// Damping that is always there: rounding in singular postures.
const FLOOR: f64 = 1e-10;
/// A descent is given up after so many steps that leave more than this share of the squared error.
const SLOW_STEPS: usize = 4;
const SLOW_SHARE: f64 = 0.8;
/// Longest step of a joint, radians or metres: the linearisation holds no further.
const LONGEST_STEP: f64 = 0.8;
/// Steps in what the task leaves free.
const FREE_STEPS: usize = 6;
const LONGEST_FREE_STEP: f64 = 0.3;
/// How much the nearness of limits counts beside that of the start.
const LIMIT_SHARE: f64 = 0.05;

/// How much what is only wished for counts beside both.
const WISH_MERIT: f64 = 1e4;

/// Limits of a chain's joints as a search needs them.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    count: usize,
    pub(super) lower: Joints,
    pub(super) upper: Joints,
    /// A whole turn of the joint leaves the tip where it is.
    turns: [bool; MAX_DOF],
}

impl Bounds {
    pub(super) fn new(chain: &Chain) -> Self {
        let mut bounds = Self {
            count: chain.degrees_of_freedom(),
            lower: [0.0; MAX_DOF],
            upper: [0.0; MAX_DOF],
            turns: [false; MAX_DOF],
        };
        for (i, joint) in chain.joints().iter().enumerate() {
            bounds.lower[i] = joint.limits.lower;
            bounds.upper[i] = joint.limits.upper;
            bounds.turns[i] = joint.kind != JointKind::Prismatic && chain.is_direct(i);
        }
        bounds
    }

    /// The same joints without limits, for finding out what limits cost. Slides keep theirs.
    pub(super) fn without_limits(&self) -> Self {
        let mut open = self.clone();
        for i in (0..self.count).filter(|i| self.turns[*i]) {
            (open.lower[i], open.upper[i]) = (f64::NEG_INFINITY, f64::INFINITY);
        }
        open
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) fn clamp(&self, joints: &mut Joints) {
        for (i, joint) in joints.iter_mut().enumerate().take(self.count) {
            *joint = joint.clamp(self.lower[i], self.upper[i]);
        }
    }

    /// Where seeds of a joint lie: within its limits, and within one turn around `near`.
    pub(super) fn window(&self, joint: usize, near: f64) -> [f64; 2] {
        let (lower, upper) = (self.lower[joint], self.upper[joint]);
        if self.turns[joint] && upper - lower > TAU {
            let first = (near - PI).max(lower).min(upper - TAU);
            return [first, first + TAU];
        }
        [lower.max(near - 1e3), upper.min(near + 1e3)]
    }

    /// The same posture on the turns that are nearest to `start`.
    fn unwind(&self, joints: &mut Joints, start: &Joints) {
        for i in (0..self.count).filter(|i| self.turns[*i]) {
            let near = joints[i] + ((start[i] - joints[i]) / TAU).round() * TAU;
            let (lower, upper) = (self.lower[i], self.upper[i]);
            let turn = |by: f64| near + by * TAU;
            let within = [0.0, -1.0, 1.0].into_iter().map(turn);
            let mut within = within.filter(|q| (lower..=upper).contains(q));
            if let Some(nearest) = within.next() {
                joints[i] = nearest;
            }
        }
    }
}

/// Looks for postures of one chain and task.
pub(super) struct Solver<'a> {
    chain: &'a Chain,
    bounds: &'a Bounds,
    task: PoseTask,
    target: Frame,
    /// Only a part of the rotation counts: its error then needs its exact derivative.
    is_partial: bool,
    /// Components that count.
    rows: usize,
    /// Some components are only wished for.
    wishes: bool,
}

impl<'a> Solver<'a> {
    pub(super) fn new(chain: &'a Chain, task: &PoseTask, bounds: &'a Bounds) -> Self {
        let counts = |axis: &usize| task.weight[*axis] > 0.0;
        let turning = (3..6).filter(counts).count();
        let wished = |axis: usize| counts(&axis) && task.tolerance[axis].is_infinite();
        Self {
            chain,
            bounds,
            target: Frame::new(&task.target),
            is_partial: (1..3).contains(&turning),
            rows: (0..6).filter(counts).count(),
            wishes: (0..6).any(wished),
            task: *task,
        }
    }

    pub(super) const fn bounds(&self) -> &Bounds {
        self.bounds
    }

    pub(super) const fn has_wishes(&self) -> bool {
        self.wishes
    }

    pub(super) const fn count(&self) -> usize {
        self.bounds.count
    }

    /// What is missing to the target, in its frame: metres, and the rotation vector in radians.
    pub(super) fn error(&self, joints: &Joints) -> Vector6<f64> {
        self.error_of(&self.chain.tip_frame(&joints[..self.count()]))
    }

    fn error_of(&self, tip: &Frame) -> Vector6<f64> {
        let linear = self.target.turn.tr_mul(&(self.target.at - tip.at));
        let angular = rotation_vector(&tip.turn.tr_mul(&self.target.turn));
        Vector6::new(
            linear.x, linear.y, linear.z, angular.x, angular.y, angular.z,
        )
    }

    fn is_met(&self, error: &Vector6<f64>) -> bool {
        (0..6).all(|i| self.task.weight[i] == 0.0 || error[i].abs() <= self.task.tolerance[i])
    }

    /// Error and Jacobian, both weighted, in the target's frame.
    fn linearise(
        &self,
        joints: &Joints,
        weight: &[f64; 6],
        jacobian: &mut Jacobian,
    ) -> Vector6<f64> {
        let tip = (self.chain).tip_and_jacobian(&joints[..self.count()], jacobian);
        let error = self.error_of(&tip);
        let mut angular = self.target.turn.transpose();
        if self.is_partial {
            let at = Vector3::new(error[3], error[4], error[5]);
            angular = right_jacobian_inverse(&at) * angular;
        }
        for column in jacobian.columns_mut() {
            let linear = (self.target.turn).tr_mul(&column.fixed_rows::<3>(0).into_owned());
            let turned = angular * column.fixed_rows::<3>(3);
            for i in 0..3 {
                column[i] = linear[i] * weight[i];
                column[i + 3] = turned[i] * weight[i + 3];
            }
        }
        error
    }

    /// Goes down from a seed. `None` with a posture that does the task, or what is left of the squared error.
    pub(super) fn descend(&self, seed: &Joints, iterations: usize) -> (Joints, Option<f64>) {
        let (joints, missed) = self.descend_by(seed, &self.task.weight, iterations);
        if !self.wishes || missed.is_none() {
            return (joints, missed);
        }
        // What is only wished for must not keep the rest from its place.
        let mut strict = self.task.weight;
        for (weight, tolerance) in strict.iter_mut().zip(&self.task.tolerance) {
            if tolerance.is_infinite() {
                *weight = 0.0;
            }
        }
        self.descend_by(&joints, &strict, iterations)
    }

    fn descend_by(
        &self,
        seed: &Joints,
        weight: &[f64; 6],
        iterations: usize,
    ) -> (Joints, Option<f64>) {
        let mut joints = *seed;
        let mut jacobian = Jacobian::zeros(self.count());
        let mut error = self.linearise(&joints, weight, &mut jacobian);
        let mut cost = squared(&error, weight);
        let (mut damping, mut slow) = (DAMPING, 0);
        let mut next_jacobian = jacobian;
        let has_wishes = (0..6).any(|i| weight[i] > 0.0 && self.task.tolerance[i].is_infinite());
        for _ in 0..iterations {
            if self.is_met(&error) && !has_wishes {
                return (joints, None);
            }
            let next = self.step(&joints, &error, weight, &jacobian, damping * cost + FLOOR);
            let next_error = self.linearise(&next, weight, &mut next_jacobian);
            let next_cost = squared(&next_error, weight);
            if next_cost > SLOW_SHARE * cost {
                slow += 1;
                if slow > SLOW_STEPS {
                    break;
                }
            } else {
                slow = 0;
            }
            if next_cost >= cost {
                damping = (damping * 8.0).min(MOST_DAMPING);
                continue;
            }
            damping = (damping * 0.3).max(LEAST_DAMPING);
            (joints, error, cost) = (next, next_error, next_cost);
            std::mem::swap(&mut jacobian, &mut next_jacobian);
        }
        let missed = (!self.is_met(&error)).then_some(cost);
        (joints, missed)
    }

    /// Where one damped step leads: joints that it would take beyond a limit stop there, and the others make up for
    /// it.
    fn step(
        &self,
        joints: &Joints,
        error: &Vector6<f64>,
        weight: &[f64; 6],
        jacobian: &Jacobian,
        damping: f64,
    ) -> Joints {
        let columns = jacobian.columns();
        let mut left = *error;
        (0..6).for_each(|i| left[i] *= weight[i]);
        let mut moves = [0.0; MAX_DOF];
        let mut held = [false; MAX_DOF];
        for _ in 0..=columns.len() {
            let factor = cholesky::factor(columns, &held, damping);
            let pull = cholesky::solve(&factor, &left);
            let mut hits = false;
            for i in (0..columns.len()).filter(|i| !held[*i]) {
                moves[i] = columns[i].dot(&pull);
            }
            for i in 0..columns.len() {
                if held[i] {
                    continue;
                }
                let bounded =
                    (joints[i] + moves[i]).clamp(self.bounds.lower[i], self.bounds.upper[i]);
                if bounded != joints[i] + moves[i] {
                    (held[i], hits) = (true, true);
                    moves[i] = bounded - joints[i];
                    left -= columns[i] * moves[i];
                }
            }
            if !hits {
                break;
            }
        }
        let longest = moves.iter().fold(0.0, |a: f64, m| a.max(m.abs()));
        let scale = if longest > LONGEST_STEP {
            LONGEST_STEP / longest
        } else {
            1.0
        };
        let mut next = *joints;
        for i in 0..columns.len() {
            next[i] += moves[i] * scale;
        }
        // Rounding of a step to a limit must not lead beyond it.
        self.bounds.clamp(&mut next);
        next
    }

    /// Unwinds turns, and uses what the task leaves free to come near to the start and away from limits.
    pub(super) fn settle(&self, joints: &mut Joints, start: &Joints) {
        self.bounds.unwind(joints, start);
        if self.rows >= self.count() || self.wishes {
            return;
        }
        let weight = &self.task.weight;
        let mut jacobian = Jacobian::zeros(self.count());
        let (mut moved, held) = (*joints, [false; MAX_DOF]);
        for _ in 0..FREE_STEPS {
            let mut left = self.linearise(&moved, weight, &mut jacobian);
            (0..6).for_each(|i| left[i] *= weight[i]);
            let columns = jacobian.columns();
            let mut wanted = self.downhill(&moved, start);
            for (column, by) in columns.iter().zip(&wanted) {
                left -= column * *by;
            }
            let factor = cholesky::factor(columns, &held, FLOOR);
            let pull = cholesky::solve(&factor, &left);
            for (column, by) in columns.iter().zip(&mut wanted) {
                *by += column.dot(&pull);
            }
            let longest = wanted.iter().fold(0.0, |a: f64, m| a.max(m.abs()));
            let scale = (LONGEST_FREE_STEP / longest.max(1e-12)).min(1.0);
            (0..self.count()).for_each(|i| moved[i] += wanted[i] * scale);
            self.bounds.clamp(&mut moved);
            if longest < 1e-3 {
                break;
            }
        }
        let (moved, missed) = self.descend_by(&moved, weight, 8);
        if missed.is_none() && self.merit(&moved, start) < self.merit(joints, start) {
            *joints = moved;
        }
    }

    /// How good a posture is among those that do the task: small where it is near the start and far from limits.
    pub(super) fn merit(&self, joints: &Joints, start: &Joints) -> f64 {
        let wish = if self.wishes {
            WISH_MERIT * squared(&self.error(joints), &self.task.weight)
        } else {
            0.0
        };
        let posture: f64 = (0..self.count())
            .map(|i| {
                let off = joints[i] - start[i];
                off * off
                    + self
                        .middle(joints, i)
                        .map_or(0.0, |(s, _)| LIMIT_SHARE * s * s * s * s)
            })
            .sum();
        posture + wish
    }

    /// How far a joint is from the middle of its range, -1 to 1, and half that range; `None` without limits.
    fn middle(&self, joints: &Joints, i: usize) -> Option<(f64, f64)> {
        let half = (self.bounds.upper[i] - self.bounds.lower[i]) / 2.0;
        (half.is_finite() && half > 0.0)
            .then(|| ((joints[i] - self.bounds.lower[i]) / half - 1.0, half))
    }

    /// A step against the gradient of the merit.
    fn downhill(&self, joints: &Joints, start: &Joints) -> Joints {
        let mut step = [0.0; MAX_DOF];
        for (i, by) in step.iter_mut().enumerate().take(self.count()) {
            let limit = self
                .middle(joints, i)
                .map_or(0.0, |(s, half)| 2.0 * LIMIT_SHARE * s * s * s / half);
            *by = (start[i] - joints[i]) - limit;
        }
        step
    }
}

fn squared(error: &Vector6<f64>, weight: &[f64; 6]) -> f64 {
    (0..6).map(|i| (error[i] * weight[i]).powi(2)).sum()
}

/// Axis times angle of a rotation matrix, radians.
fn rotation_vector(turn: &Matrix3<f64>) -> Vector3<f64> {
    let twice = Vector3::new(
        turn[(2, 1)] - turn[(1, 2)],
        turn[(0, 2)] - turn[(2, 0)],
        turn[(1, 0)] - turn[(0, 1)],
    );
    let (sin, cos) = (twice.norm() / 2.0, (turn.trace() - 1.0) / 2.0);
    if sin > 1e-6 {
        return twice * (sin.atan2(cos) / (2.0 * sin));
    }
    if cos > 0.0 {
        return twice / 2.0;
    }
    // Half a turn: the axis is the longest column of R + 1.
    let sum = turn + Matrix3::identity();
    let longest = (0..3).max_by(|a, b| sum[(*a, *a)].total_cmp(&sum[(*b, *b)]));
    let axis = sum.column(longest.unwrap_or(0)).normalize();
    axis * PI
}

/// How a rotation vector `at` changes with a small turn of what it is missing to.
fn right_jacobian_inverse(at: &Vector3<f64>) -> Matrix3<f64> {
    let angle = at.norm();
    let cross = at.cross_matrix();
    let quadratic = if angle < 1e-3 {
        1.0 / 12.0
    } else {
        let half = angle / 2.0;
        (1.0 - half / half.tan()) / (angle * angle)
    };
    Matrix3::identity() + cross * 0.5 + cross * cross * quadratic
}
