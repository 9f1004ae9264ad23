//! The files that belong to a run and are kept with its recording.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use physical_ai_description::{PackagePaths, load_placed};
use physical_ai_domain::{RobotName, World};

use super::mcap_file::McapFile;
use crate::arguments::{Global, RecordArguments};
use crate::environment;
use crate::supervisor::State;

/// Attachment that holds the world file.
pub const WORLD: &str = "world.yaml";

/// Name of the attachment that holds a robot's description, whatever file or package it came from.
pub fn description_name(robot: &RobotName) -> String {
    format!("{robot}.urdf")
}

/// Name of the attachment that says what a robot's joints are for.
pub fn layout_name(robot: &RobotName) -> String {
    format!("{robot}.layout.yaml")
}

/// Metadata record with the facts about the run.
const RUN: &str = "physical_ai_run";

/// Keeps what is known before the first message.
///
/// # Errors
/// A world or mission file that was named and cannot be read, or a world that is none.
pub fn keep_named(
    file: &mut McapFile,
    global: &Global,
    options: &RecordArguments,
    wall_ns: i64,
) -> anyhow::Result<()> {
    let facts = BTreeMap::from([
        ("namespace".to_owned(), global.namespace.clone()),
        ("domain_id".to_owned(), environment::domain_id().to_string()),
        ("started_unix_ns".to_owned(), wall_ns.to_string()),
        ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ]);
    file.write_metadata(RUN, facts)?;
    if let Some(path) = &options.world {
        let models = environment::project_root().map(|root| root.join("urdf"));
        let packages = PackagePaths::from_environment(Vec::new());
        keep_world(file, path, models.as_deref(), &packages)?;
    }
    for (index, mission) in options.mission.iter().enumerate() {
        let path = Path::new(mission);
        let (ending, text) = if path.is_file() {
            let text = std::fs::read(path)
                .with_context(|| format!("--mission {mission}: cannot be read"))?;
            let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("txt");
            (ending.to_owned(), text)
        } else {
            ("txt".to_owned(), mission.clone().into_bytes())
        };
        file.attach(
            &format!("mission_{}.{ending}", index + 1),
            "text/plain",
            &text,
        )?;
    }
    Ok(())
}

/// Keeps the files of the deployment that `physical-ai up` runs here. Returns true once there is one.
///
/// # Errors
/// When the recording cannot be written.
pub fn keep_deployment(file: &mut McapFile, global: &Global) -> anyhow::Result<bool> {
    let Some(state) = State::load_running(&environment::state_file(global)) else {
        return Ok(false);
    };
    if let Ok(text) = std::fs::read(&state.deployment) {
        file.attach("deployment.yaml", "application/yaml", &text)?;
    }
    if state.world_file.is_file() {
        let models = Some(state.model_folder.as_path()).filter(|p| p.is_dir());
        let packages = PackagePaths::from_environment(state.package_path);
        if let Err(error) = keep_world(file, &state.world_file, models, &packages) {
            eprintln!("record: the world is not kept: {error:#}");
        }
    }
    Ok(true)
}

/// Keeps a world file, and of each of its robots the description and what its joints are for.
fn keep_world(
    file: &mut McapFile,
    path: &Path,
    models: Option<&Path>,
    packages: &PackagePaths,
) -> anyhow::Result<()> {
    let name = path.display().to_string();
    let yaml = std::fs::read_to_string(path)
        .with_context(|| format!("world file {name} cannot be read"))?;
    let world = World::from_yaml(&name, &yaml)?;
    file.attach(WORLD, "application/yaml", yaml.as_bytes())?;
    for robot in &world.robots {
        let loaded = match load_placed(robot, models.unwrap_or(Path::new("")), packages) {
            Ok(loaded) => loaded,
            Err(error) => {
                eprintln!(
                    "record: the description of {} is not kept: {error}",
                    robot.name
                );
                continue;
            }
        };
        let urdf = description_name(&robot.name);
        file.attach(
            &urdf,
            "application/xml",
            loaded.model.source.urdf.as_bytes(),
        )?;
        let layout = serde_yaml_ng::to_string(&loaded.layout)?;
        let name = layout_name(&robot.name);
        file.attach(&name, "application/yaml", layout.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mcap::read::LinearReader;
    use mcap::records::Record;

    use super::*;

    const ROBOT: &str = r#"<robot name="r"><link name="base"/><link name="tool0"/>
        <joint name="j" type="fixed"><parent link="base"/><child link="tool0"/></joint></robot>"#;

    /// Names of what is kept of a world of one robot with this model.
    fn kept(model: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("packages/arm_description");
        std::fs::create_dir_all(&package).unwrap();
        std::fs::write(package.join("arm.urdf"), ROBOT).unwrap();
        let world = folder.path().join("w.yaml");
        let yaml = format!("robots: [{{name: arm_1, model: \"{model}\", pose: {{x: 0, y: 0}}}}]");
        std::fs::write(&world, yaml).unwrap();
        let path = folder.path().join("run.mcap");
        let mut file = McapFile::create(&path).unwrap();
        let packages = PackagePaths::new(vec![folder.path().join("packages")], None);
        keep_world(&mut file, &world, None, &packages).unwrap();
        file.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let records = LinearReader::new(&bytes).unwrap().map(Result::unwrap);
        let names = records.filter_map(|record| match record {
            Record::Attachment { header, .. } => Some(header.name),
            _ => None,
        });
        names.collect()
    }

    #[test]
    fn description_is_kept_by_the_robots_name_wherever_it_comes_from() {
        let kept_of_package = kept("package://arm_description/arm.urdf");
        let expected = [WORLD, "arm_1.urdf", "arm_1.layout.yaml"];
        assert_eq!(kept_of_package, expected);
        // The world is kept where a robot of it cannot be read.
        assert_eq!(kept("package://ghost/arm.urdf"), [WORLD]);
    }
}
