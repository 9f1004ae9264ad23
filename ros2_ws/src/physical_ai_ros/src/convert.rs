//! Messages ⇄ domain types. Everything from the wire is checked here: names, numbers, lengths.

use nalgebra::{Isometry3, Quaternion, Translation3, UnitQuaternion};
use physical_ai_domain as domain;
use r2r::geometry_msgs::msg::{Point, Pose, Quaternion as QuaternionMsg, Twist, Vector3};
use r2r::physical_ai_msgs::msg;
use r2r::std_msgs::msg::Header;

use crate::clock::{time_from_msg, time_to_msg};

/// Pose to message, metres and unit quaternion.
pub fn pose_to_msg(pose: &Isometry3<f64>) -> Pose {
    let (t, q) = (&pose.translation.vector, &pose.rotation);
    Pose {
        position: Point {
            x: t.x,
            y: t.y,
            z: t.z,
        },
        orientation: QuaternionMsg {
            x: q.i,
            y: q.j,
            z: q.k,
            w: q.w,
        },
    }
}

/// Pose from message; an all-zero quaternion counts as "no rotation".
pub fn pose_from_msg(pose: &Pose) -> Isometry3<f64> {
    let (p, q) = (&pose.position, &pose.orientation);
    let quaternion = Quaternion::new(q.w, q.x, q.y, q.z);
    let rotation =
        UnitQuaternion::try_new(quaternion, 1e-9).unwrap_or_else(UnitQuaternion::identity);
    Isometry3::from_parts(Translation3::new(p.x, p.y, p.z), rotation)
}

/// State estimate to message.
pub fn robot_state_to_msg(
    state: &domain::RobotState,
    joint_names: &[String],
    frame_id: &str,
    sequence: u64,
) -> msg::RobotState {
    let base = &state.base;
    msg::RobotState {
        header: Header {
            stamp: time_to_msg(state.stamp),
            frame_id: frame_id.to_owned(),
        },
        robot: state.robot.to_string(),
        sequence,
        refused: 0,
        joint_names: joint_names.to_vec(),
        position: state.position.clone(),
        velocity: state.velocity.clone(),
        effort: Vec::new(),
        pose: pose_to_msg(&base.pose),
        twist: Twist {
            linear: Vector3 {
                x: base.forward_mps,
                ..Default::default()
            },
            angular: Vector3 {
                z: base.yaw_rate_rps,
                ..Default::default()
            },
        },
        pose_covariance: base.covariance.to_vec(),
        valid: state.fault.is_none(),
        fault: state.fault.clone().unwrap_or_default(),
    }
}

/// State estimate from message.
///
/// # Errors
/// A name that breaks the rule, or a covariance that has not nine values.
pub fn robot_state_from_msg(message: msg::RobotState) -> Result<domain::RobotState, domain::Error> {
    let covariance: [f64; 9] = message.pose_covariance.try_into().unwrap_or([0.0; 9]);
    Ok(domain::RobotState {
        robot: domain::RobotName::try_new(message.robot)?,
        stamp: time_from_msg(&message.header.stamp),
        position: message.position,
        velocity: message.velocity,
        base: domain::BaseState {
            pose: pose_from_msg(&message.pose),
            forward_mps: message.twist.linear.x,
            yaw_rate_rps: message.twist.angular.z,
            covariance,
        },
        fault: (!message.valid).then_some(message.fault),
    })
}

/// Who sends a command, and as which of its commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommandOrigin {
    /// Incarnation of the sending process.
    pub source: u64,
    /// Token that the receiver handed out to it; 0: none.
    pub session: u64,
    /// Grows by one with each command of this source.
    pub sequence: u64,
}

/// Command to message.
pub fn command_to_msg(
    command: &domain::ActuatorCommand,
    joint_names: &[String],
    origin: CommandOrigin,
) -> msg::ActuatorCommand {
    msg::ActuatorCommand {
        header: Header {
            stamp: time_to_msg(command.stamp),
            frame_id: String::new(),
        },
        robot: command.robot.to_string(),
        source: origin.source,
        session: origin.session,
        sequence: origin.sequence,
        sensor_stamp: time_to_msg(command.sensor_stamp),
        mode: match command.mode {
            domain::CommandMode::Position => 0,
            domain::CommandMode::Velocity => 1,
            domain::CommandMode::Effort => 2,
            domain::CommandMode::Hold => 3,
        },
        joint_names: joint_names.to_vec(),
        position: command.position.clone(),
        velocity: command.velocity.clone(),
        effort: command.effort.clone(),
        valid_for_s: command.valid_for_s,
    }
}

