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
