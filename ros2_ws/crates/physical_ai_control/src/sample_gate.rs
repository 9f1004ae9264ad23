use physical_ai_domain::{JointKind, RobotModel, Time};

use crate::Error;
use crate::stamp_check::check_stamp;
use crate::strikes::Strikes;

/// Consistent samples that a stream begins with: the first one alone has nothing to be compared with.
const START_SAMPLES: u32 = 3;
/// Consistent samples, and seconds that they span, after which a stream counts that does not go on where
/// the accepted one ended: encoders were reset, or another driver took over.
const REBASE_SAMPLES: u32 = 20;
const REBASE_S: f64 = 0.1;
/// Longest time for which a joint is believed to have moved at full speed between two samples, seconds: over a
/// longer silence a step says less about motion than about an encoder that was reset.
const LONGEST_MOTION_S: f64 = 0.25;
/// Seconds after which the steps that would be believed are so long that a sample among refused ones has to be
/// confirmed by the next ones.
const CONFIRMED_AFTER_S: f64 = 0.1;
/// How far beyond its limits a joint may be, as a share of its range: stops give, robots are pushed.
const RANGE_SHARE: f64 = 0.05;
/// Largest angle of a joint that turns without end, radians: beyond, counting takes years.
const FARTHEST_TURN_RAD: f64 = 1e9;

/// What samples are allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleLimits {
    /// How far ahead of the clock a stamp may be, seconds: clocks of two machines differ, and `/clock` may come
    /// after the sample.
    pub max_ahead_s: f64,
    /// How old a sample may be when it arrives, seconds.
    pub max_age_s: f64,
    /// Fastest joint that is believed, as a multiple of its velocity limit.
    pub speed_factor: f64,
    /// Error of a rotating joint's position between two samples, radians: quantisation and noise.
    pub tolerance_rad: f64,
    /// Error of a sliding joint's position between two samples, metres.
    pub tolerance_m: f64,
}

impl Default for SampleLimits {
    fn default() -> Self {
        Self {
            max_ahead_s: 0.1,
            max_age_s: 0.5,
            speed_factor: 2.0,
            tolerance_rad: 0.02,
            tolerance_m: 0.002,
        }
    }
}

/// One message of a robot's joint encoders, as it came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointSample<'a> {
    /// When it was measured, ROS time.
    pub stamp: Time,
    /// Joint names; the order of the arrays below.
    pub names: &'a [String],
    /// Radians or metres.
    pub position: &'a [f64],
    /// Radians or metres per second.
    pub velocity: &'a [f64],
}

/// What a sample that is not refused is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Continuity {
    /// One of the first; believed when the next ones agree with it.
    Awaited,
    /// The first that is believed.
    Start,
    /// It goes on where the last one was.
    Next,
    /// A stream that goes on elsewhere, after it was consistent for a while.
    Rebased {
        /// Seconds in which nobody knows what the joints did.
        unseen_s: f64,
    },
}

struct JointRule {
    name: String,
    lower: f64,
    upper: f64,
    /// Fastest that is believed, radians or metres per second.
    fastest: f64,
    tolerance: f64,
    unit: &'static str,
}

/// Positions and when they were measured.
#[derive(Debug, Clone, Default)]
struct Sample {
    stamp: Time,
    position: Vec<f64>,
    velocity: Vec<f64>,
}

/// Lets only those joint samples pass that can be true: all joints of the model and no others but those that follow
/// them, matched by name in every message, finite, within their range and speed, stamped near the clock and after the sample before, and no
/// further from that than a joint can move. A refused sample leaves nothing behind but a count; several of them
/// are a fault.
pub struct SampleGate {
    joints: Vec<JointRule>,
    limits: SampleLimits,
    /// Joints that follow one of these: messages may hold them, and they are where their leaders say.
    followers: Vec<String>,
    /// Names in the last message that fitted, and where each joint stands in it.
    matched: Vec<String>,
    order: Vec<usize>,
    accepted: Option<Sample>,
    /// Samples were refused since then.
    is_doubted: bool,
    /// The newest of `consistent` samples in a row that fit each other and wait to be believed.
    candidate: Sample,
    candidate_since: Time,
    /// Why the first of them does not go on from what was accepted.
    candidate_refusal: Option<Error>,
    consistent: u32,
    /// The sample that is judged now.
    next: Sample,
    strikes: Strikes,
}

