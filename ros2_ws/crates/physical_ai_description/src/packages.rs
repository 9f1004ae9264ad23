use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Environment variable with folders of packages, separated by colons.
pub const PACKAGE_PATH_VARIABLE: &str = "PHYSICAL_AI_PACKAGE_PATH";

/// Where packages are that `package://NAME/…` speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackagePaths {
    extra: Vec<PathBuf>,
    prefixes: Vec<PathBuf>,
}

impl PackagePaths {
    /// Folders that hold packages (`FOLDER/NAME`) or are one themselves, and then the prefixes of an ament
    /// environment, each with an index of its packages.
    pub fn new(extra: Vec<PathBuf>, ament_prefix_path: Option<&OsStr>) -> Self {
        let prefixes = ament_prefix_path
            .map(|paths| std::env::split_paths(paths).collect())
            .unwrap_or_default();
        Self { extra, prefixes }
    }

    /// Folders of one's own, then those that `PHYSICAL_AI_PACKAGE_PATH` lists (`physical-ai up --package-path`
    /// sets it for all nodes), then the ament environment of this process (`AMENT_PREFIX_PATH`).
    pub fn from_environment(mut extra: Vec<PathBuf>) -> Self {
        if let Some(listed) = std::env::var_os(PACKAGE_PATH_VARIABLE) {
            extra.extend(std::env::split_paths(&listed));
        }
        Self::new(extra, std::env::var_os("AMENT_PREFIX_PATH").as_deref())
    }

    /// Folder of a package.
    pub fn find(&self, package: &str) -> Option<PathBuf> {
        let own = self.extra.iter().find_map(|folder| {
            let inside = folder.join(package);
            if inside.is_dir() {
                return Some(inside);
            }
            let named = folder.file_name().is_some_and(|name| name == package);
            (named && folder.is_dir()).then(|| folder.clone())
        });
        own.or_else(|| {
            let in_index = |prefix: &&PathBuf| {
                let index = "share/ament_index/resource_index/packages";
                prefix.join(index).join(package).is_file()
            };
            let prefix = self.prefixes.iter().find(in_index)?;
            Some(prefix.join("share").join(package))
        })
    }

    /// Everywhere that was looked, for messages.
    pub(crate) fn looked_in(&self) -> String {
        let all: Vec<String> = (self.extra.iter().chain(&self.prefixes))
            .map(|path| path.display().to_string())
            .collect();
        if all.is_empty() {
            "nowhere, no folder was named".to_owned()
        } else {
            all.join(", ")
        }
    }
}

/// What a URI names on this machine, and what was assumed where it is unusual.
pub(crate) struct Resource {
    pub(crate) path: PathBuf,
    pub(crate) assumed: Option<String>,
}

/// Finds the file that a `package://`, `file://` or plain path names; what is relative counts from `base`.
/// Fails with what is wrong and what to do.
pub(crate) fn resolve(
    uri: &str,
    base: Option<&Path>,
    packages: &PackagePaths,
) -> Result<Resource, String> {
    let plain = |path: PathBuf| Resource {
        path,
        assumed: None,
    };
    if let Some(rest) = uri.strip_prefix("package://") {
        return in_package(uri, rest, packages);
    }
    if let Some(rest) = uri.strip_prefix("file://") {
        // A host is allowed and means this machine.
        let path = rest.strip_prefix("localhost").unwrap_or(rest);
        if !path.starts_with('/') {
            return Err(format!("{uri:?} is no absolute path: write file:///…"));
        }
        return Ok(plain(PathBuf::from(path)));
    }
    if let Some((scheme, _)) = uri.split_once("://") {
        return Err(format!(
            "{uri:?} has the scheme {scheme}: use package://, file:// or a path"
        ));
    }
    if uri.trim().is_empty() {
        return Err("names no file".to_owned());
    }
    let path = Path::new(uri);
    match base {
        _ if path.is_absolute() => Ok(plain(path.to_owned())),
        Some(base) => Ok(plain(base.join(path))),
        None => Err(format!(
            "{uri:?} is relative, and the description is no file: use package:// or file://"
        )),
    }
}

fn in_package(uri: &str, rest: &str, packages: &PackagePaths) -> Result<Resource, String> {
    let named = rest.trim_start_matches('/');
    let assumed = (named.len() < rest.len()).then(|| {
        format!(
            "the package is taken to be {:?}",
            named.split('/').next().unwrap_or_default()
        )
    });
    let Some((package, inside)) = named.split_once('/') else {
        return Err(format!("{uri:?} names a package and no file in it"));
    };
    let folder = packages.find(package).ok_or_else(|| {
        format!(
            "{uri:?}: there is no package {package:?} (looked in {}): source the workspace that has it, or \
             name its folder with --package-path",
            packages.looked_in()
        )
    })?;
    let path = folder.join(inside);
    Ok(Resource { path, assumed })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a package of its own and an ament prefix with another.
    fn places() -> (tempfile::TempDir, PackagePaths) {
        let top = tempfile::tempdir().unwrap();
        let at = |p: &str| top.path().join(p);
        std::fs::create_dir_all(at("own/arm_description")).unwrap();
        std::fs::create_dir_all(at("prefix/share/ament_index/resource_index/packages")).unwrap();
        std::fs::write(
            at("prefix/share/ament_index/resource_index/packages/hand"),
            "",
        )
        .unwrap();
        let prefixes = std::env::join_paths([at("elsewhere"), at("prefix")]).unwrap();
        let packages = PackagePaths::new(vec![at("own")], Some(&prefixes));
        (top, packages)
    }

    #[test]
    fn uris_name_files_as_ros_says() {
        let (top, packages) = places();
        let base = top.path().join("robots");
        let check = |uri: &str, expected: &str| {
            let found = resolve(uri, Some(&base), &packages).unwrap();
            assert_eq!(found.path, top.path().join(expected), "{uri}");
            found.assumed
        };
        let usual = [
            (
                "package://arm_description/a.stl",
                "own/arm_description/a.stl",
            ),
            ("package://hand/b/c.stl", "prefix/share/hand/b/c.stl"),
            ("meshes/d.stl", "robots/meshes/d.stl"),
            ("../d.stl", "robots/../d.stl"),
        ];
        for (uri, expected) in usual {
            assert_eq!(check(uri, expected), None);
        }
        let odd = check("package:///hand/b.stl", "prefix/share/hand/b.stl");
        assert!(odd.unwrap().contains("hand"));
        let absolute = resolve("file:///a/b.stl", None, &packages).unwrap();
        assert_eq!(absolute.path, Path::new("/a/b.stl"));
        assert_eq!(
            resolve("/a/b.stl", None, &packages).unwrap().path,
            absolute.path
        );
    }

    #[test]
    fn folder_that_is_the_package_itself_counts() {
        let (top, _) = places();
        let folder = top.path().join("own/arm_description");
        let packages = PackagePaths::new(vec![folder.clone()], None);
        assert_eq!(packages.find("arm_description"), Some(folder));
        assert_eq!(packages.find("own"), None);
    }

    #[test]
    fn uris_that_name_nothing_are_refused_with_a_way_out() {
        let (_top, packages) = places();
        let check = |uri: &str, expected: &str| {
            let problem = resolve(uri, None, &packages).err().unwrap();
            assert!(problem.contains(expected), "{problem}");
        };
        check("package://ghost/a.stl", "no package \"ghost\" (looked in ");
        check("package://ghost/a.stl", "--package-path");
        check("package://hand", "no file in it");
        check("http://x/a.stl", "scheme http");
        check("file://a.stl", "no absolute path");
        check("a.stl", "is relative");
        check("", "names no file");
    }
}
