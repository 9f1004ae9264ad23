use std::collections::BTreeSet;

use physical_ai_domain::{Capability, Plan, RobotName, Role};
use serde_json::Value;

use crate::roles::with_roles;

/// What live workers offer: the vocabulary of missions and the measure of their validity.
///
/// Offers that cannot be honoured are kept apart and count for nothing, and each parameter has a role where its
/// meaning can be told.
#[derive(Debug, Clone, Default)]
pub struct Fleet {
    capabilities: Vec<Capability>,
    refused: Vec<(Capability, String)>,
}

/// Keywords that say what parameters mean.
const ANNOTATIONS: [&str; 5] = ["role", "takes", "releases", "returns", "verbs"];

/// Why an offer cannot be honoured: its schema forbids what nobody would check, or says what it means in a way that is
/// none.
pub fn objection(offer: &Capability) -> Option<String> {
    if let Some(objection) = physical_ai_schema::objection(&offer.parameters_schema, &ANNOTATIONS) {
        return Some(objection);
    }
    let schema = &offer.parameters_schema;
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        if let Some(role) = property.get("role")
            && let Err(problem) = serde_json::from_value::<Role>(role.clone())
        {
            return Some(format!("#/properties/{name}/role is {role}: {problem}"));
        }
    }
    if let Some(returns) = schema.get("returns")
        && !returns.is_boolean()
    {
        return Some(format!("#/returns is {returns}: must be true or false"));
    }
    if let Some(verbs) = schema.get("verbs") {
        let is_verb = |verb: &Value| verb.as_str().is_some_and(is_small_word);
        if !verbs.as_array().is_some_and(|all| all.iter().all(is_verb)) {
            return Some(format!(
                "#/verbs is {verbs}: must be a list of words in small letters a to z"
            ));
        }
    }
    ["takes", "releases"].into_iter().find_map(|keyword| {
        let named = schema.get(keyword)?;
        let is_there = named
            .as_str()
            .is_some_and(|n| properties.is_some_and(|p| p.contains_key(n)));
        let text = || format!("#/{keyword} is {named}: it must name one of the properties");
        (!is_there).then(text)
    })
}

fn is_small_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase())
}

impl Fleet {
    /// A fleet that offers these.
    pub fn new(capabilities: Vec<Capability>) -> Self {
        let (mut honoured, mut refused) = (Vec::new(), Vec::new());
        for offer in capabilities {
            match objection(&offer) {
                None => honoured.push(offer),
                Some(objection) => refused.push((offer, objection)),
            }
        }
        Self {
            capabilities: with_roles(honoured),
            refused,
        }
    }

    /// Offers that cannot be honoured, and why.
    pub fn refused(&self) -> &[(Capability, String)] {
        &self.refused
    }

    /// True when nobody offers anything.
    pub fn is_empty(&self) -> bool {
        self.capabilities.is_empty()
    }

    /// All that is offered.
    pub fn capabilities(&self) -> &[Capability] {
        &self.capabilities
    }

    /// Robots.
    pub fn robots(&self) -> BTreeSet<&str> {
        self.capabilities
            .iter()
            .filter_map(|c| c.robot.as_ref())
            .map(RobotName::as_str)
            .collect()
    }

    /// Skills.
    pub fn skills(&self) -> BTreeSet<&str> {
        self.capabilities.iter().map(|c| c.skill.as_str()).collect()
    }

    /// Offers of a skill by a robot, or by anyone.
    pub fn offers<'a>(
        &'a self,
        skill: &'a str,
        robot: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Capability> {
        self.capabilities.iter().filter(move |c| {
            c.skill.as_str() == skill
                && robot.is_none_or(|r| c.robot.as_ref().is_none_or(|own| own.as_str() == r))
        })
    }

    /// True if this robot offers the skill.
    pub fn can(&self, robot: &str, skill: &str) -> bool {
        self.capabilities.iter().any(|c| {
            c.skill.as_str() == skill && c.robot.as_ref().is_some_and(|r| r.as_str() == robot)
        })
    }

    /// The first task that nobody can start now although somebody offers its skill, and why.
    pub fn not_ready(&self, plan: &Plan) -> Option<String> {
        plan.tasks.iter().find_map(|task| {
            let robot = task.robot.as_ref().map(RobotName::as_str);
            let mut offers = self.offers(task.skill.as_str(), robot).peekable();
            let first = offers.peek()?;
            let who = first.robot.as_ref().map_or("nobody", RobotName::as_str);
            let reason = format!("task {}: {who} is not ready: {}", task.id, first.reason);
            offers.all(|o| !o.ready).then_some(reason)
        })
    }

