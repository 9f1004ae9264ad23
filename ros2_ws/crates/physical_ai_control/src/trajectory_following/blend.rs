/// Share of a joint's acceleration with which a difference between where it moves and where it shall move is
/// taken back; the rest is for the trajectory itself.
pub(super) const BLEND_SHARE: f64 = 0.5;

/// Peak of the second derivative, times duration over speed, with which a speed is taken back.
const SPEED_PEAK: f64 = 3.94;
/// Peak of the second derivative of the quintic blend, times duration squared over distance.
const DISTANCE_PEAK: f64 = 5.773_502_7;
/// Share of speed times duration that a joint needs to come to rest along [`Blend::to_rest`].
const REST_DISTANCE: f64 = 0.4;
/// Peak of its second derivative, times duration over speed: at a third of the time.
const REST_PEAK: f64 = 16.0 / 9.0;

/// What is left of a difference in position and velocity: a quintic that ends at rest at zero, so that a
/// joint joins a motion without a jump in position or velocity.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Blend {
    duration_s: f64,
    distance: f64,
    speed: f64,
}

impl Blend {
    /// Takes back `distance` and `speed` in `duration_s` seconds.
    pub(super) fn new(distance: f64, speed: f64, duration_s: f64) -> Self {
        Self {
            duration_s,
            distance,
            speed,
        }
    }

    /// Brings a joint of this speed to rest; `.1` is how far it gets.
    pub(super) fn to_rest(speed: f64, acceleration: f64) -> (Self, f64) {
        let duration_s = REST_PEAK * speed.abs() / acceleration;
        let distance = REST_DISTANCE * speed * duration_s;
        (Self::new(-distance, speed, duration_s), distance)
    }

    /// Seconds in which `distance` and `speed` can be taken back with `acceleration` at most.
    pub(super) fn least_duration_s(distance: f64, speed: f64, acceleration: f64) -> f64 {
        let (by_speed, by_distance) = (SPEED_PEAK * speed.abs(), DISTANCE_PEAK * distance.abs());
        let root = (by_speed * by_speed + 4.0 * acceleration * by_distance).sqrt();
        (by_speed + root) / (2.0 * acceleration)
    }

    /// Seconds until nothing is left.
    pub(super) fn duration_s(&self) -> f64 {
        self.duration_s
    }

    /// What is left after `time_s`: position and velocity.
    pub(super) fn sample(&self, time_s: f64) -> [f64; 2] {
        if time_s >= self.duration_s {
            return [0.0; 2];
        }
        let u = time_s.max(0.0) / self.duration_s;
        let (u2, u3) = (u * u, u * u * u);
        let far = 1.0 - u3 * (10.0 - 15.0 * u + 6.0 * u2);
        let far_rate = -30.0 * u2 * (1.0 - 2.0 * u + u2) / self.duration_s;
        let fast = self.duration_s * (u - u3 * (6.0 - 8.0 * u + 3.0 * u2));
        let fast_rate = 1.0 - u2 * (18.0 - 32.0 * u + 15.0 * u2);
        [
            self.distance * far + self.speed * fast,
            self.distance * far_rate + self.speed * fast_rate,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_is_taken_back_without_a_jump_within_the_acceleration() {
        for (distance, speed) in [
            (0.1, 0.0),
            (0.0, 1.0),
            (-0.05, 0.7),
            (0.2, -2.0),
            (1e-3, 1e-3),
        ] {
            let duration_s = Blend::least_duration_s(distance, speed, 4.0);
            let blend = Blend::new(distance, speed, duration_s);
            let [at, rate] = blend.sample(0.0);
            assert!((at - distance).abs() < 1e-12 && (rate - speed).abs() < 1e-12);
            let step_s = duration_s / 1000.0;
            let mut before = [distance, speed];
            for i in 1..=1000 {
                let now = blend.sample(f64::from(i) * step_s);
                assert!(
                    (now[1] - before[1]).abs() <= 4.0 * step_s * 1.001,
                    "{distance} {speed}"
                );
                let mean = (now[1] + before[1]) / 2.0;
                assert!((now[0] - before[0] - mean * step_s).abs() < 1e-5);
                before = now;
            }
            assert_eq!(blend.sample(duration_s), [0.0; 2]);
            assert!(before[0].abs() < 1e-9 && before[1].abs() < 1e-9);
        }
    }

    #[test]
    fn joint_comes_to_rest_without_turning_back() {
        let (blend, distance) = Blend::to_rest(-1.5, 4.0);
        let mut before = [-distance, -1.5];
        assert_eq!(blend.sample(0.0), before);
        let step_s = blend.duration_s() / 500.0;
        for i in 1..=500 {
            let now = blend.sample(f64::from(i) * step_s);
            assert!(now[1] >= before[1] - 1e-12 && now[1] <= 1e-12);
            assert!(now[1] - before[1] <= 4.0 * step_s * 1.001);
            before = now;
        }
    }
}
