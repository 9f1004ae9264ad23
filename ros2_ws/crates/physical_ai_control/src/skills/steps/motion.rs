use physical_ai_domain::{JointLimits, Time};

use crate::skills::joint_body::JointBody;
use crate::{Error, JointPoint, JointTrajectory};

/// Share of a joint's acceleration with which a motion that was held gets its speed back; it comes on top
/// of what the motion itself needs.
const RESUME_SHARE: f64 = 0.5;
/// Least seconds in which a held arm comes back to the way from which it had strayed.
const RETURN_S: f64 = 0.12;

/// A motion that is over and no further from its set points, radians or metres, need not be taken up.
const ARRIVED_RAD: f64 = 0.01;

/// A trajectory that is followed, and taken up again where the robot was held meanwhile.
///
/// A drive that hears nothing goes on for a moment and then stops each joint as fast as that can. So the
/// arm stands further on than the last set point, and beside the way: set points from before, or from the
/// way, would be a jerk that costs an arm what it carries.
pub(super) struct Motion {
    trajectory: JointTrajectory,
    start: Time,
    /// Share of its speed.
    rate: f64,
    /// From where the arm was held to the way, and since when: what is left of it is added.
    back: Option<(JointTrajectory, Time)>,
    /// Set points of `back`, kept to spare an allocation per tick.
    beside: JointPoint,
}

impl Motion {
    /// From rest at `from` to rest at `target`, all joints in radians and metres.
    ///
    /// # Errors
    /// [`Error::JointLimit`] or [`Error::NotFinite`].
    pub(super) fn try_new(
        from: &[f64],
        target: Vec<f64>,
        now: Time,
        joints: &JointBody,
    ) -> Result<Self, Error> {
        let way = vec![from.to_vec(), target];
        Ok(Self {
            trajectory: JointTrajectory::try_new(way, joints.limits(), joints.names(), 0.0)?,
            start: now,
            rate: 1.0,
            back: None,
            beside: JointPoint {
                position: vec![0.0; from.len()],
                velocity: vec![0.0; from.len()],
            },
        })
    }

    /// Writes the set points of this tick, given its time and the seconds since the tick before. Returns the
    /// seconds since the end; negative: not yet there.
    ///
    /// # Real-time
    /// Does not allocate.
    pub(super) fn follow(
        &mut self,
        (now, dt_s): (Time, f64),
        joints: &JointBody,
        point: &mut JointPoint,
    ) -> f64 {
        self.start = self.start.plus_seconds((1.0 - self.rate) * dt_s);
        let time_s = now.seconds_since(self.start);
        self.trajectory.sample(time_s, point);
        if self.rate < 1.0 {
            let seconds = seconds_to_full_speed(&point.velocity, joints.limits());
            point.velocity.iter_mut().for_each(|v| *v *= self.rate);
            self.rate = (self.rate + dt_s / seconds.max(dt_s)).min(1.0);
        }
        let mut over_s = time_s - self.trajectory.duration_s();
        if let Some((back, since)) = &self.back {
            let back_s = now.seconds_since(*since);
            back.sample(back_s, &mut self.beside);
            for (joint, end) in back.target().iter().enumerate() {
                point.position[joint] += self.beside.position[joint] - end;
                point.velocity[joint] += self.beside.velocity[joint];
            }
            over_s = over_s.min(back_s - back.duration_s());
            if back_s >= back.duration_s() {
                self.back = None;
            }
        }
        over_s
    }

    /// Where all joints began and where they end, radians and metres.
    pub(super) fn ends(&self) -> [&[f64]; 2] {
        [self.trajectory.start(), self.trajectory.target()]
    }

    /// No time has passed for it.
    pub(super) fn pause(&mut self, seconds: f64) {
        self.start = self.start.plus_seconds(seconds);
        if let Some((_, since)) = &mut self.back {
            *since = since.plus_seconds(seconds);
        }
    }

    /// Goes on from where the joints are, with the speed that they have. `held` and `point`, their set points
    /// so far, have an entry for each joint.
    ///
    /// # Errors
    /// [`Error::NotFinite`] if `held` is not finite.
    pub(super) fn take_up(
        &mut self,
        held: &JointPoint,
        (now, dt_s): (Time, f64),
        joints: &JointBody,
        point: &mut JointPoint,
    ) -> Result<(), Error> {
        let is_over = now.seconds_since(self.start) >= self.trajectory.duration_s();
        let mut pairs = held.position.iter().zip(&point.position);
        if is_over && pairs.all(|(held, told)| (held - told).abs() < ARRIVED_RAD) {
            return Ok(());
        }
        let time_s = self.trajectory.nearest_time_s(&held.position);
        self.trajectory.sample(time_s, point);
        self.rate = speed_ratio(&held.velocity, &point.velocity);
        // This tick's time is yet to come on top.
        self.start = now.plus_seconds(-time_s - dt_s);
        // Fingers do not stray: they go on at once.
        let mut from = point.position.clone();
        for joint in joints.posture() {
            from[joint] = held.position[joint];
        }
        let way = vec![from, point.position.clone()];
        let back = JointTrajectory::try_new(way, joints.limits(), joints.names(), RETURN_S)?;
        self.back = Some((back, now.plus_seconds(-dt_s)));
        Ok(())
    }
}

/// Speed along a motion over that which it should have, 0 to 1.
fn speed_ratio(measured: &[f64], planned: &[f64]) -> f64 {
    let along: f64 = measured.iter().zip(planned).map(|(m, p)| m * p).sum();
    let full: f64 = planned.iter().map(|p| p * p).sum();
    if full > 0.0 {
        (along / full).clamp(0.0, 1.0)
    } else {
        1.0
    }
}

/// Seconds in which joints get from rest to these velocities with [`RESUME_SHARE`] of their
/// acceleration.
fn seconds_to_full_speed(velocity: &[f64], limits: &[JointLimits]) -> f64 {
    let seconds = |(v, l): (&f64, &JointLimits)| v.abs() / (l.acceleration * RESUME_SHARE);
    velocity.iter().zip(limits).map(seconds).fold(0.0, f64::max)
}
