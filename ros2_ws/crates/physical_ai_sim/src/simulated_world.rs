mod separation;

use std::collections::BTreeMap;

use mujoco_rs::prelude::*;
use nalgebra::{Isometry3, Quaternion, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::{ActuatorCommand, CommandMode, RobotModel, RobotName, Time, World};

use crate::faults::RobotFaults;
use crate::noise::Gaussian;
use crate::servo::Servo;
use crate::simulated_robot::{SimulatedRobot, find};
use crate::{Error, Fault, RobotSetup, SensorNoise, mjcf, probe};

/// Beams of a lidar over a full turn.
const LIDAR_BEAMS: usize = 180;
/// Longest range of a lidar, metres.
const LIDAR_RANGE_M: f64 = 8.0;
/// Joint positions beyond this are no robot's: the integration diverged.
const DIVERGED: f64 = 1e6;
/// Damping of a joint that is jammed, N m s/rad or N s/m: full effort moves it by less than a milliradian per
/// second. As a force between two links it leaves the rest of the robot to its own physics.
const JAMMED_DAMPING: f64 = 1e6;

/// What the joint encoders of a robot say.
#[derive(Debug, Clone, PartialEq)]
pub struct JointSample {
    /// Simulated time.
    pub stamp: Time,
    /// Radians or metres, in the order of the model's movable joints.
    pub position: Vec<f64>,
    /// Radians or metres per second.
    pub velocity: Vec<f64>,
}

/// What an IMU says, in the frame of its link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImuSample {
    /// Simulated time.
    pub stamp: Time,
    /// Radians per second.
    pub angular_velocity: [f64; 3],
    /// Metres per second squared, gravity included.
    pub linear_acceleration: [f64; 3],
}

/// One turn of a planar lidar, in the frame of its link.
#[derive(Debug, Clone, PartialEq)]
pub struct LaserSample {
    /// Simulated time.
    pub stamp: Time,
    /// Angle of the first beam, radians.
    pub angle_min: f64,
    /// Angle between beams, radians.
    pub angle_increment: f64,
    /// Metres; infinite where nothing was hit.
    pub ranges: Vec<f64>,
    /// Longest range, metres.
    pub range_max: f64,
}

/// How fast a robot's root link really moves, in its own frame.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BaseTwist {
    /// Metres per second.
    pub linear_mps: [f64; 3],
    /// Radians per second.
    pub angular_rps: [f64; 3],
}

/// Where a movable object is.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectPose {
    /// Name.
    pub name: String,
    /// Centre in the world, metres.
    pub pose: Isometry3<f64>,
    /// Full extents, metres.
    pub size_m: [f64; 3],
}

struct SimulatedObject {
    name: String,
    body: usize,
    size_m: [f64; 3],
    /// Of its free joint: index into qpos and qvel.
    position_index: usize,
    velocity_index: usize,
}

/// A physics world with drives and sensors.
pub struct SimulatedWorld {
    data: MjData<Box<MjModel>>,
    robots: BTreeMap<RobotName, SimulatedRobot>,
    objects: Vec<SimulatedObject>,
    noise: SensorNoise,
    random: Gaussian,
    seed: u64,
    step_s: f64,
    steps: u64,
    warnings: Vec<String>,
}

impl SimulatedWorld {
    /// Builds a world. `robots` are in the order of `world.robots`. It is composed twice: once to find out how heavy
    /// the robots' joints are and which links overlap, and once with drives to match.
    ///
    /// # Errors
    /// [`Error::Mujoco`] if MuJoCo refuses the composition; [`Error::MeshNotLoaded`] or [`Error::UnusableMesh`].
    pub fn try_new(
        world: &World,
        robots: Vec<RobotSetup>,
        noise: SensorNoise,
        seed: u64,
        step_s: f64,
    ) -> Result<Self, Error> {
        let untuned: Vec<_> = robots.iter().map(probe::untuned).collect();
        let mut probed = compile(&mjcf::compose(world, &robots, &untuned, step_s)?)?;
        let (mut tunings, mut warnings) = (Vec::new(), Vec::new());
        for setup in &robots {
            let (tuning, unusual) = probe::tune(&mut probed, setup)?;
            tunings.push(tuning);
            warnings.extend(unusual);
        }
        drop(probed);
        let data = compile(&mjcf::compose(world, &robots, &tunings, step_s)?)?;
        let model = data.model();
        let objects = objects(world, model)?;
        let robots = robots
            .into_iter()
            .zip(tunings)
            .map(|(setup, tuning)| {
                let robot = SimulatedRobot::try_new(setup, tuning.gains, model)?;
                Ok((robot.model.name.clone(), robot))
            })
            .collect::<Result<_, Error>>()?;
        let mut simulated = Self {
            data,
            robots,
            objects,
            noise,
            random: Gaussian::new(seed),
            seed,
            step_s,
            steps: 0,
            warnings,
        };
        simulated.place_at_start();
        Ok(simulated)
    }

