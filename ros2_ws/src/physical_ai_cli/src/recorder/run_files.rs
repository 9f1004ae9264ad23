//! The files that belong to a run and are kept with its recording.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use physical_ai_description::read_model;
use physical_ai_domain::World;

use super::mcap_file::McapFile;
use crate::arguments::{Global, RecordArguments};
use crate::environment;
use crate::supervisor::State;

/// Attachment that holds the world file.
pub const WORLD: &str = "world.yaml";
/// Ending of the attachments that hold robot models.
pub const MODEL_ENDING: &str = ".urdf";

/// Name of the attachment that says what the joints of a model are for.
pub fn layout_name(model: &str) -> String {
    format!("{model}.layout.yaml")
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
        keep_world(file, path, models.as_deref())?;
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
        if let Err(error) = keep_world(file, &state.world_file, models) {
            eprintln!("record: the world is not kept: {error:#}");
        }
    }
    Ok(true)
}

fn keep_world(file: &mut McapFile, path: &Path, models: Option<&Path>) -> anyhow::Result<()> {
    let name = path.display().to_string();
    let yaml = std::fs::read_to_string(path)
        .with_context(|| format!("world file {name} cannot be read"))?;
    let world = World::from_yaml(&name, &yaml)?;
    file.attach(WORLD, "application/yaml", yaml.as_bytes())?;
    for robot in &world.robots {
        let Some(model) = models.and_then(|m| read_model(robot, m).ok()) else {
            continue;
        };
        let urdf = format!("{}{MODEL_ENDING}", robot.model);
        file.attach(&urdf, "application/xml", model.source.urdf.as_bytes())?;
        let layout = serde_yaml_ng::to_string(&model.layout)?;
        let name = layout_name(&robot.model);
        file.attach(&name, "application/yaml", layout.as_bytes())?;
    }
    Ok(())
}
