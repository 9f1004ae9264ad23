//! What cannot be used is refused with one error: the file, the element, the value and what to do.

#![allow(
    clippy::unwrap_used,
    reason = "a test whose fixture is not there has failed"
)]

use std::path::{Path, PathBuf};

use physical_ai_description::{LoadedRobot, PackagePaths, load_robot, load_world};
use physical_ai_domain::RobotName;

const ARM: &str = r#"<robot name="a">
  <link name="base"/>
  <link name="upper"><inertial><mass value="1"/>
    <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.01"/></inertial>
    <collision><geometry><mesh filename="upper.obj" scale="1 1 1"/></geometry></collision></link>
  <link name="tool"/>
  <joint name="turn" type="revolute"><parent link="base"/><child link="upper"/><origin xyz="0 0 0.5"/>
    <axis xyz="0 0 1"/><limit lower="-1" upper="1" velocity="2" effort="10"/></joint>
  <joint name="mount" type="fixed"><parent link="upper"/><child link="tool"/></joint>
</robot>"#;
const OBJ: &str = "v 1 0 0\nv 1 1 0\nv 1 0 2\nf 1 2 3\n";

/// A folder with the arm and its mesh.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("arm.urdf", ARM.as_bytes());
        folder.write("upper.obj", OBJ.as_bytes());
        folder
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn write(&self, file: &str, bytes: &[u8]) {
        std::fs::write(self.path(file), bytes).unwrap();
    }

    /// The arm with something in it replaced.
    fn change(&self, from: &str, to: &str) {
        assert!(ARM.contains(from), "{from}");
        self.write("arm.urdf", ARM.replacen(from, to, 1).as_bytes());
    }
}

fn load(file: &Path) -> Result<LoadedRobot, String> {
    let name = RobotName::try_new("arm_1").unwrap();
    load_robot(name, file, &PackagePaths::default()).map_err(|e| e.to_string())
}

