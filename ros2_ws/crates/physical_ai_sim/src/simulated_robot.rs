use mujoco_rs::prelude::*;
use physical_ai_domain::{Coordinate, Joint, JointLimits, RobotModel};

use crate::drive::{Drives, strain};
use crate::faults::RobotFaults;
use crate::servo::{Gains, Servo};
use crate::{Error, RobotSetup};

/// Where an object of the composed world is: kind and name to id.
pub(crate) fn find(model: &MjModel, kind: MjtObjBase, name: &str) -> Result<usize, Error> {
    model
        .name_to_id(kind, name)
        .ok_or_else(|| Error::Mujoco(format!("{name:?} is missing in the composed world")))
}

/// A joint that follows another.
pub(crate) struct Follower {
    pub(crate) coordinate: Coordinate,
    /// Index into qpos and qvel.
    pub(crate) position_index: usize,
    pub(crate) velocity_index: usize,
}

/// Finds what belongs to one robot.
struct Directory<'a> {
    mujoco: &'a MjModel,
    robot: &'a str,
}

impl Directory<'_> {
    fn id(&self, kind: MjtObjBase, part: &str) -> Result<usize, Error> {
        find(self.mujoco, kind, &format!("{}/{part}", self.robot))
    }

    /// Index of a joint into qpos and qvel.
    fn joint(&self, name: &str) -> Result<(usize, usize), Error> {
        let id = self.id(MjtObjBase::mjOBJ_JOINT, name)?;
        let (position, velocity) = (self.mujoco.jnt_qposadr()[id], self.mujoco.jnt_dofadr()[id]);
        Ok((position as usize, velocity as usize))
    }

    /// Index of a sensor's first reading.
    fn reading(&self, name: &str) -> Result<usize, Error> {
        let id = self.id(MjtObjBase::mjOBJ_SENSOR, name)?;
        Ok(self.mujoco.sensor_adr()[id] as usize)
    }

    /// Actuator of each movable joint that is driven.
    fn controls(&self, model: &RobotModel, servos: &[Servo]) -> Result<Vec<Option<usize>>, Error> {
        let control = |(joint, servo): (&Joint, &Servo)| match servo {
            Servo::Free => Ok(None),
            _ => self.id(MjtObjBase::mjOBJ_ACTUATOR, &joint.name).map(Some),
        };
        model.movable().zip(servos).map(control).collect()
    }

    fn followers(&self, model: &RobotModel) -> Result<Vec<Follower>, Error> {
        let joints = model.joints.iter().zip(model.coordinates());
        let follower = |(joint, coordinate): (&Joint, &Option<Coordinate>)| {
            let coordinate = coordinate.filter(|_| joint.mimic.is_some())?;
            let place = self.joint(&joint.name);
            Some(place.map(|(position_index, velocity_index)| Follower {
                coordinate,
                position_index,
                velocity_index,
            }))
        };
        joints.filter_map(follower).collect()
    }
}

/// A robot of a world: where its values are in MuJoCo's arrays, and its drives.
pub(crate) struct SimulatedRobot {
    pub(crate) model: RobotModel,
    pub(crate) drives: Drives,
    pub(crate) faults: RobotFaults,
    pub(crate) servos: Vec<Servo>,
    gains: Vec<Gains>,
    /// Per movable joint: index into qpos, qvel and, if anything drives it, ctrl.
    pub(crate) position_index: Vec<usize>,
    pub(crate) velocity_index: Vec<usize>,
    pub(crate) control_index: Vec<Option<usize>>,
    pub(crate) followers: Vec<Follower>,
    /// Per link: its body.
    pub(crate) bodies: Vec<usize>,
    /// Per movable joint: where it begins.
    start: Vec<f64>,
    /// Per movable joint, kept to spare allocations in each step: where it is and how fast, and the load that its drive
    /// carries, N m or N: what the robot's own weight and motion ask of it or, of a wheel, the integral of its servo.
    measured: Vec<f64>,
    speeds: Vec<f64>,
    loads: Vec<f64>,
    pub(crate) imu_link: Option<String>,
    pub(crate) lidar_link: Option<String>,
    /// Index of the readings of gyro and accelerometer.
    pub(crate) imu: Option<(usize, usize)>,
    /// Site and body of the lidar.
    pub(crate) lidar: Option<(usize, usize)>,
    /// Of a base that moves freely: index into qvel.
    pub(crate) base_velocity_index: Option<usize>,
}

