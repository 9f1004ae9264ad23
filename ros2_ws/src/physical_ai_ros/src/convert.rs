//! Messages ⇄ domain types. Everything from the wire is checked here: names, numbers, lengths.

use nalgebra::{Isometry3, Matrix3, Quaternion, Translation3, UnitQuaternion};
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

/// State estimate from message, with its values in the order of `joint_names`, the model's. The arrays of a state
/// with a fault may be empty.
///
/// # Errors
/// Another robot than `robot`, joints that are not the model's, values that are not finite, a covariance that has
/// not nine values or is not symmetric and positive semidefinite.
/// # Real-time
/// Does not allocate where the joints come in the model's order: arrays become those of the state.
pub fn robot_state_from_msg(
    mut message: msg::RobotState,
    robot: &domain::RobotName,
    joint_names: &[String],
) -> Result<domain::RobotState, domain::Error> {
    is_of("state", &message.robot, robot)?;
    let arrays = [
        std::mem::take(&mut message.position),
        std::mem::take(&mut message.velocity),
    ];
    let fail = |field: &str, problem: String| domain::Error::InvalidDescription {
        source_name: format!("state of {}", message.robot),
        field: field.to_owned(),
        problem,
    };
    let in_order = |field: &str, values: Vec<f64>| {
        if values.is_empty() && !message.valid {
            return Ok(values);
        }
        let values = by_name(joint_names, &message.joint_names, values)
            .map_err(|problem| fail(field, problem))?;
        finite(&values).map_err(|problem| fail(field, problem))?;
        Ok(values)
    };
    let (p, q, twist) = (
        &message.pose.position,
        &message.pose.orientation,
        &message.twist,
    );
    finite(&[p.x, p.y, p.z, q.x, q.y, q.z, q.w]).map_err(|problem| fail("pose", problem))?;
    finite(&[twist.linear.x, twist.angular.z]).map_err(|problem| fail("twist", problem))?;
    let [position, velocity] = arrays;
    let (position, velocity) = (
        in_order("position", position)?,
        in_order("velocity", velocity)?,
    );
    let covariance =
        covariance(&message.pose_covariance).map_err(|problem| fail("pose_covariance", problem))?;
    Ok(domain::RobotState {
        stamp: time_from_msg(&message.header.stamp),
        position,
        velocity,
        base: domain::BaseState {
            pose: pose_from_msg(&message.pose),
            forward_mps: twist.linear.x,
            yaw_rate_rps: twist.angular.z,
            covariance,
        },
        fault: (!message.valid).then_some(message.fault),
        robot: robot.clone(),
    })
}

/// Values of `names` in the order of `wanted`, which must be the same names.
fn by_name(wanted: &[String], names: &[String], values: Vec<f64>) -> Result<Vec<f64>, String> {
    if values.len() != names.len() {
        return Err(format!(
            "has {} values for {} joint_names",
            values.len(),
            names.len()
        ));
    }
    if names == wanted {
        return Ok(values);
    }
    if names.len() != wanted.len() {
        return Err(format!(
            "has joint_names {names:?}: those of the model are {wanted:?}"
        ));
    }
    let find = |name: &String| {
        let index = names.iter().position(|n| n == name);
        index
            .and_then(|i| values.get(i).copied())
            .ok_or_else(|| format!("has joint_names {names:?}, without {name:?} of the model"))
    };
    wanted.iter().map(find).collect()
}

fn finite(values: &[f64]) -> Result<(), String> {
    match values.iter().find(|v| !v.is_finite()) {
        Some(value) => Err(format!("holds {value}: it must be finite")),
        None => Ok(()),
    }
}