/// Loads `file` of the folder and looks for all that the error has to say, the file first.
fn refused(folder: &Folder, file: &str, expected: &[&str]) {
    let error = load(&folder.path(file)).unwrap_err();
    let file = folder.path(file).display().to_string();
    let all = [&[file.as_str()], expected].concat();
    for part in all {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
    assert!(!error.contains('\n'), "one line: {error}");
}

#[test]
fn arm_that_is_changed_here_loads() {
    let folder = Folder::new();
    let arm = load(&folder.path("arm.urdf")).unwrap();
    assert_eq!(arm.model.joint_names(), ["turn"]);
}

#[test]
fn meshes_that_are_missing_empty_too_large_or_none_are_named() {
    let element = "link upper: collision: geometry: mesh: filename";
    let check = |prepare: &dyn Fn(&Path), expected: &[&str]| {
        let folder = Folder::new();
        prepare(&folder.path("upper.obj"));
        refused(
            &folder,
            "arm.urdf",
            &[&[element, "upper.obj"], expected].concat(),
        );
    };
    check(
        &|mesh| std::fs::remove_file(mesh).unwrap(),
        &["cannot be read", "put the file there"],
    );
    check(
        &|mesh| std::fs::write(mesh, "").unwrap(),
        &["is empty", "put the mesh there"],
    );
    // A hole: it takes no room on the disk.
    check(
        &|mesh| {
            let file = std::fs::File::create(mesh).unwrap();
            file.set_len(500 << 20).unwrap();
        },
        &["has 500 MB", "simplify it"],
    );
    check(
        &|mesh| std::fs::write(mesh, "hello world").unwrap(),
        &["export it"],
    );
    check(
        &|mesh| std::fs::write(mesh, OBJ.replace("f 1 2 3\n", "")).unwrap(),
        &["holds no triangle", "export it with faces"],
    );
}

#[test]
fn descriptions_that_no_robot_can_have_are_named() {
    let check = |from: &str, to: &str, expected: &[&str]| {
        let folder = Folder::new();
        folder.change(from, to);
        refused(&folder, "arm.urdf", expected);
    };
    check(
        "upper.obj",
        "package://ghost_description/upper.obj",
        &[
            "link upper: collision: geometry: mesh: filename",
            "no package \"ghost_description\"",
            "--package-path",
        ],
    );
    check(
        "<link name=\"tool\"/>",
        "<link name=\"tool\"/><link name=\"other\"/>",
        &[
            "one root link, has 2: base, other",
            "join them with fixed joints",
        ],
    );
    check(
        "<parent link=\"base\"/>",
        "<parent link=\"tool\"/>",
        &[
            "joint turn",
            "is part of a cycle",
            "take one of its joints away",
        ],
    );
    check(
        "<axis xyz=\"0 0 1\"/>",
        "<axis xyz=\"0 0 1\"/><mimic joint=\"turn\"/>",
        &[
            "joint turn: mimic: joint",
            "\"turn\" is the joint itself",
            "name another leader",
        ],
    );
    check(
        "xyz=\"0 0 0.5\"",
        "xyz=\"0 NaN 0.5\"",
        &["joint turn: origin: xyz", "is NaN", "must be finite"],
    );
    check(
        "scale=\"1 1 1\"",
        "scale=\"1 0 1\"",
        &[
            "link upper: collision: geometry: mesh: scale",
            "1.0, 0.0, 1.0",
            "give others",
        ],
    );
    check(
        "lower=\"-1\" upper=\"1\"",
        "lower=\"1\" upper=\"-1\"",
        &["joint turn: limit: lower 1 is above upper -1", "exchange"],
    );
    check(
        "<limit lower=\"-1\" upper=\"1\" velocity=\"2\" effort=\"10\"/>",
        "",
        &["joint turn", "has no <limit>", "robot file"],
    );
}

/// Robots that the public uses are mirrored by such scales (Talos, Centauro, TIAGo Dual): what was seen from outside stays
/// so, and somebody who did not mean it is told.
#[test]
fn negative_scale_mirrors_and_is_said() {
    let folder = Folder::new();
    folder.change("scale=\"1 1 1\"", "scale=\"-1 1 1\"");
    let arm = load(&folder.path("arm.urdf")).unwrap();
    let upper = &arm.model.links[arm.model.link_index("upper").unwrap()];
    let bounds = upper.shapes[0].geometry.bounds();
    assert_eq!(bounds, Some([[-1.0, 0.0, 0.0], [-1.0, 1.0, 2.0]]));
    let said = arm.model.warnings.iter().any(|w| {
        w.to_string()
            .contains("mesh: scale: is [-1.0, 1.0, 1.0]: the mesh is mirrored")
    });
    assert!(said, "{:?}", arm.model.warnings);
}

#[test]
fn robot_file_that_names_what_is_not_there_is_named_itself() {
    let check = |text: &str, expected: &[&str]| {
        let folder = Folder::new();
        folder.write(
            "arm.yaml",
            format!("description: arm.urdf\n{text}").as_bytes(),
        );
        refused(&folder, "arm.yaml", expected);
    };
    check(
        "limits: {trun: {velocity: 1}}",
        &[
            "limits.trun",
            "no joint \"trun\"",
            "the nearest are \"turn\"",
        ],
    );
    check(
        "postures: {home: {trun: 0.5}}",
        &["postures.home.trun", "the nearest are \"turn\""],
    );
    check(
        "chains: [{name: arm, base: base, tip: tol}]",
        &["chains[0].tip", "\"tol\"", "the nearest are \"tool\""],
    );
    check(
        "limits: {turn: {velocity: 3}}",
        &[
            "limits.turn.velocity",
            "is 3, looser than the description's 2",
            "take it out",
        ],
    );
}

#[test]
fn robot_file_gives_the_limit_that_a_revolute_joint_lacks() {
    let folder = Folder::new();
    folder.change(
        "<limit lower=\"-1\" upper=\"1\" velocity=\"2\" effort=\"10\"/>",
        "",
    );
    let limits = "limits: {turn: {lower: -0.5, upper: 0.5, velocity: 1.0, effort: 5.0}}";
    folder.write(
        "arm.yaml",
        format!("description: arm.urdf\n{limits}").as_bytes(),
    );
    let arm = load(&folder.path("arm.yaml")).unwrap();
    let turn = &arm.model.joints[0];
    assert_eq!((turn.limits.lower, turn.limits.upper), (-0.5, 0.5));
    assert_eq!(turn.motion_block(), None);
}

#[test]
fn joint_without_a_speed_moves_once_the_robot_file_gives_one() {
    let folder = Folder::new();
    folder.change(
        "velocity=\"2\" effort=\"10\"",
        "velocity=\"0\" effort=\"0\"",
    );
    let arm = load(&folder.path("arm.urdf")).unwrap();
    assert!(arm.model.joints[0].motion_block().is_some());
    let limits = "limits: {turn: {velocity: 1.0, effort: 5.0}}";
    folder.write(
        "arm.yaml",
        format!("description: arm.urdf\n{limits}").as_bytes(),
    );
    let arm = load(&folder.path("arm.yaml")).unwrap();
    assert_eq!(arm.model.joints[0].motion_block(), None);
}

#[test]
fn posture_that_a_world_asks_for_is_one_of_the_robot() {
    let folder = Folder::new();
    let world = |posture: &str| {
        let robot = format!("{{name: a1, model: arm, pose: {{x: 0, y: 0}}{posture}}}");
        folder.write("world.yaml", format!("robots: [{robot}]").as_bytes());
        load_world(&folder.path("world.yaml"), folder.0.path(), &[]).map_err(|e| e.to_string())
    };
    let loaded = world(", posture: home").unwrap();
    assert_eq!(loaded.world.robots[0].posture.as_deref(), Some("home"));
    assert_eq!(world("").unwrap().world.robots[0].posture, None);
    let error = world(", posture: crouched").unwrap_err();
    for part in ["robot a1", "posture", "\"crouched\"", "home"] {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}
