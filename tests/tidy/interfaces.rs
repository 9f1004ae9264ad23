//! Messages, services and actions.

use crate::files::{below, short, text};
use crate::none;

#[test]
fn every_interface_field_has_a_comment() {
    let mut problems = Vec::new();
    for ending in [".msg", ".srv", ".action"] {
        for path in below("msg", ending) {
            for (index, line) in text(&path).lines().enumerate() {
                let line = line.trim();
                if line.is_empty() || line == "---" || line.starts_with('#') {
                    continue;
                }
                let comment = line
                    .split_once('#')
                    .map_or("", |(_, comment)| comment.trim());
                if comment.is_empty() {
                    problems.push(format!("{}:{}: {line}", short(&path), index + 1));
                }
            }
        }
    }
    none("say what it is, with unit and frame", &problems);
}

#[test]
fn every_result_says_why_it_failed() {
    let mut problems = Vec::new();
    for (ending, section) in [(".srv", 1), (".action", 1)] {
        for path in below("msg", ending) {
            let source = text(&path);
            let result = source.split("\n---").nth(section).unwrap_or_default();
            for field in ["uint16 error_code ", "string error_msg "] {
                if !result.lines().any(|line| line.starts_with(field)) {
                    problems.push(format!("{}: no {field}in the answer", short(&path)));
                }
            }
        }
    }
    none("answers carry an error code and a message", &problems);
}