    /// What was unusual in the robots and what was made of it, each naming its robot.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// All joints where they begin.
    fn place_at_start(&mut self) {
        for robot in self.robots.values_mut() {
            robot.place_at_start(self.data.qpos_mut());
        }
        self.data.forward();
    }

    /// Models of the robots, by name.
    pub fn models(&self) -> impl Iterator<Item = &RobotModel> {
        self.robots.values().map(|r| &r.model)
    }

    /// Simulated time since the last reset.
    pub fn time(&self) -> Time {
        // Counted, not accumulated: a sum of steps drifts away from full milliseconds.
        Time::from_seconds((self.steps as f64 * self.step_s * 1e6).round() * 1e-6)
    }

    /// Advances the physics by one step.
    ///
    /// # Errors
    /// [`Error::Diverged`] if the integration blew up; only a reset helps then.
    pub fn step(&mut self) -> Result<(), Error> {
        let (position, velocity) = (self.data.qpos(), self.data.qvel());
        let bias = self.data.qfrc_bias();
        for robot in self.robots.values_mut() {
            robot.measure(position, velocity, bias);
        }
        let control = self.data.ctrl_mut();
        for robot in self.robots.values_mut() {
            robot.control(self.step_s, control);
        }
        self.data.step();
        self.steps += 1;
        for robot in self.robots.values() {
            robot.couple(self.data.qpos_mut(), false);
            robot.couple(self.data.qvel_mut(), true);
        }
        let position = self.data.qpos();
        for (name, robot) in &self.robots {
            for (joint, index) in robot.model.movable().zip(&robot.position_index) {
                let value = position[*index];
                if !value.is_finite() || value.abs() > DIVERGED {
                    return Err(Error::Diverged {
                        time_s: self.steps as f64 * self.step_s,
                        robot: name.to_string(),
                        joint: joint.name.clone(),
                        value,
                    });
                }
            }
        }
        Ok(())
    }

    /// Changes how wrong the sensors are from the next sample on.
    pub fn set_noise(&mut self, noise: SensorNoise) {
        self.noise = noise;
    }

    /// Breaks something, or mends it.
    ///
    /// # Errors
    /// [`Error::UnknownRobot`], [`Error::UnknownJoint`], [`Error::UnknownObject`] or [`Error::BadPose`];
    /// nothing changes then.
    pub fn inject(&mut self, fault: &Fault) -> Result<(), Error> {
        match fault {
            Fault::Jam { robot, joint } => self.set_jammed(robot, joint.as_deref(), true),
            Fault::Release { robot, joint } => self.set_jammed(robot, joint.as_deref(), false),
            Fault::PowerOff(robot) => {
                self.robot_mut(robot)?.faults.unpowered = true;
                Ok(())
            }
            Fault::PowerOn(robot) => self.power_on(robot),
            Fault::Silence(robot) => {
                self.robot_mut(robot)?.faults.silent = true;
                Ok(())
            }
            Fault::Speak(robot) => {
                self.robot_mut(robot)?.faults.silent = false;
                Ok(())
            }
            Fault::PlaceObject { object, pose } => self.place_object(object, pose),
        }
    }

    fn robot_mut(&mut self, robot: &RobotName) -> Result<&mut SimulatedRobot, Error> {
        let found = self.robots.get_mut(robot);
        found.ok_or_else(|| Error::UnknownRobot(robot.to_string()))
    }

