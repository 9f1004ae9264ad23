use nalgebra::{Matrix3, Matrix4, RowVector4, Vector4};
use physical_ai_domain::{Placement, Time};
use serde::{Deserialize, Serialize};

use crate::{DifferentialDrive, Error};

/// Wheel slip: standard deviation of travelled distance per metre.
const SLIP: f64 = 0.01;
/// Standard deviation of the turn that wheels report, radians per radian.
const TURN_SLIP: f64 = 0.05;
/// Standard deviation of one gyro sample, radians per second.
const GYRO_RPS: f64 = 3e-3;
/// Random walk of the gyro's bias, radians per second per square root of a second.
const BIAS_WALK: f64 = 1e-4;
/// Standard deviation of the wheels' yaw rate when they stand, radians per second: a zero-rate update.
const STANDING_RPS: f64 = 1e-3;
/// Seconds without an encoder tick after which the rover counts as standing: between two ticks of a
/// slow turn the wheels seem to stand too.
const STANDING_AFTER_S: f64 = 0.3;
/// Longest time for which the newest gyro sample says how fast the rover turns, seconds.
const LONGEST_GAP_S: f64 = 0.2;
/// Longest time for which another process may have been away, seconds.
const LONGEST_ABSENCE_S: f64 = 60.0;
/// Fastest wheel that is believed over an absence, radians per second.
const FASTEST_WHEEL_RPS: f64 = 50.0;

/// Pose of a rover from wheel encoders and a gyro: an extended Kalman filter over x, y, yaw and the
/// gyro's bias. The gyro turns, the wheels drive; while the wheels stand, the bias is learnt.
///
/// # Source
/// Thrun, Burgard, Fox, "Probabilistic Robotics", 2005, sections 3.3 and 5.4.
#[derive(Debug, Clone)]
pub struct Odometry {
    drive: DifferentialDrive,
    state: Vector4<f64>,
    covariance: Matrix4<f64>,
    last: Option<(Time, [f64; 2])>,
    gyro_rps: Option<f64>,
    /// Seconds since the last gyro sample.
    gyro_age_s: f64,
    forward_mps: f64,
    yaw_rate_rps: f64,
    without_tick_s: f64,
}

/// What another process needs to go on with the estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OdometrySnapshot {
    /// Time of the last wheel angles.
    pub stamp: Time,
    /// Left and right wheel, radians.
    pub angles: [f64; 2],
    /// x, y, yaw and the gyro's bias; metres, radians, radians per second.
    pub state: [f64; 4],
    /// Covariance of these, row after row.
    pub covariance: [f64; 16],
}

impl Odometry {
    /// What to keep for a successor; `None` before the first wheel angles.
    pub fn snapshot(&self) -> Option<OdometrySnapshot> {
        self.last.map(|(stamp, angles)| OdometrySnapshot {
            stamp,
            angles,
            state: self.state.into(),
            covariance: std::array::from_fn(|i| self.covariance[(i / 4, i % 4)]),
        })
    }

    /// Goes on where a predecessor was, given the first wheel angles of this process. What the wheels
    /// did meanwhile is one arc, and the estimate becomes less sure by it.
    ///
    /// # Errors
    /// [`Error::Stale`] or [`Error::NotFinite`] if the snapshot does not belong to these angles: an
    /// earlier run, wheels that jumped, a damaged snapshot. The estimate stays as it is.
    pub fn resume(
        &mut self,
        from: &OdometrySnapshot,
        stamp: Time,
        angles: [f64; 2],
    ) -> Result<(), Error> {
        let away_s = stamp.seconds_since(from.stamp);
        if !(0.0..=LONGEST_ABSENCE_S).contains(&away_s) {
            return Err(Error::Stale {
                field: "snapshot",
                age_s: away_s,
                allowed_s: LONGEST_ABSENCE_S,
            });
        }
        let moved = [angles[0] - from.angles[0], angles[1] - from.angles[1]];
        let most = FASTEST_WHEEL_RPS * (away_s + 0.01);
        let all = moved.iter().chain(&from.state).chain(&from.covariance);
        if let Some(bad) = all.clone().find(|v| !v.is_finite()) {
            return Err(Error::NotFinite {
                field: "snapshot".into(),
                value: *bad,
            });
        }
        if moved.iter().any(|m| m.abs() > most) {
            return Err(Error::WheelsJumped {
                radians: moved[0].abs().max(moved[1].abs()),
                away_s,
            });
        }
        self.state = Vector4::from(from.state);
        self.covariance = Matrix4::from_row_slice(&from.covariance);
        let (distance, turn) = self.drive.base(moved[0], moved[1]);
        self.predict(distance, turn, away_s);
        self.covariance[(2, 2)] += (TURN_SLIP * turn).powi(2);
        self.last = Some((stamp, angles));
        Ok(())
    }

    /// A rover that stands at `start`.
    pub fn new(drive: DifferentialDrive, start: Placement) -> Self {
        Self {
            drive,
            state: Vector4::new(start.x, start.y, start.yaw, 0.0),
            covariance: Matrix4::from_diagonal(&Vector4::new(1e-6, 1e-6, 1e-6, 1e-4)),
            last: None,
            gyro_rps: None,
            gyro_age_s: 0.0,
            forward_mps: 0.0,
            yaw_rate_rps: 0.0,
            without_tick_s: 0.0,
        }
    }

    /// Takes a gyro sample.
    ///
    /// # Errors
    /// [`Error::NotFinite`]; the filter keeps its state.
    pub fn gyro(&mut self, yaw_rate_rps: f64) -> Result<(), Error> {
        if !yaw_rate_rps.is_finite() {
            return Err(Error::NotFinite {
                field: "imu.angular_velocity.z".into(),
                value: yaw_rate_rps,
            });
        }
        self.gyro_rps = Some(yaw_rate_rps);
        self.gyro_age_s = 0.0;
        Ok(())
    }

