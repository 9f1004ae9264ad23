//! Faults injected at random while skills run: none may say that it succeeded where the world says otherwise.
//!
//! `PHYSICAL_AI_LONG=1` raises the number of faults; `PHYSICAL_AI_SEED` repeats a run whose seed was printed.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use nalgebra::{Isometry3, Vector3};
use physical_ai_control::Chain;
use physical_ai_domain::{RobotName, TaskReport, TaskState, Time};
use physical_ai_sim::Fault;
use serde_json::{Value, json};

use crate::bench::Bench;

/// Faults in the short form and in the long one.
const SHORT: u64 = 40;
const LONG: u64 = 500;
/// Every so many trials are also run without a fault.
const UNDISTURBED_EVERY: u64 = 4;
/// Simulated seconds in which any trial has to end, one way or the other.
const LIMIT_S: f64 = 60.0;

/// What the world may differ from what was asked for beyond the tolerances that the skills state: noise of
/// the sensors, and for rovers what odometry cannot know after a metre.
const JOINT_M: f64 = 0.005;
const ODOMETRY_M: f64 = 0.05;

/// Numbers from a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn index(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }
}

/// A task, and what has to be true of the world if it succeeds.
struct Trial {
    robot: RobotName,
    /// Tasks that come before it, undisturbed.
    before: Vec<(&'static str, Value)>,
    skill: &'static str,
    params: Value,
    /// About how long it takes, seconds.
    typical_s: f64,
}

fn trial(random: &mut Random) -> Trial {
    let robot = |name| RobotName::try_new(name).unwrap();
    let arm = |skill, params, typical_s| Trial {
        robot: robot("arm_1"),
        before: Vec::new(),
        skill,
        params,
        typical_s,
    };
    let objects = ["red_box", "blue_box"];
    let bins = ["bin_a", "bin_b"];
    let (object, place) = (objects[random.index(2)], bins[random.index(2)]);
    match random.index(10) {
        0 | 1 => {
            let upright: Vec<f64> = (0..6).map(|_| random.between(-0.5, 0.5)).collect();
            arm("move_joints", json!({"positions": upright}), 1.0)
        }
        2 => {
            let (x, y) = (random.between(0.35, 0.42), random.between(-0.12, 0.15));
            let z = random.between(0.6, 0.7);
            arm("move_to", json!({"x": x, "y": y, "z": z}), 2.5)
        }
        3 => arm("home", json!({}), 2.0),
        4 => {
            let opening = json!({"opening_m": random.between(0.0, 0.09)});
            arm("set_gripper", opening, 0.6)
        }
        5 => arm("pick", json!({"object": object}), 5.5),
        6 => {
            let both = json!({"object": object, "place": place});
            arm("pick_and_place", both, 9.0)
        }
        7 => Trial {
            before: vec![("pick", json!({"object": object}))],
            ..arm("place", json!({"place": place}), 4.0)
        },
        _ => {
            let angle = random.between(-3.0, 3.0);
            let far = random.between(0.3, 0.7);
            let point = json!({"x": 2.0 + far * angle.cos(), "y": -0.8 + far * angle.sin()});
            Trial {
                robot: robot("rover_1"),
                ..arm("navigate_to", point, 3.5)
            }
        }
    }
}

/// What breaks, when, and what mends it later.
struct Break {
    name: &'static str,
    at_s: f64,
    fault: Option<Fault>,
    /// Commands do not arrive.
    cut: bool,
    mended: Option<(f64, Option<Fault>)>,
}

fn breakage(random: &mut Random, trial: &Trial, bench: &Bench) -> Break {
    let robot = trial.robot.clone();
    let at_s = random.between(0.0, 0.8 * trial.typical_s);
    let lasts_s = [0.3, 1.5, f64::INFINITY, f64::INFINITY][random.index(4)];
    let back = |fault| lasts_s.is_finite().then_some((at_s + lasts_s, fault));
    let carries = trial.params.get("object").is_some() || !trial.before.is_empty();
    let (name, fault, cut, mended) = match random.index(if carries { 5 } else { 4 }) {
        0 => ("held", None, true, back(None)),
        1 => {
            let names = bench.models[&robot].joint_names();
            let joint = [None, Some(names[random.index(names.len())].clone())];
            let joint = joint[usize::from(random.index(3) > 0)].clone();
            let jam = Fault::Jam {
                robot: robot.clone(),
                joint: joint.clone(),
            };
            let release = Fault::Release { robot, joint };
            ("jammed", Some(jam), false, back(Some(release)))
        }
        2 => {
            let speak = Fault::Speak(robot.clone());
            (
                "silent",
                Some(Fault::Silence(robot)),
                false,
                back(Some(speak)),
            )
        }
        3 => {
            let on = Fault::PowerOn(robot.clone());
            (
                "un-powered",
                Some(Fault::PowerOff(robot)),
                false,
                back(Some(on)),
            )
        }
        _ => {
            let object = object_of(trial).to_owned();
            // On the table, on the floor, or in mid air.
            let (x, y) = (random.between(0.2, 0.7), random.between(-0.4, 0.4));
            let z = [0.425, 0.425, 0.7][random.index(3)];
            let pose = Isometry3::translation(x, y, z);
            let place = Fault::PlaceObject { object, pose };
            ("object moved", Some(place), false, None)
        }
    };
    Break {
        name,
        at_s,
        fault,
        cut,
        mended,
    }
}

fn object_of(trial: &Trial) -> &str {
    let own = trial.params.get("object");
    let object = own.or_else(|| trial.before.first().and_then(|(_, p)| p.get("object")));
    object.and_then(Value::as_str).unwrap()
}

impl Bench {
    /// Runs a trial, with what breaks in it; `None` if it did not end in time.
    fn attempt(&mut self, trial: &Trial, breaks: Option<&Break>) -> Option<TaskReport> {
        self.reset();
        self.lenient = true;
        self.active = [trial.robot.clone()].into();
        self.tick();
        for (skill, params) in &trial.before {
            self.assign(trial.robot.as_str(), skill, params.clone())
                .unwrap();
            let report = self.run(1, LIMIT_S).remove(0);
            assert_eq!(report.state, TaskState::Succeeded, "{report:?}");
        }
        let began = self.sim.time();
        let params = trial.params.clone();
        self.assign(trial.robot.as_str(), trial.skill, params)
            .unwrap();
        let mut due = breaks.map(|b| b.at_s);
        let mut mend = breaks.and_then(|b| b.mended.clone());
        while self.sim.time().seconds_since(began) < LIMIT_S {
            let past_s = self.sim.time().seconds_since(began);
            if due.is_some_and(|at_s| past_s >= at_s) {
                due = None;
                self.strike(breaks.unwrap(), &trial.robot);
            }
            if let Some((_, fault)) = mend.take_if(|(at_s, _)| past_s >= *at_s) {
                self.cut.clear();
                fault.iter().for_each(|f| self.sim.inject(f).unwrap());
            }
            if let Some(report) = self.tick().pop() {
                return Some(report);
            }
        }
        None
    }

