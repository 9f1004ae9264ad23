//! The ROS command line (`--ros-args`): parameter files as rcl reads them, `-p` over files, and errors
//! that name file, key and value.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::Error;
use crate::parameter_files::{self, Section};
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
    /// The nodes it is for; none: this one.
    section: Option<String>,
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
        let value = parameter_files::read_value(value)
            .map_err(|e| Error::Arguments(format!("-p {text:?}: {e}")))?;
        // `node:name:=value` addresses one node of a process, or another process's.
        let (node, name) = match name.rsplit_once(':') {
            Some((node, name)) => (Some(node), name),
            None => (None, name),
        };
        let is_name = |text: &str, more: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || more.contains(c);
            !text.is_empty() && text.chars().all(allowed)
        };
        if !is_name(name, "./") || !node.is_none_or(|n| is_name(n, "*")) {
            return Err(Error::Arguments(format!(
                "-p {text:?}: expected name:=value or node:name:=value, where name has letters, digits, _, . \
                 and /, and node letters, digits and _"
            )));
        }
        self.overrides.push(Override {
            origin: "-p".to_owned(),
            section: node.map(str::to_owned),
            name: name.to_owned(),
            value,
        });
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
            section: None,
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
        for entry in self.addressed()? {
            let target: Result<(), Error> = if standard.get(&entry.name).is_some() {
                standard.set(&entry.name, &entry.value)
            } else {
                own.set(&entry.name, &entry.value)
            };
            target.map_err(|e| Error::Arguments(format!("{}: {e}", entry.origin)))?;
        }
        Ok((standard, own))
    }

    /// What files and `-p` say to this node, in the order in which it counts: the last word is the last.
    fn addressed(&self) -> Result<Vec<Override>, Error> {
        let mut merged = Merged::default();
        for path in &self.files {
            let origin = path.display().to_string();
            let fail = |problem: String| Error::Arguments(format!("{origin}: {problem}"));
            for section in parameter_files::read_file(path).map_err(fail)? {
                merged.add(&origin, section).map_err(fail)?;
            }
        }
        let on_command_line = self.overrides.iter().cloned();
        Ok(merged
            .0
            .into_iter()
            .map(|(entry, _)| entry)
            .chain(on_command_line)
            .filter(|e| self.is_addressed(e.section.as_deref()))
            .collect())
    }

    fn is_addressed(&self, section: Option<&str>) -> bool {
        section.is_none_or(|s| matches_node(s, &self.namespace, &self.node_name))
    }
}

/// All files of a command line as rcl merges them: a section or a parameter that comes again keeps its
/// place, and the types that it was given.
#[derive(Debug, Default)]
struct Merged(Vec<(Override, BTreeSet<u8>)>);

impl Merged {
    fn add(&mut self, origin: &str, section: Section) -> Result<(), String> {
        for (name, value) in section.values {
            let rank = value.rank();
            let is_section = |e: &Override| e.section.as_deref() == Some(section.node.as_str());
            let known = |(e, _): &&mut (Override, _)| is_section(e) && e.name == name;
            if let Some((entry, ranks)) = self.0.iter_mut().find(known) {
                // rcl keeps a value of each type and takes the first type that it finds.
                if ranks.first().is_some_and(|first| *first < rank) {
                    return Err(format!(
                        "parameter {name}: {} is a {}, but {} says {}, a {}, which ROS nodes would keep: \
                         write both as the same type",
                        value.to_yaml(),
                        value.type_name(),
                        entry.origin,
                        entry.value.to_yaml(),
                        entry.value.type_name()
                    ));
                }
                ranks.insert(rank);
                (entry.origin, entry.value) = (origin.to_owned(), value);
                continue;
            }
            let entry = Override {
                origin: origin.to_owned(),
                section: Some(section.node.clone()),
                name,
                value,
            };
            // A section keeps its place among the others.
            let end = self.0.iter().rposition(|(e, _)| is_section(e));
            let at = end.map_or(self.0.len(), |i| i + 1);
            self.0.insert(at, (entry, BTreeSet::from([rank])));
        }
        Ok(())
    }
}

fn value_of<'a>(flag: &str, value: Option<&'a String>) -> Result<&'a str, Error> {
    value
        .map(String::as_str)
        .ok_or_else(|| Error::Arguments(format!("{flag} needs a value")))
}

