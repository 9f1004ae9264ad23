/// What a lidar saw around the robot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Obstacles {
    /// x and y of each point that was hit, in the frame of the root link, metres.
    pub points: Vec<[f64; 2]>,
}

impl Obstacles {
    /// Distance along x from the robot's centre to the nearest obstacle in the lane ahead, metres; infinite if free.
    ///
    /// # Real-time
    /// Does not allocate.
    pub fn free_ahead_m(&self, half_width_m: f64) -> f64 {
        let in_lane = |[x, y]: &&[f64; 2]| *x > 0.0 && y.abs() < half_width_m;
        let ahead = self.points.iter().filter(in_lane).map(|[x, _]| *x);
        ahead.fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_obstacle_in_the_lane_ahead_counts() {
        let check = |points: &[[f64; 2]], half_width_m: f64, expected: f64| {
            let points = points.to_vec();
            let free_m = Obstacles { points }.free_ahead_m(half_width_m);
            assert_eq!(free_m, expected);
        };
        let around = [[0.6, 0.3], [0.9, -0.2], [1.2, 0.0], [-0.4, 0.0]];
        check(&around, 0.24, 0.9);
        check(&around, 0.4, 0.6);
        check(&around, 0.1, 1.2);
        check(&around[3..], 0.4, f64::INFINITY);
        check(&[], 0.4, f64::INFINITY);
    }
}
