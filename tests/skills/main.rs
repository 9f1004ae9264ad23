//! Skills executed against real physics, without ROS, faster than real time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose fixture is not there has failed"
)]

use std::collections::BTreeMap;

use physical_ai_control::agent::Agent;
use physical_ai_control::skills::SeenObject;
use physical_ai_control::{
    DifferentialDrive, DriveLimits, Obstacles, Odometry, SafetyLimits, SafetyState,
};
use physical_ai_domain::{
    ActuatorCommand, Assignment, BaseState, ErrorCode, FencingToken, MissionId, RobotKind,
    RobotModel, RobotName, RobotState, SkillName, TaskId, TaskReport, TaskState, Time, World,
};
use physical_ai_sim::{SensorNoise, SimulatedWorld};
use serde_json::{Value, json};

const TICK_STEPS: usize = 5;

struct Bench {
    world: World,
    sim: SimulatedWorld,
    agent: Agent,
    models: BTreeMap<RobotName, RobotModel>,
    odometry: BTreeMap<RobotName, Odometry>,
    token: u64,
    ticks: u64,
    /// Commands come with up to so many milliseconds of delay, each with its own.
    most_late_ms: u64,
    underway: Vec<(u64, ActuatorCommand)>,
    steps: u64,
}

impl Bench {
    fn new(file: &str) -> Self {
        let top = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let yaml = std::fs::read_to_string(format!("{top}/params/worlds/{file}.yaml")).unwrap();
        let world = World::from_yaml(file, &yaml).unwrap();
        let models: Vec<RobotModel> = world
            .robots
            .iter()
            .map(|r| {
                let urdf = std::fs::read_to_string(format!("{top}/urdf/{}.urdf", r.model)).unwrap();
                RobotModel::from_urdf(r.name.clone(), &urdf).unwrap()
            })
            .collect();
        let odometry = models
            .iter()
            .filter(|m| m.kind == RobotKind::Rover)
            .map(|m| {
                let start = world.robot(m.name.as_str()).unwrap().pose;
                (
                    m.name.clone(),
                    Odometry::new(DifferentialDrive::from_model(m).unwrap(), start),
                )
            })
            .collect();
        Self {
            sim: SimulatedWorld::try_new(&world, models.clone(), SensorNoise::default(), 5, 0.001)
                .unwrap(),
            agent: Agent::try_new(
                world.clone(),
                models.clone(),
                DriveLimits::default(),
                SafetyLimits::default(),
            )
            .unwrap(),
            models: models.into_iter().map(|m| (m.name.clone(), m)).collect(),
            world,
            odometry,
            token: 0,
            ticks: 0,
            most_late_ms: 0,
            underway: Vec::new(),
            steps: 0,
        }
    }

    fn assign(
        &mut self,
        robot: &str,
        skill: &str,
        params: Value,
    ) -> Result<FencingToken, (ErrorCode, String)> {
        self.token += 1;
        let token = FencingToken(self.token);
        let assignment = Assignment {
            mission: MissionId::try_new("m").unwrap(),
            task: TaskId::try_new(format!("t{}", self.token)).unwrap(),
            attempt: 1,
            token,
            skill: SkillName::try_new(skill).unwrap(),
            robot: Some(RobotName::try_new(robot).unwrap()),
            params,
            resources: BTreeMap::new(),
            timeout_s: 0.0,
            priority: 0,
            deadline: Time::ZERO,
            idempotent: false,
        };
        let now = self.sim.time();
        self.agent.assign(assignment, now).map(|_| token)
    }

    fn state(&mut self, name: &RobotName) -> RobotState {
        let sample = self.sim.joint_sample(name).unwrap();
        let mut base = BaseState {
            pose: self.world.robot(name.as_str()).unwrap().pose.isometry(),
            ..Default::default()
        };
        if let Some(odometry) = self.odometry.get_mut(name) {
            let imu = self.sim.imu_sample(name).unwrap();
            odometry.gyro(imu.angular_velocity[2]).unwrap();
            odometry
                .wheels(sample.stamp, [sample.position[0], sample.position[1]])
                .unwrap();
            base.pose = odometry.pose().isometry();
        }
        RobotState {
            robot: name.clone(),
            stamp: sample.stamp,
            position: sample.position,
            velocity: sample.velocity,
            base,
            fault: None,
        }
    }

