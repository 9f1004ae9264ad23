use std::path::Path;

use roxmltree::{Document, Node};

use super::{Srdf, SrdfEndEffector, SrdfGroup, SrdfState};
use crate::Error;

/// Elements of others' tools (HPP, pinocchio, MoveIt) that say nothing that is used here.
const OF_OTHERS: [&str; 6] = [
    "gripper",
    "rotor_params",
    "specificities",
    "link_sphere_approximation",
    "joint_property",
    "disable_default_collisions",
];

/// Reads the text of an SRDF; `path` names it in errors.
///
/// # Errors
/// [`Error::Invalid`] naming element, attribute and value: malformed XML, an attribute that is missing, a value that is no
/// number, an element or attribute that is neither SRDF's nor one of those that other tools are known to add.
pub fn read_srdf(path: Option<&Path>, text: &str) -> Result<Srdf, Error> {
    let reader = Reader {
        file: path.map_or_else(|| "SRDF".to_owned(), |p| p.display().to_string()),
    };
    let document = Document::parse(text)
        .map_err(|e| reader.error("xml", format!("cannot be read: {e}: mend the file")))?;
    let root = document.root_element();
    if root.tag_name().name() != "robot" {
        let problem = format!(
            "is <{}>: the root of an SRDF is <robot>",
            root.tag_name().name()
        );
        return Err(reader.error("root element", problem));
    }
    let mut srdf = Srdf {
        path: path.map(Path::to_owned),
        robot: reader.attributes(root, &["name"], &["version"])?.remove(0),
        ..Srdf::default()
    };
    for element in root.children().filter(Node::is_element) {
        reader.element(element, &mut srdf)?;
    }
    Ok(srdf)
}

struct Reader {
    file: String,
}

impl Reader {
    fn error(&self, element: impl Into<String>, problem: String) -> Error {
        Error::Invalid {
            source_name: self.file.clone(),
            element: element.into(),
            problem,
        }
    }

    fn element(&self, node: Node<'_, '_>, srdf: &mut Srdf) -> Result<(), Error> {
        match node.tag_name().name() {
            "group" => srdf.groups.push(self.group(node)?),
            "group_state" => srdf.states.push(self.state(node)?),
            "end_effector" => {
                let required = ["name", "group", "parent_link"];
                let values = self.attributes(node, &required, &["parent_group"])?;
                let [name, group, parent_link] = take(values);
                srdf.end_effectors.push(SrdfEndEffector {
                    name,
                    group,
                    parent_link,
                    parent_group: node.attribute("parent_group").map(str::to_owned),
                });
            }
            "virtual_joint" => {
                let required = ["name", "type", "parent_frame", "child_link"];
                let [name, ..] = take::<4>(self.attributes(node, &required, &[])?);
                srdf.virtual_joints.push(name);
            }
            "passive_joint" => {
                let [name] = take(self.attributes(node, &["name"], &[])?);
                srdf.passive_joints.push(name);
            }
            "disable_collisions" => {
                let pair = self.attributes(node, &["link1", "link2"], &["reason"])?;
                srdf.disabled_collisions.push(take(pair));
            }
            "enable_collisions" => {
                let pair = self.attributes(node, &["link1", "link2"], &["reason"])?;
                let [one, other] = take(pair);
                let same = |p: &[String; 2]| {
                    (p[0] == one && p[1] == other) || (p[0] == other && p[1] == one)
                };
                srdf.disabled_collisions.retain(|pair| !same(pair));
            }
            name if OF_OTHERS.contains(&name) => {}
            name => return Err(self.unknown(node, name)),
        }
        Ok(())
    }

    fn unknown(&self, node: Node<'_, '_>, name: &str) -> Error {
        let problem = format!(
            "is no element of SRDF; elements that other tools add and that are passed over are {}: \
             take it out or mend its name",
            OF_OTHERS.join(", ")
        );
        self.error(self.place(node, name), problem)
    }

    /// Where an element is, for an error.
    fn place(&self, node: Node<'_, '_>, name: &str) -> String {
        let line = node.document().text_pos_at(node.range().start).row;
        format!("line {line}: <{name}>")
    }

