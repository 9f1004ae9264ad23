mod element;
mod extensions;
mod inertia;
mod joint;
mod limits;
mod planar;
mod pose;
mod shape;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use physical_ai_domain::{
    DescriptionFormat, DescriptionSource, DescriptionWarning, GivenLimits, Joint, JointKind, Link,
    RobotModel, RobotName, RobotParts,
};
use roxmltree::Document;

use self::element::Element;
use self::extensions::Extensions;
use self::inertia::Inertial;
use self::shape::{Files, Materials};
use crate::{DescriptionOptions, Error};

/// What was met on the way.
#[derive(Debug, Default)]
struct Notes {
    warnings: Vec<DescriptionWarning>,
    extensions: Extensions,
}

impl Notes {
    fn warn(&mut self, element: &str, field: &str, value: &str, assumed: &str) {
        self.warnings.push(DescriptionWarning {
            element: element.to_owned(),
            field: field.to_owned(),
            value: value.to_owned(),
            assumed: assumed.to_owned(),
        });
    }
}

/// Reads a URDF (1.0 to 1.2) that is no file; it finds packages in the environment of this process.
///
/// # Errors
/// As [`crate::read_robot`].
pub fn read_urdf(name: RobotName, urdf: &str) -> Result<RobotModel, Error> {
    let options = DescriptionOptions {
        packages: crate::PackagePaths::from_environment(Vec::new()),
        ..DescriptionOptions::default()
    };
    read(name, urdf, DescriptionFormat::Urdf, None, &options)
}

/// Reads links and joints of a URDF that is no file: no shape, so that its meshes need not be there, and a bound that is
/// not given is none.
///
/// # Errors
/// As [`crate::read_robot`], but for meshes and for joints without a `<limit>`.
pub fn read_tree(name: RobotName, urdf: &str) -> Result<RobotModel, Error> {
    let options = DescriptionOptions {
        tree_only: true,
        ..DescriptionOptions::default()
    };
    read(name, urdf, DescriptionFormat::Urdf, None, &options)
}

/// Reads a URDF that came from the file at `path`.
pub(crate) fn read(
    name: RobotName,
    urdf: &str,
    format: DescriptionFormat,
    path: Option<&Path>,
    options: &DescriptionOptions,
) -> Result<RobotModel, Error> {
    let source_name = match path {
        Some(path) => format!("robot {name}: {}", path.display()),
        None => format!("robot {name}"),
    };
    let fail = |element: &str, problem: String| Error::Invalid {
        source_name: source_name.clone(),
        element: element.to_owned(),
        problem,
    };
    let document = Document::parse(urdf.trim_start_matches('\u{feff}'))
        .map_err(|e| fail("urdf", format!("is no XML: {e}")))?;
    let root = document.root_element();
    if root.tag_name().name() != "robot" {
        let tag = root.tag_name().name();
        return Err(fail(
            "urdf",
            format!("its root element is <{tag}>: must be <robot>"),
        ));
    }
    let mut notes = Notes::default();
    let robot = Element::new(root, "robot".to_owned(), &source_name);
    let (links, joints) =
        parts(&robot, path.and_then(Path::parent), options, &mut notes).map_err(|problem| {
            match problem {
                Problem::Error(error) => error,
                Problem::Of(element, problem) => fail(&element, problem),
            }
        })?;
    let mut warnings: Vec<DescriptionWarning> = notes.extensions.warnings().collect();
    warnings.append(&mut notes.warnings);
    Ok(RobotModel::try_new(RobotParts {
        name,
        links,
        joints,
        source: DescriptionSource {
            format,
            path: path.map(Path::to_owned),
            urdf: Arc::from(urdf),
        },
        warnings,
    })?)
}

