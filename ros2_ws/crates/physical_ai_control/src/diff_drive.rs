use nalgebra::Vector3;
use physical_ai_domain::{JointLimits, RobotModel};

use crate::Error;
use crate::kinematics::link_poses;

/// Share of a wheel's axis that must lie across the direction of travel.
const ACROSS: f64 = 0.9;

/// A wheel among the movable joints of a robot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wheel {
    /// Which joint.
    pub index: usize,
    /// 1 if a positive turn of the joint rolls forward, -1 if it rolls back.
    pub sign: f64,
}

/// Kinematics of a differential drive, and its wheels among the robot's joints.
#[derive(Debug, Clone, PartialEq)]
pub struct DifferentialDrive {
    wheel_radius_m: f64,
    wheel_distance_m: f64,
    left: Vec<Wheel>,
    right: Vec<Wheel>,
    /// Limits of the slowest wheel.
    velocity_rps: f64,
    acceleration_rps2: f64,
}

impl DifferentialDrive {
    /// The drive that the robot's layout names.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] for a robot that does not drive, or whose wheels do not roll forward.
    pub fn from_model(model: &RobotModel) -> Result<Self, Error> {
        let unsuitable = |problem: String| Error::UnsuitableModel {
            robot: model.name.to_string(),
            problem,
        };
        let layout = model.layout.drive.as_ref();
        let layout = layout.ok_or_else(|| unsuitable("does not drive".into()))?;
        let links = link_poses(model, &[]);
        let wheel = |name: &String| {
            let index = model.movable_index(name);
            let joint = model.joints.iter().find(|j| j.name == *name);
            let (index, joint) = index
                .zip(joint)
                .ok_or_else(|| unsuitable(format!("has no joint {name}")))?;
            let axis: Vector3<f64> = links[joint.child].rotation * joint.axis.into_inner();
            if axis.y.abs() < ACROSS {
                return Err(unsuitable(format!(
                    "cannot drive with {name}: its axis is ({:.2}, {:.2}, {:.2}), not across x",
                    axis.x, axis.y, axis.z
                )));
            }
            Ok(Wheel {
                index,
                sign: axis.y.signum(),
            })
        };
        let side = |names: &[String]| names.iter().map(wheel).collect::<Result<Vec<_>, Error>>();
        let (left, right) = (side(&layout.left)?, side(&layout.right)?);
        let limits: Vec<JointLimits> = model.movable().map(|j| j.limits).collect();
        let slowest = |limit: fn(&JointLimits) -> f64| {
            let wheels = left.iter().chain(&right);
            wheels
                .map(|w| limit(&limits[w.index]))
                .fold(f64::INFINITY, f64::min)
        };
        Ok(Self {
            wheel_radius_m: layout.radius_m,
            wheel_distance_m: layout.separation_m,
            velocity_rps: slowest(|l| l.velocity),
            acceleration_rps2: slowest(|l| l.acceleration),
            left,
            right,
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

    /// Its wheels, those on the left first.
    pub fn joints(&self) -> impl Iterator<Item = Wheel> + '_ {
        self.left.iter().chain(&self.right).copied()
    }

    /// True for a wheel on the left.
    pub fn is_left(&self, joint: usize) -> bool {
        self.left.iter().any(|w| w.index == joint)
    }

    /// Angle or speed of the left and the right side, forward positive: the mean of its wheels. Not a number where
    /// one is not known.
    ///
    /// # Shapes
    /// `all`: one value per movable joint of the model, radians or radians per second.
    /// # Real-time
    /// Does not allocate.
    pub fn sides(&self, all: &[f64]) -> [f64; 2] {
        [&self.left, &self.right].map(|wheels| {
            let value = |w: &Wheel| all.get(w.index).map_or(f64::NAN, |v| v * w.sign);
            wheels.iter().map(value).sum::<f64>() / wheels.len() as f64
        })
    }

    /// Writes the speed of the left and the right side, radians per second, to their wheels among all joints.
    ///
    /// # Real-time
    /// Does not allocate.
    pub fn write(&self, [left, right]: [f64; 2], all: &mut [f64]) {
        for (wheels, speed) in [(&self.left, left), (&self.right, right)] {
            for wheel in wheels {
                if let Some(value) = all.get_mut(wheel.index) {
                    *value = wheel.sign * speed;
                }
            }
        }
    }

    /// Speed and acceleration of the slowest wheel, radians per second and its square.
    pub fn wheel_limits(&self) -> (f64, f64) {
        (self.velocity_rps, self.acceleration_rps2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::{arm, robot, rover};

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

    /// Four wheels; those on the right look inwards, and the joint between them is none.
    pub(crate) fn four_wheels(axis_of_right: &str) -> RobotModel {
        let link = |name: &str| {
            format!(
                "<link name='{name}'><inertial><mass value='1'/><inertia ixx='1' iyy='1' izz='1' ixy='0' ixz='0' \
                 iyz='0'/></inertial></link>"
            )
        };
        let joint = |name: &str, y: f64, axis: &str| {
            format!(
                "{}<joint name='{name}' type='continuous'><parent link='base'/><child link='{name}_link'/><origin \
                 xyz='0 {y} 0.1'/><axis xyz='{axis}'/><limit velocity='10' effort='5'/></joint>",
                link(&format!("{name}_link"))
            )
        };
        let urdf = format!(
            "<robot name='r'>{}{}{}{}{}{}</robot>",
            link("base"),
            joint("front_right", -0.2, axis_of_right),
            joint("front_left", 0.2, "0 1 0"),
            joint("mast", 0.0, "0 0 1"),
            joint("rear_left", 0.2, "0 1 0"),
            joint("rear_right", -0.2, axis_of_right),
        );
        let layout = "drive: {left: [front_left, rear_left], right: [front_right, rear_right], radius_m: 0.1, \
                      separation_m: 0.4}";
        robot("r", &urdf, layout)
    }

    #[test]
    fn wheels_of_a_side_turn_alike_and_in_the_direction_of_their_axes() {
        let drive = DifferentialDrive::from_model(&four_wheels("0 -1 0")).unwrap();
        let mut all = [9.0; 5];
        drive.write(drive.wheels(0.3, 1.0), &mut all);
        let expected = [-5.0, 1.0, 9.0, 1.0, -5.0];
        let off = all.iter().zip(expected).map(|(a, b)| (a - b).abs());
        assert!(off.fold(0.0, f64::max) < 1e-9, "{all:?}");
        let [left, right] = drive.sides(&all);
        assert!(
            (left - 1.0).abs() + (right - 5.0).abs() < 1e-9,
            "{left} {right}"
        );
        assert!(drive.sides(&all[..4])[1].is_nan());
        let error = DifferentialDrive::from_model(&four_wheels("1 0 0")).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("front_right: its axis is (1.00, 0.00, 0.00)"),
            "{text}"
        );
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
