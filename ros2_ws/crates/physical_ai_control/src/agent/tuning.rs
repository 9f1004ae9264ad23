//! Limits that are changed while robots move: checked against what their joints can do, and taken over
//! by all robots or by none.

use super::{Agent, RobotControl};
use crate::{DriveLimits, Error, SafetyLimits};

/// Rounding of a speed that is exactly what the wheels can do.
const ROUNDING: f64 = 1.0 + 1e-9;

impl Agent {
    /// Changes how fast rovers go and how close to things, and what the safety filter lets pass.
    ///
    /// A robot that is faster than a new limit slows down within its acceleration; one that stands
    /// where it may not go any more may only leave.
    ///
    /// # Errors
    /// [`Error::BeyondModel`] or [`Error::InvalidLimit`], with the field, its value and what is allowed;
    /// nothing is changed then.
    pub fn set_limits(&mut self, drive: DriveLimits, safety: SafetyLimits) -> Result<(), Error> {
        check_safety(&safety)?;
        for robot in self.robots.values() {
            robot.check_drive(&drive)?;
        }
        for robot in self.robots.values_mut() {
            robot.set_limits(drive, safety);
        }
        Ok(())
    }
}

/// Limits that contradict themselves.
pub(super) fn check_safety(safety: &SafetyLimits) -> Result<(), Error> {
    for (axis, name) in ["x", "y"].into_iter().enumerate() {
        let (low, high) = (safety.geofence_min_m[axis], safety.geofence_max_m[axis]);
        // NaN is in no order.
        if !matches!(low.partial_cmp(&high), Some(std::cmp::Ordering::Less)) {
            return Err(Error::InvalidLimit {
                field: "geofence_min_m",
                problem: format!(
                    "{name} is {low}, but must be below that of geofence_max_m, {high}: set both at once"
                ),
            });
        }
    }
    Ok(())
}

