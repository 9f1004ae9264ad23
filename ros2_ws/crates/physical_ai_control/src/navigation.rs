use std::f64::consts::PI;

use physical_ai_domain::Placement;

/// Speed of a rover's base.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Speed {
    /// Metres per second, forward.
    pub forward_mps: f64,
    /// Radians per second, to the left.
    pub yaw_rate_rps: f64,
}

/// How fast a rover may go, and how close to things.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriveLimits {
    /// Metres per second.
    pub max_speed_mps: f64,
    /// Radians per second.
    pub max_yaw_rate_rps: f64,
    /// Metres per second squared.
    pub acceleration_mps2: f64,
    /// Radians per second squared.
    pub yaw_acceleration_rps2: f64,
    /// Half the width of the lane that must be free, metres.
    pub half_width_m: f64,
    /// Distance kept from obstacles ahead, from the centre, metres.
    pub stop_distance_m: f64,
}

impl Default for DriveLimits {
    fn default() -> Self {
        Self {
            max_speed_mps: 0.4,
            max_yaw_rate_rps: 1.5,
            acceleration_mps2: 0.8,
            yaw_acceleration_rps2: 4.0,
            half_width_m: 0.24,
            stop_distance_m: 0.40,
        }
    }
}

/// Distance at which the rover stops driving.
pub(crate) const ARRIVED_M: f64 = 0.03;
const ARRIVED_RAD: f64 = 0.03;
/// Distance from its target with which a rover that stands is there, metres: beyond it drives again.
pub(crate) const POSITION_TOLERANCE_M: f64 = 0.05;
/// The same of its heading, radians.
pub(crate) const YAW_TOLERANCE_RAD: f64 = 0.06;
/// Heading error above which the rover turns on the spot.
const TURN_FIRST_RAD: f64 = 0.35;
/// Steering while driving, per second.
const HEADING_GAIN: f64 = 2.5;
/// Turning on the spot, per second; the braking curve is steeper than any gain at the very end.
const TURN_GAIN: f64 = 8.0;

/// Drives a rover to a pose: turns towards it, drives, turns to the final heading.
#[derive(Debug, Clone)]
pub struct Navigator {
    limits: DriveLimits,
    /// How fast it can slow down, metres per second squared.
    braking_mps2: f64,
    target: Placement,
    final_yaw: Option<f64>,
    speed: Speed,
    turning: bool,
    reached_position: bool,
}

/// What the navigator wants, and how far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NavigatorStep {
    /// Speed to command.
    pub speed: Speed,
    /// Metres to go.
    pub remaining_m: f64,
    /// True when nothing may be driven straight on, and it would have to.
    pub blocked: bool,
    /// True when it stands at the target.
    pub arrived: bool,
}

impl Navigator {
    /// A drive to `target`, ending with `final_yaw` if given.
    pub fn new(limits: DriveLimits, target: Placement, final_yaw: Option<f64>) -> Self {
        Self {
            braking_mps2: limits.acceleration_mps2,
            limits,
            target,
            final_yaw,
            speed: Speed::default(),
            turning: true,
            reached_position: false,
        }
    }

    /// Goes on within other limits. A rover that is too fast for them slows down as it could when it set
    /// out, so that a lower acceleration does not let it run into what is ahead.
    pub fn set_limits(&mut self, limits: DriveLimits) {
        self.braking_mps2 = self.braking_mps2.max(limits.acceleration_mps2);
        self.limits = limits;
    }

    /// One control step of `dt_s` seconds, with `free_m` metres that may be driven straight on.
    ///
    /// # Real-time
    /// Does not allocate.
    pub fn step(&mut self, pose: &Placement, free_m: f64, dt_s: f64) -> NavigatorStep {
        let (dx, dy) = (self.target.x - pose.x, self.target.y - pose.y);
        let remaining_m = dx.hypot(dy);
        if remaining_m < ARRIVED_M {
            self.reached_position = true;
        } else if remaining_m > POSITION_TOLERANCE_M {
            self.reached_position = false;
        }
        let mut blocked = false;
        let (forward, turn_error) = if self.reached_position {
            (0.0, self.final_yaw.map_or(0.0, |yaw| wrap(yaw - pose.yaw)))
        } else {
            let error = wrap(dy.atan2(dx) - pose.yaw);
            self.turning = error.abs() > if self.turning { 0.08 } else { TURN_FIRST_RAD };
            blocked = free_m <= 0.0 && !self.turning;
            (self.forward_speed(remaining_m.min(free_m), error), error)
        };
        let turned = turn_error.abs() < ARRIVED_RAD;
        let yaw_rate = if self.reached_position && turned {
            0.0
        } else if self.reached_position || self.turning {
            self.turn_rate(turn_error)
        } else {
            (HEADING_GAIN * turn_error)
                .clamp(-self.limits.max_yaw_rate_rps, self.limits.max_yaw_rate_rps)
        };
        let limits = &self.limits;
        let speeds_up = forward.abs() >= self.speed.forward_mps.abs();
        let acceleration_mps2 = if speeds_up {
            limits.acceleration_mps2
        } else {
            self.braking_mps2
        };
        let (speed_step, yaw_step) = (
            acceleration_mps2 * dt_s,
            limits.yaw_acceleration_rps2 * dt_s,
        );
        self.speed = Speed {
            forward_mps: approach(self.speed.forward_mps, forward, speed_step),
            yaw_rate_rps: approach(self.speed.yaw_rate_rps, yaw_rate, yaw_step),
        };
        let still = self.speed.forward_mps.abs() < 1e-3 && self.speed.yaw_rate_rps.abs() < 1e-2;
        NavigatorStep {
            speed: self.speed,
            remaining_m,
            blocked,
            arrived: self.reached_position && turned && still,
        }
    }

