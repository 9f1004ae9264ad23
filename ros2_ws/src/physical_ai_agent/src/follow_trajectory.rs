//! The action `<robot>/follow_joint_trajectory`, as MoveIt and other planners of motions use it.

use std::collections::BTreeMap;

use physical_ai_control::agent::{TrajectoryEnd, TrajectoryFeedback};
use physical_ai_control::{JointTolerance, TrajectoryCode, TrajectoryGoal, TrajectoryPoint};
use physical_ai_domain::RobotName;
use physical_ai_ros::msg::builtin_interfaces::msg::Duration;
use physical_ai_ros::msg::control_msgs::action::FollowJointTrajectory;
use physical_ai_ros::msg::control_msgs::msg::JointTolerance as ToleranceMsg;
use physical_ai_ros::msg::std_msgs::msg::Header;
use physical_ai_ros::msg::trajectory_msgs::msg::JointTrajectoryPoint;
use physical_ai_ros::{
    ActionServer, CancelDecision, Context, Error, GoalDecision, GoalHandle, GoalId, ServerOptions,
    time_from_msg, time_to_msg,
};

use crate::node::AgentNode;

type Handle = GoalHandle<FollowJointTrajectory::Action>;

/// The goals that robots follow.
pub type Trajectories = BTreeMap<RobotName, Handle>;

/// Serves the action of one robot.
///
/// # Errors
/// [`Error::Ros`] if an entity cannot be made.
pub fn serve(context: &mut Context<AgentNode>, robot: &RobotName) -> Result<(), Error> {
    let (follower, canceled) = (robot.clone(), robot.clone());
    ActionServer::<AgentNode, FollowJointTrajectory::Action> {
        // A refusal by the protocol carries no reason, so every goal is taken and answered.
        on_goal: Box::new(|_, _, _, _| GoalDecision::Accept),
        on_accepted: Box::new(move |app, context, goal, handle| {
            app.follow(context, &follower, goal, handle);
        }),
        on_cancel: Box::new(move |app, context, id| app.cancel_trajectory(context, &canceled, id)),
        options: ServerOptions::default(),
    }
    .serve(context, &format!("{robot}/follow_joint_trajectory"))
}

impl AgentNode {
    fn follow(
        &mut self,
        context: &mut Context<Self>,
        name: &RobotName,
        goal: FollowJointTrajectory::Goal,
        handle: Handle,
    ) {
        // One that ended without a tick is told before it is replaced.
        self.end_trajectory(name);
        let now = context.now();
        let refuse = |text: &str| TrajectoryEnd {
            code: TrajectoryCode::InvalidGoal,
            is_canceled: false,
            text: text.to_owned(),
        };
        let begun = match (goal_from_msg(goal), self.agent.robot_mut(name)) {
            _ if !context.is_active() => Err(refuse("the agent is not active")),
            _ if !context.is_time_known() => {
                Err(refuse("simulated time has not begun: no /clock yet"))
            }
            (Err(problem), _) => Err(refuse(&problem)),
            (_, None) => Err(refuse("this robot is not controlled here")),
            (Ok(goal), Some(robot)) => robot.follow_trajectory(&goal, now),
        };
        match begun {
            Err(end) => {
                tracing::warn!(robot = %name, "trajectory refused: {}", end.text);
                handle.abort(result(&end));
            }
            Ok(before) => {
                let replaced = self.trajectories.insert(name.clone(), handle);
                if let (Some(replaced), Some(end)) = (replaced, before) {
                    finish(replaced, &end);
                } else {
                    tracing::info!(robot = %name, "follows a trajectory");
                }
            }
        }
        self.refresh_offer(context);
    }

    fn cancel_trajectory(
        &mut self,
        context: &mut Context<Self>,
        name: &RobotName,
        id: GoalId,
    ) -> CancelDecision {
        let is_running = self.trajectories.get(name).is_some_and(|h| h.id() == id);
        match self.agent.robot_mut(name) {
            Some(robot) if is_running => {
                robot.cancel_trajectory(context.now());
                CancelDecision::Accept
            }
            _ => CancelDecision::Reject,
        }
    }

    /// Tells the client of a robot's trajectory how it ended, if it did. True then.
    pub fn end_trajectory(&mut self, name: &RobotName) -> bool {
        let robot = self.agent.robot_mut(name);
        let Some(end) = robot.and_then(|r| r.take_trajectory_end()) else {
            return false;
        };
        let Some(handle) = self.trajectories.remove(name) else {
            return false;
        };
        tracing::info!(robot = %name, code = ?end.code, "trajectory ended: {}", end.text);
        finish(handle, &end);
        true
    }

