//! What stands in descriptions and is for other programs.

use std::collections::BTreeMap;

use physical_ai_domain::DescriptionWarning;

const GAZEBO: &str = "it is for Gazebo";
const ROS_CONTROL: &str = "it is for ros_control, and drives are what the hardware says";
const SENSORS: &str = "it is for simulators of sensors; sensors are named in the robot file";
const BULLET: &str = "it is for Bullet's contacts";
const SDF: &str = "it is SDF's and simulators read it from <gazebo> only";
const SAFETY: &str = "it is for ros_control's drives; limits that are tighter than <limit> belong into the robot file";
const GAINS: &str = "it is for the simulator or drive that it was written for";
const NAMES: &str = "it is a note";

/// Elements and attributes (with @) that are not read, by the element that they stand in, with the reason.
const KNOWN: [(&str, &str, &str); 42] = [
    ("robot", "gazebo", GAZEBO),
    ("link", "gazebo", GAZEBO),
    ("joint", "gazebo", GAZEBO),
    ("robot", "transmission", ROS_CONTROL),
    ("robot", "ros2_control", ROS_CONTROL),
    ("robot", "sensor", SENSORS),
    ("link", "sensor", SENSORS),
    ("robot", "mujoco", "it is for MuJoCo's own reader"),
    ("robot", "group", "it is SRDF's"),
    ("robot", "disable_collisions", "it is SRDF's"),
    ("robot", "self_collision_checking", NAMES),
    ("joint", "safety_controller", SAFETY),
    (
        "joint",
        "calibration",
        "it is for the drivers, which find their encoders' zero by it",
    ),
    (
        "joint",
        "@dont_collapse",
        "fixed joints are never collapsed",
    ),
    (
        "joint",
        "@preserve_fixed_joint",
        "fixed joints are never collapsed",
    ),
    ("link", "contact", BULLET),
    ("link", "contact_coefficients", BULLET),
    ("collision", "contact_coefficients", BULLET),
    (
        "link",
        "collision_checking",
        "it is for the planner that it was written for",
    ),
    ("link", "self_filter", "it is for a filter of laser scans"),
    ("link", "gravity", SDF),
    ("link", "kinematic", SDF),
    ("link", "self_collide", SDF),
    ("link", "velocity_decay", SDF),
    ("link", "surface", SDF),
    ("collision", "surface", SDF),
    ("collision", "verbose", NAMES),
    ("collision", "material", "what is touched has no colour"),
    ("visual", "meta", SDF),
    ("link", "@type", NAMES),
    ("link", "@self_collide", SDF),
    ("geometry", "@name", NAMES),
    ("origin", "@name", NAMES),
    (
        "material",
        "texture",
        "colours are enough for the pictures that are made here",
    ),
    ("dynamics", "@D", GAINS),
    ("dynamics", "@K", GAINS),
    ("dynamics", "@mu_coulomb", GAINS),
    ("dynamics", "@mu_viscous", GAINS),
    ("limit", "@command_effort", GAINS),
    ("limit", "@current", GAINS),
    ("limit", "@gear_velocity", GAINS),
    ("limit", "@gear_ratio", GAINS),
];

/// Extensions that were met, with how often.
#[derive(Debug, Default)]
pub(super) struct Extensions(BTreeMap<usize, usize>);

impl Extensions {
    /// Counts an element or attribute; false if it is not known.
    pub(super) fn count(&mut self, parent: &str, name: &str) -> bool {
        let known = KNOWN
            .iter()
            .position(|(p, n, _)| *p == parent && *n == name);
        if let Some(index) = known {
            *self.0.entry(index).or_default() += 1;
        }
        known.is_some()
    }

    /// One warning for each kind.
    pub(super) fn warnings(&self) -> impl Iterator<Item = DescriptionWarning> {
        self.0.iter().map(|(index, count)| {
            let (parent, name, reason) = KNOWN[*index];
            let field = match name.strip_prefix('@') {
                Some(attribute) => format!("attribute {attribute} of <{parent}>"),
                None => format!("<{name}> in <{parent}>"),
            };
            DescriptionWarning {
                element: "robot".to_owned(),
                field,
                value: format!("{count} times"),
                assumed: format!("not read: {reason}"),
            }
        })
    }
}

/// Why an element of another namespace cannot be read.
pub(super) fn foreign(name: &str, namespace: &str) -> String {
    if namespace.contains("xacro") {
        return format!("has <xacro:{name}>: this is a xacro file, name it with the ending .xacro");
    }
    format!("has <{name}> of the namespace {namespace}, which is not known: take it away")
}
