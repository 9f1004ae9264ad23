//! Robots that the project does not ship: what they offer follows from their layouts, and one skill that exists
//! nowhere else runs like all others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nalgebra::Isometry3;
use physical_ai_domain::{
    CommandMode, MissionId, ParameterSpec, Role, SkillName, SkillSpec, TaskId, TaskState, World,
};
use serde_json::{Value, json};

use super::*;
use crate::fixtures::{at_rest, robot};
use crate::skills::{Progress, Situation, Skill, Tick, offer};

const TICK_S: f64 = 0.005;

const WORLD: &str = "
robots: [{name: r, model: r, pose: {x: 1.0, y: 0.0}}]
places:
  - {name: dock, kind: floor, pose: {x: 2.0, y: 0.0}}
  - {name: shelf, kind: surface, pose: {x: 2.3, y: 0.0, z: 0.3}}
";

fn link(name: &str) -> String {
    format!(
        "<link name='{name}'><inertial><mass value='1'/><inertia ixx='1' iyy='1' izz='1' ixy='0' ixz='0' iyz='0'/>\
         </inertial></link>"
    )
}

/// A joint with the link that it moves, `NAME_link`.
fn joint(name: &str, kind: &str, parent: &str, xyz: &str, axis: &str) -> String {
    let limit = match kind {
        "continuous" => "",
        "prismatic" => "lower='0' upper='0.3'",
        _ => "lower='-3' upper='3'",
    };
    format!(
        "{}<joint name='{name}' type='{kind}'><parent link='{parent}'/><child link='{name}_link'/><origin xyz='{xyz}'/>\
         <axis xyz='{axis}'/><limit {limit} velocity='4' effort='9' acceleration='20'/></joint>",
        link(&format!("{name}_link"))
    )
}

/// Six joints on a link and a tip at their end, as long as the arm of the project.
fn arm_of(prefix: &str, parent: &str) -> String {
    let part = |i: usize, xyz: &str, axis: &str| {
        let parent = match i {
            1 => parent.to_owned(),
            _ => format!("{prefix}{}_link", i - 1),
        };
        joint(&format!("{prefix}{i}"), "revolute", &parent, xyz, axis)
    };
    format!(
        "{}{}{}{}{}{}<link name='{prefix}tip'/><joint name='{prefix}end' type='fixed'><parent link='{prefix}6_link'/>\
         <child link='{prefix}tip'/><origin xyz='0 0 0.125'/></joint>",
        part(1, "0 0 0.4", "0 0 1"),
        part(2, "0 0 0.08", "0 1 0"),
        part(3, "0 0 0.32", "0 1 0"),
        part(4, "0 0 0.28", "0 1 0"),
        part(5, "0 0 0.08", "1 0 0"),
        part(6, "0 0 0.07", "0 0 1"),
    )
}

const WHEELS: &str = "drive: {left: [left], right: [right], radius_m: 0.1, separation_m: 0.4}";

/// A base on two wheels with an arm, whose gripper has one joint that turns.
fn mobile_manipulator() -> RobotModel {
    let urdf = format!(
        "<robot name='r'>{}{}{}{}{}</robot>",
        link("base"),
        joint("left", "continuous", "base", "0 0.2 0.1", "0 1 0"),
        arm_of("a", "base"),
        joint("right", "continuous", "base", "0 -0.2 0.1", "0 1 0"),
        joint("jaw", "revolute", "a6_link", "0 0 0.1", "1 0 0"),
    );
    let layout = format!(
        "{WHEELS}\nchains: [{{name: arm, base: base, tip: atip, gripper: {{joints: [{{joint: jaw, open: -0.2, closed: \
         0.6}}], opening_m: 0.08, grasp: {{approach: [0, 0, 1], pads: [{{link: jaw_link, at: [0, 0.04, 0.1]}}, {{link: atip, \
         at: [0, 0, 0.1]}}], beyond_m: 0.01, depth_m: 0.05}}}}}}]\npostures: {{home: {{a3: 1.6, a4: 1.5}}}}"
    );
    robot("r", &urdf, &layout)
}