    /// Counts from these wheel angles on; the pose stays.
    pub fn restart(&mut self, stamp: Time, angles: [f64; 2]) {
        self.last = Some((stamp, angles));
    }

    /// Goes on from other wheel angles, after `unseen_s` seconds in which the wheels may have done anything up to
    /// `fastest_rps`: the pose stays, and is as uncertain as that makes it.
    pub fn rebase(&mut self, stamp: Time, angles: [f64; 2], unseen_s: f64, fastest_rps: f64) {
        let rolled = fastest_rps * unseen_s;
        let (distance, _) = self.drive.base(rolled, rolled);
        let (_, turn) = self.drive.base(-rolled, rolled);
        let (travelled, turned) = (distance.powi(2), turn.min(std::f64::consts::PI).powi(2));
        self.covariance += Matrix4::from_diagonal(&Vector4::new(travelled, travelled, turned, 0.0));
        self.last = Some((stamp, angles));
        self.gyro_rps = None;
        self.forward_mps = 0.0;
        self.yaw_rate_rps = 0.0;
        self.without_tick_s = 0.0;
    }

    /// Takes wheel angles and moves the estimate on. What the wheels did in a gap is one arc, and the estimate
    /// becomes less sure by it.
    ///
    /// # Errors
    /// [`Error::NotFinite`], or [`Error::Stale`] for angles that are not newer than the last ones; the filter keeps
    /// its state and remembers nothing of them.
    pub fn wheels(&mut self, stamp: Time, angles: [f64; 2]) -> Result<(), Error> {
        if let Some(i) = angles.iter().position(|a| !a.is_finite()) {
            return Err(Error::NotFinite {
                field: format!("joint_states.position[{i}]"),
                value: angles[i],
            });
        }
        let Some((before, previous)) = self.last else {
            self.last = Some((stamp, angles));
            return Ok(());
        };
        let dt_s = stamp.seconds_since(before);
        if dt_s <= 0.0 {
            return Err(Error::Stale {
                field: "joint_states",
                age_s: -dt_s,
                allowed_s: 0.0,
            });
        }
        self.last = Some((stamp, angles));
        self.gyro_age_s += dt_s;
        if self.gyro_age_s > LONGEST_GAP_S {
            // A silent gyro would turn the estimate for ever: only the wheels are left.
            self.gyro_rps = None;
        }
        let (distance, wheel_turn) = self
            .drive
            .base(angles[0] - previous[0], angles[1] - previous[1]);
        let turn = match self.gyro_rps {
            Some(rate) => (rate - self.state[3]) * dt_s,
            None => wheel_turn,
        };
        self.predict(distance, turn, dt_s);
        let ticked = distance != 0.0 || wheel_turn != 0.0;
        self.without_tick_s = if ticked {
            0.0
        } else {
            self.without_tick_s + dt_s
        };
        if self.gyro_rps.is_some() {
            if self.without_tick_s > STANDING_AFTER_S {
                self.learn_bias(STANDING_RPS);
            }
        } else {
            self.covariance[(2, 2)] += (TURN_SLIP * wheel_turn).powi(2);
        }
        // Encoders are quantised: a short mean makes the speed usable.
        let share = (dt_s / 0.03).min(1.0);
        self.forward_mps += (distance / dt_s - self.forward_mps) * share;
        self.yaw_rate_rps = turn / dt_s;
        Ok(())
    }

    fn predict(&mut self, distance: f64, turn: f64, dt_s: f64) {
        let heading = self.state[2] + turn / 2.0;
        let (sin, cos) = heading.sin_cos();
        self.state[0] += distance * cos;
        self.state[1] += distance * sin;
        self.state[2] += turn;
        let mut transition = Matrix4::identity();
        transition[(0, 2)] = -distance * sin;
        transition[(1, 2)] = distance * cos;
        transition[(2, 3)] = -dt_s;
        let slip = (SLIP * distance).powi(2);
        let noise = Matrix4::from_diagonal(&Vector4::new(
            slip * cos * cos + 1e-12,
            slip * sin * sin + 1e-12,
            (GYRO_RPS * dt_s).powi(2),
            BIAS_WALK * BIAS_WALK * dt_s,
        ));
        self.covariance = transition * self.covariance * transition.transpose() + noise;
    }

    /// A standing robot does not turn, so what the gyro says is its bias.
    fn learn_bias(&mut self, deviation_rps: f64) {
        let Some(gyro) = self.gyro_rps else { return };
        let observation = RowVector4::new(0.0, 0.0, 0.0, 1.0);
        let variance = deviation_rps.powi(2) + GYRO_RPS.powi(2);
        let innovation = gyro - self.state[3];
        let gain = self.covariance * observation.transpose() / (self.covariance[(3, 3)] + variance);
        self.state += gain * innovation;
        self.covariance = (Matrix4::identity() - gain * observation) * self.covariance;
    }

    /// Position and heading, metres and radians.
    pub fn pose(&self) -> Placement {
        Placement {
            x: self.state[0],
            y: self.state[1],
            z: 0.0,
            yaw: self.state[2],
        }
    }

    /// Speed forward and yaw rate.
    pub fn speed(&self) -> (f64, f64) {
        (self.forward_mps, self.yaw_rate_rps)
    }

    /// Covariance over x, y, yaw.
    pub fn covariance(&self) -> Matrix3<f64> {
        let covariance = self.covariance.fixed_view::<3, 3>(0, 0).into_owned();
        // Rounding leaves the halves a little apart.
        (covariance + covariance.transpose()) / 2.0
    }
}

#[cfg(test)]
mod tests;
