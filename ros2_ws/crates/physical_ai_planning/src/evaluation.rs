//! How good plans of sentences are, against what people expect: exact, refused or wrong.

use std::collections::BTreeMap;

use physical_ai_domain::{
    Capability, FailurePolicyKind, Plan, Resources, RobotName, Role, SkillName, SkillSpec, TaskSpec,
};
use physical_ai_fleet::{Fleet, parse_plan};
use physical_ai_schema as schema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::same_values;

/// Longest duration of a case's skills, seconds.
const LONGEST_S: f64 = 3600.0;
/// Most rounds of a case's skills.
const MOST_ROUNDS: u32 = 1000;
/// Joints of a case's arms.
const JOINTS: usize = 6;

/// What a planner made of a sentence, against what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The expected plan, or a refusal where one was expected.
    Exact,
    /// A refusal where a plan was expected: nothing moves.
    Refused,
    /// A plan that was not meant.
    Wrong,
}

/// A sentence with the plan that it asks for.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// `en` or `ko`.
    pub language: String,
    /// What is offered.
    pub fleet: CaseFleet,
    /// What is said.
    pub sentence: String,
    /// The plan, or an object with `refusal`.
    pub plan: Value,
}

/// What robots of a case can do.
#[derive(Debug, Clone, Deserialize)]
pub struct CaseFleet {
    /// Skills by robot.
    pub robots: BTreeMap<String, Vec<String>>,
    /// Objects.
    pub objects: Vec<String>,
    /// Places that arms reach.
    pub surfaces: Vec<String>,
    /// Places where rovers go.
    pub floors: Vec<String>,
    /// How far grippers open, in metres.
    #[serde(default = "widest_m")]
    pub max_opening_m: f64,
    /// Objects and places that a robot reaches, where it does not reach all.
    #[serde(default)]
    pub reach: BTreeMap<String, Vec<String>>,
}

fn widest_m() -> f64 {
    0.09
}

impl Case {
    /// Cases of a file with one JSON object in a line.
    ///
    /// # Errors
    /// The line and what is wrong with it.
    pub fn read_all(text: &str) -> Result<Vec<Self>, String> {
        let lines = text.lines().enumerate();
        let read = |(at, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|e| format!("line {}: {e}", at + 1))
        };
        lines.map(read).collect()
    }

    /// What is offered, where these are the skills that robots have.
    pub fn fleet(&self, skills: &[SkillSpec]) -> Fleet {
        Fleet::new(self.fleet.capabilities(skills))
    }

    /// True if the sentence is to be refused.
    pub fn is_refusal(&self) -> bool {
        self.plan.get("refusal").is_some()
    }

    /// What a plan, or none, is worth in the case's fleet.
    pub fn verdict(&self, made: Option<&Plan>, fleet: &Fleet) -> Verdict {
        let Some(made) = made else {
            return if self.is_refusal() {
                Verdict::Exact
            } else {
                Verdict::Refused
            };
        };
        let expected = parse_plan(&self.plan.to_string()).ok();
        let tasks = self.plan.get("tasks").and_then(Value::as_array);
        let says_policy = tasks.is_some_and(|t| t.iter().any(|t| t.get("on_failure").is_some()));
        let same = expected.is_some_and(|e| same_effect(&e, made, fleet, says_policy));
        if same { Verdict::Exact } else { Verdict::Wrong }
    }
}

impl CaseFleet {
    /// As agent workers offer these skills; a case lists no others.
    fn capabilities(&self, skills: &[SkillSpec]) -> Vec<Capability> {
        let listed = |(robot, names): (&String, &Vec<String>)| {
            let known = names
                .iter()
                .filter_map(|n| skills.iter().find(|s| s.name == n));
            known
                .filter_map(|spec| self.offer(robot, spec))
                .collect::<Vec<_>>()
        };
        self.robots.iter().flat_map(listed).collect()
    }

    fn offer(&self, robot: &str, spec: &SkillSpec) -> Option<Capability> {
        Some(Capability {
            skill: SkillName::try_new(spec.name).ok()?,
            robot: Some(RobotName::try_new(robot).ok()?),
            description: spec.description.to_owned(),
            parameters_schema: spec.schema(|parameter| self.values(robot, parameter.role)),
            mean_duration_s: spec.typical_s,
            requires: Resources::new(),
            idempotent: spec.idempotent,
            ready: true,
            reason: String::new(),
        })
    }

