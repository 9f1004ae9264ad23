//! Scripts that no compiler reads.

use std::path::PathBuf;
use std::process::Command;

use physical_ai_tests::peer;

use crate::files::{below, checkout, text};

fn passes(command: &mut Command, files: &[PathBuf]) -> String {
    let output = command.args(files).output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn every_python_file_compiles() {
    let files = below("", ".py");
    // In memory: nothing is left beside the sources.
    let script =
        "import sys\nfor f in sys.argv[1:]: compile(open(f, encoding='utf-8').read(), f, 'exec')";
    passes(Command::new("python3").args(["-c", script]), &files);
}

#[test]
fn python_unit_tests_pass() {
    let is_test = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("test_")
    };
    let tests: Vec<PathBuf> = below("", ".py").into_iter().filter(is_test).collect();
    assert!(!tests.is_empty());
    for test in tests {
        let folder = test.parent().unwrap();
        let mut python = Command::new("python3");
        // Nothing is left beside the sources.
        passes(
            python.arg("-B").current_dir(folder),
            std::slice::from_ref(&test),
        );
    }
}

#[test]
fn every_shell_script_parses() {
    let mut files = below("", ".sh");
    files.push(checkout().join(".ci/run"));
    for file in &files {
        passes(Command::new("bash").arg("-n"), std::slice::from_ref(file));
        let strict = text(file).contains("set -euo pipefail");
        let sourced = !text(file).starts_with("#!");
        assert!(
            strict || sourced,
            "{}: no `set -euo pipefail`",
            file.display()
        );
    }
}

#[test]
fn launch_files_start_the_nodes_they_name_with_described_arguments() {
    let said = passes(&mut peer("launch_files.py", &[]), &[]);
    // Says that it was skipped where ROS 2's launch is not installed.
    print!("{said}");
    assert!(said.contains("PASS") || said.contains("SKIPPED"), "{said}");
}
