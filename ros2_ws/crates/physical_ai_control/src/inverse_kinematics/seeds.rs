use super::Joints;
use super::solver::Bounds;
use crate::kinematics::MAX_DOF;

/// Postures to start from: the given one, and then points that fill the joints' ranges evenly, always the same ones.
///
/// # Source
/// Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018: the additive recurrence with powers of
/// the root of x^(d+1) = x + 1.
pub(super) struct Seeds {
    start: Joints,
    lower: Joints,
    width: Joints,
    step: Joints,
    count: usize,
    index: u32,
}

impl Seeds {
    pub(super) fn new(bounds: &Bounds, start: &Joints) -> Self {
        let count = bounds.count();
        let mut seeds = Self {
            start: *start,
            lower: [0.0; MAX_DOF],
            width: [0.0; MAX_DOF],
            step: [0.0; MAX_DOF],
            count,
            index: 0,
        };
        let root = root(count);
        let mut power = 1.0;
        for (joint, near) in start.iter().enumerate().take(count) {
            power /= root;
            seeds.step[joint] = power;
            let [lower, upper] = bounds.window(joint, *near);
            (seeds.lower[joint], seeds.width[joint]) = (lower, upper - lower);
        }
        seeds
    }
}

impl Iterator for Seeds {
    type Item = Joints;

    fn next(&mut self) -> Option<Joints> {
        let index = self.index;
        self.index += 1;
        if index == 0 {
            return Some(self.start);
        }
        let mut seed = [0.0; MAX_DOF];
        for (joint, value) in seed.iter_mut().enumerate().take(self.count) {
            let share = (0.5 + f64::from(index) * self.step[joint]).fract();
            *value = self.lower[joint] + share * self.width[joint];
        }
        Some(seed)
    }
}

/// The root of x^(d+1) = x + 1 above 1.
fn root(dimensions: usize) -> f64 {
    let power = 1.0 / (dimensions as f64 + 1.0);
    (0..32).fold(1.5, |x: f64, _| (1.0 + x).powf(power))
}
