use physical_ai_domain::{ActuatorCommand, CommandMode, JointLimits, RobotModel, RobotState, Time};

use super::{SafetyCause, SafetyState, SafetyVerdict};

/// How far a command may outrun a velocity limit before it is clamped: rounding and one late tick.
pub(crate) const TOLERANCE: f64 = 1.05;
/// Acceleration is judged on differences of one tick, which jitter of the tick inflates.
pub(super) const ACCELERATION_TOLERANCE: f64 = 3.0;
/// How long before the first command its basis, the measured state, is taken to be: two ticks.
pub(super) const FIRST_INTERVAL_S: f64 = 0.01;
/// Longest interval over which set points may change: after a longer silence they go on from there.
pub(super) const LONGEST_INTERVAL_S: f64 = 0.1;
/// Set points that move slower than this stand still, radians or metres per second.
const AT_REST: f64 = 1e-6;
/// Two commands closer than this are of one instant: quotients of differences would mean nothing.
const SAME_INSTANT_S: f64 = 1e-4;

/// Keeps set points within the joints' limits: of their values, and of their change since the
/// command before, or since the measured state where there is none.
///
/// Fingers are an exception: what they hold keeps them from their set point, so that a set point
/// where they are measured would let it fall (see [`finger_after_hold`]).
#[derive(Debug, Clone)]
pub(super) struct SetPointLimiter {
    joints: Vec<JointLimits>,
    /// Which joints are fingers.
    fingers: Vec<bool>,
    /// Time of the newest position set points, if `values` holds them.
    told: Option<Time>,
    /// Mode and time of what is remembered.
    basis: Option<(CommandMode, Time)>,
    /// Seconds between the last two commands.
    interval_s: f64,
    values: Vec<f64>,
    /// Mean velocities of the last interval; zero in velocity mode.
    rates: Vec<f64>,
}

/// The first limit that a command hit.
struct Hits(SafetyVerdict);

impl Hits {
    fn add(&mut self, cause: SafetyCause, joint: usize, value: f64, limit: f64) {
        // A robot that does not follow counts more than what it was asked for.
        let counts_more =
            cause == SafetyCause::Tracking && self.0.cause != Some(SafetyCause::Tracking);
        if self.0.cause.is_none() || counts_more {
            self.0 = SafetyVerdict::new(SafetyState::Limited, cause, joint, value, limit);
        }
    }
}

impl SetPointLimiter {
    /// For one robot.
    pub(super) fn new(model: &RobotModel) -> Self {
        let joints: Vec<JointLimits> = model.movable().map(|j| j.limits).collect();
        let is_finger = |name: &str| model.layout.gripper_joints().any(|j| j.joint == name);
        Self {
            fingers: model.movable().map(|j| is_finger(&j.name)).collect(),
            told: None,
            basis: None,
            interval_s: 0.0,
            values: vec![0.0; joints.len()],
            rates: vec![0.0; joints.len()],
            joints,
        }
    }

    /// Number of joints.
    pub(super) fn joints(&self) -> usize {
        self.joints.len()
    }

    /// The next command starts from the measured state.
    pub(super) fn forget(&mut self) {
        self.basis = None;
    }

    /// Position set points of a robot that was held until `now`: where its joints are measured, but
    /// for its fingers.
    pub(super) fn held(&self, state: &RobotState, now: Time) -> Vec<f64> {
        (0..self.joints.len().min(state.position.len()))
            .map(|i| self.held_position(i, state.position[i], now))
            .collect()
    }

    fn held_position(&self, joint: usize, measured: f64, now: Time) -> f64 {
        // A clock that went back is that of another world.
        let measured = if self.fingers[joint] && self.told.is_some_and(|told| told <= now) {
            finger_after_hold(self.values[joint], self.rates[joint], measured)
        } else {
            measured
        };
        measured.clamp(self.joints[joint].lower, self.joints[joint].upper)
    }

