use nalgebra::Vector3;
use physical_ai_domain::Placement;

use super::DriveBody;
use crate::SafetyLimits;
use crate::skills::{OtherRobot, Perception};

/// A rover stops this far before the distance at which the safety filter would stop it, metres.
const MARGIN_M: f64 = 0.1;
/// What the lidar sees so close behind that distance is taken to be the other robot, metres.
const LIDAR_SLACK_M: f64 = 0.2;

/// What another robot leaves of the way straight on.
pub(super) struct Neighbour<'a> {
    /// Which.
    pub robot: &'a OtherRobot,
    /// Metres that may be driven straight on.
    pub free_m: f64,
}

impl DriveBody {
    /// Distance that is kept from another robot, from centre to centre, metres: more from one that drives, which
    /// needs its own way to stop.
    fn separation_m(&self, other: &OtherRobot) -> f64 {
        let stopping_m = other.speed_mps.powi(2) / (2.0 * self.limits.acceleration_mps2);
        self.safety.min_separation_m + MARGIN_M + stopping_m
    }

    /// The robot that leaves least of the way straight on from `pose`.
    ///
    /// # Real-time
    /// Does not allocate.
    pub(super) fn nearest_ahead<'a>(
        &self,
        pose: &Placement,
        perception: &'a Perception,
    ) -> Option<Neighbour<'a>> {
        let (sin, cos) = pose.yaw.sin_cos();
        let free_m = |other: &OtherRobot| {
            let (x, y) = (other.position.x - pose.x, other.position.y - pose.y);
            let (along, beside) = (x * cos + y * sin, y * cos - x * sin);
            let keep = self.separation_m(other);
            if along <= 0.0 || beside.abs() >= keep {
                return f64::INFINITY;
            }
            along - (keep * keep - beside * beside).sqrt()
        };
        let all = perception.others.iter().map(|robot| Neighbour {
            robot,
            free_m: free_m(robot),
        });
        all.filter(|n| n.free_m.is_finite())
            .min_by(|a, b| a.free_m.total_cmp(&b.free_m))
    }

    /// Whether what the lidar sees in the way may be this robot.
    pub(super) fn is_what_the_lidar_sees(&self, neighbour: &Neighbour<'_>) -> bool {
        neighbour.free_m < LIDAR_SLACK_M
    }
}

/// Distance of a goal from a robot that stands too near to it, metres.
pub(crate) fn occupies(safety: &SafetyLimits, other: &OtherRobot, goal: &Placement) -> Option<f64> {
    let offset = Vector3::new(goal.x - other.position.x, goal.y - other.position.y, 0.0);
    let distance_m = offset.norm();
    (distance_m < goal_separation_m(safety)).then_some(distance_m)
}

/// Distance that must lie between a goal and another robot that stands, metres.
pub(crate) fn goal_separation_m(safety: &SafetyLimits) -> f64 {
    safety.min_separation_m + MARGIN_M
}