/// What a robot does at once as it is told.
struct Bench {
    agent: Agent,
    state: RobotState,
    wheels: Option<crate::DifferentialDrive>,
    ticks: i64,
}

impl Bench {
    fn new(model: RobotModel) -> Self {
        let world = World::from_yaml("w", WORLD).unwrap();
        let mut state = at_rest(&model, &vec![0.0; model.movable().len()], Time::ZERO);
        state.base.pose = Isometry3::translation(1.0, 0.0, 0.0);
        let wheels = crate::DifferentialDrive::from_model(&model).ok();
        let (drive, safety) = (DriveLimits::default(), SafetyLimits::default());
        let agent = Agent::try_new(world, vec![model], drive, safety).unwrap();
        let mut bench = Self {
            agent,
            state,
            wheels,
            ticks: 200,
        };
        bench.tick();
        bench
    }

    fn now(&self) -> Time {
        Time::from_nanoseconds(self.ticks * 5_000_000)
    }

    fn offers(&self) -> Vec<String> {
        let all = self.agent.capabilities(self.now()).into_iter();
        all.map(|c| c.skill.to_string()).collect()
    }

    fn tick(&mut self) -> Option<TaskReport> {
        self.ticks += 1;
        let now = self.now();
        let name = self.state.robot.clone();
        self.agent.see_obstacles(&name, now, Obstacles::default());
        self.state.stamp = now;
        let control = self.agent.tick(self.state.clone(), now, now.seconds());
        let control = control.unwrap();
        let (command, state) = (control.command, &mut self.state);
        match command.mode {
            CommandMode::Position => {
                state.position.clone_from(&command.position);
                state.velocity.clone_from(&command.velocity);
            }
            CommandMode::Velocity => {
                state.velocity.clone_from(&command.velocity);
                let turned: Vec<f64> = command.velocity.iter().map(|v| v * TICK_S).collect();
                let drive = self.wheels.as_ref().unwrap();
                let [left, right] = drive.sides(&turned);
                let (forward, turn) = drive.base(left, right);
                let step = physical_ai_domain::Placement {
                    x: forward,
                    yaw: turn,
                    ..Default::default()
                };
                state.base.pose *= step.isometry();
            }
            CommandMode::Effort | CommandMode::Hold => state.velocity.fill(0.0),
        }
        control.report
    }

    fn assign(&mut self, skill: &str, params: Value) -> Result<TaskReport, (ErrorCode, String)> {
        let assignment = Assignment {
            mission: MissionId::try_new("m").unwrap(),
            task: TaskId::try_new("t").unwrap(),
            attempt: 1,
            token: FencingToken(7),
            skill: SkillName::try_new(skill).unwrap(),
            robot: Some(self.state.robot.clone()),
            params,
            resources: BTreeMap::new(),
            timeout_s: 0.0,
            priority: 0,
            deadline: Time::ZERO,
            idempotent: true,
        };
        let now = self.now();
        self.agent.assign(assignment, now)
    }

    fn assert_at(&self, wanted: &[f64]) {
        let joints = self.state.position.iter().zip(wanted);
        let off = joints.map(|(at, wanted)| (at - wanted).abs());
        let position = &self.state.position;
        assert!(
            off.fold(0.0, f64::max) < 1e-6,
            "{position:?} instead of {wanted:?}"
        );
    }

    /// Runs a skill to its end.
    fn run(&mut self, skill: &str, params: Value) -> Value {
        self.assign(skill, params).unwrap();
        for _ in 0..6000 {
            if let Some(report) = self.tick().filter(|r| r.state.is_terminal()) {
                assert_eq!(report.state, TaskState::Succeeded, "{skill}: {report:?}");
                return serde_json::from_str(&report.result).unwrap();
            }
        }
        panic!("{skill} never ended");
    }
}

/// A tool that is switched on for some ticks: nothing that the project knows.
struct Polishing {
    left: usize,
    done: Arc<AtomicUsize>,
}

