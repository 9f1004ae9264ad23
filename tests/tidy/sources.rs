//! Size and manners of source files.

use std::path::Path;

use crate::files::{below, short, text};
use crate::none;

const FILE_LINES: usize = 800;
const NODE_LINES: usize = 400;
const FUNCTION_LINES: usize = 60;

/// Functions that are still longer. Nothing is added here but tables; what was split is taken out.
const LONG_FUNCTIONS: [(&str, &str); 0] = [];

fn is_test(path: &Path) -> bool {
    let path = short(path);
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("tests.rs")
}

/// What comes before the tests of a file.
fn without_tests(source: &str) -> &str {
    source
        .split_once("#[cfg(test)]\nmod tests {")
        .map_or(source, |(code, _)| code)
}

/// Functions with their lines of code: signature, body and braces, without comments and blank lines.
/// Relies on rustfmt, which puts the closing brace below the first letter of the signature.
fn functions(source: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = source.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let signature = line.trim_start();
        let Some(name) = function_name(signature) else {
            continue;
        };
        let indent = &line[..line.len() - signature.len()];
        let closing = format!("{indent}}}");
        // A declaration without a body ends with a semicolon in the same column.
        let is_end = |l: &str| {
            let rest = l.strip_prefix(indent).unwrap_or(" ");
            l == closing || (l.ends_with(';') && !rest.starts_with(' '))
        };
        if line.ends_with('}') || line.ends_with(';') {
            continue;
        }
        let Some(length) = lines[start..].iter().position(|l| is_end(l)) else {
            continue;
        };
        let code = lines[start..=start + length]
            .iter()
            .filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with("//"))
            .count();
        found.push((name.to_owned(), code));
    }
    found
}

fn function_name(signature: &str) -> Option<&str> {
    let mut rest = signature;
    loop {
        if let Some(name) = rest.strip_prefix("fn ") {
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            return Some(&name[..end]);
        }
        let (word, after) = rest.split_once(' ')?;
        let modifier = matches!(word, "const" | "async" | "unsafe" | "extern" | "\"C\"")
            || word.starts_with("pub");
        if !modifier {
            return None;
        }
        rest = after;
    }
}

#[test]
fn functions_are_measured_as_a_reader_counts() {
    let source = "impl A {\n    pub(crate) async fn short() {}\n\n    /// Doc.\n    fn long(\n        a: u8,\n    ) -> u8 {\n        // Why.\n\n        if a > 1 {\n        }\n        a\n    }\n}\n\nfn next() {\n    x();\n}\n";
    let expected = [("long".to_owned(), 7), ("next".to_owned(), 3)];
    assert_eq!(functions(source), expected);
}

#[test]
fn no_rust_file_is_too_long() {
    let mut problems = Vec::new();
    for path in ["ros2_ws", "tests"].iter().flat_map(|f| below(f, ".rs")) {
        let lines = text(&path).lines().count();
        let limit = if path.ends_with("src/node.rs") {
            NODE_LINES
        } else {
            FILE_LINES
        };
        if lines > limit {
            problems.push(format!("{}: {lines} lines, limit {limit}", short(&path)));
        }
    }
    none("split it; node.rs is composition only", &problems);
}

#[test]
fn no_function_is_too_long() {
    let mut excused = LONG_FUNCTIONS.to_vec();
    let mut problems = Vec::new();
    for path in below("ros2_ws", ".rs") {
        if is_test(&path) {
            continue;
        }
        let place = short(&path);
        for (name, lines) in functions(without_tests(&text(&path))) {
            if lines <= FUNCTION_LINES {
                continue;
            }
            let known =
                |(file, function): &(&str, &str)| place.ends_with(file) && name == *function;
            match excused.iter().position(known) {
                Some(index) => {
                    excused.swap_remove(index);
                }
                None => problems.push(format!(
                    "{place}: {name}: {lines} lines of code, limit {FUNCTION_LINES}"
                )),
            }
        }
    }
    problems.extend(
        excused.iter().map(|(file, name)| {
            format!("{file}: {name} is short now: take it out of LONG_FUNCTIONS")
        }),
    );
    none("name its parts", &problems);
}

#[test]
fn lints_against_panics_are_lifted_in_tests_only() {
    let lints = [
        "unwrap_used",
        "expect_used",
        "clippy::panic",
        "clippy::todo",
    ];
    let problems: Vec<String> = below("ros2_ws", ".rs")
        .iter()
        .filter(|path| !is_test(path))
        .filter(|path| {
            let source = text(path);
            lints
                .iter()
                .any(|lint| without_tests(&source).contains(lint))
        })
        .map(|path| short(path))
        .collect();
    none("return an error instead", &problems);
}

#[test]
fn only_the_ros_runtime_names_r2r_in_its_sources() {
    let problems: Vec<String> = below("ros2_ws", ".rs")
        .iter()
        .filter(|path| !short(path).contains("/physical_ai_ros/"))
        .filter(|path| text(path).contains("r2r::"))
        .map(|path| short(path))
        .collect();
    none("use physical_ai_ros::msg", &problems);
}
