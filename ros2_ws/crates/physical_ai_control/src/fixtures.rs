//! The robots of `urdf/` and what else tests of several modules need.

use physical_ai_domain::{
    ActuatorCommand, BaseState, CommandMode, RobotModel, RobotName, RobotState, Time, World,
};

const WORLD: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../params/worlds/demo.yaml"
));

pub(crate) fn arm() -> RobotModel {
    let urdf = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../urdf/arm.urdf"
    ));
    physical_ai_description::read_urdf(RobotName::try_new("arm_1").unwrap(), urdf).unwrap()
}

pub(crate) fn rover() -> RobotModel {
    let urdf = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../urdf/rover.urdf"
    ));
    physical_ai_description::read_urdf(RobotName::try_new("rover_1").unwrap(), urdf).unwrap()
}

pub(crate) fn world() -> World {
    World::from_yaml("demo", WORLD).unwrap()
}

/// A robot at rest with its joints at `position`, as measured at `stamp`.
pub(crate) fn at_rest(model: &RobotModel, position: &[f64], stamp: Time) -> RobotState {
    RobotState {
        robot: model.name.clone(),
        stamp,
        position: position.to_vec(),
        velocity: vec![0.0; position.len()],
        base: BaseState::default(),
        fault: None,
    }
}

/// A fresh command with these values in the field of its mode.
pub(crate) fn command(
    model: &RobotModel,
    mode: CommandMode,
    values: &[f64],
    stamp: Time,
) -> ActuatorCommand {
    let of = |wanted: CommandMode| {
        if mode == wanted {
            values.to_vec()
        } else {
            Vec::new()
        }
    };
    ActuatorCommand {
        robot: model.name.clone(),
        stamp,
        sensor_stamp: stamp,
        mode,
        position: of(CommandMode::Position),
        velocity: of(CommandMode::Velocity),
        effort: of(CommandMode::Effort),
        valid_for_s: 0.05,
    }
}
