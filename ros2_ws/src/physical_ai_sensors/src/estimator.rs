use physical_ai_control::{DifferentialDrive, Odometry, OdometrySnapshot};
use physical_ai_domain::{BaseState, Placement, RobotKind, RobotModel, RobotState, Time};

/// State estimate of one robot from its raw sensor data.
pub struct Estimator {
    model: RobotModel,
    start: Placement,
    odometry: Option<Odometry>,
    /// Where each of the model's joints stands in the driver's message.
    order: Vec<usize>,
    last: Time,
    /// What a predecessor knew, until the first sample shows whether it is still true.
    inherited: Option<OdometrySnapshot>,
    inheritance: Option<Result<Placement, String>>,
}

impl Estimator {
    /// An estimator for a robot that starts at `start`.
    pub fn new(model: RobotModel, start: Placement) -> Self {
        let odometry = DifferentialDrive::from_model(&model)
            .ok()
            .filter(|_| model.kind == RobotKind::Rover)
            .map(|drive| Odometry::new(drive, start));
        Self {
            model,
            start,
            odometry,
            order: Vec::new(),
            last: Time::ZERO,
            inherited: None,
            inheritance: None,
        }
    }

    /// Goes on where a predecessor was, if the first sample fits.
    pub fn inherit(&mut self, snapshot: OdometrySnapshot) {
        self.inherited = Some(snapshot);
    }

    /// Once, after the first sample: where the robot is, or why what was inherited is of no use.
    pub fn take_inheritance(&mut self) -> Option<Result<Placement, String>> {
        self.inheritance.take()
    }

    /// What a successor needs.
    pub fn snapshot(&self) -> Option<OdometrySnapshot> {
        self.odometry.as_ref()?.snapshot()
    }

    /// The robot's model.
    pub fn model(&self) -> &RobotModel {
        &self.model
    }

    /// True for robots that move their base.
    pub fn drives(&self) -> bool {
        self.odometry.is_some()
    }

    /// Takes an IMU sample; the text names what is wrong with it.
    pub fn imu(&mut self, yaw_rate_rps: f64) -> Result<(), String> {
        match self.odometry.as_mut() {
            Some(odometry) => odometry.gyro(yaw_rate_rps).map_err(|e| e.to_string()),
            None => Ok(()),
        }
    }

    /// Takes joint encoders and gives the estimate; a sample that is wrong gives one with a fault.
    pub fn joints(
        &mut self,
        stamp: Time,
        names: &[String],
        position: &[f64],
        velocity: &[f64],
    ) -> RobotState {
        let mut state = RobotState {
            robot: self.model.name.clone(),
            stamp,
            position: Vec::with_capacity(self.model.movable().len()),
            velocity: Vec::with_capacity(self.model.movable().len()),
            base: BaseState {
                pose: self.start.isometry(),
                ..BaseState::default()
            },
            fault: None,
        };
        state.fault = self.fill(&mut state, names, position, velocity).err();
        if let Some(odometry) = &self.odometry {
            let (forward_mps, yaw_rate_rps) = odometry.speed();
            let covariance = odometry.covariance();
            state.base = BaseState {
                pose: odometry.pose().isometry(),
                forward_mps,
                yaw_rate_rps,
                covariance: std::array::from_fn(|i| covariance[(i / 3, i % 3)]),
            };
        }
        state
    }

    fn fill(
        &mut self,
        state: &mut RobotState,
        names: &[String],
        position: &[f64],
        velocity: &[f64],
    ) -> Result<(), String> {
        if state.stamp < self.last {
            // A simulation that was reset starts again at 0: so does the estimate.
            *self = Self::new(self.model.clone(), self.start);
        }
        self.last = state.stamp;
        self.learn_order(names)?;
        for (joint, index) in self.model.movable().zip(&self.order) {
            let value = |field: &str, values: &[f64]| match values.get(*index) {
                Some(value) if value.is_finite() => Ok(*value),
                Some(value) => Err(format!("joint_states.{field} of {} is {value}", joint.name)),
                None => Err(format!(
                    "joint_states.{field} has no value for {}",
                    joint.name
                )),
            };
            state.position.push(value("position", position)?);
            state.velocity.push(value("velocity", velocity)?);
        }
        let wheel = |name: &str| {
            let index = self.model.movable_index(name);
            index
                .and_then(|i| state.position.get(i).copied())
                .unwrap_or(f64::NAN)
        };
        let wheels = [wheel("left_wheel_joint"), wheel("right_wheel_joint")];
        if let (Some(from), Some(odometry)) = (self.inherited.take(), self.odometry.as_mut()) {
            let resumed = odometry.resume(&from, state.stamp, wheels);
            let result = resumed.map(|()| odometry.pose());
            self.inheritance = Some(result.map_err(|e| e.to_string()));
            if self.inheritance.as_ref().is_some_and(Result::is_ok) {
                return Ok(());
            }
        }
        match self.odometry.as_mut() {
            Some(odometry) => odometry
                .wheels(state.stamp, wheels)
                .map_err(|e| e.to_string()),
            None => Ok(()),
        }
    }

