//! What happened in a run, gathered from its messages.

use std::collections::BTreeMap;

use physical_ai_control::Chain;
use physical_ai_description::read_tree;
use physical_ai_domain::{RobotLayout, RobotPlacement, World};
use physical_ai_ros::msg::Message as RosMessage;
use physical_ai_ros::msg::nav_msgs::msg::Odometry;
use physical_ai_ros::msg::physical_ai_msgs::msg::{
    ControlMetrics, Decomposition, MissionStatus, MissionStatusArray, ObjectPoses, SafetyStatus,
    TaskBatch, TaskUpdateBatch,
};
use physical_ai_ros::msg::rcl_interfaces::msg::Log;
use physical_ai_ros::msg::sensor_msgs::msg::JointState;
use physical_ai_ros::{deserialize, pose_from_msg, time_from_msg};

use super::attempts::Attempts;
use super::recording::{Message, Recording};
use crate::recorder::{WORLD, description_name, layout_name};

/// Log levels of rcl_interfaces/Log from which a line is shown.
const WARN: u8 = 30;

/// Points of a path closer than this are one, metres.
const ROVER_STEP_M: f64 = 0.01;
const TOOL_STEP_M: f64 = 0.003;

/// Everything that the report shows.
#[derive(Default)]
pub struct Run {
    /// First and last message, ROS time in seconds.
    pub span_s: Option<(f64, f64)>,
    /// World, if the recording holds it.
    pub world: Option<World>,
    /// Newest status of each mission, in order of appearance.
    pub missions: Vec<MissionStatus>,
    /// How sentences became plans.
    pub decompositions: Vec<Decomposition>,
    /// Attempts at tasks.
    pub attempts: Attempts,
    /// Ways of rovers and of the arms' tools, in the world frame.
    pub paths: BTreeMap<String, Track>,
    /// Objects as they were seen first and last.
    pub objects: BTreeMap<String, Object>,
    /// Control loops by robot.
    pub loops: BTreeMap<String, ControlLoop>,
    /// Changes of the safety filters' state.
    pub safety: Vec<SafetyEvent>,
    /// Warnings and errors.
    pub logs: Vec<LogLine>,
    /// What the reader should know about the recording.
    pub notes: Vec<String>,
}

/// What of a robot left a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The base of one that drives.
    Base,
    /// The tip of its first chain.
    Tip,
}

/// The way of a robot.
pub struct Track {
    /// What of it.
    pub part: Part,
    /// x, y in metres.
    pub points: Vec<[f64; 2]>,
    /// Length in metres, in space.
    pub length_m: f64,
    last: [f64; 3],
}

/// A movable object: x, y, yaw and extents, metres and radians.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    pub first: [f64; 3],
    pub last: [f64; 3],
    pub size_m: [f64; 2],
}

/// Measured windows of one second; times in seconds of ROS time.
#[derive(Default)]
pub struct ControlLoop {
    /// Sensor sample to hardware command.
    pub latency: Vec<Window>,
    /// |tick interval - period|.
    pub jitter: Vec<Window>,
    /// Time, rms and maximum of the tracking error.
    pub tracking: Vec<[f64; 3]>,
    /// Ticks per second of the agent's loop.
    pub rates_hz: Vec<f64>,
    /// Ticks that took longer than the period.
    pub overruns: u64,
}

/// Percentiles of a window, microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub time_s: f64,
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

/// A safety filter changed its mind.
pub struct SafetyEvent {
    pub time_s: f64,
    pub robot: String,
    /// `agent` or `actuator`.
    pub filter: &'static str,
    pub state: u8,
    pub cause: String,
    pub detail: String,
    pub interventions: u64,
}

/// Equal lines of the log.
pub struct LogLine {
    pub first_s: f64,
    pub level: u8,
    pub node: String,
    pub text: String,
    pub count: u64,
}

/// Gathers a [`Run`] from messages.
pub struct Collector {
    run: Run,
    joints: Vec<(String, JointState)>,
    unreadable: BTreeMap<String, u64>,
    went_back: bool,
}

impl Collector {
    pub fn new() -> Self {
        Self {
            run: Run::default(),
            joints: Vec::new(),
            unreadable: BTreeMap::new(),
            went_back: false,
        }
    }

    /// Takes the next message.
    pub fn take(&mut self, message: &Message<'_>) {
        let (first, last) = *self
            .run
            .span_s
            .get_or_insert((message.time_s, message.time_s));
        self.went_back |= message.time_s < last - 1.0;
        self.run.span_s = Some((first.min(message.time_s), last.max(message.time_s)));
        match message.type_name {
            "physical_ai_msgs/msg/MissionStatusArray" => self.with(message, Self::missions),
            "physical_ai_msgs/msg/Decomposition" => {
                self.with(message, |this, _, d| this.run.decompositions.push(d));
            }
            "physical_ai_msgs/msg/TaskBatch" => self.with(message, Self::assignments),
            "physical_ai_msgs/msg/TaskUpdateBatch" => self.with(message, Self::updates),
            "physical_ai_msgs/msg/ControlMetrics" => self.with(message, Self::metrics),
            "physical_ai_msgs/msg/SafetyStatus" => self.with(message, Self::safety),
            "physical_ai_msgs/msg/ObjectPoses" => self.with(message, Self::objects),
            // The simulation's ground truth has the same type, and arms have one, too.
            "nav_msgs/msg/Odometry" if message.topic.ends_with("/odom") => {
                self.with(message, Self::odometry);
            }
            "sensor_msgs/msg/JointState" => self.with(message, |this, message, joints| {
                this.joints.push((robot(message), joints));
            }),
            "rcl_interfaces/msg/Log" => self.with(message, Self::log),
            _ => {}
        }
    }