    fn set_jammed(
        &mut self,
        robot: &RobotName,
        joint: Option<&str>,
        jammed: bool,
    ) -> Result<(), Error> {
        let robot = self.robot_mut(robot)?;
        let chosen = match joint {
            None => 0..robot.position_index.len(),
            Some(name) => {
                let index = robot.model.movable_index(name);
                let index = index.ok_or_else(|| Error::UnknownJoint {
                    robot: robot.model.name.to_string(),
                    joint: name.to_owned(),
                    known: robot.model.joint_names().join(", "),
                })?;
                index..index + 1
            }
        };
        let all: Vec<f64> = robot.model.movable().map(|j| j.damping).collect();
        let damping = |j: usize| if jammed { JAMMED_DAMPING } else { all[j] };
        let changes: Vec<(usize, f64)> = chosen
            .map(|j| (robot.velocity_index[j], damping(j)))
            .collect();
        self.set_damping(&changes)
    }

    /// Gives degrees of freedom, by their index into qvel, another damping; they begin at rest.
    fn set_damping(&mut self, changes: &[(usize, f64)]) -> Result<(), Error> {
        let mut model = self.data.model_clone();
        for (index, damping) in changes {
            model.dof_damping_mut()[*index] = *damping;
            self.data.qvel_mut()[*index] = 0.0;
        }
        let swapped = self.data.try_swap_model(model);
        swapped
            .map(|_| ())
            .map_err(|e| Error::Mujoco(e.to_string()))
    }

    /// Sets all joints free that are jammed.
    fn release_all(&mut self) {
        let damping = self.data.model().dof_damping();
        let mut changes = Vec::new();
        for robot in self.robots.values() {
            for (joint, index) in robot.model.movable().zip(&robot.velocity_index) {
                if damping[*index] != joint.damping {
                    changes.push((*index, joint.damping));
                }
            }
        }
        if !changes.is_empty() && self.set_damping(&changes).is_err() {
            // A clone of its own model always fits.
            debug_assert!(false, "the world does not take its own model");
        }
    }

    fn power_on(&mut self, robot: &RobotName) -> Result<(), Error> {
        let positions = self.true_joint_positions(robot).unwrap_or_default();
        let robot = self.robot_mut(robot)?;
        if std::mem::take(&mut robot.faults.unpowered) {
            robot.drives.restart(positions.into_iter());
        }
        Ok(())
    }

    fn place_object(&mut self, object: &str, pose: &Isometry3<f64>) -> Result<(), Error> {
        let found = self.objects.iter().find(|o| o.name == object);
        let found = found.ok_or_else(|| {
            let known: Vec<&str> = self.objects.iter().map(|o| o.name.as_str()).collect();
            Error::UnknownObject {
                object: object.to_owned(),
                known: known.join(", "),
            }
        })?;
        let (t, q) = (pose.translation.vector, pose.rotation);
        let values = [t.x, t.y, t.z, q.w, q.i, q.j, q.k];
        if let Some(value) = values.iter().find(|v| !v.is_finite()) {
            return Err(Error::BadPose {
                object: object.to_owned(),
                value: *value,
            });
        }
        let (position, velocity) = (found.position_index, found.velocity_index);
        self.data.qpos_mut()[position..position + values.len()].copy_from_slice(&values);
        self.data.qvel_mut()[velocity..velocity + 6].fill(0.0);
        self.data.forward();
        Ok(())
    }

    /// True while a robot's drives have power; false for a robot that is not in this world.
    pub fn is_powered(&self, robot: &RobotName) -> bool {
        self.robots.get(robot).is_some_and(|r| !r.faults.unpowered)
    }

    /// Where a robot's joints really are, radians or metres in the model's order: ground truth, for tests.
    pub fn true_joint_positions(&self, robot: &RobotName) -> Option<Vec<f64>> {
        let index = &self.robots.get(robot)?.position_index;
        Some(index.iter().map(|i| self.data.qpos()[*i]).collect())
    }

