use nalgebra::Vector3;
use physical_ai_domain::{Geometry, MotionBlock};

use super::*;

const ARM: &str = r#"<robot name="a">
  <link name="base_link"/>
  <link name="upper"><inertial><origin xyz="0 0 0.1"/><mass value="1"/>
    <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.005"/></inertial></link>
  <link name="tool0"/>
  <joint name="joint_1" type="revolute"><parent link="base_link"/><child link="upper"/>
    <origin xyz="0 0 0.5"/><axis xyz="0 0 1"/>
    <limit lower="-1" upper="1" velocity="2" effort="10"/></joint>
  <joint name="tool" type="fixed"><parent link="upper"/><child link="tool0"/></joint>
</robot>"#;
const LIMIT: &str = r#"<limit lower="-1" upper="1" velocity="2" effort="10"/>"#;

fn read(urdf: &str) -> Result<RobotModel, Error> {
    read_urdf(RobotName::try_new("arm_1").unwrap(), urdf)
}

/// The arm with something in it replaced.
fn changed(from: &str, to: &str) -> Result<RobotModel, Error> {
    assert!(ARM.contains(from), "{from}");
    read(&ARM.replacen(from, to, 1))
}

fn refused(from: &str, to: &str, expected: &str) {
    let error = changed(from, to).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
    assert!(error.contains("arm_1"), "{error}");
}

fn warned(model: &RobotModel, expected: &str) {
    let all: Vec<String> = model.warnings.iter().map(ToString::to_string).collect();
    assert!(
        all.iter().any(|w| w.contains(expected)),
        "{expected}: {all:?}"
    );
}

fn with_options(urdf: &str, options: &DescriptionOptions) -> Result<RobotModel, Error> {
    let name = RobotName::try_new("arm_1").unwrap();
    super::read(name, urdf, DescriptionFormat::Urdf, None, options)
}

#[test]
fn model_holds_tree_and_limits() {
    let model = read(ARM).unwrap();
    assert_eq!(model.joint_names(), ["joint_1"]);
    let limits = model.movable().next().unwrap().limits;
    assert_eq!(
        (limits.lower, limits.velocity, limits.acceleration),
        (-1.0, 2.0, 8.0)
    );
    assert_eq!(model.chain_to(model.link_index("tool0").unwrap()).len(), 2);
    assert!(model.warnings.is_empty(), "{:?}", model.warnings);
}

#[test]
fn broken_urdf_is_refused_with_element_and_value() {
    refused(
        r#"mass value="1""#,
        r#"mass value="-1""#,
        "link upper: inertial: mass: value: is -1 kg",
    );
    refused(
        r#"mass value="1""#,
        r#"mass value="NaN""#,
        "is NaN: must be finite",
    );
    refused(
        r#"mass value="1""#,
        r#"mass value="one""#,
        "\"one\" is no number",
    );
    refused(
        r#"parent link="base_link""#,
        r#"parent link="ghost""#,
        r#"link "ghost" does not exist"#,
    );
    refused(
        r#"parent link="base_link""#,
        r#"parent link="tool0""#,
        "joint joint_1: is part of a cycle",
    );
    refused(
        r#"<link name="tool0"/>"#,
        r#"<link name="tool0"/><link name="b"/>"#,
        "one root link, has 2: base_link, b",
    );
    refused(
        r#"xyz="0 0 1""#,
        r#"xyz="0 0 0""#,
        "joint joint_1: axis: xyz: has length 0",
    );
    refused(
        "xyz=\"0 0 0.5\"",
        "xyz=\"0 NaN 0.5\"",
        "joint joint_1: origin: xyz: is NaN",
    );
    refused(
        "xyz=\"0 0 0.5\"",
        "xyz=\"0 0\"",
        "\"0 0\" has 2 values: 3 are needed",
    );
    refused(
        "type=\"revolute\"",
        "type=\"hinge\"",
        "\"hinge\" must be revolute",
    );
    refused("name=\"joint_1\"", "", "joint: name: is missing");
    refused("<robot", "<robt", "is no XML");
    refused(
        "<robot name=\"a\">",
        "<robot name=\"a\" version=\"2.0\">",
        "\"2.0\" is not known",
    );
    let error = read("<sdf/>").unwrap_err().to_string();
    assert!(error.contains("root element is <sdf>"), "{error}");
}