impl SimulatedRobot {
    pub(crate) fn try_new(
        setup: RobotSetup,
        gains: Vec<Gains>,
        mujoco: &MjModel,
    ) -> Result<Self, Error> {
        let model = &setup.model;
        let place = Directory {
            mujoco,
            robot: model.name.as_str(),
        };
        let links = model.links.iter();
        let bodies: Vec<usize> = links
            .map(|l| place.id(MjtObjBase::mjOBJ_BODY, &l.name))
            .collect::<Result<_, _>>()?;
        let servos = servos(&setup);
        let movable: Vec<(usize, usize)> = model
            .movable()
            .map(|j| place.joint(&j.name))
            .collect::<Result<_, _>>()?;
        let control_index = place.controls(model, &servos)?;
        let followers = place.followers(model)?;
        let imu = match &setup.imu {
            Some(_) => Some((place.reading("gyro")?, place.reading("accelerometer")?)),
            None => None,
        };
        let lidar = match &setup.lidar {
            Some(link) => Some((
                place.id(MjtObjBase::mjOBJ_SITE, link)?,
                place.id(MjtObjBase::mjOBJ_BODY, link)?,
            )),
            None => None,
        };
        let base = bodies[model.root];
        let count = movable.len();
        Ok(Self {
            drives: Drives::new(drive_joints(model, &servos), &setup.start),
            faults: RobotFaults::default(),
            gains,
            position_index: movable.iter().map(|(p, _)| *p).collect(),
            velocity_index: movable.iter().map(|(_, v)| *v).collect(),
            control_index,
            followers,
            measured: vec![0.0; count],
            speeds: vec![0.0; count],
            loads: vec![0.0; count],
            imu,
            lidar,
            imu_link: setup.imu.clone(),
            lidar_link: setup.lidar.clone(),
            base_velocity_index: (mujoco.body_dofnum()[base] == 6 && setup.is_mobile())
                .then(|| mujoco.body_dofadr()[base] as usize),
            bodies,
            servos,
            start: setup.start,
            model: setup.model,
        })
    }

    /// Body of the root link.
    pub(crate) fn base_body(&self) -> usize {
        self.bodies[self.model.root]
    }

    /// Writes where all joints begin, as [`Self::place`].
    pub(crate) fn place_at_start(&mut self, qpos: &mut [f64]) {
        let start = std::mem::take(&mut self.start);
        self.place(&start, qpos);
        self.start = start;
    }

    /// Writes positions of the movable joints and of what follows them; all of them rest then.
    pub(crate) fn place(&mut self, positions: &[f64], qpos: &mut [f64]) {
        for (index, position) in self.position_index.iter().zip(positions) {
            qpos[*index] = *position;
        }
        for follower in &self.followers {
            qpos[follower.position_index] = follower.coordinate.position(positions);
        }
        self.drives = Drives::new(drive_joints(&self.model, &self.servos), positions);
        self.loads.fill(0.0);
    }

    /// Brings what follows to exactly where its leader wants it.
    pub(crate) fn couple(&self, values: &mut [f64], is_velocity: bool) {
        for follower in &self.followers {
            let Coordinate {
                index,
                multiplier,
                offset,
            } = follower.coordinate;
            if is_velocity {
                let leader = values[self.velocity_index[index]];
                values[follower.velocity_index] = multiplier * leader;
            } else {
                let leader = values[self.position_index[index]];
                values[follower.position_index] = multiplier * leader + offset;
            }
        }
    }

    /// Reads what the drives' control needs: positions, velocities, and what gravity and the robot's own motion ask
    /// of each joint (MuJoCo's bias forces), with those of its followers.
    pub(crate) fn measure(&mut self, qpos: &[f64], qvel: &[f64], bias: &[f64]) {
        for i in 0..self.measured.len() {
            self.measured[i] = qpos[self.position_index[i]];
            self.speeds[i] = qvel[self.velocity_index[i]];
            // A wheel is a motor with a tachometer, and knows nothing of the robot on it.
            if self.servos[i] != Servo::Velocity {
                self.loads[i] = bias[self.velocity_index[i]];
            }
        }
        for follower in &self.followers {
            let Coordinate {
                index, multiplier, ..
            } = follower.coordinate;
            self.loads[index] += multiplier * bias[follower.velocity_index];
        }
    }

    /// Advances the drives by one physics step and writes what they control; without power that is nothing but the
    /// counterweight of the arm, which neither falls nor holds then.
    pub(crate) fn control(&mut self, dt_s: f64, ctrl: &mut [f64]) {
        let Self {
            drives,
            gains,
            measured,
            speeds,
            loads,
            control_index,
            servos,
            faults,
            ..
        } = self;
        let is_driven = !faults.unpowered && !drives.is_holding();
        drives.step(dt_s, measured, |joint, position, velocity| {
            let Some(index) = control_index[joint] else {
                return;
            };
            let (position, velocity) = if faults.unpowered {
                (measured[joint], speeds[joint])
            } else {
                (position, velocity)
            };
            if servos[joint] == Servo::Velocity {
                // What stands lets go of what it worked against, lest it lurch when that gives way.
                let slower = velocity - speeds[joint];
                loads[joint] = match is_driven {
                    true => gains[joint].integral(loads[joint], slower, dt_s),
                    false => 0.0,
                };
            }
            ctrl[index] = gains[joint].control(position, velocity, loads[joint]);
        });
    }
}

/// What drives each of a robot's movable joints.
pub(crate) fn servos(setup: &RobotSetup) -> Vec<Servo> {
    let model = &setup.model;
    let moves = |i: &usize| model.coordinates()[*i].is_some() && model.joints[*i].mimic.is_none();
    (0..model.joints.len())
        .filter(moves)
        .map(|i| Servo::of(setup, i))
        .collect()
}

fn drive_joints(model: &RobotModel, servos: &[Servo]) -> Vec<(f64, Servo, JointLimits)> {
    let joints = model.movable().zip(servos);
    joints
        .map(|(j, servo)| {
            let mut fingers = model.layout.gripper_joints();
            let is_finger = fingers.any(|finger| finger.joint == j.name);
            (strain(j.kind, is_finger), *servo, j.limits)
        })
        .collect()
}
