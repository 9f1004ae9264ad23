//! A deployment's programs, parameter files, world and robot models.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use physical_ai_description::read_model;
use physical_ai_domain::World;

use super::check::Check;
use crate::deployment::Deployment;
use crate::environment;

const BUILD: &str = "build it with `make build`, or source the installation that holds it";
/// A program that only prints its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// Checks everything that the deployment file at `path` names.
pub async fn checks(path: &Path) -> Vec<Check> {
    let deployment = match Deployment::load(path) {
        Ok(deployment) => deployment,
        Err(error) => {
            return vec![Check::fail(
                "deployment",
                format!("{error:#}"),
                "correct the file, or name another with --deployment",
            )];
        }
    };
    let mut checks = vec![Check::ok(
        "deployment",
        format!("{} ({} nodes)", path.display(), deployment.nodes.len()),
    )];
    checks.extend(executables(&deployment).await);
    checks.extend(parameter_files(&deployment));
    if let Some(world) = deployment.text_parameter("world_file") {
        let models = deployment.text_parameter("model_folder").unwrap_or("urdf");
        checks.extend(world_and_models(
            &deployment.root.join(world),
            &deployment.root.join(models),
        ));
    }
    if let Some(model) = deployment.text_parameter("model_file") {
        checks.push(language_model(&deployment.root.join(model)));
    }
    checks
}

fn language_model(path: &Path) -> Check {
    if path.exists() {
        Check::ok("language model", path.display().to_string())
    } else {
        Check::fail(
            "language model",
            format!("{} does not exist", path.display()),
            "name a GGUF file with --set NODE.model_file=FILE, or plan by rules: leave the inference \
             worker out of the deployment, and planner_worker of the orchestrator empty",
        )
    }
}

/// Programs exist and their libraries (ROS, interfaces, MuJoCo) load: `--version` needs them all.
async fn executables(deployment: &Deployment) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut seen = BTreeSet::new();
    for node in &deployment.nodes {
        if !seen.insert(node.executable.as_str()) {
            continue;
        }
        let name = format!("executable {}", node.executable);
        let program = match environment::find_executable(&node.package, &node.executable) {
            Ok(program) => program,
            Err(error) => {
                checks.push(Check::fail(&name, error.to_string(), BUILD));
                continue;
            }
        };
        checks.push(match version_of(&program).await {
            Ok(version) => Check::ok(&name, format!("{} ({version})", program.display())),
            Err(problem) => Check::fail(
                &name,
                format!("{} does not start: {problem}", program.display()),
                "a library that it was linked with is missing or was moved: run `make build` again",
            ),
        });
    }
    checks
}

async fn version_of(program: &Path) -> Result<String, String> {
    let output = tokio::process::Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, output)
        .await
        .map_err(|_| format!("no answer to --version within {} s", PATIENCE.as_secs()))?
        .map_err(|e| e.to_string())?;
    let first_line = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().next().unwrap_or_default().to_owned()
    };
    if output.status.success() {
        Ok(first_line(&output.stdout))
    } else {
        Err(format!("{}: {}", output.status, first_line(&output.stderr)))
    }
}

fn parameter_files(deployment: &Deployment) -> Vec<Check> {
    let files: BTreeSet<&String> = deployment
        .nodes
        .iter()
        .flat_map(|n| &n.params_files)
        .collect();
    files
        .into_iter()
        .map(|file| {
            let path = deployment.root.join(file);
            let name = format!("parameter file {file}");
            let mend = "correct the file or the deployment that names it";
            match std::fs::read_to_string(&path) {
                Err(error) => Check::fail(&name, format!("{}: {error}", path.display()), mend),
                Ok(text) => match serde_yaml_ng::from_str::<serde_yaml_ng::Value>(&text) {
                    Err(error) => Check::fail(&name, format!("is not YAML: {error}"), mend),
                    Ok(_) => Check::ok(&name, "is YAML"),
                },
            }
        })
        .collect()
}

