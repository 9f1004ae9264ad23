//! Xacro files, with the `xacro` that set-up installs beside the robots.

use std::path::Path;
use std::process::Command;

const XACRO: &str = r#"<?xml version="1.0"?>
<robot name="arm" xmlns:xacro="http://wiki.ros.org/xacro">
  <xacro:property name="gains" value="${xacro.load_yaml('gains.yaml')}"/>
  <link name="base"/>
  <link name="upper"><inertial><mass value="1"/>
    <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.01"/></inertial></link>
  <joint name="one" type="revolute"><parent link="base"/><child link="upper"/>
    <limit lower="-1" upper="1" velocity="1" effort="1"/>
    <dynamics damping="${2 * gains['damping']}"/></joint>
</robot>"#;

/// Runs the reader in a process of its own: what is installed is told by PATH, which tests share.
fn read(folder: &Path, path: &str) -> std::process::Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "xacro::reader", "--nocapture"])
        .env("PHYSICAL_AI_TEST_XACRO", folder.join("arm.urdf.xacro"))
        .env("PATH", path)
        .output()
        .unwrap()
}

/// The process that [`read`] starts; for anybody else it has nothing to do.
#[test]
fn reader() {
    let Some(file) = std::env::var_os("PHYSICAL_AI_TEST_XACRO") else {
        return;
    };
    match crate::reading::read(Path::new(&file)) {
        Ok(model) => println!("damping {}", model.joints[0].damping),
        Err(error) => println!("refused: {error}"),
    }
}

fn folder(xacro: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("arm.urdf.xacro"), xacro).unwrap();
    std::fs::write(folder.path().join("gains.yaml"), "damping: 1e-3\n").unwrap();
    folder
}

fn said(output: &std::process::Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn with_xacro() -> String {
    let bin = physical_ai_tests::checkout().join("ros2_ws/.deps/xacro/bin");
    assert!(
        bin.join("xacro").is_file(),
        "{} is missing: run `make setup`",
        bin.display()
    );
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{}:{path}", bin.display())
}

#[test]
fn number_from_yaml_is_a_number() {
    let folder = folder(XACRO);
    let text = said(&read(folder.path(), &with_xacro()));
    assert!(text.contains("damping 0.002"), "{text}");
}

#[test]
fn what_xacro_refuses_is_told_with_the_file() {
    let folder = folder(&XACRO.replace("gains['damping']", "gains['dumping']"));
    let text = said(&read(folder.path(), &with_xacro()));
    assert!(text.contains("refused: "), "{text}");
    assert!(text.contains("arm.urdf.xacro: xacro: refuses it"), "{text}");
    assert!(text.contains("dumping"), "{text}");
}

#[test]
fn absent_xacro_is_told_with_what_to_install() {
    let folder = folder(XACRO);
    let text = said(&read(folder.path(), "/nonexistent"));
    assert!(text.contains("xacro: is not installed"), "{text}");
    assert!(text.contains("pip install xacro"), "{text}");
}
