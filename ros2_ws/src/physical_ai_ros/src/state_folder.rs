use std::path::{Path, PathBuf};

/// Where a node keeps what has to survive the machine: `NAME-DOMAIN-NAMESPACE.NODE.ENDING` in
/// `$XDG_STATE_HOME/physical_ai` or `~/.local/state/physical_ai`. Suites in other domains and
/// namespaces have their own.
pub fn state_path(name: &str, namespace: &str, node_name: &str, ending: &str) -> PathBuf {
    let folder = variable("XDG_STATE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local/state")))
        .unwrap_or_else(std::env::temp_dir);
    let folder = folder.join("physical_ai");
    folder.join(file_name(name, namespace, node_name, ending))
}

/// Where a node keeps what has to survive its process only: in `$XDG_RUNTIME_DIR/physical_ai` or the
/// user's folder in `/dev/shm`, both in memory, so that writing never waits for a disk.
pub fn runtime_path(name: &str, namespace: &str, node_name: &str, ending: &str) -> PathBuf {
    let folder = variable("XDG_RUNTIME_DIR").map_or_else(shared_memory, |f| f.join("physical_ai"));
    folder.join(file_name(name, namespace, node_name, ending))
}

/// A folder that users do not share.
fn shared_memory() -> PathBuf {
    use std::os::unix::fs::MetadataExt as _;
    let user = std::fs::metadata("/proc/self").map_or(0, |m| m.uid());
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        memory.to_path_buf()
    } else {
        std::env::temp_dir()
    };
    folder.join(format!("physical_ai-{user}"))
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|v| !v.is_empty())
        .map(PathBuf::from)
}

fn file_name(name: &str, namespace: &str, node_name: &str, ending: &str) -> String {
    let domain = std::env::var("ROS_DOMAIN_ID").unwrap_or_default();
    let domain = domain.trim().parse::<u16>().unwrap_or(0);
    let place = format!("{}/{node_name}", namespace.trim_matches('/'));
    let place = place.trim_matches('/').replace('/', ".");
    format!("{name}-{domain}-{place}.{ending}")
}