/// The world file and the model of every robot in it.
fn world_and_models(world_file: &Path, model_folder: &Path) -> Vec<Check> {
    let name = world_file.display().to_string();
    let mend = "correct the file; README.md says what it may hold";
    let world = std::fs::read_to_string(world_file)
        .map_err(|e| format!("{name} cannot be read: {e}"))
        .and_then(|yaml| World::from_yaml(&name, &yaml).map_err(|e| e.to_string()));
    let world = match world {
        Ok(world) => world,
        Err(problem) => return vec![Check::fail("world", problem, mend)],
    };
    let mut checks = vec![Check::ok(
        "world",
        format!(
            "{name} ({} robots, {} boxes, {} places)",
            world.robots.len(),
            world.boxes.len(),
            world.places.len()
        ),
    )];
    let mut seen = BTreeSet::new();
    for robot in &world.robots {
        if !seen.insert(robot.model.as_str()) {
            continue;
        }
        let name = format!("robot model {}", robot.model);
        checks.push(match read_model(robot, model_folder) {
            Ok(model) => Check::ok(
                &name,
                format!(
                    "{} ({} movable joints)",
                    model_folder.display(),
                    model.movable().len()
                ),
            ),
            Err(problem) => Check::fail(&name, problem.to_string(), mend),
        });
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    fn find<'a>(checks: &'a [Check], name: &str) -> &'a Check {
        checks.iter().find(|c| c.name == name).unwrap()
    }

    async fn check_folder(files: &[(&str, &str)]) -> Vec<Check> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        checks(&folder.path().join("d.yaml")).await
    }

    #[tokio::test]
    async fn missing_programs_and_bad_worlds_fail_by_name() {
        let checks = check_folder(&[
            (
                "d.yaml",
                "nodes: [{executable: no_such_worker, parameters: {world_file: w.yaml, model_folder: .}}]",
            ),
            ("w.yaml", "robots: [{name: r, model: m, pose: {x: .nan}}]"),
        ])
        .await;
        let program = find(&checks, "executable no_such_worker");
        assert_eq!(program.verdict, Verdict::Fail);
        assert!(program.mend.contains("make build"));
        let world = find(&checks, "world");
        assert_eq!(world.verdict, Verdict::Fail);
        assert!(world.found.contains("w.yaml"), "{}", world.found);
    }

    #[tokio::test]
    async fn broken_models_and_parameter_files_fail_by_name() {
        let checks = check_folder(&[
            (
                "d.yaml",
                "nodes: [{executable: /bin/true, params_files: [p.yaml, q.yaml], parameters: {world_file: w.yaml, model_folder: .}}]",
            ),
            ("w.yaml", "robots: [{name: r, model: m, pose: {x: 0.0, y: 0.0}}]"),
            ("m.urdf", "<robot name='m'>"),
            ("p.yaml", "{"),
        ])
        .await;
        assert_eq!(find(&checks, "executable /bin/true").verdict, Verdict::Ok);
        assert_eq!(find(&checks, "world").verdict, Verdict::Ok);
        for name in [
            "robot model m",
            "parameter file p.yaml",
            "parameter file q.yaml",
        ] {
            assert_eq!(find(&checks, name).verdict, Verdict::Fail, "{name}");
        }
    }

    #[tokio::test]
    async fn programs_that_do_not_start_fail() {
        let checks = check_folder(&[("d.yaml", "nodes: [{executable: /bin/false}]")]).await;
        let program = find(&checks, "executable /bin/false");
        assert_eq!(program.verdict, Verdict::Fail);
        assert!(program.found.contains("does not start"));
    }

    #[tokio::test]
    async fn deployment_that_does_not_load_fails() {
        let checks = check_folder(&[("d.yaml", "nodes: []")]).await;
        assert_eq!(checks[0].verdict, Verdict::Fail);
    }

    #[tokio::test]
    async fn shipped_world_and_models_are_fine() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
        let checks = world_and_models(&root.join("params/worlds/demo.yaml"), &root.join("urdf"));
        assert!(checks.len() >= 3);
        assert!(
            checks.iter().all(|c| c.verdict == Verdict::Ok),
            "{checks:?}"
        );
    }
}