    /// The speed from which it can still stop in what is left, of way or of free lane; none while it
    /// turns on the spot.
    fn forward_speed(&self, left_m: f64, heading_error_rad: f64) -> f64 {
        if self.turning {
            return 0.0;
        }
        let braking = (2.0 * 0.7 * self.limits.acceleration_mps2 * left_m.max(0.0)).sqrt();
        braking.min(self.limits.max_speed_mps) * heading_error_rad.cos().max(0.0)
    }

    /// Rate of a turn on the spot: the one from which it can still stop at the heading.
    fn turn_rate(&self, error_rad: f64) -> f64 {
        let braking = (2.0 * 0.7 * self.limits.yaw_acceleration_rps2 * error_rad.abs()).sqrt();
        let allowed = braking
            .min(TURN_GAIN * error_rad.abs())
            .min(self.limits.max_yaw_rate_rps);
        allowed.copysign(error_rad)
    }

    /// Goes on from the measured `speed`: the robot was held meanwhile.
    pub fn take_up(&mut self, speed: Speed) {
        let is_finite = speed.forward_mps.is_finite() && speed.yaw_rate_rps.is_finite();
        self.speed = if is_finite { speed } else { Speed::default() };
    }

    /// Slows down within the limits; call until it stands.
    pub fn brake(&mut self, dt_s: f64) -> Speed {
        self.speed = Speed {
            forward_mps: approach(self.speed.forward_mps, 0.0, 4.0 * self.braking_mps2 * dt_s),
            yaw_rate_rps: approach(
                self.speed.yaw_rate_rps,
                0.0,
                2.0 * self.limits.yaw_acceleration_rps2 * dt_s,
            ),
        };
        self.speed
    }
}

fn approach(from: f64, to: f64, step: f64) -> f64 {
    from + (to - from).clamp(-step, step)
}

/// An angle in -π to π.
pub(crate) fn wrap(angle: f64) -> f64 {
    let turned = (angle + PI).rem_euclid(2.0 * PI) - PI;
    if turned.is_finite() { turned } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Obstacles;

    fn drive(
        target: Placement,
        yaw: Option<f64>,
        obstacles: &Obstacles,
    ) -> (Placement, bool, bool) {
        let limits = DriveLimits::default();
        let mut navigator = Navigator::new(limits, target, yaw);
        let mut pose = Placement::default();
        let (mut arrived, mut blocked, mut last) = (false, false, Speed::default());
        for _ in 0..6000 {
            let free_m = obstacles.free_ahead_m(limits.half_width_m) - limits.stop_distance_m;
            let step = navigator.step(&pose, free_m, 0.005);
            let rise = (step.speed.forward_mps - last.forward_mps).abs();
            assert!(rise <= limits.acceleration_mps2 * 0.005 + 1e-12);
            assert!(step.speed.forward_mps <= limits.max_speed_mps);
            last = step.speed;
            pose.yaw += step.speed.yaw_rate_rps * 0.005;
            pose.x += step.speed.forward_mps * pose.yaw.cos() * 0.005;
            pose.y += step.speed.forward_mps * pose.yaw.sin() * 0.005;
            arrived = step.arrived;
            blocked |= step.blocked;
            if arrived {
                break;
            }
        }
        (pose, arrived, blocked)
    }

    #[test]
    fn navigator_arrives_from_every_direction_with_its_heading() {
        for angle in 0..12 {
            let (sin, cos) = (f64::from(angle) * PI / 6.0).sin_cos();
            let target = Placement {
                x: 1.5 * cos,
                y: 1.5 * sin,
                ..Default::default()
            };
            let (pose, arrived, _) = drive(target, Some(1.0), &Obstacles::default());
            assert!(arrived, "towards {target:?}");
            assert!(
                (pose.x - target.x).hypot(pose.y - target.y) < 0.05,
                "{pose:?}"
            );
            assert!(wrap(pose.yaw - 1.0).abs() < 0.05, "{pose:?}");
        }
    }

    #[test]
    fn obstacle_ahead_stops_before_it() {
        let wall = Obstacles {
            points: vec![[0.3, 0.0]],
        };
        let target = Placement {
            x: 2.0,
            ..Default::default()
        };
        let (pose, arrived, blocked) = drive(target, None, &wall);
        assert!(!arrived && blocked);
        assert!(pose.x.abs() < 1e-6, "{pose:?}");
    }
}
