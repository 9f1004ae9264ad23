//! The machine: ROS environment, middleware, interfaces, Python, cores, memory.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use super::check::Check;
use crate::environment;

const MEMORY_MIB: u64 = 1024;

/// All checks that need no other program.
pub fn checks() -> Vec<Check> {
    vec![
        cores(),
        memory(&std::fs::read_to_string("/proc/meminfo").unwrap_or_default()),
        middleware(std::env::var("RMW_IMPLEMENTATION").ok().as_deref()),
        domain(std::env::var("ROS_DOMAIN_ID").ok().as_deref()),
        profile(std::env::var_os("FASTRTPS_DEFAULT_PROFILES_FILE").map(PathBuf::from)),
        discovery(
            std::env::var("ROS_AUTOMATIC_DISCOVERY_RANGE")
                .ok()
                .as_deref(),
        ),
        interfaces(&environment::ament_prefixes()),
    ]
}

fn cores() -> Check {
    match std::thread::available_parallelism() {
        Ok(n) if n.get() >= 2 => Check::ok("cores", n.to_string()),
        Ok(n) => Check::warn(
            "cores",
            n.to_string(),
            "control at 200 Hz beside a simulation wants 2 cores",
        ),
        Err(error) => Check::warn("cores", error.to_string(), ""),
    }
}

fn memory(meminfo: &str) -> Check {
    let available = meminfo
        .lines()
        .find_map(|l| l.strip_prefix("MemAvailable:"))
        .and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok());
    match available.map(|kib| kib / 1024) {
        Some(mib) if mib >= MEMORY_MIB => Check::ok("memory", format!("{mib} MiB available")),
        Some(mib) => Check::warn(
            "memory",
            format!("{mib} MiB available"),
            &format!("a suite with two robots wants {MEMORY_MIB} MiB: close something"),
        ),
        None => Check::warn("memory", "/proc/meminfo does not tell", ""),
    }
}

fn middleware(variable: Option<&str>) -> Check {
    match variable {
        None | Some("" | "rmw_fastrtps_cpp") => {
            Check::ok("middleware", variable.unwrap_or("the default, Fast DDS"))
        }
        Some(other) => Check::warn(
            "middleware",
            format!("RMW_IMPLEMENTATION={other}"),
            "the suite is tested with rmw_fastrtps_cpp; others must be installed, and every program \
             must use the same",
        ),
    }
}

fn domain(variable: Option<&str>) -> Check {
    match variable.map(str::trim) {
        None | Some("") => Check::ok("ROS domain", "0 (ROS_DOMAIN_ID is not set)"),
        Some(text) => match text.parse::<u8>() {
            Ok(id) if id <= 101 => Check::ok("ROS domain", id.to_string()),
            Ok(id) if id <= 232 => Check::warn(
                "ROS domain",
                id.to_string(),
                "above 101 its ports may be in use by other programs on Linux",
            ),
            _ => Check::fail(
                "ROS domain",
                format!("ROS_DOMAIN_ID={text:?}"),
                "set it to a number from 0 to 101",
            ),
        },
    }
}

fn profile(file: Option<PathBuf>) -> Check {
    let name = "Fast DDS profile";
    let Some(file) = file else {
        return Check::warn(
            name,
            "none",
            "starts take longer, and a process that stands still can hold up all others through shared memory; \
             run this in the checkout, or set FASTRTPS_DEFAULT_PROFILES_FILE to its params/fastdds.xml",
        );
    };
    match std::fs::read_to_string(&file) {
        Ok(text) if text.contains("<profiles>") => Check::ok(name, file.display().to_string()),
        Ok(_) => Check::fail(
            name,
            format!("{} holds no profiles", file.display()),
            "unset FASTRTPS_DEFAULT_PROFILES_FILE, or correct the file",
        ),
        Err(error) => Check::fail(
            name,
            format!("{}: {error}", file.display()),
            "unset FASTRTPS_DEFAULT_PROFILES_FILE, or correct its path",
        ),
    }
}

