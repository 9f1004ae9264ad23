//! A control tick of a robot at work allocates nothing: counted by an allocator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

#[path = "../../../../tests/support/counting_allocator.rs"]
mod counting_allocator;

use std::collections::BTreeMap;

use counting_allocator::allocations;
use nalgebra::Isometry3;
use physical_ai_control::agent::Agent;
use physical_ai_control::skills::SeenObject;
use physical_ai_control::{DifferentialDrive, DriveLimits, Obstacles, SafetyLimits};
use physical_ai_domain::{
    ActuatorCommand, Assignment, BaseState, CommandMode, FencingToken, MissionId, Placement,
    RobotModel, RobotName, RobotState, SkillName, TaskId, TaskReport, TaskState, Time, World,
};
use serde_json::{Value, json};

const TICK_S: f64 = 0.005;

fn model(world: &World, name: &str) -> RobotModel {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../urdf");
    let placement = world.robot(name).unwrap();
    physical_ai_description::read_model(placement, std::path::Path::new(models)).unwrap()
}

/// Both robots of the demo, which do at once what they are told.
struct Bench {
    agent: Agent,
    states: [RobotState; 2],
    drive: DifferentialDrive,
    ticks: i64,
}

/// What a tick took and said.
struct Ticked {
    allocations: u64,
    reports: Vec<TaskReport>,
}

impl Bench {
    fn new() -> Self {
        let yaml = include_str!("../../../../params/worlds/demo.yaml");
        let world = World::from_yaml("demo", yaml).unwrap();
        let arm = model(&world, "arm_1");
        let rover = model(&world, "rover_1");
        let at = |model: &RobotModel, position: &[f64]| RobotState {
            robot: model.name.clone(),
            stamp: Time::ZERO,
            position: position.to_vec(),
            velocity: vec![0.0; position.len()],
            base: BaseState {
                pose: world.robot(model.name.as_str()).unwrap().pose.isometry(),
                ..Default::default()
            },
            fault: None,
        };
        let states = [
            at(&arm, &[0.0, 0.0, 1.6, 1.54, 0.0, 0.0, 0.02, 0.02]),
            at(&rover, &[0.0; 2]),
        ];
        let drive = DifferentialDrive::from_model(&rover).unwrap();
        let (driving, safety) = (DriveLimits::default(), SafetyLimits::default());
        let agent = Agent::try_new(world, vec![arm, rover], driving, safety).unwrap();
        let mut bench = Self {
            agent,
            states,
            drive,
            ticks: 200,
        };
        // The first states of all robots, and buffers that get their size.
        bench.tick();
        bench.tick();
        bench
    }

    fn now(&self) -> Time {
        Time::from_nanoseconds(self.ticks * 5_000_000)
    }

    /// One tick of both robots, of which only [`Agent::tick`] is counted.
    fn tick(&mut self) -> Ticked {
        self.ticks += 1;
        let now = self.now();
        self.agent
            .see_obstacles(&self.states[1].robot.clone(), now, Obstacles::default());
        let mut ticked = Ticked {
            allocations: 0,
            reports: Vec::new(),
        };
        for state in &mut self.states {
            state.stamp = now;
            let estimate = state.clone();
            let (count, control) =
                allocations(|| self.agent.tick(estimate, now, now.seconds()).unwrap());
            obey(state, control.command, &self.drive);
            ticked.allocations += count;
            ticked.reports.extend(control.report);
        }
        ticked
    }

    fn assign(&mut self, robot: &str, skill: &str, params: Value) {
        let assignment = Assignment {
            mission: MissionId::try_new("m").unwrap(),
            task: TaskId::try_new("t").unwrap(),
            attempt: 1,
            token: FencingToken(7),
            skill: SkillName::try_new(skill).unwrap(),
            robot: Some(RobotName::try_new(robot).unwrap()),
            params,
            resources: BTreeMap::new(),
            timeout_s: 0.0,
            priority: 0,
            deadline: Time::ZERO,
            idempotent: true,
        };
        let now = self.now();
        self.agent.assign(assignment, now).unwrap();
    }

    /// Allocations of each tick until the task ends; the last one is that of its end.
    fn run(&mut self) -> (Vec<u64>, TaskReport, usize) {
        let (mut counts, mut progress) = (Vec::new(), 0);
        for _ in 0..20_000 {
            let ticked = self.tick();
            counts.push(ticked.allocations);
            for report in ticked.reports {
                if report.state.is_terminal() {
                    return (counts, report, progress);
                }
                progress += 1;
            }
        }
        panic!("the task did not end");
    }
}