    /// Schema of one value of this role.
    fn values(&self, robot: &str, role: Role) -> Value {
        let reached = |name: &&String| self.reach.get(robot).is_none_or(|r| r.contains(*name));
        let choice = |names: &mut dyn Iterator<Item = &String>| {
            let names: Vec<&String> = names.filter(reached).collect();
            json!({"type": "string", "enum": names})
        };
        match role {
            Role::Object => choice(&mut self.objects.iter()),
            Role::Surface => choice(&mut self.surfaces.iter()),
            Role::FloorPlace => choice(&mut self.floors.iter()),
            Role::Robot => choice(&mut self.robots.keys()),
            Role::Duration => json!({"type": "number", "minimum": 0.0, "maximum": LONGEST_S}),
            Role::Count => json!({"type": "integer", "minimum": 1, "maximum": MOST_ROUNDS}),
            Role::Opening => {
                json!({"type": "number", "minimum": 0.0, "maximum": self.max_opening_m})
            }
            Role::JointPositions => json!({"type": "array", "items": {"type": "number"},
                "minItems": JOINTS, "maxItems": JOINTS}),
            Role::X | Role::Y | Role::Z | Role::Roll | Role::Pitch | Role::Yaw => {
                json!({"type": "number"})
            }
        }
    }
}

/// A task as far as it counts, and the tasks before it.
#[derive(Debug, Clone)]
struct Step {
    skill: String,
    robot: String,
    /// Any robot may do it.
    is_open: bool,
    params: Value,
    policy: FailurePolicyKind,
    /// Places in the list of all that it waits for, over others, too.
    after: Vec<bool>,
}

/// True if two plans do the same in the same order, however their tasks are named, listed and put together: a pick
/// with the place behind it is a `pick_and_place`, a patrol without rounds has one, and where a plan leaves
/// the robot open, the first that can is meant.
pub fn same_effect(a: &Plan, b: &Plan, fleet: &Fleet, with_policy: bool) -> bool {
    let (a, b) = (steps(a, fleet), steps(b, fleet));
    let same = |x: &Step, y: &Step| {
        x.skill == y.skill
            && (x.robot == y.robot || x.is_open || y.is_open)
            && same_values(&x.params, &y.params)
            && (!with_policy || x.policy == y.policy)
    };
    if a.len() != b.len() {
        return false;
    }
    // Tasks that are equal are told apart by how much comes before them.
    let mut of_b: Vec<Option<usize>> = vec![None; b.len()];
    let mut place_of_a = vec![0; a.len()];
    let count = |s: &Step| s.after.iter().filter(|x| **x).count();
    for (i, x) in a.iter().enumerate() {
        let free = (0..b.len()).filter(|j| of_b[*j].is_none() && same(x, &b[*j]));
        let Some(j) = free.min_by_key(|j| count(&b[*j]).abs_diff(count(x))) else {
            return false;
        };
        of_b[j] = Some(i);
        place_of_a[i] = j;
    }
    (0..a.len())
        .all(|i| (0..a.len()).all(|k| a[i].after[k] == b[place_of_a[i]].after[place_of_a[k]]))
}

fn steps(plan: &Plan, fleet: &Fleet) -> Vec<Step> {
    let count = plan.tasks.len();
    let mut after = vec![vec![false; count]; count];
    for (i, task) in plan.tasks.iter().enumerate() {
        for (k, before) in plan.tasks.iter().enumerate() {
            after[i][k] = task.after.contains(&before.id);
        }
    }
    for via in 0..count {
        for i in 0..count {
            for k in 0..count {
                after[i][k] |= after[i][via] && after[via][k];
            }
        }
    }
    let step = |(i, task): (usize, &TaskSpec)| Step {
        skill: task.skill.as_str().to_owned(),
        robot: robot_of(task, fleet),
        is_open: task.robot.is_none(),
        params: params_of(task),
        policy: task.on_failure.kind,
        after: after[i].clone(),
    };
    joined(plan.tasks.iter().enumerate().map(step).collect())
}

fn robot_of(task: &TaskSpec, fleet: &Fleet) -> String {
    if let Some(robot) = &task.robot {
        return robot.as_str().to_owned();
    }
    let fits = |c: &&Capability| {
        let mut problems = Vec::new();
        schema::check(&c.parameters_schema, &task.params, "params", &mut problems);
        problems.is_empty()
    };
    let able = fleet.offers(task.skill.as_str(), None).filter(fits);
    let names = able.filter_map(|c| c.robot.as_ref().map(RobotName::as_str));
    names.min().unwrap_or_default().to_owned()
}

