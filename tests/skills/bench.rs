use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use physical_ai_control::agent::Agent;
use physical_ai_control::skills::SeenObject;
use physical_ai_control::{
    DifferentialDrive, DriveLimits, ImuMount, LidarMount, Odometry, SafetyLimits, SafetyState,
};
use physical_ai_domain::{
    ActuatorCommand, Assignment, BaseState, ErrorCode, FencingToken, MissionId, RobotModel,
    RobotName, RobotState, SkillName, TaskId, TaskReport, Time, World,
};
use physical_ai_sim::{RobotSetup, SensorNoise, SimulatedWorld};
use serde_json::Value;

const TICK_STEPS: usize = 5;

/// Robots of a world, their physics and their agent, without ROS and as fast as that goes.
pub struct Bench {
    pub world: World,
    pub sim: SimulatedWorld,
    pub agent: Agent,
    pub models: BTreeMap<RobotName, RobotModel>,
    odometry: BTreeMap<RobotName, Odometry>,
    token: u64,
    ticks: u64,
    /// Commands come with up to so many milliseconds of delay, each with its own.
    pub most_late_ms: u64,
    underway: Vec<(u64, ActuatorCommand)>,
    steps: u64,
    /// Robots whose commands do not arrive.
    pub cut: BTreeSet<RobotName>,
    /// The filter may stop robots, and states may fail to come.
    pub lenient: bool,
    /// The only robots that do anything; empty: all.
    pub active: BTreeSet<RobotName>,
}

fn new_agent(world: &World, models: &BTreeMap<RobotName, RobotModel>) -> Agent {
    let models = models.values().cloned().collect();
    let (drive, safety) = (DriveLimits::default(), SafetyLimits::default());
    Agent::try_new(world.clone(), models, drive, safety).unwrap()
}

fn new_odometry(
    world: &World,
    models: &BTreeMap<RobotName, RobotModel>,
) -> BTreeMap<RobotName, Odometry> {
    let rovers = models.values().filter(|m| m.layout.drive.is_some());
    let at_start = |m: &RobotModel| {
        let start = world.robot(m.name.as_str()).unwrap().pose;
        let drive = DifferentialDrive::from_model(m).unwrap();
        (m.name.clone(), Odometry::new(drive, start))
    };
    rovers.map(at_start).collect()
}

impl Bench {
    pub fn new(file: &str) -> Self {
        let top = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let yaml = std::fs::read_to_string(format!("{top}/params/worlds/{file}.yaml")).unwrap();
        let world = World::from_yaml(file, &yaml).unwrap();
        let models: Vec<RobotModel> = world
            .robots
            .iter()
            .map(|r| {
                physical_ai_description::read_model(r, Path::new(&format!("{top}/urdf"))).unwrap()
            })
            .collect();
        Self::of(world, models.into_iter().map(RobotSetup::new).collect())
    }

    /// Robots in the order of the world's.
    pub fn of(world: World, setups: Vec<RobotSetup>) -> Self {
        let noise = SensorNoise::default();
        let models: Vec<RobotModel> = setups.iter().map(|s| s.model.clone()).collect();
        let sim = SimulatedWorld::try_new(&world, setups, noise, 5, 0.001).unwrap();
        let models = models.into_iter().map(|m| (m.name.clone(), m)).collect();
        Self {
            sim,
            agent: new_agent(&world, &models),
            odometry: new_odometry(&world, &models),
            models,
            world,
            token: 0,
            ticks: 0,
            most_late_ms: 0,
            underway: Vec::new(),
            steps: 0,
            cut: BTreeSet::new(),
            lenient: false,
            active: BTreeSet::new(),
        }
    }

    /// Everything as in a new one.
    pub fn reset(&mut self) {
        self.sim.reset();
        self.agent = new_agent(&self.world, &self.models);
        self.odometry = new_odometry(&self.world, &self.models);
        self.ticks = 0;
        self.steps = 0;
        self.underway.clear();
        self.cut.clear();
        self.active.clear();
    }

    pub fn assign(
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

    /// The estimate of a robot; `None` while its sensors are silent.
    fn state(&mut self, name: &RobotName) -> Option<RobotState> {
        let sample = self.sim.joint_sample(name)?;
        let mut base = BaseState {
            pose: self.world.robot(name.as_str()).unwrap().pose.isometry(),
            ..Default::default()
        };
        let mut fault = None;
        if let Some(odometry) = self.odometry.get_mut(name) {
            if let Some(imu) = self.sim.imu_sample(name) {
                let frame = self.sim.imu_link(name).unwrap();
                let mount = ImuMount::of(&self.models[name], frame).unwrap();
                odometry
                    .gyro(mount.yaw_rate_rps(imu.angular_velocity))
                    .unwrap();
            }
            let drive = DifferentialDrive::from_model(&self.models[name]).unwrap();
            let wheels = drive.sides(&sample.position);
            fault = odometry
                .wheels(sample.stamp, wheels)
                .err()
                .map(|e| e.to_string());
            (base.forward_mps, base.yaw_rate_rps) = odometry.speed();
            base.pose = odometry.pose().isometry();
        }
        Some(RobotState {
            robot: name.clone(),
            stamp: sample.stamp,
            position: sample.position,
            velocity: sample.velocity,
            base,
            fault,
        })
    }

    fn robots(&self) -> Vec<RobotName> {
        let is_active = |name: &&RobotName| self.active.is_empty() || self.active.contains(*name);
        self.models.keys().filter(is_active).cloned().collect()
    }

    /// One control tick of all robots; reports that ended a task.
    pub fn tick(&mut self) -> Vec<TaskReport> {
        let mut ended = Vec::new();
        let names = self.robots();
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
                    let frame = self.sim.lidar_link(name).unwrap();
                    let mount = LidarMount::of(&self.models[name], frame).unwrap();
                    let (first, step) = (scan.angle_min, scan.angle_increment);
                    let seen = mount.obstacles(first, step, scan.ranges.into_iter());
                    self.agent.see_obstacles(name, scan.stamp, seen.unwrap());
                }
            }
        }
        let now = self.sim.time();
        for name in &names {
            let Some(state) = self.state(name) else {
                assert!(self.lenient, "{name} is silent");
                continue;
            };
            let control = self.agent.tick(state, now, now.seconds()).unwrap();
            assert!(
                self.lenient || control.verdict.state <= SafetyState::Limited,
                "{:?}",
                control.verdict
            );
            ended.extend(control.report.filter(|r| r.state.is_terminal()));
            let late_ms = self.ticks * 7919 % (self.most_late_ms + 1);
            if !self.cut.contains(name) {
                self.underway
                    .push((self.steps + late_ms, control.command.clone()));
            }
        }
        if self.lenient {
            ended.extend(self.agent.watch(now, now.seconds()));
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
    pub fn stall(&mut self, ticks: usize) {
        let names: Vec<RobotName> = self.models.keys().cloned().collect();
        for _ in 0..ticks {
            for name in &names {
                self.state(name);
            }
            self.step();
        }
    }

    pub fn run(&mut self, tasks: usize, limit_s: f64) -> Vec<TaskReport> {
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

    pub fn object(&mut self, name: &str) -> nalgebra::Vector3<f64> {
        let found = self
            .sim
            .objects()
            .into_iter()
            .find(|o| o.name == name)
            .unwrap();
        found.pose.translation.vector
    }

    /// Horizontal distance between an object and a place, metres.
    pub fn distance(&mut self, object: &str, place: &str) -> f64 {
        let (at, place) = (self.object(object), self.world.place(place).unwrap().pose);
        (at.x - place.x).hypot(at.y - place.y)
    }
}