    /// Where a link of a robot really is in the world, metres: ground truth, for tests and reports.
    pub fn true_link_pose(&self, robot: &RobotName, link: &str) -> Option<Isometry3<f64>> {
        let robot = self.robots.get(robot)?;
        let body = robot.bodies[robot.model.link_index(link)?];
        Some(isometry(self.data.xpos()[body], self.data.xquat()[body]))
    }

    /// Mass of a link in the physics, kilograms: ground truth, for tests.
    pub fn true_link_mass(&self, robot: &RobotName, link: &str) -> Option<f64> {
        let robot = self.robots.get(robot)?;
        let body = robot.bodies[robot.model.link_index(link)?];
        Some(self.data.model().body_mass()[body])
    }

    /// Links of a robot that really touch each other, in pairs: ground truth, for tests.
    pub fn true_self_contacts(&self, robot: &RobotName) -> Option<Vec<[&str; 2]>> {
        let robot = self.robots.get(robot)?;
        let links = robot.bodies.iter().enumerate();
        let links = links.map(|(link, body)| (*body, link)).collect();
        let name = |link: usize| robot.model.links[link].name.as_str();
        let pairs = probe::overlapping(&self.data, &links).into_iter();
        Some(pairs.map(|(one, other)| [name(one), name(other)]).collect())
    }

    /// Puts a robot's joints somewhere, at rest and held there; a base stays where it is.
    ///
    /// # Errors
    /// [`Error::UnknownRobot`], [`Error::WrongLength`] or [`Error::NotFinite`]; nothing changes then.
    pub fn place_joints(&mut self, robot: &RobotName, positions: &[f64]) -> Result<(), Error> {
        let found = self.robots.get_mut(robot);
        let found = found.ok_or_else(|| Error::UnknownRobot(robot.to_string()))?;
        check(robot, "position", positions, found.position_index.len())?;
        found.place(positions, self.data.qpos_mut());
        for index in &found.velocity_index {
            self.data.qvel_mut()[*index] = 0.0;
        }
        found.couple(self.data.qvel_mut(), true);
        self.data.forward();
        Ok(())
    }

    /// Where an object really is in the world, metres: ground truth, for tests.
    pub fn true_object_pose(&self, object: &str) -> Option<Isometry3<f64>> {
        let body = self.objects.iter().find(|o| o.name == object)?.body;
        Some(isometry(self.data.xpos()[body], self.data.xquat()[body]))
    }

    /// A robot whose sensors speak.
    fn speaking(&self, robot: &RobotName) -> Option<&SimulatedRobot> {
        self.robots.get(robot).filter(|r| !r.faults.silent)
    }

    /// Everything back to the start, the noise too; nothing is broken any more.
    pub fn reset(&mut self) {
        self.release_all();
        self.data.reset();
        self.place_at_start();
        self.random = Gaussian::new(self.seed);
        self.steps = 0;
        for robot in self.robots.values_mut() {
            robot.faults = RobotFaults::default();
        }
    }

