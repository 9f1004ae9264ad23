//! Documents that promise something name what keeps the promise.

use crate::files::{below, checkout, text};
use crate::none;

/// The bullets of a section, each on one line.
fn bullets(document: &str, heading: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            inside = title.trim() == heading;
        } else if inside && line.starts_with("- ") {
            found.push(line[2..].to_owned());
        } else if inside && line.starts_with("  ") && !found.is_empty() {
            let last = found.len() - 1;
            found[last] = format!("{} {}", found[last], line.trim());
        }
    }
    found
}

/// Names of the tests that the last parentheses of an invariant hold.
fn tests_of(invariant: &str) -> Vec<&str> {
    let Some((_, named)) = invariant.rsplit_once('(') else {
        return Vec::new();
    };
    let is_name = |name: &&str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    named
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(is_name)
        .collect()
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let document = text(&checkout().join("ros2_ws/ARCHITECTURE.md"));
    let mut sources = String::new();
    for path in ["ros2_ws", "tests"].iter().flat_map(|f| below(f, ".rs")) {
        sources.push_str(&text(&path));
    }
    let mut problems = Vec::new();
    for invariant in bullets(&document, "Invariants") {
        let tests = tests_of(&invariant);
        if tests.is_empty() {
            problems.push(format!("names no test: {invariant}"));
        }
        for test in tests {
            if !sources.contains(&format!("fn {test}(")) {
                problems.push(format!("there is no test {test}: {invariant}"));
            }
        }
    }
    none("invariants of ARCHITECTURE.md", &problems);
}

#[test]
fn invariants_are_read_across_lines() {
    let document =
        "## Invariants\n- One (see below)\n  more (`a_b`, `c`).\n- Two\n\n## Next\n- Three (`x`)\n";
    let found = bullets(document, "Invariants");
    assert_eq!(found, ["One (see below) more (`a_b`, `c`).", "Two"]);
    assert_eq!(tests_of(&found[0]), ["a_b", "c"]);
    assert!(tests_of(&found[1]).is_empty());
}
