use physical_ai_domain::{BaseState, Placement, RobotModel, RobotState, Time};

use crate::stamp_check::check_stamp;
use crate::strikes::Strikes;
use crate::{
    Continuity, DifferentialDrive, Error, JointSample, Odometry, OdometrySnapshot, SampleGate,
    SampleLimits,
};

/// Yaw rate that a gyro may show beyond what the wheels can do, radians per second: its bias and noise.
const GYRO_MARGIN_RPS: f64 = 1.0;

/// How an estimator judges what it is given.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EstimatorOptions {
    /// What samples are allowed.
    pub samples: SampleLimits,
    /// The clock is that of a simulation: where it goes back, the world begins anew.
    pub simulated_time: bool,
}

/// What an IMU says about turning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImuSample {
    /// When it was measured, ROS time.
    pub stamp: Time,
    /// Angular velocity about the base's z, radians per second.
    pub yaw_rate_rps: f64,
}

/// Something about the estimate that people should read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Somebody should look.
    pub is_warning: bool,
    /// One sentence.
    pub text: String,
}

/// State estimate of one robot from its raw sensor data. What cannot be true changes nothing.
pub struct StateEstimator {
    model: RobotModel,
    start: Placement,
    options: EstimatorOptions,
    gate: SampleGate,
    drive: Option<DifferentialDrive>,
    odometry: Option<Odometry>,
    /// Yaw rate and wheel speed that are believed, radians per second.
    fastest_turn_rps: f64,
    fastest_wheel_rps: f64,
    last_imu: Option<Time>,
    imu_strikes: Strikes,
    /// What a predecessor knew, until the first sample shows whether it is still true.
    inherited: Option<OdometrySnapshot>,
    news: Option<News>,
}

impl StateEstimator {
    /// An estimator for a robot that starts at `start`.
    pub fn new(model: RobotModel, start: Placement, options: EstimatorOptions) -> Self {
        let drive = DifferentialDrive::from_model(&model).ok();
        let speeds = drive.iter().flat_map(DifferentialDrive::joints);
        let speeds = speeds.filter_map(|w| model.movable().nth(w.index));
        let fastest_wheel_rps =
            speeds.map(|j| j.limits.velocity).fold(0.0, f64::max) * options.samples.speed_factor;
        let turn = |d: &DifferentialDrive| d.base(-fastest_wheel_rps, fastest_wheel_rps).1;
        Self {
            gate: SampleGate::new(&model, options.samples),
            fastest_turn_rps: drive.as_ref().map_or(0.0, turn) + GYRO_MARGIN_RPS,
            fastest_wheel_rps,
            odometry: drive.clone().map(|drive| Odometry::new(drive, start)),
            drive,
            model,
            start,
            options,
            last_imu: None,
            imu_strikes: Strikes::default(),
            inherited: None,
            news: None,
        }
    }

    /// Goes on where a predecessor was, if the first sample fits.
    pub fn inherit(&mut self, snapshot: OdometrySnapshot) {
        self.inherited = Some(snapshot);
    }

