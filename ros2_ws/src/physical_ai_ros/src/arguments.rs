//! The ROS command line (`--ros-args`), read by ourselves where r2r falls short: sections of parameter
//! files with wildcards, `-p` over files, and errors that name file, key and value.

use std::path::PathBuf;

use serde_yaml_ng::Value;

use crate::Error;
use crate::parameters::{ParameterValue, Parameters, StandardParameters};

/// What the command line says about this node.
#[derive(Debug, Clone, PartialEq)]
pub struct Arguments {
    /// Node name after `-r __node:=`.
    pub node_name: String,
    /// Namespace after `-r __ns:=`, always starting with `/`.
    pub namespace: String,
    overrides: Vec<Override>,
    files: Vec<PathBuf>,
}

#[derive(Debug, Clone, PartialEq)]
struct Override {
    origin: String,
    name: String,
    value: ParameterValue,
}

impl Arguments {
    /// Reads arguments (without the program's name).
    ///
    /// # Errors
    /// [`Error::Arguments`] naming the argument that is wrong.
    pub fn parse(default_node_name: &str, arguments: &[String]) -> Result<Self, Error> {
        let mut parsed = Self {
            node_name: default_node_name.to_owned(),
            namespace: "/".to_owned(),
            overrides: Vec::new(),
            files: Vec::new(),
        };
        let mut in_ros = false;
        let mut iterator = arguments.iter();
        while let Some(argument) = iterator.next() {
            match (in_ros, argument.as_str()) {
                (_, "--ros-args") => in_ros = true,
                (true, "--") => in_ros = false,
                (true, "-p" | "--param") => {
                    parsed.parameter(value_of(argument, iterator.next())?)?
                }
                (true, "-r" | "--remap") => parsed.remap(value_of(argument, iterator.next())?),
                (true, "--params-file") => {
                    parsed
                        .files
                        .push(value_of(argument, iterator.next())?.into());
                }
                (true, "--log-level") => {
                    let level = value_of(argument, iterator.next())?;
                    // `--log-level node:=level` addresses one logger; the level is what counts here.
                    let level = level.rsplit(":=").next().unwrap_or(level);
                    let level = crate::logging::level_from_ros(level);
                    parsed.push("--log-level", "log_level", ParameterValue::String(level));
                }
                (true, "-e" | "--enclave" | "--log-config-file") => {
                    value_of(argument, iterator.next())?;
                }
                (true, other) if other.starts_with("--") => {}
                (_, other) => {
                    return Err(Error::Arguments(format!(
                        "unknown argument {other:?}; see --help (ROS arguments come after --ros-args)"
                    )));
                }
            }
        }
        Ok(parsed)
    }

    fn parameter(&mut self, text: &str) -> Result<(), Error> {
        let (name, value) = text
            .split_once(":=")
            .ok_or_else(|| Error::Arguments(format!("-p {text:?}: expected name:=value")))?;
        // `node:name:=value` addresses one node of a process; ours has one node.
        let name = name.rsplit(':').next().unwrap_or(name);
        let yaml: Value = serde_yaml_ng::from_str(value)
            .map_err(|e| Error::Arguments(format!("-p {text:?}: the value is not YAML: {e}")))?;
        let value = ParameterValue::from_yaml(&yaml).ok_or_else(|| {
            Error::Arguments(format!(
                "-p {text:?}: the value is no scalar and no plain list"
            ))
        })?;
        self.push("-p", name, value);
        Ok(())
    }

    fn remap(&mut self, rule: &str) {
        let Some((from, to)) = rule.split_once(":=") else {
            return;
        };
        match from.rsplit(':').next() {
            Some("__ns") => {
                self.namespace = format!("/{}", to.trim_matches('/'));
            }
            Some("__node") => self.node_name = to.to_owned(),
            _ => {}
        }
    }

    fn push(&mut self, origin: &str, name: &str, value: ParameterValue) {
        self.overrides.push(Override {
            origin: origin.to_owned(),
            name: name.to_owned(),
            value,
        });
    }

    /// `/namespace/node`.
    pub fn fully_qualified_name(&self) -> String {
        format!(
            "{}/{}",
            self.namespace.trim_end_matches('/'),
            self.node_name
        )
    }

    /// Applies parameter files, then `-p`, to the defaults.
    ///
    /// # Errors
    /// Unknown keys, wrong types and unreadable files, each with its origin.
    pub fn load<P: Parameters>(&self) -> Result<(StandardParameters, P), Error> {
        let mut standard = StandardParameters::default();
        let mut own = P::default();
        let mut all = Vec::new();
        for file in &self.files {
            all.extend(self.read_file(file)?);
        }
        all.extend(self.overrides.iter().cloned());
        for entry in all {
            let target: Result<(), Error> = if standard.get(&entry.name).is_some() {
                standard.set(&entry.name, &entry.value)
            } else {
                own.set(&entry.name, &entry.value)
            };
            target.map_err(|e| Error::Arguments(format!("{}: {e}", entry.origin)))?;
        }
        Ok((standard, own))
    }