    /// Hands a command to a robot's drives.
    ///
    /// # Errors
    /// [`Error::UnknownRobot`], [`Error::WrongLength`] or [`Error::NotFinite`]; the drives keep what
    /// they had. [`Error::EffortCommand`]; they stop.
    pub fn apply(&mut self, command: &ActuatorCommand) -> Result<(), Error> {
        let now = self.time();
        let robot = self
            .robots
            .get_mut(&command.robot)
            .ok_or_else(|| Error::UnknownRobot(command.robot.to_string()))?;
        if command.is_of_effort() {
            robot.drives.hold();
            return Err(Error::EffortCommand {
                robot: command.robot.to_string(),
            });
        }
        let joints = robot.position_index.len();
        let required: &[(&'static str, &Vec<f64>, bool)] = &[
            (
                "position",
                &command.position,
                command.mode == CommandMode::Position,
            ),
            (
                "velocity",
                &command.velocity,
                command.mode == CommandMode::Velocity,
            ),
        ];
        for (field, values, required) in required {
            if *required || !values.is_empty() {
                check(&command.robot, field, values, joints)?;
            }
        }
        robot.drives.apply(command, now);
        Ok(())
    }

    /// Lets a robot's drives stop until there is a command again.
    pub fn hold(&mut self, robot: &RobotName) {
        if let Some(robot) = self.robots.get_mut(robot) {
            robot.drives.hold();
        }
    }

    /// True while a robot's drives stop by themselves or on command.
    pub fn is_holding(&self, robot: &RobotName) -> bool {
        self.robots.get(robot).is_none_or(|r| r.drives.is_holding())
    }

    /// Reads the joint encoders: with noise on arms, quantised on wheels; nothing from a robot that is silent.
    pub fn joint_sample(&mut self, robot: &RobotName) -> Option<JointSample> {
        let stamp = self.time();
        let robot = self.robots.get(robot).filter(|r| !r.faults.silent)?;
        let (positions, velocities) = (self.data.qpos(), self.data.qvel());
        let mut sample = JointSample {
            stamp,
            position: Vec::with_capacity(robot.position_index.len()),
            velocity: Vec::with_capacity(robot.position_index.len()),
        };
        for (i, servo) in robot.servos.iter().enumerate() {
            let (position, velocity) = (
                positions[robot.position_index[i]],
                velocities[robot.velocity_index[i]],
            );
            let position = if *servo == Servo::Velocity {
                let tick = std::f64::consts::TAU / self.noise.encoder_ticks;
                (position / tick).floor() * tick
            } else {
                position + self.random.sample(self.noise.joint_position)
            };
            sample.position.push(position);
            sample
                .velocity
                .push(velocity + self.random.sample(self.noise.joint_velocity));
        }
        Some(sample)
    }

    /// Reads a robot's IMU, if it has one that speaks.
    pub fn imu_sample(&mut self, robot: &RobotName) -> Option<ImuSample> {
        let stamp = self.time();
        let (gyro, accelerometer) = self.speaking(robot)?.imu?;
        let data = self.data.sensordata();
        let read = |at: usize| [data[at], data[at + 1], data[at + 2]];
        let (mut angular_velocity, mut linear_acceleration) = (read(gyro), read(accelerometer));
        for value in &mut angular_velocity {
            *value += self.noise.gyro_bias_rps + self.random.sample(self.noise.gyro_rps);
        }
        for value in &mut linear_acceleration {
            *value += self.random.sample(self.noise.accelerometer_mps2);
        }
        Some(ImuSample {
            stamp,
            angular_velocity,
            linear_acceleration,
        })
    }

    /// Link in whose frame a robot's IMU measures, if it has one.
    pub fn imu_link(&self, robot: &RobotName) -> Option<&str> {
        self.robots.get(robot)?.imu_link.as_deref()
    }

    /// Link in whose frame a robot's lidar measures, if it has one.
    pub fn lidar_link(&self, robot: &RobotName) -> Option<&str> {
        self.robots.get(robot)?.lidar_link.as_deref()
    }

    /// Turns a robot's lidar once, if it has one that speaks.
    pub fn laser_sample(&mut self, robot: &RobotName) -> Option<LaserSample> {
        let stamp = self.time();
        let speaking = self.speaking(robot)?;
        let (site, body) = speaking.lidar?;
        let own = speaking.bodies.clone();
        let origin = self.data.site_xpos()[site];
        let m = self.data.site_xmat()[site];
        let angle_min = -std::f64::consts::PI;
        let angle_increment = std::f64::consts::TAU / LIDAR_BEAMS as f64;
        let beams: Vec<[f64; 3]> = (0..LIDAR_BEAMS)
            .map(|i| {
                let (sin, cos) = (angle_min + angle_increment * i as f64).sin_cos();
                [
                    m[0] * cos + m[1] * sin,
                    m[3] * cos + m[4] * sin,
                    m[6] * cos + m[7] * sin,
                ]
            })
            .collect();
        let (hit, distances) =
            self.data
                .multi_ray(&origin, &beams, None, true, Some(body), LIDAR_RANGE_M, None);
        // What a robot sees of itself its driver leaves out.
        let of_geoms = self.data.model().geom_bodyid();
        let is_own = |geom: usize| {
            let body = of_geoms.get(geom).and_then(|b| usize::try_from(*b).ok());
            body.is_some_and(|b| own.contains(&b))
        };
        let is_seen: Vec<bool> = hit
            .iter()
            .map(|geom| geom.is_some_and(|g| !is_own(g)))
            .collect();
        let ranges = distances
            .into_iter()
            .zip(is_seen)
            .map(|(d, is_seen)| {
                if is_seen && (0.0..=LIDAR_RANGE_M).contains(&d) {
                    (d + self.random.sample(self.noise.lidar_m)).max(0.0)
                } else {
                    f64::INFINITY
                }
            })
            .collect();
        Some(LaserSample {
            stamp,
            angle_min,
            angle_increment,
            ranges,
            range_max: LIDAR_RANGE_M,
        })
    }

    /// Where the movable objects are, as a perception driver would report them.
    pub fn objects(&mut self) -> Vec<ObjectPose> {
        let (positions, orientations) = (self.data.xpos(), self.data.xquat());
        let noise = self.noise.object_m;
        self.objects
            .iter()
            .map(|object| {
                let mut pose = isometry(positions[object.body], orientations[object.body]);
                for value in pose.translation.vector.iter_mut() {
                    *value += self.random.sample(noise);
                }
                ObjectPose {
                    name: object.name.clone(),
                    pose,
                    size_m: object.size_m,
                }
            })
            .collect()
    }

    /// Where a robot's root link really is: ground truth, for tests and reports.
    pub fn true_base_pose(&self, robot: &RobotName) -> Option<Isometry3<f64>> {
        let body = self.robots.get(robot)?.base_body();
        Some(isometry(self.data.xpos()[body], self.data.xquat()[body]))
    }

    /// How fast a robot's root link really moves: ground truth, for tests and reports.
    pub fn true_base_twist(&self, robot: &RobotName) -> Option<BaseTwist> {
        let pose = self.true_base_pose(robot)?;
        let velocity_at = self.robots.get(robot)?.base_velocity_index;
        Some(velocity_at.map_or_else(BaseTwist::default, |at| base_twist(&self.data, at, &pose)))
    }
}

fn base_twist(data: &MjData<Box<MjModel>>, velocity_at: usize, pose: &Isometry3<f64>) -> BaseTwist {
    let v = data.qvel();
    let read = |at: usize| [v[at], v[at + 1], v[at + 2]];
    // MuJoCo gives a free body's linear velocity in the world and its angular one in the body.
    let linear = pose.rotation.inverse() * Vector3::from(read(velocity_at));
    BaseTwist {
        linear_mps: linear.into(),
        angular_rps: read(velocity_at + 3),
    }
}

fn isometry(position: [f64; 3], [w, x, y, z]: [f64; 4]) -> Isometry3<f64> {
    Isometry3::from_parts(
        Translation3::from(position),
        UnitQuaternion::from_quaternion(Quaternion::new(w, x, y, z)),
    )
}

/// One finite value per joint.
fn check(
    robot: &RobotName,
    field: &'static str,
    values: &[f64],
    joints: usize,
) -> Result<(), Error> {
    if values.len() != joints {
        return Err(Error::WrongLength {
            robot: robot.to_string(),
            field,
            observed: values.len(),
            expected: joints,
        });
    }
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::NotFinite {
            robot: robot.to_string(),
            field,
            index,
            value: values[index],
        }),
    }
}

fn compile(xml: &str) -> Result<MjData<Box<MjModel>>, Error> {
    let model = MjModel::from_xml_string(xml).map_err(|e| Error::Mujoco(e.to_string()))?;
    MjData::try_new(Box::new(model)).map_err(|e| Error::Mujoco(e.to_string()))
}

fn objects(world: &World, model: &MjModel) -> Result<Vec<SimulatedObject>, Error> {
    let object = |b: &physical_ai_domain::MovableBox| {
        let body = find(model, MjtObjBase::mjOBJ_BODY, &format!("object/{}", b.name))?;
        let joint = model.body_jntadr()[body] as usize;
        Ok(SimulatedObject {
            name: b.name.to_string(),
            body,
            size_m: b.size_m,
            position_index: model.jnt_qposadr()[joint] as usize,
            velocity_index: model.jnt_dofadr()[joint] as usize,
        })
    };
    world.boxes.iter().map(object).collect()
}