const POLISH: SkillSpec = SkillSpec {
    name: "polish",
    description: "Polishes a place.",
    ways: &[&[ParameterSpec::required("where", Role::Surface)]],
    idempotent: true,
    takes: None,
    releases: None,
    returns: false,
    verbs: &[],
    typical_s: 1.0,
};

impl Skill for Polishing {
    fn tick(&mut self, tick: &Tick<'_>, command: &mut ActuatorCommand) -> Progress {
        command.mode = CommandMode::Position;
        command.position.clone_from(&tick.state.position);
        command.velocity.clear();
        command.velocity.resize(tick.state.position.len(), 0.0);
        let Some(left) = self.left.checked_sub(1) else {
            self.done.fetch_add(1, Ordering::Relaxed);
            return Progress::Succeeded(json!({"polished": true}));
        };
        self.left = left;
        Progress::Running(0.5)
    }

    fn postpone(&mut self, _: f64) {}
    fn pause(&mut self, _: f64, _: Option<&str>) {}
    fn cancel(&mut self) {}
    fn tracking_error(&self) -> f64 {
        0.0
    }
}

/// The set of that one skill.
struct PolishSkills {
    robot: RobotName,
    done: Arc<AtomicUsize>,
}

impl SkillSet for PolishSkills {
    fn offers(&self, site: &Site, _: &BTreeSet<String>) -> Vec<Capability> {
        let places = site.places(physical_ai_domain::PlaceKind::Surface);
        let schema = |_: &ParameterSpec| json!({"type": "string", "enum": places});
        vec![offer(&POLISH, &self.robot, schema).unwrap()]
    }

    fn start(
        &self,
        skill: &str,
        params: &Value,
        situation: &Situation<'_>,
    ) -> Result<Option<Box<dyn Skill>>, Error> {
        if skill != POLISH.name {
            return Ok(None);
        }
        let place = params["where"].as_str().unwrap_or_default();
        situation
            .site
            .place("where", place, physical_ai_domain::PlaceKind::Surface)?;
        Ok(Some(Box::new(Polishing {
            left: 20,
            done: self.done.clone(),
        })))
    }
}

#[test]
fn skill_that_exists_nowhere_else_is_offered_and_runs_like_all_others() {
    let mut bench = Bench::new(mobile_manipulator());
    let done = Arc::new(AtomicUsize::new(0));
    let set = |done: &Arc<AtomicUsize>| {
        Box::new(PolishSkills {
            robot: RobotName::try_new("r").unwrap(),
            done: done.clone(),
        })
    };
    let name = bench.state.robot.clone();
    bench.agent.add_skills(&name, set(&done)).unwrap();
    assert!(bench.offers().contains(&"polish".to_owned()));
    let refused = bench
        .assign("polish", json!({"where": "dock"}))
        .unwrap_err();
    assert!(
        refused
            .1
            .contains("params.where: \"dock\" is not one of shelf"),
        "{}",
        refused.1
    );
    let result = bench.run("polish", json!({"where": "shelf"}));
    assert_eq!(
        (result["polished"].as_bool(), done.load(Ordering::Relaxed)),
        (Some(true), 1)
    );
    let plan = json!({"tasks": [{"id": "t", "robot": "r", "skill": "polish", "params": {"where": "roof"}}]});
    let found = bench
        .agent
        .check_json(&plan.to_string(), bench.now())
        .unwrap();
    assert!(
        found[0].contains("\"roof\" is not one of shelf"),
        "{found:?}"
    );
    let twice = bench.agent.add_skills(&name, set(&done)).unwrap_err();
    assert!(
        twice.to_string().contains("has a skill polish already"),
        "{twice}"
    );
}