/// Command from message.
///
/// # Errors
/// A bad robot name, or a mode that is none of the four.
pub fn command_from_msg(
    message: msg::ActuatorCommand,
) -> Result<domain::ActuatorCommand, domain::Error> {
    Ok(domain::ActuatorCommand {
        robot: domain::RobotName::try_new(message.robot)?,
        stamp: time_from_msg(&message.header.stamp),
        sensor_stamp: time_from_msg(&message.sensor_stamp),
        mode: match message.mode {
            0 => domain::CommandMode::Position,
            1 => domain::CommandMode::Velocity,
            2 => domain::CommandMode::Effort,
            3 => domain::CommandMode::Hold,
            other => {
                return Err(domain::Error::OutOfRange {
                    field: "mode".into(),
                    value: f64::from(other),
                    allowed: "0 to 3".into(),
                    unit: "",
                });
            }
        },
        position: message.position,
        velocity: message.velocity,
        effort: message.effort,
        valid_for_s: message.valid_for_s,
    })
}

fn resources_to_msg(resources: &domain::Resources) -> Vec<msg::Resource> {
    resources
        .iter()
        .map(|(name, quantity)| msg::Resource {
            name: name.clone(),
            quantity: *quantity,
        })
        .collect()
}

fn resources_from_msg(resources: Vec<msg::Resource>) -> domain::Resources {
    resources
        .into_iter()
        .filter(|r| r.quantity.is_finite() && r.quantity >= 0.0)
        .map(|r| (r.name, r.quantity))
        .collect()
}

fn json(text: &str, field: &str) -> Result<serde_json::Value, domain::Error> {
    serde_json::from_str(text).map_err(|e| domain::Error::InvalidDescription {
        source_name: field.to_owned(),
        field: "json".to_owned(),
        problem: e.to_string(),
    })
}

/// Capability to message.
pub fn capability_to_msg(capability: &domain::Capability) -> msg::Capability {
    msg::Capability {
        skill: capability.skill.to_string(),
        robot: capability
            .robot
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        description: capability.description.clone(),
        parameters_schema: capability.parameters_schema.to_string(),
        mean_duration_s: capability.mean_duration_s,
        requires: resources_to_msg(&capability.requires),
        idempotent: capability.idempotent,
        ready: capability.ready,
        reason: capability.reason.clone(),
    }
}

/// Capability from message.
///
/// # Errors
/// A bad name, or a schema that is no JSON.
pub fn capability_from_msg(message: msg::Capability) -> Result<domain::Capability, domain::Error> {
    Ok(domain::Capability {
        parameters_schema: json(&message.parameters_schema, "capability.parameters_schema")?,
        skill: domain::SkillName::try_new(message.skill)?,
        robot: optional(message.robot, domain::RobotName::try_new)?,
        description: message.description,
        mean_duration_s: if message.mean_duration_s.is_finite() {
            message.mean_duration_s.max(0.0)
        } else {
            0.0
        },
        requires: resources_from_msg(message.requires),
        idempotent: message.idempotent,
        ready: message.ready,
        reason: message.reason,
    })
}

fn optional<T>(
    text: String,
    parse: impl Fn(String) -> Result<T, domain::Error>,
) -> Result<Option<T>, domain::Error> {
    if text.is_empty() {
        Ok(None)
    } else {
        parse(text).map(Some)
    }
}

/// Assignment to message.
pub fn assignment_to_msg(assignment: &domain::Assignment) -> msg::TaskAssignment {
    msg::TaskAssignment {
        mission_id: assignment.mission.to_string(),
        task_id: assignment.task.to_string(),
        attempt: assignment.attempt,
        fencing_token: assignment.token.0,
        skill: assignment.skill.to_string(),
        robot: assignment
            .robot
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        params: assignment.params.to_string(),
        resources: resources_to_msg(&assignment.resources),
        timeout_s: assignment.timeout_s,
        priority: assignment.priority,
        deadline: time_to_msg(assignment.deadline),
        idempotent: assignment.idempotent,
    }
}

/// Assignment from message.
///
/// # Errors
/// A bad name, or params that are no JSON.
pub fn assignment_from_msg(
    message: msg::TaskAssignment,
) -> Result<domain::Assignment, domain::Error> {
    Ok(domain::Assignment {
        params: json(&message.params, "assignment.params")?,
        mission: domain::MissionId::try_new(message.mission_id)?,
        task: domain::TaskId::try_new(message.task_id)?,
        attempt: message.attempt,
        token: domain::FencingToken(message.fencing_token),
        skill: domain::SkillName::try_new(message.skill)?,
        robot: optional(message.robot, domain::RobotName::try_new)?,
        resources: resources_from_msg(message.resources),
        timeout_s: message.timeout_s,
        priority: message.priority,
        deadline: time_from_msg(&message.deadline),
        idempotent: message.idempotent,
    })
}