impl SampleGate {
    /// A gate that has seen nothing yet.
    pub fn new(model: &RobotModel, limits: SampleLimits) -> Self {
        let joints: Vec<JointRule> = model
            .movable()
            .map(|joint| {
                let (unit, tolerance) = match joint.kind {
                    JointKind::Prismatic => ("m", limits.tolerance_m),
                    _ => ("rad", limits.tolerance_rad),
                };
                let margin = match joint.kind {
                    JointKind::Continuous => 0.0,
                    _ => (joint.limits.upper - joint.limits.lower) * RANGE_SHARE + tolerance,
                };
                JointRule {
                    name: joint.name.clone(),
                    lower: (joint.limits.lower - margin).max(-FARTHEST_TURN_RAD),
                    upper: (joint.limits.upper + margin).min(FARTHEST_TURN_RAD),
                    fastest: joint.limits.velocity * limits.speed_factor,
                    tolerance,
                    unit,
                }
            })
            .collect();
        let followers = model.joints.iter().filter(|j| j.mimic.is_some());
        Self {
            order: (0..joints.len()).collect(),
            matched: model.joint_names(),
            followers: followers.map(|j| j.name.clone()).collect(),
            joints,
            limits,
            accepted: None,
            is_doubted: false,
            candidate: Sample::default(),
            candidate_since: Time::ZERO,
            candidate_refusal: None,
            consistent: 0,
            next: Sample::default(),
            strikes: Strikes::default(),
        }
    }

    /// Judges a sample that arrives at `now`. What is accepted is the newest until the next one is.
    ///
    /// # Errors
    /// [`Error::Implausible`] naming field, value and what is allowed; nothing changes but the count.
    /// # Real-time
    /// Allocates only to refuse.
    pub fn check(&mut self, sample: &JointSample, now: Time) -> Result<Continuity, Error> {
        let judged = self.judge(sample, now);
        match &judged {
            Ok(Continuity::Awaited) => {}
            Ok(_) => {
                self.strikes.accept();
                self.consistent = 0;
                self.is_doubted = false;
                let accepted = self.accepted.get_or_insert_default();
                std::mem::swap(accepted, &mut self.next);
            }
            Err(error) => {
                self.is_doubted = true;
                self.strikes.refuse(error);
            }
        }
        judged
    }

    /// Position of each joint in the newest accepted sample, in the model's order; empty before there is one.
    pub fn position(&self) -> &[f64] {
        self.accepted.as_ref().map_or(&[], |s| &s.position)
    }

    /// Velocity of each joint in the newest accepted sample, in the model's order; empty before there is one.
    pub fn velocity(&self) -> &[f64] {
        self.accepted.as_ref().map_or(&[], |s| &s.velocity)
    }

    /// Stamp of the newest accepted sample.
    pub fn stamp(&self) -> Option<Time> {
        self.accepted.as_ref().map(|s| s.stamp)
    }

    /// Samples refused since the start.
    pub fn refused(&self) -> u64 {
        self.strikes.refused()
    }

    /// Why the samples are not to be used for motion: several were refused lately.
    pub fn fault(&self) -> Option<&str> {
        self.strikes.fault()
    }

    /// Begins anew, but for the count of what was refused.
    pub fn forget(&mut self) {
        self.accepted = None;
        self.consistent = 0;
        self.strikes.forgive();
    }

    fn judge(&mut self, sample: &JointSample, now: Time) -> Result<Continuity, Error> {
        self.match_names(sample.names)?;
        self.read(sample)?;
        let last = self.stamp();
        let limits = &self.limits;
        let (ahead_s, age_s) = (limits.max_ahead_s, limits.max_age_s);
        let in_time = check_stamp("joint_states", sample.stamp, None, now, ahead_s, age_s);
        if in_time.is_err() {
            self.consistent = 0;
        }
        in_time?;
        let Some(accepted) = &self.accepted else {
            self.extend_candidate(None)?;
            return Ok(self.confirmed(Continuity::Start));
        };
        let fits = check_stamp("joint_states", sample.stamp, last, now, ahead_s, age_s)
            .and_then(|()| self.check_step(accepted));
        let silent_s = sample.stamp.seconds_since(accepted.stamp);
        if fits.is_ok() && !(self.is_doubted && silent_s > CONFIRMED_AFTER_S) {
            return Ok(Continuity::Next);
        }
        let refusal = fits.err();
        let follows = self.extend_candidate(refusal.clone());
        match (refusal, &self.candidate_refusal) {
            (Some(refusal), _) => self.rebased(refusal),
            (None, Some(first)) => self.rebased(first.clone()),
            (None, None) => follows.map(|()| self.confirmed(Continuity::Next)),
        }
    }

    /// A stream that waits is believed when enough of its samples agree.
    fn confirmed(&self, as_what: Continuity) -> Continuity {
        if self.consistent < START_SAMPLES {
            Continuity::Awaited
        } else {
            as_what
        }
    }

    /// A stream that does not go on from what was accepted counts after it was consistent for a while.
    fn rebased(&self, refusal: Error) -> Result<Continuity, Error> {
        let span_s = self.next.stamp.seconds_since(self.candidate_since);
        let accepted = self.accepted.as_ref().map_or(self.next.stamp, |s| s.stamp);
        if self.consistent < REBASE_SAMPLES || span_s < REBASE_S {
            return Err(refusal);
        }
        let unseen_s = self.next.stamp.seconds_since(accepted).max(span_s);
        Ok(Continuity::Rebased { unseen_s })
    }

