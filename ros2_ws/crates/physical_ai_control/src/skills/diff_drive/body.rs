use physical_ai_domain::{
    ActuatorCommand, CommandMode, Geometry, Placement, RobotModel, RobotState, Shape,
};

use crate::floor::{Floor, Lane};
use crate::kinematics::link_poses;
use crate::navigation::ARRIVED_M;
use crate::skills::Site;
use crate::{DifferentialDrive, DriveLimits, Error, SafetyLimits, Speed, Wheel};

/// What all skills of a drive share.
#[derive(Debug, Clone)]
pub struct DriveBody {
    /// Kinematics.
    pub drive: DifferentialDrive,
    /// How fast it may go.
    pub limits: DriveLimits,
    /// What the safety filter keeps it to: a skill stops by itself before the filter would.
    pub safety: SafetyLimits,
    /// Where it started, in the world.
    pub start: Placement,
    floor: Floor,
    names: Vec<String>,
}

impl DriveBody {
    /// From a model and the site where it is.
    ///
    /// # Errors
    /// [`Error::UnsuitableModel`] for a robot that does not drive, or is of another site.
    pub fn try_new(
        model: &RobotModel,
        site: &Site,
        limits: DriveLimits,
        safety: SafetyLimits,
    ) -> Result<Self, Error> {
        let placed = site.world().robot(model.name.as_str());
        let placed = placed.ok_or_else(|| Error::UnsuitableModel {
            robot: model.name.to_string(),
            problem: "is not in the world file".to_owned(),
        })?;
        Ok(Self {
            drive: DifferentialDrive::from_model(model)?,
            limits,
            safety,
            start: placed.pose,
            floor: Floor::new(site.world(), height_m(model)),
            names: model.joint_names(),
        })
    }

    /// Writes a speed as wheel velocities.
    pub fn command(&self, speed: Speed, command: &mut ActuatorCommand) {
        command.mode = CommandMode::Velocity;
        command.position.clear();
        command.effort.clear();
        command.velocity.clear();
        command.velocity.resize(self.names.len(), 0.0);
        let turning = self.drive.wheels(speed.forward_mps, speed.yaw_rate_rps);
        self.drive.write(turning, &mut command.velocity);
    }

    /// Name of a joint.
    pub(super) fn name(&self, joint: usize) -> &str {
        self.names.get(joint).map_or("?", String::as_str)
    }

    /// Wheels, with the side that each is on and its measured speed, forward positive, radians per second; not a
    /// number where it is not known.
    pub(super) fn wheels(&self, state: &RobotState) -> impl Iterator<Item = WheelSpeed> {
        let speed = |w: Wheel| WheelSpeed {
            joint: w.index,
            is_left: self.drive.is_left(w.index),
            speed_rps: state.velocity.get(w.index).map_or(f64::NAN, |v| v * w.sign),
        };
        self.drive.joints().map(speed)
    }

    /// Refuses a goal where it cannot stand, or where the straight way from `from` is not free of what the
    /// world file knows.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] out of the geofence, [`Error::NoWay`] near or behind a wall.
    pub(super) fn check_way(
        &self,
        field: &str,
        goal: &str,
        from: &Placement,
        to: &Placement,
    ) -> Result<(), Error> {
        let (low, high) = (self.safety.geofence_min_m, self.safety.geofence_max_m);
        for (i, (axis, value)) in [("x", to.x), ("y", to.y)].into_iter().enumerate() {
            if !(low[i]..=high[i]).contains(&value) {
                return Err(Error::InvalidParams {
                    field: if field == "x" { axis } else { field }.into(),
                    problem: format!(
                        "{goal} is out of the geofence: {axis} is {value}, from {} to {} is allowed",
                        low[i], high[i]
                    ),
                });
            }
        }
        let no_way = |problem| Error::NoWay {
            field: field.into(),
            goal: goal.into(),
            problem,
        };
        let needed_m = self.limits.half_width_m;
        if let Some((wall, distance_m)) = self.floor.too_near(to, needed_m) {
            return Err(no_way(format!(
                "it is {distance_m:.2} m from {wall}, and {needed_m} m are needed"
            )));
        }
        let lane = Lane {
            half_width_m: needed_m,
            ahead_m: (self.limits.stop_distance_m - ARRIVED_M).max(0.0),
        };
        match self.floor.in_the_way(from, to, &lane) {
            None => Ok(()),
            Some(wall) => Err(no_way(format!(
                "{wall} stands in the straight way from ({:.2}, {:.2}) m, in a lane of {:.2} m and with {} m ahead \
                 of it; go round by another place first",
                from.x,
                from.y,
                2.0 * needed_m,
                self.limits.stop_distance_m
            ))),
        }
    }
}

/// How fast a wheel turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WheelSpeed {
    /// Which joint.
    pub joint: usize,
    /// True on the left.
    pub is_left: bool,
    /// Forward positive, radians per second.
    pub speed_rps: f64,
}

/// Height of a robot over the floor with all joints at zero, metres.
fn height_m(model: &RobotModel) -> f64 {
    let links = link_poses(model, &[]);
    let tops = model.links.iter().zip(&links).flat_map(|(link, pose)| {
        let top = move |s: &Shape| (pose * s.origin).translation.z + half_height_m(s);
        link.shapes.iter().map(top)
    });
    tops.fold(0.0, f64::max)
}

fn half_height_m(shape: &Shape) -> f64 {
    match &shape.geometry {
        Geometry::Box(size) => size[2] / 2.0,
        // Upright or lying: no higher than the larger of the two.
        Geometry::Cylinder(radius, length) => radius.max(length / 2.0),
        Geometry::Sphere(radius) => *radius,
        Geometry::Capsule(radius, length) => radius + length / 2.0,
        // Its farthest corner, however it lies.
        Geometry::Mesh(mesh) => {
            let corners = mesh.bounds.into_iter().flatten();
            let far = corners.map(|c| nalgebra::Vector3::from(c).norm());
            far.fold(0.0, f64::max)
        }
    }
}
