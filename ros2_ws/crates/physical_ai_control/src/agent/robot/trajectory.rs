//! A robot that follows a joint trajectory: tasks and trajectories exclude each other, and both go through
//! the same safety filter.

use physical_ai_domain::{CommandMode, RobotState, Time};

use super::RobotControl;
use crate::agent::following::FollowWatch;
use crate::agent::standstill::StandstillWatch;
use crate::trajectory_following::{
    TrajectoryCode, TrajectoryFollower, TrajectoryFrom, TrajectoryGoal, TrajectoryProgress,
};
use crate::{JointPoint, SafetyCause, SafetyState, SafetyVerdict};

/// Joints slower than this count as at rest where a trajectory begins, radians or metres per second: more than
/// the noise of encoders.
const REST_SPEED: f64 = 0.02;

/// How a trajectory ended.
#[derive(Debug, Clone, PartialEq)]
pub struct TrajectoryEnd {
    /// Why.
    pub code: TrajectoryCode,
    /// Its client asked for it.
    pub is_canceled: bool,
    /// The reason in words, with joint and values; what was measured where it succeeded.
    pub text: String,
}

impl TrajectoryEnd {
    fn new(code: TrajectoryCode, text: impl Into<String>) -> Self {
        Self {
            code,
            is_canceled: false,
            text: text.into(),
        }
    }
}

/// What a client is told of a trajectory on its way.
#[derive(Debug, Clone, Copy)]
pub struct TrajectoryFeedback<'a> {
    /// ROS time of `actual`, and of the start of the trajectory.
    pub measured: Time,
    /// Start of the trajectory, ROS time.
    pub start: Time,
    /// Joints that it moves, as indices into what follows, in the goal's order.
    pub joints: &'a [usize],
    /// Where all joints of the robot should have been then, radians and metres.
    pub desired: &'a JointPoint,
    /// Where they were measured.
    pub position: &'a [f64],
    /// Per second.
    pub velocity: &'a [f64],
}

/// The trajectory that a robot follows, if there is one, and how the last one ended.
#[derive(Default)]
pub(in crate::agent) struct TrajectorySlot {
    run: Option<Run>,
    ended: Option<TrajectoryEnd>,
}

struct Run {
    follower: TrajectoryFollower,
    /// What was told last, after the safety filter, and when.
    told: JointPoint,
    told_at: Time,
    point: JointPoint,
    lag: FollowWatch,
    /// The robot stood still meanwhile, because its commands ran out.
    was_held: bool,
    /// How it ends as soon as the robot is at rest.
    stopping: Option<(TrajectoryEnd, StandstillWatch)>,
}

impl TrajectorySlot {
    pub(in crate::agent) fn is_busy(&self) -> bool {
        self.run.is_some()
    }

    /// Commands ran out: the robot goes on from where it is measured.
    pub(in crate::agent) fn pause(&mut self) {
        if let Some(run) = &mut self.run {
            run.was_held = true;
        }
    }

    fn end(&mut self, end: TrajectoryEnd) {
        self.run = None;
        self.ended = Some(end);
    }
}

impl RobotControl {
    /// True if its joints can be told to follow a trajectory: wheels are kept from obstacles by other means than
    /// positions.
    pub fn follows_trajectories(&self) -> bool {
        self.joints.posture().next().is_some()
    }

    /// Begins to follow a trajectory that arrived at `now`, in place of one that it follows: the end of that.
    ///
    /// # Errors
    /// Why it does not; what it did before goes on.
    pub fn follow_trajectory(
        &mut self,
        goal: &TrajectoryGoal,
        now: Time,
    ) -> Result<Option<TrajectoryEnd>, TrajectoryEnd> {
        let (from, from_at) = self.trajectory_start(now);
        let from = TrajectoryFrom {
            time: from_at,
            position: &from.position,
            velocity: &from.velocity,
        };
        let follower = self.plan_trajectory(goal, &from, now)?;
        let told = JointPoint {
            position: from.position.to_vec(),
            velocity: from.velocity.to_vec(),
        };
        let run = Run {
            follower,
            point: told.clone(),
            told,
            told_at: from_at,
            lag: FollowWatch::default(),
            was_held: false,
            stopping: None,
        };
        let before = self.trajectory.run.replace(run);
        Ok(before.map(|run| match run.stopping {
            Some((end, _)) => end,
            None => TrajectoryEnd::new(TrajectoryCode::InvalidGoal, "replaced by a newer goal"),
        }))
    }