    /// Names of places that any skill takes.
    pub fn places(&self) -> BTreeSet<&str> {
        self.capabilities
            .iter()
            .flat_map(|c| names(c, &[Role::Surface, Role::FloorPlace]))
            .collect()
    }

    /// Names of objects that any skill takes.
    pub fn objects(&self) -> BTreeSet<&str> {
        self.capabilities
            .iter()
            .flat_map(|c| names(c, &[Role::Object]))
            .collect()
    }
}

/// Names that parameters of these roles take.
fn names<'a>(offer: &'a Capability, roles: &[Role]) -> Vec<&'a str> {
    let of_roles = offer
        .parameters()
        .filter(|p| p.role.is_some_and(|r| roles.contains(&r)));
    of_roles.flat_map(|p| p.names).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use physical_ai_domain::{Resources, SkillName};
    use serde_json::json;

    use super::*;

    fn offer(robot: &str, skill: &str, properties: Value, required: Value) -> Capability {
        Capability {
            skill: SkillName::try_new(skill).unwrap(),
            robot: Some(RobotName::try_new(robot).unwrap()),
            description: String::new(),
            parameters_schema: json!({"type": "object", "properties": properties,
                "required": required, "additionalProperties": false}),
            mean_duration_s: 2.0,
            requires: Resources::new(),
            idempotent: !matches!(skill, "pick_and_place" | "pick" | "place"),
            ready: true,
            reason: String::new(),
        }
    }

    fn text(names: &[&str]) -> Value {
        json!({"type": "string", "enum": names})
    }

    fn arm_offers() -> Vec<Capability> {
        let object = text(&["red_box", "blue_box"]);
        let place = text(&["bin_a", "bin_b"]);
        let opening = json!({"type": "number", "minimum": 0.0, "maximum": 0.09});
        let seconds = json!({"type": "number", "minimum": 0.0});
        let arm = |skill, properties, required| offer("arm_1", skill, properties, required);
        vec![
            arm(
                "pick_and_place",
                json!({"object": object, "place": place}),
                json!(["object", "place"]),
            ),
            arm("pick", json!({"object": object}), json!(["object"])),
            arm("place", json!({"place": place}), json!(["place"])),
            arm(
                "set_gripper",
                json!({"opening_m": opening}),
                json!(["opening_m"]),
            ),
            arm("home", json!({}), json!([])),
            arm(
                "wait",
                json!({"duration_s": seconds}),
                json!(["duration_s"]),
            ),
        ]
    }

    fn rover_offers() -> Vec<Capability> {
        let place = text(&["dock_a", "dock_b"]);
        let metres = json!({"type": "number"});
        let seconds = json!({"type": "number", "minimum": 0.0});
        let places = json!({"type": "array", "items": place, "minItems": 1});
        let rounds = json!({"type": "integer", "minimum": 1});
        let rover = |skill, properties, required| offer("rover_1", skill, properties, required);
        vec![
            rover(
                "navigate_to",
                json!({"place": place, "x": metres, "y": metres}),
                json!([]),
            ),
            rover(
                "patrol",
                json!({"places": places, "rounds": rounds}),
                json!(["places"]),
            ),
            rover("home", json!({}), json!([])),
            rover(
                "wait",
                json!({"duration_s": seconds}),
                json!(["duration_s"]),
            ),
        ]
    }

    /// One arm and one rover with what the tests need.
    pub(crate) fn fleet() -> Fleet {
        Fleet::new([arm_offers(), rover_offers()].concat())
    }

    #[test]
    fn names_come_from_the_schemas() {
        let fleet = fleet();
        assert_eq!(fleet.robots(), BTreeSet::from(["arm_1", "rover_1"]));
        assert_eq!(
            fleet.places(),
            BTreeSet::from(["bin_a", "bin_b", "dock_a", "dock_b"])
        );
        assert_eq!(fleet.objects(), BTreeSet::from(["blue_box", "red_box"]));
    }

    #[test]
    fn unready_robot_is_named_with_its_reason() {
        let mut offers = fleet().capabilities;
        let plan = crate::parse_plan("tasks: [{id: a, skill: home, robot: rover_1}]").unwrap();
        assert_eq!(Fleet::new(offers.clone()).not_ready(&plan), None);
        for offer in &mut offers {
            (offer.ready, offer.reason) = (false, "stopped".to_owned());
        }
        let reason = Fleet::new(offers).not_ready(&plan).unwrap();
        assert_eq!(reason, "task a: rover_1 is not ready: stopped");
    }
}
