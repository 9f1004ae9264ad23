use nalgebra::{DMatrix, DVector, Vector3};

use super::Difference;
use super::convex::Convex;

/// Rounds after which the search ends as it stands: curved bodies come nearer without end.
const ROUNDS: usize = 200;
/// The square of what may be missing to the nearest point, relative to the square of the bodies' distance or size.
const TOLERANCE: f64 = 1e-12;
/// A corner with no more than this has no share.
const NO_SHARE: f64 = 1e-14;

/// Corners of the difference and their shares of the point that is nearest to zero.
#[derive(Clone)]
struct Corners(Vec<(Difference, f64)>);

impl Corners {
    fn sum(&self, of: impl Fn(&Difference) -> Vector3<f64>) -> Vector3<f64> {
        self.0
            .iter()
            .map(|(corner, share)| of(corner) * *share)
            .sum()
    }

    /// Shares with which all corners together are nearest to zero, beyond them if need be; `None` if they are not
    /// independent.
    fn nearest_shares(&self) -> Option<DVector<f64>> {
        let n = self.0.len();
        let mut matrix = DMatrix::from_element(n + 1, n + 1, 1.0);
        matrix[(n, n)] = 0.0;
        for (i, (a, _)) in self.0.iter().enumerate() {
            for (j, (b, _)) in self.0.iter().enumerate() {
                matrix[(i, j)] = a.at().dot(&b.at());
            }
        }
        let mut right = DVector::zeros(n + 1);
        right[n] = 1.0;
        let solved = matrix.full_piv_lu().solve(&right)?;
        solved.iter().all(|v| v.is_finite()).then_some(solved)
    }

    /// Brings the shares to where the corners are nearest to zero, and drops corners that have none.
    fn settle(&mut self) {
        while let Some(shares) = self.nearest_shares() {
            let leaving = self
                .0
                .iter()
                .zip(shares.iter())
                .filter(|(_, to)| **to <= 0.0);
            let step = leaving
                .map(|((_, from), to)| from / (from - to))
                .fold(1.0, f64::min);
            for ((_, share), to) in self.0.iter_mut().zip(shares.iter()) {
                *share += (to - *share) * step;
            }
            if step >= 1.0 {
                self.0.retain(|(_, share)| *share > NO_SHARE);
                return;
            }
            let least = self
                .0
                .iter()
                .map(|(_, share)| *share)
                .fold(f64::INFINITY, f64::min);
            self.0.retain(|(_, share)| *share > least.max(0.0));
            let whole: f64 = self.0.iter().map(|(_, share)| *share).sum();
            self.0.iter_mut().for_each(|(_, share)| *share /= whole);
        }
    }
}

/// Points of two cores that are nearest to each other; the same where they overlap.
///
/// # Source
/// Wolfe, "Finding the nearest point in a polytope", 1976, on the difference of the cores as in Gilbert, Johnson,
/// Keerthi, 1988.
pub(super) fn nearest(bodies: [&Convex; 2]) -> Difference {
    let apart = bodies[1].pose.translation.vector - bodies[0].pose.translation.vector;
    let mut corners = Corners(vec![(Difference::furthest(bodies, &apart), 1.0)]);
    for _ in 0..ROUNDS {
        let at = corners.sum(Difference::at);
        let next = Difference::furthest(bodies, &-at);
        let scale = next.at().norm_squared().max(at.norm_squared());
        let missing = at.norm_squared() - at.dot(&next.at());
        let is_known = |(c, _): &(Difference, f64)| c.at() == next.at();
        if missing <= TOLERANCE * scale || corners.0.iter().any(is_known) {
            break;
        }
        let before = corners.clone();
        corners.0.push((next, 0.0));
        corners.settle();
        let is_nearer = corners.sum(Difference::at).norm_squared() < at.norm_squared();
        if !is_nearer {
            corners = before;
            break;
        }
        // Four corners around zero: the cores overlap.
        if corners.0.len() > 3 {
            break;
        }
    }
    Difference {
        one: corners.sum(|c| c.one),
        other: corners.sum(|c| c.other),
    }
}
