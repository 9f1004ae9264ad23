//! Where things lie: the checkout or the installation, executables, interfaces, runtime files.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::arguments::{Arguments, BenchCommand, Command, Global};

const PROFILE_VARIABLES: [&str; 2] = [
    "FASTRTPS_DEFAULT_PROFILES_FILE",
    "FASTDDS_DEFAULT_PROFILES_FILE",
];

/// How much nicer than the nodes of a suite a command is that only asks: each step is about a quarter less of a
/// processor that both want.
const NICE: i32 = 5;

/// Lets the nodes of a suite run first: many commands at once must not keep a robot waiting for its set points.
pub fn give_way() {
    // Called before any other thread exists, which all take it over. Where it is refused, all run alike.
    let _ = rustix::process::nice(NICE);
}

/// Sets the ROS domain and the Fast DDS profile for this process and what it starts.
pub fn prepare(arguments: &Arguments) {
    // A bench must not meet a suite that runs beside it.
    let of_its_own = match &arguments.command {
        Command::Bench(bench) => match bench.what {
            BenchCommand::Control(_) | BenchCommand::Planning(_) => {
                Some(1 + (std::process::id() % 100) as u16)
            }
            BenchCommand::Kinematics(_) | BenchCommand::Llm(_) => None,
        },
        _ => None,
    };
    let domain = arguments.global.domain_id.or(of_its_own);
    let profile = project_root().map(|root| root.join("params/fastdds.xml"));
    // SAFETY: called first in main, before any other thread exists.
    unsafe {
        if let Some(domain) = domain {
            std::env::set_var("ROS_DOMAIN_ID", domain.to_string());
        }
        for variable in PROFILE_VARIABLES {
            // Users may have one of their own.
            let is_given = std::env::var_os(variable).is_some();
            if let Some(file) = profile.as_ref().filter(|file| !is_given && file.exists()) {
                std::env::set_var(variable, file);
            }
        }
    }
}

/// The ROS domain that this process uses.
pub fn domain_id() -> u16 {
    std::env::var("ROS_DOMAIN_ID")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0)
}

/// For messages: where was looked.
pub fn place_of_suite(global: &Global) -> String {
    format!(
        "namespace \"/{}\" of ROS domain {}",
        global.namespace,
        domain_id()
    )
}

/// The folder that holds params/, urdf/ and, in a checkout, target/: a parent of the working folder
/// or of this program, or an installed physical_ai_bringup.
pub fn project_root() -> Option<PathBuf> {
    let is_root = |p: &Path| p.join("params/deployments").is_dir();
    let mut candidates: Vec<PathBuf> = Vec::new();
    if let Ok(here) = std::env::current_dir() {
        candidates.extend(here.ancestors().map(Path::to_path_buf));
    }
    if let Some(program) = program_folder() {
        // install/lib/<package>/physical-ai → install/share/physical_ai_bringup
        for folder in program.ancestors().take(5) {
            candidates.push(folder.to_path_buf());
            candidates.push(folder.join("share/physical_ai_bringup"));
            candidates.push(folder.join("physical_ai_bringup/share/physical_ai_bringup"));
        }
    }
    for prefix in ament_prefixes() {
        candidates.push(prefix.join("share/physical_ai_bringup"));
    }
    candidates.into_iter().find(|p| is_root(p))
}

/// The deployment that is named; where none is, the demo's.
pub fn deployment(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let root = project_root().context(
        "no params/deployments found above the working folder or beside this program: \
         name a deployment file, or go to the checkout",
    )?;
    Ok(root.join("params/deployments/demo.yaml"))
}

/// Folder of this program.
pub fn program_folder() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    // A program that was replaced while it runs reads as "… (deleted)"; its folder is right.
    program.parent().map(Path::to_path_buf)
}

/// Prefixes with ROS packages: the sourced ones, then those that this program was built with.
pub fn ament_prefixes() -> Vec<PathBuf> {
    let sourced = std::env::var("AMENT_PREFIX_PATH").unwrap_or_default();
    let built = option_env!("AMENT_PREFIX_PATH").unwrap_or_default();
    let mut prefixes: Vec<PathBuf> = Vec::new();
    for prefix in sourced.split(':').chain(built.split(':')) {
        let prefix = PathBuf::from(prefix);
        if !prefix.as_os_str().is_empty() && !prefixes.contains(&prefix) {
            prefixes.push(prefix);
        }
    }
    prefixes
}

/// Finds a node's executable: beside this program, or in lib/<package> of a ROS installation.
///
/// # Errors
/// Says where was looked and how to build it.
pub fn find_executable(package: &str, executable: &str) -> anyhow::Result<PathBuf> {
    if executable.contains('/') {
        let path = PathBuf::from(executable);
        anyhow::ensure!(path.is_file(), "executable {executable:?} does not exist");
        return Ok(path);
    }
    let mut candidates = Vec::new();
    if let Some(folder) = program_folder() {
        candidates.push(folder.join(executable));
        if let Some(parent) = folder.parent() {
            candidates.push(parent.join(package).join(executable));
        }
    }
    for prefix in ament_prefixes() {
        candidates.push(prefix.join("lib").join(package).join(executable));
    }
    if let Some(path) = candidates.iter().find(|p| p.is_file()) {
        return Ok(path.clone());
    }
    let looked: Vec<String> = candidates.iter().map(|p| p.display().to_string()).collect();
    anyhow::bail!(
        "executable {executable:?} of package {package:?} not found (looked for {}): \
         build it with `make build`, or source the installation that holds it",
        looked.join(", ")
    )
}

/// Folder of state files.
pub fn runtime_folder() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|v| !v.is_empty()) {
        Some(folder) => PathBuf::from(folder).join("physical_ai"),
        None => std::env::temp_dir().join(format!("physical_ai-{}", nix::unistd::getuid())),
    }
}

/// State file of the deployment that runs in a domain and namespace.
pub fn state_file(global: &Global) -> PathBuf {
    let namespace = global.namespace.replace('/', ".");
    runtime_folder().join(format!("up-{}-{namespace}.json", domain_id()))
}