    /// Clamps a command of finite values, one per joint; says which limit it hit first.
    ///
    /// # Real-time
    /// Does not allocate.
    pub(super) fn limit(
        &mut self,
        state: &RobotState,
        command: &mut ActuatorCommand,
        now: Time,
    ) -> SafetyVerdict {
        let mut hits = Hits(SafetyVerdict::NORMAL);
        match command.mode {
            CommandMode::Position => self.limit_positions(state, command, now, &mut hits),
            CommandMode::Velocity => self.limit_velocities(state, command, now, &mut hits),
            CommandMode::Effort | CommandMode::Hold => self.forget(),
        }
        hits.0
    }

    /// Seconds since the command before; zero within one instant.
    fn interval_s(&mut self, mode: CommandMode, state: &RobotState, now: Time) -> f64 {
        if let Some((before, stamp)) = self.basis
            && before == mode
            && now >= stamp
        {
            let dt_s = now.seconds_since(stamp);
            return if dt_s < SAME_INSTANT_S {
                0.0
            } else {
                dt_s.min(LONGEST_INTERVAL_S)
            };
        }
        self.interval_s = 0.0;
        for i in 0..self.joints.len() {
            let most = self.joints[i].velocity;
            let velocity = state.velocity[i].clamp(-most, most);
            if mode == CommandMode::Velocity {
                (self.values[i], self.rates[i]) = (velocity, 0.0);
            } else {
                self.values[i] = self.held_position(i, state.position[i], now);
                let rests = self.fingers[i] && self.rates[i].abs() < AT_REST;
                self.rates[i] = if rests { 0.0 } else { velocity };
            }
        }
        FIRST_INTERVAL_S
    }

    fn remember(&mut self, mode: CommandMode, now: Time, dt_s: f64) {
        if dt_s > 0.0 {
            self.basis = Some((mode, now));
            self.told = (mode == CommandMode::Position).then_some(now);
            self.interval_s = dt_s;
        }
    }

    fn limit_positions(
        &mut self,
        state: &RobotState,
        command: &mut ActuatorCommand,
        now: Time,
        hits: &mut Hits,
    ) {
        let dt_s = self.interval_s(command.mode, state, now);
        let age_s = now.seconds_since(state.stamp);
        for (i, limits) in self.joints.iter().enumerate() {
            let asked = command.position[i];
            let wanted = asked.clamp(limits.lower, limits.upper);
            if wanted != asked {
                hits.add(SafetyCause::PositionLimit, i, asked, wanted);
            }
            let (before, rate) = (self.values[i], self.rates[i]);
            let mut next = next_position(limits, wanted, before, rate, self.interval_s, dt_s);
            next.stay_near(limits, state.position[i], age_s);
            // What is between fingers keeps them from their set point: it stays near them, which is no fault.
            let is_grip = self.fingers[i] && matches!(next.hit, Some((SafetyCause::Tracking, ..)));
            if let Some((cause, value, limit)) = next.hit.filter(|_| !is_grip) {
                hits.add(cause, i, value, limit);
            }
            command.position[i] = next.position;
            self.values[i] = next.position;
            if dt_s > 0.0 {
                self.rates[i] = (next.position - before) / dt_s;
            }
            if let Some(velocity) = command.velocity.get_mut(i) {
                limit_speed(velocity, limits, i, hits);
                // A feed-forward that belongs to another motion would push against this one.
                if next.hit.is_some() {
                    *velocity = self.rates[i];
                }
            }
        }
        self.remember(command.mode, now, dt_s);
    }

    fn limit_velocities(
        &mut self,
        state: &RobotState,
        command: &mut ActuatorCommand,
        now: Time,
        hits: &mut Hits,
    ) {
        let dt_s = self.interval_s(command.mode, state, now);
        for (i, limits) in self.joints.iter().enumerate() {
            let value = &mut command.velocity[i];
            limit_speed(value, limits, i, hits);
            let most = limits.acceleration * ACCELERATION_TOLERANCE * dt_s;
            let step = *value - self.values[i];
            if step.abs() > most {
                let rate = step / dt_s.max(SAME_INSTANT_S);
                hits.add(SafetyCause::AccelerationLimit, i, rate, limits.acceleration);
                *value = self.values[i] + step.clamp(-most, most);
            }
            self.values[i] = *value;
        }
        self.remember(command.mode, now, dt_s);
    }
}