#[test]
fn what_is_not_known_is_refused_by_name_and_extensions_are_counted() {
    refused(
        "<axis xyz",
        "<axis xzy",
        "joint joint_1: axis: xzy: is not known here",
    );
    refused(
        "<inertial>",
        "<inertail/><inertial>",
        "link upper: has <inertail>, which is not known",
    );
    refused(
        "<robot name=\"a\">",
        "<robot name=\"a\" xmlns:xacro=\"http://wiki.ros.org/xacro\"><xacro:arm/>",
        "this is a xacro file",
    );
    refused(
        "<inertial>",
        "<inertial/><inertial>",
        "link upper: inertial: exists twice",
    );
    let model = changed("</robot>", "<gazebo/><gazebo/><transmission/></robot>").unwrap();
    warned(&model, "<gazebo> in <robot>: 2 times: not read");
    warned(&model, "<transmission> in <robot>: 1 times: not read");
    let safety = changed(
        LIMIT,
        &format!("{LIMIT}<safety_controller k_velocity=\"1\"/>"),
    )
    .unwrap();
    warned(&safety, "<safety_controller> in <joint>");
    let origin = changed(
        "<link name=\"tool0\"/>",
        "<link name=\"tool0\"><origin xyz=\"0 0 0\"/></link>",
    );
    assert!(origin.is_ok());
    refused(
        "<link name=\"tool0\"/>",
        "<link name=\"tool0\"><origin xyz=\"0 0 1\"/></link>",
        "link tool0: origin: is not known in a link",
    );
}