    /// One control tick of all robots; reports that ended a task.
    fn tick(&mut self) -> Vec<TaskReport> {
        let mut ended = Vec::new();
        let names: Vec<RobotName> = self.models.keys().cloned().collect();
        if self.ticks.is_multiple_of(20) {
            let objects = self
                .sim
                .objects()
                .into_iter()
                .map(|o| {
                    (
                        o.name,
                        SeenObject {
                            pose: o.pose,
                            size_m: o.size_m,
                        },
                    )
                })
                .collect();
            self.agent.see_objects(self.sim.time(), &objects);
            for name in &names {
                if let Some(scan) = self.sim.laser_sample(name) {
                    let obstacles = Obstacles {
                        angle_min: scan.angle_min,
                        angle_increment: scan.angle_increment,
                        ranges: scan.ranges,
                    };
                    self.agent.see_obstacles(name, scan.stamp, obstacles);
                }
            }
        }
        for name in &names {
            let state = self.state(name);
            let now = self.sim.time();
            let control = self.agent.tick(state, now, now.seconds()).unwrap();
            assert!(
                control.verdict.state <= SafetyState::Limited,
                "{:?}",
                control.verdict
            );
            ended.extend(control.report.filter(|r| r.state.is_terminal()));
            let late_ms = self.ticks * 7919 % (self.most_late_ms + 1);
            self.underway
                .push((self.steps + late_ms, control.command.clone()));
        }
        self.step();
        ended
    }

    fn step(&mut self) {
        for _ in 0..TICK_STEPS {
            let now = self.steps;
            for (_, command) in self.underway.extract_if(.., |(due, _)| *due <= now) {
                self.sim.apply(&command).unwrap();
            }
            self.sim.step().unwrap();
            self.steps += 1;
        }
        self.ticks += 1;
    }

    /// Physics and sensors go on without the agent.
    fn stall(&mut self, ticks: usize) {
        let names: Vec<RobotName> = self.models.keys().cloned().collect();
        for _ in 0..ticks {
            for name in &names {
                self.state(name);
            }
            self.step();
        }
    }

    fn run(&mut self, tasks: usize, limit_s: f64) -> Vec<TaskReport> {
        let mut ended = Vec::new();
        let until = self.sim.time().plus_seconds(limit_s);
        while ended.len() < tasks && self.sim.time() < until {
            ended.extend(self.tick());
        }
        assert_eq!(
            ended.len(),
            tasks,
            "tasks that ended within {limit_s} s: {ended:?}"
        );
        ended
    }

    fn object(&mut self, name: &str) -> nalgebra::Vector3<f64> {
        let found = self
            .sim
            .objects()
            .into_iter()
            .find(|o| o.name == name)
            .unwrap();
        found.pose.translation.vector
    }

    /// Horizontal distance between an object and a place, metres.
    fn distance(&mut self, object: &str, place: &str) -> f64 {
        let (at, place) = (self.object(object), self.world.place(place).unwrap().pose);
        (at.x - place.x).hypot(at.y - place.y)
    }
}

fn succeeded(report: &TaskReport) -> Value {
    assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
    serde_json::from_str(&report.result).unwrap()
}

#[test]
fn arm_puts_the_red_box_in_bin_b_while_the_rover_patrols() {
    let mut bench = Bench::new("demo");
    bench.tick();
    bench
        .assign(
            "arm_1",
            "pick_and_place",
            json!({"object": "red_box", "place": "bin_b"}),
        )
        .unwrap();
    bench
        .assign("rover_1", "patrol", json!({"places": ["dock_a", "dock_b"]}))
        .unwrap();
    for report in bench.run(2, 40.0) {
        let result = succeeded(&report);
        assert!(
            result["tracking_error_max"].as_f64().unwrap() < 0.2,
            "{result}"
        );
    }
    let (at, bin) = (
        bench.object("red_box"),
        bench.world.place("bin_b").unwrap().pose,
    );
    assert!(bench.distance("red_box", "bin_b") < 0.03, "box is at {at}");
    assert!(at.z < bin.z + 0.03, "box is at {at}");
    bench.assign("rover_1", "home", json!({})).unwrap();
    succeeded(&bench.run(1, 30.0)[0]);
    let rover = RobotName::try_new("rover_1").unwrap();
    let really = bench.sim.true_base_pose(&rover).unwrap().translation.vector;
    let home = bench.world.robot("rover_1").unwrap().pose;
    assert!(
        (really.x - home.x).hypot(really.y - home.y) < 0.15,
        "rover is at {really}"
    );
}

