//! Xacro files, by the `xacro` command that is installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

const PROGRAM: &str = "xacro";

/// Runs xacro with floats as YAML 1.2 says: its YAML library takes `1e-3` for a text, so that twice a gain of
/// that would be `1e-31e-3`.
const WITH_FLOATS: &str = r"
import re, sys
try:
    import yaml
    yaml.SafeLoader.add_implicit_resolver(
        'tag:yaml.org,2002:float',
        re.compile(r'^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$'),
        list('-+.0123456789'))
except ImportError:
    pass
import xacro
sys.argv[0] = 'xacro'
sys.exit(xacro.main())
";

/// The URDF that a xacro file stands for.
///
/// # Errors
/// [`Error::Converter`] if xacro is not installed or refuses the file.
pub(crate) fn expand(path: &Path) -> Result<String, Error> {
    let fail = |problem: String| Error::Converter {
        path: path.to_owned(),
        program: PROGRAM,
        problem,
    };
    let search = std::env::var_os("PATH").unwrap_or_default();
    let script = std::env::split_paths(&search)
        .map(|folder| folder.join(PROGRAM))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| {
            fail(
                "is not installed: sudo apt-get install ros-jazzy-xacro, or pip install xacro pyyaml".to_owned(),
            )
        })?;
    let interpreter = interpreter(&script).map_err(fail)?;
    let (program, first) = interpreter
        .split_first()
        .ok_or_else(|| fail(no_python(&script)))?;
    let output = Command::new(program)
        .args(first)
        .args(["-c", WITH_FLOATS])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| fail(format!("{program} does not start: {e}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().filter(|l| !l.trim().is_empty()).collect();
        let end = lines[lines.len().saturating_sub(4)..].join("; ");
        return Err(fail(format!("refuses it: {end}")));
    }
    String::from_utf8(output.stdout).map_err(|_| fail("writes what is no text".to_owned()))
}

/// The Python that a script is for, with its arguments.
fn interpreter(script: &PathBuf) -> Result<Vec<String>, String> {
    let bytes = std::fs::read(script).map_err(|e| format!("{}: {e}", script.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let first = text.lines().next().unwrap_or_default();
    let command: Vec<String> = first
        .strip_prefix("#!")
        .map(|c| c.split_whitespace().map(str::to_owned).collect())
        .unwrap_or_default();
    if command.iter().any(|word| word.contains("python")) {
        Ok(command)
    } else {
        Err(no_python(script))
    }
}

fn no_python(script: &Path) -> String {
    format!(
        "{} is no Python script, so its numbers from YAML cannot be trusted: install xacro itself",
        script.display()
    )
}
