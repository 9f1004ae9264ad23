use std::path::{Path, PathBuf};

pub use physical_ai_tests::checkout;

/// Folders that hold what was built or fetched.
const NOT_SOURCES: [&str; 9] = [
    ".git",
    ".deps",
    "target",
    "build",
    "install",
    "log",
    "reports",
    "shared",
    "__pycache__",
];

/// Every source file below a folder of the checkout whose name ends with `ending`, in a fixed order.
pub fn below(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&checkout().join(folder), ending, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no *{ending} below {folder:?}");
    found
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !NOT_SOURCES.contains(&name.as_str()) {
            collect(&entry.path(), ending, found);
        } else if kind.is_file() && name.ends_with(ending) {
            found.push(entry.path());
        }
    }
}

/// Text of a file.
pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Path as people write it: from the top of the checkout.
pub fn short(path: &Path) -> String {
    let top = checkout();
    path.strip_prefix(&top)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Names of the folders in a folder, in a fixed order.
pub fn folders(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(checkout().join(folder))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
