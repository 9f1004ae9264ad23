//! How good plans of sentences are, against what people expect: exact, refused or wrong.

use std::collections::BTreeMap;

use physical_ai_domain::{
    Capability, FailurePolicyKind, Plan, Resources, RobotName, SkillName, TaskSpec,
};
use physical_ai_fleet::{Fleet, parse_plan};
use physical_ai_schema as schema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::same_values;

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

    /// What is offered.
    pub fn fleet(&self) -> Fleet {
        Fleet::new(self.fleet.capabilities())
    }

    /// True if the sentence is to be refused.
    pub fn is_refusal(&self) -> bool {
        self.plan.get("refusal").is_some()
    }

    /// What a plan, or none, is worth.
    pub fn verdict(&self, made: Option<&Plan>) -> Verdict {
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
        let fleet = self.fleet();
        let same = expected.is_some_and(|e| same_effect(&e, made, &fleet, says_policy));
        if same { Verdict::Exact } else { Verdict::Wrong }
    }
}

impl CaseFleet {
    /// As agent workers offer them.
    pub fn capabilities(&self) -> Vec<Capability> {
        let offers = self
            .robots
            .iter()
            .flat_map(|(robot, skills)| skills.iter().map(move |skill| (robot, skill)));
        let offer = |(robot, skill): (&String, &String)| {
            Some(Capability {
                skill: SkillName::try_new(skill.as_str()).ok()?,
                robot: Some(RobotName::try_new(robot.as_str()).ok()?),
                description: String::new(),
                parameters_schema: self.parameters(robot, skill),
                mean_duration_s: 1.0,
                requires: Resources::new(),
                idempotent: true,
                ready: true,
                reason: String::new(),
            })
        };
        offers.filter_map(offer).collect()
    }

    fn parameters(&self, robot: &str, skill: &str) -> Value {
        let number = json!({"type": "number"});
        let reached = |name: &&String| self.reach.get(robot).is_none_or(|r| r.contains(*name));
        let choice = |names: &[String]| {
            let names: Vec<&String> = names.iter().filter(reached).collect();
            json!({"type": "string", "enum": names})
        };
        let (properties, required) = match skill {
            "navigate_to" => (
                json!({"place": choice(&self.floors), "x": number, "y": number, "yaw": number}),
                json!([]),
            ),
            "patrol" => (
                json!({"places": {"type": "array", "items": choice(&self.floors), "minItems": 1},
                    "rounds": {"type": "integer", "minimum": 1, "maximum": 1000}}),
                json!(["places"]),
            ),
            "wait" => (
                json!({"duration_s": {"type": "number", "minimum": 0.0, "maximum": 3600.0}}),
                json!(["duration_s"]),
            ),
            "move_to" => (
                json!({"x": number, "y": number, "z": number,
                    "roll": number, "pitch": number, "yaw": number}),
                json!(["x", "y", "z"]),
            ),
            "move_joints" => (
                json!({"positions":
                    {"type": "array", "items": number, "minItems": 6, "maxItems": 6}}),
                json!(["positions"]),
            ),
            "set_gripper" => (
                json!({"opening_m": {"type": "number", "minimum": 0.0, "maximum": self.max_opening_m}}),
                json!(["opening_m"]),
            ),
            "pick" => (json!({"object": choice(&self.objects)}), json!(["object"])),
            "place" => (json!({"place": choice(&self.surfaces)}), json!(["place"])),
            "pick_and_place" => (
                json!({"object": choice(&self.objects), "place": choice(&self.surfaces)}),
                json!(["object", "place"]),
            ),
            _ => (json!({}), json!([])),
        };
        json!({"type": "object", "properties": properties, "required": required,
            "additionalProperties": false})
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
    use crate::test_fleet::fleet;

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
        assert_eq!(case(home.clone()).verdict(Some(&made)), Verdict::Exact);
        assert_eq!(case(home.clone()).verdict(None), Verdict::Refused);
        let mut skips = home;
        skips["tasks"][0]["on_failure"] = json!("skip");
        assert_eq!(case(skips).verdict(Some(&made)), Verdict::Wrong);
        let refusal = || case(json!({"refusal": "no"}));
        assert_eq!(refusal().verdict(None), Verdict::Exact);
        assert_eq!(refusal().verdict(Some(&made)), Verdict::Wrong);
    }
}