    /// What was gathered.
    pub fn finish(mut self, recording: &Recording) -> Run {
        self.run.notes.extend(recording.damage.clone());
        if self.went_back {
            self.run
                .notes
                .push("ROS time went back: the simulation was reset or restarted".to_owned());
        }
        for (type_name, count) in std::mem::take(&mut self.unreadable) {
            self.run.notes.push(format!(
                "{count} messages of {type_name} do not fit this version's definition"
            ));
        }
        if let Some(yaml) = recording.attachments.get(WORLD) {
            match World::from_yaml(WORLD, &String::from_utf8_lossy(yaml)) {
                Ok(world) => self.run.world = Some(world),
                Err(error) => self.run.notes.push(error.to_string()),
            }
        } else {
            self.run.notes.push(
                "the recording holds no world file: places and tool paths are missing (record with \
                 --world FILE)"
                    .to_owned(),
            );
        }
        self.tool_paths(recording);
        self.run.attempts.name_tasks(&self.run.missions);
        self.run
    }

    fn with<M: RosMessage>(
        &mut self,
        message: &Message<'_>,
        take: impl FnOnce(&mut Self, &Message<'_>, M),
    ) {
        match deserialize::<M>(message.cdr) {
            Ok(content) => take(self, message, content),
            Err(_) => {
                *self
                    .unreadable
                    .entry(message.type_name.to_owned())
                    .or_default() += 1;
            }
        }
    }

    fn missions(&mut self, message: &Message<'_>, array: MissionStatusArray) {
        let time_s = stamp_or(&array.header.stamp, message.time_s);
        for mission in array.missions {
            self.run.attempts.see_mission(time_s, &mission);
            match self
                .run
                .missions
                .iter_mut()
                .find(|m| m.mission_id == mission.mission_id)
            {
                Some(known) => *known = mission,
                None => self.run.missions.push(mission),
            }
        }
    }

    fn assignments(&mut self, message: &Message<'_>, batch: TaskBatch) {
        let time_s = stamp_or(&batch.header.stamp, message.time_s);
        for assignment in &batch.assign {
            self.run
                .attempts
                .see_assignment(time_s, &batch.worker, assignment);
        }
    }

    fn updates(&mut self, _message: &Message<'_>, batch: TaskUpdateBatch) {
        for update in &batch.updates {
            self.run.attempts.see_update(&batch.worker, update);
        }
    }

    fn metrics(&mut self, message: &Message<'_>, m: ControlMetrics) {
        let time_s = stamp_or(&m.header.stamp, message.time_s);
        let control_loop = self.run.loops.entry(m.robot).or_default();
        let window = |p50: f64, p99: f64, max: f64| {
            p50.is_finite().then_some(Window {
                time_s,
                p50,
                p99,
                max,
            })
        };
        control_loop
            .latency
            .extend(window(m.latency_p50_us, m.latency_p99_us, m.latency_max_us));
        if let Some(jitter) = window(m.jitter_p50_us, m.jitter_p99_us, m.jitter_max_us) {
            control_loop.jitter.push(jitter);
            control_loop.rates_hz.push(m.rate_hz);
            control_loop.overruns += m.overruns;
        }
        if m.tracking_error_rms.is_finite() {
            control_loop
                .tracking
                .push([time_s, m.tracking_error_rms, m.tracking_error_max]);
        }
    }

    fn safety(&mut self, message: &Message<'_>, m: SafetyStatus) {
        self.run.safety.push(SafetyEvent {
            time_s: stamp_or(&m.header.stamp, message.time_s),
            robot: m.robot,
            filter: if message.topic.ends_with("actuator_safety") {
                "actuator"
            } else {
                "agent"
            },
            state: m.state,
            cause: m.cause,
            detail: m.detail,
            interventions: m.interventions,
        });
    }

    fn objects(&mut self, _message: &Message<'_>, m: ObjectPoses) {
        for ((name, pose), size) in m.names.iter().zip(&m.poses).zip(&m.sizes) {
            let pose = pose_from_msg(pose);
            let (_, _, yaw) = pose.rotation.euler_angles();
            let at = [pose.translation.x, pose.translation.y, yaw];
            let size_m = [size.x, size.y];
            self.run
                .objects
                .entry(name.clone())
                .and_modify(|o| o.last = at)
                .or_insert(Object {
                    first: at,
                    last: at,
                    size_m,
                });
        }
    }

    fn odometry(&mut self, message: &Message<'_>, m: Odometry) {
        let p = &m.pose.pose.position;
        let robot = robot(message);
        self.run
            .add_point(robot, Part::Base, [p.x, p.y, p.z], ROVER_STEP_M);
    }

    fn log(&mut self, message: &Message<'_>, m: Log) {
        if m.level < WARN {
            return;
        }
        let known = self
            .run
            .logs
            .iter_mut()
            .find(|l| l.level == m.level && l.node == m.name && l.text == m.msg);
        match known {
            Some(line) => line.count += 1,
            None => self.run.logs.push(LogLine {
                first_s: stamp_or(&m.stamp, message.time_s),
                level: m.level,
                node: m.name,
                text: m.msg,
                count: 1,
            }),
        }
    }

    /// Where the tips of robots that stand were, by forward kinematics of the joints; the way of one that drives is
    /// its base's.
    fn tool_paths(&mut self, recording: &Recording) {
        let Some(world) = self.run.world.clone() else {
            return;
        };
        for placement in &world.robots {
            let name = placement.name.to_string();
            if self.run.paths.contains_key(&name) {
                continue;
            }
            match first_chain(recording, placement) {
                Ok(Some(chain)) => self.tool_path(placement, &chain),
                Ok(None) => {}
                Err(problem) => {
                    let note = format!("the tool path of {name} is missing: {problem}");
                    self.run.notes.push(note);
                }
            }
        }
    }

    fn tool_path(&mut self, placement: &RobotPlacement, chain: &Chain) {
        let base = placement.pose.isometry();
        let name = placement.name.to_string();
        let names: Vec<&str> = chain.joint_names().collect();
        for (_, joints) in self.joints.iter().filter(|(robot, _)| *robot == name) {
            let position = |joint: &&str| {
                let index = joints.name.iter().position(|n| n == joint)?;
                joints.position.get(index).copied()
            };
            let Some(positions) = names.iter().map(position).collect::<Option<Vec<f64>>>() else {
                continue;
            };
            let tool = (base * chain.forward(&positions)).translation;
            let at = [tool.x, tool.y, tool.z];
            self.run.add_point(name.clone(), Part::Tip, at, TOOL_STEP_M);
        }
    }
}

/// The way from a robot's root to the tip of its first chain, by what the recorder kept of its description; `None` for
/// one without a chain. Meshes need not be where they were.
fn first_chain(recording: &Recording, placement: &RobotPlacement) -> Result<Option<Chain>, String> {
    let text = |name: &str| {
        let kept = recording.attachments.get(name);
        let kept = kept.ok_or_else(|| format!("the recording holds no {name}"))?;
        Ok::<_, String>(String::from_utf8_lossy(kept))
    };
    let name = layout_name(&placement.name);
    let layout = RobotLayout::from_yaml(&name, &text(&name)?).map_err(|e| e.to_string())?;
    let Some(chain) = layout.chains.first() else {
        return Ok(None);
    };
    let urdf = text(&description_name(&placement.name))?;
    let model = read_tree(placement.name.clone(), &urdf).map_err(|e| e.to_string())?;
    let root = &model.links[model.root].name;
    let chain = Chain::between(&model, root, &chain.tip).map_err(|e| e.to_string())?;
    Ok(Some(chain))
}

impl Run {
    fn add_point(&mut self, robot: String, part: Part, at: [f64; 3], step_m: f64) {
        if at.iter().any(|v| !v.is_finite()) {
            return;
        }
        let track = self.paths.entry(robot).or_insert_with(|| Track {
            part,
            points: vec![[at[0], at[1]]],
            length_m: 0.0,
            last: at,
        });
        let moved_m = (0..3)
            .map(|i| (at[i] - track.last[i]).powi(2))
            .sum::<f64>()
            .sqrt();
        if moved_m >= step_m {
            track.length_m += moved_m;
            track.last = at;
            track.points.push([at[0], at[1]]);
        }
    }

    /// Seconds since the first message.
    pub fn since_start(&self, time_s: f64) -> f64 {
        time_s - self.span_s.map_or(0.0, |(start, _)| start)
    }
}

/// The robot of `<namespace>/<robot>/<topic>`.
fn robot(message: &Message<'_>) -> String {
    let topic = message.topic.trim_start_matches('/');
    let in_suite = topic
        .strip_prefix(message.namespace)
        .unwrap_or(topic)
        .trim_start_matches('/');
    in_suite
        .rsplit_once('/')
        .map_or(in_suite, |(robot, _)| robot)
        .to_owned()
}

/// Seconds of a stamp, or `otherwise` where it is zero.
fn stamp_or(stamp: &physical_ai_ros::msg::builtin_interfaces::msg::Time, otherwise: f64) -> f64 {
    let time = time_from_msg(stamp);
    if time.is_zero() {
        otherwise
    } else {
        time.seconds()
    }
}