fn obey(state: &mut RobotState, command: &ActuatorCommand, drive: &DifferentialDrive) {
    match command.mode {
        CommandMode::Position => {
            state.position.clone_from(&command.position);
            state.velocity.clone_from(&command.velocity);
        }
        CommandMode::Velocity => {
            state.velocity.clone_from(&command.velocity);
            let (x, yaw) = drive.base(command.velocity[0] * TICK_S, command.velocity[1] * TICK_S);
            let step = Placement {
                x,
                yaw,
                ..Default::default()
            };
            state.base.pose *= step.isometry();
        }
        CommandMode::Effort | CommandMode::Hold => state.velocity.fill(0.0),
    }
}

/// All ticks between the one in which a task begins and the one in which it ends.
fn assert_steady(counts: &[u64], task: &str) {
    let between = &counts[1..counts.len() - 1];
    assert!(between.len() > 100, "{task}: {} ticks", between.len());
    let first = between.iter().position(|c| *c > 0);
    let total: u64 = between.iter().sum();
    assert_eq!(total, 0, "{task}: tick {first:?} of {}", between.len());
}

#[test]
fn counter_sees_what_is_allocated() {
    let (count, kept) = allocations(|| vec![1_u8; 100]);
    assert_eq!((count, kept.len()), (1, 100));
    assert_eq!(allocations(|| 1 + 1).0, 0);
}

#[test]
fn robots_without_a_task_allocate_nothing() {
    let mut bench = Bench::new();
    let total: u64 = (0..5000).map(|_| bench.tick().allocations).sum();
    assert_eq!(total, 0);
}

#[test]
fn arm_in_motion_allocates_nothing() {
    let mut bench = Bench::new();
    let positions = json!({"positions": [2.0, 0.3, 1.2, 1.0, 0.5, -2.0]});
    bench.assign("arm_1", "move_joints", positions);
    let (counts, report, _) = bench.run();
    assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
    assert_steady(&counts, "move_joints");
}

#[test]
fn rover_that_drives_and_tells_its_progress_allocates_nothing() {
    let mut bench = Bench::new();
    bench.assign("rover_1", "navigate_to", json!({"place": "dock_a"}));
    let (counts, report, progress) = bench.run();
    assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
    assert!(progress > 10, "{progress} reports of progress");
    assert_steady(&counts, "navigate_to");
}

#[test]
fn arm_that_waits_for_a_lift_that_is_not_seen_allocates_only_where_steps_begin() {
    let mut bench = Bench::new();
    let seen = SeenObject {
        pose: Isometry3::translation(0.42, 0.12, 0.42),
        size_m: [0.04; 3],
    };
    let objects = BTreeMap::from([("red_box".to_owned(), seen)]);
    bench.agent.see_objects(bench.now(), &objects);
    bench.assign("arm_1", "pick", json!({"object": "red_box"}));
    let (mut ticks, mut busy) = (0, 0);
    let report = loop {
        let ticked = bench.tick();
        ticks += 1;
        busy += usize::from(ticked.allocations > 0);
        // Something keeps the fingers apart, but what is seen stays on the table.
        for finger in &mut bench.states[0].position[6..] {
            *finger = finger.max(0.02);
        }
        bench.agent.see_objects(bench.now(), &objects);
        let ended = ticked.reports.into_iter().find(|r| r.state.is_terminal());
        if let Some(report) = ended {
            break report;
        }
    };
    assert!(report.error_msg.contains("after the lift"), "{report:?}");
    // Open, to it, down, close, up; braking and the end.
    assert!(busy <= 7, "{busy} of {ticks} ticks allocate");
    assert!(ticks > 500, "{ticks}");
}

#[test]
fn arm_that_does_not_arrive_allocates_nothing_while_it_waits() {
    let mut bench = Bench::new();
    let positions = json!({"positions": [0.5, 0.3, 1.2, 1.0, 0.5, -1.0]});
    bench.assign("arm_1", "move_joints", positions);
    let mut counts = Vec::new();
    for _ in 0..2000 {
        let ticked = bench.tick();
        counts.push(ticked.allocations);
        // A joint that stays a little short of where it was told to be.
        bench.states[0].position[0] = bench.states[0].position[0].min(0.47);
        if ticked.reports.iter().any(|r| r.state.is_terminal()) {
            let last = ticked.reports.last().unwrap();
            assert_eq!(last.state, TaskState::Failed, "{last:?}");
            assert!(last.error_msg.contains("joint_1"), "{}", last.error_msg);
            let busy = counts.iter().filter(|c| **c > 0).count();
            assert!(busy <= 4, "{busy} of {} ticks: {counts:?}", counts.len());
            return;
        }
    }
    panic!("the task did not end");
}