#[test]
fn mobile_manipulator_drives_moves_its_tip_and_its_joints() {
    let mut bench = Bench::new(mobile_manipulator());
    let mut offers = bench.offers();
    offers.sort();
    let expected = [
        "drive_home",
        "home",
        "move_joints",
        "move_to",
        "navigate_to",
        "patrol",
        "pick",
        "pick_and_place",
        "place",
        "set_gripper",
        "wait",
    ];
    assert_eq!(offers, expected);
    bench.run("home", json!({}));
    // Wheels and the jaw are no part of the posture.
    let posture = [0.0, 0.0, 0.0, 1.6, 1.5, 0.0, 0.0, 0.0, 0.0];
    bench.assert_at(&posture);
    bench.run("navigate_to", json!({"place": "dock"}));
    let at = bench.state.base.pose.translation;
    assert!((at.x - 2.0).abs() < 0.05 && at.y.abs() < 0.05, "{at}");
    let position = &bench.state.position;
    assert!(
        (position[3] - 1.6).abs() < 1e-6,
        "what drives keeps its posture: {position:?}"
    );
    // A point before the robot where it is now, out of reach from where it started.
    bench.run("move_to", json!({"x": 2.45, "y": 0.1, "z": 0.5}));
    let chain = crate::Chain::between(&mobile_manipulator(), "base", "atip").unwrap();
    let tip = bench.state.base.pose * chain.forward(&chain.of_all(&bench.state.position));
    let off = tip.translation.vector - nalgebra::Vector3::new(2.45, 0.1, 0.5);
    assert!(off.norm() < 2e-3, "{off}");
    let result = bench.run("set_gripper", json!({"opening_m": 0.04}));
    assert!(
        (result["opening_m"].as_f64().unwrap() - 0.04).abs() < 1e-9,
        "{result}"
    );
    // So much nearer are the pads, across the approach, than where it is open at -0.2 rad: 0.08 m.
    let jaw = crate::Chain::between(&mobile_manipulator(), "atip", "jaw_link").unwrap();
    let pad_m = |at: f64| (jaw.forward(&[at]) * nalgebra::Point3::new(0.0, 0.04, 0.1)).y;
    let nearer_m = pad_m(-0.2) - pad_m(bench.state.position[8]);
    assert!((nearer_m - 0.04).abs() < 1e-6, "{nearer_m}");
    bench.run("wait", json!({"duration_s": 0.1}));
    bench.run("drive_home", json!({}));
    let at = bench.state.base.pose.translation;
    assert!((at.x - 1.0).abs() < 0.05, "{at}");
}

#[test]
fn plan_of_a_mobile_manipulator_is_rehearsed_with_what_it_carries() {
    let mut bench = Bench::new(mobile_manipulator());
    bench.run("home", json!({}));
    let box_at = |x: f64| SeenObject {
        pose: Isometry3::translation(x, 0.0, 0.3),
        size_m: [0.04; 3],
    };
    let now = bench.now();
    bench
        .agent
        .see_objects(now, &BTreeMap::from([("cup".to_owned(), box_at(1.45))]));
    let task = |id: &str, skill: &str, params: Value, after: &[&str]| json!({"id": id, "robot": "r", "skill": skill, "params": params, "after": after});
    let check = |tasks: Value| {
        let plan = json!({ "tasks": tasks }).to_string();
        bench.agent.check_json(&plan, now).unwrap()
    };
    let pick = task("get", "pick", json!({"object": "cup"}), &[]);
    let go = task("go", "navigate_to", json!({"x": 1.9, "y": 0.0}), &["get"]);
    let put = |after: &str| task("put", "place", json!({"place": "shelf"}), &[after]);
    let found = check(json!([pick, go, put("go")]));
    assert_eq!(found, Vec::<String>::new());
    // The shelf is out of reach from where it picked the cup up.
    let found = check(json!([pick, put("get")]));
    assert!(
        found.len() == 1 && found[0].contains("out of reach of r"),
        "{found:?}"
    );
}

