//! Robots in MuJoCo's language, by the program that reads them with MuJoCo.

use physical_ai_domain::DescriptionFormat;

use crate::reading::read;

const ROBOT: &str = r#"<mujoco><option gravity="0 0 0"/><worldbody><body name="base"><geom size="0.1"/>
  <body name="arm"><joint name="one" axis="0 0 1" ref="0.5" range="0 57.29577951308232"/>
    <geom type="capsule" size="0.02 0.1" contype="0" conaffinity="0" mass="4"/></body></body></worldbody></mujoco>"#;

#[test]
fn mjcf_robot_is_read_by_the_program_that_links_mujoco() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("robot.xml");
    std::fs::write(&path, ROBOT).unwrap();
    let model = read(&path).unwrap();
    assert_eq!(model.source.format, DescriptionFormat::Mjcf);
    assert_eq!(model.joint_names(), ["one"]);
    let limits = model.movable().next().unwrap().limits;
    assert!(
        limits.lower == 0.0 && (limits.upper - 1.0).abs() < 1e-9,
        "{limits:?}"
    );
    let arm = &model.links[model.link_index("arm").unwrap()];
    assert_eq!(arm.mass_kg, 4.0);
    assert!(model.source.urdf.contains("<robot"));
    let warnings: Vec<String> = model.warnings.iter().map(ToString::to_string).collect();
    assert!(
        warnings.iter().any(|w| w.contains("gravity")),
        "{warnings:?}"
    );
    std::fs::write(&path, ROBOT.replace("range=", "rnge=")).unwrap();
    let error = read(&path).unwrap_err().to_string();
    for expected in ["robot.xml", "mjcf_to_urdf", "rnge"] {
        assert!(error.contains(expected), "{error}");
    }
}