/// rmw_fastrtps 8.4.3 puts shared memory and a UDP transport of its own beside those of the profile there.
fn discovery(range: Option<&str>) -> Check {
    let name = "discovery range";
    match range {
        Some("LOCALHOST") => Check::warn(
            name,
            "ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST",
            "it brings shared memory back, in which a process that stands still can hold up all others, and only 32 \
             processes find each other: unset it, and choose a ROS_DOMAIN_ID that nobody else in the network uses",
        ),
        Some(other) if !other.is_empty() => Check::ok(name, other),
        _ => Check::ok(name, "the default, SUBNET"),
    }
}

fn interfaces(prefixes: &[PathBuf]) -> Check {
    let name = "interface package";
    let index = "share/ament_index/resource_index/packages/physical_ai_msgs";
    match prefixes.iter().find(|p| p.join(index).exists()) {
        Some(prefix) => Check::ok(name, format!("physical_ai_msgs in {}", prefix.display())),
        None => Check::fail(
            name,
            "physical_ai_msgs is in no sourced prefix",
            "make it with `make setup`, or source the installation that holds it",
        ),
    }
}

/// Python with rclpy and the interfaces, for clients in Python.
pub async fn python() -> Vec<Check> {
    let name = "Python client";
    let mend = "only clients in Python need it: `source ros2_ws/setup.bash` in their shell";
    let code = "import rclpy, physical_ai_msgs.action; print(rclpy.__file__)";
    let output = tokio::process::Command::new("python3")
        .args(["-c", code])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let check = match tokio::time::timeout(Duration::from_secs(20), output).await {
        Ok(Ok(output)) if output.status.success() => {
            let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            Check::ok(name, format!("rclpy in {path}"))
        }
        Ok(Ok(output)) => {
            let text = String::from_utf8_lossy(&output.stderr);
            let reason = text.lines().last().unwrap_or_default().to_owned();
            Check::warn(name, reason, mend)
        }
        Ok(Err(error)) => Check::warn(name, format!("python3: {error}"), mend),
        Err(_) => Check::warn(name, "python3 does not answer", mend),
    };
    vec![check]
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    #[test]
    fn domains_are_judged_by_their_ports() {
        let check = |text, expected| assert_eq!(domain(text).verdict, expected, "{text:?}");
        check(None, Verdict::Ok);
        check(Some("71"), Verdict::Ok);
        check(Some("200"), Verdict::Warn);
        check(Some("233"), Verdict::Fail);
        check(Some("many"), Verdict::Fail);
    }

    #[test]
    fn little_memory_is_a_warning() {
        assert_eq!(memory("MemAvailable:  9000000 kB").verdict, Verdict::Ok);
        assert_eq!(memory("MemAvailable:  90000 kB").verdict, Verdict::Warn);
        assert_eq!(memory("").verdict, Verdict::Warn);
    }

    #[test]
    fn range_that_brings_shared_memory_back_is_a_warning() {
        assert_eq!(discovery(None).verdict, Verdict::Ok);
        assert_eq!(discovery(Some("SUBNET")).verdict, Verdict::Ok);
        assert_eq!(discovery(Some("LOCALHOST")).verdict, Verdict::Warn);
    }

    #[test]
    fn profiles_and_interfaces_are_looked_for_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.xml");
        assert_eq!(profile(Some(file.clone())).verdict, Verdict::Fail);
        std::fs::write(&file, "<dds><profiles></profiles></dds>").unwrap();
        assert_eq!(profile(Some(file)).verdict, Verdict::Ok);
        let prefixes = [folder.path().to_path_buf()];
        assert_eq!(interfaces(&prefixes).verdict, Verdict::Fail);
        let index = folder
            .path()
            .join("share/ament_index/resource_index/packages");
        std::fs::create_dir_all(&index).unwrap();
        std::fs::write(index.join("physical_ai_msgs"), "").unwrap();
        assert_eq!(interfaces(&prefixes).verdict, Verdict::Ok);
    }
}
