use nalgebra::{UnitQuaternion, Vector3};
use physical_ai_domain::RobotModel;

use crate::Error;
use crate::sensor_pose::sensor_pose;

/// How an IMU is mounted: what it measures is said in its own frame, which may lie on its side or upside down.
#[derive(Debug, Clone, PartialEq)]
pub struct ImuMount {
    frame: String,
    to_base: UnitQuaternion<f64>,
}

impl ImuMount {
    /// The mount of an IMU that measures in `frame`: a link, with or without the robot's name and a slash before it.
    ///
    /// # Errors
    /// [`Error::Implausible`] for a frame that is no link of the robot, or one that joints move against its base.
    pub fn of(model: &RobotModel, frame: &str) -> Result<Self, Error> {
        let pose = sensor_pose(model, "imu.header.frame_id", frame)?;
        Ok(Self {
            frame: frame.to_owned(),
            to_base: pose.rotation,
        })
    }

    /// The frame that it is of.
    pub fn frame(&self) -> &str {
        &self.frame
    }

    /// Angular velocity about the base's z, radians per second, of one in the IMU's frame.
    ///
    /// # Real-time
    /// Does not allocate.
    pub fn yaw_rate_rps(&self, angular_velocity_rps: [f64; 3]) -> f64 {
        (self.to_base * Vector3::from(angular_velocity_rps)).z
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{robot, rover};

    const TILTED: &str = r#"<robot name="r"><link name="base"/><link name="imu"/>
        <joint name="mount" type="fixed"><parent link="base"/><child link="imu"/>
          <origin rpy="0 3.14159265359 1.57079632679"/></joint></robot>"#;

    #[test]
    fn imu_upside_down_turns_the_other_way() {
        let model = robot("robot_1", TILTED, "{}");
        for frame in ["imu", "robot_1/imu"] {
            let mount = ImuMount::of(&model, frame).unwrap();
            assert!((mount.yaw_rate_rps([0.1, 0.2, -0.7]) - 0.7).abs() < 1e-9);
        }
        let upright = ImuMount::of(&rover(), "imu_link").unwrap();
        assert!((upright.yaw_rate_rps([0.1, 0.2, -0.7]) + 0.7).abs() < 1e-9);
    }
}
