//! Message definitions as MCAP wants them: one text with everything that a type consists of.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;

const PRIMITIVES: [&str; 17] = [
    "bool", "byte", "char", "float32", "float64", "int8", "uint8", "int16", "uint16", "int32",
    "uint32", "int64", "uint64", "string", "wstring", "time", "duration",
];

/// The definition of `package/msg/Type` followed by those of all types that it contains, as
/// encoding `ros2msg` has it.
///
/// # Errors
/// Names the type whose .msg file no prefix has.
pub fn definition(type_name: &str, prefixes: &[PathBuf]) -> anyhow::Result<String> {
    let root = type_name.replace("/msg/", "/");
    let mut seen = BTreeSet::from([root.clone()]);
    let mut waiting = VecDeque::from([root]);
    let mut text = String::new();
    while let Some(name) = waiting.pop_front() {
        let source = source(&name, prefixes)?;
        if !text.is_empty() {
            let _ = write!(text, "\n{}\nMSG: {name}\n", "=".repeat(80));
        }
        text.push_str(source.trim_end());
        text.push('\n');
        let package = name.split('/').next().unwrap_or_default();
        for part in contained(&source, package) {
            if seen.insert(part.clone()) {
                waiting.push_back(part);
            }
        }
    }
    Ok(text)
}

/// True if the first field is a std_msgs/Header, whose stamp then stands at a known place.
pub fn starts_with_header(definition: &str) -> bool {
    definition
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .find(|line| !line.is_empty() && !line.contains('='))
        .and_then(|line| line.split_whitespace().next())
        .is_some_and(|kind| matches!(kind, "std_msgs/Header" | "std_msgs/msg/Header"))
}

fn source(name: &str, prefixes: &[PathBuf]) -> anyhow::Result<String> {
    let (package, kind) = name
        .split_once('/')
        .with_context(|| format!("message type {name:?}: expected package/Type"))?;
    let file = format!("share/{package}/msg/{kind}.msg");
    prefixes
        .iter()
        .find_map(|prefix| std::fs::read_to_string(prefix.join(&file)).ok())
        .with_context(|| {
            format!(
                "definition of {name} not found: no ROS prefix has {file}; source the one that does"
            )
        })
}

/// Types of the fields that are messages themselves, as `package/Type`.
fn contained(source: &str, package: &str) -> Vec<String> {
    source
        .lines()
        .filter_map(|line| {
            let line = line.split('#').next()?;
            let kind = line.split_whitespace().next()?;
            let kind = kind.split(['[', '<']).next()?;
            if PRIMITIVES.contains(&kind) {
                return None;
            }
            Some(match kind.replace("/msg/", "/") {
                header if header == "Header" => "std_msgs/Header".to_owned(),
                full if full.contains('/') => full,
                local => format!("{package}/{local}"),
            })
        })
        .collect()
}

/// The stamp of a message that starts with a header or a time, read without knowing the message: after
/// four bytes that tell the byte order come seconds and nanoseconds.
pub fn first_stamp_ns(cdr: &[u8]) -> Option<i64> {
    let is_little = cdr.get(1)? & 1 == 1;
    let sec: [u8; 4] = cdr.get(4..8)?.try_into().ok()?;
    let nanosec: [u8; 4] = cdr.get(8..12)?.try_into().ok()?;
    let (sec, nanosec) = if is_little {
        (i32::from_le_bytes(sec), u32::from_le_bytes(nanosec))
    } else {
        (i32::from_be_bytes(sec), u32::from_be_bytes(nanosec))
    };
    let stamp = i64::from(sec) * 1_000_000_000 + i64::from(nanosec);
    (stamp != 0).then_some(stamp)
}

#[cfg(test)]
mod tests {
    use physical_ai_ros::msg::std_msgs::msg::Header;
    use physical_ai_ros::{serialize, time_to_msg};

    use super::*;

    fn write(folder: &std::path::Path, name: &str, text: &str) {
        let path = folder.join("share").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn definition_holds_every_contained_type_once() {
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            "a/msg/Outer.msg",
            "# About\nuint8 X=1 # y\nstd_msgs/Header header\nInner[] parts\nInner[3] more\nstring<=5 name\nfloat64[<=2] f\n",
        );
        write(folder.path(), "a/msg/Inner.msg", "b/msg/Time stamp\n");
        write(folder.path(), "b/msg/Time.msg", "int32 sec\n");
        write(folder.path(), "std_msgs/msg/Header.msg", "b/Time stamp\n");
        let prefixes = [PathBuf::from("/nonexistent"), folder.path().to_path_buf()];
        let text = definition("a/msg/Outer", &prefixes).unwrap();
        let parts: Vec<&str> = text.lines().filter(|l| l.starts_with("MSG: ")).collect();
        assert_eq!(
            parts,
            ["MSG: std_msgs/Header", "MSG: a/Inner", "MSG: b/Time"]
        );
        assert!(starts_with_header(&text));
        assert!(!starts_with_header("# std_msgs/Header h\nint8 a\n"));
        let error = definition("a/msg/Missing", &prefixes).unwrap_err();
        assert!(error.to_string().contains("a/Missing"), "{error}");
    }

    #[test]
    fn header_stamp_is_read_from_the_bytes() {
        let check = |seconds: f64, expected: Option<i64>| {
            let header = Header {
                stamp: time_to_msg(physical_ai_domain::Time::from_seconds(seconds)),
                frame_id: "world".to_owned(),
            };
            assert_eq!(first_stamp_ns(&serialize(&header).unwrap()), expected);
        };
        check(12.5, Some(12_500_000_000));
        check(0.0, None);
        assert_eq!(first_stamp_ns(&[0, 1, 0, 0, 1]), None);
    }
}