fn params_of(task: &TaskSpec) -> Value {
    let mut params = task.params.clone();
    if task.skill.as_str() == "patrol"
        && let Some(fields) = params.as_object_mut()
    {
        fields.entry("rounds").or_insert(json!(1));
    }
    params
}

/// With each pick and the place of its robot right behind it in one.
fn joined(mut steps: Vec<Step>) -> Vec<Step> {
    loop {
        let next_of = |i: usize| {
            let own = (0..steps.len())
                .filter(|k| steps[*k].robot == steps[i].robot && steps[*k].after[i]);
            own.min_by_key(|k| steps[*k].after.iter().filter(|a| **a).count())
        };
        let found = (0..steps.len()).find_map(|i| {
            let k = next_of(i).filter(|_| steps[i].skill == "pick")?;
            // What waits between the two would be lost.
            let waits = |j: usize| j != i && steps[k].after[j] && !steps[i].after[j];
            (steps[k].skill == "place" && !(0..steps.len()).any(waits)).then_some((i, k))
        });
        let Some((pick, put)) = found else {
            return steps;
        };
        let fields =
            json!({"object": steps[pick].params["object"], "place": steps[put].params["place"]});
        (steps[put].skill, steps[put].params) = ("pick_and_place".to_owned(), fields);
        steps.remove(pick);
        for step in &mut steps {
            step.after.remove(pick);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_fleet::{fleet, skills};

    fn plan(tasks: &str) -> Plan {
        parse_plan(&format!("tasks: [{tasks}]")).unwrap()
    }

    #[test]
    fn plans_with_the_same_effect_are_the_same() {
        let pick = "{id: p, skill: pick, robot: arm_1, params: {object: red_box}}";
        let put = "{id: q, skill: place, robot: arm_1, params: {place: bin_a}, after: [p]}";
        let both =
            "{id: x, skill: pick_and_place, robot: arm_1, params: {object: red_box, place: bin_a}}";
        let open = "{id: x, skill: pick_and_place, params: {object: red_box, place: bin_a}}";
        let home = "{id: h, skill: home, robot: rover_1, after: [q]}";
        let tour = "{id: t, skill: patrol, robot: rover_1, params: {places: [dock_a], rounds: 1}}";
        let short = "{id: s, skill: patrol, robot: rover_1, params: {places: [dock_a]}}";
        for (a, b, expected) in [
            (format!("{pick}, {put}"), both.to_owned(), true),
            (open.to_owned(), both.to_owned(), true),
            (
                format!("{pick}, {put}, {home}"),
                format!("{both}, {}", home.replace("[q]", "[x]")),
                true,
            ),
            (format!("{both}, {tour}"), format!("{short}, {both}"), true),
            (
                format!("{pick}, {put}, {home}"),
                format!("{both}, {}", home.replace(", after: [q]", "")),
                false,
            ),
            (pick.to_owned(), both.to_owned(), false),
            (
                tour.to_owned(),
                tour.replace('1', "2").replace("rover_2", "rover_1"),
                false,
            ),
        ] {
            let same = same_effect(&plan(&a), &plan(&b), &fleet(), true);
            assert_eq!(same, expected, "{a}\n{b}");
            assert_eq!(
                same_effect(&plan(&b), &plan(&a), &fleet(), true),
                expected,
                "{b}\n{a}"
            );
        }
    }

    #[test]
    fn verdicts_tell_refused_from_wrong() {
        let case = |plan: Value| Case {
            language: "en".to_owned(),
            fleet: CaseFleet {
                robots: BTreeMap::from([("rover_1".to_owned(), vec!["home".to_owned()])]),
                objects: vec![],
                surfaces: vec![],
                floors: vec![],
                max_opening_m: 0.09,
                reach: BTreeMap::new(),
            },
            sentence: "go home".to_owned(),
            plan,
        };
        let home = json!({"tasks": [{"id": "a", "skill": "home", "robot": "rover_1"}]});
        let made = parse_plan(&home.to_string()).unwrap();
        let verdict = |case: Case, made| case.verdict(made, &case.fleet(&skills()));
        assert_eq!(verdict(case(home.clone()), Some(&made)), Verdict::Exact);
        assert_eq!(verdict(case(home.clone()), None), Verdict::Refused);
        let mut skips = home;
        skips["tasks"][0]["on_failure"] = json!("skip");
        assert_eq!(verdict(case(skips), Some(&made)), Verdict::Wrong);
        let refusal = || case(json!({"refusal": "no"}));
        assert_eq!(verdict(refusal(), None), Verdict::Exact);
        assert_eq!(verdict(refusal(), Some(&made)), Verdict::Wrong);
    }
}
