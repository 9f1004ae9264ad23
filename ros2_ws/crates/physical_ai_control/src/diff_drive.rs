use physical_ai_domain::RobotModel;

use crate::Error;

/// Kinematics of a differential drive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DifferentialDrive {
    wheel_radius_m: f64,
    wheel_distance_m: f64,
}

impl DifferentialDrive {
    /// From a rover's model.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] for a robot without two wheels.
    pub fn from_model(model: &RobotModel) -> Result<Self, Error> {
        let (wheel_radius_m, wheel_distance_m) = model.wheel_geometry().ok_or_else(|| {
            Error::UnsuitableModel {
                robot: model.name.to_string(),
                problem: "has no wheels left_wheel_joint and right_wheel_joint with round shapes",
            }
        })?;
        Ok(Self {
            wheel_radius_m,
            wheel_distance_m,
        })
    }

    /// Left and right wheel speed, radians per second, for a speed of the base.
    pub fn wheels(&self, forward_mps: f64, yaw_rate_rps: f64) -> [f64; 2] {
        let half = yaw_rate_rps * self.wheel_distance_m / 2.0;
        [
            (forward_mps - half) / self.wheel_radius_m,
            (forward_mps + half) / self.wheel_radius_m,
        ]
    }

    /// Distance along the path and turn, metres and radians, for two wheel angles.
    pub fn base(&self, left_rad: f64, right_rad: f64) -> (f64, f64) {
        let (left, right) = (
            left_rad * self.wheel_radius_m,
            right_rad * self.wheel_radius_m,
        );
        ((left + right) / 2.0, (right - left) / self.wheel_distance_m)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::{arm, rover};

    #[test]
    fn wheels_turn_as_the_geometry_of_the_rover_says() {
        let drive = DifferentialDrive::from_model(&rover()).unwrap();
        let check = |forward, yaw_rate, expected: [f64; 2]| {
            let wheels = drive.wheels(forward, yaw_rate);
            let off = (wheels[0] - expected[0]).hypot(wheels[1] - expected[1]);
            assert!(off < 1e-12, "{wheels:?} instead of {expected:?}");
        };
        // Radius 0.08 m, distance 0.34 m.
        check(0.0, 0.0, [0.0, 0.0]);
        check(0.4, 0.0, [5.0, 5.0]);
        check(0.0, 1.0, [-2.125, 2.125]);
        check(0.17, 1.0, [0.0, 4.25]);
    }

    #[test]
    fn robot_without_wheels_is_refused() {
        let error = DifferentialDrive::from_model(&arm()).unwrap_err();
        assert!(matches!(error, Error::UnsuitableModel { .. }));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn base_is_the_inverse_of_wheels(forward in -5.0..5.0f64, yaw_rate in -10.0..10.0f64) {
            let drive = DifferentialDrive::from_model(&rover()).unwrap();
            let [left, right] = drive.wheels(forward, yaw_rate);
            let (distance, turn) = drive.base(left, right);
            prop_assert!((distance - forward).abs() < 1e-12);
            prop_assert!((turn - yaw_rate).abs() < 1e-12);
        }
    }
}
