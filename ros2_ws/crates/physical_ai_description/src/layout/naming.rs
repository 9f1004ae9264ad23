//! Conventions by which people name the links and joints of robots. This is all that the search knows of names;
//! no robot's own name stands here.

/// Which side of a robot a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Left,
    Right,
    FrontLeft,
    FrontRight,
    RearLeft,
    RearRight,
}

impl Side {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::FrontLeft => "front_left",
            Self::FrontRight => "front_right",
            Self::RearLeft => "rear_left",
            Self::RearRight => "rear_right",
        }
    }
}

/// Words and abbreviations of sides.
pub(crate) const SIDES: [(&str, Side); 18] = [
    ("left", Side::Left),
    ("right", Side::Right),
    ("l", Side::Left),
    ("r", Side::Right),
    ("fl", Side::FrontLeft),
    ("fr", Side::FrontRight),
    ("lf", Side::FrontLeft),
    ("rf", Side::FrontRight),
    ("rl", Side::RearLeft),
    ("rr", Side::RearRight),
    ("hl", Side::RearLeft),
    ("hr", Side::RearRight),
    ("lh", Side::RearLeft),
    ("rh", Side::RearRight),
    ("bl", Side::RearLeft),
    ("br", Side::RearRight),
    ("lr", Side::RearLeft),
    ("rb", Side::RearRight),
];

/// Parts of the body, each with the words that its joints and links are named by; the first that most names hold is
/// the name of a chain.
pub(crate) const LIMBS: [(&str, &[&str]); 4] = [
    (
        "arm",
        &[
            "arm", "shoulder", "elbow", "wrist", "forearm", "upperarm", "lowerarm",
        ],
    ),
    (
        "leg",
        &[
            "leg", "hip", "knee", "ankle", "thigh", "calf", "shank", "foot", "haa", "hfe", "kfe",
            "upperleg", "lowerleg", "toe", "tarsus", "shin", "sole",
        ],
    ),
    ("head", &["head", "neck", "cervical", "eye"]),
    (
        "finger",
        &["finger", "thumb", "index", "pinky", "knuckle", "phalanx"],
    ),
];

/// Names of links that are brought to a pose, best first: words that stand side by side in the name.
pub(crate) const TIPS: [&[&str]; 22] = [
    &["tool", "0"],
    &["tcp"],
    &["grasping", "frame"],
    &["grasp", "frame"],
    &["grasp"],
    &["end", "effector"],
    &["endeffector"],
    &["ee"],
    &["eef"],
    &["gripper", "frame"],
    &["tool", "frame"],
    &["tool"],
    &["tip"],
    &["foot"],
    &["sole"],
    &["contact"],
    &["toe"],
    &["hand"],
    &["gripper"],
    &["palm"],
    &["flange"],
    &["head"],
];

/// How many of [`TIPS`] are used for tips and for nothing else.
pub(crate) const UNMISTAKABLE_TIPS: usize = 11;

/// What moves at the end of an arm: parts of words.
pub(crate) const HAND_PARTS: [&str; 7] = [
    "finger", "gripper", "thumb", "jaw", "knuckle", "hand", "claw",
];

/// Joints of a wrist that is named after the hand that it turns.
pub(crate) const TURNING: [&str; 3] = ["yaw", "pitch", "roll"];

/// Things that are fixed to a link and are no tip: parts of words.
pub(crate) const FITTINGS: [&str; 28] = [
    "camera",
    "optical",
    "imu",
    "laser",
    "lidar",
    "range",
    "accelerometer",
    "gyro",
    "led",
    "depth",
    "rgb",
    "sonar",
    "rotor",
    "sensor",
    "antenna",
    "cable",
    "cover",
    "screw",
    "mount",
    "safety",
    "inertia",
    "visual",
    "collision",
    "battery",
    "stereo",
    "display",
    "logo",
    "motor",
];