    fn plan_trajectory(
        &self,
        goal: &TrajectoryGoal,
        from: &TrajectoryFrom<'_>,
        now: Time,
    ) -> Result<TrajectoryFollower, TrajectoryEnd> {
        let refuse = |text| Err(TrajectoryEnd::new(TrajectoryCode::InvalidGoal, text));
        let name = &self.model.name;
        if !self.follows_trajectories() {
            return refuse(format!("{name} has no joints that are told positions"));
        }
        if let Some(task) = self.task_in_words() {
            return refuse(task);
        }
        if let Some(reason) = self.obstacle(now) {
            return refuse(format!("robot {name} cannot move: {reason}"));
        }
        let follower = TrajectoryFollower::try_new(goal, &self.model, from, now)
            .map_err(|error| TrajectoryEnd::new((&error).into(), error.to_string()))?;
        if let Some(wheel) = follower.joints().iter().find(|j| self.joints.is_wheel(**j)) {
            let wheel = &self.joint_names[*wheel];
            return refuse(format!(
                "{wheel} of {name} is a wheel: it is not told positions"
            ));
        }
        let collision = self.joints.collision();
        match collision.first_along(from.position, follower.postures()) {
            None => Ok(follower),
            Some((a, b, posture)) => refuse(format!(
                "{a} and {b} would run into each other after {} % of its time: choose another way",
                posture * 100 / TrajectoryFollower::POSTURES
            )),
        }
    }

    /// Set points from which a trajectory goes on, and their time: those of the one before it, or where the robot is.
    fn trajectory_start(&self, now: Time) -> (JointPoint, Time) {
        if let Some(run) = self
            .trajectory
            .run
            .as_ref()
            .filter(|r| r.stopping.is_none() && !r.was_held)
        {
            return (run.told.clone(), run.told_at);
        }
        let measured = self.state.as_ref().map(|s| self.measured_start(s, now));
        (measured.unwrap_or_default(), now)
    }

    fn measured_start(&self, state: &RobotState, now: Time) -> JointPoint {
        let moving = |v: &f64| if v.abs() < REST_SPEED { 0.0 } else { *v };
        JointPoint {
            position: self.filter.held_position(state, now),
            velocity: state.velocity.iter().map(moving).collect(),
        }
    }

    /// What keeps the robot from other orders.
    pub(in crate::agent) fn trajectory_in_words(&self) -> Option<String> {
        self.trajectory.is_busy().then(|| {
            let name = &self.model.name;
            format!("a client of {name}/follow_joint_trajectory moves it")
        })
    }

    /// Stops the robot; the end comes when it is at rest.
    pub fn cancel_trajectory(&mut self, now: Time) {
        let end = TrajectoryEnd {
            is_canceled: true,
            ..TrajectoryEnd::new(TrajectoryCode::Successful, "cancelled")
        };
        self.stop_trajectory(end, now);
    }

    /// Ends a trajectory at once, because the robot is not commanded from here any more.
    pub fn abandon_trajectory(&mut self, why: &str) {
        if self.trajectory.is_busy() {
            self.trajectory.end(TrajectoryEnd::new(
                TrajectoryCode::PathToleranceViolated,
                why,
            ));
        }
    }

    fn stop_trajectory(&mut self, end: TrajectoryEnd, now: Time) {
        if let Some(run) = self
            .trajectory
            .run
            .as_mut()
            .filter(|r| r.stopping.is_none())
        {
            run.stopping = Some((end, StandstillWatch::new(now)));
        }
    }

    /// How the trajectory ended, once.
    pub fn take_trajectory_end(&mut self) -> Option<TrajectoryEnd> {
        self.trajectory.ended.take()
    }

