use physical_ai_domain::RobotName;

use super::*;

const STEP_S: f64 = 0.001;

fn limits() -> JointLimits {
    JointLimits {
        lower: -3.0,
        upper: 3.0,
        velocity: 2.0,
        acceleration: 8.0,
        jerk: f64::INFINITY,
        effort: 100.0,
    }
}

fn drives(kind: JointKind) -> Drives {
    Drives::new(
        vec![(strain(kind, false), Servo::Position, limits())],
        &[0.0],
    )
}

fn command(mode: CommandMode, position: f64, velocity: f64) -> ActuatorCommand {
    ActuatorCommand {
        robot: RobotName::try_new("arm").unwrap(),
        stamp: Time::ZERO,
        sensor_stamp: Time::ZERO,
        mode,
        position: vec![position],
        velocity: vec![velocity],
        effort: vec![0.0],
        valid_for_s: 0.05,
    }
}

/// Steps with the joint at `measured` for `seconds`, hearing `command` all the time; set points at its end.
fn run(drives: &mut Drives, command: &ActuatorCommand, measured: f64, seconds: f64) -> SetPoint {
    for step in 0..(seconds / STEP_S) as usize {
        if step.is_multiple_of(5) {
            drives.apply(command, Time::ZERO);
        }
        let before = drives.set_points[0].position;
        drives.step(STEP_S, &[measured], |_, _, _| {});
        let moved = (drives.set_points[0].position - before).abs();
        let is_free = (drives.set_points[0].position - measured).abs() > 1e-12;
        assert!(moved <= 2.0 * STEP_S + 1e-9 || !is_free, "{moved}");
    }
    drives.set_points[0]
}

#[test]
fn set_point_that_jumps_is_followed_no_faster_than_the_joint_may() {
    let mut drives = drives(JointKind::Revolute);
    let at = run(
        &mut drives,
        &command(CommandMode::Position, 1.5, 0.0),
        0.0,
        3.0,
    );
    assert!((at.position - 1.5).abs() < 1e-6, "{at:?}");
}

#[test]
fn joint_that_was_kept_from_its_set_point_is_held_where_it_is_measured() {
    let mut turning = drives(JointKind::Revolute);
    run(
        &mut turning,
        &command(CommandMode::Position, 0.15, 0.0),
        0.0,
        1.0,
    );
    let held = run(
        &mut turning,
        &command(CommandMode::Hold, 0.0, 0.0),
        0.0,
        0.5,
    );
    assert_eq!(held.position, 0.0);
}

#[test]
fn fingers_keep_pressing_on_what_they_hold() {
    // What fingers hold keeps them from their set point; letting go of that would drop it.
    for (kind, kept) in [(JointKind::Prismatic, 0.08), (JointKind::Revolute, 0.6)] {
        let joint = (strain(kind, true), Servo::Position, limits());
        let mut fingers = Drives::new(vec![joint], &[0.0]);
        let told = command(CommandMode::Position, kept, 0.0);
        run(&mut fingers, &told, 0.0, 1.0);
        let stop = command(CommandMode::Hold, 0.0, 0.0);
        let held = run(&mut fingers, &stop, 0.0, 0.5);
        assert!((held.position - kept).abs() < 1e-9, "{held:?}");
    }
}

#[test]
fn joint_that_follows_is_held_at_its_set_point_however_often() {
    let mut drives = drives(JointKind::Revolute);
    run(
        &mut drives,
        &command(CommandMode::Position, 0.3, 0.0),
        0.29,
        1.0,
    );
    for _ in 0..20 {
        let held = run(
            &mut drives,
            &command(CommandMode::Hold, 0.0, 0.0),
            0.299,
            0.5,
        );
        assert!((held.position - 0.3).abs() < 1e-6, "no creeping: {held:?}");
    }
}

#[test]
fn speeds_after_a_hold_start_from_the_set_point_and_not_from_an_earlier_command() {
    let mut drives = drives(JointKind::Revolute);
    run(
        &mut drives,
        &command(CommandMode::Position, 1.0, 0.0),
        0.0,
        0.1,
    );
    run(&mut drives, &command(CommandMode::Hold, 0.0, 0.0), 0.0, 0.5);
    let before = drives.set_points[0].position;
    let after = run(
        &mut drives,
        &command(CommandMode::Velocity, 0.0, 0.0),
        0.0,
        0.5,
    );
    assert!((after.position - before).abs() < 1e-9, "{after:?}");
}

#[test]
fn effort_is_no_mode_of_these_drives_and_stops_them() {
    let mut drives = drives(JointKind::Revolute);
    run(
        &mut drives,
        &command(CommandMode::Position, 1.0, 0.0),
        0.0,
        0.02,
    );
    run(
        &mut drives,
        &command(CommandMode::Effort, 0.0, 0.0),
        0.0,
        0.3,
    );
    assert!(drives.is_holding());
    assert_eq!(drives.set_points[0].velocity, 0.0);
}