impl RobotControl {
    /// What the wheels cannot do is no limit.
    pub(super) fn check_drive(&self, limits: &DriveLimits) -> Result<(), Error> {
        let Some(drive) = self.drive() else {
            return Ok(());
        };
        let wheel = drive.wheel_limits();
        // Both wheels turn equally fast, in the same direction or against each other.
        let [straight, _] = drive.wheels(1.0, 0.0);
        let [_, turning] = drive.wheels(0.0, 1.0);
        for (field, value, per_unit, can) in [
            ("max_speed_mps", limits.max_speed_mps, straight, wheel.0),
            (
                "max_yaw_rate_rps",
                limits.max_yaw_rate_rps,
                turning,
                wheel.0,
            ),
            (
                "acceleration_mps2",
                limits.acceleration_mps2,
                straight,
                wheel.1,
            ),
        ] {
            let most = can / per_unit;
            if value.is_nan() || value > most * ROUNDING {
                return Err(Error::BeyondModel {
                    field,
                    value,
                    robot: self.model().name.to_string(),
                    most,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nalgebra::Isometry3;
    use physical_ai_domain::{
        Assignment, FencingToken, MissionId, RobotName, RobotState, SkillName, TaskId, Time, World,
    };
    use serde_json::json;

    use super::*;
    use crate::DifferentialDrive;
    use crate::Obstacles;
    use crate::fixtures::{arm, at_rest, rover, world};

    const TICK_S: f64 = 0.005;

    /// A rover that does at once what it is told, on its way.
    struct Drive {
        agent: Agent,
        state: RobotState,
        now: Time,
        speed_mps: f64,
    }

    impl Drive {
        fn begin() -> Self {
            let (drive, safety) = (DriveLimits::default(), SafetyLimits::default());
            // Nothing stands in its way.
            let open = World {
                fixtures: Vec::new(),
                ..world()
            };
            let agent = Agent::try_new(open, vec![arm(), rover()], drive, safety).unwrap();
            let mut begun = Self {
                agent,
                state: at_rest(&rover(), &[0.0; 2], Time::ZERO),
                now: Time::from_nanoseconds(1_000_000_000),
                speed_mps: 0.0,
            };
            begun.tick();
            let start = begun.state.base.pose.translation.vector;
            let assignment = Assignment {
                mission: MissionId::try_new("m").unwrap(),
                task: TaskId::try_new("t").unwrap(),
                attempt: 1,
                token: FencingToken(7),
                skill: SkillName::try_new("navigate_to").unwrap(),
                robot: Some(RobotName::try_new("rover_1").unwrap()),
                params: json!({"x": start.x + 20.0, "y": start.y}),
                timeout_s: 0.0,
                priority: 100,
                deadline: Time::ZERO,
                idempotent: false,
                resources: BTreeMap::new(),
            };
            begun.agent.assign(assignment, begun.now).unwrap();
            begun
        }

        fn tick(&mut self) {
            self.now = self.now.plus_seconds(TICK_S);
            self.state.stamp = self.now;
            let name = self.state.robot.clone();
            let free = Obstacles::default();
            self.agent.see_obstacles(&name, self.now, free);
            let steady_s = self.now.seconds();
            let control = self
                .agent
                .tick(self.state.clone(), self.now, steady_s)
                .unwrap();
            let wheels = control.command.velocity.clone();
            if wheels.is_empty() {
                return;
            }
            let drive = DifferentialDrive::from_model(&rover()).unwrap();
            let (forward, turn) = drive.base(wheels[0], wheels[1]);
            self.speed_mps = forward;
            let step = Isometry3::new(
                nalgebra::Vector3::x() * forward * TICK_S,
                nalgebra::Vector3::z() * turn * TICK_S,
            );
            self.state.base.pose *= step;
            self.state.base.forward_mps = forward;
            self.state.base.yaw_rate_rps = turn;
            self.state.velocity = wheels;
        }

        /// Drives on and returns the largest change of speed in one tick, with its sign.
        fn run(&mut self, seconds: f64) -> (f64, f64) {
            let (mut rise, mut fall) = (0.0f64, 0.0f64);
            for _ in 0..(seconds / TICK_S) as usize {
                let before = self.speed_mps;
                self.tick();
                rise = rise.max(self.speed_mps - before);
                fall = fall.min(self.speed_mps - before);
            }
            (rise, fall)
        }
    }

    #[test]
    fn driving_rover_follows_a_new_speed_within_its_acceleration() {
        let mut drive = Drive::begin();
        drive.run(3.0);
        assert!((drive.speed_mps - 0.4).abs() < 1e-3, "{}", drive.speed_mps);
        let set = |drive: &mut Drive, max_speed_mps| {
            let limits = DriveLimits {
                max_speed_mps,
                ..DriveLimits::default()
            };
            drive
                .agent
                .set_limits(limits, SafetyLimits::default())
                .unwrap();
        };
        set(&mut drive, 0.1);
        let (_, fall) = drive.run(1.0);
        assert!(fall >= -0.8 * TICK_S - 1e-6, "{fall}");
        assert!((drive.speed_mps - 0.1).abs() < 1e-3, "{}", drive.speed_mps);
        set(&mut drive, 0.3);
        let (rise, _) = drive.run(1.0);
        assert!(rise <= 0.8 * TICK_S + 1e-6, "{rise}");
        assert!((drive.speed_mps - 0.3).abs() < 1e-3, "{}", drive.speed_mps);
    }

    #[test]
    fn rover_brakes_as_it_could_when_it_set_out() {
        // With a hundredth of the acceleration it could not stop before a wall any more.
        let mut drive = Drive::begin();
        drive.run(3.0);
        let limits = DriveLimits {
            acceleration_mps2: 0.1,
            max_speed_mps: 0.1,
            ..DriveLimits::default()
        };
        drive
            .agent
            .set_limits(limits, SafetyLimits::default())
            .unwrap();
        drive.run(0.5);
        assert!((drive.speed_mps - 0.1).abs() < 1e-3, "{}", drive.speed_mps);
    }

    #[test]
    fn limits_that_the_wheels_cannot_reach_are_refused_with_the_number_and_change_nothing() {
        let mut drive = Drive::begin();
        drive.run(3.0);
        let check = |drive: &mut Drive, limits: DriveLimits, expected: &str| {
            let result = drive.agent.set_limits(limits, SafetyLimits::default());
            let error = result.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        let good = DriveLimits::default();
        let wheels = DifferentialDrive::from_model(&rover()).unwrap();
        let most = wheels.wheel_limits().0 / wheels.wheels(1.0, 0.0)[0];
        let limits = DriveLimits {
            max_speed_mps: 3.0,
            ..good
        };
        let expected = format!("max_speed_mps is 3: the wheels of rover_1 allow at most {most:.3}");
        check(&mut drive, limits, &expected);
        let limits = DriveLimits {
            max_yaw_rate_rps: 50.0,
            max_speed_mps: 0.1,
            ..good
        };
        check(&mut drive, limits, "max_yaw_rate_rps is 50");
        let limits = DriveLimits {
            max_speed_mps: f64::NAN,
            ..good
        };
        check(&mut drive, limits, "max_speed_mps is NaN");
        drive.run(0.5);
        assert!(
            (drive.speed_mps - 0.4).abs() < 1e-3,
            "nothing of it was taken"
        );
        let exactly = DriveLimits {
            max_speed_mps: most,
            ..good
        };
        drive
            .agent
            .set_limits(exactly, SafetyLimits::default())
            .unwrap();
    }

    #[test]
    fn geofence_whose_corners_are_swapped_is_refused() {
        let mut drive = Drive::begin();
        for (low, high) in [
            ([2.0, 0.0], [1.0, 1.0]),
            ([0.0, 1.0], [1.0, 1.0]),
            ([f64::NAN, 0.0], [1.0; 2]),
        ] {
            let safety = SafetyLimits {
                geofence_min_m: low,
                geofence_max_m: high,
                ..SafetyLimits::default()
            };
            let error = drive
                .agent
                .set_limits(DriveLimits::default(), safety)
                .unwrap_err();
            assert!(error.to_string().contains("geofence_min_m: "), "{error}");
        }
    }

    #[test]
    fn geofence_that_is_drawn_behind_a_rover_stops_it() {
        let mut drive = Drive::begin();
        drive.run(2.0);
        let x = drive.state.base.pose.translation.x;
        let safety = SafetyLimits {
            geofence_max_m: [x - 0.1, 100.0],
            ..SafetyLimits::default()
        };
        drive
            .agent
            .set_limits(DriveLimits::default(), safety)
            .unwrap();
        let name = drive.state.robot.clone();
        drive.now = drive.now.plus_seconds(TICK_S);
        drive.state.stamp = drive.now;
        let steady_s = drive.now.seconds();
        let state = drive.state.clone();
        let control = drive.agent.tick(state, drive.now, steady_s).unwrap();
        assert_eq!(
            control.verdict.cause,
            Some(crate::SafetyCause::Workspace),
            "{name}"
        );
    }
}