/// Task report to message.
pub fn report_to_msg(report: &domain::TaskReport) -> msg::TaskUpdate {
    msg::TaskUpdate {
        mission_id: report.mission.to_string(),
        task_id: report.task.to_string(),
        attempt: report.attempt,
        fencing_token: report.token.0,
        state: msg::TaskState {
            value: report.state as u8,
        },
        progress: report.progress,
        started: time_to_msg(report.started),
        finished: time_to_msg(report.finished),
        error_code: report.error as u16,
        error_msg: report.error_msg.clone(),
        result: report.result.clone(),
        retryable: report.retryable,
    }
}

/// Task report from message.
///
/// # Errors
/// A bad name or an unknown state.
pub fn report_from_msg(message: msg::TaskUpdate) -> Result<domain::TaskReport, domain::Error> {
    let state = domain::TaskState::from_wire(message.state.value).ok_or_else(|| {
        domain::Error::OutOfRange {
            field: format!("update of task {:?}: state", message.task_id),
            value: f64::from(message.state.value),
            allowed: "0 to 8".into(),
            unit: "",
        }
    })?;
    let progress = if message.progress.is_finite() {
        message.progress.clamp(0.0, 1.0)
    } else {
        0.0
    };
    Ok(domain::TaskReport {
        mission: domain::MissionId::try_new(message.mission_id)?,
        task: domain::TaskId::try_new(message.task_id)?,
        attempt: message.attempt,
        token: domain::FencingToken(message.fencing_token),
        state,
        progress,
        started: time_from_msg(&message.started),
        finished: time_from_msg(&message.finished),
        error: domain::ErrorCode::from_wire(message.error_code),
        error_msg: message.error_msg,
        result: message.result,
        retryable: message.retryable,
    })
}

/// Heartbeat to message.
pub fn worker_to_msg(report: &domain::WorkerReport, stamp: domain::Time) -> msg::WorkerStatus {
    msg::WorkerStatus {
        header: Header {
            stamp: time_to_msg(stamp),
            ..Default::default()
        },
        worker: report.worker.to_string(),
        kind: report.kind.clone(),
        incarnation: report.incarnation,
        host: report.host.clone(),
        pid: report.pid,
        state: report.state as u8,
        lease_s: report.lease_s,
        load: report.load,
        resources_total: resources_to_msg(&report.resources_total),
        resources_free: resources_to_msg(&report.resources_free),
        capabilities: report.capabilities.iter().map(capability_to_msg).collect(),
        data: report.data.clone(),
        running: report.running.iter().map(report_to_msg).collect(),
        last_fencing_token: report.last_token.0,
    }
}

/// Heartbeat from message.
///
/// # Errors
/// A bad name, schema or state, or a lease that is not a positive number.
pub fn worker_from_msg(message: msg::WorkerStatus) -> Result<domain::WorkerReport, domain::Error> {
    let worker = domain::WorkerName::try_new(message.worker)?;
    let bad = |field: &str, value: f64, allowed: &str, unit| domain::Error::OutOfRange {
        field: format!("worker {worker}: {field}"),
        value,
        allowed: allowed.to_owned(),
        unit,
    };
    if !message.lease_s.is_finite() || message.lease_s <= 0.0 {
        return Err(bad("lease_s", message.lease_s, "finite and above 0", "s"));
    }
    let state = domain::WorkerState::from_wire(message.state)
        .ok_or_else(|| bad("state", f64::from(message.state), "0 to 4", ""))?;
    Ok(domain::WorkerReport {
        kind: message.kind,
        incarnation: message.incarnation,
        host: message.host,
        pid: message.pid,
        state,
        lease_s: message.lease_s,
        load: if message.load.is_finite() {
            message.load.clamp(0.0, 1.0)
        } else {
            1.0
        },
        resources_total: resources_from_msg(message.resources_total),
        resources_free: resources_from_msg(message.resources_free),
        capabilities: message
            .capabilities
            .into_iter()
            .map(capability_from_msg)
            .collect::<Result<_, _>>()?,
        data: message.data,
        running: message
            .running
            .into_iter()
            .map(report_from_msg)
            .collect::<Result<_, _>>()?,
        last_token: domain::FencingToken(message.last_fencing_token),
        worker,
    })
}