/// A covariance over x, y and yaw, row by row.
fn covariance(values: &[f64]) -> Result<[f64; 9], String> {
    let array: [f64; 9] = values
        .try_into()
        .map_err(|_| format!("has {} values: 9 are needed", values.len()))?;
    finite(&array)?;
    let matrix = Matrix3::from_row_slice(&array);
    let rounding = matrix.amax() * 1e-9;
    if (matrix - matrix.transpose()).amax() > rounding {
        return Err(format!("{array:?} is not symmetric"));
    }
    let least = matrix.symmetric_eigenvalues().min();
    if least < -rounding {
        return Err(format!(
            "{array:?} has the eigenvalue {least:e}: a covariance has none below 0"
        ));
    }
    Ok(array)
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

/// The commands of one robot as messages: one message, which is filled anew for each command.
#[derive(Debug, Clone, Default)]
pub struct CommandMessage(msg::ActuatorCommand);

impl CommandMessage {
    /// For one robot; `joint_names` may be left out where both sides hold the same model.
    pub fn new(robot: &domain::RobotName, joint_names: &[String]) -> Self {
        Self(msg::ActuatorCommand {
            robot: robot.to_string(),
            joint_names: joint_names.to_vec(),
            ..Default::default()
        })
    }

    /// The message of a command of this robot.
    ///
    /// # Real-time
    /// Does not allocate once the arrays have their size.
    pub fn fill(
        &mut self,
        command: &domain::ActuatorCommand,
        origin: CommandOrigin,
    ) -> &msg::ActuatorCommand {
        let message = &mut self.0;
        message.header.stamp = time_to_msg(command.stamp);
        message.source = origin.source;
        message.session = origin.session;
        message.sequence = origin.sequence;
        message.sensor_stamp = time_to_msg(command.sensor_stamp);
        message.mode = match command.mode {
            domain::CommandMode::Position => 0,
            domain::CommandMode::Velocity => 1,
            domain::CommandMode::Effort => 2,
            domain::CommandMode::Hold => 3,
        };
        message.position.clone_from(&command.position);
        message.velocity.clone_from(&command.velocity);
        message.effort.clone_from(&command.effort);
        message.valid_for_s = command.valid_for_s;
        message
    }
}

/// That a message is about this robot.
fn is_of(field: &str, observed: &str, robot: &domain::RobotName) -> Result<(), domain::Error> {
    if observed == robot.as_str() {
        return Ok(());
    }
    Err(domain::Error::InvalidDescription {
        source_name: format!("{field} of {robot}"),
        field: "robot".to_owned(),
        problem: format!("is {observed:?}"),
    })
}

/// Command from message.
///
/// # Errors
/// Another robot than `robot`, or a mode that is none of the four.
/// # Real-time
/// Does not allocate: arrays become those of the command.
pub fn command_from_msg(
    message: msg::ActuatorCommand,
    robot: &domain::RobotName,
) -> Result<domain::ActuatorCommand, domain::Error> {
    is_of("command", &message.robot, robot)?;
    Ok(domain::ActuatorCommand {
        robot: robot.clone(),
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
/// A schema that is no JSON becomes the text itself, which nobody takes for a schema: the offer is refused by name
/// then, and the worker's others stay.
///
/// # Errors
/// A bad name.
pub fn capability_from_msg(message: msg::Capability) -> Result<domain::Capability, domain::Error> {
    Ok(domain::Capability {
        parameters_schema: serde_json::from_str(&message.parameters_schema)
            .unwrap_or_else(|_| message.parameters_schema.clone().into()),
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
/// A bad name or state, or a lease that is not a positive number.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["left", "right"].map(str::to_owned).to_vec()
    }

    fn rover() -> domain::RobotName {
        domain::RobotName::try_new("rover_1").unwrap()
    }

    fn state() -> msg::RobotState {
        msg::RobotState {
            robot: "rover_1".into(),
            joint_names: names(),
            position: vec![1.0, 2.0],
            velocity: vec![0.1, 0.2],
            pose_covariance: vec![1e-6, 1e-7, 0.0, 1e-7, 1e-6, 0.0, 0.0, 0.0, 0.0],
            valid: true,
            ..Default::default()
        }
    }

    #[test]
    fn joints_of_a_state_are_found_by_name() {
        let mut message = state();
        message.joint_names.reverse();
        let state = robot_state_from_msg(message, &rover(), &names()).unwrap();
        assert_eq!(state.position, [2.0, 1.0]);
        assert_eq!(state.velocity, [0.2, 0.1]);
    }

    #[test]
    fn states_that_cannot_be_true_are_refused_by_field() {
        let check = |bend: &dyn Fn(&mut msg::RobotState), expected: &str| {
            let mut message = state();
            bend(&mut message);
            let error = robot_state_from_msg(message, &rover(), &names())
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            &|m| m.joint_names = vec!["left".into(); 2],
            "position: has joint_names [\"left\", \"left\"], without \"right\"",
        );
        check(
            &|m| m.joint_names.clear(),
            "position: has 2 values for 0 joint_names",
        );
        check(
            &|m| {
                m.joint_names.push("ghost".into());
                m.position.push(0.0);
            },
            "those of the model are",
        );
        check(
            &|m| m.velocity = vec![0.1],
            "velocity: has 1 values for 2 joint_names",
        );
        check(
            &|m| m.position[0] = f64::NAN,
            "position: holds NaN: it must be finite",
        );
        check(&|m| m.pose.position.x = f64::INFINITY, "pose: holds inf");
        check(&|m| m.twist.angular.z = f64::NAN, "twist: holds NaN");
        check(
            &|m| m.robot = "rover_2".into(),
            "state of rover_1: robot: is \"rover_2\"",
        );
        let covariance = |values: &[f64], expected: &str| {
            check(&|m| m.pose_covariance = values.to_vec(), expected);
        };
        covariance(&[], "pose_covariance: has 0 values: 9 are needed");
        covariance(&[0.0; 36], "pose_covariance: has 36 values");
        covariance(&[f64::NAN; 9], "pose_covariance: holds NaN");
        covariance(
            &[1.0, 0.5, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            "is not symmetric",
        );
        covariance(
            &[1.0, 2.0, 0.0, 2.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            "has the eigenvalue -1e0",
        );
    }

    #[test]
    fn faulty_state_needs_no_values() {
        let message = msg::RobotState {
            valid: false,
            fault: "no encoder".into(),
            position: Vec::new(),
            velocity: Vec::new(),
            ..state()
        };
        let state = robot_state_from_msg(message, &rover(), &names()).unwrap();
        assert_eq!(state.fault.as_deref(), Some("no encoder"));
        assert_eq!(state.position, [0.0; 0]);
    }
}
