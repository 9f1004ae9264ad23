use physical_ai_domain::JointLimits;

use crate::Error;

/// Share of a joint's velocity and acceleration limits that a trajectory plans with; the rest is left
/// for the controller to correct errors.
pub const LIMIT_SHARE: f64 = 0.8;

/// Peak of the first derivative of the quintic blend over its mean.
const QUINTIC_PEAK_VELOCITY: f64 = 1.875;
/// Peak of the second derivative of the quintic blend, times duration squared over distance.
const QUINTIC_PEAK_ACCELERATION: f64 = 5.773_502_7;

/// Joint values at one time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JointPoint {
    /// Radians or metres.
    pub position: Vec<f64>,
    /// Per second.
    pub velocity: Vec<f64>,
}

/// A motion through way points, at rest in each, all joints arriving together.
///
/// Each segment is a quintic blend: position, velocity and acceleration are continuous, and velocity
/// and acceleration stay within [`LIMIT_SHARE`] of the limits everywhere.
///
/// # Source
/// Biagiotti and Melchiorri, "Trajectory planning", 2008, section 2.1.7.
#[derive(Debug, Clone, PartialEq)]
pub struct JointTrajectory {
    way_points: Vec<Vec<f64>>,
    /// End of each segment, seconds from the start.
    ends_s: Vec<f64>,
}

impl JointTrajectory {
    /// Plans through `way_points`; the first is where the joints are.
    ///
    /// # Shapes
    /// Each way point and `limits`: one entry per joint.
    /// # Errors
    /// [`Error::WrongLength`], [`Error::NotFinite`] or [`Error::JointLimit`] for way points after the
    /// first (where the joints are is a fact, not a wish).
    pub fn try_new(
        way_points: Vec<Vec<f64>>,
        limits: &[JointLimits],
        names: &[String],
        least_duration_s: f64,
    ) -> Result<Self, Error> {
        for (i, point) in way_points.iter().enumerate() {
            check(point, limits, names, i > 0)?;
        }
        let segments = way_points.len().saturating_sub(1).max(1) as f64;
        let mut ends_s = Vec::with_capacity(way_points.len());
        let mut end_s = 0.0;
        for pair in way_points.windows(2) {
            end_s += duration_s(&pair[0], &pair[1], limits).max(least_duration_s / segments);
            ends_s.push(end_s);
        }
        Ok(Self { way_points, ends_s })
    }

    /// Seconds from start to rest.
    pub fn duration_s(&self) -> f64 {
        self.ends_s.last().copied().unwrap_or(0.0)
    }

    /// The first way point.
    pub fn start(&self) -> &[f64] {
        self.way_points.first().map_or(&[], Vec::as_slice)
    }

    /// The last way point.
    pub fn target(&self) -> &[f64] {
        self.way_points.last().map_or(&[], Vec::as_slice)
    }

    /// The time at which the motion comes nearest to `position`, seconds from the start.
    ///
    /// # Shapes
    /// `position`: one entry per joint.
    pub fn nearest_time_s(&self, position: &[f64]) -> f64 {
        let mut nearest = (f64::INFINITY, 0.0);
        let mut start_s = 0.0;
        for (pair, end_s) in self.way_points.windows(2).zip(&self.ends_s) {
            let (share, distance) = project(position, &pair[0], &pair[1]);
            if distance < nearest.0 {
                nearest = (
                    distance,
                    start_s + (end_s - start_s) * blend_argument(share),
                );
            }
            start_s = *end_s;
        }
        nearest.1
    }

    /// Writes position and velocity at `time_s` after the start; before and after, the ends.
    ///
    /// # Real-time
    /// Allocates only when `out` is too small.
    pub fn sample(&self, time_s: f64, out: &mut JointPoint) {
        let joints = self.target().len();
        out.position.resize(joints, 0.0);
        out.velocity.resize(joints, 0.0);
        // Before the start no segment without length may be chosen.
        let time_s = time_s.max(0.0);
        let segment = self.ends_s.iter().position(|end| time_s < *end);
        let Some(segment) = segment else {
            out.position.copy_from_slice(self.target());
            out.velocity.fill(0.0);
            return;
        };
        let start_s = if segment == 0 {
            0.0
        } else {
            self.ends_s[segment - 1]
        };
        let length_s = self.ends_s[segment] - start_s;
        let u = ((time_s - start_s) / length_s).clamp(0.0, 1.0);
        let blend = blend(u);
        let rate = u * u * (30.0 + u * (-60.0 + u * 30.0)) / length_s;
        let (from, to) = (&self.way_points[segment], &self.way_points[segment + 1]);
        for joint in 0..joints {
            let distance = to[joint] - from[joint];
            out.position[joint] = from[joint] + distance * blend;
            out.velocity[joint] = distance * rate;
        }
    }
}

/// Share of a segment's distance that is done at this share of its time.
fn blend(u: f64) -> f64 {
    u * u * u * (10.0 + u * (-15.0 + u * 6.0))
}

/// Share of a segment's time at which this share of its distance is done: [`blend`], which grows, turned
/// round by bisection.
fn blend_argument(share: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if blend(middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The point between `from` and `to` that is nearest to `position`, as a share of the way; and how far off
/// that is, squared.
fn project(position: &[f64], from: &[f64], to: &[f64]) -> (f64, f64) {
    let joints = || position.iter().zip(from).zip(to);
    let along: f64 = joints().map(|((p, f), t)| (p - f) * (t - f)).sum();
    let length: f64 = joints().map(|((_, f), t)| (t - f) * (t - f)).sum();
    let share = if length > 0.0 {
        (along / length).clamp(0.0, 1.0)
    } else {
        1.0
    };
    let off = |((p, f), t): ((&f64, &f64), &f64)| (p - f - share * (t - f)).powi(2);
    (share, joints().map(off).sum())
}

fn check(
    point: &[f64],
    limits: &[JointLimits],
    names: &[String],
    within_limits: bool,
) -> Result<(), Error> {
    if point.len() != limits.len() {
        return Err(Error::WrongLength {
            field: "positions",
            observed: point.len(),
            expected: limits.len(),
        });
    }
    for (i, (value, limit)) in point.iter().zip(limits).enumerate() {
        if !value.is_finite() {
            return Err(Error::NotFinite {
                field: format!("positions[{i}]"),
                value: *value,
            });
        }
        if within_limits && !(limit.lower..=limit.upper).contains(value) {
            return Err(Error::JointLimit {
                joint: names
                    .get(i)
                    .cloned()
                    .unwrap_or_else(|| format!("joint {i}")),
                value: *value,
                lower: limit.lower,
                upper: limit.upper,
            });
        }
    }
    Ok(())
}

/// Shortest duration of a quintic from `from` to `to` within the limits.
fn duration_s(from: &[f64], to: &[f64], limits: &[JointLimits]) -> f64 {
    from.iter()
        .zip(to)
        .zip(limits)
        .fold(0.0, |longest, ((from, to), limit)| {
            let distance = (to - from).abs();
            let by_velocity = QUINTIC_PEAK_VELOCITY * distance / (limit.velocity * LIMIT_SHARE);
            let by_acceleration =
                (QUINTIC_PEAK_ACCELERATION * distance / (limit.acceleration * LIMIT_SHARE)).sqrt();
            f64::max(longest, by_velocity.max(by_acceleration))
        })
}

#[cfg(test)]
mod tests;
