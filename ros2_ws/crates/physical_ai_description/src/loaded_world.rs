use std::path::Path;

use physical_ai_domain::{RobotModel, RobotPlacement, World};

use crate::robot::read_text;
use crate::{Error, LoadedRobot, PackagePaths, load_robot, robot_source};

/// Where robot files are, seen from what holds the folder of models.
const ROBOT_FILES: &str = "params/robots";

/// A world and its robots' models.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedWorld {
    /// Everything that is where at the start.
    pub world: World,
    /// Models of the robots that were asked for, in the order of the world file.
    pub robots: Vec<RobotModel>,
}

/// Reads a world file and the models of `robots` in it; of all of them if `robots` is empty.
///
/// # Errors
/// A file that cannot be read, a robot that is not in the world, and whatever is wrong with world or models.
pub fn load_world(
    world_file: &Path,
    model_folder: &Path,
    robots: &[String],
) -> Result<LoadedWorld, Error> {
    let world = read_world(world_file)?;
    if let Some(unknown) = robots.iter().find(|r| world.robot(r).is_none()) {
        let known: Vec<&str> = world.robots.iter().map(|r| r.name.as_str()).collect();
        return Err(Error::UnknownRobot {
            robot: unknown.clone(),
            world_file: world_file.display().to_string(),
            known: known.join(", "),
        });
    }
    let asked = |placement: &&RobotPlacement| {
        robots.is_empty() || robots.iter().any(|r| r == placement.name.as_str())
    };
    let placements = world.robots.iter().filter(asked);
    let robots = placements
        .map(|placement| read_model(placement, model_folder))
        .collect::<Result<_, _>>()?;
    Ok(LoadedWorld { world, robots })
}

/// Reads a world file, without its robots' models.
///
/// # Errors
/// A file that cannot be read, and whatever is wrong with the world.
pub fn read_world(world_file: &Path) -> Result<World, Error> {
    let yaml = read_text("world_file", world_file)?;
    Ok(World::from_yaml(&world_file.display().to_string(), &yaml)?)
}

/// Reads a robot of a world file, with what its joints are for ([`load_robot`]). Models that are named without a path are
/// looked for as `params/robots/MODEL.yaml` beside the folder of models, and then in it ([`robot_source`]); packages are
/// those of this process' environment ([`PackagePaths::from_environment`]).
///
/// # Errors
/// A file that cannot be read, and whatever is wrong with the model or its layout.
pub fn read_model(placement: &RobotPlacement, model_folder: &Path) -> Result<RobotModel, Error> {
    let packages = PackagePaths::from_environment(Vec::new());
    load_placed(placement, model_folder, &packages)?.into_model()
}

/// Reads a robot of a world file with all that is known of it, as [`read_model`], but from these packages.
///
/// # Errors
/// A file that cannot be read, and whatever is wrong with the model or its layout.
pub fn load_placed(
    placement: &RobotPlacement,
    model_folder: &Path,
    packages: &PackagePaths,
) -> Result<LoadedRobot, Error> {
    let robots = match model_folder.parent() {
        Some(top) => top.join(ROBOT_FILES),
        None => ROBOT_FILES.into(),
    };
    let file = robot_source(&placement.model, model_folder, &robots, packages)?;
    let robot = load_robot(placement.name.clone(), &file, packages)?;
    check_posture(placement, &robot)?;
    Ok(robot)
}

/// Checks that a robot has the posture in which its world wants it to start.
fn check_posture(placement: &RobotPlacement, robot: &LoadedRobot) -> Result<(), Error> {
    let postures = &robot.layout.postures;
    match &placement.posture {
        Some(posture) if !postures.contains_key(posture) => {
            let known: Vec<&str> = postures.keys().map(String::as_str).collect();
            Err(Error::UnknownPosture {
                robot: placement.name.to_string(),
                posture: posture.clone(),
                known: match known.is_empty() {
                    true => "it has none".to_owned(),
                    false => known.join(", "),
                },
            })
        }
        _ => Ok(()),
    }
}