/// Does a section such as `/**`, `/ns/node`, `/ns/*` or `/**/node` address this node? A name without a
/// slash before it is one of the root namespace.
fn matches_node(section: &str, namespace: &str, node: &str) -> bool {
    let full = format!("{}/{node}", namespace.trim_end_matches('/'));
    let pattern: Vec<&str> = section.trim_start_matches('/').split('/').collect();
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

    /// What a value is in the golden file: `{"double": "0.5"}`, `{"string_array": ["a"]}`.
    fn golden_value(value: &serde_json::Value) -> ParameterValue {
        use ParameterValue as V;
        use serde_json::Value;
        let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
        // JSON knows neither infinity nor NaN: doubles are texts.
        let double = |v: &Value| v.as_str().unwrap().parse::<f64>().unwrap();
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        let items = value.as_array().map_or(&[][..], Vec::as_slice).iter();
        match kind.as_str() {
            "bool" => V::Bool(value.as_bool().unwrap()),
            "integer" => V::Integer(value.as_i64().unwrap()),
            "double" => V::Double(double(value)),
            "string" => V::String(text(value)),
            "bool_array" => V::BoolArray(items.map(|v| v.as_bool().unwrap()).collect()),
            "integer_array" => V::IntegerArray(items.map(|v| v.as_i64().unwrap()).collect()),
            "double_array" => V::DoubleArray(items.map(double).collect()),
            "string_array" => V::StringArray(items.map(text).collect()),
            // An empty list has no type in rcl; here it fits any.
            "not_set" => V::StringArray(Vec::new()),
            other => panic!("{other}"),
        }
    }

    fn read_golden(case: &serde_json::Value) -> Result<Vec<(String, String)>, Error> {
        let folder = tempfile::tempdir().unwrap();
        let mut arguments = vec!["--ros-args".to_owned()];
        let namespace = case["namespace"].as_str().unwrap_or("/ns");
        arguments.extend(["-r".to_owned(), format!("__ns:={namespace}")]);
        for entry in case["order"].as_array().unwrap() {
            if let Some(index) = entry.as_u64() {
                let path = folder.path().join(format!("{index}.yaml"));
                std::fs::write(&path, case["files"][index as usize].as_str().unwrap()).unwrap();
                arguments.extend(["--params-file".to_owned(), path.display().to_string()]);
            } else {
                arguments.extend(["-p".to_owned(), entry.as_str().unwrap().to_owned()]);
            }
        }
        let mut read = std::collections::BTreeMap::new();
        for entry in Arguments::parse("arm", &arguments)?.addressed()? {
            read.insert(entry.name, format!("{:?}", entry.value));
        }
        Ok(read.into_iter().collect())
    }

    /// Where a node of ours says something else than one of rclpy, and why.
    const DIFFERENCES: [(&str, &str); 6] = [
        // What is on the command line wins over files wherever it stands; rcl lets a later file, or a
        // section of a node's own, win over it.
        ("-p before the file", "Integer(2)"),
        ("-p before an own section", "Integer(2)"),
        ("-p after both sections", "Integer(2)"),
        // rcl takes the first type that it knows a value of; the other value is lost without a word.
        ("-p of another type", "String("),
        ("parameter twice with two types", "is given twice"),
        (
            "another type in the later file",
            "which ROS nodes would keep",
        ),
    ];

    #[test]
    fn parameter_files_are_read_as_rcl_reads_them() {
        let golden = include_str!("../../../../tests/golden/parameters/parameters.json");
        let cases: Vec<serde_json::Value> = serde_json::from_str(golden).unwrap();
        assert!(cases.len() > 300, "{}", cases.len());
        let mut wrong = Vec::new();
        for case in &cases {
            let name = case["case"].as_str().unwrap();
            let ours = read_golden(case);
            let said = match &ours {
                Ok(read) => format!("{read:?}"),
                Err(error) => error.to_string(),
            };
            let is_right = match DIFFERENCES.iter().find(|(case, _)| *case == name) {
                Some((_, expected)) => said.contains(expected),
                None => match case["read"].as_object() {
                    Some(read) => {
                        let value = |(name, value): (&String, _)| {
                            (name.clone(), format!("{:?}", golden_value(value)))
                        };
                        ours.is_ok_and(|ours| ours == read.iter().map(value).collect::<Vec<_>>())
                    }
                    None => ours.is_err(),
                },
            };
            if !is_right {
                wrong.push(format!(
                    "{name}: {said}\n  rcl: {} {}",
                    case["read"], case["error"]
                ));
            }
        }
        assert!(
            wrong.is_empty(),
            "{} differ:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }

    #[test]
    fn values_that_people_take_for_something_else() {
        let read = |text| parameter_files::read_value(text).unwrap().to_yaml();
        for (text, expected) in [
            ("1e-3", "0.001"),
            ("010", "8"),
            ("0x1F", "31"),
            ("1_000", "\"1_000\""),
            ("12:30", "\"12:30\""),
            ("~", "\"~\""),
            ("on", "true"),
            ("y", "true"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        let error = parameter_files::read_value("[1, 2.5]").unwrap_err();
        assert!(error.contains("Sequence should be of same type"), "{error}");
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
        check(&["--ros-args", "-p", "rate_hz:="], "there is no value");
        check(&["--frobnicate"], "unknown argument");
    }
}