    fn group(&self, node: Node<'_, '_>) -> Result<SrdfGroup, Error> {
        let [name] = take(self.attributes(node, &["name"], &[])?);
        let mut group = SrdfGroup {
            name,
            ..SrdfGroup::default()
        };
        for part in node.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "chain" => {
                    let ends = self.attributes(part, &["base_link", "tip_link"], &[])?;
                    group.chains.push(take(ends));
                }
                "joint" => group.joints.extend(self.attributes(part, &["name"], &[])?),
                "link" => group.links.extend(self.attributes(part, &["name"], &[])?),
                "group" => group.groups.extend(self.attributes(part, &["name"], &[])?),
                name => return Err(self.unknown(part, name)),
            }
        }
        Ok(group)
    }

    fn state(&self, node: Node<'_, '_>) -> Result<SrdfState, Error> {
        let [name] = take(self.attributes(node, &["name"], &["group"])?);
        let mut state = SrdfState {
            name,
            group: node.attribute("group").map(str::to_owned),
            joints: Vec::new(),
        };
        for part in node.children().filter(Node::is_element) {
            if part.tag_name().name() != "joint" {
                return Err(self.unknown(part, part.tag_name().name()));
            }
            let [joint, text] = take(self.attributes(part, &["name", "value"], &[])?);
            let values = text
                .split_whitespace()
                .map(|word| match word.parse::<f64>() {
                    Ok(value) if value.is_finite() => Ok(value),
                    _ => Err(self.error(
                        format!("{} {joint}: value", self.place(part, "joint")),
                        format!("is {word:?}: must be a number, radians or metres"),
                    )),
                });
            let values = values.collect::<Result<Vec<f64>, _>>()?;
            if values.is_empty() {
                let element = format!("{} {joint}: value", self.place(part, "joint"));
                return Err(self.error(element, "is empty: give a number".into()));
            }
            state.joints.push((joint, values));
        }
        Ok(state)
    }

    /// Values of attributes that must be there; others than these and `optional` are refused.
    fn attributes(
        &self,
        node: Node<'_, '_>,
        required: &[&str],
        optional: &[&str],
    ) -> Result<Vec<String>, Error> {
        let element = self.place(node, node.tag_name().name());
        for attribute in node.attributes() {
            let name = attribute.name();
            if !required.contains(&name) && !optional.contains(&name) {
                return Err(self.error(
                    format!("{element}: attribute {name}"),
                    format!("is no attribute of it; known are {}", required.join(", ")),
                ));
            }
        }
        required
            .iter()
            .map(|name| {
                let value = node.attribute(*name).map(str::trim).unwrap_or_default();
                if value.is_empty() {
                    let problem = "is missing or empty: give one".to_owned();
                    return Err(self.error(format!("{element}: attribute {name}"), problem));
                }
                Ok(value.to_owned())
            })
            .collect()
    }
}

/// The first values, empty where there are fewer.
fn take<const N: usize>(values: Vec<String>) -> [String; N] {
    let mut values = values.into_iter();
    std::array::from_fn(|_| values.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"<?xml version="1.0"?><robot name="r">
      <virtual_joint name="root" type="floating" parent_frame="world" child_link="base"/>
      <group name="arm"><chain base_link="base" tip_link="tool0"/></group>
      <group name="hand"><joint name="finger"/><link name="palm"/></group>
      <group name="all"><group name="arm"/><group name="hand"/></group>
      <group_state name="home" group="arm"><joint name="j1" value=" 0.5 "/></group_state>
      <group_state name="stand"><joint name="root" value="0 0 1 0 0 0 1"/></group_state>
      <end_effector name="ee" group="hand" parent_link="wrist" parent_group="arm"/>
      <passive_joint name="p"/>
      <disable_collisions link1="a" link2="b" reason="Never"/>
      <disable_collisions link1="b" link2="c"/>
      <enable_collisions link1="c" link2="b"/>
      <gripper name="g" clearance="0.1"><anything/></gripper>
    </robot>"#;

    #[test]
    fn whole_files_are_read() {
        let srdf = read_srdf(None, WHOLE).unwrap();
        assert_eq!(srdf.robot, "r");
        assert_eq!(
            srdf.groups[0].chains,
            [["base".to_owned(), "tool0".to_owned()]]
        );
        assert_eq!(
            (&srdf.groups[1].joints[0], &srdf.groups[1].links[0]),
            (&"finger".into(), &"palm".into())
        );
        assert_eq!(srdf.groups[2].groups, ["arm", "hand"]);
        assert_eq!(srdf.states[0].joints, [("j1".to_owned(), vec![0.5])]);
        assert_eq!(
            (
                srdf.states[1].group.as_ref(),
                srdf.states[1].joints[0].1.len()
            ),
            (None, 7)
        );
        assert_eq!(srdf.end_effectors[0].parent_group.as_deref(), Some("arm"));
        assert_eq!(srdf.disabled_collisions, [["a".to_owned(), "b".to_owned()]]);
        assert_eq!(
            (srdf.virtual_joints.len(), srdf.passive_joints.len()),
            (1, 1)
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_with_line_and_name() {
        let check = |from: &str, to: &str, expected: &str| {
            let error = read_srdf(Some(Path::new("r.srdf")), &WHOLE.replacen(from, to, 1));
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains(expected) && error.contains("r.srdf"),
                "{error}"
            );
        };
        check(
            "<passive_joint",
            "<pasive_joint",
            "line 9: <pasive_joint>: is no element of SRDF",
        );
        check(
            r#"<chain base_link="base""#,
            r#"<chain base_lnk="base""#,
            "attribute base_lnk",
        );
        check(
            r#" base_link="base""#,
            "",
            "<chain>: attribute base_link: is missing",
        );
        check(r#"value=" 0.5 ""#, r#"value="half""#, r#"value: is "half""#);
        check(r#"value=" 0.5 ""#, r#"value="nan""#, r#"value: is "nan""#);
        check("<robot", "<urdf", "cannot be read");
    }
}