#[test]
fn agent_that_stands_still_for_a_moment_loses_nothing_of_what_its_arm_holds() {
    // In the lift, in the swing to the bin and on the way down.
    for before_s in [2.6, 3.2, 3.8, 4.4, 4.88, 5.06] {
        let mut bench = Bench::new("demo");
        bench.tick();
        let params = json!({"object": "red_box", "place": "bin_b"});
        bench.assign("arm_1", "pick_and_place", params).unwrap();
        while bench.sim.time().seconds() < before_s {
            assert!(bench.tick().is_empty());
        }
        bench.stall(60);
        succeeded(&bench.run(1, 20.0)[0]);
        let off_m = bench.distance("red_box", "bin_b");
        assert!(off_m < 0.03, "held at {before_s} s: {off_m} m off");
    }
}

#[test]
fn commands_of_a_busy_network_lose_nothing_of_what_the_arm_holds() {
    for (most_late_ms, object, bin) in [(12, "red_box", "bin_b"), (24, "blue_box", "bin_a")] {
        let mut bench = Bench::new("demo");
        bench.most_late_ms = most_late_ms;
        bench.tick();
        let params = json!({"object": object, "place": bin});
        bench.assign("arm_1", "pick_and_place", params).unwrap();
        succeeded(&bench.run(1, 20.0)[0]);
        let off_m = bench.distance(object, bin);
        assert!(off_m < 0.03, "{most_late_ms} ms: {off_m} m off");
    }
}

#[test]
fn picking_what_is_not_there_fails_before_or_in_the_grasp() {
    let mut bench = Bench::new("demo");
    bench.tick();
    let (code, reason) = bench
        .assign("arm_1", "pick", json!({"object": "gold_box"}))
        .unwrap_err();
    assert_eq!(code, ErrorCode::InvalidParams);
    assert!(reason.contains("gold_box"), "{reason}");
    let (code, reason) = bench
        .assign("arm_1", "move_to", json!({"x": 3.0, "y": 0.0, "z": 0.5}))
        .unwrap_err();
    assert_eq!(code, ErrorCode::Unreachable, "{reason}");
    let (code, _) = bench.assign("rover_1", "fly", json!({})).unwrap_err();
    assert_eq!(code, ErrorCode::UnknownSkill);
}

#[test]
fn cancel_brings_both_robots_to_rest() {
    let mut bench = Bench::new("demo");
    bench.tick();
    let arm = bench.assign("arm_1", "home", json!({})).unwrap();
    let rover = bench
        .assign("rover_1", "navigate_to", json!({"place": "dock_b"}))
        .unwrap();
    for _ in 0..200 {
        assert!(bench.tick().is_empty());
    }
    let busy = bench.assign("arm_1", "home", json!({})).unwrap_err();
    assert_eq!(busy.0, ErrorCode::Busy);
    bench.agent.cancel(arm);
    bench.agent.cancel(rover);
    for report in bench.run(2, 1.0) {
        assert_eq!(report.state, TaskState::Canceled);
    }
    let names: Vec<RobotName> = bench.models.keys().cloned().collect();
    for _ in 0..40 {
        bench.tick();
    }
    for name in names {
        let speed = bench
            .sim
            .joint_sample(&name)
            .unwrap()
            .velocity
            .iter()
            .fold(0.0, |a: f64, v| a.max(v.abs()));
        assert!(speed < 0.05, "{name} still moves at {speed}");
    }
}
