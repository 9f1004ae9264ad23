use nalgebra::{Isometry3, Point3, Vector3};
use physical_ai_domain::RobotModel;

use crate::sensor_pose::sensor_pose;
use crate::{Error, Obstacles};

/// Where a message names the frame of a lidar.
const FIELD: &str = "scan.header.frame_id";
/// Most that the plane of a lidar may be tilted against the floor, radians. One that is tilted more looks over what
/// stands near and into the floor: it cannot say that the way is free, and pretending that would be no safety.
const MOST_TILT_RAD: f64 = 0.05;
/// A beam that is no further than this from straight ahead looks ahead, radians.
const AHEAD_RAD: f64 = 0.1;

/// How a planar lidar is mounted: it may stand anywhere on its robot, turned, or hang upside down.
#[derive(Debug, Clone, PartialEq)]
pub struct LidarMount {
    frame: String,
    /// In the frame of the root link, metres.
    pose: Isometry3<f64>,
}

impl LidarMount {
    /// The mount of a lidar that measures in the x-y plane of `frame`: a link, with or without the robot's name and a
    /// slash before it.
    ///
    /// # Errors
    /// [`Error::Implausible`] for a frame that is no link of the robot, one that joints move against its base, or one
    /// whose plane is not parallel to the floor.
    pub fn of(model: &RobotModel, frame: &str) -> Result<Self, Error> {
        let pose = sensor_pose(model, FIELD, frame)?;
        let upright = (pose.rotation * Vector3::z()).z.abs().min(1.0);
        let tilt_rad = upright.acos();
        if tilt_rad > MOST_TILT_RAD {
            return Err(Error::Implausible {
                field: FIELD.into(),
                problem: format!(
                    "{frame:?} is tilted against the floor by {tilt_rad:.2} rad: up to {MOST_TILT_RAD} rad are allowed, \
                     since its plane has to show what stands ahead; mount the lidar level, or correct its link in the \
                     description"
                ),
            });
        }
        Ok(Self {
            frame: frame.to_owned(),
            pose,
        })
    }

    /// The frame that it is of.
    pub fn frame(&self) -> &str {
        &self.frame
    }

    /// What the beams of one turn hit, seen from the robot. Angles are about the lidar's z from its x, radians; ranges
    /// are in metres, not finite where nothing was hit.
    ///
    /// # Errors
    /// [`Error::Implausible`] if no beam looks ahead of the robot: what is not looked at is not free.
    pub fn obstacles(
        &self,
        angle_min_rad: f64,
        angle_increment_rad: f64,
        ranges_m: impl Iterator<Item = f64>,
    ) -> Result<Obstacles, Error> {
        let mut looks_ahead = false;
        let mut points = Vec::new();
        for (i, range_m) in ranges_m.enumerate() {
            let (sin, cos) = (angle_min_rad + angle_increment_rad * i as f64).sin_cos();
            let beam = Vector3::new(cos, sin, 0.0);
            let seen = self.pose.rotation * beam;
            looks_ahead |= seen.y.atan2(seen.x).abs() <= AHEAD_RAD;
            if range_m.is_finite() {
                let hit = self.pose * Point3::from(beam * range_m);
                points.push([hit.x, hit.y]);
            }
        }
        if looks_ahead {
            return Ok(Obstacles { points });
        }
        Err(Error::Implausible {
            field: "scan".into(),
            problem: format!(
                "of {:?} has no beam that looks ahead of the robot: mount a lidar that does, or correct its link in the \
                 description",
                self.frame
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_PI_2, PI};

    use super::*;
    use crate::fixtures::robot;

    fn mounted(xyz: &str, rpy: &str) -> Result<LidarMount, Error> {
        let urdf = format!(
            "<robot name='r'><link name='base'/><link name='laser'/><joint name='mount' type='fixed'><parent link='base'/>\
             <child link='laser'/><origin xyz='{xyz}' rpy='{rpy}'/></joint></robot>"
        );
        LidarMount::of(&robot("robot_1", &urdf, "{}"), "robot_1/laser")
    }

    #[test]
    fn obstacles_are_where_they_are_however_the_lidar_is_mounted() {
        // A post 2 m ahead of the robot and 0.5 m to its left.
        let check = |xyz: &str, rpy: &str, angle_rad: f64, range_m: f64| {
            let mount = mounted(xyz, rpy).unwrap();
            // A whole turn that begins with the beam that hits the post.
            let mut ranges = [f64::INFINITY; 64];
            ranges[0] = range_m;
            let seen = mount.obstacles(angle_rad, PI / 32.0, ranges.into_iter());
            let points = seen.unwrap().points;
            assert_eq!(points.len(), 1);
            let off = (points[0][0] - 2.0).hypot(points[0][1] - 0.5);
            assert!(off < 1e-6, "{xyz} {rpy}: {points:?}");
        };
        let (left, away_m) = (0.5f64.atan2(2.0), 2f64.hypot(0.5));
        check("0 0 0.3", "0 0 0", left, away_m);
        check("0.3 0 0.3", "0 0 0", 0.5f64.atan2(1.7), 1.7f64.hypot(0.5));
        check("-0.9 0.5 0", "0 0 0", 0.0, 2.9);
        check("0 0 0.3", "0 0 1.57079632679", left - FRAC_PI_2, away_m);
        // Upside down it turns the other way.
        check("0 0 0.3", "3.14159265359 0 0", -left, away_m);
        check(
            "0.3 0 0.3",
            "3.14159265359 0 3.14159265359",
            PI - 0.5f64.atan2(1.7),
            1.7f64.hypot(0.5),
        );
    }

    #[test]
    fn lidar_that_is_not_level_is_refused_with_its_tilt() {
        assert!(mounted("0 0 1", "0.04 0 2").is_ok());
        for rpy in ["0 0.3 0", "0.3 0 1", "3.44159265359 0 0"] {
            let text = mounted("0 0 1", rpy).unwrap_err().to_string();
            let expected =
                "scan.header.frame_id \"robot_1/laser\" is tilted against the floor by 0.30 rad";
            assert!(text.contains(expected), "{text}");
        }
        let text = mounted("0 0 1", "0 1.57079632679 0")
            .unwrap_err()
            .to_string();
        assert!(text.contains("by 1.57 rad"), "{text}");
    }

    #[test]
    fn lidar_that_does_not_look_ahead_is_refused() {
        let behind = mounted("-0.3 0 0.3", "0 0 3.14159265359").unwrap();
        let half = |mount: &LidarMount| mount.obstacles(-FRAC_PI_2, 0.1, [1.0; 32].into_iter());
        let text = half(&behind).unwrap_err().to_string();
        assert!(text.contains("no beam that looks ahead"), "{text}");
        assert!(half(&mounted("0 0 0.3", "0 0 1.2").unwrap()).is_ok());
    }
}
