//! What of a robot's states and commands is ours allocates nothing; what r2r takes is printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

#[path = "../../../../tests/support/counting_allocator.rs"]
mod counting_allocator;

use counting_allocator::allocations;
use physical_ai_domain::{ActuatorCommand, CommandMode, RobotName, Time};
use physical_ai_ros::msg::physical_ai_msgs::msg::{
    ActuatorCommand as CommandMsg, RobotState as StateMsg,
};
use physical_ai_ros::{
    CommandMessage, CommandOrigin, command_from_msg, deserialize, robot_state_from_msg, serialize,
};

fn robot() -> RobotName {
    RobotName::try_new("arm_1").unwrap()
}

fn names() -> Vec<String> {
    (1..=8).map(|i| format!("joint_{i}")).collect()
}

fn command(mode: CommandMode) -> ActuatorCommand {
    let values = |of: &[CommandMode]| {
        let given = of.contains(&mode);
        vec![0.1; if given { 8 } else { 0 }]
    };
    ActuatorCommand {
        robot: robot(),
        stamp: Time::from_seconds(1.0),
        sensor_stamp: Time::from_seconds(0.99),
        mode,
        position: values(&[CommandMode::Position]),
        velocity: values(&[CommandMode::Position, CommandMode::Velocity]),
        effort: Vec::new(),
        valid_for_s: 0.05,
    }
}

#[test]
fn commands_become_messages_without_an_allocation() {
    let modes = [
        CommandMode::Position,
        CommandMode::Velocity,
        CommandMode::Hold,
    ];
    let commands = modes.map(command);
    let mut message = CommandMessage::new(&robot(), &names());
    message.fill(&commands[0], CommandOrigin::default());
    for round in 1..100 {
        let command = &commands[round % 3];
        let origin = CommandOrigin {
            source: 1,
            session: 2,
            sequence: round as u64,
        };
        let (count, filled) = allocations(|| message.fill(command, origin));
        assert_eq!(count, 0, "{:?}", command.mode);
        let sent = command_from_msg(filled.clone(), &robot()).unwrap();
        assert_eq!(&sent, command);
        assert_eq!(
            (filled.sequence, filled.joint_names.len()),
            (round as u64, 8)
        );
    }
}

#[test]
fn messages_become_commands_and_states_without_an_allocation() {
    let (robot, names) = (robot(), names());
    let mut message = CommandMessage::new(&robot, &[]);
    let received = message
        .fill(&command(CommandMode::Position), CommandOrigin::default())
        .clone();
    let (count, taken) = allocations(|| command_from_msg(received, &robot).unwrap());
    assert_eq!((count, taken.position.len()), (0, 8));

    let received = StateMsg {
        robot: "arm_1".into(),
        joint_names: names.clone(),
        position: vec![0.1; 8],
        velocity: vec![0.0; 8],
        pose_covariance: vec![0.0; 9],
        valid: true,
        ..Default::default()
    };
    let (count, state) = allocations(|| robot_state_from_msg(received, &robot, &names).unwrap());
    assert_eq!((count, state.position.len()), (0, 8));
}

/// Not ours to change: how often r2r allocates in Rust for one command on its way out and in.
#[test]
fn what_r2r_takes_for_a_command_is_known() {
    let mut message = CommandMessage::new(&robot(), &[]);
    let filled = message
        .fill(&command(CommandMode::Position), CommandOrigin::default())
        .clone();
    let (out, bytes) = allocations(|| serialize(&filled).unwrap());
    let (back, read) = allocations(|| deserialize::<CommandMsg>(&bytes).unwrap());
    assert_eq!(read, filled);
    println!(
        "r2r allocates {out} times for a command that goes out, {back} times for one that comes in"
    );
    assert!(out < 32 && back < 32, "{out} out, {back} in");
}