    fn read_file(&self, path: &PathBuf) -> Result<Vec<Override>, Error> {
        let origin = path.display().to_string();
        let fail = |problem: String| Error::Arguments(format!("{origin}: {problem}"));
        let text =
            std::fs::read_to_string(path).map_err(|e| fail(format!("cannot be read: {e}")))?;
        let yaml: Value =
            serde_yaml_ng::from_str(&text).map_err(|e| fail(format!("is not YAML: {e}")))?;
        let Value::Mapping(sections) = yaml else {
            return Err(fail(
                "must hold sections, for example `/**: {ros__parameters: {…}}`".into(),
            ));
        };
        let mut found = Vec::new();
        for (section, body) in &sections {
            let section = section.as_str().unwrap_or_default();
            if !matches_node(section, &self.namespace, &self.node_name) {
                continue;
            }
            let parameters = body
                .get("ros__parameters")
                .ok_or_else(|| fail(format!("section {section:?} has no ros__parameters")))?;
            collect(parameters, "", &origin, &mut found)?;
        }
        Ok(found)
    }
}

fn value_of<'a>(flag: &str, value: Option<&'a String>) -> Result<&'a str, Error> {
    value
        .map(String::as_str)
        .ok_or_else(|| Error::Arguments(format!("{flag} needs a value")))
}

/// Flattens nested mappings into dotted names.
fn collect(yaml: &Value, prefix: &str, origin: &str, out: &mut Vec<Override>) -> Result<(), Error> {
    let Value::Mapping(entries) = yaml else {
        if yaml.is_null() {
            return Ok(());
        }
        return Err(Error::Arguments(format!(
            "{origin}: ros__parameters must be a mapping"
        )));
    };
    for (key, value) in entries {
        let key = key.as_str().unwrap_or_default();
        let name = if prefix.is_empty() {
            key.to_owned()
        } else {
            format!("{prefix}.{key}")
        };
        if value.is_mapping() {
            collect(value, &name, origin, out)?;
            continue;
        }
        let value = ParameterValue::from_yaml(value).ok_or_else(|| {
            Error::Arguments(format!(
                "{origin}: parameter {name}: no scalar and no list of one type"
            ))
        })?;
        out.push(Override {
            origin: origin.to_owned(),
            name,
            value,
        });
    }
    Ok(())
}

/// Does a section such as `/**`, `node`, `/ns/node`, `/ns/*` or `/**/node` address this node?
fn matches_node(section: &str, namespace: &str, node: &str) -> bool {
    if !section.starts_with('/') {
        return section == node || section == "*" || section == "**";
    }
    let full = format!("{}/{node}", namespace.trim_end_matches('/'));
    let pattern: Vec<&str> = section.split('/').skip(1).collect();
    let name: Vec<&str> = full.split('/').skip(1).collect();
    matches_segments(&pattern, &name)
}

fn matches_segments(pattern: &[&str], name: &[&str]) -> bool {
    match (pattern.first(), name.first()) {
        (None, None) => true,
        (Some(&"**"), _) => {
            matches_segments(&pattern[1..], name)
                || (!name.is_empty() && matches_segments(pattern, &name[1..]))
        }
        (Some(&p), Some(&n)) if p == "*" || p == n => matches_segments(&pattern[1..], &name[1..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::parameters! {
        /// Test.
        struct Example {
            /// Rate.
            rate_hz: f64 = 200.0, range(50.0, 1000.0);
        }
    }

    fn parse(arguments: &[&str]) -> Result<Arguments, Error> {
        Arguments::parse(
            "agent",
            &arguments
                .iter()
                .map(|s| (*s).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn sections_address_nodes_as_rcl_does() {
        for (section, expected) in [
            ("/**", true),
            ("agent", true),
            ("/fleet/agent", true),
            ("/fleet/*", true),
            ("/*/agent", true),
            ("/**/agent", true),
            ("/agent", false),
            ("/other/agent", false),
            ("other", false),
        ] {
            assert_eq!(
                matches_node(section, "/fleet", "agent"),
                expected,
                "{section}"
            );
        }
    }

    #[test]
    fn later_wins_and_the_command_line_wins_over_files() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("p.yaml");
        std::fs::write(&file, "/**:\n  ros__parameters: {rate_hz: 100}\nagent:\n  ros__parameters: {rate_hz: 150.0}\n").unwrap();
        let file = file.display().to_string();
        let arguments = parse(&["--ros-args", "--params-file", &file]).unwrap();
        assert_eq!(arguments.load::<Example>().unwrap().1.rate_hz, 150.0);
        let arguments =
            parse(&["--ros-args", "-p", "rate_hz:=75", "--params-file", &file]).unwrap();
        assert_eq!(arguments.load::<Example>().unwrap().1.rate_hz, 75.0);
    }

    #[test]
    fn wrong_parameters_name_their_origin() {
        let check = |arguments: &[&str], expected: &str| {
            let error = parse(arguments)
                .and_then(|a| a.load::<Example>().map(|_| ()))
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            &["--ros-args", "-p", "rate_hz:=fast"],
            "-p: parameter rate_hz: \"fast\" is a string",
        );
        check(&["--ros-args", "-p", "speed:=1"], "speed: not declared");
        check(
            &["--ros-args", "--params-file", "/nonexistent.yaml"],
            "/nonexistent.yaml: cannot be read",
        );
        check(&["--ros-args", "-p"], "-p needs a value");
        check(&["--frobnicate"], "unknown argument");
    }
}