    /// Tells clients how far their trajectories are, and those whose trajectory ended without a tick.
    pub fn tell_trajectories(&mut self) {
        let names: Vec<RobotName> = self.trajectories.keys().cloned().collect();
        for name in names {
            if self.end_trajectory(&name) {
                continue;
            }
            let (handle, robot) = (self.trajectories.get(&name), self.agent.robot_mut(&name));
            if let (Some(handle), Some(robot)) = (handle, robot)
                && let Some(feedback) = robot.trajectory_feedback()
            {
                handle.feedback(feedback_to_msg(&feedback, robot.joint_names()));
            }
        }
    }

    /// Nobody is told anything from here any more.
    pub fn abandon_trajectories(&mut self, why: &str) {
        for robot in self.agent.robots_mut() {
            robot.abandon_trajectory(why);
        }
        self.tell_trajectories();
    }
}

fn finish(handle: Handle, end: &TrajectoryEnd) {
    match end.code {
        _ if end.is_canceled => handle.canceled(result(end)),
        TrajectoryCode::Successful => handle.succeed(result(end)),
        _ => handle.abort(result(end)),
    }
}

fn result(end: &TrajectoryEnd) -> FollowJointTrajectory::Result {
    FollowJointTrajectory::Result {
        error_code: end.code as i32,
        error_string: end.text.clone(),
    }
}

fn seconds(duration: &Duration) -> f64 {
    f64::from(duration.sec) + f64::from(duration.nanosec) * 1e-9
}

/// # Errors
/// Names what belongs to joints with several degrees of freedom, which no robot here has.
fn goal_from_msg(goal: FollowJointTrajectory::Goal) -> Result<TrajectoryGoal, String> {
    let several = [
        (
            "multi_dof_trajectory.points",
            goal.multi_dof_trajectory.points.len(),
        ),
        (
            "multi_dof_trajectory.joint_names",
            goal.multi_dof_trajectory.joint_names.len(),
        ),
        (
            "component_path_tolerance",
            goal.component_path_tolerance.len(),
        ),
        (
            "component_goal_tolerance",
            goal.component_goal_tolerance.len(),
        ),
    ];
    if let Some((field, count)) = several.into_iter().find(|(_, count)| *count > 0) {
        return Err(format!(
            "{field} has {count} entries, but no joint here has several degrees of freedom: leave it empty"
        ));
    }
    let tolerances = |all: Vec<ToleranceMsg>| {
        let one = |t: ToleranceMsg| JointTolerance {
            name: t.name,
            position: t.position,
            velocity: t.velocity,
            acceleration: t.acceleration,
        };
        all.into_iter().map(one).collect()
    };
    let point = |p: JointTrajectoryPoint| TrajectoryPoint {
        time_from_start_s: seconds(&p.time_from_start),
        positions: p.positions,
        velocities: p.velocities,
        accelerations: p.accelerations,
        effort: p.effort,
    };
    Ok(TrajectoryGoal {
        start: time_from_msg(&goal.trajectory.header.stamp),
        joint_names: goal.trajectory.joint_names,
        points: goal.trajectory.points.into_iter().map(point).collect(),
        path_tolerance: tolerances(goal.path_tolerance),
        goal_tolerance: tolerances(goal.goal_tolerance),
        goal_time_tolerance_s: seconds(&goal.goal_time_tolerance),
    })
}

fn feedback_to_msg(
    feedback: &TrajectoryFeedback<'_>,
    names: &[String],
) -> FollowJointTrajectory::Feedback {
    let chosen = |values: &[f64]| -> Vec<f64> {
        let value = |joint: &usize| values.get(*joint).copied().unwrap_or(f64::NAN);
        feedback.joints.iter().map(value).collect()
    };
    let nanoseconds = (feedback.measured.nanoseconds() - feedback.start.nanoseconds()).max(0);
    let point = |positions: Vec<f64>, velocities: Vec<f64>| JointTrajectoryPoint {
        positions,
        velocities,
        time_from_start: Duration {
            sec: i32::try_from(nanoseconds / 1_000_000_000).unwrap_or(i32::MAX),
            nanosec: u32::try_from(nanoseconds % 1_000_000_000).unwrap_or(0),
        },
        ..Default::default()
    };
    let (positions, velocities) = (
        chosen(&feedback.desired.position),
        chosen(&feedback.desired.velocity),
    );
    let (at, speeds) = (chosen(feedback.position), chosen(feedback.velocity));
    let off =
        |desired: &[f64], actual: &[f64]| desired.iter().zip(actual).map(|(d, a)| d - a).collect();
    FollowJointTrajectory::Feedback {
        header: Header {
            stamp: time_to_msg(feedback.measured),
            ..Default::default()
        },
        joint_names: feedback
            .joints
            .iter()
            .filter_map(|j| names.get(*j).cloned())
            .collect(),
        error: point(off(&positions, &at), off(&velocities, &speeds)),
        desired: point(positions, velocities),
        actual: point(at, speeds),
        ..Default::default()
    }
}