    fn strike(&mut self, what: &Break, robot: &RobotName) {
        if what.cut {
            self.cut.insert(robot.clone());
        }
        what.fault.iter().for_each(|f| self.sim.inject(f).unwrap());
    }

    /// Why a success was none, by the simulation's own word.
    fn objection(&self, trial: &Trial, start: &BTreeMap<String, Isometry3<f64>>) -> Option<String> {
        let number = |field: &str| trial.params[field].as_f64().unwrap();
        let joints = self.sim.true_joint_positions(&trial.robot).unwrap();
        let off_joints = |target: &[f64]| {
            let off = |(i, t): (usize, &f64)| (joints[i] - t).abs();
            let worst_rad = target.iter().enumerate().map(off).fold(0.0, f64::max);
            (worst_rad > 0.02 + JOINT_M).then(|| format!("a joint is {worst_rad:.3} rad off"))
        };
        let far = |off_m: f64, allowed_m: f64, what: &str| {
            (off_m > allowed_m)
                .then(|| format!("{what} is {off_m:.3} m off, {allowed_m} m is allowed"))
        };
        let tool = || {
            let model = &self.models[&trial.robot];
            let base = self
                .world
                .robot(model.name.as_str())
                .unwrap()
                .pose
                .isometry();
            let tool = base
                * Chain::between(model, "base_link", "tool0")
                    .unwrap()
                    .forward(&joints[..6]);
            tool.translation.vector
        };
        let object = || {
            self.sim
                .true_object_pose(object_of(trial))
                .unwrap()
                .translation
                .vector
        };
        match trial.skill {
            "move_joints" => {
                let target: Vec<f64> =
                    serde_json::from_value(trial.params["positions"].clone()).unwrap();
                off_joints(&target)
            }
            "home" => off_joints(&[0.0, 0.0, 1.6, 1.541_592_653_589_793, 0.0, 0.0]),
            "move_to" => {
                let target = Vector3::new(number("x"), number("y"), number("z"));
                far((tool() - target).norm(), 0.01 + 0.002, "the tool")
            }
            "set_gripper" => {
                let gap_m = joints[6] + joints[7];
                far(
                    (gap_m - number("opening_m")).abs(),
                    0.006 + 0.001,
                    "the opening",
                )
            }
            "pick" => {
                let rose_m = object().z - start[object_of(trial)].translation.z;
                let low = (rose_m < 0.05).then(|| format!("the object rose by {rose_m:.3} m"));
                low.or_else(|| far((object() - tool()).norm(), 0.04, "the object"))
            }
            "place" | "pick_and_place" => {
                let place = self
                    .world
                    .place(trial.params["place"].as_str().unwrap())
                    .unwrap()
                    .pose;
                let level_m = (object().x - place.x).hypot(object().y - place.y);
                let beside = far(level_m, 0.02 + 0.003, "the object");
                let height_m = (object().z - place.z - 0.02).abs();
                beside.or_else(|| far(height_m, 0.01 + 0.003, "the object's height"))
            }
            _ => {
                let at = self
                    .sim
                    .true_base_pose(&trial.robot)
                    .unwrap()
                    .translation
                    .vector;
                let off_m = (at.x - number("x")).hypot(at.y - number("y"));
                far(off_m, 0.05 + ODOMETRY_M, "the rover")
            }
        }
    }
}

#[derive(Default, Debug)]
struct Counts {
    failed: u64,
    succeeded: u64,
}

fn first_seed() -> u64 {
    let given = std::env::var("PHYSICAL_AI_SEED").ok();
    let now = || {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
    };
    given.map_or_else(|| now().as_secs(), |text| text.parse().unwrap())
}

#[test]
fn no_skill_succeeds_falsely_whatever_breaks() {
    let is_long = std::env::var_os("PHYSICAL_AI_LONG").is_some();
    let (faults, first) = (if is_long { LONG } else { SHORT }, first_seed());
    let began = Instant::now();
    let mut bench = Bench::new("demo");
    let start: BTreeMap<String, Isometry3<f64>> = bench
        .sim
        .objects()
        .into_iter()
        .map(|o| (o.name, o.pose))
        .collect();
    let mut simulated_s = 0.0;
    let mut counts: BTreeMap<(&str, &str), Counts> = BTreeMap::new();
    let mut wrong = Vec::new();
    for seed in first..first + faults {
        let mut random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let trial = trial(&mut random);
        let broken = breakage(&mut random, &trial, &bench);
        let story = format!(
            "seed {seed}: {} {} of {}, {} at {:.2} s, mended {:?}",
            trial.skill, trial.params, trial.robot, broken.name, broken.at_s, broken.mended
        );
        if (seed - first).is_multiple_of(UNDISTURBED_EVERY) {
            match bench.attempt(&trial, None) {
                Some(report) if report.state == TaskState::Succeeded => {
                    let objection = bench.objection(&trial, &start);
                    wrong.extend(objection.map(|why| format!("{story}: undisturbed: {why}")));
                }
                report => wrong.push(format!("{story}: undisturbed: {report:?}")),
            }
            simulated_s += bench.sim.time().seconds_since(Time::ZERO);
        }
        let Some(report) = bench.attempt(&trial, Some(&broken)) else {
            wrong.push(format!("{story}: did not end within {LIMIT_S} s"));
            continue;
        };
        simulated_s += bench.sim.time().seconds_since(Time::ZERO);
        let counts = counts.entry((broken.name, trial.skill)).or_default();
        if report.state == TaskState::Succeeded {
            counts.succeeded += 1;
            let objection = bench.objection(&trial, &start);
            wrong.extend(
                objection.map(|why| format!("{story}: FALSE SUCCESS: {why}: {}", report.result)),
            );
        } else {
            counts.failed += 1;
            if std::env::var_os("PHYSICAL_AI_STORIES").is_some() {
                println!("{story}: {}", report.error_msg);
            }
        }
    }
    for ((broken, skill), counts) in &counts {
        println!("{broken:>12} {skill:<15} {counts:?}");
    }
    let took = began.elapsed();
    println!(
        "{faults} faults from seed {first} (PHYSICAL_AI_SEED={first}): {} wrong; {simulated_s:.0} s simulated in {:.0} s",
        wrong.len(),
        took.as_secs_f64()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
