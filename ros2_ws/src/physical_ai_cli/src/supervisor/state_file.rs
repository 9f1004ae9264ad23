//! What runs, in a file that other commands and tests read.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// A running deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Process id of `physical-ai up`.
    pub pid: u32,
    /// Deployment file.
    pub deployment: PathBuf,
    /// Namespace without slashes around it.
    pub namespace: String,
    /// ROS domain.
    pub domain_id: u16,
    /// Working folder of the nodes.
    pub root: PathBuf,
    /// World file, absolute; empty if no node has one.
    pub world_file: PathBuf,
    /// Folder of robot models, absolute; empty if no node has one.
    pub model_folder: PathBuf,
    /// Folders of packages beside those of the ROS environment, absolute.
    pub package_path: Vec<PathBuf>,
    /// Nodes in the order in which they started.
    pub nodes: Vec<NodeState>,
}

/// One node of a running deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeState {
    /// Node name.
    pub name: String,
    /// Process id; 0 while none runs.
    pub pid: u32,
    /// How often it was started again.
    pub restarts: u32,
    /// `starting`, `started`, `ready`, `restarting`, `finished` or `gave_up`.
    pub state: String,
}

impl State {
    /// Writes the file so that a reader sees the old or the new content, never half.
    ///
    /// # Errors
    /// Names the file.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("state folder {} cannot be made", folder.display()))?;
        }
        let temporary = path.with_extension("json.tmp");
        let json = serde_json::to_vec_pretty(self)?;
        std::fs::write(&temporary, json)
            .and_then(|()| std::fs::rename(&temporary, path))
            .with_context(|| format!("state file {} cannot be written", path.display()))
    }

    /// Reads a state file; none if there is none or it is not one.
    pub fn load(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// The state of a deployment whose supervisor lives.
    pub fn load_running(path: &Path) -> Option<Self> {
        Self::load(path).filter(|state| is_running(state.pid, "physical-ai"))
    }
}

/// Whether a process runs and its program's name contains `program`; ids are used again.
pub fn is_running(pid: u32, program: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/cmdline"))
        .is_ok_and(|line| line.split('\0').next().is_some_and(|p| p.contains(program)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_survives_the_file_and_knows_dead_supervisors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.json");
        let state = State {
            pid: u32::MAX,
            deployment: "d.yaml".into(),
            namespace: "fleet".into(),
            domain_id: 7,
            root: "/r".into(),
            world_file: "/r/w.yaml".into(),
            model_folder: PathBuf::new(),
            package_path: vec!["/p".into()],
            nodes: vec![NodeState {
                name: "n".into(),
                pid: 5,
                restarts: 1,
                state: "ready".into(),
            }],
        };
        state.save(&path).unwrap();
        assert_eq!(State::load(&path), Some(state));
        assert_eq!(State::load_running(&path), None);
        assert!(!is_running(std::process::id(), "no such program"));
    }
}
