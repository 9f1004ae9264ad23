use std::path::PathBuf;

/// Where a node keeps what has to survive its process: `NAME-DOMAIN-NAMESPACE.NODE.ENDING` in
/// `$XDG_STATE_HOME/physical_ai` or `~/.local/state/physical_ai`. Suites in other domains and
/// namespaces have their own.
pub fn state_path(name: &str, namespace: &str, node_name: &str, ending: &str) -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
    let folder = variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".local/state")))
        .unwrap_or_else(std::env::temp_dir);
    let domain = std::env::var("ROS_DOMAIN_ID").unwrap_or_default();
    let domain = domain.trim().parse::<u16>().unwrap_or(0);
    let place = format!("{}/{node_name}", namespace.trim_matches('/'));
    let place = place.trim_matches('/').replace('/', ".");
    folder.join(format!("physical_ai/{name}-{domain}-{place}.{ending}"))
}