    /// Adds a sample to the stream that waits, or begins another one with it, which `refusal` keeps from going on
    /// from what was accepted.
    fn extend_candidate(&mut self, refusal: Option<Error>) -> Result<(), Error> {
        let follows = if self.consistent == 0 {
            Ok(())
        } else if self.next.stamp <= self.candidate.stamp {
            Err(Error::Implausible {
                field: "joint_states.header.stamp".into(),
                problem: "is not after that of the sample before".into(),
            })
        } else {
            self.check_step(&self.candidate)
        };
        if self.consistent == 0 || follows.is_err() {
            self.consistent = 0;
            self.candidate_since = self.next.stamp;
            self.candidate_refusal = refusal;
        }
        self.consistent += 1;
        self.candidate.clone_from(&self.next);
        follows
    }

    /// Finds each joint in the message.
    fn match_names(&mut self, names: &[String]) -> Result<(), Error> {
        if names == self.matched {
            return Ok(());
        }
        match order(&self.joints, &self.followers, names) {
            Ok(order) => {
                self.order = order;
                self.matched = names.to_vec();
            }
            Err(problem) => {
                self.consistent = 0;
                let field = "joint_states.name".into();
                return Err(Error::Implausible { field, problem });
            }
        }
        Ok(())
    }

    /// Takes the values in the model's order.
    fn read(&mut self, sample: &JointSample) -> Result<(), Error> {
        self.next.stamp = sample.stamp;
        for (field, values, into) in [
            ("position", sample.position, &mut self.next.position),
            ("velocity", sample.velocity, &mut self.next.velocity),
        ] {
            if values.len() != sample.names.len() {
                return Err(Error::Implausible {
                    field: format!("joint_states.{field}"),
                    problem: format!(
                        "has {} values for {} names",
                        values.len(),
                        sample.names.len()
                    ),
                });
            }
            into.clear();
            into.extend(self.order.iter().map(|i| values[*i]));
        }
        let result = self.check_values();
        if result.is_err() {
            self.consistent = 0;
        }
        result
    }

    fn check_values(&self) -> Result<(), Error> {
        let values = self.next.position.iter().zip(&self.next.velocity);
        for (joint, (position, velocity)) in self.joints.iter().zip(values) {
            let fail = |field: &str, problem: String| Error::Implausible {
                field: format!("joint_states.{field} of {}", joint.name),
                problem,
            };
            // A NaN lies in no range.
            if !(joint.lower..=joint.upper).contains(position) {
                let problem = format!(
                    "is {position} {}: {:.3} to {:.3} is allowed",
                    joint.unit, joint.lower, joint.upper
                );
                return Err(fail("position", problem));
            }
            if !(-joint.fastest..=joint.fastest).contains(velocity) {
                let problem = format!(
                    "is {velocity} {}/s: at most {:.3} is allowed",
                    joint.unit, joint.fastest
                );
                return Err(fail("velocity", problem));
            }
        }
        Ok(())
    }

    /// No joint moves further than it can in the time that passed.
    fn check_step(&self, from: &Sample) -> Result<(), Error> {
        let passed_s = self.next.stamp.seconds_since(from.stamp);
        let moving_s = passed_s.clamp(0.0, LONGEST_MOTION_S);
        let moves = from.position.iter().zip(&self.next.position);
        for (joint, (before, after)) in self.joints.iter().zip(moves) {
            let allowed = joint.fastest * moving_s + joint.tolerance;
            if (after - before).abs() > allowed {
                return Err(Error::Implausible {
                    field: format!("joint_states.position of {}", joint.name),
                    problem: format!(
                        "is {after:.4} {unit}, {passed_s:.3} s after {before:.4}: a step of at most {allowed:.4} is \
                         allowed",
                        unit = joint.unit,
                    ),
                });
            }
        }
        Ok(())
    }
}

/// Where each joint stands among `names`, which must be theirs and no others.
fn order(
    joints: &[JointRule],
    followers: &[String],
    names: &[String],
) -> Result<Vec<usize>, String> {
    let is_known = |n: &String| joints.iter().any(|j| j.name == *n) || followers.contains(n);
    if let Some(name) = names.iter().find(|n| !is_known(n)) {
        let known: Vec<&str> = joints.iter().map(|j| j.name.as_str()).collect();
        return Err(format!(
            "holds {name:?}, which is no joint of the model: {} are",
            known.join(", ")
        ));
    }
    let find = |joint: &JointRule| {
        let mut found = names.iter().enumerate().filter(|(_, n)| **n == joint.name);
        match (found.next(), found.next()) {
            (Some((i, _)), None) => Ok(i),
            (Some(_), Some(_)) => Err(format!("holds {} twice", joint.name)),
            (None, _) => Err(format!("lacks {}", joint.name)),
        }
    };
    joints.iter().map(find).collect()
}

#[cfg(test)]
mod tests;