    /// Where a trajectory on its way is.
    pub fn trajectory_feedback(&self) -> Option<TrajectoryFeedback<'_>> {
        let (run, state) = (self.trajectory.run.as_ref()?, self.state.as_ref()?);
        Some(TrajectoryFeedback {
            measured: state.stamp,
            start: run.follower.start(),
            joints: run.follower.joints(),
            desired: run.follower.desired(),
            position: &state.position,
            velocity: &state.velocity,
        })
    }

    /// Writes the set points of this tick; false: there are none.
    ///
    /// # Real-time
    /// Allocates only where commands ran out.
    pub(in crate::agent) fn command_trajectory(&mut self, state: &RobotState, now: Time) -> bool {
        self.rejoin_trajectory(state, now);
        let follows = |run: &&mut Run| run.stopping.is_none() && self.held.is_none();
        let Some(run) = self.trajectory.run.as_mut().filter(follows) else {
            return false;
        };
        run.follower.sample(now, &mut run.point);
        self.command.mode = CommandMode::Position;
        self.command.effort.clear();
        self.command.position.clone_from(&run.point.position);
        self.command.velocity.clone_from(&run.point.velocity);
        true
    }

    /// Goes on from where the robot is measured if its commands ran out.
    fn rejoin_trajectory(&mut self, state: &RobotState, now: Time) {
        let held = |run: &&Run| run.was_held && run.stopping.is_none();
        if self.trajectory.run.as_ref().filter(held).is_none() {
            return;
        }
        let start = self.measured_start(state, now);
        let from = TrajectoryFrom {
            time: now,
            position: &start.position,
            velocity: &start.velocity,
        };
        let Some(run) = &mut self.trajectory.run else {
            return;
        };
        run.was_held = false;
        if let Err(error) = run.follower.join(&from, &self.joint_names) {
            let text = format!("the robot stood still because its commands ran out: {error}");
            let end = TrajectoryEnd::new(TrajectoryCode::PathToleranceViolated, text);
            self.stop_trajectory(end, now);
        }
    }

    /// Holds what was measured and what the filter says against the trajectory.
    ///
    /// # Real-time
    /// Allocates only when the trajectory ends.
    pub(in crate::agent) fn judge_trajectory(
        &mut self,
        verdict: SafetyVerdict,
        now: Time,
        clock_went_back: bool,
    ) {
        let (Some(run), Some(state)) = (self.trajectory.run.as_mut(), self.state.as_ref()) else {
            return;
        };
        let violated = TrajectoryCode::PathToleranceViolated;
        if clock_went_back {
            let text = "the clock went back: the simulation was restarted or reset";
            return self.trajectory.end(TrajectoryEnd::new(violated, text));
        }
        if let Some((end, watch)) = &mut run.stopping {
            if let Some(text) = watch.observe(state, now).text(&self.joint_names) {
                let text = format!("{}; {text}", end.text);
                let end = TrajectoryEnd {
                    text,
                    ..end.clone()
                };
                self.trajectory.end(end);
            }
            return;
        }
        if verdict.state >= SafetyState::Stopped {
            let cause = verdict.cause.map_or("", SafetyCause::as_str);
            let detail = verdict.detail(&self.joint_names);
            let detail = state.fault.clone().unwrap_or(detail);
            let end = TrajectoryEnd::new(violated, format!("safety stop ({cause}): {detail}"));
            return self.stop_trajectory(end, now);
        }
        if let Some((reason, _)) = &self.held {
            let text = format!("robot {} was held: {reason}", self.model.name);
            return self.stop_trajectory(TrajectoryEnd::new(violated, text), now);
        }
        run.told.position.clone_from(&self.command.position);
        run.told.velocity.clone_from(&self.command.velocity);
        run.told_at = now;
        if let Some(lag) = run
            .lag
            .observe(&self.model, state, &self.command, verdict, now)
        {
            let end = TrajectoryEnd::new(violated, lag.text(&self.joint_names));
            return self.stop_trajectory(end, now);
        }
        let progress = run.follower.judge(state);
        self.conclude_trajectory(progress, now);
    }

    fn conclude_trajectory(&mut self, progress: TrajectoryProgress, now: Time) {
        match progress {
            TrajectoryProgress::Following => {}
            TrajectoryProgress::Reached(joint, off) => {
                let name = self.joint_names.get(joint).map_or("?", String::as_str);
                let text = format!("at the goal: {name} is furthest off, by {off:.5} rad or m");
                self.trajectory
                    .end(TrajectoryEnd::new(TrajectoryCode::Successful, text));
            }
            TrajectoryProgress::PathViolated(violation) => {
                let text = violation.text(&self.joint_names);
                let end = TrajectoryEnd::new(TrajectoryCode::PathToleranceViolated, text);
                self.stop_trajectory(end, now);
            }
            TrajectoryProgress::GoalViolated(violation) => {
                let text = violation.text(&self.joint_names);
                let end = TrajectoryEnd::new(TrajectoryCode::GoalToleranceViolated, text);
                self.stop_trajectory(end, now);
            }
        }
    }
}