#[test]
fn robot_of_joints_alone_moves_them_whatever_they_are_called() {
    let urdf = format!(
        "<robot name='r'>{}{}{}{}</robot>",
        link("torso"),
        joint("hüfte", "revolute", "torso", "0 0 0", "0 1 0"),
        joint("lift", "prismatic", "hüfte_link", "0 0 0.1", "0 0 1"),
        joint("wrist", "continuous", "lift_link", "0 0 0.1", "0 0 1"),
    );
    let mut bench = Bench::new(robot("r", &urdf, "postures: {home: {lift: 0.1}}"));
    assert_eq!(bench.offers(), ["wait", "hold", "home", "move_joints"]);
    let offers = bench.agent.capabilities(bench.now());
    let schema = &offers[3].parameters_schema["properties"]["positions"];
    assert_eq!(
        (&schema["minItems"], &schema["maxItems"]),
        (&json!(3), &json!(3))
    );
    bench.run("move_joints", json!({"positions": [0.5, 0.2, 9.0]}));
    bench.assert_at(&[0.5, 0.2, 9.0]);
    bench.run("move_joints", json!({"joints": {"lift": 0.25}}));
    bench.assert_at(&[0.5, 0.25, 9.0]);
    let refused = bench.assign("move_joints", json!({"positions": [0.0, 0.4, 0.0]}));
    assert!(
        refused
            .unwrap_err()
            .1
            .contains("lift: 0.4000 is outside 0.0000 to 0.3000")
    );
    let refused = bench
        .assign("move_to", json!({"x": 0.0, "y": 0.0, "z": 0.0}))
        .unwrap_err();
    assert_eq!(refused.0, ErrorCode::UnknownSkill);
    assert!(
        refused
            .1
            .contains("no skill of r: it has wait, hold, home, move_joints"),
        "{}",
        refused.1
    );
    bench.run("home", json!({}));
    bench.assert_at(&[0.5, 0.1, 9.0]);
    bench.assign("hold", json!({})).unwrap();
    for _ in 0..400 {
        assert!(bench.tick().is_none_or(|r| !r.state.is_terminal()));
    }
    bench.agent.cancel(FencingToken(7));
    let ended = (0..100).find_map(|_| bench.tick().filter(|r| r.state.is_terminal()));
    assert_eq!(ended.unwrap().state, TaskState::Canceled);
}

#[test]
fn joint_of_which_nobody_said_how_fast_it_may_be_is_not_moved() {
    let urdf = format!(
        "<robot name='r'>{}{}{}</robot>",
        link("torso"),
        joint("hip", "revolute", "torso", "0 0 0", "0 1 0"),
        joint("knee", "revolute", "hip_link", "0 0 0.1", "0 1 0")
            .replace("velocity='4'", "velocity='0'"),
    );
    let mut bench = Bench::new(robot("r", &urdf, "{}"));
    let refused = bench.assign("move_joints", json!({"joints": {"knee": 0.1}}));
    let (code, reason) = refused.unwrap_err();
    assert_eq!(code, ErrorCode::InvalidParams);
    assert!(
        reason.contains("knee may not be moved: its velocity limit is not given"),
        "{reason}"
    );
    bench.run("move_joints", json!({"positions": [0.1]}));
    bench.assert_at(&[0.1, 0.0]);
}

#[test]
fn second_arm_has_skills_of_its_own_names() {
    let urdf = format!(
        "<robot name='r'>{}{}{}</robot>",
        link("torso"),
        arm_of("l", "torso"),
        arm_of("r", "torso"),
    );
    let layout = "chains: [{name: left_arm, base: torso, tip: ltip}, {name: Right_arm, base: torso, tip: rtip}]";
    let mut bench = Bench::new(robot("r", &urdf, layout));
    assert_eq!(
        bench.offers(),
        [
            "wait",
            "home",
            "move_joints",
            "move_to",
            "right_arm_move_to"
        ]
    );
    bench.run("right_arm_move_to", json!({"x": 1.4, "y": 0.1, "z": 0.5}));
    let moved: Vec<bool> = bench.state.position.iter().map(|p| *p != 0.0).collect();
    assert_eq!(moved[..6], [false; 6], "{:?}", bench.state.position);
    assert!(moved[6..].iter().any(|m| *m));
    let layout = layout.replace("Right_arm", "right-arm");
    let world = World::from_yaml("w", WORLD).unwrap();
    let (drive, safety) = (DriveLimits::default(), SafetyLimits::default());
    let error = Agent::try_new(world, vec![robot("r", &urdf, &layout)], drive, safety);
    let error = error.err().unwrap().to_string();
    assert!(
        error.contains("has a chain right-arm that no skill can be named by"),
        "{error}"
    );
}