    /// What is to be told once: where the estimate begins, or begins anew, and why.
    pub fn take_news(&mut self) -> Option<News> {
        self.news.take()
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

    /// Where the robot was put at the start; one that does not drive is there always.
    pub fn start(&self) -> Placement {
        self.start
    }

    /// Joint samples refused since the start.
    pub fn refused(&self) -> u64 {
        self.gate.refused()
    }

    /// IMU samples refused since the start.
    pub fn imu_refused(&self) -> u64 {
        self.imu_strikes.refused()
    }

    /// Why the estimate must not be used for motion; `None`: it may.
    pub fn fault(&self) -> Option<&str> {
        self.gate.fault().or(self.imu_strikes.fault())
    }

    /// Begins anew at the robot's place in the world, whatever was there: the user's word, or the simulation's.
    pub fn reset(&mut self) {
        self.gate.forget();
        self.imu_strikes.forgive();
        self.last_imu = None;
        self.inherited = None;
        if let (Some(odometry), Some(drive)) = (self.odometry.as_mut(), &self.drive) {
            *odometry = Odometry::new(drive.clone(), self.start);
        }
    }

    /// Takes an IMU sample that arrives at `now`.
    ///
    /// # Errors
    /// [`Error::Implausible`] for one that cannot be true; nothing changes but the count.
    pub fn imu(&mut self, sample: ImuSample, now: Time) -> Result<(), Error> {
        self.follow_clock(now);
        let Some(odometry) = self.odometry.as_mut() else {
            return Ok(());
        };
        let limits = &self.options.samples;
        let (ahead_s, age_s) = (limits.max_ahead_s, limits.max_age_s);
        let most = self.fastest_turn_rps;
        let result =
            check_stamp("imu", sample.stamp, self.last_imu, now, ahead_s, age_s).and_then(|()| {
                match sample.yaw_rate_rps {
                    rate if (-most..=most).contains(&rate) => odometry.gyro(rate),
                    rate => Err(Error::Implausible {
                        field: "imu.angular_velocity.z".into(),
                        problem: format!("is {rate} rad/s: at most {most:.3} is allowed"),
                    }),
                }
            });
        match &result {
            Ok(()) => {
                self.last_imu = Some(sample.stamp);
                self.imu_strikes.accept();
            }
            Err(error) => self.imu_strikes.refuse(error),
        }
        result
    }

    /// Takes a message of the joint encoders that arrives at `now`, and gives the estimate; `None` while the first
    /// ones wait for others that agree with them.
    ///
    /// # Errors
    /// [`Error::Implausible`] for one that cannot be true; the estimate stays as it is.
    pub fn joints(&mut self, sample: &JointSample, now: Time) -> Result<Option<RobotState>, Error> {
        self.follow_clock(now);
        let continuity = self.gate.check(sample, now)?;
        if continuity == Continuity::Awaited {
            return Ok(None);
        }
        let angles = self.drive.as_ref().map(|d| d.sides(self.gate.position()));
        if let (Some(odometry), Some(angles)) = (self.odometry.as_mut(), angles) {
            match (continuity, self.inherited.take()) {
                (Continuity::Rebased { unseen_s }, _) => {
                    odometry.rebase(sample.stamp, angles, unseen_s, self.fastest_wheel_rps);
                }
                (_, Some(from)) => self.news = Some(resume(odometry, &from, sample.stamp, angles)),
                _ => odometry.wheels(sample.stamp, angles)?,
            }
        }
        if let Continuity::Rebased { unseen_s } = continuity {
            let text = format!(
                "its joints go on elsewhere after {unseen_s:.2} s in which nobody knows what they did: the pose \
                 stays, and is as uncertain as that makes it"
            );
            self.news = Some(News {
                is_warning: true,
                text,
            });
        }
        Ok(Some(self.state(sample.stamp)))
    }

    /// What is known while samples are refused, with the fault; `None` while there is no fault.
    pub fn faulty_state(&self) -> Option<RobotState> {
        self.fault()?;
        Some(self.state(self.gate.stamp().unwrap_or(Time::ZERO)))
    }

    /// The estimate as it stands; positions are empty before the first accepted sample.
    fn state(&self, stamp: Time) -> RobotState {
        let base = match &self.odometry {
            Some(odometry) => {
                let (forward_mps, yaw_rate_rps) = odometry.speed();
                let covariance = odometry.covariance();
                BaseState {
                    pose: odometry.pose().isometry(),
                    forward_mps,
                    yaw_rate_rps,
                    covariance: std::array::from_fn(|i| covariance[(i / 3, i % 3)]),
                }
            }
            None => BaseState {
                pose: self.start.isometry(),
                ..BaseState::default()
            },
        };
        RobotState {
            robot: self.model.name.clone(),
            stamp,
            position: self.gate.position().to_vec(),
            velocity: self.gate.velocity().to_vec(),
            base,
            fault: self.fault().map(str::to_owned),
        }
    }

    /// A simulation that was reset or restarted says so by its clock: what was accepted lies in its future then.
    fn follow_clock(&mut self, now: Time) {
        let Some(stamp) = self.gate.stamp().filter(|_| self.options.simulated_time) else {
            return;
        };
        if stamp.seconds_since(now) > self.options.samples.max_ahead_s {
            self.reset();
            let text = format!(
                "the clock went back from {:.3} s to {:.3} s: the simulation was reset, and so is the estimate",
                stamp.seconds(),
                now.seconds()
            );
            self.news = Some(News {
                is_warning: false,
                text,
            });
        }
    }
}

fn resume(odometry: &mut Odometry, from: &OdometrySnapshot, stamp: Time, angles: [f64; 2]) -> News {
    let text = match odometry.resume(from, stamp, angles) {
        Ok(()) => {
            let pose = odometry.pose();
            format!(
                "goes on from where it was: x {:.3} m, y {:.3} m",
                pose.x, pose.y
            )
        }
        Err(reason) => {
            odometry.restart(stamp, angles);
            format!("starts at its place in the world file: {reason}")
        }
    };
    News {
        is_warning: false,
        text,
    }
}

#[cfg(test)]
mod tests;