/// An error, or an element and what is wrong with it.
enum Problem {
    Error(Error),
    Of(String, String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<(String, String)> for Problem {
    fn from((element, problem): (String, String)) -> Self {
        Self::Of(element, problem)
    }
}

fn parts(
    robot: &Element,
    base: Option<&Path>,
    options: &DescriptionOptions,
    notes: &mut Notes,
) -> Result<(Vec<Link>, Vec<Joint>), Problem> {
    robot.expect(
        &["name", "version"],
        &["link", "joint", "material"],
        &mut notes.extensions,
    )?;
    check_version(robot)?;
    let materials = materials(robot, notes)?;
    let mut files = Files {
        base,
        options,
        bounds: BTreeMap::new(),
    };
    let mut links = Vec::new();
    let mut without_inertial = Vec::new();
    for element in robot.children("link") {
        let (link, has_inertial) = link(&element, &materials, &mut files, notes)?;
        if !has_inertial {
            without_inertial.push(links.len());
        }
        links.push(link);
    }
    if links.is_empty() {
        return Err(robot
            .error("has no <link>: a robot has at least one")
            .into());
    }
    let index: BTreeMap<&str, usize> = (links.iter().enumerate())
        .map(|(i, l)| (l.name.as_str(), i))
        .collect();
    let mut read = Vec::new();
    let nothing = if options.tree_only {
        GivenLimits {
            lower: Some(f64::NEG_INFINITY),
            upper: Some(f64::INFINITY),
            ..GivenLimits::default()
        }
    } else {
        GivenLimits::default()
    };
    for element in robot.children("joint") {
        let missing = element.text("name").and_then(|n| options.limits.get(n));
        read.push(joint::read(
            &element,
            &index,
            missing.unwrap_or(&nothing),
            notes,
        )?);
    }
    let split = planar::split(&mut links, read, options, notes);
    let joints = joint::resolve_leaders(split, notes)?;
    check_inertials(&links, &joints, &without_inertial)?;
    inertia::check(&links, &joints, notes)?;
    Ok((links, joints))
}

fn materials(robot: &Element, notes: &mut Notes) -> Result<Materials, Error> {
    let mut materials = Materials::new();
    for element in robot.children("material") {
        if let (name, Some(rgba)) = shape::material(&element, notes)? {
            materials.insert(name.to_owned(), rgba);
        }
    }
    Ok(materials)
}

/// What is fixed may have a shape and no mass; what moves may not.
fn check_inertials(
    links: &[Link],
    joints: &[Joint],
    without_inertial: &[usize],
) -> Result<(), Problem> {
    for joint in joints.iter().filter(|j| j.kind != JointKind::Fixed) {
        let link = &links[joint.child];
        if without_inertial.contains(&joint.child) && !link.shapes.is_empty() {
            return Err(Problem::Of(
                format!("link {}", link.name),
                "moves and has a <collision> but no <inertial>: give its mass, or fix its joint"
                    .into(),
            ));
        }
    }
    Ok(())
}

fn check_version(robot: &Element) -> Result<(), Error> {
    match robot.text("version") {
        None | Some("1" | "1.0" | "1.1" | "1.2") => Ok(()),
        Some(version) => Err(robot.attribute_error(
            "version",
            format!("{version:?} is not known: 1.0, 1.1 and 1.2 are"),
        )),
    }
}

/// A `<link>`, and whether it has an `<inertial>`.
fn link(
    element: &Element,
    materials: &Materials,
    files: &mut Files,
    notes: &mut Notes,
) -> Result<(Link, bool), Error> {
    let elements = ["inertial", "visual", "collision", "origin"];
    element.expect(&["name"], &elements, &mut notes.extensions)?;
    let name = element.required_text("name")?.to_owned();
    // A link's frame is its joint's; a file that moves it by an element that URDF has not would be misread.
    if pose::origin(element, notes)? != nalgebra::Isometry3::identity() {
        let problem =
            "is not known in a link: move its joint, inertial, visual and collision instead";
        return Err(element.attribute_error("origin", problem));
    }
    let inertial = element.child("inertial")?;
    let has_inertial = inertial.is_some();
    let Inertial {
        mass_kg,
        origin,
        inertia,
    } = match inertial {
        Some(inertial) => inertia::read(&inertial, notes)?,
        None => Inertial::none(),
    };
    let (mut shapes, mut visuals) = (Vec::new(), Vec::new());
    if !files.options.tree_only {
        for collision in element.children("collision") {
            shapes.push(shape::collision(&collision, files, notes)?);
        }
        for visual in element.children("visual") {
            visuals.push(shape::visual(&visual, materials, files, notes)?);
        }
    }
    let link = Link {
        name,
        mass_kg,
        inertial_origin: origin,
        inertia,
        shapes,
        visuals,
    };
    Ok((link, has_inertial))
}

#[cfg(test)]
mod tests;