    fn learn_order(&mut self, names: &[String]) -> Result<(), String> {
        if self.order.len() == self.model.movable().len() && !self.order.is_empty() {
            return Ok(());
        }
        self.order = self
            .model
            .movable()
            .map(|joint| {
                names
                    .iter()
                    .position(|n| *n == joint.name)
                    .ok_or_else(|| format!("joint_states.name lacks {}", joint.name))
            })
            .collect::<Result<_, _>>()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use physical_ai_domain::RobotName;

    use super::*;

    fn estimator() -> Estimator {
        let urdf = include_str!("../../../../urdf/rover.urdf");
        let name = RobotName::try_new("rover_1").unwrap();
        Estimator::new(
            RobotModel::from_urdf(name, urdf).unwrap(),
            Placement::default(),
        )
    }

    fn names() -> Vec<String> {
        vec![
            "right_wheel_joint".to_owned(),
            "left_wheel_joint".to_owned(),
        ]
    }

    #[test]
    fn joints_are_found_by_name_not_by_position() {
        let mut estimator = estimator();
        let state = estimator.joints(Time::from_seconds(1.0), &names(), &[2.0, 1.0], &[0.2, 0.1]);
        assert_eq!(
            (state.position, state.velocity),
            (vec![1.0, 2.0], vec![0.1, 0.2])
        );
        assert_eq!(state.fault, None);
    }

    #[test]
    fn successor_goes_on_where_the_predecessor_was() {
        let mut first = estimator();
        let mut wheels = [0.0; 2];
        let mut stamp = 0.0;
        for _ in 0..400 {
            stamp += 0.005;
            wheels = wheels.map(|w| w + 0.02);
            first.joints(Time::from_seconds(stamp), &names(), &wheels, &[4.0; 2]);
        }
        let before = first.odometry.as_ref().unwrap().pose();
        assert!(before.x > 0.3);
        let mut second = estimator();
        second.inherit(first.snapshot().unwrap());
        // It rolled on for a moment while nobody looked.
        wheels = wheels.map(|w| w + 0.1);
        let state = second.joints(
            Time::from_seconds(stamp + 0.8),
            &names(),
            &wheels,
            &[0.0; 2],
        );
        let resumed = second.take_inheritance().unwrap().unwrap();
        assert_eq!(state.fault, None);
        assert!(
            resumed.x > before.x && resumed.x < before.x + 0.02,
            "{resumed:?}"
        );
        assert_eq!(second.take_inheritance(), None);

        let mut other_run = estimator();
        other_run.inherit(first.snapshot().unwrap());
        other_run.joints(Time::from_seconds(0.5), &names(), &[0.0; 2], &[0.0; 2]);
        assert!(other_run.take_inheritance().unwrap().is_err());
        assert!(other_run.odometry.as_ref().unwrap().pose().x.abs() < 1e-9);
    }

    #[test]
    fn wrong_samples_become_faults_that_name_field_and_value() {
        let mut estimator = estimator();
        let stamp = Time::from_seconds(1.0);
        let mut check = |names: &[String], position: &[f64], expected: &str| {
            let fault = estimator
                .joints(stamp, names, position, &[0.0, 0.0])
                .fault
                .unwrap();
            assert!(fault.contains(expected), "{fault}");
        };
        check(
            &["x".to_owned()],
            &[0.0],
            "joint_states.name lacks left_wheel_joint",
        );
        check(
            &names(),
            &[f64::NAN, 0.0],
            "joint_states.position of right_wheel_joint is NaN",
        );
        check(
            &names(),
            &[0.0],
            "joint_states.position has no value for left_wheel_joint",
        );
    }
}