/// Set point from which a finger goes on after it was held, metres: where it was told to be, as its drive
/// keeps that, or where it is measured if that is further on in the direction of its `speed`.
pub(crate) fn finger_after_hold(told: f64, speed: f64, measured: f64) -> f64 {
    if speed.abs() < AT_REST {
        told
    } else if speed < 0.0 {
        told.min(measured)
    } else {
        told.max(measured)
    }
}

fn limit_speed(value: &mut f64, limits: &JointLimits, joint: usize, hits: &mut Hits) {
    if value.abs() > limits.velocity * TOLERANCE {
        hits.add(SafetyCause::VelocityLimit, joint, *value, limits.velocity);
        *value = value.clamp(-limits.velocity, limits.velocity);
    }
}

/// A position set point, and the limit that kept it from where it was wanted: cause, value, limit.
struct NextPosition {
    position: f64,
    hit: Option<(SafetyCause, f64, f64)>,
}

impl NextPosition {
    /// Keeps it within the tracking tolerance around where the joint was `measured`, `age_s` ago.
    fn stay_near(&mut self, limits: &JointLimits, measured: f64, age_s: f64) {
        let reach = limits.tracking_tolerance(age_s);
        let ahead = self.position - measured;
        if ahead.abs() <= reach {
            return;
        }
        // Where a joint is beyond its limits, they count.
        let near = measured + reach.copysign(ahead);
        self.position = near.clamp(limits.lower, limits.upper);
        self.hit = Some((SafetyCause::Tracking, ahead.abs(), reach));
    }
}

/// The set point `dt_s` after `before`, which moved at `rate` on the mean of the `interval_s` before.
///
/// What keeps the limits passes unchanged. The rest approaches `wanted` so that it can stop there, and
/// nothing moves so fast towards an end of the joint that it could not stop before it.
fn next_position(
    limits: &JointLimits,
    wanted: f64,
    before: f64,
    rate: f64,
    interval_s: f64,
    dt_s: f64,
) -> NextPosition {
    let asked = (wanted - before) / dt_s.max(SAME_INSTANT_S);
    if dt_s == 0.0 {
        let hit =
            (wanted != before).then_some((SafetyCause::VelocityLimit, asked, limits.velocity));
        return NextPosition {
            position: before,
            hit,
        };
    }
    let fastest = limits.velocity * TOLERANCE;
    let braking = limits.acceleration * ACCELERATION_TOLERANCE;
    // Mean velocities belong to the middles of their intervals.
    let change = braking * (interval_s + dt_s) / 2.0;
    let up = fastest.min(stoppable(limits.upper - before, braking, dt_s));
    let down = fastest.min(stoppable(before - limits.lower, braking, dt_s));
    let (least, most) = ((-down).max(rate - change), up.min(rate + change));
    if (least..=most).contains(&asked) {
        return NextPosition {
            position: wanted,
            hit: None,
        };
    }
    let towards = stoppable((wanted - before).abs(), braking, dt_s).copysign(asked);
    let next = towards.max(least).min(most);
    NextPosition {
        position: (before + next * dt_s).clamp(limits.lower, limits.upper),
        hit: Some(if asked.abs() > fastest {
            (SafetyCause::VelocityLimit, asked, limits.velocity)
        } else {
            let acceleration = braking * (asked - rate) / change;
            (
                SafetyCause::AccelerationLimit,
                acceleration,
                limits.acceleration,
            )
        }),
    }
}

/// Largest mean velocity over the next `dt_s` with which what is `distance` before a point can still
/// stop there with this deceleration.
fn stoppable(distance: f64, braking: f64, dt_s: f64) -> f64 {
    if 2.0 * distance <= braking * dt_s * dt_s {
        distance / dt_s
    } else {
        (2.0 * braking * distance).sqrt() - braking * dt_s / 2.0
    }
}
