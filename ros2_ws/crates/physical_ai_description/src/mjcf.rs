//! Robots in MuJoCo's language, by a program of this suite that links MuJoCo: nodes that read descriptions do not.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use physical_ai_domain::DescriptionWarning;
use roxmltree::Document;

use crate::Error;

const PROGRAM: &str = "mjcf_to_urdf";
/// The package that installs it.
const PACKAGE: &str = "physical_ai_simulation";

/// Whether a text is a robot in MuJoCo's language.
pub(crate) fn is_mjcf(text: &str) -> bool {
    Document::parse(text).is_ok_and(|d| d.root_element().tag_name().name() == "mujoco")
}

/// The URDF that an MJCF file stands for, and what could not be said in it.
///
/// # Errors
/// [`Error::Converter`] if the program is not there, or refuses the file.
pub(crate) fn convert(path: &Path) -> Result<(String, Vec<DescriptionWarning>), Error> {
    let fail = |problem: String| Error::Converter {
        path: path.to_owned(),
        program: PROGRAM,
        problem,
    };
    let program = candidates()
        .into_iter()
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| {
            fail(format!(
                "is not there: build or install the package {PACKAGE}, or put {PROGRAM} on the PATH"
            ))
        })?;
    let folder = mesh_folder(path).map_err(fail)?;
    let output = Command::new(&program)
        .arg(path)
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| fail(format!("{} does not start: {e}", program.display())))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(fail(said.trim().replace('\n', "; ")));
    }
    let urdf =
        String::from_utf8(output.stdout).map_err(|_| fail("writes what is no text".to_owned()))?;
    let warnings = said
        .lines()
        .filter_map(|line| line.strip_prefix("warning: "))
        .map(warning);
    Ok((urdf, warnings.collect()))
}

/// Beside this program, one folder up (where cargo puts programs, seen from tests), beside the folder of another
/// package, on the PATH.
fn candidates() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    let own = std::env::current_exe().ok();
    if let Some(own) = own.as_deref().and_then(Path::parent) {
        folders.push(own.to_owned());
        if let Some(up) = own.parent() {
            folders.push(up.to_owned());
            folders.push(up.join(PACKAGE));
        }
    }
    let search = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&search));
    folders.into_iter().map(|f| f.join(PROGRAM)).collect()
}

/// Where the meshes of a robot are kept for those who show it: one folder per file, in the user's cache.
fn mesh_folder(path: &Path) -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.filter(|c| c.is_absolute()).or_else(|| {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        home.map(|h| h.join(".cache"))
    });
    let cache = cache.unwrap_or_else(std::env::temp_dir);
    let absolute = std::path::absolute(path).map_err(|e| e.to_string())?;
    let mut hasher = DefaultHasher::new();
    absolute.hash(&mut hasher);
    let name = format!("{:016x}", hasher.finish());
    Ok(cache.join("physical_ai/meshes").join(name))
}

/// `element: field: what is assumed`, as the program says it.
fn warning(line: &str) -> DescriptionWarning {
    let mut parts = line.splitn(3, ": ");
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let (element, field, rest) = (next(), next(), next());
    let (value, assumed) = rest.split_once(": ").unwrap_or((rest.as_str(), ""));
    DescriptionWarning {
        element,
        field,
        value: value.to_owned(),
        assumed: assumed.to_owned(),
    }
}
