use super::goal::TrajectoryPoint;

/// Parts of a quintic that are looked at for its extremes.
const PARTS: usize = 48;

/// Position, velocity and acceleration through points in time, for some joints at once.
///
/// A segment is a quintic where both ends have accelerations, a cubic where both have velocities, and a
/// straight line otherwise, as in joint_trajectory_controller. Before the first point a joint moves at that
/// point's velocity, after the last one it stands.
///
/// # Source
/// ros2_controllers, "Trajectory Representation"; Biagiotti and Melchiorri, "Trajectory planning", 2008,
/// section 2.1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct JointSpline {
    /// Seconds from the start, strictly increasing.
    times_s: Vec<f64>,
    joints: usize,
    /// Of each joint in each segment, segment by segment, lowest power first.
    segments: Vec<[f64; 6]>,
    /// Position and velocity of each joint at the first point.
    first: Vec<[f64; 2]>,
    last: Vec<f64>,
}

/// Largest and smallest values along a spline, radians or metres (and per second).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extremes {
    pub(super) lowest: f64,
    pub(super) highest: f64,
    pub(super) fastest: f64,
    /// Seconds from the start at which it is fastest.
    pub(super) fastest_at_s: f64,
}

impl JointSpline {
    /// Through points that were checked: each has a position for each joint, and none or as many velocities
    /// and accelerations.
    pub(super) fn new(points: &[TrajectoryPoint], joints: usize) -> Self {
        let times_s = points.iter().map(|p| p.time_from_start_s).collect();
        let pairs = points.windows(2);
        let segment =
            |joint: usize, pair: &[TrajectoryPoint]| coefficients(&pair[0], &pair[1], joint);
        let segments = pairs
            .flat_map(|pair| (0..joints).map(move |joint| segment(joint, pair)))
            .collect();
        let first = points.first().map_or_else(Vec::new, |p| {
            let velocity = |j: usize| p.velocities.get(j).copied().unwrap_or(0.0);
            (0..joints).map(|j| [p.positions[j], velocity(j)]).collect()
        });
        Self {
            times_s,
            joints,
            segments,
            first,
            last: points.last().map_or_else(Vec::new, |p| p.positions.clone()),
        }
    }

    /// Seconds from the start at which the first point is reached.
    pub(super) fn first_s(&self) -> f64 {
        self.times_s.first().copied().unwrap_or(0.0)
    }

    /// Seconds from the start at which the last point is reached.
    pub(super) fn end_s(&self) -> f64 {
        self.times_s.last().copied().unwrap_or(0.0)
    }

    /// Position and velocity of a joint, `time_s` after the start.
    ///
    /// # Real-time
    /// Does not allocate; takes the logarithm of the number of points.
    pub(super) fn sample(&self, joint: usize, time_s: f64) -> [f64; 2] {
        if time_s < self.first_s() {
            let [position, velocity] = self.first[joint];
            return [position + velocity * (time_s - self.first_s()), velocity];
        }
        let passed = self.times_s.partition_point(|t| *t <= time_s);
        if passed >= self.times_s.len() {
            return [self.last[joint], 0.0];
        }
        let segment = passed - 1;
        let c = &self.segments[segment * self.joints + joint];
        evaluate(c, time_s - self.times_s[segment])
    }

    /// Extremes of a joint between the first and the last point: exactly, but for a thousandth of a quintic's range.
    pub(super) fn extremes(&self, joint: usize) -> Extremes {
        let [start, _] = self.first[joint];
        let mut extremes = Extremes {
            lowest: start.min(self.last[joint]),
            highest: start.max(self.last[joint]),
            fastest: 0.0,
            fastest_at_s: self.first_s(),
        };
        for (segment, ends) in self.times_s.windows(2).enumerate() {
            let c = &self.segments[segment * self.joints + joint];
            let length_s = ends[1] - ends[0];
            let mut look = |time_s: f64| {
                let [position, velocity] = evaluate(c, time_s.clamp(0.0, length_s));
                extremes.lowest = extremes.lowest.min(position);
                extremes.highest = extremes.highest.max(position);
                if velocity.abs() > extremes.fastest {
                    extremes.fastest = velocity.abs();
                    extremes.fastest_at_s = ends[0] + time_s;
                }
            };
            if c[4] == 0.0 && c[5] == 0.0 {
                turning_times_s(c)
                    .into_iter()
                    .chain([0.0, length_s])
                    .for_each(look);
            } else {
                (0..=PARTS).for_each(|part| look(length_s * part as f64 / PARTS as f64));
            }
        }
        extremes
    }
}

/// Where a cubic turns back, and where it is fastest, if anywhere; not finite where it is not curved.
fn turning_times_s(c: &[f64; 6]) -> [f64; 3] {
    let (a, b) = (3.0 * c[3], c[2]);
    let root = (b * b - a * c[1]).max(0.0).sqrt();
    let fastest = -b / a;
    // A parabola turns once.
    let turn = if a == 0.0 { -c[1] / (2.0 * b) } else { fastest };
    [turn, fastest + root / a, fastest - root / a].map(|t| if t.is_finite() { t } else { 0.0 })
}

/// Position and velocity of a polynomial.
fn evaluate(c: &[f64; 6], t: f64) -> [f64; 2] {
    let position = c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * c[5]))));
    let velocity = c[1] + t * (2.0 * c[2] + t * (3.0 * c[3] + t * (4.0 * c[4] + t * 5.0 * c[5])));
    [position, velocity]
}

/// The polynomial between two points.
fn coefficients(from: &TrajectoryPoint, to: &TrajectoryPoint, joint: usize) -> [f64; 6] {
    let t = to.time_from_start_s - from.time_from_start_s;
    let (p, distance) = (
        from.positions[joint],
        to.positions[joint] - from.positions[joint],
    );
    let pair = |a: &[f64], b: &[f64]| Some([*a.get(joint)?, *b.get(joint)?]);
    let Some([v, w]) = pair(&from.velocities, &to.velocities) else {
        return [p, distance / t, 0.0, 0.0, 0.0, 0.0];
    };
    let Some([a, b]) = pair(&from.accelerations, &to.accelerations) else {
        let slack = distance / t;
        return [
            p,
            v,
            (3.0 * slack - 2.0 * v - w) / t,
            (v + w - 2.0 * slack) / (t * t),
            0.0,
            0.0,
        ];
    };
    // What the start's own motion leaves to be done in position, velocity and acceleration.
    let far = (distance - v * t - a * t * t / 2.0) / (t * t * t);
    let fast = (w - v - a * t) / (t * t);
    let bent = (b - a) / t;
    [
        p,
        v,
        a / 2.0,
        10.0 * far - 4.0 * fast + bent / 2.0,
        (-15.0 * far + 7.0 * fast - bent) / t,
        (6.0 * far - 3.0 * fast + bent / 2.0) / (t * t),
    ]
}
