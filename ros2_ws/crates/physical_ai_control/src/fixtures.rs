//! The robots of `urdf/` and what else tests of several modules need.

use std::path::Path;

use physical_ai_description::{read_model, read_urdf};
use physical_ai_domain::{
    ActuatorCommand, BaseState, CommandMode, Placement, RobotLayout, RobotModel, RobotName,
    RobotPlacement, RobotState, Time, World,
};

const WORLD: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../params/worlds/demo.yaml"
));

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../urdf");

/// A robot that the project ships, as its nodes load it.
fn shipped(name: &str, model: &str) -> RobotModel {
    let placement = RobotPlacement {
        name: RobotName::try_new(name).unwrap(),
        model: model.to_owned(),
        pose: Placement::default(),
        posture: None,
    };
    read_model(&placement, Path::new(MODELS)).unwrap()
}

pub(crate) fn arm() -> RobotModel {
    shipped("arm_1", "arm")
}

pub(crate) fn rover() -> RobotModel {
    shipped("rover_1", "rover")
}

/// A robot of this description and layout.
pub(crate) fn robot(name: &str, urdf: &str, layout: &str) -> RobotModel {
    let model = read_urdf(RobotName::try_new(name).unwrap(), urdf).unwrap();
    let layout = RobotLayout::from_yaml(name, layout).unwrap();
    model.with_layout(layout).unwrap()
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