#[test]
fn bounds_that_cross_or_are_missing_are_what_urdf_says() {
    refused(
        r#"lower="-1""#,
        r#"lower="2""#,
        "joint joint_1: limit: lower 2 is above upper 1",
    );
    refused(LIMIT, "", "joint joint_1: has no <limit>");
    let left_out = changed(r#"lower="-1""#, "").unwrap();
    assert_eq!(left_out.joints[0].limits.lower, 0.0);
    warned(
        &left_out,
        "joint joint_1: limit: lower: is left out: 0, as URDF says",
    );
    let both = changed(r#"lower="-1" upper="1""#, "").unwrap();
    assert!(both.joints[0].is_locked());
    let slides = ARM.replacen("revolute", "prismatic", 1);
    let slides = read(&slides.replacen(r#"upper="1""#, "", 1)).unwrap();
    assert_eq!(slides.joints[0].limits.upper, 0.0);
    let locked = changed(r#"lower="-1" upper="1""#, r#"lower="0" upper="0""#).unwrap();
    assert!(locked.joints[0].is_locked());
    warned(&locked, "the joint is locked there");
    assert_eq!(locked.joint_names(), ["joint_1"]);
}

#[test]
fn speed_or_effort_of_0_is_not_given_and_the_joint_not_moved() {
    let check = |from: &str, to: &str, expected: MotionBlock| {
        let model = changed(from, to).unwrap();
        assert_eq!(model.joints[0].motion_block(), Some(expected));
        warned(&model, "is not given: the joint is not moved until");
    };
    check(
        "velocity=\"2\"",
        "velocity=\"0\"",
        MotionBlock::NoVelocityLimit,
    );
    check("velocity=\"2\"", "", MotionBlock::NoVelocityLimit);
    check("effort=\"10\"", "effort=\"0\"", MotionBlock::NoEffortLimit);
    refused(
        "velocity=\"2\"",
        "velocity=\"-2\"",
        "velocity: is -2: must be above 0",
    );
}

fn limited(urdf: &str, joint: &str, given: GivenLimits) -> RobotModel {
    let options = DescriptionOptions {
        limits: BTreeMap::from([(joint.to_owned(), given)]),
        ..DescriptionOptions::default()
    };
    with_options(urdf, &options).unwrap()
}

#[test]
fn limits_from_elsewhere_count_where_the_description_gives_none() {
    let all = GivenLimits {
        lower: Some(-0.5),
        upper: Some(0.5),
        velocity: Some(1.0),
        effort: Some(5.0),
        ..GivenLimits::default()
    };
    let bare = limited(&ARM.replacen(LIMIT, "", 1), "joint_1", all);
    assert_eq!(bare.joints[0].given, all);
    assert_eq!(bare.joints[0].motion_block(), None);
    assert!(bare.warnings.is_empty(), "{:?}", bare.warnings);
    let partly = LIMIT
        .replacen("velocity=\"2\"", "velocity=\"0\"", 1)
        .replacen("lower=\"-1\"", "", 1);
    let partly = limited(&ARM.replacen(LIMIT, &partly, 1), "joint_1", all);
    let limits = partly.joints[0].limits;
    assert_eq!(
        (limits.lower, limits.upper, limits.velocity, limits.effort),
        (-0.5, 1.0, 1.0, 10.0)
    );
    assert!(partly.warnings.is_empty(), "{:?}", partly.warnings);
}

#[test]
fn limits_of_a_planar_joint_may_come_from_elsewhere_for_each_of_its_two() {
    let planar = ARM
        .replacen("type=\"revolute\"", "type=\"planar\"", 1)
        .replacen(LIMIT, "", 1);
    let rates = GivenLimits {
        velocity: Some(1.0),
        effort: Some(5.0),
        ..GivenLimits::default()
    };
    let model = limited(&planar, "joint_1_y", rates);
    let joint = |name: &str| &model.joints[model.joint_index(name).unwrap()];
    assert_eq!(joint("joint_1_y").motion_block(), None);
    assert_eq!(
        joint("joint_1_x").motion_block(),
        Some(MotionBlock::NoVelocityLimit)
    );
    warned(
        &model,
        "joint joint_1_x: limit: velocity: is not given: the joint is not moved until",
    );
    let text = format!("{:?}", model.warnings);
    assert!(!text.contains("joint_1_y"), "{text}");
}

#[test]
fn extended_limits_and_quaternions_of_later_versions_are_read() {
    let model = changed(
        LIMIT,
        &LIMIT.replace(
            "/>",
            " acceleration=\"6\" deceleration=\"5\" jerk=\"100\"/>",
        ),
    )
    .unwrap();
    let joint = &model.joints[0];
    assert_eq!((joint.limits.acceleration, joint.limits.jerk), (5.0, 100.0));
    assert_eq!(
        (joint.given.acceleration, joint.given.deceleration),
        (Some(6.0), Some(5.0))
    );
    let turned = changed(
        "<origin xyz=\"0 0 0.5\"/>",
        "<origin quat_xyzw=\"0 0 2 2\"/>",
    )
    .unwrap();
    let x = turned.joints[0].origin * Vector3::x();
    assert!((x - Vector3::y()).norm() < 1e-12, "{x}");
    warned(&turned, "quat_xyzw: has length 2.828");
    refused(
        "xyz=\"0 0 0.5\"",
        "rpy=\"0 0 0\" quat_xyzw=\"0 0 0 1\"",
        "has rpy and quat_xyzw",
    );
    refused(
        "xyz=\"0 0 0.5\"",
        "quat_xyzw=\"0 0 0 0\"",
        "no rotation has that",
    );
}

#[test]
fn continuous_joint_has_no_bounds() {
    let model = changed("revolute", "continuous").unwrap();
    assert_eq!(model.joints[0].limits.lower, f64::NEG_INFINITY);
    warned(
        &model,
        "lower: is -1: of no account: a continuous joint has no bounds",
    );
    let bare = read(
        &ARM.replacen("revolute", "continuous", 1)
            .replacen(LIMIT, "", 1),
    )
    .unwrap();
    assert_eq!(
        bare.joints[0].motion_block(),
        Some(MotionBlock::NoVelocityLimit)
    );
}

#[test]
fn planar_joint_slides_in_two_directions_with_limits_on_both() {
    let planar = ARM.replacen("type=\"revolute\"", "type=\"planar\"", 1);
    let check = |axis: &str, first: Vector3<f64>, second: Vector3<f64>| {
        let model = read(&planar.replacen("xyz=\"0 0 1\"", axis, 1)).unwrap();
        assert_eq!(model.joint_names(), ["joint_1_x", "joint_1_y"]);
        for (joint, direction) in model.movable().zip([first, second]) {
            assert!(
                (joint.axis.into_inner() - direction).norm() < 1e-12,
                "{axis}"
            );
            assert_eq!((joint.limits.lower, joint.limits.upper), (-1.0, 1.0));
        }
        let between = &model.links[model.link_index("joint_1_x").unwrap()];
        assert_eq!(between.mass_kg, 0.0);
        assert_eq!(model.joints[0].origin.translation.z, 0.5);
    };
    check("xyz=\"0 0 1\"", Vector3::x(), Vector3::y());
    check("xyz=\"0 1 0\"", Vector3::x(), -Vector3::z());
    check("xyz=\"1 0 0\"", Vector3::y(), Vector3::z());
    let free = read(&planar.replacen(LIMIT, "", 1)).unwrap();
    assert!(free.movable().all(|j| j.limits.upper == f64::INFINITY));
}

#[test]
fn floating_joint_is_passive() {
    let model = changed("revolute", "floating").unwrap();
    assert_eq!(model.movable().len(), 0);
    assert_eq!(model.joints[0].kind, JointKind::Floating);
    assert_eq!(model.joints[0].motion_block(), None);
}

/// The arm with a second joint that follows its first.
fn follower(mimic: &str) -> String {
    let more = format!(
        r#"<link name="finger"><inertial><mass value="0.1"/>
             <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.01"/></inertial></link>
           <joint name="joint_2" type="revolute"><parent link="upper"/><child link="finger"/>
             <limit lower="-3" upper="3" velocity="1" effort="1"/>{mimic}</joint></robot>"#
    );
    ARM.replacen("</robot>", &more, 1)
}

#[test]
fn follower_is_a_multiple_of_its_leader_and_an_offset() {
    let mimic = r#"<mimic joint="joint_1" multiplier="-2" offset="0.5"/>"#;
    let model = read(&follower(mimic)).unwrap();
    assert_eq!(model.joint_names(), ["joint_1"]);
    let index = model.joint_index("joint_2").unwrap();
    assert_eq!(model.joint_position(index, &[0.25]), 0.0);
    let plain = read(&follower(r#"<mimic joint="joint_1"/>"#)).unwrap();
    assert_eq!(plain.joint_position(index, &[0.25]), 0.25);
    let beyond = read(&follower(r#"<mimic joint="joint_1" multiplier="4"/>"#)).unwrap();
    warned(
        &beyond,
        "joint joint_2: position: is -4.0000 to 4.0000 where its leader",
    );
}

#[test]
fn mimic_that_leads_nowhere_is_refused() {
    let check = |mimic: &str, expected: &str| {
        let error = read(&follower(mimic)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(
        r#"<mimic joint="joint_2"/>"#,
        "\"joint_2\" is the joint itself",
    );
    check(
        r#"<mimic joint="ghost"/>"#,
        "joint joint_2: mimic: joint \"ghost\" does not exist",
    );
    check(r#"<mimic joint="tool"/>"#, "leads to no joint that moves");
    check("<mimic/>", "mimic: joint: is missing");
}

#[test]
fn inertia_is_that_of_a_body_or_refused() {
    let inertia = r#"ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.005""#;
    let with = |xx: f64, yy: f64, zz: f64| {
        let text = format!(r#"ixx="{xx}" ixy="0" ixz="0" iyy="{yy}" iyz="0" izz="{zz}""#);
        changed(inertia, &text)
    };
    let error = with(0.01, 0.01, 5.0).unwrap_err().to_string();
    assert!(
        error.contains("link upper: inertia: with what is fixed to it, it has principal moments"),
        "{error}"
    );
    let error = with(0.01, 0.01, -0.001).unwrap_err().to_string();
    assert!(error.contains("one is negative"), "{error}");
    // Rounded to two digits, and a point.
    assert!(with(0.01, 0.01, 0.0201).unwrap().warnings.is_empty());
    warned(
        &with(0.0, 0.0, 0.0).unwrap(),
        "link upper: inertia: is 0: its mass is in one point",
    );
}

#[test]
fn inertia_of_a_fixed_link_counts_with_what_it_is_fixed_to() {
    let odd = r#"<link name="tool0"><inertial><mass value="1e-6"/>
        <inertia ixx="0" ixy="0" ixz="0" iyy="0" iyz="0" izz="1e-6"/></inertial></link>"#;
    let model = changed("<link name=\"tool0\"/>", odd).unwrap();
    warned(&model, "link tool0: inertia: has principal moments");
}

#[test]
fn link_that_moves_has_a_mass_or_carries_one() {
    refused(
        r#"mass value="1""#,
        r#"mass value="0""#,
        "link upper: mass: is 0 kg",
    );
    // The massless link of a joint with two axes.
    let two = follower("").replacen(r#"mass value="1""#, r#"mass value="0""#, 1);
    assert!(read(&two).is_ok());
}

#[test]
fn collision_without_inertial_is_for_fixed_links() {
    let collision = "<collision><geometry><sphere radius=\"0.1\"/></geometry></collision>";
    let fixed = changed(
        "<link name=\"tool0\"/>",
        &format!("<link name=\"tool0\">{collision}</link>"),
    )
    .unwrap();
    let tool = &fixed.links[fixed.link_index("tool0").unwrap()];
    assert_eq!((tool.mass_kg, tool.shapes.len()), (0.0, 1));
    let moving = follower("").replacen(
        "<link name=\"finger\"><inertial><mass value=\"0.1\"/>",
        &format!(
            "<link name=\"bare\"/><link name=\"finger\">{collision}<inertial><mass value=\"0.1\"/>"
        ),
        1,
    );
    let start = moving.find("<inertial><mass value=\"0.1\"/>").unwrap();
    let end = moving[start..].find("</inertial>").unwrap() + start + "</inertial>".len();
    let moving = format!("{}{}", &moving[..start], &moving[end..]);
    let moving = moving.replacen("<link name=\"bare\"/>", "", 1);
    let error = read(&moving).unwrap_err().to_string();
    assert!(
        error.contains("link finger: moves and has a <collision> but no <inertial>"),
        "{error}"
    );
}

/// The arm whose upper link has this shape.
fn shaped(geometry: &str) -> String {
    let collision = format!("<collision><geometry>{geometry}</geometry></collision><inertial>");
    ARM.replacen("<inertial>", &collision, 1)
}

#[test]
fn forms_are_read() {
    let check = |geometry: &str, expected: Geometry| {
        let model = read(&shaped(geometry)).unwrap();
        let upper = &model.links[model.link_index("upper").unwrap()];
        assert_eq!(upper.shapes[0].geometry, expected);
    };
    check("<box size=\"1 2 3\"/>", Geometry::Box([1.0, 2.0, 3.0]));
    check(
        "<cylinder radius=\"1\" length=\"2\"/>",
        Geometry::Cylinder(1.0, 2.0),
    );
    check("<sphere radius=\"1\"/>", Geometry::Sphere(1.0));
    check(
        "<capsule radius=\"1\" length=\"2\"/>",
        Geometry::Capsule(1.0, 2.0),
    );
}

#[test]
fn broken_forms_are_refused_with_element_and_value() {
    let check = |geometry: &str, expected: &str| {
        let error = read(&shaped(geometry)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("link upper: collision: geometry"), "{error}");
    };
    check("", "is empty");
    check("<cone/>", "has <cone>, which is not known");
    check(
        "<sphere radius=\"0\"/>",
        "sphere: radius: is 0: must be above 0",
    );
    check(
        "<sphere radius=\"1\"/><sphere radius=\"1\"/>",
        "is a second form",
    );
    check(
        "<mesh filename=\"package://ghost/a.stl\"/>",
        "there is no package \"ghost\"",
    );
    check(
        "<mesh filename=\"a.stl\"/>",
        "is relative, and the description is no file",
    );
    check(
        "<mesh filename=\"file:///none/a.stl\"/>",
        "mesh /none/a.stl: cannot be read",
    );
    check(
        "<mesh filename=\"file:///none/a.stl\" scale=\"1 0 1\"/>",
        "scale: is [1.0, 0.0, 1.0]: a factor of 0",
    );
    check(
        "<mesh filename=\"file:///none/a.stl\" scale=\"1 NaN 1\"/>",
        "scale: is NaN",
    );
    check("<mesh/>", "filename: is missing");
}

#[test]
fn meshes_beside_the_description_have_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let obj = "v 1 0 0\nv 1 1 0\nv 1 0 2\nf 1 2 3\n";
    std::fs::write(folder.path().join("a.obj"), obj).unwrap();
    let path = folder.path().join("arm.urdf");
    let options = DescriptionOptions::default();
    let read = |urdf: &str| {
        std::fs::write(&path, urdf).unwrap();
        crate::read_robot(RobotName::try_new("arm_1").unwrap(), &path, &options)
    };
    let model = read(&shaped("<mesh filename=\"a.obj\" scale=\"-1 1 0.5\"/>")).unwrap();
    let upper = &model.links[model.link_index("upper").unwrap()];
    let bounds = upper.shapes[0].geometry.bounds();
    assert_eq!(bounds, Some([[-1.0, 0.0, 0.0], [-1.0, 1.0, 1.0]]));
    assert_eq!(model.source.path.as_deref(), Some(path.as_path()));
    let visual = "<visual><geometry><mesh filename=\"none.obj\"/></geometry></visual><inertial>";
    let error = read(&ARM.replacen("<inertial>", visual, 1))
        .unwrap_err()
        .to_string();
    for expected in [
        "arm.urdf",
        "link upper: visual: geometry: mesh",
        "none.obj",
        "cannot be read",
    ] {
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn colours_come_from_materials_by_name() {
    let urdf = ARM
        .replacen("<link name", "<material name=\"m\"><color rgba=\"1 0 0 1\"/></material><link name", 1)
        .replacen(
            "<inertial>",
            "<visual><geometry><sphere radius=\"1\"/></geometry><material name=\"m\"/></visual><inertial>",
            1,
        );
    let model = read(&urdf).unwrap();
    let upper = &model.links[model.link_index("upper").unwrap()];
    assert_eq!(upper.visuals[0].rgba, Some([1.0, 0.0, 0.0, 1.0]));
}