/// Wheels that only roll along.
pub(crate) const PASSIVE_WHEELS: [&str; 4] = ["caster", "castor", "idler", "passive"];

/// Wheels whose name says that their rollers let them go sideways.
pub(crate) const OMNI_WHEELS: [&str; 3] = ["mecanum", "omni", "swedish"];

/// Postures that `home` may mean where none has that name, best first.
pub(crate) const HOMES: [&str; 9] = [
    "home",
    "homing",
    "ready",
    "default",
    "standing",
    "half_sitting",
    "neutral",
    "rest",
    "zero",
];

/// Words of states in which a gripper is open.
pub(crate) const OPEN: [&str; 3] = ["open", "opened", "release"];
/// Words of states in which a gripper is closed.
pub(crate) const CLOSED: [&str; 4] = ["close", "closed", "grasp", "grip"];

/// Words of links that are sensors, with the kind of sensor.
pub(crate) const SENSORS: [(&str, crate::SensorKind); 7] = [
    ("imu", crate::SensorKind::Imu),
    ("lidar", crate::SensorKind::Lidar),
    ("laser", crate::SensorKind::Lidar),
    ("velodyne", crate::SensorKind::Lidar),
    ("camera", crate::SensorKind::Camera),
    ("ft", crate::SensorKind::ForceTorque),
    ("sonar", crate::SensorKind::Range),
];

/// The words of a name, in lower case: `LeftGripperYaw` and `left_gripper_yaw` are the same; digits are words of their
/// own.
pub(crate) fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(i + 1);
        let hump = c.is_uppercase()
            && (before.is_some_and(char::is_lowercase)
                || (before.is_some_and(char::is_uppercase)
                    && after.is_some_and(|a| a.is_lowercase())));
        let turns = before.is_some_and(|b| b.is_ascii_digit() != c.is_ascii_digit());
        if (hump || turns || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether a word of the name holds one of these parts.
pub(crate) fn holds_part(name: &str, parts: &[&str]) -> bool {
    words(name)
        .iter()
        .any(|word| parts.iter().any(|part| word.contains(part)))
}

/// Whether one of these is a word of the name.
pub(crate) fn has_word(name: &str, of: &[&str]) -> bool {
    words(name).iter().any(|word| of.contains(&word.as_str()))
}

/// Place of a link's name in [`TIPS`]; `None` if it is no name of a tip.
pub(crate) fn tip_rank(name: &str) -> Option<usize> {
    if is_fitting(name) {
        return None;
    }
    let words = words(name);
    TIPS.iter().position(|tip| {
        words
            .windows(tip.len())
            .any(|at| at.iter().zip(*tip).all(|(word, t)| word == t))
    })
}

/// Whether a name says that a link is something fixed to another.
pub(crate) fn is_fitting(name: &str) -> bool {
    let short = |word: &str| matches!(word, "imu" | "led" | "rgb");
    words(name).iter().any(|word| {
        FITTINGS.iter().any(|part| {
            if short(part) {
                word == part
            } else {
                word.contains(part)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_into_words() {
        let check = |name: &str, expected: &str| assert_eq!(words(name).join(" "), expected);
        check("LeftGripperYaw", "left gripper yaw");
        check("LHipRoll", "l hip roll");
        check("left_hip_pitch_joint", "left hip pitch joint");
        check("RR_FOOT", "rr foot");
        check("tool0", "tool 0");
        check("iris__/imu_joint", "iris imu joint");
    }

    #[test]
    fn tips_are_told_from_fittings() {
        assert_eq!(tip_rank("tool0"), Some(0));
        assert!(tip_rank("hand_tcp") < tip_rank("hand"));
        assert!(tip_rank("ee_link") < tip_rank("left_hand"));
        assert_eq!(tip_rank("right_hand_camera_link"), None);
        assert_eq!(tip_rank("forearm"), None);
        assert!(!is_fitting("handled_link"));
    }
}
